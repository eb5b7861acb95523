//! What people change of a resource's tags after it was made.

use crate::model::Tag;

/// A change of a resource's tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TagChange {
    /// Attach these, in the place of those of the same keys.
    Put(Vec<Tag>),
    /// Take those of these keys away; one that is not there is no error.
    Remove(Vec<String>),
}

/// A resource would have more tags than it can.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("A resource can have {} tags at most; it would have {count}.", TagChange::MOST)]
pub struct TooManyTags {
    /// How many it would have.
    pub count: usize,
}

impl TagChange {
    /// ECS's limit; tags of AWS's own do not count.
    pub const MOST: usize = 50;
    /// What keys of AWS's own begin with, in whatever case; nobody else gives or takes them.
    pub const OF_AWS: &str = "aws:";

    /// Whether a key is one of AWS's own.
    pub fn is_of_aws(key: &str) -> bool {
        let head = key.get(..Self::OF_AWS.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(Self::OF_AWS))
    }

    /// The tags as they are afterwards.
    ///
    /// # Errors
    /// Where there would be too many.
    pub fn apply(&self, tags: &[Tag]) -> Result<Vec<Tag>, TooManyTags> {
        let mut next = tags.to_vec();
        match self {
            Self::Remove(keys) => next.retain(|tag| !keys.contains(&tag.key)),
            Self::Put(tags) => {
                for tag in tags {
                    match next.iter_mut().find(|known| known.key == tag.key) {
                        Some(known) => known.value.clone_from(&tag.value),
                        None => next.push(tag.clone()),
                    }
                }
            }
        }
        let count = next.iter().filter(|tag| !Self::is_of_aws(&tag.key)).count();
        if count > Self::MOST { Err(TooManyTags { count }) } else { Ok(next) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(text: &str) -> Vec<Tag> {
        let tag = |text: &str| match text.split_once('=') {
            Some((key, value)) => Tag { key: key.into(), value: Some(value.into()) },
            None => Tag { key: text.into(), value: None },
        };
        text.split_whitespace().map(tag).collect()
    }

    #[track_caller]
    fn check(before: &str, change: TagChange, after: &str) {
        assert_eq!(change.apply(&tags(before)), Ok(tags(after)));
    }

    #[test]
    fn what_is_put_replaces_what_has_its_key_and_what_is_removed_may_be_gone_already() {
        check("", TagChange::Put(tags("a=1 b")), "a=1 b");
        check("a=1 b=2 c", TagChange::Put(tags("b d=4 a=9")), "a=9 b c d=4");
        check("a=1 A=2", TagChange::Put(tags("A=3")), "a=1 A=3");
        check("a=1 b=2", TagChange::Remove(vec!["b".into(), "x".into()]), "a=1");
        check("a", TagChange::Put(Vec::new()), "a");
    }

    #[test]
    fn fifty_are_the_most_and_those_of_aws_do_not_count() {
        let many = |count: usize| (0..count).map(|n| format!("k{n} ")).collect::<String>();
        let full = format!("aws:ecs:clusterName=default {}", many(50));
        let put = |text: &str| TagChange::Put(tags(text)).apply(&tags(&full)).map(|tags| tags.len());
        assert_eq!(put("k7=again"), Ok(51));
        assert_eq!(put("k50"), Err(TooManyTags { count: 51 }));
        assert_eq!(
            TooManyTags { count: 51 }.to_string(),
            "A resource can have 50 tags at most; it would have 51."
        );
        assert!(
            TagChange::is_of_aws("AWS:x") && !TagChange::is_of_aws("aws") && !TagChange::is_of_aws("äws:x")
        );
    }
}
