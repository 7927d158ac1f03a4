//! The websocket `/ws/live`, for as long as the page is open.
//!
//! A wall screen shows one page for months, so nothing may pile up: there is one socket, one timer for the next
//! attempt and one tick a second, and the closures of a lost socket are dropped before the next one is made. Frames
//! that come close together are shown together.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use leptos::{leptos_dom::helpers::TimeoutHandle, prelude::*};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{CloseEvent, MessageEvent, WebSocket};

use super::link::Link;
use crate::{
    components::filter::encode,
    model::live::{Frame, SILENCE_LIMIT_MS},
};

const FIRST_DELAY_MS: f64 = 500.0;
/// A little over the time after which the server prolongs a session.
const PROLONG_MS: f64 = 16.0 * 60_000.0;
const LONGEST_DELAY_MS: f64 = 15_000.0;
/// Frames that come within this time are shown together: faster than the eye, slower than fifty ovens.
const GATHER: Duration = Duration::from_millis(100);
/// The server's close code for a session that ended.
const SESSION_ENDED: u16 = 4_401;
/// Remembers the build a page was reloaded for, so that a cached page cannot reload itself for ever.
const RELOADED_FOR: &str = "hornero-reloaded-for";

struct Open {
    socket: WebSocket,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_close: Closure<dyn FnMut(CloseEvent)>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        let _ = self.socket.close();
    }
}

/// Something on the page that shows live values.
pub trait Live: 'static {
    /// Takes a frame, without showing it yet.
    fn take(&mut self, frame: Frame);
    /// Shows what is known, at the server's time.
    fn show(&mut self, link: Link, now_ms: i64);
}

struct Connection {
    open: RefCell<Option<Open>>,
    next_attempt: Cell<Option<TimeoutHandle>>,
    next_attempt_at: Cell<f64>,
    attempt: Cell<u32>,
    heard_at: Cell<f64>,
    /// Server's clock minus this device's, in ms; tablets are often minutes off.
    clock_offset: Cell<f64>,
    build: String,
    prolonged_at: Cell<f64>,
    link: Cell<Link>,
    /// A frame was taken that is not on the page yet.
    is_due: Cell<bool>,
    page: RefCell<Box<dyn Live>>,
}

/// Keeps a page live. `now_ms` is the server's time when it wrote the page, and runs from here on.
pub fn keep_live(build: String, now_ms: i64, page: impl Live) {
    let live = Rc::new(Connection {
        open: RefCell::new(None),
        next_attempt: Cell::new(None),
        next_attempt_at: Cell::new(0.0),
        attempt: Cell::new(0),
        heard_at: Cell::new(device_now()),
        clock_offset: Cell::new(now_ms as f64 - device_now()),
        build,
        prolonged_at: Cell::new(device_now()),
        link: Cell::new(Link::Connecting),
        is_due: Cell::new(false),
        page: RefCell::new(Box::new(page)),
    });
    connect(&live);
    let ticking = Rc::clone(&live);
    set_interval(move || tick(&ticking), Duration::from_secs(1));
    // The page stays until it is left, and so do these.
    for (event, is_online) in [("online", true), ("offline", false)] {
        let live = Rc::clone(&live);
        let _ = window_event_listener_untyped(event, move |_| if is_online { revive(&live) } else { lose(&live) });
    }
    let _ = window_event_listener_untyped("visibilitychange", move |_| {
        if !document().hidden() {
            tick(&live);
            revive(&live);
        }
    });
}

/// Shows the page now.
fn show(live: &Connection) {
    live.is_due.set(false);
    let now_ms = (device_now() + live.clock_offset.get()) as i64;
    live.page.borrow_mut().show(live.link.get(), now_ms);
}

/// Shows the page soon, with whatever else comes until then.
fn show_soon(live: &Rc<Connection>) {
    if live.is_due.replace(true) {
        return;
    }
    let live = Rc::clone(live);
    set_timeout(
        move || {
            if live.is_due.get() {
                show(&live);
            }
        },
        GATHER,
    );
}

fn set_link(live: &Connection, link: Link) {
    if live.link.replace(link) != link {
        show(live);
    }
}

fn device_now() -> f64 {
    js_sys::Date::now()
}

/// Tries at once instead of waiting for the next attempt.
fn revive(live: &Rc<Connection>) {
    if live.link.get() != Link::Live && is_waiting(live) {
        connect(live);
    }
}

fn is_waiting(live: &Connection) -> bool {
    live.next_attempt_at.get() > 0.0
}

fn connect(live: &Rc<Connection>) {
    if let Some(timer) = live.next_attempt.take() {
        timer.clear();
    }
    live.next_attempt_at.set(0.0);
    live.heard_at.set(device_now());
    live.open.borrow_mut().take();
    if live.attempt.get() > 0 {
        set_link(live, Link::Reconnecting { attempt: live.attempt.get(), seconds: 0 });
    }

    let location = window().location();
    let scheme = if location.protocol().is_ok_and(|protocol| protocol == "https:") { "wss" } else { "ws" };
    let host = location.host().unwrap_or_default();
    let Ok(socket) = WebSocket::new(&format!("{scheme}://{host}/ws/live")) else {
        return schedule(live);
    };
    let on_message = {
        let live = Rc::clone(live);
        Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            let Some(text) = event.data().as_string() else { return };
            if let Ok(frame) = serde_json::from_str(&text) {
                return receive(&live, frame);
            }
            // A newer server may use words that this page does not know; its build then differs too.
            let build = text.split("\"build\":\"").nth(1).and_then(|rest| rest.split('"').next());
            if let Some(build) = build
                && build != live.build
            {
                reload_once(build);
            }
        })
    };
    let on_close = {
        let live = Rc::clone(live);
        Closure::<dyn FnMut(CloseEvent)>::new(move |event: CloseEvent| {
            if event.code() == SESSION_ENDED {
                go_to_login();
            } else {
                schedule(&live);
            }
        })
    };
    socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    socket.set_onclose(Some(on_close.as_ref().unchecked_ref()));
    *live.open.borrow_mut() = Some(Open { socket, _on_message: on_message, _on_close: on_close });
}

fn receive(live: &Rc<Connection>, frame: Frame) {
    live.heard_at.set(device_now());
    live.clock_offset.set(frame.server_time_ms as f64 - device_now());
    live.attempt.set(0);
    if let Some(build) = &frame.build
        && *build != live.build
        && reload_once(build)
    {
        return;
    }
    live.page.borrow_mut().take(frame);
    if live.link.get() == Link::Live {
        show_soon(live);
    } else {
        set_link(live, Link::Live);
    }
}

/// Lets ages grow, sees silence, and counts down to the next attempt.
fn tick(live: &Rc<Connection>) {
    let device_now = device_now();
    if is_waiting(live) {
        let seconds = ((live.next_attempt_at.get() - device_now) / 1_000.0).ceil().max(0.0) as i64;
        live.link.set(Link::Reconnecting { attempt: live.attempt.get(), seconds });
    } else if device_now - live.heard_at.get() > SILENCE_LIMIT_MS as f64 {
        lose(live);
    } else if live.link.get() == Link::Live && device_now - live.prolonged_at.get() > PROLONG_MS {
        // Only requests prolong a session and its cookie; a screen that just watches would be logged out.
        live.prolonged_at.set(device_now);
        let _ = window().fetch_with_str("/healthz");
    }
    show(live);
}

/// Gives the socket up: it is silent, or the device says that its network is gone.
fn lose(live: &Rc<Connection>) {
    live.open.borrow_mut().take();
    schedule(live);
}

/// Plans the next attempt: 0.5 s, doubled each time up to 15 s, and jittered by half, so that twenty tablets do not
/// come back in the same instant after a restart.
fn schedule(live: &Rc<Connection>) {
    if is_waiting(live) {
        return;
    }
    let attempt = live.attempt.get();
    live.attempt.set(attempt.saturating_add(1));
    let ceiling = (FIRST_DELAY_MS * 2f64.powi(attempt.min(10) as i32)).min(LONGEST_DELAY_MS);
    let delay = ceiling * (0.5 + js_sys::Math::random() / 2.0);
    live.next_attempt_at.set(device_now() + delay);
    set_link(live, Link::Reconnecting { attempt: attempt + 1, seconds: (delay / 1_000.0).ceil() as i64 });
    let again = Rc::clone(live);
    let timer = set_timeout_with_handle(move || connect(&again), Duration::from_millis(delay as u64));
    live.next_attempt.set(timer.ok());
}

/// Loads the page anew for another build of the site; false if that was tried before.
fn reload_once(build: &str) -> bool {
    let Ok(Some(storage)) = window().session_storage() else { return false };
    if storage.get_item(RELOADED_FOR).ok().flatten().as_deref() == Some(build) {
        return false;
    }
    storage.set_item(RELOADED_FOR, build).is_ok() && window().location().reload().is_ok()
}

fn go_to_login() {
    let location = window().location();
    let here = location.pathname().unwrap_or_default() + &location.search().unwrap_or_default();
    let _ = location.set_href(&format!("/login?next={}", encode(&here)));
}
