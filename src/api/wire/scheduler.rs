//! What goes over the wire of EventBridge Scheduler, whose operations are methods and paths. Generated, too.

#[allow(missing_docs, reason = "generated from a model whose documentation is not taken")]
pub mod enums;
#[allow(missing_docs, reason = "generated from a model whose documentation is not taken")]
pub mod operations;
#[allow(missing_docs, reason = "generated from a model whose documentation is not taken")]
pub mod routes;
#[allow(missing_docs, reason = "generated from a model whose documentation is not taken")]
pub mod structures;

use super::macros::{exceptions, operations, wire_enum};
use super::{At, Check, Invalid, Timestamp};

/// How an operation is asked for.
#[derive(Debug)]
pub struct Route {
    /// Which.
    pub operation: operations::Operation,
    /// The HTTP method.
    pub method: &'static str,
    /// The path, with members of the input in braces.
    pub path: &'static str,
    /// Members of the input that are in the query: what they are called there, and in the input.
    pub query: &'static [(&'static str, &'static str, Param)],
}

/// What a parameter of a query looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Param {
    /// A text.
    Text,
    /// A whole number.
    Number,
    /// Texts, each with the parameter's name before it.
    List,
}
