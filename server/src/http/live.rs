//! `/ws/live`: a snapshot, then every change; see `app::model::live` for the frames.

use std::time::Duration;

use app::model::live::{Frame, HEARTBEAT_MS};
use axum::{
    Extension,
    extract::{
        State, WebSocketUpgrade,
        ws::{CloseFrame, Message, WebSocket, rejection::WebSocketUpgradeRejection},
    },
    response::{IntoResponse as _, Response},
};
use jiff::Timestamp;
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::{MissedTickBehavior, interval, timeout},
};
use tower_sessions::Session;

use super::{
    AppState,
    access::{Credential, Login},
    bearer, error,
};
use crate::live::SharedFrame;

/// Closed because session or token ended: the page goes to the login.
const SESSION_ENDED: u16 = 4401;
/// Closed because the server stops: the page reconnects.
const GOING_AWAY: u16 = 1001;
/// A client whose network takes nothing for this long is gone.
const SEND_LIMIT: Duration = Duration::from_secs(10);
/// Clients have nothing to say but pongs and closes.
const MAX_MESSAGE: usize = 1024;

pub async fn socket(
    State(state): State<AppState>,
    login: Option<Extension<Login>>,
    session: Session,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    match (upgrade, login) {
        (Ok(upgrade), Some(Extension(login))) => {
            // The websocket clears its whole buffer before each attempt to read, 128 KiB if left alone.
            let upgrade = upgrade.max_message_size(MAX_MESSAGE).read_buffer_size(MAX_MESSAGE);
            upgrade.on_upgrade(move |socket| serve(state, login, session, socket))
        }
        (Ok(upgrade), None) => upgrade.on_upgrade(|socket| close(socket, SESSION_ENDED)),
        (Err(_), None) => error::unauthorised(),
        (Err(rejection), Some(_)) => rejection.into_response(),
    }
}

async fn close(mut socket: WebSocket, code: u16) {
    let close = Message::Close(Some(CloseFrame { code, reason: "".into() }));
    // The client may be gone already.
    let _ = timeout(SEND_LIMIT, socket.send(close)).await;
}

async fn serve(state: AppState, login: Login, session: Session, mut socket: WebSocket) {
    let stopped = state.service.shutdown.clone();
    let code = tokio::select! {
        code = stream(&state, &login, &session, &mut socket) => code,
        () = stopped.cancelled() => Some(GOING_AWAY),
    };
    if let Some(code) = code {
        close(socket, code).await;
    }
}

/// Sends until the client is gone (None) or is to be told why it ends.
async fn stream(state: &AppState, login: &Login, session: &Session, socket: &mut WebSocket) -> Option<u16> {
    let live = &state.service.live;
    let (snapshot, mut frames) = live.subscribe();
    let mut seq = snapshot.to;
    send(socket, snapshot.text).await?;
    let mut heartbeat = interval(Duration::from_millis(HEARTBEAT_MS));
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    heartbeat.tick().await;
    let mut quiet = true;
    loop {
        tokio::select! {
            frame = next(&mut frames) => {
                let frame = match frame {
                    Next::Frame(frame) if frame.to <= seq => continue,
                    Next::Frame(frame) if frame.from <= seq => frame,
                    Next::Frame(_) | Next::Behind => {
                        // What was missed comes in one frame; waiting frames are older than it.
                        frames = frames.resubscribe();
                        live.catch_up(seq)
                    }
                    Next::Closed => return Some(GOING_AWAY),
                };
                seq = frame.to;
                send(socket, frame.text).await?;
                quiet = false;
            }
            _ = heartbeat.tick() => {
                if !still_allowed(state, login, session).await {
                    return Some(SESSION_ENDED);
                }
                if std::mem::replace(&mut quiet, true) {
                    let frame = Frame::heartbeat(seq, Timestamp::now().as_millisecond());
                    send(socket, serde_json::to_string(&frame).ok()?.into()).await?;
                }
            }
            message = socket.recv() => match message {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            },
        }
    }
}

enum Next {
    Frame(SharedFrame),
    Behind,
    Closed,
}

async fn next(frames: &mut Receiver<SharedFrame>) -> Next {
    match frames.recv().await {
        Ok(frame) => Next::Frame(frame),
        Err(RecvError::Lagged(_)) => Next::Behind,
        Err(RecvError::Closed) => Next::Closed,
    }
}

async fn send(socket: &mut WebSocket, text: axum::extract::ws::Utf8Bytes) -> Option<()> {
    timeout(SEND_LIMIT, socket.send(Message::Text(text))).await.ok()?.ok()
}

/// Whether session or token was not ended meanwhile: logout, a new password, a disabled user, a revoked token.
async fn still_allowed(state: &AppState, login: &Login, session: &Session) -> bool {
    if let Credential::Token { id, .. } | Credential::Display { token: id, .. } = &login.by {
        return bearer::still_good(state, id).await;
    }
    let Some(id) = session.id() else { return false };
    if !state.sessions.is_alive(id).await {
        return false;
    }
    match state.service.store.user(login.user().id).await {
        Ok(Some(account)) => !account.user.disabled && account.session_epoch == login.account.session_epoch,
        Ok(None) => false,
        // The database is busy: no reason to throw everyone out.
        Err(_) => true,
    }
}
