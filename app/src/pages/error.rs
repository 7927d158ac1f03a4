//! What went wrong, and the next step.

use super::PageContext;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    NotFound,
    /// Logged in, but the role does not allow it.
    Forbidden,
    /// The request was not sent by this site's own page (cross-site request forgery check).
    WrongOrigin,
    BadRequest,
    TooManyRequests,
    Internal,
}

pub struct ErrorPage {
    pub kind: ErrorKind,
    /// Quoted by a user who asks for help; the log has it too.
    pub request_id: String,
}

pub fn error(_cx: &PageContext, _data: ErrorPage) -> String {
    String::new()
}
