//! Filter patterns: terms and quoted phrases, all of which a message has to have.

use crate::api::error::{Answer, ApiError};

/// What a message has to have. Letters count as they are written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Pattern(Vec<String>);

impl Pattern {
    /// # Errors
    /// InvalidParameterException for what CloudWatch would understand and we do not, and for what nobody does.
    pub fn read(text: &str) -> Answer<Self> {
        let (mut terms, mut rest) = (Vec::new(), text.trim_start());
        while let Some(first) = rest.chars().next() {
            let (term, after) = if first == '"' { phrase(text, &rest[1..])? } else { word(text, rest)? };
            terms.push(term);
            rest = after.trim_start();
        }
        Ok(Self(terms))
    }

    pub fn finds(&self, message: &str) -> bool {
        self.0.iter().all(|term| message.contains(term.as_str()))
    }
}

/// Up to the closing quote; `\"` is a quote.
fn phrase<'a>(whole: &str, rest: &'a str) -> Answer<(String, &'a str)> {
    let mut phrase = String::new();
    let mut letters = rest.char_indices();
    while let Some((place, letter)) = letters.next() {
        match letter {
            '"' => return Ok((phrase, &rest[place + 1..])),
            '\\' => phrase.extend(letters.next().map(|(_, letter)| letter)),
            other => phrase.push(other),
        }
    }
    Err(ApiError::parameter(format!("Invalid filter pattern: '{whole}' lacks a closing quote.")))
}

fn word<'a>(whole: &str, rest: &'a str) -> Answer<(String, &'a str)> {
    let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
    let (word, after) = rest.split_at(end);
    let kind = match word.chars().next() {
        Some('{') => Some("JSON patterns"),
        Some('[') => Some("space-delimited patterns"),
        Some('%') => Some("regular expressions"),
        Some('?') => Some("optional terms"),
        Some('-') => Some("excluded terms"),
        _ => None,
    };
    if let Some(kind) = kind {
        return Err(ApiError::parameter(format!(
            "filterPattern is '{whole}'; {kind} are not supported by Mainstay yet, terms and quoted phrases are."
        )));
    }
    if !word.chars().all(|letter| letter.is_alphanumeric() || letter == '_') {
        return Err(ApiError::parameter(format!(
            "Invalid filter pattern: the term '{word}' has other characters than letters, digits and underscores; \
             put it in double quotes."
        )));
    }
    Ok((word.to_owned(), after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_to_have_all_terms_and_phrases() {
        let finds = |pattern: &str, message: &str| Pattern::read(pattern).unwrap().finds(message);
        assert!(finds("", "anything") && finds("  ", "anything"));
        assert!(finds("ERROR disk", "disk full: ERROR 5"));
        assert!(!finds("ERROR disk", "disk full: error"));
        assert!(finds(r#"ERROR "disk full:""#, "disk full: ERROR"));
        assert!(!finds(r#""full disk""#, "disk full"));
        assert!(finds(r#""say \"no\"""#, r#"they say "no""#));
    }

    #[test]
    fn other_patterns_are_refused_by_name() {
        for (pattern, said) in [
            ("{ $.level = \"error\" }", "JSON patterns are not supported"),
            ("[ip, user]", "space-delimited patterns are not supported"),
            ("%err.r%", "regular expressions are not supported"),
            ("a ?b", "optional terms are not supported"),
            ("a -b", "excluded terms are not supported"),
            ("\"a", "lacks a closing quote"),
            ("a.b", "the term 'a.b' has other characters"),
        ] {
            let refused = Pattern::read(pattern).unwrap_err();
            assert!(refused.message().contains(said), "{pattern}: {refused}");
            assert!(refused.to_string().starts_with("InvalidParameterException"), "{refused}");
        }
    }
}
