//! The quality scale of the connectors, held against the code, and the table in their documentation.

use std::fmt::Write as _;
use std::{collections::BTreeMap, fs, path::PathBuf};

use app::model::connector::{Delivery, FieldInput, Localized, Manifest};
use serde::Deserialize;
use serde_json::{Map, json};
use server::connectors::{self, Driver, Settings};

use crate::cases;

const TABLE: (&str, &str) = ("<!-- table -->\n", "<!-- end -->\n");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scale {
    rules: BTreeMap<String, String>,
    drivers: BTreeMap<String, BTreeMap<String, Verdict>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Verdict {
    Word(String),
    Tested(Tested),
    Exempt(Exempt),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tested {
    done: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exempt {
    exempt: String,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> Result<String, String> {
    fs::read_to_string(root().join(path)).map_err(|error| format!("{path}: {error}"))
}

fn scale() -> Scale {
    toml::from_str(&read("docs/connectors/quality_scale.toml").unwrap()).unwrap()
}

#[test]
fn what_the_quality_scale_says_of_each_connector_is_true() {
    let scale = scale();
    let mut wrong = Vec::new();
    for id in scale.drivers.keys() {
        if !connectors::ALL.iter().any(|driver| driver.manifest.id == id) {
            wrong.push(format!("{id}: there is no such driver"));
        }
    }
    for driver in connectors::ALL {
        let id = driver.manifest.id;
        let Some(verdicts) = scale.drivers.get(id) else {
            wrong.push(format!("{id}: not on the scale"));
            continue;
        };
        wrong.extend(
            verdicts.keys().filter(|rule| !scale.rules.contains_key(*rule)).map(|rule| format!("{id}.{rule}: no rule")),
        );
        for rule in scale.rules.keys() {
            let verdict = verdicts.get(rule).ok_or_else(|| "missing".to_owned());
            if let Err(reason) = verdict.and_then(|verdict| check(driver, rule, verdict)) {
                wrong.push(format!("{id}.{rule}: {reason}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

fn check(driver: &Driver, rule: &str, verdict: &Verdict) -> Result<(), String> {
    let shown = shown_by_the_code(driver, rule);
    match verdict {
        Verdict::Exempt(Exempt { exempt }) if exempt.trim().is_empty() => Err("exempt without a reason".to_owned()),
        Verdict::Exempt(_) if matches!(shown, Some(Ok(()))) => Err("exempt, but the code has it: `done`".to_owned()),
        Verdict::Exempt(_) => Ok(()),
        Verdict::Word(word) if word != "done" => Err(format!("`{word}` is neither done nor exempt")),
        Verdict::Word(_) => shown.unwrap_or_else(|| Err("the code does not show it: name the tests".to_owned())),
        Verdict::Tested(Tested { done }) => {
            done.iter().try_for_each(|test| exists(test))?;
            let named = if done.is_empty() { Err("no test is named".to_owned()) } else { Ok(()) };
            named.and(shown.unwrap_or(Ok(())))
        }
    }
}

/// `file` or `file::test`.
fn exists(test: &str) -> Result<(), String> {
    let (file, function) = test.split_once("::").unwrap_or((test, ""));
    let content = read(file)?;
    if function.is_empty() || content.contains(&format!("fn {function}(")) {
        Ok(())
    } else {
        Err(format!("{file} has no {function}"))
    }
}

/// Whether the rule holds, as far as that can be seen without a peer.
fn shown_by_the_code(driver: &Driver, rule: &str) -> Option<Result<(), String>> {
    let manifest = &driver.manifest;
    Some(match rule {
        "texts" => texts(manifest),
        "docs" => docs(manifest),
        "unconfirmed" => docs(manifest).and_then(|()| unconfirmed(manifest)),
        "settings_errors" => settings_errors(driver),
        "secrets" => wanted(manifest.secrets().next().is_some(), "the manifest has no secret"),
        "cases" => {
            let count = cases::folders(&cases::home(manifest.id)).len();
            let enough = driver.replay.is_some() && count >= cases::FEWEST;
            wanted(enough, &format!("{count} cases, replays: {}", driver.replay.is_some()))
        }
        "fuzzed" => wanted(driver.replay.is_some(), "the driver does not replay").and_then(|()| is_fuzzed(manifest.id)),
        "discovery" => wanted(manifest.capabilities.discovery, "the manifest says that it cannot"),
        _ => return None,
    })
}

fn wanted(holds: bool, otherwise: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise.to_owned()) }
}

/// A target that runs what devices send names it, and so does the one that runs settings.
fn is_fuzzed(id: &str) -> Result<(), String> {
    let named = format!("\"{id}\"");
    let (mut by_payload, mut by_settings) = (false, false);
    for entry in fs::read_dir(root().join("fuzz/fuzz_targets")).map_err(|error| error.to_string())? {
        let source = fs::read_to_string(entry.unwrap().path()).map_err(|error| error.to_string())?;
        by_payload |= source.contains(&named) && source.contains("TARGET.payload(data)");
        by_settings |= source.contains(&named) && source.contains("TARGET.settings(data)");
    }
    wanted(by_payload && by_settings, &format!("by payload: {by_payload}, by settings: {by_settings}"))
}

fn texts(manifest: &Manifest) -> Result<(), String> {
    let complete = |what: &str, text: Localized| {
        let all = [text.es, text.en, text.de].iter().all(|text| !text.trim().is_empty());
        wanted(all, &format!("{what} lacks a language: {text:?}"))
    };
    complete("the name", manifest.name)?;
    complete("the description", manifest.description)?;
    if manifest.mapped {
        complete("the help on paths", manifest.path_help)?;
    }
    for field in manifest.fields {
        complete(&format!("the label of {}", field.key), field.label)?;
        // A user name needs no help, in no language.
        if field.help != (Localized { es: "", en: "", de: "" }) {
            complete(&format!("the help of {}", field.key), field.help)?;
        }
        if let FieldInput::Choice { options } = field.input {
            options.iter().try_for_each(|(key, text)| complete(&format!("the choice {key}"), *text))?;
        }
    }
    Ok(())
}

fn docs(manifest: &Manifest) -> Result<(), String> {
    let text = read(&format!("docs/connectors/{}.md", manifest.id))?;
    wanted(text.contains("port"), "it names no port")?;
    wanted(text.matches("\n```").count() >= 2, "it has no example")?;
    for field in manifest.fields {
        wanted(text.contains(&format!("`{}`", field.key)), &format!("`{}` is not explained", field.key))?;
    }
    let proven = text.split_once("\n## Proven with").ok_or("it does not say what it was proven with")?.1;
    let is_version = |word: &str| word.contains('.') && word.starts_with(|c: char| c.is_ascii_digit());
    wanted(proven.split([' ', '`', '\n', '(', ',']).any(is_version), "it was proven with no version of anything")
}

fn unconfirmed(manifest: &Manifest) -> Result<(), String> {
    let text = read(&format!("docs/connectors/{}.md", manifest.id))?;
    let says = ["No vendor", "not confirmed", "unconfirmed", "at hand"].iter().any(|words| text.contains(words));
    wanted(says, "it does not say what was not confirmed")
}

fn settings_errors(driver: &Driver) -> Result<(), String> {
    let config = Map::from_iter([("no_such_setting".to_owned(), json!(1))]);
    let built = (driver.build)(Settings::plain("", config));
    let fields: Vec<_> = built.err().unwrap_or_default().into_iter().map(|error| error.field).collect();
    wanted(fields.contains(&"config.no_such_setting".to_owned()), &format!("an unknown setting passes: {fields:?}"))
}

/// `UPDATE_SAMPLE=1` writes the table anew.
#[test]
fn the_table_in_the_documentation_is_what_the_manifests_say() {
    let path = "docs/connectors/README.md";
    let text = read(path).unwrap();
    let (before, rest) = text.split_once(TABLE.0).unwrap();
    let (table, after) = rest.split_once(TABLE.1).unwrap();
    let wanted = table_of(&scale());
    if std::env::var_os("UPDATE_SAMPLE").is_some() {
        fs::write(root().join(path), format!("{before}{}{wanted}{}{after}", TABLE.0, TABLE.1)).unwrap();
        return;
    }
    assert_eq!(table, wanted, "run this test with UPDATE_SAMPLE=1");
}

fn table_of(scale: &Scale) -> String {
    let mut table = "| Connector | | | Port | Finds values | Quality |\n|---|---|---|---|---|---|\n".to_owned();
    for driver in connectors::ALL {
        let m = &driver.manifest;
        let delivery = match m.delivery {
            Delivery::Poll => "asks",
            Delivery::Push => "listens",
        };
        let verdicts = scale.drivers.get(m.id).map(BTreeMap::values).into_iter().flatten();
        let done = verdicts.filter(|verdict| !matches!(verdict, Verdict::Exempt(_))).count();
        let port = m.default_port.map_or_else(|| "by the address".to_owned(), |port| port.to_string());
        let finds = if m.capabilities.discovery { "yes" } else { "no" };
        let _ = writeln!(
            table,
            "| [`{id}`]({id}.md) | {} | {delivery} | {port} | {finds} | {done}/{} |",
            m.description.en.trim_end_matches('.'),
            scale.rules.len(),
            id = m.id,
        );
    }
    table
}
