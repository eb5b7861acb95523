//! What can be done from the console: asked once more on a page of its own, then carried out by the ECS API of this process,
//! with its checks, its refusals and its words.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde_json::{Value, json};

use super::frame::{Fresh, Missing, Page, Place, Shown};
use super::paging::Query;
use super::{At, Seen, instance, link, rows, service, task, words};
use crate::api::wire::operations::Operation;
use crate::http::Shared;

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Scale,
    Deploy,
    Stop,
    Drain,
    Activate,
}

const ACTS: [(Act, &str, &str); 5] = [
    (Act::Scale, "services", "scale"),
    (Act::Deploy, "services", "deploy"),
    (Act::Stop, "tasks", "stop"),
    (Act::Drain, "instances", "drain"),
    (Act::Activate, "instances", "activate"),
];

impl Act {
    fn find(kind: &str, word: &str) -> Option<Self> {
        ACTS.iter().find(|(_, of, known)| *of == kind && *known == word).map(|(act, ..)| *act)
    }

    /// What is said once it is asked for.
    fn done(self) -> &'static str {
        match self {
            Self::Scale => "The desired count is changed; tasks follow.",
            Self::Deploy => "A new deployment has begun.",
            Self::Stop => "The task has been told to stop.",
            Self::Drain => "The container instance drains: services move their tasks elsewhere.",
            Self::Activate => "The container instance takes tasks again.",
        }
    }
}

/// What an act is on: cluster, kind, name, act.
type Subject = Path<(String, String, String, String)>;

/// `GET …/ACT`: asks once more.
pub(super) async fn ask(at: At, Path((of, kind, name, act)): Subject) -> Response {
    at.show(move |seen| {
        let act = Act::find(&kind, &act).ok_or_else(|| nothing_of(&kind, &act))?;
        question(seen, act, &of, &name, seen.query, None)
    })
    .await
}

/// `POST …/ACT`: does it, and leads back to where it was asked for.
pub(super) async fn carry_out(
    at: At,
    State(shared): State<Shared>,
    Path((of, kind, name, act)): Subject,
    body: Bytes,
) -> Response {
    let form = Query::read(&String::from_utf8_lossy(&body));
    let Some(found) = Act::find(&kind, &act) else {
        return at.show(move |_| Err(nothing_of(&kind, &act))).await;
    };
    let refusal = match request(found, &of, &name, &form) {
        Ok((operation, request)) => match shared.api.call(operation, &request).await {
            Ok(answer) => failure(&answer),
            Err(error) => Some(error.message().to_owned()),
        },
        Err(text) => Some(text),
    };
    let Some(refusal) = refusal else {
        let kind = link::encoded(&kind);
        let back = format!(
            "{}/clusters/{}/{kind}/{}?done={act}",
            link::ROOT,
            link::encoded(&of),
            link::encoded(&name)
        );
        return (StatusCode::SEE_OTHER, [(header::LOCATION, back)]).into_response();
    };
    at.show(move |seen| question(seen, found, &of, &name, &form, Some(&refusal))).await
}

fn nothing_of(kind: &str, act: &str) -> Missing {
    Missing::new(
        format!("such thing to do as to {act} {kind}"),
        "What can be done stands on the page of each thing.",
    )
}

/// The request that a client would send.
///
/// # Errors
/// What a form has that no request can carry.
fn request(act: Act, of: &str, name: &str, form: &Query) -> Result<(Operation, Value), String> {
    Ok(match act {
        Act::Scale => {
            let given = form.get("count").unwrap_or_default();
            let count: i32 = given.parse().map_err(|_| {
                format!("Desired count is '{given}'; it must be a whole number from 0 to 5000.")
            })?;
            let request = json!({ "cluster": of, "service": name, "desiredCount": count });
            (Operation::UpdateService, request)
        }
        Act::Deploy => {
            let request = json!({ "cluster": of, "service": name, "forceNewDeployment": true });
            (Operation::UpdateService, request)
        }
        Act::Stop => {
            let reason = form.get("reason").unwrap_or("Stopped in the console");
            (Operation::StopTask, json!({ "cluster": of, "task": name, "reason": reason }))
        }
        Act::Drain | Act::Activate => {
            let status = if act == Act::Drain { "DRAINING" } else { "ACTIVE" };
            let request = json!({ "cluster": of, "containerInstances": [name], "status": status });
            (Operation::UpdateContainerInstancesState, request)
        }
    })
}

/// What an answer says of something that did not work although the request did.
fn failure(answer: &[u8]) -> Option<String> {
    let answer: Value = serde_json::from_slice(answer).ok()?;
    let failed = answer.get("failures")?.get(0)?;
    Some(format!(
        "{}: {}",
        failed["arn"].as_str().unwrap_or_default(),
        failed["reason"].as_str().unwrap_or_default()
    ))
}

/// The page that asks once more; with what was wrong, where something was.
fn question(seen: &Seen<'_>, act: Act, of: &str, name: &str, form: &Query, refusal: Option<&str>) -> Shown {
    let (title, text, fields, word, back, crumbs) = match act {
        Act::Scale | Act::Deploy => {
            let (key, service) = service::known(seen, of, name)?;
            let mut crumbs = rows::crumbs_in(&key.cluster);
            crumbs.push((format!("Service {name}"), link::service(&key)));
            let back = link::service(&key);
            if act == Act::Deploy {
                let text = format!(
                    "New tasks of {} are started, and take the place of the {} that run, within the deployment's \
                     percentages.",
                    service.definition,
                    words::count(service.desired_count as usize, "task")
                );
                (format!("Deploy {name} anew?"), text, html! {}, "Deploy anew".to_owned(), back, crumbs)
            } else {
                let now = service.desired_count;
                let asked = form.get("count").unwrap_or_default();
                let text = match asked.parse::<u32>() {
                    Ok(count) if count > now => format!(
                        "From {now} to {count}: {} more.",
                        words::count((count - now) as usize, "task")
                    ),
                    Ok(0) => format!("From {now} to 0: all of its tasks are stopped."),
                    Ok(count) if count < now => format!(
                        "From {now} to {count}: {} stopped.",
                        words::count((now - count) as usize, "task")
                    ),
                    Ok(_) => format!("It wants {now} already."),
                    Err(_) => format!("It wants {now} now."),
                };
                let value = if asked.is_empty() { now.to_string() } else { asked.to_owned() };
                let fields = html! {
                    p {
                        label for="count" { "Desired count" }
                        input id="count" name="count" type="number" min="0" max="5000" required value=(value);
                    }
                };
                (format!("Scale {name}?"), text, fields, "Scale".to_owned(), back, crumbs)
            }
        }
        Act::Stop => {
            let known = task::known(seen, of, name)?;
            let mut crumbs = rows::crumbs_in(&known.cluster);
            crumbs.push(("Tasks".to_owned(), link::tasks(&known.cluster)));
            let replaced = matches!(known.owner, mainstay_core::model::TaskOwner::Service { .. });
            let text = format!(
                "Its containers get SIGTERM, and SIGKILL where they do not end in time. {}",
                if replaced {
                    "Its service starts another one in its place."
                } else {
                    "Nothing is started in its place."
                }
            );
            let fields = html! {
                p {
                    label for="reason" { "Reason, for whoever asks later" }
                    input id="reason" name="reason" type="text" maxlength="255" value=[form.get("reason")];
                }
            };
            let title = format!("Stop task {}?", words::short(name));
            (title, text, fields, "Stop the task".to_owned(), link::task(&known.cluster, &known.id), crumbs)
        }
        Act::Drain | Act::Activate => {
            let known = instance::known(seen, of, name)?;
            let crumbs = rows::crumbs_in(&known.cluster);
            let back = link::instance(&known.cluster, &known.id);
            let (title, text, word) = if act == Act::Drain {
                (
                    format!("Drain {}?", known.host),
                    "It gets no new tasks, and services move theirs elsewhere.",
                    "Drain",
                )
            } else {
                (format!("Let {} take tasks again?", known.host), "It becomes ACTIVE.", "Take tasks again")
            };
            (title, text.to_owned(), html! {}, word.to_owned(), back, crumbs)
        }
    };
    let body = html! {
        @if let Some(refusal) = refusal { p.refusal role="alert" { (refusal) } }
        p { (text) }
        form.question method="post" {
            (fields)
            div.controls { button.danger[act == Act::Stop] type="submit" { (word) } a.button href=(back) { "Cancel" } }
        }
    };
    let page = Page::new(title, Place::Elsewhere, body).below(crumbs);
    let status = if refusal.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    Ok(Page { status, fresh: Fresh::Still, ..page })
}

/// What was just done, on the page that a form leads back to.
pub(super) fn told(query: &Query) -> Markup {
    let done = query.get("done").and_then(|word| ACTS.iter().find(|(_, _, known)| *known == word));
    html! { @if let Some((act, ..)) = done { p.done role="status" data-live="off" { (act.done()) } } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(act: Act, form: &str, expected: Result<Value, &str>) {
        let asked = request(act, "shop", "web", &Query::read(form)).map(|(_, body)| body);
        assert_eq!(asked, expected.map_err(str::to_owned));
    }

    #[test]
    fn forms_become_the_requests_that_clients_send() {
        check(Act::Scale, "count=5", Ok(json!({ "cluster": "shop", "service": "web", "desiredCount": 5 })));
        check(
            Act::Deploy,
            "",
            Ok(json!({ "cluster": "shop", "service": "web", "forceNewDeployment": true })),
        );
        check(Act::Stop, "reason=a%26b", Ok(json!({ "cluster": "shop", "task": "web", "reason": "a&b" })));
        check(
            Act::Drain,
            "",
            Ok(json!({ "cluster": "shop", "containerInstances": ["web"], "status": "DRAINING" })),
        );
        let right = "it must be a whole number from 0 to 5000.";
        check(Act::Scale, "count=two", Err(&format!("Desired count is 'two'; {right}")));
        check(Act::Scale, "", Err(&format!("Desired count is ''; {right}")));
    }

    #[test]
    fn what_an_answer_says_of_a_failure_is_said() {
        let answer = br#"{"containerInstances":[],"failures":[{"arn":"arn:x","reason":"MISSING"}]}"#;
        assert_eq!(failure(answer), Some("arn:x: MISSING".to_owned()));
        assert_eq!(failure(br#"{"service":{},"failures":[]}"#), None);
    }

    #[test]
    fn only_what_is_known_can_be_done_to_a_thing() {
        assert_eq!(Act::find("services", "scale"), Some(Act::Scale));
        assert_eq!(Act::find("tasks", "scale"), None);
        let told = |query: &str| told(&Query::read(query)).into_string();
        assert!(told("done=deploy").contains("new deployment"));
        assert_eq!(told("done=<script>"), "");
    }
}
