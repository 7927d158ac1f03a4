//! The HTML document around a page.
