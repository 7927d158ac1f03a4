//! `/login`.

use super::PageContext;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginProblem {
    /// Wrong name or password; never says which.
    Wrong,
    TooManyTries {
        wait_seconds: u64,
    },
    Empty,
}

pub struct Login {
    pub username: String,
    pub problem: Option<LoginProblem>,
    /// Path to go to afterwards.
    pub next: String,
    /// In the demo: names and passwords that work, to be shown under the form.
    pub demo_logins: Vec<(String, String)>,
}

pub fn login(_cx: &PageContext, _data: Login) -> String {
    String::new()
}
