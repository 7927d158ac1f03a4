//! Which fields somebody looks at.

use super::METRICS;

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
            if let Some(zone) = name.strip_prefix("temperature_zones.") {
                wanted.zones.push(zone.to_owned());
            } else if let Some(extra) = name.strip_prefix("additional_sensors.") {
                wanted.extras.push(extra.to_owned());
            } else if let Some(index) = METRICS.iter().position(|metric| metric.as_str() == name) {
                wanted.metrics[index] = true;
            }
        }
        Self((!is_any).then_some(wanted))
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
