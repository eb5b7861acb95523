//! Declared schedules: what CreateSchedule of EventBridge Scheduler takes, and what differs from what is there.

use std::path::{Path, PathBuf};

use hyper::Method;
use serde_json::{Map, Value, json};

use super::super::client::{CallError, Endpoint};
use super::{Failure, say};
use crate::api::foresight;

/// Members of a CreateSchedule that say nothing of the schedule.
const OF_THE_CALL: [&str; 3] = ["Name", "GroupName", "ClientToken"];
/// Members of a schedule as shown that are the daemon's to give.
const THE_DAEMONS: [&str; 5] = ["Arn", "CreationDate", "LastModificationDate", "Name", "GroupName"];

/// A schedule: what CreateSchedule takes.
#[derive(Debug)]
pub(super) struct Schedule {
    pub(super) file: PathBuf,
    pub(super) group: String,
    pub(super) name: String,
    request: Map<String, Value>,
}

/// What is to be done about a schedule.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    /// It is not there.
    Create,
    /// It differs at these paths.
    Update(Vec<String>),
    /// All is as declared.
    Keep,
}

impl Schedule {
    /// # Errors
    /// What the API would say of it without knowing what is there.
    pub(super) fn read(file: &Path, members: Map<String, Value>) -> Result<Self, String> {
        foresight::create_schedule(&Value::Object(members.clone()))?;
        let text = |member: &str| members.get(member).and_then(Value::as_str).map(str::to_owned);
        Ok(Self {
            file: file.to_owned(),
            group: text("GroupName").unwrap_or_else(|| "default".into()),
            name: text("Name").unwrap_or_default(),
            request: members,
        })
    }

    /// Group and name.
    pub(super) fn shown(&self) -> String {
        format!("{}/{}", self.group, self.name)
    }

    /// When it runs, for people.
    pub(super) fn expression(&self) -> &str {
        self.request.get("ScheduleExpression").and_then(Value::as_str).unwrap_or_default()
    }

    fn path(&self) -> String {
        format!("/schedules/{}", self.name)
    }

    /// The schedule of that name, where there is one.
    ///
    /// # Errors
    /// Where it cannot be asked for.
    pub(super) async fn look(&self, endpoint: &Endpoint) -> Result<Option<Value>, Failure> {
        let path = format!("{}?groupName={}", self.path(), self.group);
        match endpoint.rest(Method::GET, &path, None).await {
            Ok(shown) => Ok(Some(shown)),
            Err(refused) if refused.is("ResourceNotFoundException") => Ok(None),
            Err(other) => Err(self.failed(other)),
        }
    }

    /// What that takes. An update says everything anew, so that all has to be as declared, and what is not declared as
    /// it is with a new schedule.
    pub(super) fn plan(&self, known: Option<&Value>) -> Step {
        let Some(known) = known else { return Step::Create };
        let mut wanted = json!({
            "State": "ENABLED", "ScheduleExpressionTimezone": "UTC", "ActionAfterCompletion": "NONE",
        });
        let mut shown = known.clone();
        if let (Some(wanted), Some(shown)) = (wanted.as_object_mut(), shown.as_object_mut()) {
            wanted.extend(self.request.clone());
            wanted.retain(|member, _| !OF_THE_CALL.contains(&member.as_str()));
            shown.retain(|member, _| !THE_DAEMONS.contains(&member.as_str()));
        }
        let mut differs = Vec::new();
        super::plan::differences("", &wanted, &shown, &mut differs);
        if differs.is_empty() { Step::Keep } else { Step::Update(differs) }
    }

    /// # Errors
    /// Where it is refused.
    pub(super) async fn settle(&self, endpoint: &Endpoint, step: &Step) -> Result<(), Failure> {
        let (act, method) = match step {
            Step::Create => ("created", Method::POST),
            Step::Update(_) => ("updated", Method::PUT),
            Step::Keep => return Ok(()),
        };
        let request = Value::Object(self.request.clone());
        endpoint.rest(method, &self.path(), Some(&request)).await.map_err(|error| self.failed(error))?;
        say(act, &format!("schedule {}", self.shown()));
        Ok(())
    }

    fn failed(&self, error: CallError) -> Failure {
        let (code, text) = Failure::from(error);
        (code, format!("the schedule {}: {text}", self.name))
    }
}

impl Step {
    /// For people: what is done, and why.
    pub(super) fn row(&self, schedule: &Schedule) -> [String; 4] {
        let (act, why) = match self {
            Self::Create => ("create", schedule.expression().to_owned()),
            Self::Update(differs) => ("update", format!("differs in {}", differs.join(", "))),
            Self::Keep => ("unchanged", String::new()),
        };
        ["schedule".into(), schedule.shown(), act.into(), why]
    }

    /// For programs.
    pub(super) fn json(&self, schedule: &Schedule) -> Value {
        let (action, differs) = match self {
            Self::Create => ("create", Vec::new()),
            Self::Update(differs) => ("update", differs.clone()),
            Self::Keep => ("none", Vec::new()),
        };
        json!({
            "kind": "schedule", "name": schedule.name, "group": schedule.group, "action": action,
            "differs": differs,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(more: &Value) -> Schedule {
        let mut request = json!({
            "Name": "nightly", "ScheduleExpression": "cron(0 3 * * ? *)", "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {
                "Arn": "arn:aws:ecs:us-east-1:000000000000:cluster/default",
                "RoleArn": "arn:aws:iam::000000000000:role/any", "EcsParameters": {"TaskDefinitionArn": "web"},
            },
        });
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let Value::Object(request) = request else { panic!("an object") };
        Schedule::read(Path::new("schedule.json"), request).unwrap()
    }

    #[test]
    fn a_schedule_is_left_alone_where_all_is_as_declared_and_the_places_that_differ_are_told() {
        let schedule = declared(&json!({"ClientToken": "once"}));
        let mut known = Value::Object(schedule.request.clone());
        known["Arn"] = json!("arn");
        known["GroupName"] = json!("default");
        known["State"] = json!("ENABLED");
        known["ScheduleExpressionTimezone"] = json!("UTC");
        known["ActionAfterCompletion"] = json!("NONE");
        known.as_object_mut().unwrap().remove("ClientToken");
        assert_eq!(schedule.plan(Some(&known)), Step::Keep);
        assert_eq!(schedule.plan(None), Step::Create);
        known["State"] = json!("DISABLED");
        known["Target"]["EcsParameters"]["TaskCount"] = json!(2);
        let Step::Update(differs) = schedule.plan(Some(&known)) else { panic!("differs") };
        assert_eq!(differs, ["State", "Target.EcsParameters.TaskCount"]);
    }
}
