//! Endpoints beside the first one that do not answer. The log says so once when it begins and once when it is over;
//! the readings in between have their values flagged.

use std::collections::BTreeSet;

use app::model::connection_log::ConnectionEvent;

use crate::connectors::{ConnectorError, Note};

/// The names of those that did not answer when they were last asked.
#[derive(Default)]
pub struct Parts(BTreeSet<String>);

impl Parts {
    pub fn forget(&mut self) {
        self.0.clear();
    }

    /// What is new in a round of requests; `failed` are all that failed in it.
    pub fn news(&mut self, failed: &[(String, ConnectorError)]) -> Vec<Note> {
        let mut notes = Vec::new();
        self.0.retain(|name| {
            let still = failed.iter().any(|(failed, _)| failed == name);
            if !still {
                let message = format!("endpoint {name} answers again");
                notes.push(Note { event: ConnectionEvent::PartRecovered, message, code: None });
            }
            still
        });
        for (name, error) in failed {
            if self.0.insert(name.clone()) {
                let message = format!("endpoint {name}, whose values are left out: {error}");
                notes.push(Note { event: ConnectionEvent::PartFailed, message, code: Some(error.code.clone()) });
            }
        }
        notes
    }
}

/// The error of answers that made no reading, with what was missing from them.
pub fn blame(error: ConnectorError, failed: &[(String, ConnectorError)]) -> ConnectorError {
    failed.iter().fold(error, |error, (name, cause)| ConnectorError {
        detail: format!("{}; endpoint {name}: {cause}", error.detail),
        ..error
    })
}

#[cfg(test)]
mod tests {
    use app::model::failure::FailureKind;

    use super::*;

    #[test]
    fn each_endpoint_is_spoken_of_twice() {
        let failed = |names: &[&str]| -> Vec<(String, ConnectorError)> {
            let error = || ConnectorError::new(FailureKind::Protocol, "HTTP 500").with_code("http_500");
            names.iter().map(|name| ((*name).to_owned(), error())).collect()
        };
        let mut parts = Parts::default();
        let mut news = |names: &[&str]| -> Vec<String> {
            parts.news(&failed(names)).iter().map(|note| format!("{} {}", note.event, note.message)).collect()
        };
        assert_eq!(news(&[]), [""; 0]);
        assert_eq!(news(&["status"]), ["part_failed endpoint status, whose values are left out: HTTP 500"]);
        assert_eq!(news(&["status"]), [""; 0]);
        assert_eq!(news(&["program", "status"]).len(), 1);
        assert_eq!(news(&["program"]), ["part_recovered endpoint status answers again"]);
        assert_eq!(news(&[]).len(), 1);
        assert_eq!(news(&["status"]).len(), 1);
    }
}
