//! A batch: one product in one oven, from loading to unloading.
//!
//! # Layout
//! - `mod.rs` what a batch is; [`tracking`] where it stands; [`summary`] what became of it
//! - [`detection`] what an oven does looks like the begin or the end of one

pub mod detection;
pub mod summary;
pub mod tracking;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use self::summary::BatchSummary;
use super::{
    equipment::EquipmentId,
    form::{FieldError, Problem},
    wire_enum,
};

wire_enum! {
    BatchStatus {
        Planned = "planned",
        Running = "running",
        Finished = "finished",
        Cancelled = "cancelled",
    }
}

/// Stages of a profile, at most.
pub const MAX_STAGES: usize = 20;
/// Longest text, in characters; notes may have ten times as many.
pub const MAX_TEXT: usize = 200;
/// Longest stage, in minutes: slow fermentation takes days.
pub const MAX_STAGE_MINUTES: f64 = 4.0 * 24.0 * 60.0;
/// Temperature may be so far from the target where a stage says nothing, in K.
pub const DEFAULT_TOLERANCE_KELVIN: f64 = 10.0;

/// A part of a target profile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Stage {
    #[cfg_attr(feature = "ssr", schema(min_length = 1, max_length = 200, pattern = r"\S"))]
    pub name: String,
    #[cfg_attr(feature = "ssr", schema(exclusive_minimum = 0, maximum = 5_760))]
    pub duration_minutes: f64,
    /// Target, in °C; none where any will do.
    #[serde(default)]
    #[cfg_attr(feature = "ssr", schema(minimum = -40, maximum = 500))]
    pub temperature: Option<f64>,
    /// How far the temperature may be from the target, in K.
    #[serde(default = "default_tolerance")]
    #[cfg_attr(feature = "ssr", schema(minimum = 0, maximum = 200))]
    pub temperature_tolerance: f64,
    /// Target, in %.
    #[serde(default)]
    #[cfg_attr(feature = "ssr", schema(minimum = 0, maximum = 100))]
    pub humidity: Option<f64>,
}

const fn default_tolerance() -> f64 {
    DEFAULT_TOLERANCE_KELVIN
}

/// What is entered for a batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct BatchDraft {
    pub equipment_id: EquipmentId,
    /// Of an oven whose decks bake by themselves: the name of its zone.
    #[serde(default)]
    #[cfg_attr(feature = "ssr", schema(max_length = 200))]
    pub deck: Option<String>,
    #[cfg_attr(feature = "ssr", schema(min_length = 1, max_length = 200, pattern = r"\S"))]
    pub product: String,
    /// Pieces.
    #[serde(default)]
    pub quantity: Option<u32>,
    /// The oven's program.
    #[serde(default)]
    #[cfg_attr(feature = "ssr", schema(max_length = 200))]
    pub program: Option<String>,
    #[serde(default)]
    pub planned_start: Option<Timestamp>,
    #[serde(default)]
    pub planned_end: Option<Timestamp>,
    /// The target profile, stage after stage.
    #[serde(default)]
    #[cfg_attr(feature = "ssr", schema(max_items = 20))]
    pub profile: Vec<Stage>,
    #[serde(default)]
    #[cfg_attr(feature = "ssr", schema(max_length = 200))]
    pub operator: Option<String>,
    #[serde(default)]
    #[cfg_attr(feature = "ssr", schema(max_length = 2_000))]
    pub notes: Option<String>,
}

/// One batch with everything that is known of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Batch {
    pub id: Uuid,
    /// Counts up over all ovens.
    pub number: i64,
    /// `Baguettes - Batch #123`
    pub name: String,
    pub status: BatchStatus,
    pub equipment_id: EquipmentId,
    pub deck: Option<String>,
    pub product: String,
    pub quantity: Option<u32>,
    pub program: Option<String>,
    pub planned_start: Option<Timestamp>,
    pub planned_end: Option<Timestamp>,
    pub profile: Vec<Stage>,
    pub operator: Option<String>,
    pub notes: Option<String>,
    pub started_at: Option<Timestamp>,
    /// When it was finished or cancelled.
    pub ended_at: Option<Timestamp>,
    pub cancel_reason: Option<String>,
    /// Of a finished one: what the readings between its begin and end tell.
    pub summary: Option<BatchSummary>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Batch {
    /// As the guide writes it.
    pub fn name_of(product: &str, number: i64) -> String {
        format!("{product} - Batch #{number}")
    }

    pub fn draft(&self) -> BatchDraft {
        BatchDraft {
            equipment_id: self.equipment_id,
            deck: self.deck.clone(),
            product: self.product.clone(),
            quantity: self.quantity,
            program: self.program.clone(),
            planned_start: self.planned_start,
            planned_end: self.planned_end,
            profile: self.profile.clone(),
            operator: self.operator.clone(),
            notes: self.notes.clone(),
        }
    }
}

impl BatchDraft {
    /// With tidy texts, and none where they are empty.
    #[must_use]
    pub fn tidied(mut self) -> Self {
        self.product = self.product.trim().to_owned();
        for text in [&mut self.deck, &mut self.program, &mut self.operator, &mut self.notes] {
            *text = text.take().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        }
        for stage in &mut self.profile {
            stage.name = stage.name.trim().to_owned();
        }
        self
    }

    /// What is wrong with it.
    pub fn check(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if self.product.trim().is_empty() {
            errors.push(FieldError::new("product", Problem::Required));
        }
        for (field, text, max) in [
            ("product", Some(&self.product), MAX_TEXT),
            ("deck", self.deck.as_ref(), MAX_TEXT),
            ("program", self.program.as_ref(), MAX_TEXT),
            ("operator", self.operator.as_ref(), MAX_TEXT),
            ("notes", self.notes.as_ref(), 10 * MAX_TEXT),
        ] {
            if text.is_some_and(|text| text.chars().count() > max) {
                errors.push(FieldError::new(field, Problem::TooLong { max }));
            }
        }
        if let (Some(start), Some(end)) = (self.planned_start, self.planned_end)
            && end <= start
        {
            let detail = "planned_end has to be after planned_start".to_owned();
            errors.push(FieldError::new("planned_end", Problem::Other { detail }));
        }
        if self.profile.len() > MAX_STAGES {
            errors.push(FieldError::new("profile", Problem::TooLong { max: MAX_STAGES }));
        }
        for (index, stage) in self.profile.iter().enumerate() {
            errors.extend(
                stage
                    .check()
                    .into_iter()
                    .map(|(field, problem)| FieldError::new(format!("profile.{index}.{field}"), problem)),
            );
        }
        errors
    }
}

impl Stage {
    fn check(&self) -> Vec<(&'static str, Problem)> {
        let mut errors = Vec::new();
        if self.name.trim().is_empty() {
            errors.push(("name", Problem::Required));
        }
        if self.name.chars().count() > MAX_TEXT {
            errors.push(("name", Problem::TooLong { max: MAX_TEXT }));
        }
        if !(self.duration_minutes > 0.0 && self.duration_minutes <= MAX_STAGE_MINUTES) {
            errors.push(("duration_minutes", Problem::OutOfRange { min: 0.0, max: MAX_STAGE_MINUTES }));
        }
        for (field, value, min, max) in [
            ("temperature", self.temperature, -40.0, 500.0),
            ("temperature_tolerance", Some(self.temperature_tolerance), 0.0, 200.0),
            ("humidity", self.humidity, 0.0, 100.0),
        ] {
            if value.is_some_and(|value| !(min..=max).contains(&value)) {
                errors.push((field, Problem::OutOfRange { min, max }));
            }
        }
        errors
    }
}

/// A program that is a while in each stage.
#[cfg(test)]
pub(crate) fn profile(stages: &[(&str, f64, f64)]) -> Vec<Stage> {
    let stage = |(name, minutes, celsius): &(&str, f64, f64)| Stage {
        name: (*name).to_owned(),
        duration_minutes: *minutes,
        temperature: Some(*celsius),
        temperature_tolerance: 5.0,
        humidity: None,
    };
    stages.iter().map(stage).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> BatchDraft {
        serde_json::from_value(serde_json::json!({"equipment_id": Uuid::nil(), "product": " Baguettes ", "notes": " "}))
            .unwrap()
    }

    #[test]
    fn texts_are_tidied() {
        let tidy = draft().tidied();
        assert_eq!((tidy.product.as_str(), tidy.notes.as_deref()), ("Baguettes", None));
        assert!(tidy.check().is_empty());
    }

    #[test]
    fn every_error_names_its_field() {
        let mut wrong = BatchDraft {
            product: "  ".to_owned(),
            planned_start: Timestamp::from_second(10).ok(),
            planned_end: Timestamp::from_second(10).ok(),
            profile: profile(&[("bake", 0.0, 900.0), ("", f64::NAN, 200.0)]),
            ..draft()
        };
        wrong.profile[0].humidity = Some(101.0);
        let fields: Vec<_> = wrong.check().into_iter().map(|error| error.field).collect();
        assert_eq!(
            fields,
            [
                "product",
                "planned_end",
                "profile.0.duration_minutes",
                "profile.0.temperature",
                "profile.0.humidity",
                "profile.1.name",
                "profile.1.duration_minutes",
            ]
        );
    }
}
