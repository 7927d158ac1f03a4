//! The binary in a process of its own: wrong settings, keys, first start, kill -9.

use std::{
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use server::store::Store;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use crate::harness::{Bakery, KEY, Ovens, PATIENCE, eventually};

fn hornero(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hornero"));
    command.current_dir(folder).env_clear().env("HORNERO_LISTEN", "127.0.0.1:0").kill_on_drop(true);
    command
}

async fn refused(command: &mut Command) -> String {
    let output = tokio::time::timeout(PATIENCE, command.output()).await.expect("it ends by itself").unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test]
async fn wrong_settings_are_named_with_the_allowed_form() {
    let folder = TempDir::new().unwrap();
    let message = refused(hornero(folder.path()).arg("serve").env("HORNERO_LISTEN", "localhost")).await;
    assert!(message.contains("listen = \"localhost\"") && message.contains("HORNERO_LISTEN"), "{message}");
    assert!(message.contains("allowed:"), "{message}");
    let message = refused(hornero(folder.path()).arg("serve").env("HORNERO_LISEN", "127.0.0.1:0")).await;
    assert!(message.contains("HORNERO_LISTEN"), "the nearest name is offered: {message}");
    std::fs::write(folder.path().join("hornero.toml"), "session_hours = 0\n").unwrap();
    let message = refused(hornero(folder.path()).arg("serve")).await;
    assert!(message.contains("session_hours") && message.contains("hornero.toml"), "{message}");
}

#[tokio::test]
async fn serve_wants_a_master_key_and_keys_init_makes_one() {
    let folder = TempDir::new().unwrap();
    let message = refused(hornero(folder.path()).arg("serve")).await;
    assert!(message.contains("hornero keys init") && message.contains("HORNERO_MASTER_KEY"), "{message}");
    let made = hornero(folder.path()).args(["keys", "init"]).output().await.unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let message = refused(hornero(folder.path()).args(["keys", "init"])).await;
    assert!(message.contains("master.key"), "never overwrites: {message}");
    let key = folder.path().join("data/master.key");
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let message = refused(hornero(folder.path()).arg("serve")).await;
    assert!(message.contains("chmod"), "{message}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_left_alone() {
    let folder = TempDir::new().unwrap();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    std::fs::write(
        folder.path().join("data/hornero.db"),
        "this is a recipe for baguettes, not a database\n".repeat(40),
    )
    .unwrap();
    let message = refused(hornero(folder.path()).arg("serve").env("HORNERO_MASTER_KEY", KEY)).await;
    assert!(message.contains("is not a Hornero database"), "{message}");
}

struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    seen: Vec<String>,
    base: String,
}

async fn start(folder: &Path) -> Running {
    start_logging(folder, "off", Stdio::null()).await
}

async fn start_logging(folder: &Path, level: &str, log: Stdio) -> Running {
    let mut command = hornero(folder);
    command.arg("serve").env("HORNERO_MASTER_KEY", KEY).env("HORNERO_LOG", level).stdout(Stdio::piped()).stderr(log);
    let mut child = command.spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut running = Running { child, lines, seen: Vec::new(), base: String::new() };
    running.base = running.line("Hornero is on ").await;
    running
}

impl Running {
    /// What follows `mark` in the first line that has it.
    async fn line(&mut self, mark: &str) -> String {
        loop {
            if let Some(found) = self.seen.iter().find_map(|line| Some(line.split_once(mark)?.1.trim().to_owned())) {
                return found;
            }
            let line = tokio::time::timeout(PATIENCE, self.lines.next_line()).await;
            self.seen.push(line.unwrap_or_else(|_| panic!("{mark} is printed")).unwrap().expect("it runs"));
        }
    }
}

#[tokio::test]
async fn the_first_admin_is_made_with_the_code_from_the_console() {
    let folder = TempDir::new().unwrap();
    let mut running = start(folder.path()).await;
    let code = running.line("one-time code:").await;
    // Only the client of a test bakery is used; its server has nothing to do with this one.
    let bakery = Bakery::open().await;
    let mut visitor = bakery.visitor();
    visitor.redirect_to(&running.base);
    let wrong = [
        ("code", "AAAA-AAAA-AAAA"),
        ("username", "ana"),
        ("password", "pan-de-masa-madre"),
        ("password_again", "pan-de-masa-madre"),
    ];
    assert_eq!(visitor.submit("/setup", &wrong).await.status(), 422);
    let mut weak = wrong;
    weak[0].1 = code.as_str();
    weak[2].1 = "corta";
    weak[3].1 = "corta";
    assert_eq!(visitor.submit("/setup", &weak).await.status(), 422, "a short password does not use up the code");
    let mut right = wrong;
    right[0].1 = code.as_str();
    let made = visitor.submit("/setup", &right).await;
    assert_eq!(made.status(), 303, "{}", made.text().await.unwrap());
    assert_eq!(visitor.get("/admin/ovens").await.status(), 200);
    assert_eq!(visitor.get("/setup").await.status(), 303, "setup is over");
    running.child.kill().await.unwrap();
}

#[tokio::test]
async fn kill_9_loses_nothing_that_was_committed() {
    let ovens = Ovens::start(5);
    let folder = TempDir::new().unwrap();
    let mut running = start(folder.path()).await;
    let code = running.line("one-time code:").await;
    let bakery = Bakery::open().await;
    let mut admin = bakery.visitor();
    admin.redirect_to(&running.base);
    let password = "pan-de-masa-madre";
    let form = [("code", code.as_str()), ("username", "ana"), ("password", password), ("password_again", password)];
    assert_eq!(admin.submit("/setup", &form).await.status(), 303);
    let mut ids = Vec::new();
    for oven in ovens.simulator.ovens() {
        ids.push(bakery.add(&admin, &oven).await);
    }
    for round in 1..=3 {
        let mut shown = Vec::new();
        for id in &ids {
            let path = format!("/api/v1/equipment/{id}/sensor-history");
            let readings = eventually("readings", || async {
                let history = admin.json(&path).await;
                let readings = history["readings"].as_array().unwrap().clone();
                (readings.len() >= 2 * round).then_some(readings)
            })
            .await;
            shown.push(readings);
        }
        running.child.start_kill().unwrap();
        running.child.wait().await.unwrap();

        let store = Store::open(&folder.path().join("data/hornero.db")).await.unwrap();
        assert!(store.integrity().await.unwrap().is_empty());
        for id in &ids {
            assert_eq!(store.rollups_differ(*id).await.unwrap(), None);
        }
        store.close().await;

        running = start(folder.path()).await;
        admin.redirect_to(&running.base);
        for (id, shown) in ids.iter().zip(shown) {
            let after = admin.json(&format!("/api/v1/equipment/{id}/sensor-history")).await;
            let after = after["readings"].as_array().unwrap();
            assert!(shown.iter().all(|reading| after.contains(reading)), "what was shown is still there");
        }
    }
}

#[tokio::test]
async fn a_terminated_server_ends_by_itself_and_soon() {
    let folder = TempDir::new().unwrap();
    let mut running = start(folder.path()).await;
    let pid = running.child.id().unwrap().to_string();
    let began = Instant::now();
    Command::new("kill").args(["-TERM", &pid]).status().await.unwrap();
    let status = tokio::time::timeout(PATIENCE, running.child.wait()).await.expect("it ends").unwrap();
    assert!(status.success() && began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[tokio::test]
async fn no_log_level_shows_a_secret() {
    let ovens = Ovens::start(3);
    let folder = TempDir::new().unwrap();
    let log = folder.path().join("log");
    let mut running = start_logging(folder.path(), "trace", std::fs::File::create(&log).unwrap().into()).await;
    let code = running.line("one-time code:").await;
    let bakery = Bakery::open().await;
    let mut admin = bakery.visitor();
    admin.redirect_to(&running.base);
    let password = "pan-de-masa-madre";
    let form = [("code", code.as_str()), ("username", "ana"), ("password", password), ("password_again", password)];
    assert_eq!(admin.submit("/setup", &form).await.status(), 303);
    for oven in ovens.simulator.ovens() {
        let id = bakery.add(&admin, &oven).await;
        bakery.logged(&admin, id, "connected").await;
    }
    running.child.kill().await.unwrap();
    let text = std::fs::read_to_string(&log).unwrap();
    assert!(text.contains("TRACE"), "the level is in force");
    let session = admin.cookie.unwrap().split_once('=').unwrap().1.to_owned();
    let ids: Vec<_> = ovens.simulator.ovens().iter().map(|oven| oven.spec.id.clone()).collect();
    let secrets = [
        password.to_owned(),
        code,
        KEY.to_owned(),
        session,
        format!("token-{}", ids[0]),
        format!("masa-{}", ids[1]),
        format!("clave-{}", ids[2]),
    ];
    for secret in secrets {
        assert!(!text.contains(&secret), "{secret} is in the log");
    }
}
