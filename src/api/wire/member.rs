//! What the structures of a task definition have, as data: which members, and what their values look like.

/// A structure.
#[derive(Debug)]
pub struct Structure {
    /// Its name in the service model.
    pub name: &'static str,
    /// In the order of their names.
    pub members: &'static [Member],
}

/// A member of a structure.
#[derive(Debug)]
pub struct Member {
    /// As it is on the wire.
    pub name: &'static str,
    /// What its value looks like.
    pub kind: Kind,
    /// Whether it has to be there.
    pub required: bool,
}

/// What a value looks like.
#[derive(Debug)]
pub enum Kind {
    /// A structure of this name.
    Structure(&'static str),
    /// Any text.
    Text,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A number.
    Number,
    /// True or false.
    Flag,
    /// A moment.
    Time,
    /// A list of such.
    List(&'static Kind),
    /// Such by names.
    Map(&'static Kind),
}
