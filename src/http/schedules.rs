//! What EventBridge Scheduler does not tell of a schedule: when it runs next, and what became of the last run.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use mainstay_core::model::Schedule;
use mainstay_core::schedule::Timetable;
use serde_json::{Value, json};

use super::{Shared, moment};

/// All schedules, by group and name.
pub(super) async fn list(State(shared): State<Shared>) -> Response {
    let here = &shared.control.context().settings.partition;
    let schedules = shared.control.view().schedules.all();
    let shown: Vec<Value> = schedules.iter().map(|schedule| show(here, schedule)).collect();
    Json(json!({ "schedules": shown })).into_response()
}

fn show(here: &mainstay_core::Partition, schedule: &Schedule) -> Value {
    let settings = &schedule.settings;
    let (expression, zone) = (&settings.expression, &settings.time_zone);
    let timetable = Timetable::new(expression, zone, settings.start, settings.end, schedule.since);
    let next = timetable.ok().filter(|_| settings.enabled).and_then(|all| all.after(schedule.considered));
    let last = schedule.last.as_ref().map(|last| {
        json!({
            "scheduledAt": moment(last.scheduled),
            "at": moment(last.at),
            "result": last.outcome.as_str(),
            "detail": last.detail,
            "tasks": last.tasks,
        })
    });
    let waiting = schedule.runs.iter().map(|run| {
        json!({
            "scheduledAt": moment(run.scheduled),
            "nextTryAt": moment(run.next_try),
            "failedTries": run.failed,
        })
    });
    json!({
        "arn": here.schedule(&schedule.key),
        "group": schedule.key.group,
        "name": schedule.key.name,
        "expression": expression,
        "timeZone": zone,
        "enabled": settings.enabled,
        "nextRunAt": next.map(moment),
        "waiting": waiting.collect::<Vec<_>>(),
        "lastRun": last,
    })
}
