use serde::{Deserialize, Serialize};

/// A variable whose value is looked up when the task starts, and is nowhere but in the container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret {
    /// The variable's name.
    pub name: String,
    /// An ARN or the name of a parameter, as given.
    pub value_from: String,
}
