use std::time::Duration;

use jiff::civil::DateTime;
use proptest::prelude::*;

use super::*;
use crate::model::Timestamp;

/// A moment, as text in UTC.
fn at(text: &str) -> Timestamp {
    Timestamp(format!("{text}Z").parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

fn shown(moment: Timestamp) -> String {
    let moment = jiff::Timestamp::from_millisecond(moment.0).unwrap();
    jiff::tz::TimeZone::UTC.to_datetime(moment).strftime("%Y-%m-%dT%H:%M").to_string()
}

fn table(expression: &str, zone: &str, since: &str) -> Timetable {
    Timetable::new(expression, zone, None, None, at(since)).unwrap()
}

fn next(table: &Timetable, after: Timestamp, count: usize) -> Vec<Timestamp> {
    std::iter::successors(table.after(after), |&last| table.after(last)).take(count).collect()
}

#[track_caller]
fn check(table: &Timetable, after: &str, expected: &str) {
    let count = expected.split_whitespace().count().max(1);
    let found: Vec<String> = next(table, at(after), count).into_iter().map(shown).collect();
    assert_eq!(found.join(" "), expected, "{table:?}");
}

/// Fields, and the first three times after 2026-11-28T08:20, worked out by another program, day by day.
const TIMES: &[(&str, &str)] = &[
    ("* * * * ? *", "2026-11-28T08:21 2026-11-28T08:22 2026-11-28T08:23"),
    ("0 * * * ? *", "2026-11-28T09:00 2026-11-28T10:00 2026-11-28T11:00"),
    ("0/15 * * * ? *", "2026-11-28T08:30 2026-11-28T08:45 2026-11-28T09:00"),
    ("*/20 * * * ? *", "2026-11-28T08:40 2026-11-28T09:00 2026-11-28T09:20"),
    ("5/25 * * * ? *", "2026-11-28T08:30 2026-11-28T08:55 2026-11-28T09:05"),
    ("0-10 9 * * ? *", "2026-11-28T09:00 2026-11-28T09:01 2026-11-28T09:02"),
    ("0-30/10 9 * * ? *", "2026-11-28T09:00 2026-11-28T09:10 2026-11-28T09:20"),
    ("0,15,45 9 * * ? *", "2026-11-28T09:00 2026-11-28T09:15 2026-11-28T09:45"),
    ("0,10-12,30/15 9 * * ? *", "2026-11-28T09:00 2026-11-28T09:10 2026-11-28T09:11"),
    ("50-5 * * * ? *", "2026-11-28T08:50 2026-11-28T08:51 2026-11-28T08:52"),
    ("15 12 * * ? *", "2026-11-28T12:15 2026-11-29T12:15 2026-11-30T12:15"),
    ("0 18 ? * MON-FRI *", "2026-11-30T18:00 2026-12-01T18:00 2026-12-02T18:00"),
    ("0 8 1 * ? *", "2026-12-01T08:00 2027-01-01T08:00 2027-02-01T08:00"),
    ("0/10 * ? * MON-FRI *", "2026-11-30T00:00 2026-11-30T00:10 2026-11-30T00:20"),
    ("0/5 8-17 ? * MON-FRI *", "2026-11-30T08:00 2026-11-30T08:05 2026-11-30T08:10"),
    ("30 0/6 * * ? *", "2026-11-28T12:30 2026-11-28T18:30 2026-11-29T00:30"),
    ("0 */8 * * ? *", "2026-11-28T16:00 2026-11-29T00:00 2026-11-29T08:00"),
    ("0 22-2 * * ? *", "2026-11-28T22:00 2026-11-28T23:00 2026-11-29T00:00"),
    ("0 0 * * ? *", "2026-11-29T00:00 2026-11-30T00:00 2026-12-01T00:00"),
    ("0 0 1 1 ? *", "2027-01-01T00:00 2028-01-01T00:00 2029-01-01T00:00"),
    ("0 0 L * ? *", "2026-11-30T00:00 2026-12-31T00:00 2027-01-31T00:00"),
    ("0 0 LW * ? *", "2026-11-30T00:00 2026-12-31T00:00 2027-01-29T00:00"),
    ("0 0 L-3 * ? *", "2026-12-28T00:00 2027-01-28T00:00 2027-02-25T00:00"),
    ("0 0 l * ? *", "2026-11-30T00:00 2026-12-31T00:00 2027-01-31T00:00"),
    ("0 0 15W * ? *", "2026-12-15T00:00 2027-01-15T00:00 2027-02-15T00:00"),
    ("0 0 1W * ? *", "2026-12-01T00:00 2027-01-01T00:00 2027-02-01T00:00"),
    ("0 0 31W * ? *", "2026-12-31T00:00 2027-01-29T00:00 2027-03-31T00:00"),
    ("0 0 30W * ? *", "2026-11-30T00:00 2026-12-30T00:00 2027-01-29T00:00"),
    ("0 0 3W * ? *", "2026-12-03T00:00 2027-01-04T00:00 2027-02-03T00:00"),
    ("0 0 1,15 * ? *", "2026-12-01T00:00 2026-12-15T00:00 2027-01-01T00:00"),
    ("0 0 1,L * ? *", "2026-11-30T00:00 2026-12-01T00:00 2026-12-31T00:00"),
    ("0 0 1W,LW * ? *", "2026-11-30T00:00 2026-12-01T00:00 2026-12-31T00:00"),
    ("0 0 10-12 * ? *", "2026-12-10T00:00 2026-12-11T00:00 2026-12-12T00:00"),
    ("0 0 30-2 * ? *", "2026-11-30T00:00 2026-12-01T00:00 2026-12-02T00:00"),
    ("0 0 */10 * ? *", "2026-12-01T00:00 2026-12-11T00:00 2026-12-21T00:00"),
    ("0 0 5/10 * ? *", "2026-12-05T00:00 2026-12-15T00:00 2026-12-25T00:00"),
    ("0 0 31 * ? *", "2026-12-31T00:00 2027-01-31T00:00 2027-03-31T00:00"),
    ("0 0 29 2 ? *", "2028-02-29T00:00 2032-02-29T00:00 2036-02-29T00:00"),
    ("0 0 29 FEB ? *", "2028-02-29T00:00 2032-02-29T00:00 2036-02-29T00:00"),
    ("0 0 28,29 2 ? *", "2027-02-28T00:00 2028-02-28T00:00 2028-02-29T00:00"),
    ("0 0 L 2 ? *", "2027-02-28T00:00 2028-02-29T00:00 2029-02-28T00:00"),
    ("0 0 1 JAN,JUL ? *", "2027-01-01T00:00 2027-07-01T00:00 2028-01-01T00:00"),
    ("0 0 1 */3 ? *", "2027-01-01T00:00 2027-04-01T00:00 2027-07-01T00:00"),
    ("0 0 1 2/4 ? *", "2027-02-01T00:00 2027-06-01T00:00 2027-10-01T00:00"),
    ("0 0 1 OCT-FEB ? *", "2026-12-01T00:00 2027-01-01T00:00 2027-02-01T00:00"),
    ("0 0 1 3-9/2 ? *", "2027-03-01T00:00 2027-05-01T00:00 2027-07-01T00:00"),
    ("0 0 1 jan-Mar ? *", "2027-01-01T00:00 2027-02-01T00:00 2027-03-01T00:00"),
    ("0 0 ? * 1 *", "2026-11-29T00:00 2026-12-06T00:00 2026-12-13T00:00"),
    ("0 0 ? * 7 *", "2026-12-05T00:00 2026-12-12T00:00 2026-12-19T00:00"),
    ("0 0 ? * SUN *", "2026-11-29T00:00 2026-12-06T00:00 2026-12-13T00:00"),
    ("0 0 ? * L *", "2026-12-05T00:00 2026-12-12T00:00 2026-12-19T00:00"),
    ("0 0 ? * 6L *", "2026-12-25T00:00 2027-01-29T00:00 2027-02-26T00:00"),
    ("0 0 ? * FRIL *", "2026-12-25T00:00 2027-01-29T00:00 2027-02-26T00:00"),
    ("0 0 ? * 2#1 *", "2026-12-07T00:00 2027-01-04T00:00 2027-02-01T00:00"),
    ("0 0 ? * MON#1 *", "2026-12-07T00:00 2027-01-04T00:00 2027-02-01T00:00"),
    ("0 0 ? * TUE#5 *", "2026-12-29T00:00 2027-03-30T00:00 2027-06-29T00:00"),
    ("0 0 ? * 3#2 *", "2026-12-08T00:00 2027-01-12T00:00 2027-02-09T00:00"),
    ("0 0 ? * SAT,SUN *", "2026-11-29T00:00 2026-12-05T00:00 2026-12-06T00:00"),
    ("0 0 ? * FRI-MON *", "2026-11-29T00:00 2026-11-30T00:00 2026-12-04T00:00"),
    ("0 0 ? * 2-6 *", "2026-11-30T00:00 2026-12-01T00:00 2026-12-02T00:00"),
    ("0 0 ? * MON,WED#2,5L *", "2026-11-30T00:00 2026-12-07T00:00 2026-12-09T00:00"),
    ("0 0 ? * * *", "2026-11-29T00:00 2026-11-30T00:00 2026-12-01T00:00"),
    ("0 0 ? * 2/2 *", "2026-11-30T00:00 2026-12-02T00:00 2026-12-04T00:00"),
    ("0 10 ? 12 MON-FRI *", "2026-12-01T10:00 2026-12-02T10:00 2026-12-03T10:00"),
    ("15 10 ? * 6L 2026-2028", "2026-12-25T10:15 2027-01-29T10:15 2027-02-26T10:15"),
    ("0 0 1 1 ? 2030", "2030-01-01T00:00"),
    ("0 0 1 1 ? 2028-2032/2", "2028-01-01T00:00 2030-01-01T00:00 2032-01-01T00:00"),
    ("0 0 1 1 ? 2027,2040", "2027-01-01T00:00 2040-01-01T00:00"),
    ("0 0 1 1 ? 2199", "2199-01-01T00:00"),
    ("0 0 ? 2 SUN#5 *", "2032-02-29T00:00 2060-02-29T00:00 2088-02-29T00:00"),
    ("59 23 31 12 ? *", "2026-12-31T23:59 2027-12-31T23:59 2028-12-31T23:59"),
    ("0 0 1 1 ? 2027/50", "2027-01-01T00:00 2077-01-01T00:00 2127-01-01T00:00"),
];

#[test]
fn six_fields_mean_the_times_that_they_say() {
    for (fields, expected) in TIMES {
        check(
            &table(&format!("cron({fields})"), UTC, "2026-01-01T00:00:00"),
            "2026-11-28T08:20:00",
            expected,
        );
    }
}

#[track_caller]
fn refused(expression: &str, expected: &str) {
    let said =
        Expression::parse(expression).map_or_else(|error| error.to_string(), |found| format!("{found:?}"));
    assert_eq!(said, expected, "{expression}");
}

#[test]
fn what_is_wrong_is_told_with_its_field_and_column() {
    let form = "column 1: must be rate(VALUE UNIT), at(yyyy-mm-ddThh:mm:ss) or \
                cron(MINUTES HOURS DAY-OF-MONTH MONTH DAY-OF-WEEK YEAR)";
    for text in ["", "5 minutes", "every(5 minutes)", "Rate(5 minutes)", "0 8 * * ? *"] {
        refused(text, form);
    }
    refused("rate(5 minutes", "column 14: must end with ')'");
    let rate = "column 6: rate takes a number and a unit, such as 'rate(5 minutes)'";
    for text in ["rate()", "rate(5)", "rate(5minutes)", "rate(5 minutes please)"] {
        refused(text, rate);
    }
    refused("rate(0 hours)", "value (column 6): '0' must be a whole number from 1 to 4294967295");
    refused("rate(-1 hours)", "value (column 6): '-1' must be a whole number from 1 to 4294967295");
    refused("rate(1.5 hours)", "value (column 6): '1.5' must be a whole number from 1 to 4294967295");
    refused("rate(5 weeks)", "unit (column 8): 'weeks' must be minute, minutes, hour, hours, day or days");
    for text in [
        "2026-11-20",
        "2026-11-20T13:00",
        "2026-11-20T13:00:00Z",
        "2026-02-29T00:00:00",
        "2026-11-20 13:00:00",
    ] {
        refused(
            &format!("at({text})"),
            &format!(
                "column 4: '{text}' must be a date and time that there is, as in 'at(2026-11-20T13:00:00)'"
            ),
        );
    }
    refused(
        "cron(0 8 * * ?)",
        "column 6: cron has 5 fields; it must have 6: minutes, hours, day-of-month, month, day-of-week and year",
    );
    refused("cron(60 8 * * ? *)", "minutes (column 6): '60' must be 0 to 59");
    refused("cron(? 8 * * ? *)", "minutes (column 6): '?' must be 0 to 59");
    refused("cron(0 24 * * ? *)", "hours (column 8): '24' must be 0 to 23");
    refused("cron(0  8,25 * * ? *)", "hours (column 11): '25' must be 0 to 23");
    refused("cron(0 8-25 * * ? *)", "hours (column 10): '25' must be 0 to 23");
    refused("cron(0 8, * * ? *)", "hours (column 10): something is missing beside a comma");
    refused("cron(0/0 8 * * ? *)", "minutes (column 8): the step '0' must be a number from 1 to 60");
    refused("cron(0/61 8 * * ? *)", "minutes (column 8): the step '61' must be a number from 1 to 60");
    refused("cron(0/x 8 * * ? *)", "minutes (column 8): the step 'x' must be a number from 1 to 60");
    refused("cron(- 8 * * ? *)", "minutes (column 6): '' must be 0 to 59");
    refused("cron(0 8 0 * ? *)", "day-of-month (column 10): '0' must be 1 to 31");
    refused("cron(0 8 32 * ? *)", "day-of-month (column 10): '32' must be 1 to 31");
    refused("cron(0 8 32W * ? *)", "day-of-month (column 10): '32' must be 1 to 31");
    refused("cron(0 8 1,W * ? *)", "day-of-month (column 12): '' must be 1 to 31");
    refused(
        "cron(0 8 L-31 * ? *)",
        "day-of-month (column 12): '31' must be 1 to 30 days before the last one",
    );
    refused("cron(0 8 1 13 ? *)", "month (column 12): '13' must be 1 to 12 or JAN to DEC");
    refused("cron(0 8 1 JANUARY ? *)", "month (column 12): 'JANUARY' must be 1 to 12 or JAN to DEC");
    refused("cron(0 8 ? * 0 *)", "day-of-week (column 14): '0' must be 1 to 7 or SUN to SAT");
    refused("cron(0 8 ? * MON#6 *)", "day-of-week (column 18): what follows '#' must be 1 to 5");
    refused("cron(0 8 ? * #2 *)", "day-of-week (column 14): '' must be 1 to 7 or SUN to SAT");
    refused("cron(0 8 ? * XL *)", "day-of-week (column 14): 'X' must be 1 to 7 or SUN to SAT");
    refused(
        "cron(0 8 * * MON *)",
        "day-of-week (column 14): 'MON' cannot be given beside '*' as day-of-month; one of the two must be '?'",
    );
    refused(
        "cron(0 8 ? * ? *)",
        "day-of-week (column 14): day-of-month is '?', too; one of the two must say on which days",
    );
    refused("cron(0 8 1 1 ? 1969)", "year (column 16): '1969' must be 1970 to 2199");
    refused("cron(0 8 1 1 ? 2030-2027)", "year (column 16): '2030-2027' ends before it begins");
}

#[test]
fn a_rate_begins_at_once_or_at_its_start_date_and_keeps_its_distance() {
    let table = table("rate(90 minutes)", "America/New_York", "2026-03-07T12:00:30");
    check(&table, "2026-03-07T12:00:29", "2026-03-07T12:00 2026-03-07T13:30 2026-03-07T15:00");
    check(&table, "2026-03-07T13:30:30", "2026-03-07T15:00");
    let (start, end) = (Some(at("2026-03-01T10:00:00")), Some(at("2026-03-09T10:00:00")));
    let table =
        Timetable::new("rate(2 days)", "America/New_York", start, end, at("2026-03-04T00:00:00")).unwrap();
    check(&table, "2026-03-04T00:00:00", "2026-03-05T10:00 2026-03-07T10:00 2026-03-09T10:00");
    assert_eq!(
        table.after(at("2026-03-09T10:00:00")),
        None,
        "a rate of days knows 24 hours only, and the end"
    );
}

#[test]
fn a_time_that_clocks_skip_is_skipped_and_one_they_show_twice_runs_once() {
    // Berlin: 02:00 to 03:00 is missing on 2026-03-29, and comes twice on 2026-10-25.
    let daily = table("cron(30 2 * * ? *)", "Europe/Berlin", "2026-01-01T00:00:00");
    check(&daily, "2026-03-27T12:00:00", "2026-03-28T01:30 2026-03-30T00:30");
    check(&daily, "2026-10-24T12:00:00", "2026-10-25T00:30 2026-10-26T01:30");
    check(&daily, "2026-10-25T00:30:00", "2026-10-26T01:30");
    let often = table("cron(0/30 * * * ? *)", "Europe/Berlin", "2026-01-01T00:00:00");
    check(&often, "2026-10-25T00:00:00", "2026-10-25T00:30 2026-10-25T02:00 2026-10-25T02:30");
    check(&often, "2026-10-25T01:10:00", "2026-10-25T02:00");
    check(&often, "2026-03-29T00:30:00", "2026-03-29T01:00 2026-03-29T01:30");
    // New York's first of November, 01:30, and a half-hour zone.
    let sunday = table("cron(30 1 ? * SUN *)", "America/New_York", "2026-01-01T00:00:00");
    check(&sunday, "2026-10-31T00:00:00", "2026-11-01T05:30 2026-11-08T06:30");
    let howe = table("cron(15 2 ? * SUN *)", "Australia/Lord_Howe", "2026-01-01T00:00:00");
    check(&howe, "2026-09-30T00:00:00", "2026-10-10T15:15");
}

#[test]
fn a_one_time_schedule_runs_once_in_its_zone_and_after_the_gap_it_falls_into() {
    let once = table("at(2026-11-20T13:00:00)", "Asia/Tokyo", "2026-01-01T00:00:00");
    check(&once, "2026-11-20T00:00:00", "2026-11-20T04:00");
    assert_eq!(once.after(at("2026-11-20T04:00:00")), None);
    let gap = table("at(2026-03-29T02:30:00)", "Europe/Berlin", "2026-01-01T00:00:00");
    check(&gap, "2026-01-01T00:00:00", "2026-03-29T01:30");
    let dates = (Some(at("2027-01-01T00:00:00")), Some(at("2027-02-01T00:00:00")));
    let once =
        Timetable::new("at(2026-11-20T13:00:00)", UTC, dates.0, dates.1, at("2026-01-01T00:00:00")).unwrap();
    check(&once, "2026-01-01T00:00:00", "2026-11-20T13:00");
}

#[test]
fn start_and_end_bound_a_recurring_schedule_and_zones_have_iana_names() {
    let (start, end) = (Some(at("2026-06-10T08:00:00")), Some(at("2026-06-12T08:00:00")));
    let table = Timetable::new("cron(0 8 * * ? *)", UTC, start, end, at("2026-01-01T00:00:00")).unwrap();
    check(&table, "2026-01-01T00:00:00", "2026-06-10T08:00 2026-06-11T08:00 2026-06-12T08:00");
    assert_eq!(table.after(at("2026-06-12T08:00:00")), None);
    let failed = |zone, start, end| {
        Timetable::new("rate(1 day)", zone, start, end, at("2026-01-01T00:00:00")).unwrap_err()
    };
    assert_eq!(failed(UTC, end, start), TimetableError::EndsBeforeStart);
    assert_eq!(
        failed("Europe/Atlantis", None, None).to_string(),
        "'Europe/Atlantis' must be a time zone of the IANA database, such as Europe/Berlin or UTC"
    );
    let never = Timetable::new("cron(0 0 30 2 ? *)", UTC, None, None, at("2026-01-01T00:00:00")).unwrap();
    assert_eq!(never.check(at("2026-01-01T00:00:00")), Err(TimetableError::Never));
}

const RETRY: Retry = Retry { attempts: 3, maximum_age_seconds: 3600 };

#[track_caller]
fn check_due(missed: Missed, considered: &str, now: &str, runs: &str, given_up: u64) {
    let table = table("rate(10 minutes)", UTC, "2026-06-01T00:00:00");
    let due = due(&table, at(considered), at(now), missed, &RETRY);
    let shown: Vec<String> = due.runs.iter().copied().map(shown).collect();
    assert_eq!((shown.join(" ").as_str(), due.missed), (runs, given_up));
    assert!(due.considered >= at(considered), "{due:?}");
    let again = super::due(&table, due.considered, at(now), missed, &RETRY);
    assert_eq!((again.runs, again.missed), (vec![], 0), "decided is decided");
}

#[test]
fn what_was_missed_is_made_good_as_the_policy_says() {
    for missed in [Missed::Skip, Missed::Last, Missed::All] {
        check_due(missed, "2026-06-01T00:50:00", "2026-06-01T01:00:05", "2026-06-01T01:00", 0);
        check_due(missed, "2026-06-01T01:00:00", "2026-06-01T01:00:05", "", 0);
    }
    let late = ("2026-06-01T00:50:00", "2026-06-01T01:35:00");
    check_due(Missed::Skip, late.0, late.1, "", 4);
    check_due(Missed::Last, late.0, late.1, "2026-06-01T01:30", 3);
    check_due(
        Missed::All,
        late.0,
        late.1,
        "2026-06-01T01:00 2026-06-01T01:10 2026-06-01T01:20 2026-06-01T01:30",
        0,
    );
    // Older than the maximum event age is over.
    let old = ("2026-06-01T00:50:00", "2026-06-01T02:25:00");
    check_due(
        Missed::All,
        old.0,
        old.1,
        "2026-06-01T01:30 2026-06-01T01:40 2026-06-01T01:50 2026-06-01T02:00 2026-06-01T02:10 2026-06-01T02:20",
        3,
    );
    // A machine that slept for years neither counts nor runs for ever.
    check_due(Missed::Last, "2026-06-01T00:50:00", "2036-06-01T00:00:01", "2036-06-01T00:00", 1005);
}

#[test]
fn a_clock_that_was_set_back_far_is_believed_and_a_little_repeats_nothing() {
    let table = table("rate(10 minutes)", UTC, "2026-06-01T00:00:00");
    let back = |now| due(&table, at("2026-06-01T05:00:00"), at(now), Missed::Last, &RETRY);
    assert_eq!(back("2026-06-01T04:30:00").considered, at("2026-06-01T05:00:00"));
    assert_eq!(back("2026-06-01T03:00:00").considered, at("2026-06-01T03:00:00"));
}

#[test]
fn tries_are_made_at_growing_distances_until_they_are_too_many_or_too_late() {
    let begun = at("2026-06-01T00:00:00");
    let wait = |failed, now, chance| RETRY.wait(failed, begun, at(now), chance);
    assert_eq!(wait(1, "2026-06-01T00:00:01", 0.0), Some(Duration::from_secs(1)));
    assert_eq!(wait(3, "2026-06-01T00:00:10", 0.0), Some(Duration::from_secs(4)));
    assert_eq!(wait(3, "2026-06-01T00:00:10", 1.0), Some(Duration::from_secs(5)));
    assert_eq!(wait(4, "2026-06-01T00:00:10", 0.0), None);
    assert_eq!(wait(1, "2026-06-01T01:00:00", 0.0), None);
    let patient = Retry::default();
    assert_eq!(patient.wait(100, begun, at("2026-06-01T12:00:00"), 0.0), Some(Duration::from_secs(600)));
    assert!(is_too_late(begun, at("2026-06-01T00:01:01"), Missed::Skip, &RETRY));
    assert!(!is_too_late(begun, at("2026-06-01T00:59:00"), Missed::Last, &RETRY));
    let window = |chance| shown(within_window(begun, Some(60), chance));
    assert_eq!((window(0.0), window(0.5)), ("2026-06-01T00:00".into(), "2026-06-01T00:30".into()));
}

#[test]
fn an_overlap_is_what_the_policy_says_and_none_where_nothing_is_left() {
    for policy in [Overlap::Allow, Overlap::Skip, Overlap::Replace] {
        assert_eq!(policy.begin(0), Beginning::Now);
    }
    let beside = [Overlap::Allow, Overlap::Skip, Overlap::Replace].map(|policy| policy.begin(2));
    assert_eq!(beside, [Beginning::Now, Beginning::Not, Beginning::AfterStopping]);
}

/// A field of plain numbers.
fn numbers(low: u16, high: u16) -> impl Strategy<Value = String> {
    let one = move || low..=high;
    prop_oneof![
        Just("*".to_owned()),
        one().prop_map(|value| value.to_string()),
        (one(), one()).prop_map(|(from, to)| format!("{from}-{to}")),
        (one(), 1..=(high - low)).prop_map(|(from, step)| format!("{from}/{step}")),
        proptest::collection::vec(one(), 1..4).prop_map(|values| values
            .iter()
            .map(u16::to_string)
            .collect::<Vec<_>>()
            .join(",")),
    ]
}

fn days() -> impl Strategy<Value = (String, String)> {
    let special =
        prop_oneof![Just("L".to_owned()), Just("LW".to_owned()), (1..=31).prop_map(|day| format!("{day}W"))];
    let of_month = prop_oneof![numbers(1, 31), special];
    let special = prop_oneof![
        (1..=7, 1..=5).prop_map(|(day, nth)| format!("{day}#{nth}")),
        (1..=7).prop_map(|day| format!("{day}L"))
    ];
    let of_week = prop_oneof![numbers(1, 7), special];
    prop_oneof![of_month.prop_map(|day| (day, "?".into())), of_week.prop_map(|day| ("?".into(), day))]
}

proptest! {
    #[test]
    fn runs_come_after_now_one_after_the_other_at_times_that_the_fields_mean(
        minutes in numbers(0, 59), hours in numbers(0, 23), (of_month, of_week) in days(), months in numbers(1, 12),
        zone_name in prop_oneof![Just("UTC"), Just("Europe/Berlin"), Just("America/New_York"), Just("Asia/Kolkata")],
        now in 1_700_000_000_000_i64..1_900_000_000_000,
    ) {
        let text = format!("cron({minutes} {hours} {of_month} {months} {of_week} *)");
        let table = Timetable::new(&text, zone_name, None, None, Timestamp(now)).unwrap();
        let Expression::Cron(fields) = Expression::parse(&text).unwrap() else { panic!("no cron") };
        let mut last = Timestamp(now);
        let mut seen: Option<DateTime> = None;
        for run in next(&table, last, 5) {
            prop_assert!(run > last, "{text}");
            let local = zone(zone_name).unwrap().to_datetime(jiff::Timestamp::from_millisecond(run.0).unwrap());
            prop_assert!(fields.means(local), "{text}: {local}");
            prop_assert!(seen.is_none_or(|seen| seen < local), "{text}: {local} again");
            (last, seen) = (run, Some(local));
        }
    }

    #[test]
    fn no_text_is_more_than_an_error(text in "(cron|rate|at)\\([0-9LW#?*/, MONA-F-]{0,24}\\)?") {
        if let Ok(table) = Timetable::new(&text, UTC, None, None, Timestamp(0)) {
            prop_assert!(table.after(Timestamp(0)).is_none_or(|run| run > Timestamp(0)));
        }
    }
}
