//! Everything that runs on the box beside the ovens.
//!
//! # Layout
//! - [`config`] every setting, its variable, default and allowed form
//! - [`http`] pages, API and websocket; [`auth`] passwords and login throttling
//! - [`service`] what pages and API may do with ovens
//! - [`connectors`] drivers; [`poller`] one task per oven; [`ingest`] what happens to a sample
//! - [`plausibility`] whether a value can be true
//! - [`baking`] the batches that run, and what looks like one
//! - [`live`] the latest values and their fan-out; [`store`] the database; [`rollup`] what a minute, an hour, a day were
//! - [`secrets`] encryption of oven credentials
//! - [`data_lock`] who uses a data folder
//! - [`simulator`] ovens that do not exist, behind real sockets; [`demo`] a bakery of them
//!
//! # How it hangs together
//! [`Server::start`] is the only place where tasks are spawned and parts are joined. Everything listens to one
//! shutdown token; [`Server::stop`] ends the parts in the order in which data flows, so that what was accepted is
//! stored: web server, connections, writer, database.

pub mod alerts;
pub mod auth;
pub mod baking;
pub mod config;
pub mod connectors;
pub mod data_lock;
pub mod demo;
pub mod http;
pub mod ingest;
pub mod live;
pub mod plausibility;
pub mod poller;
pub mod rollup;
pub mod secrets;
pub mod service;
pub mod simulator;
pub mod store;

use std::{io::Write as _, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use app::i18n::Lang;
use axum::serve::ListenerExt as _;
use futures::FutureExt as _;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use auth::setup_code::SetupCode;
use config::Config;
use data_lock::DataLock;
use http::{AppState, Demo, Sessions, Site, WebConfig, idempotency, rate::RateLimit};
use ingest::Ingest;
use live::LiveHub;
use poller::{PollContext, Poller};
use secrets::Keyring;
use service::{Limits, Service, settings::PresentSettings};
use store::{
    Store,
    writer::{Writer, WriterConfig},
};

/// How often expired sessions and old log entries are deleted.
const HOUSEKEEPING: Duration = Duration::from_secs(3_600);
/// Connection log entries kept of each oven: an oven that fails and recovers every minute fills them in a week.
const LOG_ENTRIES_KEPT: u32 = 20_000;
/// A token that has expired is shown for so long, so that its owner finds out why a program stopped.
const DEAD_TOKENS_KEPT: jiff::SignedDuration = jiff::SignedDuration::from_hours(90 * 24);
/// Open requests get this long to end; websockets are told to go at once.
const LAST_REQUESTS: Duration = Duration::from_secs(5);

/// A running Hornero.
pub struct Server {
    pub address: SocketAddr,
    pub service: Arc<Service>,
    /// Ends everything that faces the outside: requests, websockets, connections to ovens.
    shutdown: CancellationToken,
    /// Ends the writer, after everything that writes.
    writer_shutdown: CancellationToken,
    web: JoinHandle<()>,
    writer: JoinHandle<()>,
    background: Vec<JoinHandle<()>>,
    /// Given up last: until then the data is in use.
    lock: DataLock,
}

impl Server {
    /// Opens the database, starts every enabled oven and serves on `listener`.
    pub async fn start(
        config: &Config,
        keyring: Keyring,
        listener: TcpListener,
        demo: Option<Demo>,
    ) -> anyhow::Result<Self> {
        let _ = any_spawner::Executor::init_tokio();
        let shutdown = CancellationToken::new();
        let writer_shutdown = CancellationToken::new();
        let site = Arc::new(Site::load());
        std::fs::create_dir_all(&config.data_dir)
            .with_context(|| format!("the data folder {} cannot be made", config.data_dir.display()))?;
        let lock = DataLock::take(&config.data_dir).await?;
        let store = Store::open(&config.database_path()).await?;
        anyhow::ensure!(
            demo.is_some() || !store.setting::<bool>(demo::MARK).await?.unwrap_or_default(),
            "the data folder {} belongs to the demo, whose passwords are public: choose another one with data_dir",
            config.data_dir.display()
        );
        store.forget_unfinished_requests().await?;
        let (handle, writer) = store.writer(writer_config(config))?;
        let writer = tokio::spawn(write(writer, writer_shutdown.clone()));
        let live = LiveHub::new(site.build.clone());
        let ingest = Arc::new(Ingest::new(Arc::clone(&live), handle.clone()));
        let poller = Poller::new(
            PollContext {
                live: Arc::clone(&live),
                ingest: Arc::clone(&ingest),
                writer: handle,
                backoff_max: Duration::from_secs(config.backoff_max_seconds),
            },
            shutdown.clone(),
        );
        let service = Arc::new(Service {
            store: store.clone(),
            live: Arc::clone(&live),
            poller,
            ingest,
            keyring,
            limits: Limits::of(config),
            settings: PresentSettings::load(&store).await?,
            shutdown: shutdown.clone(),
            retain: tokio::sync::Notify::new(),
            configuring: tokio::sync::Mutex::default(),
            applying: tokio::sync::Mutex::default(),
        });
        let state = state(config, &service, &site, demo);
        let sessions = state.sessions.clone();
        let background = vec![
            tokio::spawn(live.run(shutdown.clone())),
            tokio::spawn({
                let (ingest, store, shutdown) = (Arc::clone(&service.ingest), store.clone(), shutdown.clone());
                async move { ingest.device_alarms.run(store, shutdown).await }
            }),
            tokio::spawn(Arc::clone(&service).retain(shutdown.clone())),
            tokio::spawn(keep_house(sessions, store.clone(), shutdown.clone())),
        ];
        service.start_all().await?;
        let address = listener.local_addr()?;
        // The demo makes its own users.
        if state.web.demo.is_none() && !store.is_set_up().await? {
            print_setup_code(&state.setup_code);
        }
        let web = tokio::spawn(serve(listener, state, shutdown.clone()));
        Ok(Self { address, service, shutdown, writer_shutdown, web, writer, background, lock })
    }

    /// Stops, with everything accepted stored.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.shutdown.cancel();
        let _ = self.web.await;
        if tokio::time::timeout(LAST_REQUESTS, self.service.poller.drain()).await.is_err() {
            tracing::warn!("some connections were still open when the server stopped");
        }
        for task in self.background {
            let _ = task.await;
        }
        self.writer_shutdown.cancel();
        let _ = self.writer.await;
        self.service.store.close().await;
        drop(self.lock);
        Ok(())
    }
}

fn writer_config(config: &Config) -> WriterConfig {
    WriterConfig {
        queue: config.writer_queue,
        delay: Duration::from_millis(config.commit_interval_ms),
        ..WriterConfig::default()
    }
}

fn state(config: &Config, service: &Arc<Service>, site: &Arc<Site>, demo: Option<Demo>) -> AppState {
    AppState {
        sessions: Sessions::new(&service.store),
        service: Arc::clone(service),
        assets: site.assets(),
        throttle: Arc::default(),
        bearer_throttle: Arc::default(),
        pairing_throttle: Arc::default(),
        rate_limit: Arc::new(RateLimit::new(config.api_requests_per_second, config.api_burst)),
        changing: Arc::default(),
        setup_code: Arc::new(SetupCode::generate()),
        web: Arc::new(WebConfig {
            default_lang: Lang::parse(config.language).unwrap_or(Lang::Es),
            timezone: config.timezone.clone(),
            secure_cookies: config.secure_cookies(),
            session_hours: config.session_hours as i64,
            demo,
        }),
    }
}

async fn serve(listener: TcpListener, state: AppState, shutdown: CancellationToken) {
    let service = http::router(state).into_make_service_with_connect_info::<SocketAddr>();
    let signal = shutdown.clone();
    // Frames are small and follow each other in milliseconds: Nagle's algorithm would hold each back until the client has
    // acknowledged the one before, which takes it up to 40 ms.
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    let serving = axum::serve(listener, service).with_graceful_shutdown(async move { signal.cancelled().await });
    let deadline = async {
        shutdown.cancelled().await;
        tokio::time::sleep(LAST_REQUESTS).await;
    };
    tokio::select! {
        result = serving => if let Err(error) = result {
            tracing::error!("the web server stopped: {error}");
        },
        () = deadline => tracing::warn!("some requests were still open when the server stopped"),
    }
}

/// Without the writer nothing is stored any more. Whoever started the server starts it again.
async fn write(writer: Writer, shutdown: CancellationToken) {
    if std::panic::AssertUnwindSafe(writer.run(shutdown)).catch_unwind().await.is_err() {
        tracing::error!("the database writer failed for a reason that it should not have; the server ends");
        std::process::abort();
    }
}

async fn keep_house(sessions: Sessions, store: Store, shutdown: CancellationToken) {
    let mut ticks = tokio::time::interval(HOUSEKEEPING);
    while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
        sessions.delete_expired().await;
        if let Err(error) = store.prune_connection_logs(LOG_ENTRIES_KEPT).await {
            tracing::warn!("old connection log entries were not deleted: {error}");
        }
        let now = jiff::Timestamp::now();
        if let Err(error) = store.delete_old_requests(now - idempotency::KEPT).await {
            tracing::warn!("old answers to repeated requests were not deleted: {error}");
        }
        if let Err(error) = store.delete_dead_tokens(now - DEAD_TOKENS_KEPT).await {
            tracing::warn!("old tokens were not deleted: {error}");
        }
    }
}

/// Shows the code on the console, where only who runs the server sees it; never in the log.
pub fn print_setup_code(code: &SetupCode) {
    if let Some(code) = code.for_console() {
        // A console that is gone is no reason to stop.
        let _ =
            writeln!(std::io::stdout(), "\nFirst start: open /setup and enter this one-time code: {}\n", code.as_str());
    }
}
