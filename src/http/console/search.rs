//! Search: by any part of a name, an id, a host or an image; an ARN is looked up by its last part.

use mainstay_core::model::{ClusterStatus, ServiceStatus};
use maud::{Markup, html};

use super::frame::{Page, Place, Shown};
use super::{Seen, link, words};

/// Results of a kind that are shown.
const MOST: usize = 20;

pub(super) fn page(seen: &Seen<'_>) -> Shown {
    let Some(asked) = seen.query.get("q") else {
        let body = html! { p { "Type part of a name, an id, a host, an image, or a whole ARN." } };
        return Ok(Page::new("Search", Place::Elsewhere, body));
    };
    let wanted = wanted(asked);
    let is = |text: &str| text.to_lowercase().contains(&wanted);
    let view = seen.view();
    let clusters = view.clusters.filter(|one| one.status == ClusterStatus::Active && is(one.name.as_str()));
    let services = view.services.filter(|one| {
        one.status != ServiceStatus::Inactive
            && (is(one.key.name.as_str()) || is(one.definition.family.as_str()))
    });
    let tasks = view.tasks.filter(|one| {
        is(one.id.as_str())
            || is(&one.group)
            || is(one.definition.family.as_str())
            || one.containers.iter().any(|container| is(&container.image))
    });
    let instances = view.instances.filter(|one| is(one.id.as_str()) || is(&one.host));
    let found = clusters.len() + services.len() + tasks.len() + instances.len();
    let body = html! {
        p.summary data-say { (words::count(found, "result")) " for " q { (asked) } }
        (results("Clusters", clusters.len(), clusters.iter().map(|one| html! { a href=(link::cluster(&one.name)) { (one.name) } })))
        (results("Services", services.len(), services.iter().map(|one| html! {
            a href=(link::service(&one.key)) { (one.key) } " " span.quiet { (one.definition) }
        })))
        (results("Container instances", instances.len(), instances.iter().map(|one| html! {
            a href=(link::instance(&one.cluster, &one.id)) { (one.host) } " " span.mono.quiet { (one.id) }
        })))
        (results("Tasks", tasks.len(), tasks.iter().map(|one| html! {
            a.mono href=(link::task(&one.cluster, &one.id)) { (one.id) } " " (words::of_task(one)) " " span.quiet { (one.group) }
        })))
    };
    Ok(Page::new(format!("Search: {asked}"), Place::Elsewhere, body))
}

/// What is looked for: an ARN's last part, in small letters.
fn wanted(asked: &str) -> String {
    let part = if asked.starts_with("arn:") { asked.rsplit('/').next().unwrap_or(asked) } else { asked };
    part.to_lowercase()
}

fn results(kind: &str, many: usize, found: impl Iterator<Item = Markup>) -> Markup {
    html! {
        @if many > 0 {
            section {
                h2 { (kind) }
                ul.list { @for one in found.take(MOST) { li { (one) } } }
                @if many > MOST { p.quiet { "And " (many - MOST) " more; a longer word finds fewer." } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_arn_is_looked_up_by_its_last_part() {
        assert_eq!(super::wanted("arn:aws:ecs:us-east-1:000000000000:task/default/0AB"), "0ab");
        assert_eq!(super::wanted("Web/1"), "web/1");
    }
}
