//! The only code that does something in the browser.
