//! Fills a gap from the server's own memory (HistoryRead, OPC 10000-11), where it has one.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use opcua::{
    client::HistoryReadAction,
    types::{
        ByteString, DataValue, DateTime, HistoryData, HistoryReadValueId, NodeId, NumericRange, QualifiedName,
        ReadRawModifiedDetails, TimestampsToReturn,
    },
};
use tokio::time::{Instant, timeout_at};

use super::{Open, state::State, timestamp};
use crate::connectors::{ConnectorError, Sample};

/// A longer gap is filled from its end: what was baked yesterday still counts, what was baked last month does not.
const LONGEST_GAP: SignedDuration = SignedDuration::from_hours(24);
/// Values of one node in one answer.
const PAGE: u32 = 5_000;
/// Samples of one gap.
const MAX_SAMPLES: usize = 50_000;

/// One sample per interval between `since` and now. A server that has no history, or does not give it, is no error.
/// What does not come until the deadline is left out: connecting matters more.
pub async fn since(
    open: &mut Open,
    since: Timestamp,
    interval: Duration,
    deadline: Instant,
) -> Result<VecDeque<Sample>, ConnectorError> {
    let now = Timestamp::now();
    let step = SignedDuration::try_from(interval).unwrap_or(SignedDuration::from_secs(5));
    if now.duration_since(since) < step * 2 {
        return Ok(VecDeque::new());
    }
    let from = since.max(now.checked_sub(LONGEST_GAP).unwrap_or(since));
    let kept: Vec<(usize, NodeId)> = open
        .state
        .plan
        .points
        .iter()
        .enumerate()
        .filter(|(_, point)| point.has_history)
        .map(|(index, point)| (index, point.node.clone()))
        .collect();
    let mut slots: BTreeMap<i64, BTreeMap<(Timestamp, usize), DataValue>> = BTreeMap::new();
    for (index, node) in kept {
        if slots.len() > MAX_SAMPLES {
            break;
        }
        for value in read(open, &node, (from, now), deadline).await {
            let Some(at) = value.source_timestamp.as_ref().and_then(timestamp).filter(|at| *at > from && *at < now)
            else {
                continue;
            };
            let slot = at.as_microsecond().div_euclid(step.as_micros().max(1) as i64);
            slots.entry(slot).or_default().insert((at, index), value);
        }
    }
    let mut past = State::new(open.state.plan.clone(), open.state.rules().to_vec(), open.state.timezone())?;
    let mut samples = VecDeque::new();
    for values in slots.into_values().rev().take(MAX_SAMPLES).collect::<Vec<_>>().into_iter().rev() {
        for ((_, index), value) in values {
            past.take(index, value);
        }
        // A stretch without any good value makes no sample.
        if let Ok(sample) = past.sample(Duration::ZERO) {
            samples.push_back(sample.of_the_past());
        }
    }
    Ok(samples)
}

async fn read(open: &Open, node: &NodeId, (from, to): (Timestamp, Timestamp), deadline: Instant) -> Vec<DataValue> {
    let mut values = Vec::new();
    let mut continuation_point = ByteString::null();
    loop {
        let details = ReadRawModifiedDetails {
            is_read_modified: false,
            start_time: time(from),
            end_time: time(to),
            num_values_per_node: PAGE,
            return_bounds: false,
        };
        let wanted = [HistoryReadValueId {
            node_id: node.clone(),
            index_range: NumericRange::None,
            data_encoding: QualifiedName::null(),
            continuation_point,
        }];
        let action = HistoryReadAction::ReadRawModifiedDetails(details);
        let asked = open.session.client.history_read(action, TimestampsToReturn::Source, false, &wanted);
        let Ok(Ok(Some(result))) =
            timeout_at(deadline, asked).await.map(|answer| answer.map(|results| results.into_iter().next()))
        else {
            return values;
        };
        if result.status_code.is_bad() {
            return values;
        }
        let page = result.history_data.inner_as::<HistoryData>().and_then(|data| data.data_values.clone());
        values.extend(page.into_iter().flatten());
        if result.continuation_point.is_null_or_empty() || values.len() > MAX_SAMPLES {
            return values;
        }
        continuation_point = result.continuation_point;
    }
}

fn time(at: Timestamp) -> DateTime {
    chrono::DateTime::from_timestamp_micros(at.as_microsecond()).map_or_else(DateTime::null, DateTime::from)
}
