//! Mainstay: the daemon.
