//! Commands.
//!
//! # Layout
//! - [`serve`] real use, and the demo
//! - [`check`] the database; [`config_file`] the configuration as one file
//! - [`keys`] the master key; [`simulate`] simulated ovens alone, for tests and the benchmark

mod check;
mod config_file;
mod keys;
mod serve;
mod simulate;
mod stop;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use server::config::{Config, settings_markdown};

#[derive(Parser)]
#[command(name = "hornero", version, about = "Connects a bakery's ovens and shows them live.")]
struct Cli {
    /// Settings file; ./hornero.toml where there is one.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A setting that wins over file and environment, as KEY=VALUE; may be repeated.
    #[arg(long = "set", global = true, value_name = "KEY=VALUE", value_parser = key_value)]
    overrides: Vec<(String, String)>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the server for real ovens.
    Serve,
    /// Runs the server with a bakery of simulated ovens, on this machine only.
    Demo {
        /// Serves the simulator's control API (faults, doors) on this address.
        #[arg(long, value_name = "HOST:PORT")]
        control: Option<String>,
    },
    /// Runs simulated ovens alone and prints their settings as JSON lines.
    Simulate {
        #[arg(long, default_value_t = 6)]
        ovens: usize,
        /// What they speak.
        #[arg(long, value_enum, default_value_t = simulate::Kind::Rest)]
        kind: simulate::Kind,
        /// MQTT ovens publish to this broker instead of having one each; user and password from
        /// HORNERO_BROKER_USER and HORNERO_BROKER_PASSWORD.
        #[arg(long, value_name = "HOST:PORT")]
        broker: Option<String>,
        /// Seconds between polls in the printed settings.
        #[arg(long, default_value_t = 1)]
        interval: u32,
    },
    /// The master key that encrypts oven credentials.
    Keys {
        #[command(subcommand)]
        action: KeyAction,
    },
    /// Says whether the database is sound and its rollups agree with its readings.
    Check,
    /// Shows the settings of the server; exports and imports the configuration of the bakery.
    Config {
        #[command(subcommand)]
        action: ConfigAction,
    },
}

#[derive(Subcommand)]
enum KeyAction {
    /// Makes the key file; never overwrites one.
    Init,
    /// Adds a new key in front of those in the file; the old ones still open what they sealed.
    Rotate,
}

#[derive(Subcommand)]
enum ConfigAction {
    /// Prints every setting with its variable, default and allowed form.
    List,
    /// Checks file and environment and says what is wrong.
    Check,
    /// Writes ovens, users, retention and what is set for everybody as one YAML file.
    Export(config_file::Export),
    /// Says what a file would change. Exit code 0: nothing, 2: something, 1: an error.
    Plan(config_file::Plan),
    /// Changes what a file says, all of it or nothing, while no server runs on the data folder.
    Apply(config_file::Apply),
}

fn key_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    Ok((key.trim().to_owned(), value.to_owned()))
}

pub async fn run() -> anyhow::Result<ExitCode> {
    let Cli { config, mut overrides, command } = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            error.print()?;
            // Not 2, which says of a plan that there is something to do.
            return Ok(if error.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS });
        }
    };
    if matches!(command, Command::Demo { .. }) {
        serve::demo_defaults(&mut overrides);
    }
    let load = || Config::from_process(config.as_deref(), overrides.clone()).map_err(anyhow::Error::from);
    match command {
        Command::Serve => serve::serve(load()?).await,
        Command::Demo { control } => serve::demo(load()?, control.as_deref()).await,
        Command::Simulate { ovens, kind, broker, interval } => {
            simulate::run(kind, ovens, interval, broker.as_deref()).await
        }
        Command::Check => check::run(&load()?).await,
        Command::Keys { action: KeyAction::Init } => keys::init(&load()?),
        Command::Keys { action: KeyAction::Rotate } => keys::rotate(&load()?),
        Command::Config { action: ConfigAction::List } => {
            print!("{}", settings_markdown());
            Ok(())
        }
        Command::Config { action: ConfigAction::Check } => {
            load()?;
            println!("the settings are valid");
            Ok(())
        }
        Command::Config { action: ConfigAction::Export(export) } => export.run(load()?).await,
        Command::Config { action: ConfigAction::Plan(plan) } => return plan.run(load()?).await,
        Command::Config { action: ConfigAction::Apply(apply) } => apply.run(load()?).await,
    }
    .map(|()| ExitCode::SUCCESS)
}
