//! Writes one group in one transaction.

use std::collections::BTreeMap;

use app::model::{
    connection_log::ConnectionLogEntry,
    equipment::{ConnectionStatus, EquipmentId},
    outlier::Outlier,
    reading::{Committed, Reading},
};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, ffi::SQLITE_CONSTRAINT_FOREIGNKEY, params};
use uuid::Uuid;

use super::{
    WriteOp,
    erase::{Erased, erase},
    intake::Group,
    reflag::reflag,
    rolling::{Changes, Rolling},
};
use crate::store::{
    Keys,
    cells::micros,
    connection_logs::INSERT_LOG,
    equipment::{SELECT_KEY, UPDATE_STATUS},
    error::is_of_one,
    plausibility::keep_outlier,
    reader::Unread,
    reading_row::{Insert, Texts},
};

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
    fn refuse(&mut self, index: usize, equipment: EquipmentId, error: rusqlite::Error) -> Result<(), Unread> {
        if error.sqlite_error().is_some_and(|error| error.extended_code == SQLITE_CONSTRAINT_FOREIGNKEY) {
            self.drop_op(index);
            return Ok(());
        }
        if !is_of_one(&error) {
            return Err(error.into());
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
pub(super) fn write(
    connection: &mut Connection,
    group: &Group,
    keys: &Keys,
    rolling: &mut Rolling,
) -> Result<Tally, Unread> {
    // It waits for its turn here, where nothing has been done yet.
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let Group { ops, texts } = group;
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
        let Some(key) = key_of(&tx, keys, equipment)? else {
            tally.drop_op(index);
            continue;
        };
        match op {
            WriteOp::Reading { reading, .. } => {
                rolling.know(&tx, key)?;
                if rolling.is_too_old(key, reading) {
                    tally.expired += 1;
                    tally.fates.insert(index, Committed::Dropped);
                } else {
                    rows.push(Row { index, equipment, key, reading });
                }
            }
            WriteOp::Log { entry, .. } => match insert_log(&tx, key, entry) {
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
    insert_readings(&tx, (&rows, texts), &mut tally, rolling, &mut changes)?;
    for (index, key, what, limit) in erasures {
        tally.erased.insert(index, erase(&tx, rolling, &mut changes, key, what, limit)?);
    }
    for (index, key, what) in reflags {
        tally.reflagged.insert(index, reflag(&tx, rolling, &mut changes, key, what)?);
    }
    rolling.write(&tx, changes)?;
    for (index, key, outlier) in outliers.into_values() {
        if let Err(error) = keep_outlier(&tx, key, outlier) {
            tally.refuse(index, outlier.equipment_id, error)?;
        }
    }
    for (index, key, status, last_connected) in statuses.into_values() {
        let done = tx.prepare_cached(UPDATE_STATUS)?.execute(params![key, status.as_str(), micros(last_connected)])?;
        if done == 0 {
            tally.drop_op(index);
        }
    }
    tx.commit()?;
    Ok(tally)
}

fn key_of(tx: &Connection, keys: &Keys, id: EquipmentId) -> rusqlite::Result<Option<i64>> {
    if let Some(key) = keys.get(id) {
        return Ok(Some(key));
    }
    let key = tx.prepare_cached(SELECT_KEY)?.query_row([id.to_string()], |row| row.get(0)).optional()?;
    if let Some(key) = key {
        keys.insert(id, key);
    }
    Ok(key)
}

/// A reading that is refused leaves nothing behind, and does not end the transaction.
fn insert_readings(
    tx: &Connection,
    (rows, texts): (&[Row<'_>], &Texts),
    tally: &mut Tally,
    rolling: &mut Rolling,
    changes: &mut Changes,
) -> Result<(), Unread> {
    let mut insert = Insert::new(tx)?;
    for row in rows {
        match insert.insert(row.key, row.reading, texts, row.index) {
            Ok(is_new) => {
                tally.committed += u64::from(is_new);
                tally.duplicates += u64::from(!is_new);
                rolling.note(row.key, row.reading, is_new, changes);
            }
            Err(error) => tally.refuse(row.index, row.equipment, error)?,
        }
    }
    Ok(())
}

fn insert_log(tx: &Connection, key: i64, entry: &ConnectionLogEntry) -> rusqlite::Result<()> {
    tx.prepare_cached(INSERT_LOG)?.execute(params![
        key,
        entry.event_type.as_str(),
        entry.event_time.as_microsecond(),
        entry.connection_status.as_str(),
        entry.error_message,
        entry.error_code,
        entry.response_time_ms,
        entry.data_points_received,
    ])?;
    Ok(())
}
