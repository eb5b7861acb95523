//! Pages of a list, and the opaque token that leads from one to the next.

use std::fmt::Write as _;

use super::error::{Answer, ApiError};

/// A page goes up to this many items.
const MOST: i32 = 100;

/// Which page is asked for.
pub(super) struct Paging<'a> {
    /// The list's operation; a token of another one is refused.
    pub operation: &'a str,
    /// Where the page before ended.
    pub next_token: Option<&'a str>,
    /// How many items at most.
    pub max_results: Option<i32>,
    /// How many where nothing is said.
    pub default: usize,
    /// Whether the list goes down.
    pub descending: bool,
}

/// The items of one page, in the order of their keys, and the token of the next page where there is one.
///
/// The token holds the last key given, so that items that come and go between two pages neither shift nor
/// repeat others.
pub(super) fn page<T>(
    mut items: Vec<T>,
    key: impl Fn(&T) -> String,
    paging: &Paging<'_>,
) -> Answer<(Vec<T>, Option<String>)> {
    let most = match paging.max_results {
        None => paging.default,
        Some(asked @ 1..=MOST) => asked.unsigned_abs() as usize,
        Some(other) => {
            return Err(ApiError::parameter(format!("maxResults is {other}; it must be 1 to {MOST}.")));
        }
    };
    items.sort_by_cached_key(&key);
    if paging.descending {
        items.reverse();
    }
    // An empty token is what some tools send for the first page.
    if let Some(token) = paging.next_token.filter(|token| !token.is_empty()) {
        let after = read(paging.operation, token)
            .ok_or_else(|| ApiError::parameter("Invalid token in nextToken."))?;
        items.retain(|item| if paging.descending { key(item) < after } else { key(item) > after });
    }
    let more = items.len() > most;
    items.truncate(most);
    let token = items.last().filter(|_| more).map(|last| write(paging.operation, &key(last)));
    Ok((items, token))
}

fn write(operation: &str, key: &str) -> String {
    format!("{operation}\n{key}").bytes().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn read(operation: &str, token: &str) -> Option<String> {
    let digits: Option<Vec<u8>> =
        token.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    let bytes = digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect();
    let text = String::from_utf8(bytes).ok()?;
    text.split_once('\n').filter(|(of, _)| *of == operation).map(|(_, key)| key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paging<'a>(next_token: Option<&'a str>, max_results: Option<i32>, descending: bool) -> Paging<'a> {
        Paging { operation: "ListTasks", next_token, max_results, default: 100, descending }
    }

    #[test]
    fn the_pages_hold_every_item_once_even_where_the_last_one_given_has_gone() {
        for descending in [false, true] {
            let mut left: Vec<String> = ["e", "a", "d", "b", "c"].map(String::from).into();
            let (mut seen, mut token) = (Vec::new(), None::<String>);
            loop {
                let (items, next) =
                    page(left.clone(), String::clone, &paging(token.as_deref(), Some(2), descending))
                        .unwrap();
                left.retain(|item| !items.contains(item));
                seen.extend(items);
                token = next;
                if token.is_none() {
                    break;
                }
            }
            let mut expected = vec!["a", "b", "c", "d", "e"];
            if descending {
                expected.reverse();
            }
            assert_eq!(seen, expected);
        }
    }

    #[test]
    fn tokens_of_nobody_or_of_another_list_and_sizes_out_of_bounds_are_refused() {
        let foreign = write("ListServices", "a");
        for token in ["zz", "abc", "00", "é", foreign.as_str()] {
            let refused = page(vec!["a".to_owned()], String::clone, &paging(Some(token), None, false));
            assert_eq!(refused, Err(ApiError::parameter("Invalid token in nextToken.")), "{token}");
        }
        for size in [0, -1, 101] {
            let refused = page(vec!["a".to_owned()], String::clone, &paging(None, Some(size), false));
            assert_eq!(
                refused,
                Err(ApiError::parameter(format!("maxResults is {size}; it must be 1 to 100.")))
            );
        }
    }
}
