//! What creations with an `Idempotency-Key` have answered, so that a repeat gets the same again.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;

use super::{
    Store,
    cells::{Cells, to_json},
    error::{Doing as _, StoreError},
};

/// Whose request, where to, and the key that it came with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestKey {
    /// For example `user:3:staff`.
    pub account: String,
    pub path: String,
    pub key: String,
}

/// What is known of a request that came before with the same key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earlier {
    pub request_hash: Vec<u8>,
    /// None while it is under way.
    pub answer: Option<KeptAnswer>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAnswer {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    /// None where it held a secret.
    pub body: Option<Vec<u8>>,
}

impl Store {
    /// Enters a request, unless there is one with the same key that came after `oldest`: then that one is returned.
    pub async fn begin_request(
        &self,
        request: &RequestKey,
        request_hash: &[u8],
        oldest: Timestamp,
    ) -> Result<Option<Earlier>, StoreError> {
        // One that is too old makes way for the new one in the same statement: of two that come at once, one enters.
        let done = sqlx::query(
            "INSERT INTO idempotency_keys (account, path, key, request_hash, created_at) VALUES (?, ?, ?, ?, ?) \
             ON CONFLICT (account, path, key) DO UPDATE SET request_hash = excluded.request_hash, \
             created_at = excluded.created_at, status = NULL, headers = NULL, body = NULL WHERE created_at < ?",
        )
        .bind(&request.account)
        .bind(&request.path)
        .bind(&request.key)
        .bind(request_hash)
        .bind(Timestamp::now().as_microsecond())
        .bind(oldest.as_microsecond())
        .execute(&self.pool)
        .await
        .doing("entering a request")?;
        if done.rows_affected() > 0 {
            return Ok(None);
        }
        let row = sqlx::query(
            "SELECT request_hash, status, headers, body FROM idempotency_keys \
             WHERE account = ? AND path = ? AND key = ?",
        )
        .bind(&request.account)
        .bind(&request.path)
        .bind(&request.key)
        .fetch_optional(&self.pool)
        .await
        .doing("reading an earlier request")?;
        match row {
            Some(row) => decode(&row).map(Some),
            // It failed and was forgotten between the two statements; as good as under way.
            None => Ok(Some(Earlier { request_hash: request_hash.to_vec(), answer: None })),
        }
    }

    pub async fn finish_request(&self, request: &RequestKey, answer: &KeptAnswer) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE idempotency_keys SET status = ?4, headers = ?5, body = ?6 \
             WHERE account = ?1 AND path = ?2 AND key = ?3",
        )
        .bind(&request.account)
        .bind(&request.path)
        .bind(&request.key)
        .bind(answer.status)
        .bind(to_json(&answer.headers)?)
        .bind(&answer.body)
        .execute(&self.pool)
        .await
        .doing("keeping an answer")?;
        Ok(())
    }

    /// The request made nothing: it may come again.
    pub async fn forget_request(&self, request: &RequestKey) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM idempotency_keys WHERE account = ? AND path = ? AND key = ?")
            .bind(&request.account)
            .bind(&request.path)
            .bind(&request.key)
            .execute(&self.pool)
            .await
            .doing("forgetting a request")?;
        Ok(())
    }

    /// Forgets requests from before this time.
    pub async fn delete_old_requests(&self, before: Timestamp) -> Result<u64, StoreError> {
        let done = sqlx::query("DELETE FROM idempotency_keys WHERE created_at < ?")
            .bind(before.as_microsecond())
            .execute(&self.pool)
            .await
            .doing("forgetting old requests")?;
        Ok(done.rows_affected())
    }

    /// At start: what was under way when the server last ended is not under way any more.
    pub async fn forget_unfinished_requests(&self) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM idempotency_keys WHERE status IS NULL")
            .execute(&self.pool)
            .await
            .doing("forgetting unfinished requests")?;
        Ok(())
    }
}

fn decode(row: &SqliteRow) -> Result<Earlier, StoreError> {
    let mut cells = Cells::new(row, "idempotency_keys");
    let request_hash = cells.take()?;
    let status: Option<u16> = cells.number_opt()?;
    let headers: Option<BTreeMap<String, String>> = cells.json_opt()?;
    let body = cells.take()?;
    let answer = status.map(|status| KeptAnswer { status, headers: headers.unwrap_or_default(), body });
    Ok(Earlier { request_hash, answer })
}
