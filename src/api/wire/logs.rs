//! What goes over the wire of CloudWatch Logs' calls for reading. Generated, too.

#[allow(missing_docs, reason = "generated from a model whose documentation is not taken")]
pub mod enums;
#[allow(missing_docs, reason = "generated from a model whose documentation is not taken")]
pub mod operations;
#[allow(missing_docs, reason = "generated from a model whose documentation is not taken")]
pub mod structures;

use super::macros::{exceptions, operations, wire_enum};
use super::{At, Check, Invalid};
