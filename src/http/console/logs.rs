//! What containers print: the last lines on the page, and with the script what comes after them.

use axum::extract::{Path, State};
use axum::response::Response;
use mainstay_actors::ports::LogQuery;
use mainstay_core::{ClusterName, ServiceName, TaskId};
use maud::{Markup, html};

use super::frame::{Fresh, Page, Place};
use super::{At, Names, link, rows, service, task, words};
use crate::http::Shared;
use crate::logs::{Item, Reading, Selection, moment};

/// Lines that a page begins with.
const TAIL: u32 = 200;

/// `…/services/NAME/logs`.
pub(super) async fn of_service(at: At, State(shared): State<Shared>, Path((of, name)): Names) -> Response {
    let selection = Selection {
        cluster: ClusterName::new(&of),
        tasks: Vec::new(),
        services: vec![ServiceName::new(&name)],
        container: None,
    };
    let query = format!("service={}", link::encoded(&name));
    let lines = lines(&shared, selection).await;
    at.show(move |seen| {
        let (key, _) = service::known(seen, &of, &name)?;
        let mut crumbs = rows::crumbs_in(&key.cluster);
        crumbs.push((format!("Service {name}"), link::service(&key)));
        Ok(whole(format!("Logs of service {name}"), crumbs, &of, &query, &lines))
    })
    .await
}

/// `…/tasks/ID/logs`.
pub(super) async fn of_task(at: At, State(shared): State<Shared>, Path((of, id)): Names) -> Response {
    let selection = Selection {
        cluster: ClusterName::new(&of),
        tasks: vec![TaskId::new(&id)],
        services: Vec::new(),
        container: None,
    };
    let query = format!("task={}", link::encoded(&id));
    let lines = lines(&shared, selection).await;
    at.show(move |seen| {
        let known = task::known(seen, &of, &id)?;
        let mut crumbs = rows::crumbs_in(&known.cluster);
        crumbs.push((format!("Task {}", words::short(&id)), link::task(&known.cluster, &known.id)));
        Ok(whole(format!("Logs of task {}", words::short(&id)), crumbs, &of, &query, &lines))
    })
    .await
}

/// The last lines, or why there are none.
async fn lines(shared: &Shared, selection: Selection) -> Result<Vec<Item>, String> {
    let query = LogQuery { tail: Some(TAIL), ..LogQuery::default() };
    let mut reading = Reading::begin(&shared.logs, selection, query).await.map_err(|why| why.to_string())?;
    let mut lines = Vec::new();
    while let Some(item) = reading.next().await {
        lines.push(item);
    }
    let from = lines.len().saturating_sub(TAIL as usize);
    Ok(lines.split_off(from))
}

fn whole(
    title: String,
    crumbs: Vec<(String, String)>,
    of: &str,
    query: &str,
    lines: &Result<Vec<Item>, String>,
) -> Page {
    let address = format!("/v1/logs?cluster={}&{query}", link::encoded(of));
    let body = html! {
        div.controls role="group" aria-label="Log" data-live="off" {
            button id="pause" type="button" hidden { "Pause" }
            a.button href={ (address) "&tail=1000" } { "Last lines as JSON" }
        }
        @if let Err(why) = lines { p.refusal role="alert" { (why) } }
        // Followed by the script from the same lines on; without it the page is loaded again.
        div.log id="log" data-live="off" data-log={ (address) "&tail=" (TAIL) "&follow=true" } tabindex="0" role="log"
            aria-live="off" aria-label=(title) {
            @for item in lines.iter().flatten() { (line(item)) }
        }
    };
    let page = Page::new(title, Place::Elsewhere, body).below(crumbs);
    Page { fresh: Fresh::Reloaded, ..page }
}

fn line(item: &Item) -> Markup {
    match item {
        Item::Line(origin, line) => html! {
            p { time { (moment::shown(line.at).get(11..23).unwrap_or_default()) } " " b { (words::short(origin.task.as_str())) " " (origin.container) } " " span { (plain(&line.text)) } }
        },
        Item::Note(_, note) => html! { p.quiet { (note) } },
        Item::Cut(why) => html! { p.refusal { (why) } },
    }
}

/// Without the escape sequences that colour terminals.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '\u{1b}' && letters.next_if_eq(&'[').is_some() {
            // Parameters, up to the letter that ends the sequence.
            for letter in letters.by_ref() {
                if ('@'..='~').contains(&letter) {
                    break;
                }
            }
        } else if !letter.is_control() || letter == '\t' {
            plain.push(letter);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    #[test]
    fn colours_of_terminals_are_left_out_and_text_stays() {
        assert_eq!(super::plain("\u{1b}[1;31merror\u{1b}[0m: [a]\tb\r"), "error: [a]\tb");
        assert_eq!(super::plain("\u{1b}[1"), "");
    }
}
