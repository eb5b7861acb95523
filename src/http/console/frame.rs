//! What all pages have around them.

use axum::http::StatusCode;
use maud::{DOCTYPE, Markup, html};

use super::{Seen, link};

/// A page's own part.
pub(super) struct Page {
    /// What it is about: its heading, and its window's title.
    pub title: String,
    /// Where it is: the names and addresses above it, outermost first.
    pub crumbs: Vec<(String, String)>,
    /// Which of the main places it is.
    pub place: Place,
    /// Stands beside the heading.
    pub lead: Markup,
    /// All below.
    pub body: Markup,
    /// 200 unless it tells of something that went wrong.
    pub status: StatusCode,
    /// How it is kept up to date.
    pub fresh: Fresh,
}

/// How a page is kept up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fresh {
    /// By the script as things change, and without it by loading it again.
    Live,
    /// Only without the script by loading it again: the script has its own way there.
    Reloaded,
    /// Not at all: somebody fills in a form.
    Still,
}

/// A page, or that there is none.
pub(super) type Shown = Result<Page, Missing>;

/// The main places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Overview,
    Tree,
    Deployments,
    Events,
    Images,
    /// None of them, or below one.
    Elsewhere,
}

const PLACES: [(Place, &str, &str); 5] = [
    (Place::Overview, "Overview", "/"),
    (Place::Tree, "Supervision tree", "/console/tree"),
    (Place::Deployments, "Deployments", "/console/deployments"),
    (Place::Events, "Events", "/console/events"),
    (Place::Images, "Images", "/console/images"),
];

impl Page {
    /// A live page below the overview.
    pub(super) fn new(title: impl Into<String>, place: Place, body: Markup) -> Self {
        Self {
            title: title.into(),
            crumbs: Vec::new(),
            place,
            lead: html! {},
            body,
            status: StatusCode::OK,
            fresh: Fresh::Live,
        }
    }

    /// The same below others.
    pub(super) fn below(mut self, crumbs: impl IntoIterator<Item = (String, String)>) -> Self {
        self.crumbs = crumbs.into_iter().collect();
        self
    }

    /// The same with something beside its heading.
    pub(super) fn with_lead(mut self, lead: Markup) -> Self {
        self.lead = lead;
        self
    }
}

/// That something is not there.
pub(super) struct Missing {
    what: String,
    hint: String,
}

impl Missing {
    pub(super) fn new(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { what: what.into(), hint: hint.into() }
    }

    /// A page that helps.
    pub(super) fn page(self) -> Page {
        let body = html! {
            p { "There is no " (self.what) ". " (self.hint) }
            p { "Look for it with the search above, or begin at the " a href="/" { "overview" } "." }
        };
        let page = Page::new("Not found", Place::Elsewhere, body);
        Page { status: StatusCode::NOT_FOUND, fresh: Fresh::Still, ..page }
    }
}

/// The whole page.
pub(super) fn whole(seen: &Seen<'_>, page: &Page) -> Markup {
    let asked = seen.query.get("q").filter(|_| page.title.starts_with("Search"));
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (page.title) " · Mainstay" }
                link rel="icon" type="image/svg+xml" href="/console/icon.svg";
                link rel="stylesheet" href="/console/console.css";
                @if page.fresh != Fresh::Still { noscript { meta http-equiv="refresh" content="5"; } }
                script src="/console/console.js" defer {}
            }
            body data-live=(if page.fresh == Fresh::Live { "on" } else { "off" }) {
                a.skip href="#main" { "Skip to content" }
                header.top {
                    a.brand href="/" { (mark()) "Mainstay" }
                    nav aria-label="Main" {
                        ul {
                            @for (place, name, address) in PLACES {
                                @let here = (place == page.place).then_some("page");
                                li { a href=(address) aria-current=[here] { (name) } }
                            }
                        }
                    }
                    form.search role="search" action={ (link::ROOT) "/search" } {
                        label.unseen for="q" { "Search clusters, services, tasks, instances and images" }
                        input id="q" name="q" type="search" placeholder="Search  ( / )" value=[asked] autocomplete="off";
                    }
                    span.live id="live" hidden { i.shape aria-hidden="true" {} span { "live" } }
                }
                main id="main" tabindex="-1" {
                    @if !page.crumbs.is_empty() {
                        nav.crumbs aria-label="Breadcrumb" {
                            ol { @for (name, address) in &page.crumbs { li { a href=(address) { (name) } } } }
                        }
                    }
                    div.heading { h1 { (page.title) } (page.lead) }
                    (page.body)
                }
                p.unseen id="said" role="status" aria-live="polite" {}
                footer {
                    "Mainstay " (env!("CARGO_PKG_VERSION")) " · "
                    a href="/metrics" { "metrics" } " · " a href="/v1/tree" { "tree as JSON" } " · "
                    a href="/readyz" { "ready?" } " · " a href=(link::RUNBOOKS) { "runbooks" }
                }
            }
        }
    }
}

/// The sign of Mainstay: a mast and its stay.
fn mark() -> Markup {
    html! {
        svg.mark viewBox="0 0 24 24" aria-hidden="true" {
            path d="M11 2v20M11 3l9 17M11 3L4 14M3 22h18" {}
        }
    }
}

/// A table that scrolls by itself where it is too wide, and is reached by keyboard then.
pub(super) fn table(name: &str, rows: Markup) -> Markup {
    html! { div.scroll tabindex="0" role="group" aria-label=(name) { table { (rows) } } }
}
