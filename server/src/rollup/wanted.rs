//! Which fields somebody looks at.

use app::model::reading::Field;

use super::{METRICS, index_of};

/// All fields by default.
#[derive(Clone, Debug, Default)]
pub struct Wanted(Option<Named>);

#[derive(Clone, Debug, Default)]
struct Named {
    metrics: [bool; METRICS.len()],
    zones: Vec<String>,
    extras: Vec<String>,
}

impl Wanted {
    /// The fields with these names; all where there are none. Those that do not exist are never met.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let (mut wanted, mut is_any) = (Named::default(), true);
        for name in names {
            is_any = false;
            match Field::parse(name) {
                Some(Field::Zone(zone)) => wanted.zones.push(zone.to_owned()),
                Some(Field::Additional(extra)) => wanted.extras.push(extra.to_owned()),
                Some(Field::Metric(metric)) => {
                    if let Some(index) = index_of(metric) {
                        wanted.metrics[index] = true;
                    }
                }
                None => {}
            }
        }
        Self((!is_any).then_some(wanted))
    }

    pub fn has(&self, field: Field<'_>) -> bool {
        match field {
            Field::Metric(metric) => index_of(metric).is_some_and(|at| self.metric(at)),
            Field::Zone(zone) => self.zone(zone),
            Field::Additional(name) => self.additional(name),
        }
    }

    pub(super) fn metric(&self, index: usize) -> bool {
        self.0.as_ref().is_none_or(|named| named.metrics[index])
    }

    pub(super) fn zone(&self, name: &str) -> bool {
        self.0.as_ref().is_none_or(|named| named.zones.iter().any(|zone| zone == name))
    }

    pub(super) fn additional(&self, name: &str) -> bool {
        self.0.as_ref().is_none_or(|named| named.extras.iter().any(|extra| extra == name))
    }
}
