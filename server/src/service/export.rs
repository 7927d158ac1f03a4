//! The history of an oven as a file, page by page: as much memory for a year as for an hour.

use std::{borrow::Cow, fmt::Write as _};

use app::model::{
    equipment::EquipmentId,
    reading::{CycleStage, DoorStatus, OperationalStatus, Reading, Values},
};
use bytes::Bytes;
use futures::{Stream, stream};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::Value;
use tokio::{sync::Semaphore, task::JoinHandle};

use super::{Service, ServiceError};
use crate::store::{Store, StoreError, readings::SensorNames};

/// Readings that are in memory at a time.
const PAGE: u32 = 2_000;

/// Readings whose names are looked for at a time.
const NAMES_PAGE: u32 = 50_000;

static NAMING: Semaphore = Semaphore::const_new(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    Csv,
    Ndjson,
}

impl Format {
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
        }
    }

    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Ndjson => "application/x-ndjson",
        }
    }
}

impl Service {
    /// The readings with `start <= reading_time < end`, oldest first. What is wrong with the database on the way ends the
    /// stream with an error.
    pub async fn export(
        &self,
        id: EquipmentId,
        start: Timestamp,
        end: Timestamp,
        format: Format,
    ) -> Result<impl Stream<Item = Result<Bytes, StoreError>> + Send + 'static, ServiceError> {
        self.equipment(id).await?;
        let table = match format {
            Format::Ndjson => None,
            Format::Csv => {
                // Goes through the whole range: one at a time, or impatient clicks would take every connection.
                let _turn = NAMING.acquire().await;
                // In pieces, so that who gives up soon leaves the disk alone.
                let (mut names, mut next) = (SensorNames::default(), Some(start));
                while let Some(from) = next {
                    let last;
                    (names, last) = self.store.names_in(id, from..end, NAMES_PAGE, names).await?;
                    next = last.map(|last| last + SignedDuration::from_micros(1));
                }
                Some(Table { zones: names.zones.into_iter().collect(), extras: names.extras.into_iter().collect() })
            }
        };
        let header = table.as_ref().map(Table::header);
        let pages = Pages { store: self.store.clone(), id, end };
        let walk = Walk { reading: Some(pages.read(start)), pages, header, table };
        Ok(stream::try_unfold(walk, Walk::page))
    }
}

struct Pages {
    store: Store,
    id: EquipmentId,
    end: Timestamp,
}

type Page = Result<Vec<Reading>, StoreError>;

impl Pages {
    fn read(&self, start: Timestamp) -> JoinHandle<Page> {
        let (store, id, end) = (self.store.clone(), self.id, self.end);
        tokio::spawn(async move { store.readings_from(id, start, end, PAGE).await })
    }
}

struct Walk {
    pages: Pages,
    /// The next page; nothing when all was read.
    reading: Option<JoinHandle<Page>>,
    /// Until it was sent.
    header: Option<Vec<u8>>,
    /// Of a CSV file.
    table: Option<Table>,
}

impl Walk {
    /// While a page is written out and sent, the next one is read.
    async fn page(mut self) -> Result<Option<(Bytes, Self)>, StoreError> {
        if let Some(header) = self.header.take() {
            return Ok(Some((header.into(), self)));
        }
        let Some(reading) = self.reading.take() else { return Ok(None) };
        let readings = match reading.await {
            Ok(page) => page?,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The server ends, and the connection with it.
                Err(_) => return Ok(None),
            },
        };
        let Some(last) = readings.last() else { return Ok(None) };
        let after = last.reading_time.checked_add(SignedDuration::from_micros(1)).ok();
        let next = after.filter(|_| readings.len() == PAGE as usize);
        self.reading = next.map(|start| self.pages.read(start));
        let text = match &self.table {
            Some(table) => table.rows(&readings),
            None => lines(&readings),
        };
        Ok(Some((text.into(), self)))
    }
}

/// One JSON object a line, as `sensor-history` has them.
fn lines(readings: &[Reading]) -> Vec<u8> {
    let mut text = Vec::with_capacity(readings.len() * 512);
    for reading in readings {
        if serde_json::to_writer(&mut text, reading).is_ok() {
            text.push(b'\n');
        }
    }
    text
}

/// Columns before the zones and additional sensors.
const COLUMNS: [&str; 19] = [
    "reading_time",
    "received_at",
    "quality",
    "temperature",
    "target_temperature",
    "humidity",
    "target_humidity",
    "energy_consumption_kwh",
    "power_kw",
    "operational_status",
    "cycle_stage",
    "cycle_progress_percentage",
    "time_remaining_minutes",
    "motor_speed_rpm",
    "door_status",
    "steam_level",
    "product_weight_kg",
    "moisture_content",
    "active_batch_id",
];

struct Table {
    zones: Vec<String>,
    extras: Vec<String>,
}

impl Table {
    fn header(&self) -> Vec<u8> {
        let zones = self.zones.iter().map(|zone| format!("temperature_zones.{zone}"));
        let extras = self.extras.iter().map(|name| format!("additional_sensors.{name}"));
        let names = COLUMNS.iter().map(|name| (*name).to_owned()).chain(zones).chain(extras);
        let mut csv = csv::Writer::from_writer(Vec::new());
        // Writing to memory does not fail.
        let _ = csv.write_record(names.chain(["quality_issues".to_owned()]));
        csv.into_inner().unwrap_or_default()
    }

    /// Bad values are left out: a sheet has no place to mark them. The last column names them.
    fn rows(&self, readings: &[Reading]) -> Vec<u8> {
        let csv = csv::Writer::from_writer(Vec::with_capacity(readings.len() * 256));
        let mut sheet = Sheet { csv, cell: String::new() };
        for reading in readings {
            self.row(&mut sheet, reading);
        }
        sheet.csv.into_inner().unwrap_or_default()
    }

    fn row(&self, sheet: &mut Sheet, reading: &Reading) {
        let good = reading.good();
        sheet.shown(&reading.reading_time);
        sheet.shown(&reading.received_at);
        sheet.text(reading.quality.as_str());
        sheet.single(&good);
        match &reading.active_batch_id {
            Some(id) => sheet.shown(id),
            None => sheet.text(""),
        }
        for zone in &self.zones {
            sheet.number(good.temperature_zones.get(zone).copied());
        }
        for name in &self.extras {
            sheet.value(good.additional_sensors.get(name));
        }
        if reading.quality_issues.is_empty() {
            sheet.text("");
        } else {
            let issues = reading.quality_issues.iter().map(|issue| format!("{}: {}", issue.field, issue.reason));
            sheet.text(&harmless(&issues.collect::<Vec<_>>().join("; ")));
        }
        sheet.end_row();
    }
}

/// Writes a table cell by cell. Writing to memory does not fail.
struct Sheet {
    csv: csv::Writer<Vec<u8>>,
    /// Kept between cells, for its room.
    cell: String,
}

impl Sheet {
    fn text(&mut self, text: &str) {
        let _ = self.csv.write_field(text);
    }

    fn shown(&mut self, value: &dyn std::fmt::Display) {
        self.cell.clear();
        let _ = write!(self.cell, "{value}");
        let _ = self.csv.write_field(&self.cell);
    }

    fn number(&mut self, value: Option<f64>) {
        match value {
            Some(value) => self.shown(&value),
            None => self.text(""),
        }
    }

    fn value(&mut self, value: Option<&Value>) {
        match value {
            None | Some(Value::Null) => self.text(""),
            Some(Value::String(text)) => self.text(&harmless(text)),
            Some(other) => self.shown(other),
        }
    }

    /// The values of [`COLUMNS`] after the first three.
    fn single(&mut self, v: &Values) {
        self.number(v.temperature);
        self.number(v.target_temperature);
        self.number(v.humidity);
        self.number(v.target_humidity);
        self.number(v.energy_consumption_kwh);
        self.number(v.power_kw);
        self.text(v.operational_status.map_or("", OperationalStatus::as_str));
        self.text(v.cycle_stage.map_or("", CycleStage::as_str));
        self.number(v.cycle_progress_percentage);
        self.number(v.time_remaining_minutes);
        self.number(v.motor_speed_rpm);
        self.text(v.door_status.map_or("", DoorStatus::as_str));
        self.number(v.steam_level);
        self.number(v.product_weight_kg);
        self.number(v.moisture_content);
    }

    fn end_row(&mut self) {
        let _ = self.csv.write_record(None::<&[u8]>);
    }
}

/// A text that a spreadsheet would take for a formula gets an apostrophe before it (OWASP, “CSV Injection”).
fn harmless(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use app::model::reading::{Quality, QualityIssue, QualityReason};

    use super::*;

    fn reading() -> Reading {
        Reading {
            reading_time: "2026-03-01T06:00:00Z".parse().unwrap(),
            received_at: "2026-03-01T06:00:01Z".parse().unwrap(),
            values: Values {
                temperature: Some(231.5),
                humidity: Some(900.0),
                operational_status: Some(OperationalStatus::Running),
                temperature_zones: [("deck 1, top".to_owned(), -4.0)].into(),
                additional_sensors: [("note".to_owned(), "=1+1".into()), ("rpm".to_owned(), 12.into())].into(),
                ..Values::default()
            },
            active_batch_id: None,
            quality: Quality::Bad,
            quality_issues: vec![QualityIssue { field: "humidity".to_owned(), reason: QualityReason::OutOfRange }],
        }
    }

    #[test]
    fn a_row_has_a_cell_for_each_column_and_no_bad_value() {
        let table = Table { zones: vec!["deck 1, top".to_owned()], extras: vec!["note".to_owned(), "rpm".to_owned()] };
        let text = [table.header(), table.rows(&[reading()])].concat();
        let mut read = csv::Reader::from_reader(&text[..]);
        let names = read.headers().unwrap().clone();
        let row = read.records().next().unwrap().unwrap();
        assert_eq!(names.len(), row.len());
        let cell = |name: &str| names.iter().position(|known| known == name).map(|at| row[at].to_owned()).unwrap();
        assert_eq!(
            (cell("reading_time"), cell("temperature")),
            ("2026-03-01T06:00:00Z".to_owned(), "231.5".to_owned())
        );
        assert_eq!((cell("humidity"), cell("quality_issues")), (String::new(), "humidity: out_of_range".to_owned()));
        assert_eq!(cell("temperature_zones.deck 1, top"), "-4", "a number below zero is no formula");
        assert_eq!(
            (cell("additional_sensors.note"), cell("additional_sensors.rpm")),
            ("'=1+1".to_owned(), "12".to_owned())
        );
        assert_eq!(cell("operational_status"), "running");
    }
}
