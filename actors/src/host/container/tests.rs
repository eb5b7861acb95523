use mainstay_core::TaskId;

use super::*;

const AT: Timestamp = Timestamp(1_000_000);

/// A container that runs, with a limit of memory.
fn running() -> Container {
    let definition = crate::sim::container("web");
    let spec = ContainerSpec {
        gpu_ids: Vec::new(),
        engine_name: "ecs-x".into(),
        definition,
        stop_timeout: Duration::from_secs(30),
        version: None,
    };
    let mut container = Container::new(spec, false);
    assert_eq!(container.seen(&sight(EngineState::Running), News::default(), among()), Sight::Noted);
    assert_eq!(container.phase, Phase::Running);
    container
}

fn sight(state: EngineState) -> EngineContainer {
    EngineContainer {
        id: EngineId::new("c"),
        task: TaskId::new("t"),
        name: "web".into(),
        state,
        health: Health::Unknown,
        checked: false,
        network_bindings: Vec::new(),
        interface: None,
        image_digest: None,
        image_id: None,
        started_at: Some(AT),
    }
}

fn killed(out_of_memory: bool) -> EngineContainer {
    let at = Some(AT.after(Duration::from_secs(5)));
    sight(EngineState::Exited(Exit { code: KILLED, out_of_memory, at, error: None }))
}

#[allow(clippy::disallowed_methods, reason = "a pure test needs some instant, whichever")]
fn among() -> Circumstances {
    let now = Now { wall: AT.after(Duration::from_secs(5)), steady: Instant::now() };
    Circumstances { now, limited: false }
}

#[test]
fn a_look_that_began_before_an_end_says_nothing_of_a_start_from_outside() {
    let mut container = running();
    let before = container.news;
    container.note_end();
    container.ended(1, AT);
    assert_eq!(container.seen(&sight(EngineState::Running), before, among()), Sight::Noted);
    let after = container.news;
    assert_eq!(container.seen(&sight(EngineState::Running), after, among()), Sight::RunsAgain);
}

#[test]
fn an_end_is_no_start_in_place() {
    let mut container = running();
    container.note_end();
    assert!(!container.may_start_again(1, AT), "it has no restart policy");
}

#[test]
fn one_that_was_killed_is_looked_at_once_more_and_then_told() {
    let mut container = running();
    let news = container.news;
    assert_eq!(container.seen(&killed(false), news, among()), Sight::LookLater);
    assert_eq!((container.phase, container.report.status), (Phase::Killed, ContainerStatus::Ending));
    assert!(!container.differs(Some(&killed(false))), "an audit has nothing to find meanwhile");
    assert_eq!(container.seen(&killed(true), news, among()), Sight::Noted);
    assert_eq!((container.phase, container.report.exit_code), (Phase::Stopped, Some(KILLED)));
    assert_eq!(
        container.report.reason.as_deref(),
        Some("OutOfMemoryError: Container killed due to memory usage")
    );
}

#[test]
fn nobody_looks_twice_where_the_reason_is_known_or_cannot_be_its_memory() {
    let told_at_once = |change: fn(&mut Container, &mut Circumstances), seen: EngineContainer| {
        let (mut container, mut among) = (running(), among());
        change(&mut container, &mut among);
        let news = container.news;
        assert_eq!(container.seen(&seen, news, among), Sight::Noted);
        assert_eq!(container.phase, Phase::Stopped);
    };
    told_at_once(|_, _| {}, killed(true));
    told_at_once(|container, _| container.begin(Act::Stop), killed(false));
    told_at_once(|_, among| among.now.wall = AT.after(Duration::from_secs(6)), killed(false));
    told_at_once(|container, _| container.spec.definition.memory = None, killed(false));
}
