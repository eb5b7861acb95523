//! Runbooks: what to do about an alert. They are docs/runbooks, carried inside the daemon, so that an alert can link to the
//! very daemon that it is about.

use std::collections::HashSet;

use maud::{PreEscaped, html};
use pulldown_cmark::{CowStr, Event, HeadingLevel, Parser, Tag, TagEnd, html::push_html};

use super::frame::{Fresh, Missing, Page, Place, Shown};
use super::{Seen, link};

/// One line a page.
macro_rules! carried {
    ($($name:literal,)+) => {
        &[$(($name, include_str!(concat!("../../../docs/runbooks/", $name, ".md")))),+]
    };
}

/// Names and Markdown.
const ALL: &[(&str, &str)] = carried![
    "MainstayActorsRestart",
    "MainstayCertificateExpires",
    "MainstayCrashLoop",
    "MainstayDown",
    "MainstayEngineAway",
    "MainstayHandlerStuck",
    "MainstayInstanceLost",
    "MainstayMailboxSlow",
    "MainstayNoPlace",
    "MainstayRestartIntensityHigh",
    "MainstayRolloutFailed",
    "MainstayRolloutStuck",
    "MainstayScheduledRunsFail",
    "MainstayServiceBelowDesired",
    "MainstayStoreFails",
    "MainstayStoreSlow",
    "MainstayTasksUnwell",
];

/// Every runbook, and when it is the right one.
pub(super) fn list(_: &Seen<'_>) -> Shown {
    let body = html! {
        p { "What to look at and what to do, for each alert of " code { "dashboards/rules/mainstay.yml" } "." }
        ul.list {
            @for (name, text) in ALL { li { a href=(link::runbook(name)) { (name) } " " (occasion(text)) } }
        }
    };
    Ok(Page { fresh: Fresh::Still, ..Page::new("Runbooks", Place::Elsewhere, body) })
}

/// One of them.
pub(super) fn page(_: &Seen<'_>, name: &str) -> Shown {
    let Some((name, text)) = ALL.iter().find(|(known, _)| *known == name) else {
        return Err(Missing::new(
            format!("runbook {name}"),
            "The list of runbooks has those of this version.",
        ));
    };
    let body = html! { div.prose { (PreEscaped(rendered(text))) } };
    let page = Page::new(*name, Place::Elsewhere, body);
    Ok(Page { fresh: Fresh::Still, ..page }.below([("Runbooks".to_owned(), link::RUNBOOKS.to_owned())]))
}

/// The first paragraph, which says what has happened.
fn occasion(markdown: &str) -> String {
    let from = |event: &Event<'_>| !matches!(event, Event::Start(Tag::Paragraph));
    let inner =
        Parser::new(markdown).skip_while(from).take_while(|event| *event != Event::End(TagEnd::Paragraph));
    inner
        .filter_map(|event| match event {
            Event::Text(text) | Event::Code(text) => Some(text.into_string()),
            Event::SoftBreak | Event::HardBreak => Some(" ".to_owned()),
            _ => None,
        })
        .collect()
}

/// The page's own part as HTML, without its title, which the frame has.
///
/// HTML in the Markdown is shown as the text that it is. Links lead to other runbooks; of a file that is not carried, its
/// path is told.
fn rendered(markdown: &str) -> String {
    let names: HashSet<&str> = ALL.iter().map(|(name, _)| *name).collect();
    let (mut in_title, mut open) = (false, Vec::new());
    let events = Parser::new(markdown).flat_map(|event| {
        let title = HeadingLevel::H1;
        match event {
            Event::Start(Tag::Heading { level, .. }) if level == title => in_title = true,
            Event::End(TagEnd::Heading(level)) if level == title => in_title = false,
            _ if in_title => {}
            Event::Html(text) | Event::InlineHtml(text) => return vec![Event::Text(text)],
            Event::Start(Tag::Link { dest_url, link_type, title, id }) => {
                let name =
                    dest_url.strip_suffix(".md").filter(|name| names.contains(name)).map(link::runbook);
                open.push(name.is_none().then(|| path(&dest_url)));
                let to = |dest_url| Event::Start(Tag::Link { dest_url, link_type, title, id });
                return name.map(|name| to(CowStr::from(name))).into_iter().collect();
            }
            Event::End(TagEnd::Link) => {
                return match open.pop().flatten() {
                    Some(path) => {
                        vec![Event::Text(" (".into()), Event::Code(path.into()), Event::Text(")".into())]
                    }
                    None => vec![Event::End(TagEnd::Link)],
                };
            }
            other => return vec![other],
        }
        Vec::new()
    });
    let mut page = String::new();
    push_html(&mut page, events);
    page
}

/// Where in the project a file is that a runbook names from its own place.
fn path(address: &str) -> String {
    address.strip_prefix("../").map_or_else(|| address.to_owned(), |file| format!("docs/{file}"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_runbook_of_the_project_is_carried() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/runbooks");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let mut there: Vec<_> =
            files.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
        there.sort();
        let carried: Vec<_> = ALL.iter().map(|(name, _)| *name).collect();
        assert_eq!(carried, there, "each needs a line in ALL, in the order of names");
    }

    #[test]
    fn each_says_when_it_is_the_right_one_and_what_to_do_and_leads_to_no_other_address() {
        for (name, text) in ALL {
            assert!(text.starts_with(&format!("# {name}\n")), "{name}");
            assert!(
                occasion(text).ends_with('.') || occasion(text).ends_with(')'),
                "{name}: {}",
                occasion(text)
            );
            let page = rendered(text);
            for part in
                ["<strong>What it means.</strong>", "<strong>Look at</strong>", "<strong>Do.</strong>"]
            {
                assert!(page.contains(part), "{name} lacks {part}");
            }
            assert!(!page.contains("<h1"), "{name}");
            for address in page.split("href=\"").skip(1) {
                assert!(address.starts_with("/runbooks/Mainstay"), "{name}: {address}");
            }
        }
    }

    #[test]
    fn html_is_text_and_links_lead_only_to_what_is_here() {
        let page = rendered(
            "# Title <script>\n\nA <b onclick=x>b</b> [one](MainstayDown.md), [two](../health.md), \
             [three](javascript:alert(1)), `<i>`.\n\n<script src=\"x\"></script>\n",
        );
        let expected = "<p>A &lt;b onclick=x&gt;b&lt;/b&gt; <a href=\"/runbooks/MainstayDown\">one</a>, \
                        two (<code>docs/health.md</code>), three (<code>javascript:alert(1)</code>), \
                        <code>&lt;i&gt;</code>.</p>\n&lt;script src=\"x\"&gt;&lt;/script&gt;\n";
        assert_eq!(page.replace("&quot;", "\""), expected);
    }
}
