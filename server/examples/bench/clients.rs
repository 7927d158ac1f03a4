//! Websocket clients that note when frames come. What is in them is looked at afterwards, for reading thousands of frames a
//! second would take the time that is measured.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use app::model::live::{Frame, FrameKind};
use futures::StreamExt as _;
use jiff::Timestamp;
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, Utf8Bytes, client::IntoClientRequest as _},
};

/// Of each client's frames every so many are kept; another one for each client.
const KEPT: usize = 10;

#[derive(Clone, Default)]
pub struct Watchers(Arc<Mutex<Vec<(i64, Utf8Bytes)>>>);

/// Connects `count` clients that read until the program ends.
pub async fn watch(base: &str, cookie: &str, count: usize) -> anyhow::Result<Watchers> {
    let watchers = Watchers::default();
    for number in 0..count {
        let mut request = format!("{}/ws/live", base.replacen("http", "ws", 1)).into_client_request()?;
        request.headers_mut().insert("cookie", cookie.parse()?);
        let (mut socket, _) = connect_async(request).await?;
        let watchers = watchers.clone();
        tokio::spawn(async move {
            let mut frames = number;
            while let Some(Ok(message)) = socket.next().await {
                let Message::Text(text) = message else { continue };
                frames += 1;
                if frames % KEPT == 0 {
                    watchers.frames().push((Timestamp::now().as_microsecond(), text));
                }
            }
        });
    }
    Ok(watchers)
}

/// Times from a value's arrival at the server to a client, in ms.
pub struct Latency {
    p50: f64,
    p99: f64,
    values: usize,
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { p50, p99, values } = self;
        write!(f, "p50 {p50:.1} ms, p99 {p99:.1} ms over {values} values")
    }
}

impl Watchers {
    fn frames(&self) -> std::sync::MutexGuard<'_, Vec<(i64, Utf8Bytes)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn reset(&self) {
        self.frames().clear();
    }

    pub fn latency(&self) -> Latency {
        let mut ages: Vec<f64> = Vec::new();
        for (came, text) in self.frames().drain(..) {
            let Ok(Frame { kind: FrameKind::Update, ovens, .. }) = serde_json::from_str(&text) else { continue };
            // Arrivals are in whole milliseconds; they are counted from the middle of one.
            let age = |received_ms: i64| ((came as f64) / 1_000.0 - received_ms as f64 - 0.5).max(0.0);
            ages.extend(ovens.iter().filter_map(|oven| Some(age(oven.values.as_ref()?.received_ms))));
        }
        ages.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| ages.get(((ages.len() as f64 * share) as usize).min(ages.len().saturating_sub(1)));
        Latency {
            p50: at(0.5).copied().unwrap_or_default(),
            p99: at(0.99).copied().unwrap_or_default(),
            values: ages.len(),
        }
    }
}
