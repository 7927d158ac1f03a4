//! Writes one group in one transaction.

use std::{collections::BTreeMap, sync::LazyLock};

use app::model::{
    connection_log::ConnectionLogEntry,
    equipment::{ConnectionStatus, EquipmentId},
    outlier::Outlier,
    reading::{Committed, Reading},
};
use jiff::Timestamp;
use sqlx::{Arguments as _, Connection as _, SqliteConnection, sqlite::SqliteArguments};
use uuid::Uuid;

use super::{
    WriteOp,
    erase::{Erased, erase},
    reflag::reflag,
    rolling::{Changes, Rolling},
};
use crate::store::{
    Keys,
    cells::micros,
    connection_logs::INSERT_LOG,
    equipment::{SELECT_KEY, UPDATE_STATUS},
    error::is_of_one_row,
    plausibility::keep_outlier,
    reading_row,
};

/// Readings of one statement. Few sizes, so that each stays prepared; many rows, because every statement is a round
/// trip to the connection's thread.
static INSERTS: LazyLock<[(usize, String); 3]> =
    LazyLock::new(|| [64, 8, 1].map(|rows| (rows, reading_row::insert_sql(rows))));

/// What became of a group.
#[derive(Default)]
pub(super) struct Tally {
    pub committed: u64,
    pub logs: u64,
    pub duplicates: u64,
    pub dropped: u64,
    pub expired: u64,
    pub lost: u64,
    /// Why the last of the lost rows was lost.
    pub reason: Option<String>,
    /// The operations, by index and ascending, that were not kept.
    pub fates: BTreeMap<usize, Committed>,
    /// What went, by the index of the operation.
    pub erased: BTreeMap<usize, Erased>,
    /// Readings whose flaws changed, by the index of the operation.
    pub reflagged: BTreeMap<usize, u64>,
}

impl Tally {
    fn drop_op(&mut self, index: usize) {
        self.dropped += 1;
        self.fates.insert(index, Committed::Dropped);
    }

    /// Takes note of a row that was refused; other errors concern the whole group.
    fn refuse(&mut self, index: usize, equipment: EquipmentId, error: sqlx::Error) -> Result<(), sqlx::Error> {
        if error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_foreign_key_violation) {
            self.drop_op(index);
            return Ok(());
        }
        if !is_of_one_row(&error) {
            return Err(error);
        }
        let reason = format!("oven {equipment}: {error}");
        self.lost += 1;
        self.fates.insert(index, Committed::Lost { reason: reason.clone() });
        self.reason = Some(reason);
        Ok(())
    }
}

struct Row<'a> {
    index: usize,
    equipment: EquipmentId,
    key: i64,
    reading: &'a Reading,
}

/// Nothing of the group is in the database when this fails. It fails for reasons that may pass; rows that the
/// schema refuses are in the tally.
pub(super) async fn write(
    connection: &mut SqliteConnection,
    ops: &[WriteOp],
    keys: &Keys,
    rolling: &mut Rolling,
) -> Result<Tally, sqlx::Error> {
    // IMMEDIATE waits for its turn here, where nothing has been done yet.
    let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
    let mut tally = Tally::default();
    let mut rows = Vec::with_capacity(ops.len());
    let (mut erasures, mut reflags) = (Vec::new(), Vec::new());
    // Of each as far as it goes by the end of the group.
    let mut outliers: BTreeMap<Uuid, (usize, i64, &Outlier)> = BTreeMap::new();
    // Only the last status of an oven matters, and its last known time of connection.
    let mut statuses: BTreeMap<EquipmentId, (usize, i64, ConnectionStatus, Option<Timestamp>)> = BTreeMap::new();

    for (index, op) in ops.iter().enumerate() {
        let equipment = match op {
            WriteOp::Reading { equipment, .. }
            | WriteOp::Log { equipment, .. }
            | WriteOp::Status { equipment, .. }
            | WriteOp::Outlier { equipment, .. }
            | WriteOp::Reflag { equipment, .. }
            | WriteOp::Erase { equipment, .. } => *equipment,
            WriteOp::Flush(_) => continue,
        };
        let Some(key) = key_of(&mut tx, keys, equipment).await? else {
            tally.drop_op(index);
            continue;
        };
        match op {
            WriteOp::Reading { reading, .. } => {
                rolling.know(&mut tx, key).await?;
                if rolling.is_too_old(key, reading) {
                    tally.expired += 1;
                    tally.fates.insert(index, Committed::Dropped);
                } else {
                    rows.push(Row { index, equipment, key, reading });
                }
            }
            WriteOp::Log { entry, .. } => match insert_log(&mut tx, key, entry).await {
                Ok(()) => tally.logs += 1,
                Err(error) => tally.refuse(index, equipment, error)?,
            },
            WriteOp::Status { status, last_connected, .. } => {
                let before = statuses.get(&equipment).and_then(|(_, _, _, last)| *last);
                statuses.insert(equipment, (index, key, *status, last_connected.or(before)));
            }
            WriteOp::Outlier { outlier, .. } => {
                outliers.insert(outlier.id, (index, key, outlier));
            }
            WriteOp::Reflag { what, .. } => reflags.push((index, key, what)),
            WriteOp::Erase { what, limit, .. } => erasures.push((index, key, *what, *limit)),
            WriteOp::Flush(_) => {}
        }
    }
    let mut changes = Changes::default();
    insert_readings(&mut tx, &rows, &mut tally, &mut |row, is_new| {
        rolling.note(row.key, row.reading, is_new, &mut changes);
    })
    .await?;
    for (index, key, what, limit) in erasures {
        tally.erased.insert(index, erase(&mut tx, rolling, &mut changes, key, what, limit).await?);
    }
    for (index, key, what) in reflags {
        tally.reflagged.insert(index, reflag(&mut tx, rolling, &mut changes, key, what).await?);
    }
    rolling.write(&mut tx, changes).await?;
    for (index, key, outlier) in outliers.into_values() {
        if let Err(error) = keep_outlier(&mut tx, key, outlier).await {
            tally.refuse(index, outlier.equipment_id, error)?;
        }
    }
    for (index, key, status, last_connected) in statuses.into_values() {
        let done = sqlx::query(UPDATE_STATUS)
            .bind(key)
            .bind(status.as_str())
            .bind(micros(last_connected))
            .execute(&mut *tx)
            .await?;
        if done.rows_affected() == 0 {
            tally.drop_op(index);
        }
    }
    tx.commit().await?;
    Ok(tally)
}

async fn key_of(tx: &mut SqliteConnection, keys: &Keys, id: EquipmentId) -> Result<Option<i64>, sqlx::Error> {
    if let Some(key) = keys.get(id) {
        return Ok(Some(key));
    }
    let key = sqlx::query_scalar(SELECT_KEY).bind(id.to_string()).fetch_optional(tx).await?;
    if let Some(key) = key {
        keys.insert(id, key);
    }
    Ok(key)
}

/// Told of every row that is in the database now, and whether it surely was not before.
type Note<'a> = dyn FnMut(&Row<'_>, bool) + Send + 'a;

/// While SQLite, on a thread of its own, inserts some rows, the next ones are made ready here and those before are noted.
async fn insert_readings(
    tx: &mut SqliteConnection,
    rows: &[Row<'_>],
    tally: &mut Tally,
    note: &mut Note<'_>,
) -> Result<(), sqlx::Error> {
    let mut statements = statements(rows);
    let mut prepared = statements.next().transpose()?;
    let mut inserted: Option<(&[Row<'_>], bool)> = None;
    while let Some((sql, chunk, arguments)) = prepared.take() {
        let meanwhile = async {
            note_all(inserted.take(), note);
            statements.next().transpose()
        };
        let (done, next) = futures::join!(sqlx::query_with(sql, arguments).execute(&mut *tx), meanwhile);
        prepared = next?;
        let size = chunk.len() as u64;
        match done.map(|done| done.rows_affected()) {
            Ok(new) => {
                tally.committed += new;
                tally.duplicates += size - new;
                inserted = Some((chunk, new == size));
            }
            Err(error) if is_of_one_row(&error) => insert_one_by_one(tx, chunk, tally, note).await?,
            Err(error) => return Err(error),
        }
    }
    note_all(inserted, note);
    Ok(())
}

fn note_all(inserted: Option<(&[Row<'_>], bool)>, note: &mut Note<'_>) {
    let (chunk, are_new) = inserted.unwrap_or_default();
    for row in chunk {
        note(row, are_new);
    }
}

type Statement<'q, 'a> = (&'static str, &'q [Row<'a>], SqliteArguments<'q>);

/// The rows in as few statements as there are sizes for.
fn statements<'q, 'a>(mut rows: &'q [Row<'a>]) -> impl Iterator<Item = Result<Statement<'q, 'a>, sqlx::Error>> {
    let mut sizes = INSERTS.iter().peekable();
    std::iter::from_fn(move || {
        loop {
            let (size, sql) = sizes.peek()?;
            if let Some((chunk, rest)) = rows.split_at_checked(*size) {
                rows = rest;
                return Some(arguments(chunk).map(|arguments| (sql.as_str(), chunk, arguments)));
            }
            sizes.next();
        }
    })
}

/// A failed statement leaves none of its rows behind, but does not end the transaction.
async fn insert_one_by_one(
    tx: &mut SqliteConnection,
    rows: &[Row<'_>],
    tally: &mut Tally,
    note: &mut Note<'_>,
) -> Result<(), sqlx::Error> {
    let (_, sql) = &INSERTS[INSERTS.len() - 1];
    for row in rows {
        let arguments = arguments(std::slice::from_ref(row))?;
        match sqlx::query_with(sql, arguments).execute(&mut *tx).await {
            Ok(done) => {
                let inserted = done.rows_affected();
                tally.committed += inserted;
                tally.duplicates += 1 - inserted;
                note(row, inserted == 1);
            }
            Err(error) => tally.refuse(row.index, row.equipment, error)?,
        }
    }
    Ok(())
}

fn arguments<'q>(rows: &'q [Row<'_>]) -> Result<SqliteArguments<'q>, sqlx::Error> {
    let mut arguments = SqliteArguments::default();
    arguments.reserve(rows.len() * reading_row::WIDTH, 0);
    for row in rows {
        reading_row::bind(&mut arguments, row.key, row.reading).map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

async fn insert_log(tx: &mut SqliteConnection, key: i64, entry: &ConnectionLogEntry) -> Result<(), sqlx::Error> {
    sqlx::query(INSERT_LOG)
        .bind(key)
        .bind(entry.event_type.as_str())
        .bind(entry.event_time.as_microsecond())
        .bind(entry.connection_status.as_str())
        .bind(&entry.error_message)
        .bind(&entry.error_code)
        .bind(entry.response_time_ms)
        .bind(entry.data_points_received)
        .execute(tx)
        .await?;
    Ok(())
}
