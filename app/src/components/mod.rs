//! Props in, view out.
