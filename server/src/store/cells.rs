//! From the columns of a row to the types of the model.

use app::model::equipment::EquipmentId;
use jiff::Timestamp;
use rusqlite::types::ValueRef;
use serde::{Serialize, de::DeserializeOwned};
use sqlx::{Decode, Row as _, Sqlite, Type, sqlite::SqliteRow};
use uuid::Uuid;

use super::error::{Doing as _, StoreError};

/// Takes the columns of a row one after the other, in the order of the query.
pub(super) struct Cells<'r> {
    row: &'r SqliteRow,
    next: usize,
    /// Names the row when a value cannot be read.
    of: &'static str,
}

impl<'r> Cells<'r> {
    pub(super) const fn new(row: &'r SqliteRow, of: &'static str) -> Self {
        Self { row, next: 0, of }
    }

    pub(super) fn take<T: Decode<'r, Sqlite> + Type<Sqlite>>(&mut self) -> Result<T, StoreError> {
        let value = self.row.try_get(self.next).doing("reading a row")?;
        self.next += 1;
        Ok(value)
    }

    pub(super) fn number<T: TryFrom<i64>>(&mut self) -> Result<T, StoreError> {
        let value: i64 = self.take()?;
        T::try_from(value).map_err(|_| self.unreadable(value))
    }

    pub(super) fn number_opt<T: TryFrom<i64>>(&mut self) -> Result<Option<T>, StoreError> {
        let value: Option<i64> = self.take()?;
        value.map(|value| T::try_from(value).map_err(|_| self.unreadable(value))).transpose()
    }

    pub(super) fn time(&mut self) -> Result<Timestamp, StoreError> {
        let micros = self.take()?;
        Timestamp::from_microsecond(micros).map_err(|_| self.unreadable(micros))
    }

    pub(super) fn time_opt(&mut self) -> Result<Option<Timestamp>, StoreError> {
        let micros: Option<i64> = self.take()?;
        micros.map(|micros| Timestamp::from_microsecond(micros).map_err(|_| self.unreadable(micros))).transpose()
    }

    pub(super) fn uuid(&mut self) -> Result<Uuid, StoreError> {
        let text: &str = self.take()?;
        text.parse().map_err(|_| self.unreadable(text))
    }

    pub(super) fn equipment_id(&mut self) -> Result<EquipmentId, StoreError> {
        Ok(EquipmentId(self.uuid()?))
    }

    /// A word of an enum, by its `parse`.
    pub(super) fn word<T>(&mut self, parse: fn(&str) -> Option<T>) -> Result<T, StoreError> {
        let text: &str = self.take()?;
        parse(text).ok_or_else(|| self.unreadable(text))
    }

    pub(super) fn json<T: DeserializeOwned>(&mut self) -> Result<T, StoreError> {
        let text: &str = self.take()?;
        serde_json::from_str(text).map_err(|error| self.unreadable(error))
    }

    pub(super) fn json_opt<T: DeserializeOwned>(&mut self) -> Result<Option<T>, StoreError> {
        let text: Option<&str> = self.take()?;
        text.map(|text| serde_json::from_str(text).map_err(|error| self.unreadable(error))).transpose()
    }

    pub(super) fn unreadable(&self, value: impl std::fmt::Display) -> StoreError {
        StoreError::corrupt(format!("column {} of {}", self.next, self.of), value)
    }
}

/// The columns of a row one after the other, whichever library read it.
pub(super) trait Columns<'r> {
    fn int(&mut self) -> Result<Option<i64>, StoreError>;
    fn real(&mut self) -> Result<Option<f64>, StoreError>;
    fn text(&mut self) -> Result<Option<&'r str>, StoreError>;
    fn bytes(&mut self) -> Result<Option<&'r [u8]>, StoreError>;
    /// An error that names the column that was taken last.
    fn bad(&self, value: &dyn std::fmt::Display) -> StoreError;

    fn instant(&mut self) -> Result<Timestamp, StoreError> {
        let micros = self.int()?;
        let time = micros.and_then(|micros| Timestamp::from_microsecond(micros).ok());
        time.ok_or_else(|| self.bad(&format!("{micros:?}")))
    }

    fn name<T>(&mut self, parse: fn(&str) -> Option<T>) -> Result<Option<T>, StoreError> {
        let text = self.text()?;
        text.map(|text| parse(text).ok_or_else(|| self.bad(&text))).transpose()
    }

    fn object<T: DeserializeOwned>(&mut self) -> Result<Option<T>, StoreError> {
        let text = self.text()?;
        text.map(|text| serde_json::from_str(text).map_err(|error| self.bad(&error))).transpose()
    }
}

impl<'r> Columns<'r> for Cells<'r> {
    fn int(&mut self) -> Result<Option<i64>, StoreError> {
        self.take()
    }

    fn real(&mut self) -> Result<Option<f64>, StoreError> {
        self.take()
    }

    fn text(&mut self) -> Result<Option<&'r str>, StoreError> {
        self.take()
    }

    fn bytes(&mut self) -> Result<Option<&'r [u8]>, StoreError> {
        self.take()
    }

    fn bad(&self, value: &dyn std::fmt::Display) -> StoreError {
        self.unreadable(value)
    }
}

/// A row that [`reader`](super::reader) reads.
pub(super) struct RawCells<'r> {
    row: &'r rusqlite::Row<'r>,
    next: usize,
    of: &'static str,
}

impl<'r> RawCells<'r> {
    pub(super) const fn new(row: &'r rusqlite::Row<'r>, of: &'static str) -> Self {
        Self { row, next: 0, of }
    }

    fn value(&mut self) -> Result<ValueRef<'r>, StoreError> {
        self.next += 1;
        self.row.get_ref(self.next - 1).map_err(|error| self.bad(&error))
    }

    fn wrong<T>(&self, value: ValueRef<'_>) -> Result<T, StoreError> {
        Err(self.bad(&format!("a value of the type {}", value.data_type())))
    }
}

impl<'r> Columns<'r> for RawCells<'r> {
    fn int(&mut self) -> Result<Option<i64>, StoreError> {
        match self.value()? {
            ValueRef::Null => Ok(None),
            ValueRef::Integer(value) => Ok(Some(value)),
            other => self.wrong(other),
        }
    }

    fn real(&mut self) -> Result<Option<f64>, StoreError> {
        match self.value()? {
            ValueRef::Null => Ok(None),
            ValueRef::Real(value) => Ok(Some(value)),
            ValueRef::Integer(value) => Ok(Some(value as f64)),
            other => self.wrong(other),
        }
    }

    fn text(&mut self) -> Result<Option<&'r str>, StoreError> {
        match self.value()? {
            ValueRef::Null => Ok(None),
            ValueRef::Text(bytes) => std::str::from_utf8(bytes).map(Some).map_err(|error| self.bad(&error)),
            other => self.wrong(other),
        }
    }

    fn bytes(&mut self) -> Result<Option<&'r [u8]>, StoreError> {
        match self.value()? {
            ValueRef::Null => Ok(None),
            ValueRef::Blob(bytes) => Ok(Some(bytes)),
            other => self.wrong(other),
        }
    }

    fn bad(&self, value: &dyn std::fmt::Display) -> StoreError {
        StoreError::corrupt(format!("column {} of {}", self.next, self.of), value)
    }
}

pub(super) fn micros(time: Option<Timestamp>) -> Option<i64> {
    time.map(Timestamp::as_microsecond)
}

pub(super) fn to_json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Refused(error.to_string()))
}
