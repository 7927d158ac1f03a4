//! Topics that are seen for some seconds, with samples and proposals.

use std::{collections::BTreeMap, time::Duration};

use app::model::discovery::{Discovery, FoundValue, Search};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::{client::Broker, options::Options, payload, suggest, topics};
use crate::connectors::{
    ConnectorError,
    leaves::{self, Limits},
};
use app::model::failure::FailureKind;

const SECONDS: f64 = 5.0;
const LONGEST: f64 = 60.0;
const MAX_TOPICS: usize = 1_000;
/// Messages of a busy broker beyond this are passed over.
const MAX_BYTES: usize = 16 << 20;
const MAX_VALUES: usize = 500;
/// A message nested deeper, or with longer lists, is no oven's.
const LIMITS: Limits = Limits { depth: 5, items: 64 };

pub async fn run(options: &Options, search: &Search) -> Result<Discovery, ConnectorError> {
    let filter = search.under.as_deref().map(str::trim).filter(|under| !under.is_empty()).unwrap_or("#");
    if topics::check(filter).is_err() {
        return Err(ConnectorError::new(FailureKind::Config, format!("{filter} is no topic filter")));
    }
    let mut broker = Broker::look(options, "look").await?;
    broker.subscribe(&[filter.to_owned()], 0).await?;
    let seconds = search.seconds.unwrap_or(SECONDS);
    let seconds = if seconds.is_finite() { seconds.clamp(1.0, LONGEST) } else { SECONDS };
    let deadline = Instant::now() + Duration::from_secs_f64(seconds);
    let (mut seen, mut truncated, mut bytes) = (BTreeMap::<String, Value>::new(), false, 0);
    while let Ok(message) = timeout_at(deadline, broker.next()).await {
        let message = message?;
        let Some(value) = payload::value(&message.payload) else { continue };
        bytes += message.payload.len();
        if bytes > MAX_BYTES || seen.len() >= MAX_TOPICS && !seen.contains_key(&message.topic) {
            truncated = true;
            continue;
        }
        seen.insert(message.topic, value);
    }
    broker.close().await;
    let text = search.text.as_deref().unwrap_or_default().trim().to_lowercase();
    let mut found = Discovery { truncated, ..Discovery::default() };
    for (topic, whole) in &seen {
        leaves::each(whole, &LIMITS, &mut |keys, value| {
            let path = if keys.is_empty() { topic.clone() } else { format!("{topic} {}", leaves::pointer(keys)) };
            if !path.to_lowercase().contains(&text) {
                return;
            }
            if found.values.len() >= MAX_VALUES {
                found.truncated = true;
                return;
            }
            let name = keys.last().cloned().unwrap_or_else(|| topic.rsplit('/').next().unwrap_or_default().to_owned());
            let suggestion = suggest::rule(&suggest::Leaf { topic, keys, value, whole }, &path);
            let sample = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let sample = Some(sample.chars().take(80).collect());
            found.values.push(FoundValue {
                path,
                name,
                sample,
                has_children: false,
                decodings: Vec::new(),
                suggestion,
            });
        });
    }
    Ok(found)
}
