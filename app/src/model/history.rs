//! How finely history is kept and shown.

use super::wire_enum;

wire_enum! {
    /// What a point of history stands for. Rollups begin at whole minutes, hours and days of UTC.
    Resolution {
        Raw = "raw",
        Minute = "1m",
        Hour = "1h",
        Day = "1d",
    }
}

impl Resolution {
    /// Every rollup, finest first.
    pub const ROLLUPS: [Self; 3] = [Self::Minute, Self::Hour, Self::Day];

    /// Length of a rollup in seconds; 0 for single readings.
    pub const fn seconds(self) -> i64 {
        match self {
            Self::Raw => 0,
            Self::Minute => 60,
            Self::Hour => 3_600,
            Self::Day => 86_400,
        }
    }
}
