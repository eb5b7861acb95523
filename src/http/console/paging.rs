//! Long lists come a page at a time, and what a page is asked with.

use maud::{Markup, html};

use super::link::encoded;

/// What stands after the `?`.
#[derive(Debug, Default)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads it; there is nothing that it cannot be.
    pub(super) fn read(text: &str) -> Self {
        Self(form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    /// The last value that was given, unless it is empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().rfind(|(known, _)| known == name);
        found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// The page that is asked for, from 0.
    fn page(&self) -> usize {
        self.get("page").and_then(|page| page.parse::<usize>().ok()).map_or(0, |page| page.saturating_sub(1))
    }

    /// The same with another page.
    fn with_page(&self, page: usize) -> String {
        let others = self.0.iter().filter(|(name, value)| name != "page" && !value.is_empty());
        let mut text: String =
            others.map(|(name, value)| format!("{}={}&", encoded(name), encoded(value))).collect();
        text.push_str(&format!("page={}", page + 1));
        format!("?{text}")
    }
}

/// A page of a list.
pub(super) struct Part<'a, T> {
    /// What is on it.
    pub items: &'a [T],
    /// The way to the others; nothing where there is one page.
    pub pager: Markup,
}

/// The page of `all` that is asked for, or the last one where there are fewer.
pub(super) fn part<'a, T>(all: &'a [T], of: usize, query: &Query) -> Part<'a, T> {
    let pages = all.len().div_ceil(of).max(1);
    let page = query.page().min(pages - 1);
    let from = page * of;
    let items = &all[from..all.len().min(from + of)];
    let pager = html! {
        @if pages > 1 {
            nav.pager aria-label="Pages" {
                @if page > 0 { a rel="prev" href=(query.with_page(page - 1)) { "← Previous" } }
                span { (from + 1) "–" (from + items.len()) " of " (all.len()) }
                @if page + 1 < pages { a rel="next" href=(query.with_page(page + 1)) { "Next →" } }
            }
        }
    };
    Part { items, pager }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(query: &str, expected: &[usize], links: &[&str]) {
        let all: Vec<usize> = (0..25).collect();
        let part = part(&all, 10, &Query::read(query));
        assert_eq!(part.items, expected);
        let page = part.pager.into_string();
        for link in links {
            assert!(page.contains(link), "{page}");
        }
        assert_eq!(page.matches("href").count(), links.len(), "{page}");
    }

    #[test]
    fn a_page_that_is_not_there_is_the_last_one_and_the_rest_of_the_query_stays() {
        let ten: Vec<usize> = (0..10).collect();
        check("", &ten, &["href=\"?page=2\""]);
        check("page=nonsense", &ten, &["href=\"?page=2\""]);
        check("page=3", &[20, 21, 22, 23, 24], &["href=\"?page=2\""]);
        check("page=99&show=a%26b", &[20, 21, 22, 23, 24], &["?show=a%26b&amp;page=2"]);
        check("page=2", &(10..20).collect::<Vec<_>>(), &["?page=1", "?page=3"]);
    }

    #[test]
    fn an_empty_list_has_one_page() {
        let none: [u8; 0] = [];
        let part = part(&none, 10, &Query::read("page=7"));
        assert!(part.items.is_empty() && part.pager.into_string().is_empty());
    }
}
