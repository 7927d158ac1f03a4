//! `hornero`: reads the command line and the settings, and runs until it is told to stop.

mod cli;

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    match cli::run().await {
        Ok(code) => code,
        Err(error) => {
            // One line a cause, the most useful first; no backtrace, which helps no operator.
            eprintln!("hornero: {error:#}");
            ExitCode::FAILURE
        }
    }
}
