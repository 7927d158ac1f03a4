//! The configuration as one file: the binary on a data folder.

use std::{
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Output, Stdio},
    time::{Duration, Instant},
};

use app::model::{equipment::EquipmentId, retention::Retention};
use serde_json::{Value, json};
use server::store::{Store, users::Account};
use sqlx::{Connection as _, SqliteConnection};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    process::Command,
};

use crate::harness::{Bakery, KEY, PATIENCE, start_in};

const OTHER_KEY: &str = "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100";
const PASSPHRASE: &str = "tres hogazas de centeno";

/// `hornero config …` on a data folder.
fn hornero(folder: &Path, key: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hornero"));
    command.current_dir(folder).env_clear().kill_on_drop(true).stdin(Stdio::null());
    command.env("HORNERO_DATA_DIR", folder).env("HORNERO_MASTER_KEY", key).arg("config").args(arguments);
    command
}

struct Ran {
    code: i32,
    out: String,
    err: String,
}

async fn run(command: &mut Command) -> Ran {
    let output = tokio::time::timeout(PATIENCE, command.output()).await.expect("it ends by itself").unwrap();
    let Output { status, stdout, stderr } = output;
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: status.code().unwrap(), out: text(stdout), err: text(stderr) }
}

async fn config(folder: &Path, arguments: &[&str]) -> Ran {
    run(hornero(folder, KEY, arguments).env("HORNERO_CONFIG_PASSPHRASE", PASSPHRASE)).await
}

async fn export(folder: &Path, arguments: &[&str]) -> String {
    let ran = config(folder, &[&["export"], arguments].concat()).await;
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    ran.out
}

fn write(folder: &Path, text: &str) -> String {
    let path = folder.join("bakery.yaml");
    std::fs::write(&path, text).unwrap();
    path.to_string_lossy().into_owned()
}

async fn store(folder: &Path) -> Store {
    Store::open(&folder.join("hornero.db")).await.unwrap()
}

/// What an admin has set up, without a server any more.
struct Folder {
    folder: TempDir,
    ovens: Vec<EquipmentId>,
}

impl Folder {
    fn path(&self) -> &Path {
        self.folder.path()
    }
}

fn first() -> (Value, Value) {
    let equipment =
        json!({"name": "Horno 1", "location": "Obrador", "kind": "deck", "manufacturer": "Acme", "iot_enabled": false});
    let connection = json!({
        "protocol": "rest_api", "endpoint": "http://127.0.0.1:9/api", "port": null, "poll_interval_seconds": 30,
        "credentials": {"username": "horno", "password": "clave-de-horno"},
        "additional_config": {
            "auth": "basic", "data_endpoint": "/live", "timeout": 2.5,
            "mapping": [{"target": "temperature", "path": "/t"}],
        },
    });
    (equipment, connection)
}

async fn bakery() -> Folder {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    let (equipment, connection) = first();
    let one = admin.make(&equipment).await;
    admin.configure(one, &connection).await;
    let two = admin.make(&json!({"name": "Cámara: \"yes\" #2", "kind": "proofer", "iot_enabled": false})).await;
    let own = json!({"readings_days": 7, "minutes_days": 30, "hours_days": 60, "days_days": null});
    assert_eq!(admin.put(&format!("/api/v1/equipment/{two}/retention"), &own).await.status(), 200);
    let rules = json!({"rules": [{"field": "temperature_zones.*", "max": 60.5, "stuck_after_seconds": 3600}]});
    assert_eq!(admin.put(&format!("/api/v1/equipment/{two}/plausibility"), &rules).await.status(), 200);
    assert_eq!(admin.put("/api/v1/settings", &json!({"language": "de"})).await.status(), 200);
    let policy = json!({"retention": Retention::default(), "budget_mb": 5000});
    assert_eq!(admin.put("/api/v1/history/retention", &policy).await.status(), 200);
    bakery.server.stop().await.unwrap();
    Folder { folder: bakery.folder, ovens: vec![one, two] }
}

#[tokio::test]
async fn an_exported_bakery_is_the_same_in_an_empty_folder() {
    let old = bakery().await;
    let names = export(old.path(), &[]).await;
    assert!(names.contains("  plausibility:\n  - field: temperature_zones.*\n    max: 60.5\n"), "{names}");
    assert!(
        names.starts_with("# ") && names.contains("\nversion: 1\n") && names.contains("    password: null\n"),
        "{names}"
    );
    assert_eq!(export(old.path(), &[]).await, names, "the same each time");
    for secret in ["clave-de-horno", "argon2", "password_hash"] {
        assert!(!names.contains(secret), "{secret}");
    }

    let sealed = old.path().join("sealed.yaml");
    let sealed = sealed.to_str().unwrap();
    assert_eq!(config(old.path(), &["export", "--secrets", "encrypted", "--output", sealed]).await.code, 0);
    assert_eq!(std::fs::metadata(sealed).unwrap().permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(sealed).unwrap();
    assert!(
        text.contains("kdf: argon2id") && !text.contains("clave-de-horno") && !text.contains("password: null"),
        "{text}"
    );
    let here = config(old.path(), &["plan", sealed]).await;
    assert!(here.code == 0 && here.out.ends_with("Nothing to do.\n"), "{} {}", here.out, here.err);

    // Another machine has another master key.
    let new = TempDir::new().unwrap();
    let there = async |arguments: &[&str]| {
        run(hornero(new.path(), OTHER_KEY, arguments).env("HORNERO_CONFIG_PASSPHRASE", PASSPHRASE)).await
    };
    let plan = there(&["plan", sealed]).await;
    assert_eq!(plan.code, 2, "{}", plan.err);
    assert!(!new.path().join("hornero.db").exists(), "a plan makes nothing");
    assert!(
        plan.out.contains("+ equipment \"Horno 1\"") && plan.out.contains("credentials.password: added"),
        "{}",
        plan.out
    );
    assert!(plan.out.contains("+ users \"staff\"") && plan.out.contains("\"staff\": has no password"), "{}", plan.out);
    let applied = there(&["apply", sealed, "--yes"]).await;
    assert_eq!((applied.code, applied.err.as_str()), (0, ""), "{}", applied.out);
    assert_eq!(there(&["export"]).await.out, names);
    assert_eq!(there(&["plan", sealed]).await.code, 0);
    let again = there(&["apply", sealed, "--yes"]).await;
    assert!(again.code == 0 && again.out.ends_with("Nothing to do.\n"), "{}", again.out);

    let keyring = server::secrets::Keyring::parse_variable(OTHER_KEY).unwrap();
    let store = store(new.path()).await;
    let blob = store.credentials(old.ovens[0]).await.unwrap().unwrap();
    assert_eq!(keyring.open(old.ovens[0].0, &blob).ok().unwrap().get("password"), Some("clave-de-horno"));
    let users: Vec<Account> = store.users().await.unwrap();
    assert!(users.len() == 3 && users.iter().all(|account| account.password_hash.is_empty()));
    let audit = store.audit_log(100, None).await.unwrap();
    assert!(audit.iter().all(|record| record.entry.actor_name == "config file"));
    let actions: Vec<_> = audit.iter().map(|record| record.entry.action.as_str()).collect();
    for action in [
        "config.apply",
        "equipment.create",
        "user.create",
        "equipment.retention",
        "equipment.plausibility",
        "history.retention",
        "settings.update",
    ] {
        assert!(actions.contains(&action), "{action}: {actions:?}");
    }
    assert!(!format!("{audit:?}").contains("clave-de-horno"));
    store.close().await;
}

#[tokio::test]
async fn who_gets_in_where_users_came_without_passwords() {
    let old = bakery().await;
    let new = TempDir::new().unwrap();
    let file = write(new.path(), &export(old.path(), &[]).await);
    let applied = config(new.path(), &["apply", &file, "--yes"]).await;
    assert_eq!(applied.code, 0, "{}", applied.err);
    assert!(
        applied.out.contains("credentials to be entered there, because they are nowhere: password, username"),
        "{}",
        applied.out
    );
    assert_eq!(export(new.path(), &[]).await, export(old.path(), &[]).await, "what is to be entered still is");
    let again = config(new.path(), &["plan", &file]).await;
    assert!(again.code == 0 && again.out.contains("nowhere: password, username"), "{}", again.out);
    let server = start_in(new.path()).await;
    let bakery = Bakery { server, folder: new };
    let mut visitor = bakery.visitor();
    let login = visitor.get("/login").await;
    assert_eq!(login.headers()["location"], "/setup", "nobody can sign in: the first admin is made as on a new server");
    let empty = visitor.submit("/login", &[("username", "admin"), ("password", "")]).await;
    assert_eq!(empty.status(), 422);
    let any = visitor.submit("/login", &[("username", "admin"), ("password", "una-clave-larga")]).await;
    assert_eq!(any.status(), 401);
    bakery.server.stop().await.unwrap();
}

#[tokio::test]
async fn a_plan_says_field_by_field_and_apply_does_it() {
    let old = bakery().await;
    let text = export(old.path(), &[]).await;
    let changed = text
        .replace("poll_interval_seconds: 30", "poll_interval_seconds: 60")
        .replace("      timeout: 2.5", "      timeout: 4")
        .replace("    timeout: 2.5", "    timeout: 4")
        .replace("readings_days: 7", "readings_days: 8")
        .replace("language: de", "language: es")
        .replace("- username: staff\n  role: staff\n", "- username: turno\n  role: admin\n");
    let file = write(old.path(), &changed);
    let plan = config(old.path(), &["plan", &file]).await;
    assert_eq!((plan.code, plan.err.as_str()), (2, ""));
    for line in [
        "~ settings\n    language: \"de\" → \"es\"",
        "    poll_interval_seconds: 30 → 60\n",
        "    iot_config.timeout: 2.5 → 4\n",
        "    credentials.password: kept\n",
        "    retention.readings_days: 7 → 8\n",
        "+ users \"turno\"\n    disabled: false\n    role: \"admin\"\n",
        "! users: not in the file, and left as they are: staff\n",
        "\n1 to add, 3 to change, 0 to remove.\n",
    ] {
        assert!(plan.out.contains(line), "{line}: {}", plan.out);
    }
    let json = config(old.path(), &["plan", &file, "--json"]).await;
    assert_eq!(json.code, 2);
    let json: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json["changes"][0]["fields"][0], json!({"field": "language", "before": "de", "after": "es"}));

    let asked = config(old.path(), &["apply", &file]).await;
    assert!(asked.code == 1 && asked.err.contains("--yes"), "{}", asked.err);
    assert_eq!(export(old.path(), &[]).await, text, "nobody said yes");

    assert_eq!(config(old.path(), &["plan", &file, "--purge"]).await.code, 1, "no plan at all is not a change");
    assert_eq!(config(old.path(), &["apply", &file, "--yes"]).await.code, 0);
    let pruned = config(old.path(), &["plan", &file, "--prune"]).await;
    assert!(
        pruned.code == 2
            && pruned.out.contains("- users \"staff\"\n")
            && pruned.out.contains("0 to add, 0 to change, 1 to remove"),
        "{}",
        pruned.out
    );
    assert_eq!(config(old.path(), &["apply", &file, "--yes", "--prune"]).await.code, 0);
    assert_eq!(config(old.path(), &["plan", &file, "--prune"]).await.code, 0);
    assert!(!export(old.path(), &[]).await.contains("username: staff"));

    let no_ovens = write(old.path(), "version: 1\nequipment: []\n");
    let removal = config(old.path(), &["apply", &no_ovens, "--yes", "--prune"]).await;
    assert!(removal.out.contains("- equipment \"Horno 1\"") && removal.out.contains("2 to remove"), "{}", removal.out);
    let store = store(old.path()).await;
    assert!(store.equipment_list().await.unwrap().is_empty());
    assert_eq!(store.users().await.unwrap().len(), 3, "a section that is missing is left alone");
    store.close().await;
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_with_its_place_and_nothing_is_changed() {
    let old = bakery().await;
    let text = export(old.path(), &[]).await;
    let [one, two] = [old.ovens[0], old.ovens[1]].map(|id| id.to_string());
    let refused = async |text: &str, expected: &[&str]| {
        let file = write(old.path(), text);
        for command in [&["plan", &file][..], &["apply", &file, "--yes", "--prune"]] {
            let ran = config(old.path(), command).await;
            assert_eq!(ran.code, 1, "{text}: {}", ran.out);
            for part in expected {
                assert!(ran.err.contains(part), "{part}: {}", ran.err);
            }
        }
    };
    refused(
        &text.replace("  location: Obrador\n", "  locaton: Obrador\n"),
        &["bakery.yaml", "unknown field `locaton`", "line "],
    )
    .await;
    refused(&text.replace("version: 1", "version: 2"), &["of version 2"]).await;
    refused(&text.replace(&two, &one), &["equipment[1].id: "]).await;
    refused(
        "version: 1\nusers:\n- {username: Ana, role: admin}\n- {username: ana, role: staff}\n",
        &["users[1].username: "],
    )
    .await;
    refused(
        "version: 1\nequipment:\n- name: Horno 1\n- name: Horno 1\n",
        &["equipment[0].name: ", "equipment[1].name: "],
    )
    .await;
    refused(
        "version: 1\nhistory:\n  retention: {readings_days: 0, minutes_days: 5, hours_days: 5, days_days: 5}\nequipment:\n- name: ' '\n  \
         iot_protocol: rest_api\n  iot_endpoint: ftp://x\n  poll_interval_seconds: 0\n  iot_config: {timeout: 1000, tiemout: 1}\n  retention: \
         {readings_days: 9, minutes_days: 5}\n  plausibility: [{field: temperature, max: 5}, {field: humidity, min: 5, max: \
         5}]\n- name: B\n  iot_protocol: rest_api\n  iot_endpoint: http://x\n  iot_config: {auth: \
         basic, mapping: [{target: temperature, path: '/t'}]}\nusers:\n- {username: '', role: staff}\n",
        &[
            "history.retention.readings_days: ", "equipment[0].name: ", "equipment[0].poll_interval_seconds: ", "equipment[0].iot_endpoint: ",
            "equipment[0].iot_config.timeout: ", "equipment[0].iot_config.tiemout: ", "equipment[0].retention.readings_days: ",
            "equipment[0].plausibility[1].max: ",
            "equipment[1].credentials.password: ", "users[0].username: ",
        ],
    )
    .await;
    refused(&format!("version: 1\nequipment:\n{}", "- name: a\n".repeat(10_001)), &["equipment: at most 10000"]).await;
    let no_admin = "version: 1\nusers:\n- {username: admin, role: staff}\n- {username: neu, role: admin}\n";
    refused(no_admin, &["users: the last admin"]).await;
    assert_eq!(export(old.path(), &[]).await, text);
}

#[tokio::test]
async fn sealed_secrets_open_with_their_passphrase_where_they_belong() {
    let old = bakery().await;
    let text = export(old.path(), &["--secrets", "encrypted"]).await;
    let new = TempDir::new().unwrap();
    let with = async |text: &str, passphrase: Option<&str>| {
        let file = write(new.path(), text);
        let mut command = hornero(new.path(), OTHER_KEY, &["apply", &file, "--yes"]);
        if let Some(passphrase) = passphrase {
            command.env("HORNERO_CONFIG_PASSPHRASE", passphrase);
        }
        let ran = run(&mut command).await;
        assert_eq!(ran.code, 1, "{}", ran.out);
        ran.err
    };
    let none = with(&text, None).await;
    assert!(none.contains("HORNERO_CONFIG_PASSPHRASE") && none.contains("--passphrase-file"), "{none}");
    let wrong = with(&text, Some("cuatro hogazas de centeno")).await;
    assert!(wrong.contains("not the one that the file was made with"), "{wrong}");

    let line = text.lines().find(|line| line.trim_start().starts_with("password: ")).unwrap();
    let (_, sealed) = line.split_once(": ").unwrap();
    let other = if sealed.as_bytes()[30] == b'A' { "B" } else { "A" };
    let altered = format!("{}{other}{}", &sealed[..30], &sealed[31..]);
    let altered = with(&text.replace(sealed, &altered), Some(PASSPHRASE)).await;
    assert!(altered.contains("equipment[0].credentials.password: ") && altered.contains("altered"), "{altered}");
    let id = old.ovens[0].to_string();
    let moved = with(&text.replace(&id, "00000000-0000-4000-8000-000000000000"), Some(PASSPHRASE)).await;
    assert!(
        moved.contains("equipment[0].credentials.password: ") && moved.contains("equipment[0].credentials.username: "),
        "{moved}"
    );
    let nobodys = with(&text.replace(&format!("- id: {id}\n  name"), "- name"), Some(PASSPHRASE)).await;
    assert!(nobodys.contains("belongs to the oven of an id"), "{nobodys}");
    let greedy = with(&text.replace("memory_kib: 65536", "memory_kib: 4000000000"), Some(PASSPHRASE)).await;
    assert!(greedy.contains("memory_kib"), "{greedy}");
    let weak =
        run(hornero(old.path(), KEY, &["export", "--secrets", "encrypted"]).env("HORNERO_CONFIG_PASSPHRASE", "corta"))
            .await;
    assert!(weak.code == 1 && weak.err.contains("at least 10"), "{}", weak.err);

    let path = new.path().join("passphrase");
    std::fs::write(&path, format!("{PASSPHRASE}\n")).unwrap();
    let file = write(new.path(), &text);
    let given = ["plan", &file, "--passphrase-file", path.to_str().unwrap()];
    assert_eq!(run(&mut hornero(new.path(), OTHER_KEY, &given)).await.code, 2);
}

#[tokio::test]
async fn what_was_shown_is_what_is_done() {
    let old = bakery().await;
    let text = export(old.path(), &[]).await;
    let file = write(old.path(), &text.replace("poll_interval_seconds: 30", "poll_interval_seconds: 60"));
    for (meanwhile, code) in [(false, 0), (true, 1)] {
        let mut asking = hornero(old.path(), KEY, &["apply", &file]);
        let mut asking = asking.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (mut answer, mut shown) = (asking.stdin.take().unwrap(), asking.stdout.take().unwrap());
        let mut seen = String::new();
        while !seen.ends_with("[y/N] ") {
            let mut bytes = [0; 4096];
            let count = tokio::time::timeout(PATIENCE, shown.read(&mut bytes)).await.expect("it asks").unwrap();
            assert!(count > 0, "{seen}");
            seen.push_str(std::str::from_utf8(&bytes[..count]).unwrap_or_default());
        }
        let store = store(old.path()).await;
        if meanwhile {
            store.set_equipment_enabled(old.ovens[0], false).await.unwrap();
        }
        store.close().await;
        answer.write_all(b"y\n").await.unwrap();
        let ended = tokio::time::timeout(PATIENCE, asking.wait_with_output()).await.expect("it ends").unwrap();
        let err = String::from_utf8(ended.stderr).unwrap();
        assert_eq!((ended.status.code(), err.contains("plan again")), (Some(code), meanwhile), "{err}");
        write(old.path(), &text);
    }
}

#[tokio::test]
async fn credentials_stay_with_the_host_that_they_were_entered_for() {
    let old = bakery().await;
    let text = export(old.path(), &[]).await;
    let file = write(old.path(), &text.replace("http://127.0.0.1:9/api", "http://127.0.0.2:9/api"));
    let applied = config(old.path(), &["apply", &file, "--yes"]).await;
    assert_eq!(applied.code, 0, "{}", applied.err);
    assert!(applied.out.contains("credentials.password: removed"), "{}", applied.out);
    assert!(applied.out.contains("! equipment \"Horno 1\": credentials to be entered there"), "{}", applied.out);
    let store = store(old.path()).await;
    assert!(store.credentials(old.ovens[0]).await.unwrap().is_none());
    store.close().await;
}

#[tokio::test]
async fn a_running_server_is_not_changed_behind_its_back() {
    let bakery = Bakery::open().await;
    let folder = bakery.folder.path();
    let text = export(folder, &[]).await;
    let file = write(folder, &text.replace("language: null", "language: en"));
    assert_eq!(config(folder, &["plan", &file]).await.code, 2);
    let refused = config(folder, &["apply", &file, "--yes"]).await;
    assert!(
        refused.code == 1 && refused.err.contains("/api/v1/config/apply") && refused.err.contains("stop it"),
        "{}",
        refused.err
    );
    assert_eq!(export(folder, &[]).await, text);
    let second = run(Command::new(env!("CARGO_BIN_EXE_hornero"))
        .current_dir(folder)
        .env_clear()
        .env("HORNERO_DATA_DIR", folder)
        .env("HORNERO_LISTEN", "127.0.0.1:0")
        .env("HORNERO_MASTER_KEY", KEY)
        .arg("serve"))
    .await;
    assert!(second.code == 1 && second.err.contains("is in use by another Hornero"), "{}", second.err);
    bakery.server.stop().await.unwrap();
    assert_eq!(config(bakery.folder.path(), &["apply", &file, "--yes"]).await.code, 0);
}

/// The database of a folder, under everything else.
async fn database(folder: &Path) -> SqliteConnection {
    let path = folder.join("hornero.db");
    let mut connection = SqliteConnection::connect(path.to_str().unwrap()).await.unwrap();
    sqlx::query("PRAGMA busy_timeout = 0").execute(&mut connection).await.unwrap();
    connection
}

/// A file that changes every section, users last.
fn changed(folder: &Path, text: &str) -> String {
    let more =
        text.replace("language: de", "language: en").replace("users:\n", "users:\n- {username: neu, role: staff}\n");
    write(folder, &more.replace("equipment:\n", "equipment:\n- {name: Neu, iot_enabled: false}\n"))
}

#[tokio::test]
async fn what_fails_half_way_leaves_nothing() {
    let old = bakery().await;
    let text = export(old.path(), &[]).await;
    let file = changed(old.path(), &text);
    let mut database = database(old.path()).await;
    let fail = "CREATE TRIGGER fail BEFORE INSERT ON users BEGIN SELECT RAISE(ABORT, 'no'); END";
    sqlx::query(fail).execute(&mut database).await.unwrap();
    let failed = config(old.path(), &["apply", &file, "--yes"]).await;
    assert_eq!(failed.code, 1, "{}", failed.out);
    assert_eq!(export(old.path(), &[]).await, text);
    sqlx::query("DROP TRIGGER fail").execute(&mut database).await.unwrap();
    let applied = config(old.path(), &["apply", &file, "--yes"]).await;
    assert_eq!(applied.code, 0, "{}", applied.err);
}

#[tokio::test]
async fn what_is_killed_half_way_leaves_nothing() {
    let old = bakery().await;
    let text = export(old.path(), &[]).await;
    let file = changed(old.path(), &text);
    let mut database = database(old.path()).await;
    // Holds the command in the middle until it is killed.
    let hold = "CREATE TRIGGER hold BEFORE INSERT ON users BEGIN SELECT count(*) FROM (WITH RECURSIVE n (x) AS \
        (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 100000000000) SELECT x FROM n); END";
    sqlx::query(hold).execute(&mut database).await.unwrap();
    let mut applying = hornero(old.path(), KEY, &["apply", &file, "--yes"]);
    let mut applying = applying.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let (mut busy, began) = (0, Instant::now());
    while busy < 5 {
        assert!(began.elapsed() < PATIENCE, "the command changes things");
        match sqlx::query("BEGIN IMMEDIATE").execute(&mut database).await {
            Ok(_) => {
                sqlx::query("ROLLBACK").execute(&mut database).await.unwrap();
                busy = 0;
            }
            Err(_) => busy += 1,
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    assert!(applying.try_wait().unwrap().is_none(), "it is in the middle");
    applying.kill().await.unwrap();
    sqlx::query("DROP TRIGGER hold").execute(&mut database).await.unwrap();
    assert_eq!(export(old.path(), &[]).await, text);
    let applied = config(old.path(), &["apply", &file, "--yes"]).await;
    assert_eq!(applied.code, 0, "{}", applied.err);
}
