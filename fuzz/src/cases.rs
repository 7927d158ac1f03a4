//! Recorded cases, as `server/tests/it/cases.rs` describes them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value};
use server::connectors::{self, ConnectorError, Driver, Sample, Settings, recorded::Recorded};

pub struct Case {
    pub driver: &'static Driver,
    pub name: String,
    /// The recorded payload.
    pub input: Vec<u8>,
    /// The driver accepts the settings; of some cases it should not.
    pub fits: bool,
    recorded: Recorded,
}

/// Every case of these drivers, in the order of their names.
pub fn of(drivers: &[&str]) -> Vec<Case> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/tests/cases");
    let mut cases = Vec::new();
    for id in drivers {
        let driver = connectors::find(id).unwrap_or_else(|| panic!("there is no driver {id}"));
        cases.extend(entries(&home.join(id)).into_iter().map(|folder| Case::load(driver, &folder)));
    }
    cases
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("a folder entry").path()).collect();
    paths.sort();
    paths
}

impl Case {
    fn load(driver: &'static Driver, folder: &Path) -> Self {
        let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let read = |path: &Path| fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let recorded = Recorded::parse(&read(&folder.join("config.json")))
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let input = entries(folder).into_iter().find(|path| name(path).starts_with("input."));
        let input = read(&input.unwrap_or_else(|| panic!("{}: no input", folder.display())));
        let mut case = Self { driver, name: name(folder), input, fits: true, recorded };
        case.fits = (driver.build)(case.settings()).is_ok();
        case
    }

    pub fn settings(&self) -> Settings {
        self.settings_with(&self.recorded.config)
    }

    pub fn settings_with(&self, config: &Map<String, Value>) -> Settings {
        self.recorded.settings_with(config).unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    /// The settings as JSON.
    pub fn config(&self) -> Vec<u8> {
        Value::from(self.recorded.config.clone()).to_string().into_bytes()
    }

    pub fn replay(&self, settings: Settings, input: &[u8]) -> Result<Sample, ConnectorError> {
        self.driver.replay.expect("a driver with cases replays")(settings, input)
    }
}
