//! The API held to its own description by a program that nobody of ours wrote: it sends what the description allows and
//! what it forbids, and looks at every answer.

use std::{path::PathBuf, process::Stdio};

use app::model::equipment::EquipmentId;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::harness::{Bakery, Ovens};

/// The same requests each time.
const SEED: &str = "20261126";
/// Requests of each kind and operation.
const EXAMPLES: &str = "12";

#[tokio::test]
async fn every_answer_is_one_that_the_description_names() {
    let (bakery, ovens) = (Bakery::open_with(&[("poll_timeout_seconds", "1")]).await, Ovens::start(1));
    let admin = bakery.login("admin").await;
    let id = bakery.add(&admin, &ovens.get(0)).await;
    bakery.logged(&admin, id, "connected").await;
    let bare = admin.make(&json!({"name": "Horno sin conexión"})).await;
    let spare = admin.make(&json!({"name": "Horno de pruebas"})).await;
    let silent = admin.make(&json!({"name": "Horno mudo"})).await;
    let nobody = json!({"protocol": "rest_api", "endpoint": "http://127.0.0.1", "port": 9, "additional_config": {
        "data_endpoint": "/", "mapping": [{"target": "temperature", "path": "/t"}]}});
    admin.configure(silent, &nobody).await;

    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let program = root.join("target/peers/bin/schemathesis");
    assert!(program.exists(), "run `scripts/setup.sh test` first: it installs schemathesis");
    let folder = tempfile::tempdir().unwrap();
    // Read from a file, so that the session goes with the requests that the program decides on, and with no other.
    let description = folder.path().join("openapi.json");
    let mut described = admin.json("/api/openapi.json").await;
    // The program would try wrong tokens until they are slowed down, which it takes for a wrong answer.
    described["components"]["securitySchemes"].as_object_mut().unwrap().remove("token").expect("tokens are described");
    described["security"] = json!([{"session": []}]);
    name_ovens(&mut described, &[id, bare, silent], &[spare]);
    std::fs::write(&description, described.to_string()).unwrap();
    let session = admin.cookie.as_deref().and_then(|cookie| cookie.strip_prefix("hornero=")).unwrap();
    let run = Command::new(program)
        .arg("--config-file")
        .arg(root.join("end2end/api/schemathesis.toml"))
        .arg("run")
        .arg(&description)
        .args(["--url", &bakery.url(""), "--checks", "all"])
        .env("HORNERO_SESSION", session)
        .env("SCHEMATHESIS_HOOKS", "hooks")
        .env("PYTHONPATH", root.join("end2end/api"))
        .args(["--seed", SEED, "--max-examples", EXAMPLES, "--continue-on-failure", "--no-color"])
        // Where it keeps what it found before; nothing of that may decide over this run.
        .args(["--generation-database", "none"])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{said}\n{}", String::from_utf8_lossy(&run.stderr));
    assert!(said.contains("Test cases:"), "{said}");
}

/// Says which ovens there are, since the program would hardly guess an id; it may still. What is asked of `shown` stays as
/// it is while `changed` are changed; neither is deleted before everything was asked.
fn name_ovens(described: &mut Value, shown: &[EquipmentId], changed: &[EquipmentId]) {
    let schema = |ids: &[EquipmentId]| {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        json!({"type": "string", "anyOf": [{"enum": ids}, {"format": "uuid"}]})
    };
    let paths = described["paths"].as_object_mut().unwrap();
    for (path, item) in paths.iter_mut().filter(|(path, _)| path.starts_with("/api/v1/equipment/{id}")) {
        for (method, operation) in item.as_object_mut().unwrap() {
            if method == "delete" && path == "/api/v1/equipment/{id}" {
                continue;
            }
            let parameters = operation["parameters"].as_array_mut().unwrap();
            let id = parameters.iter_mut().find(|parameter| parameter["in"] == "path").unwrap();
            id["schema"] = schema(if method == "get" { shown } else { changed });
        }
    }
}
