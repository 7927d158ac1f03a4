//! `hornero config export`, `plan` and `apply`.

use std::{
    io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, bail, ensure};
use app::model::user::Role;
use clap::{Args, ValueEnum};
use serde_json::json;
use server::{
    config::{Config, PASSPHRASE_ENV},
    data_lock::{DataLock, DataLockError},
    demo,
    secrets::Keyring,
    service::{
        Actor, Limits,
        config_file::{self, ConfigFileError, Desk, File, MAX_BYTES, errors_for_people, plan_for_people},
    },
    store::Store,
};
use tempfile::TempDir;
use zeroize::Zeroizing;

#[derive(Args)]
pub struct Export {
    /// What becomes of the credentials of ovens: their names alone, or sealed under a passphrase.
    #[arg(long, value_enum, default_value_t = Secrets::None)]
    secrets: Secrets,
    /// Written here, for its owner alone to read, instead of to the console.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    passphrase: Passphrase,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Secrets {
    None,
    Encrypted,
}

#[derive(Args)]
pub struct Plan {
    file: PathBuf,
    /// Also removes ovens and users that the file does not have, in the sections that it has.
    #[arg(long)]
    prune: bool,
    /// For programs: one JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    passphrase: Passphrase,
}

#[derive(Args)]
pub struct Apply {
    file: PathBuf,
    /// Also removes ovens, with their history, and users that the file does not have, in the sections that it has.
    #[arg(long)]
    prune: bool,
    /// Does not ask.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    passphrase: Passphrase,
}

#[derive(Args)]
struct Passphrase {
    /// A file whose first line is the passphrase of sealed secrets; HORNERO_CONFIG_PASSPHRASE where there is none.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl Passphrase {
    fn read(&self) -> anyhow::Result<Option<Zeroizing<String>>> {
        let Some(path) = &self.passphrase_file else {
            return Ok(std::env::var(PASSPHRASE_ENV).ok().filter(|text| !text.is_empty()).map(Zeroizing::new));
        };
        let text = std::fs::read_to_string(path).map(Zeroizing::new);
        let text = text.with_context(|| format!("the passphrase file {} cannot be read", path.display()))?;
        let line = text.lines().next().unwrap_or_default();
        ensure!(!line.is_empty(), "the first line of the passphrase file {} is empty", path.display());
        Ok(Some(Zeroizing::new(line.to_owned())))
    }
}

impl Export {
    pub async fn run(self, mut config: Config) -> anyhow::Result<()> {
        let passphrase = match self.secrets {
            Secrets::None => None,
            Secrets::Encrypted => Some(self.passphrase.read()?.with_context(|| {
                format!("--secrets encrypted needs a passphrase: set {PASSPHRASE_ENV}, or give --passphrase-file FILE")
            })?),
        };
        let path = config.database_path();
        ensure!(path.exists(), "there is no database at {}", path.display());
        let data = Data::open_unchanged(&mut config).await?;
        let export = config_file::export(data.desk(), passphrase).await;
        data.store.close().await;
        let export = export?;
        for warning in &export.warnings {
            eprintln!("hornero: {warning}");
        }
        match &self.output {
            Some(path) => write_private(path, &export.text),
            None => Ok(io::stdout().write_all(export.text.as_bytes())?),
        }
    }
}

impl Plan {
    pub async fn run(self, mut config: Config) -> anyhow::Result<ExitCode> {
        let file = open(&self.file, &self.passphrase).await;
        let data = Data::open_or_pretend(&mut config).await?;
        let planned = match file {
            Ok(file) => file.plan(data.desk(), self.prune).await.map_err(anyhow::Error::from),
            Err(error) => Err(error),
        };
        data.store.close().await;
        match planned {
            Ok(plan) => {
                let text = if self.json { format!("{}\n", json!(plan)) } else { plan_for_people(&plan) };
                io::stdout().write_all(text.as_bytes())?;
                Ok(if plan.changes.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(2) })
            }
            Err(error) if self.json => {
                let errors = match error.downcast_ref() {
                    Some(ConfigFileError::Invalid(errors)) => json!(errors),
                    _ => json!([]),
                };
                println!("{}", json!({"error": format!("{error:#}"), "errors": errors}));
                Ok(ExitCode::FAILURE)
            }
            Err(error) => Err(for_people(&self.file, error)),
        }
    }
}

impl Apply {
    pub async fn run(self, mut config: Config) -> anyhow::Result<()> {
        let file = open(&self.file, &self.passphrase).await.map_err(|error| for_people(&self.file, error))?;
        let folder = config.data_dir.clone();
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("the data folder {} cannot be made", folder.display()))?;
        let _lock = DataLock::take(&folder).await.map_err(|error| match error {
            DataLockError::Held { .. } => anyhow::anyhow!(
                "a Hornero runs on the data folder {}, and would not heed the change: send it the file instead \
                 (POST /api/v1/config/apply, see docs/configuration-file.md), or stop it first",
                folder.display()
            ),
            DataLockError::Io { .. } => error.into(),
        })?;
        let data = Data::open(&mut config).await?;
        let done = self.apply(&file, &data).await;
        data.store.close().await;
        done.map_err(|error| for_people(&self.file, error))
    }

    async fn apply(&self, file: &File, data: &Data) -> anyhow::Result<()> {
        ensure!(
            !data.store.setting::<bool>(demo::MARK).await?.unwrap_or_default(),
            "the data folder belongs to the demo: choose another one with --set data_dir=FOLDER"
        );
        let plan = file.plan(data.desk(), self.prune).await?;
        io::stdout().write_all(plan_for_people(&plan).as_bytes())?;
        if plan.changes.is_empty() {
            return Ok(());
        }
        if !self.yes {
            ask()?;
        }
        let actor =
            Actor { user_id: None, username: "config file".to_owned(), role: Role::Admin, token: None, ip: None };
        let applied = file.apply(data.desk(), self.prune, &actor, Some(&plan)).await?;
        applied.follow(&data.store).await?;
        println!("Done.");
        Ok(())
    }
}

fn ask() -> anyhow::Result<()> {
    let mut out = io::stdout();
    let _ = out.write_all(b"Apply this? [y/N] ").and_then(|()| out.flush());
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    if !io::stdin().is_terminal() {
        println!();
    }
    ensure!(matches!(answer.trim(), "y" | "Y" | "yes"), "nothing was changed; --yes does not ask");
    Ok(())
}

async fn open(path: &Path, passphrase: &Passphrase) -> anyhow::Result<File> {
    let cannot = || format!("{} cannot be read", path.display());
    let mut text = String::new();
    let file = std::fs::File::open(path).with_context(cannot)?;
    file.take(MAX_BYTES as u64 + 1).read_to_string(&mut text).with_context(cannot)?;
    ensure!(text.len() <= MAX_BYTES, "{} is larger than {} MiB", path.display(), MAX_BYTES >> 20);
    match File::open(&text, passphrase.read()?).await {
        Err(ConfigFileError::PassphraseNeeded) => {
            bail!("there are sealed secrets in the file: set {PASSPHRASE_ENV}, or give --passphrase-file FILE")
        }
        other => Ok(other?),
    }
}

/// With the name of the file, and every value that is wrong.
fn for_people(path: &Path, error: anyhow::Error) -> anyhow::Error {
    match error.downcast_ref() {
        Some(ConfigFileError::Invalid(errors)) => {
            let errors = errors_for_people(errors);
            anyhow::anyhow!("{}: these values cannot be used\n{}", path.display(), errors.trim_end())
        }
        Some(ConfigFileError::Unreadable(_) | ConfigFileError::Newer { .. } | ConfigFileError::Passphrase(_)) => {
            error.context(path.display().to_string())
        }
        _ => error,
    }
}

/// Readable by its owner alone, and as a whole or not at all.
fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let cannot = || format!("{} cannot be written", path.display());
    let mut file = tempfile::NamedTempFile::new_in(folder).with_context(cannot)?;
    file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).with_context(cannot)?;
    file.persist(path).with_context(cannot)?;
    Ok(())
}

/// What is in the data folder.
struct Data {
    store: Store,
    keyring: Option<Keyring>,
    limits: Limits,
    _pretended: Option<TempDir>,
}

impl Data {
    async fn open(config: &mut Config) -> anyhow::Result<Self> {
        let keyring = match config.master_key.take() {
            Some(keyring) => Some(keyring),
            None if config.master_key_file.exists() => Some(Keyring::load_file(&config.master_key_file)?),
            None => None,
        };
        let store = Store::open(&config.database_path()).await?;
        Ok(Self { store, keyring, limits: Limits::of(config), _pretended: None })
    }

    /// A server of another version may run on it.
    async fn open_unchanged(config: &mut Config) -> anyhow::Result<Self> {
        let path = config.database_path();
        anyhow::ensure!(
            !Store::needs_migration(&path),
            "{} was made by another version of Hornero: start the server of this version once, which brings it up to date",
            path.display()
        );
        Self::open(config).await
    }

    /// Where there is no database yet, an empty one that is gone afterwards: a plan makes nothing.
    async fn open_or_pretend(config: &mut Config) -> anyhow::Result<Self> {
        if config.database_path().exists() {
            return Self::open_unchanged(config).await;
        }
        let folder = tempfile::tempdir()?;
        config.data_dir = folder.path().to_owned();
        Ok(Self { _pretended: Some(folder), ..Self::open(config).await? })
    }

    fn desk(&self) -> Desk<'_> {
        Desk { store: &self.store, keyring: self.keyring.as_ref(), limits: &self.limits }
    }
}
