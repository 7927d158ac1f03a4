//! What can go wrong with the database.
//!
//! Callers decide on the kind: [`NotFound`](StoreError::NotFound), [`Conflict`](StoreError::Conflict) and
//! [`Refused`](StoreError::Refused) are about what was asked, everything else is about the machine.

use std::{error::Error, fmt, path::PathBuf};

type Source = Box<dyn Error + Send + Sync>;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// What there is none of, for example `equipment`.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The field whose value has to be unique.
    #[error("this {0} is already in use: choose another one")]
    Conflict(&'static str),
    /// A value outside what the schema allows; the caller should have checked it.
    #[error("the database does not take this value: {0}")]
    Refused(String),
    #[error("{doing} failed: {outage}")]
    Unavailable { doing: String, outage: Outage, source: Source },
    /// A stored value that this version cannot read.
    #[error("the database holds {what} that cannot be read ({detail}): restore it from a backup")]
    Corrupt { what: String, detail: String },
    #[error("{} is not a Hornero database: choose another file, or move this one away", .path.display())]
    NotADatabase { path: PathBuf },
    #[error(
        "{} was made by a newer version of Hornero (schema step {found}, this version knows up to {known}): \
         install that version again, or restore the backup made before it", .path.display()
    )]
    Newer { path: PathBuf, found: i64, known: i64 },
}

/// Why the database cannot be used at the moment. Its text says what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outage {
    Busy,
    Full,
    ReadOnly,
    CannotOpen,
    Io,
    Damaged,
    Other,
}

impl fmt::Display for Outage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Busy => "the database is in use by another program: close it, or wait until it is done",
            Self::Full => "the disk is full: free some space",
            Self::ReadOnly => {
                "the database cannot be written: give the account that runs Hornero the right to write the file and \
                 its folder, and check that the disk is not mounted read-only"
            }
            Self::CannotOpen => {
                "the file cannot be opened: check that its folder exists and that the account that runs Hornero may \
                 read and write in it"
            }
            Self::Io => "the disk reports an error: check it, and that it is still attached",
            Self::Damaged => "the database file is damaged: restore it from a backup",
            Self::Other => "the database did not do what it was asked; the cause has the detail",
        })
    }
}

impl Outage {
    /// From SQLite's primary result code (sqlite.org/rescode.html).
    pub(super) const fn of_code(code: u32) -> Self {
        match code {
            5 | 6 => Self::Busy,
            8 => Self::ReadOnly,
            10 => Self::Io,
            11 | 26 => Self::Damaged,
            13 => Self::Full,
            14 => Self::CannotOpen,
            _ => Self::Other,
        }
    }

    pub(super) fn of(error: &sqlx::Error) -> Self {
        match error {
            sqlx::Error::PoolTimedOut => Self::Busy,
            sqlx::Error::Io(_) => Self::Io,
            _ => primary_code(error).map_or(Self::Other, Self::of_code),
        }
    }

    pub(super) fn of_raw(error: &rusqlite::Error) -> Self {
        code_of(error).map_or(Self::Other, Self::of_code)
    }

    pub(super) fn of_io(error: &std::io::Error) -> Self {
        use std::io::ErrorKind;
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full,
            ErrorKind::ReadOnlyFilesystem => Self::ReadOnly,
            ErrorKind::NotFound | ErrorKind::PermissionDenied | ErrorKind::NotADirectory | ErrorKind::IsADirectory => {
                Self::CannotOpen
            }
            _ => Self::Io,
        }
    }
}

impl StoreError {
    pub(super) fn unavailable(doing: impl Into<String>, outage: Outage, source: impl Into<Source>) -> Self {
        Self::Unavailable { doing: doing.into(), outage, source: source.into() }
    }

    pub(super) fn corrupt(what: impl Into<String>, detail: impl fmt::Display) -> Self {
        Self::Corrupt { what: what.into(), detail: detail.to_string() }
    }
}

/// Adds what was being done to a database error.
pub(super) trait Doing<T> {
    fn doing(self, what: &'static str) -> Result<T, StoreError>;
}

impl<T> Doing<T> for Result<T, sqlx::Error> {
    fn doing(self, what: &'static str) -> Result<T, StoreError> {
        self.map_err(|error| {
            if is_of_one_row(&error) {
                return StoreError::Refused(error.to_string());
            }
            if let sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) = &error {
                return StoreError::corrupt("a value", error);
            }
            StoreError::unavailable(what, Outage::of(&error), error)
        })
    }
}

/// Whether the error is about the row that was written, so that other rows may still succeed: a constraint, a value
/// that is too big, or one of the wrong type.
pub(super) fn is_of_one_row(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Encode(_)) || matches!(primary_code(error), Some(18..=20))
}

/// [`is_of_one_row`], of the library that the writer uses.
pub(super) fn is_of_one(error: &rusqlite::Error) -> bool {
    matches!(error, rusqlite::Error::ToSqlConversionFailure(_)) || matches!(code_of(error), Some(18..=20))
}

/// SQLite's primary result code.
fn code_of(error: &rusqlite::Error) -> Option<u32> {
    // The extended code has the primary one in its lowest byte.
    error.sqlite_error().map(|error| error.extended_code.unsigned_abs() & 0xff)
}

pub(super) fn primary_code(error: &sqlx::Error) -> Option<u32> {
    let code: u32 = error.as_database_error()?.code()?.parse().ok()?;
    // The extended code has the primary one in its lowest byte.
    Some(code & 0xff)
}
