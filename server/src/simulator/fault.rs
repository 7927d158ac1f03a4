//! What can be made to go wrong with an oven, and the answers a faulty oven gives.

use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures::{Stream, StreamExt as _, stream};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What is wrong with an oven. In JSON `{"fault": "down"}`, `{"fault": "slow", "delay_ms": 3000}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum Fault {
    /// Nothing is wrong.
    #[default]
    None,
    /// The port refuses and every connection is cut. Any other fault brings the oven back at the same port.
    Down,
    /// Every answer is late by so much.
    Slow { delay_ms: u64 },
    /// Requests are taken and not answered until the fault is lifted.
    Hang,
    /// 200 with bytes that are not JSON, nor text.
    Garbage,
    /// 200 with JSON that has nothing to do with ovens.
    WrongShape,
    /// 401 whatever the credentials are.
    WrongPassword,
    /// Values and time stay as they were.
    Frozen,
    /// A JSON body of 3 MiB whose size is not announced.
    Huge,
    /// An answer of one byte a second.
    Drip,
    /// 503.
    ServerError,
    /// A chamber and zones of 9999 °C, as a broken sensor shows.
    OutOfRange,
    /// 302 to another host.
    Redirect,
}

/// What a broken sensor shows, °C.
pub const OUT_OF_RANGE_CELSIUS: f64 = 9999.0;

const HUGE_CHUNK: usize = 64 * 1024;
const HUGE_CHUNKS: usize = 48;
/// Nothing answers at a name under `.invalid` (RFC 2606), so a client that follows fails at once and leaks nothing.
const ELSEWHERE: &str = "http://otro-horno.invalid/login";

/// The answer a fault gives in place of the oven's own; nothing for faults that only touch the oven's own answer.
pub fn instead(fault: Fault) -> Option<Response> {
    const JSON: [(header::HeaderName, &str); 1] = [(header::CONTENT_TYPE, "application/json")];
    match fault {
        Fault::Garbage => Some((JSON, b"\x00\xff\xfe{\"temperature\": 2\x80\x81 \x1f\x8b".as_slice()).into_response()),
        Fault::WrongShape => Some(
            Json(json!({"firmware": "9.9.1", "network": [{"if": "eth0", "up": true}], "uptime": "12d"}))
                .into_response(),
        ),
        Fault::Huge => Some((JSON, Body::from_stream(huge())).into_response()),
        Fault::ServerError => Some(
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"error": "the controller is starting"}))).into_response(),
        ),
        Fault::Redirect => Some((StatusCode::FOUND, [(header::LOCATION, ELSEWHERE)]).into_response()),
        _ => None,
    }
}

/// The same bytes, one a second, the first at once.
pub fn drip(body: Bytes) -> impl Stream<Item = Result<Bytes, std::convert::Infallible>> {
    stream::unfold(body, |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        let byte = rest.split_to(1);
        Some((Ok(byte), rest))
    })
    .enumerate()
    .then(|(at, byte)| async move {
        if at > 0 {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        byte
    })
}

fn huge() -> impl Stream<Item = Result<Bytes, std::convert::Infallible>> {
    let filling = Bytes::from(vec![b'x'; HUGE_CHUNK]);
    let chunks = [Bytes::from_static(b"{\"temperature\": 200, \"log\": \"")]
        .into_iter()
        .chain(std::iter::repeat_n(filling, HUGE_CHUNKS))
        .chain([Bytes::from_static(b"\"}")]);
    stream::iter(chunks.map(Ok))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_named_in_snake_case() {
        let read = |text: &str| serde_json::from_str::<Fault>(text).expect("a fault");
        assert_eq!(read(r#"{"fault":"none"}"#), Fault::None);
        assert_eq!(read(r#"{"fault":"slow","delay_ms":3000}"#), Fault::Slow { delay_ms: 3000 });
        assert_eq!(read(r#"{"fault":"out_of_range"}"#), Fault::OutOfRange);
        assert!(serde_json::from_str::<Fault>(r#"{"fault":"slow"}"#).is_err());
        assert_eq!(serde_json::to_value(Fault::WrongShape).expect("JSON"), json!({"fault": "wrong_shape"}));
    }
}
