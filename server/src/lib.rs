//! Everything that runs on the box beside the ovens.
