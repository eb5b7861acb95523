//! Members of a request that are not carried out are refused by name, never ignored.

use super::error::{Answer, ApiError};
use super::wire::At;

/// Whether a member says anything.
pub(super) trait Given {
    /// False where it is absent, null, empty, false or 0.
    fn is_given(&self) -> bool;
}

impl<T: Default + PartialEq> Given for Option<T> {
    fn is_given(&self) -> bool {
        self.as_ref().is_some_and(|value| *value != T::default())
    }
}

/// For what has another default: say yourself whether it differs.
impl Given for bool {
    fn is_given(&self) -> bool {
        *self
    }
}

/// Refuses the first member that says anything.
///
/// # Errors
/// ClientException with the member's path.
pub(super) fn refuse(at: &At<'_>, members: &[(&str, &dyn Given)]) -> Answer<()> {
    match members.iter().find(|(_, member)| member.is_given()) {
        Some((name, _)) => {
            Err(ApiError::client(format!("{} is not supported by Mainstay yet.", at.field(name))))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_says_something_is_refused_and_by_its_path() {
        let definitions = At::ROOT.field("containerDefinitions");
        let at = definitions.index(0);
        let (absent, empty, off): (Option<String>, _, _) = (None, Some(Vec::<u8>::new()), Some(false));
        let quiet: [(&str, &dyn Given); 3] = [("links", &absent), ("secrets", &empty), ("privileged", &off)];
        assert_eq!(refuse(&at, &quiet), Ok(()));
        let text = "containerDefinitions[0].privileged is not supported by Mainstay yet.";
        assert_eq!(refuse(&at, &[("privileged", &Some(true))]), Err(ApiError::client(text)));
    }
}
