//! Websocket clients that note how old each value is when it comes.

use std::sync::{Arc, Mutex, PoisonError};

use app::model::live::{Frame, FrameKind};
use futures::StreamExt as _;
use jiff::Timestamp;
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest as _},
};

#[derive(Clone, Default)]
pub struct Watchers(Arc<Mutex<Vec<u32>>>);

/// Connects `count` clients that read until the program ends.
pub async fn watch(base: &str, cookie: &str, count: usize) -> anyhow::Result<Watchers> {
    let watchers = Watchers::default();
    for _ in 0..count {
        let mut request = format!("{}/ws/live", base.replacen("http", "ws", 1)).into_client_request()?;
        request.headers_mut().insert("cookie", cookie.parse()?);
        let (mut socket, _) = connect_async(request).await?;
        let watchers = watchers.clone();
        tokio::spawn(async move {
            while let Some(Ok(message)) = socket.next().await {
                let now_ms = Timestamp::now().as_millisecond();
                if let Message::Text(text) = message {
                    watchers.note(&text, now_ms);
                }
            }
        });
    }
    Ok(watchers)
}

impl Watchers {
    fn note(&self, text: &str, now_ms: i64) {
        let Ok(Frame { kind: FrameKind::Update, ovens, .. }) = serde_json::from_str(text) else { return };
        let ages = ovens.iter().filter_map(|oven| Some((now_ms - oven.values.as_ref()?.received_ms).max(0) as u32));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(ages);
    }

    pub fn reset(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Median and 99th percentile in ms, and how many values came.
    pub fn latency(&self) -> (u32, u32, usize) {
        let mut ages = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        ages.sort_unstable();
        let at = |share: f64| ages.get(((ages.len() as f64 * share) as usize).min(ages.len().saturating_sub(1)));
        (at(0.5).copied().unwrap_or_default(), at(0.99).copied().unwrap_or_default(), ages.len())
    }
}
