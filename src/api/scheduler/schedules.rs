//! CreateSchedule, UpdateSchedule, DeleteSchedule, GetSchedule, ListSchedules.

use mainstay_actors::control::{ControlError, NewSchedule};
use mainstay_core::model::{DEFAULT_GROUP, Schedule, ScheduleSettings, Timestamp};
use mainstay_core::schedule::{Timetable, TimetableError, UTC};
use mainstay_core::{ScheduleGroupName, ScheduleKey, ScheduleName};

use super::{Api, as_validation, invalid_input, name, refused, target};
use crate::api::error::Answer;
use crate::api::paging::{Paging, page};
use crate::api::wire::scheduler::enums::{ActionAfterCompletion, FlexibleTimeWindowMode, ScheduleState};
use crate::api::wire::scheduler::structures::{
    self as wire, CreateScheduleInput, CreateScheduleOutput, DeleteScheduleInput, DeleteScheduleOutput,
    FlexibleTimeWindow, GetScheduleInput, GetScheduleOutput, ListSchedulesInput, ListSchedulesOutput,
    ScheduleSummary, TargetSummary, UpdateScheduleInput, UpdateScheduleOutput,
};
use crate::api::{signed, unsigned};

/// CreateSchedule.
pub(super) async fn create(api: &Api, request: CreateScheduleInput) -> Answer<CreateScheduleOutput> {
    let new = read(api, request)?;
    let made = api.control.create_schedule(new).await.map_err(|error| refused(&error))?;
    Ok(CreateScheduleOutput { schedule_arn: Some(api.here().schedule(&made.key)) })
}

/// UpdateSchedule: what it does not say is as with a new one.
pub(super) async fn update(api: &Api, request: UpdateScheduleInput) -> Answer<UpdateScheduleOutput> {
    let UpdateScheduleInput {
        action_after_completion,
        client_token,
        description,
        end_date,
        flexible_time_window,
        group_name,
        kms_key_arn,
        name,
        schedule_expression,
        schedule_expression_timezone,
        start_date,
        state,
        target,
    } = request;
    let same = CreateScheduleInput {
        action_after_completion,
        client_token,
        description,
        end_date,
        flexible_time_window,
        group_name,
        kms_key_arn,
        name,
        schedule_expression,
        schedule_expression_timezone,
        start_date,
        state,
        target,
    };
    let key = key(same.group_name.clone(), same.name.clone())?;
    if api.view().schedules.get(&key).is_none() {
        return Err(refused(&ControlError::ScheduleNotFound(key)));
    }
    let new = read(api, same)?;
    let made = api.control.update_schedule(new).await.map_err(|error| refused(&error))?;
    Ok(UpdateScheduleOutput { schedule_arn: Some(api.here().schedule(&made.key)) })
}

/// DeleteSchedule.
pub(super) async fn delete(api: &Api, request: DeleteScheduleInput) -> Answer<DeleteScheduleOutput> {
    // A deletion that is asked for twice finds nothing the second time, whatever token it has.
    let DeleteScheduleInput { client_token: _, group_name, name } = request;
    let key = key(group_name, name)?;
    api.control.delete_schedule(key).await.map_err(|error| refused(&error))?;
    Ok(DeleteScheduleOutput {})
}

/// GetSchedule.
pub(super) fn get(api: &Api, request: GetScheduleInput) -> Answer<GetScheduleOutput> {
    let GetScheduleInput { group_name, name } = request;
    let key = key(group_name, name)?;
    let found = api.view().schedules.get(&key);
    let found = found.ok_or_else(|| refused(&ControlError::ScheduleNotFound(key)))?;
    let settings = &found.settings;
    Ok(GetScheduleOutput {
        arn: Some(api.here().schedule(&found.key)),
        group_name: Some(found.key.group.to_string()),
        name: Some(found.key.name.to_string()),
        schedule_expression: Some(settings.expression.clone()),
        schedule_expression_timezone: Some(settings.time_zone.clone()),
        start_date: settings.start.map(Into::into),
        end_date: settings.end.map(Into::into),
        description: settings.description.clone(),
        state: Some(state_of(&found)),
        creation_date: Some(found.created_at.into()),
        last_modification_date: Some(found.modified_at.into()),
        kms_key_arn: None,
        target: target_of(&found),
        flexible_time_window: Some(FlexibleTimeWindow {
            mode: Some(match settings.flexible_minutes {
                Some(_) => FlexibleTimeWindowMode::Flexible,
                None => FlexibleTimeWindowMode::Off,
            }),
            maximum_window_in_minutes: settings.flexible_minutes.map(signed),
        }),
        action_after_completion: Some(if settings.delete_after_completion {
            ActionAfterCompletion::Delete
        } else {
            ActionAfterCompletion::None
        }),
    })
}

/// ListSchedules.
pub(super) fn list(api: &Api, request: ListSchedulesInput) -> Answer<ListSchedulesOutput> {
    let ListSchedulesInput { group_name, max_results, name_prefix, next_token, state } = request;
    let found = api.view().schedules.filter(|schedule| {
        group_name.as_ref().is_none_or(|group| schedule.key.group.as_str() == group)
            && name_prefix.as_ref().is_none_or(|prefix| schedule.key.name.as_str().starts_with(prefix))
            && state.as_ref().is_none_or(|state| *state == state_of(schedule))
    });
    let paging = Paging {
        operation: "ListSchedules",
        next_token: next_token.as_deref(),
        max_results,
        default: 100,
        descending: false,
    };
    let (found, next_token) =
        page(found, |schedule| schedule.key.to_string(), &paging).map_err(|error| as_validation(&error))?;
    let shown = found.iter().map(|schedule| ScheduleSummary {
        arn: Some(api.here().schedule(&schedule.key)),
        group_name: Some(schedule.key.group.to_string()),
        name: Some(schedule.key.name.to_string()),
        state: Some(state_of(schedule)),
        creation_date: Some(schedule.created_at.into()),
        last_modification_date: Some(schedule.modified_at.into()),
        target: target_of(schedule).map(|target| TargetSummary { arn: target.arn }),
    });
    Ok(ListSchedulesOutput { schedules: Some(shown.collect()), next_token })
}

fn state_of(schedule: &Schedule) -> ScheduleState {
    if schedule.settings.enabled { ScheduleState::Enabled } else { ScheduleState::Disabled }
}

fn target_of(schedule: &Schedule) -> Option<wire::Target> {
    serde_json::from_str(&schedule.settings.target).ok()
}

fn key(group: Option<String>, given: Option<String>) -> Answer<ScheduleKey> {
    let group = match group {
        None => DEFAULT_GROUP.to_owned(),
        Some(group) => name("GroupName", Some(group))?,
    };
    Ok(ScheduleKey { group: ScheduleGroupName::new(group), name: ScheduleName::new(name("Name", given)?) })
}

fn read(api: &Api, request: CreateScheduleInput) -> Answer<NewSchedule> {
    let CreateScheduleInput {
        action_after_completion,
        client_token,
        description,
        end_date,
        flexible_time_window,
        group_name,
        kms_key_arn,
        name,
        schedule_expression,
        schedule_expression_timezone,
        start_date,
        state,
        target: given_target,
    } = request;
    let key = key(group_name, name)?;
    if let Some(key) = kms_key_arn {
        let text = format!("KmsKeyArn is '{key}'; Mainstay encrypts nothing, so that it must be absent.");
        return Err(invalid_input(text));
    }
    let given_target = given_target.unwrap_or_default();
    let about = target::read(api.view(), api.here(), &given_target)?;
    let settings = ScheduleSettings {
        expression: schedule_expression.unwrap_or_default(),
        time_zone: schedule_expression_timezone.unwrap_or_else(|| UTC.to_owned()),
        start: start_date.map(Into::into),
        end: end_date.map(Into::into),
        enabled: state != Some(ScheduleState::Disabled),
        description,
        flexible_minutes: window(flexible_time_window.unwrap_or_default())?,
        delete_after_completion: action_after_completion == Some(ActionAfterCompletion::Delete),
        target: about.text,
        retry: about.retry,
        missed: about.missed,
        overlap: about.overlap,
    };
    check_timetable(api, &key, &settings)?;
    Ok(NewSchedule { key, settings, client_token })
}

/// What of a request is wrong whatever is there.
pub(super) fn foresee(request: CreateScheduleInput) -> Answer<()> {
    key(request.group_name, request.name)?;
    window(request.flexible_time_window.unwrap_or_default())?;
    let (expression, zone) = (request.schedule_expression, request.schedule_expression_timezone);
    let zone = zone.unwrap_or_else(|| UTC.to_owned());
    let dates = (request.start_date.map(Into::into), request.end_date.map(Into::into));
    timetable(&expression.unwrap_or_default(), &zone, dates, Timestamp::default()).map(drop)
}

fn timetable(
    expression: &str,
    zone: &str,
    (start, end): (Option<Timestamp>, Option<Timestamp>),
    since: Timestamp,
) -> Answer<Timetable> {
    Timetable::new(expression, zone, start, end, since).map_err(|error| match error {
        TimetableError::Expression(error) => {
            invalid_input(format!("Invalid Schedule Expression {expression}: {error}."))
        }
        TimetableError::Zone(_) => invalid_input(format!("Invalid ScheduleExpressionTimezone: {error}.")),
        TimetableError::EndsBeforeStart | TimetableError::Never => {
            invalid_input(format!("Invalid EndDate: {error}."))
        }
    })
}

/// What can be read, and comes to something unless it is as it was.
fn check_timetable(api: &Api, key: &ScheduleKey, settings: &ScheduleSettings) -> Answer<()> {
    let now = api.control.context().nature.wall();
    let ScheduleSettings { expression, time_zone, start, end, .. } = settings;
    let timetable = timetable(expression, time_zone, (*start, *end), now)?;
    let known = api.view().schedules.get(key);
    let unchanged = known.is_some_and(|known| {
        known.settings.expression == *expression
            && known.settings.time_zone == *time_zone
            && known.settings.start == *start
            && known.settings.end == *end
    });
    if !unchanged && timetable.check(Timestamp(now.0 - 1)).is_err() {
        let text = format!(
            "Invalid Schedule Expression {expression}: it means no time from now on, up to the EndDate."
        );
        return Err(invalid_input(text));
    }
    Ok(())
}

fn window(given: FlexibleTimeWindow) -> Answer<Option<u32>> {
    let FlexibleTimeWindow { maximum_window_in_minutes, mode } = given;
    match (mode, maximum_window_in_minutes) {
        (Some(FlexibleTimeWindowMode::Flexible), Some(minutes)) => Ok(Some(unsigned(minutes))),
        (Some(FlexibleTimeWindowMode::Flexible), None) => Err(invalid_input(
            "FlexibleTimeWindow.MaximumWindowInMinutes is absent; it must be 1 to 1440 where Mode is FLEXIBLE.",
        )),
        (_, Some(minutes)) => Err(invalid_input(format!(
            "FlexibleTimeWindow.MaximumWindowInMinutes is {minutes}; it must be absent where Mode is OFF."
        ))),
        (_, None) => Ok(None),
    }
}
