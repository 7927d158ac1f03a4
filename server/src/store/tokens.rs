//! Credentials of programs and of displays. A secret is here as its hash alone.

use app::model::{
    token::{Scope, Token},
    user::Role,
};
use jiff::{SignedDuration, Timestamp};
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::{
    Store,
    cells::{Cells, micros, to_json},
    error::{Doing as _, StoreError},
    users::Account,
};

/// A token's use is noted again after this time, so that not every request writes.
const NOTED_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// A token to store.
pub struct TokenRow<'a> {
    pub id: &'a str,
    pub secret_hash: &'a [u8],
    pub name: &'a str,
    pub role: Role,
    pub scopes: &'a [Scope],
    pub expires_at: Option<Timestamp>,
}

/// A token that was not revoked, with what a request that shows it is judged by.
pub struct StoredToken {
    pub id: String,
    pub secret_hash: Vec<u8>,
    pub role: Role,
    pub scopes: Vec<Scope>,
    pub expires_at: Option<Timestamp>,
    pub last_used_at: Option<Timestamp>,
    pub holder: Holder,
}

/// For whom a token speaks.
pub enum Holder {
    User(Box<Account>),
    Display { id: Uuid, name: String },
}

const COLUMNS: &str = "t.id, t.name, u.id, u.username, t.role, t.scopes, t.created_at, t.expires_at, \
    t.last_used_at, t.last_used_ip";
const OF_USERS: &str =
    "FROM api_tokens t JOIN users u ON u.id = t.owner AND u.deleted_at IS NULL WHERE t.revoked_at IS NULL";

impl Store {
    /// A token of a user.
    pub async fn create_token(&self, owner: i64, token: &TokenRow<'_>) -> Result<Token, StoreError> {
        sqlx::query(
            "INSERT INTO api_tokens (id, secret_hash, name, owner, role, scopes, created_at, expires_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(token.id)
        .bind(token.secret_hash)
        .bind(token.name)
        .bind(owner)
        .bind(token.role.as_str())
        .bind(to_json(&token.scopes)?)
        .bind(Timestamp::now().as_microsecond())
        .bind(micros(token.expires_at))
        .execute(&self.pool)
        .await
        .doing("storing a token")?;
        self.token(token.id).await?.ok_or(StoreError::NotFound("token"))
    }

    /// Tokens of users that were not revoked, by their order of creation, from the one after `after`. Of one owner, or
    /// of all.
    pub async fn tokens(
        &self,
        owner: Option<i64>,
        limit: u32,
        after: Option<i64>,
    ) -> Result<Vec<(i64, Token)>, StoreError> {
        let sql = format!(
            "SELECT t.key, {COLUMNS} {OF_USERS} AND t.key > ? AND (?2 IS NULL OR t.owner = ?2) ORDER BY t.key LIMIT ?3"
        );
        sqlx::query(&sql)
            .bind(after.unwrap_or(0))
            .bind(owner)
            .bind(limit)
            .fetch_all(&self.pool)
            .await
            .doing("reading the tokens")?
            .iter()
            .map(|row| {
                let mut cells = Cells::new(row, "api_tokens");
                Ok((cells.take()?, decode(&mut cells)?))
            })
            .collect()
    }

    pub async fn token(&self, id: &str) -> Result<Option<Token>, StoreError> {
        let sql = format!("SELECT {COLUMNS} {OF_USERS} AND t.id = ?");
        let row = sqlx::query(&sql).bind(id).fetch_optional(&self.pool).await.doing("reading a token")?;
        row.map(|row| decode(&mut Cells::new(&row, "api_tokens"))).transpose()
    }

    /// What to judge a request by that shows the token with this id. None where there is none, it was revoked, or its
    /// owner is gone.
    pub async fn stored_token(&self, id: &str) -> Result<Option<StoredToken>, StoreError> {
        let row = sqlx::query(
            "SELECT t.id, t.secret_hash, t.role, t.scopes, t.expires_at, t.last_used_at, t.owner, d.id, d.name \
             FROM api_tokens t LEFT JOIN displays d ON d.key = t.display WHERE t.id = ? AND t.revoked_at IS NULL",
        )
        .bind(id)
        .fetch_optional(&self.pool)
        .await
        .doing("reading a token")?;
        let Some(row) = row else { return Ok(None) };
        let (mut token, owner) = decode_stored(&row)?;
        if let Some(owner) = owner {
            let Some(account) = self.user(owner).await? else { return Ok(None) };
            token.holder = Holder::User(Box::new(account));
        }
        Ok(Some(token))
    }

    /// From now on nobody gets in with it.
    pub async fn revoke_token(&self, id: &str) -> Result<(), StoreError> {
        let done = sqlx::query(
            "UPDATE api_tokens SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL AND display IS NULL",
        )
        .bind(id)
        .bind(Timestamp::now().as_microsecond())
        .execute(&self.pool)
        .await
        .doing("revoking a token")?;
        if done.rows_affected() == 0 {
            return Err(StoreError::NotFound("token"));
        }
        Ok(())
    }

    /// Notes that a token was used, unless that is known to the minute.
    pub async fn touch_token(&self, token: &StoredToken, ip: &str, now: Timestamp) -> Result<(), StoreError> {
        if token.last_used_at.is_some_and(|at| now.duration_since(at) < NOTED_EVERY) {
            return Ok(());
        }
        // The condition again, for requests that come at the same time.
        sqlx::query(
            "UPDATE api_tokens SET last_used_at = ?2, last_used_ip = ?3 \
             WHERE id = ?1 AND (last_used_at IS NULL OR last_used_at <= ?4)",
        )
        .bind(&token.id)
        .bind(now.as_microsecond())
        .bind(ip)
        .bind((now - NOTED_EVERY).as_microsecond())
        .execute(&self.pool)
        .await
        .doing("noting that a token was used")?;
        Ok(())
    }

    /// Forgets tokens that were revoked or ended before this time.
    pub async fn delete_dead_tokens(&self, before: Timestamp) -> Result<u64, StoreError> {
        let done = sqlx::query("DELETE FROM api_tokens WHERE revoked_at < ?1 OR expires_at < ?1")
            .bind(before.as_microsecond())
            .execute(&self.pool)
            .await
            .doing("deleting tokens that ended")?;
        Ok(done.rows_affected())
    }
}

fn decode(cells: &mut Cells<'_>) -> Result<Token, StoreError> {
    Ok(Token {
        id: cells.take()?,
        name: cells.take()?,
        owner_id: cells.take()?,
        owner: cells.take()?,
        role: cells.word(Role::parse)?,
        scopes: cells.json()?,
        created_at: cells.time()?,
        expires_at: cells.time_opt()?,
        last_used_at: cells.time_opt()?,
        last_used_ip: cells.take()?,
    })
}

/// The token as a display's, and its owner where it is a user's.
fn decode_stored(row: &SqliteRow) -> Result<(StoredToken, Option<i64>), StoreError> {
    let mut cells = Cells::new(row, "api_tokens");
    let (id, secret_hash) = (cells.take()?, cells.take()?);
    let (role, scopes) = (cells.word(Role::parse)?, cells.json()?);
    let (expires_at, last_used_at) = (cells.time_opt()?, cells.time_opt()?);
    let owner = cells.take()?;
    let display: Option<&str> = cells.take()?;
    let display = display.map(|id| id.parse().map_err(|_| cells.unreadable(id))).transpose()?;
    let name: Option<String> = cells.take()?;
    let holder = Holder::Display { id: display.unwrap_or_default(), name: name.unwrap_or_default() };
    Ok((StoredToken { id, secret_hash, role, scopes, expires_at, last_used_at, holder }, owner))
}
