//! OPC UA: `opc_ua`.
//!
//! # Layout
//! - `mod.rs` the connection: subscribe or poll, one sample a notification
//! - [`manifest`] fields, labels and defaults; [`options`] settings to typed options
//! - [`session`] one session on one server, and how it ended; [`security`] endpoint, certificates and whom to trust
//! - [`path`] how a node is written in a mapping; [`tree`] browsing
//! - [`machine`] recognises OPC 30200 and OPC 40600 machines; [`profile`] what their values mean; [`guess`] what a
//!   value is whose name is the maker's own
//! - [`state`] the latest value of every point, and the sample that they make
//! - [`alarms`] events of alarm conditions to faults of the oven; [`history`] fills a gap from the server's memory
//! - [`value`] variants to JSON; [`status`] status codes to kinds of failure
//! - [`discover`] machines and nodes for an admin; [`stages`] the connection test; [`replay`] recorded cases
//!
//! Nothing is ever written and no method is called, but for ConditionRefresh.

mod alarms;
mod discover;
mod guess;
mod history;
mod machine;
mod manifest;
mod options;
mod path;
mod profile;
mod replay;
mod security;
mod session;
mod stages;
mod state;
mod status;
mod subscription;
mod tree;
mod value;

use std::{collections::VecDeque, time::Duration};

use app::model::{
    connector::Delivery,
    discovery::{Discovery, Search},
    failure::FailureKind,
};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep_until};

use super::{Built, Connection, ConnectorError, Driver, Sample, Settings, TestOutcome, within};
use options::Options;
use session::Session;
use state::State;
use subscription::Subscription;

pub static DRIVER: Driver = Driver { manifest: manifest::MANIFEST, build, replay: Some(replay::replay) };

fn build(settings: Settings) -> Built {
    let options = Options::parse(&settings)?;
    Ok(Box::new(OpcUa { options, open: None, confirmed: settings.last_reading_at, past: VecDeque::new() }))
}

struct OpcUa {
    options: Options,
    open: Option<Open>,
    /// When the newest value came, or the server last said that nothing changed; a gap begins here.
    confirmed: Option<Timestamp>,
    /// Samples from the server's memory that are not handed out yet.
    past: VecDeque<Sample>,
}

/// What a connection is made of.
struct Open {
    session: Session,
    state: State,
    /// Nothing where the server offers no subscriptions, or the admin prefers to ask.
    subscription: Option<Subscription>,
    /// When unchanged values are confirmed, or asked for.
    due: Instant,
}

#[async_trait]
impl Connection for OpcUa {
    fn timeout(&self) -> Duration {
        self.options.timeout
    }

    fn delivery(&self) -> Delivery {
        if self.options.ask { Delivery::Poll } else { Delivery::Push }
    }

    async fn connect(&mut self) -> Result<(), ConnectorError> {
        self.open = None;
        let session = Session::open(&self.options).await?;
        let mut open = self.prepare(session).await?;
        self.past.clear();
        // An oven that is asked gives one sample each time; its past would hold up the present.
        if self.options.history
            && !self.options.ask
            && let Some(since) = self.confirmed
        {
            let deadline = Instant::now() + self.options.timeout / 3;
            self.past = history::since(&mut open, since, self.options.interval, deadline).await?;
        }
        if !self.options.ask {
            open.subscription = Subscription::start(&mut open, &self.options).await?;
        }
        self.open = Some(open);
        Ok(())
    }

    async fn next(&mut self) -> Result<Sample, ConnectorError> {
        if let Some(sample) = self.past.pop_front() {
            return Ok(sample);
        }
        let interval = self.options.interval;
        let limit = self.options.timeout;
        let Some(open) = self.open.as_mut() else {
            return Err(ConnectorError::new(FailureKind::Protocol, "the session is not open"));
        };
        let sample = match open.subscription.is_some() {
            true => open.wait(interval).await?,
            false if self.options.ask => open.read().await?,
            false => {
                sleep_until(open.due).await;
                open.due = Instant::now() + interval;
                within(limit, open.read()).await?
            }
        };
        self.confirmed = Some(Timestamp::now());
        Ok(sample)
    }

    async fn close(&mut self) {
        if let Some(open) = self.open.take() {
            let _ = open.session.client.disconnect().await;
        }
    }

    async fn test(&mut self) -> TestOutcome {
        stages::run(self).await
    }

    async fn discover(&mut self, search: &Search) -> Result<Discovery, ConnectorError> {
        let session = Session::open(&self.options).await?;
        discover::run(&session, search).await
    }
}

impl OpcUa {
    /// Finds the nodes to read; done anew after every connect, for a server that restarts may number them otherwise.
    async fn prepare(&self, session: Session) -> Result<Open, ConnectorError> {
        let plan = machine::plan(&session, &self.options).await?;
        let state = State::new(plan, self.options.rules.clone(), self.options.timezone.clone())?;
        Ok(Open { session, state, subscription: None, due: Instant::now() })
    }
}

impl Open {
    /// Asks for every value.
    async fn read(&mut self) -> Result<Sample, ConnectorError> {
        let asked = Instant::now();
        let values = self.session.read(self.state.nodes()).await?;
        for (index, value) in values.into_iter().enumerate() {
            self.state.take(index, value);
        }
        let mut sample = self.state.sample(asked.elapsed())?;
        // Values that did not change keep the time of their last change; the server says now that they still hold.
        if !self.state.is_newer(sample.measured_at) {
            sample.measured_at = None;
        }
        Ok(sample)
    }

    /// The values of the next notification; when none comes in time and the server lives, the same ones, confirmed.
    async fn wait(&mut self, interval: Duration) -> Result<Sample, ConnectorError> {
        let Some(subscription) = self.subscription.as_ref() else {
            return Err(ConnectorError::new(FailureKind::Protocol, "the subscription is gone"));
        };
        loop {
            tokio::select! {
                biased;
                error = self.session.ended() => return Err(error),
                changed = subscription.changed() => {
                    changed?;
                    if subscription.apply(&mut self.state) {
                        self.due = Instant::now() + interval;
                        return self.state.sample(Duration::ZERO);
                    }
                    subscription.check_alive()?;
                }
                () = sleep_until(self.due) => {
                    self.due = Instant::now() + interval;
                    subscription.check_alive()?;
                    self.state.events_known |= subscription.is_refreshed();
                    if self.state.is_complete() && subscription.confirms() {
                        return self.state.confirmed();
                    }
                }
            }
        }
    }
}

/// A point in time as the rest of Hornero counts it; nothing for OPC UA's "no time" and for years that no reading has.
fn timestamp(time: &opcua::types::DateTime) -> Option<Timestamp> {
    if time.is_null() {
        return None;
    }
    let at = Timestamp::from_microsecond(time.as_chrono().timestamp_micros()).ok()?;
    // 9999 is how OPC UA says "for ever".
    (at < Timestamp::now().checked_add(SignedDuration::from_hours(24 * 366)).ok()?).then_some(at)
}
