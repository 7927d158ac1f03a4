//! Screens on a wall, and the credential of the device that each was paired with.

use app::model::{
    display::{Display, DisplayDraft, DisplayLayout},
    user::Role,
};
use jiff::Timestamp;
use uuid::Uuid;

use super::{
    Store,
    cells::{Cells, to_json},
    error::{Doing as _, StoreError},
    tokens::TokenRow,
};

/// The hash of a code and until when it is good.
pub struct Pairing<'a> {
    pub code_hash: &'a [u8],
    pub expires_at: Timestamp,
}

const SELECT: &str = "SELECT d.key, d.id, d.name, d.layout, d.equipment_ids, t.id IS NOT NULL, d.pairing_expires_at, \
    t.last_used_at, t.last_used_ip, d.created_at, d.updated_at \
    FROM displays d LEFT JOIN api_tokens t ON t.display = d.key AND t.revoked_at IS NULL";

impl Store {
    pub async fn create_display(
        &self,
        id: Uuid,
        draft: &DisplayDraft,
        pairing: &Pairing<'_>,
    ) -> Result<Display, StoreError> {
        sqlx::query(
            "INSERT INTO displays (id, name, layout, equipment_ids, pairing_hash, pairing_expires_at, created_at, \
             updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
        )
        .bind(id.to_string())
        .bind(&draft.name)
        .bind(draft.layout.as_str())
        .bind(to_json(&draft.equipment_ids)?)
        .bind(pairing.code_hash)
        .bind(pairing.expires_at.as_microsecond())
        .bind(Timestamp::now().as_microsecond())
        .execute(&self.pool)
        .await
        .doing("storing a display")?;
        self.display(id).await?.ok_or(StoreError::NotFound("display"))
    }

    /// By their order of creation, from the one after `after`.
    pub async fn displays(&self, limit: u32, after: Option<i64>) -> Result<Vec<(i64, Display)>, StoreError> {
        sqlx::query(&format!("{SELECT} WHERE d.key > ? ORDER BY d.key LIMIT ?"))
            .bind(after.unwrap_or(0))
            .bind(limit)
            .fetch_all(&self.pool)
            .await
            .doing("reading the displays")?
            .iter()
            .map(|row| decode(&mut Cells::new(row, "displays")))
            .collect()
    }

    pub async fn display(&self, id: Uuid) -> Result<Option<Display>, StoreError> {
        let row = sqlx::query(&format!("{SELECT} WHERE d.id = ?"))
            .bind(id.to_string())
            .fetch_optional(&self.pool)
            .await
            .doing("reading a display")?;
        row.map(|row| Ok(decode(&mut Cells::new(&row, "displays"))?.1)).transpose()
    }

    pub async fn update_display(&self, id: Uuid, draft: &DisplayDraft) -> Result<(), StoreError> {
        let done = sqlx::query(
            "UPDATE displays SET name = ?2, layout = ?3, equipment_ids = ?4, updated_at = ?5 WHERE id = ?1",
        )
        .bind(id.to_string())
        .bind(&draft.name)
        .bind(draft.layout.as_str())
        .bind(to_json(&draft.equipment_ids)?)
        .bind(Timestamp::now().as_microsecond())
        .execute(&self.pool)
        .await
        .doing("changing a display")?;
        found(done.rows_affected())
    }

    /// Another code, in the place of the last one. The device that is paired stays so until another one uses it.
    pub async fn set_pairing(&self, id: Uuid, pairing: &Pairing<'_>) -> Result<(), StoreError> {
        let done = sqlx::query("UPDATE displays SET pairing_hash = ?2, pairing_expires_at = ?3 WHERE id = ?1")
            .bind(id.to_string())
            .bind(pairing.code_hash)
            .bind(pairing.expires_at.as_microsecond())
            .execute(&self.pool)
            .await
            .doing("storing a pairing code")?;
        found(done.rows_affected())
    }

    /// Uses a code up, if it is good at this time, and says whose it was.
    pub async fn redeem_pairing(&self, code_hash: &[u8], now: Timestamp) -> Result<Option<Uuid>, StoreError> {
        let id: Option<String> = sqlx::query_scalar(
            "UPDATE displays SET pairing_hash = NULL, pairing_expires_at = NULL \
             WHERE pairing_hash = ? AND pairing_expires_at > ? RETURNING id",
        )
        .bind(code_hash)
        .bind(now.as_microsecond())
        .fetch_optional(&self.pool)
        .await
        .doing("looking for a pairing code")?;
        id.map(|id| id.parse().map_err(|_| StoreError::corrupt("a display", id))).transpose()
    }

    /// Gives a display its credential, in the place of the one it had.
    pub async fn set_display_token(&self, id: Uuid, token: &TokenRow<'_>) -> Result<(), StoreError> {
        let now = Timestamp::now().as_microsecond();
        let mut change = self.pool.begin().await.doing("pairing a display")?;
        sqlx::query(
            "UPDATE api_tokens SET revoked_at = ?2 WHERE revoked_at IS NULL \
             AND display = (SELECT key FROM displays WHERE id = ?1)",
        )
        .bind(id.to_string())
        .bind(now)
        .execute(&mut *change)
        .await
        .doing("ending a display's credential")?;
        let done = sqlx::query(
            "INSERT INTO api_tokens (id, secret_hash, name, display, role, scopes, created_at) \
             SELECT ?2, ?3, ?4, key, ?5, ?6, ?7 FROM displays WHERE id = ?1",
        )
        .bind(id.to_string())
        .bind(token.id)
        .bind(token.secret_hash)
        .bind(token.name)
        .bind(Role::Display.as_str())
        .bind(to_json(&token.scopes)?)
        .bind(now)
        .execute(&mut *change)
        .await
        .doing("storing a display's credential")?;
        found(done.rows_affected())?;
        change.commit().await.doing("pairing a display")
    }

    /// With its credential.
    pub async fn delete_display(&self, id: Uuid) -> Result<(), StoreError> {
        let done = sqlx::query("DELETE FROM displays WHERE id = ?")
            .bind(id.to_string())
            .execute(&self.pool)
            .await
            .doing("deleting a display")?;
        found(done.rows_affected())
    }
}

fn found(rows: u64) -> Result<(), StoreError> {
    if rows == 0 { Err(StoreError::NotFound("display")) } else { Ok(()) }
}

fn decode(cells: &mut Cells<'_>) -> Result<(i64, Display), StoreError> {
    let key = cells.take()?;
    let display = Display {
        id: cells.equipment_id()?.0,
        name: cells.take()?,
        layout: cells.word(DisplayLayout::parse)?,
        equipment_ids: cells.json()?,
        paired: cells.take()?,
        pairing_expires_at: cells.time_opt()?,
        last_seen_at: cells.time_opt()?,
        last_seen_ip: cells.take()?,
        created_at: cells.time()?,
        updated_at: cells.time()?,
    };
    Ok((key, display))
}
