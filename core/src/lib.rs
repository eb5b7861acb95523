//! Mainstay core.
