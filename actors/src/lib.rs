//! Mainstay actors.
