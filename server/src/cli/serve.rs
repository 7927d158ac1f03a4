//! `hornero serve` and `hornero demo`.

use std::{
    io::Write as _,
    net::{SocketAddr, ToSocketAddrs as _},
};

use anyhow::{Context as _, bail, ensure};
use server::{
    Server,
    config::{Config, LogFormat},
    demo,
    http::Demo,
    secrets::Keyring,
    simulator::Simulator,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use super::stop::Stop;

pub async fn serve(mut config: Config) -> anyhow::Result<()> {
    start_log(&config)?;
    let keyring = match config.master_key.take() {
        Some(keyring) => keyring,
        None if config.master_key_file.exists() => Keyring::load_file(&config.master_key_file)?,
        None => bail!(
            "there is no master key, which encrypts the passwords of the ovens: run `hornero keys init` once to make \
             {}, or set HORNERO_MASTER_KEY",
            config.master_key_file.display()
        ),
    };
    let mut stop = Stop::listen()?;
    let listener = listen(&config.listen).await?;
    let server = tokio::select! {
        server = Server::start(&config, keyring, listener, None) => server?,
        () = stop.asked() => return Ok(()),
    };
    say(&format!("Hornero is on http://{}", server.address));
    until(stop, server).await
}

/// Values that suit a demo, under those that the command line gives.
pub fn demo_defaults(overrides: &mut Vec<(String, String)>) {
    for (key, value) in [("data_dir", "hornero-demo"), ("backoff_max_seconds", "4")] {
        if !overrides.iter().any(|(name, _)| name == key) {
            overrides.push((key.to_owned(), value.to_owned()));
        }
    }
}

pub async fn demo(mut config: Config, control: Option<&str>) -> anyhow::Result<()> {
    start_log(&config)?;
    let listener = listen(&config.listen).await?;
    // Its passwords are printed and public.
    ensure!(
        listener.local_addr()?.ip().is_loopback(),
        "listen = \"{}\": the demo's passwords are public, so it listens on this machine only; \
         allowed: 127.0.0.1:PORT. For other machines use `hornero serve`",
        config.listen
    );
    let keyring = match config.master_key.take() {
        Some(keyring) => keyring,
        None if config.master_key_file.exists() => Keyring::load_file(&config.master_key_file)?,
        None => Keyring::generate_file(&config.master_key_file)?,
    };
    let mut stop = Stop::listen()?;
    let shutdown = CancellationToken::new();
    let past = (!config.database_path().exists()).then_some(demo::history::PAST);
    let simulator = Simulator::start_with(demo::bakery(), past, shutdown.clone())?;
    let server = Server::start(&config, keyring, listener, Some(demo::logins())).await?;
    if demo::seed(&server.service, &simulator.ovens()).await? {
        tokio::select! {
            () = demo::history::write(&server.service, &simulator, demo::INTERVAL_S) => {}
            () = stop.asked() => return server.stop().await,
        }
    }
    if let Some(address) = control {
        let listener = listen(address).await?;
        ensure!(listener.local_addr()?.ip().is_loopback(), "the simulator's control listens on this machine only");
        say(&format!("Simulator control is on http://{}", listener.local_addr()?));
        let service = simulator.control_router().into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(shutdown.clone().run_until_cancelled_owned(async move { axum::serve(listener, service).await }));
    }
    welcome(&server, &demo::logins());
    let stopped = until(stop, server).await;
    shutdown.cancel();
    simulator.stopped().await;
    stopped
}

fn welcome(server: &Server, demo: &Demo) {
    say("");
    say("  Demo bakery: the ovens are simulated.");
    say(&format!("  Hornero is on http://{}", server.address));
    for (name, password) in &demo.logins {
        say(&format!("  Log in as {name:<9} with the password {password}"));
    }
    say("  Ctrl-C stops it.");
    say("");
}

/// A console that is gone is no reason to stop.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

async fn listen(address: &str) -> anyhow::Result<TcpListener> {
    let resolved: Vec<_> = address
        .to_socket_addrs()
        .with_context(|| format!("listen = \"{address}\": this host is not known; allowed: HOST:PORT"))?
        .collect();
    TcpListener::bind(&resolved[..]).await.with_context(|| {
        format!("cannot listen on {address}; choose another address with --set listen=HOST:PORT or HORNERO_LISTEN")
    })
}

async fn until(mut stop: Stop, server: Server) -> anyhow::Result<()> {
    stop.asked().await;
    tracing::info!("stopping");
    server.stop().await
}

fn start_log(config: &Config) -> anyhow::Result<()> {
    // What goes wrong with an oven is logged once, with its name; the protocols' own libraries say it again and again.
    let quiet = "opcua_client=off,opcua_core=off,opcua_crypto=off,opcua_server=off,opcua_types=off,rumqttc=off,tokio_modbus=off";
    let filter = format!("{quiet},{}", config.log);
    let filter = EnvFilter::try_new(filter).with_context(|| format!("log = \"{}\"", config.log))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match config.log_format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
    Ok(())
}
