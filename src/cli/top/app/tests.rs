use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::*;
use crate::cli::survey::Event;
use crate::cli::top::draw::draw;
use crate::cli::top::used::told;

fn service(name: &str, running: i64, since: f64) -> Service {
    Service {
        cluster: "shop".into(),
        name: name.into(),
        desired: 10,
        running,
        pending: 0,
        rollout: "COMPLETED".into(),
        revision: format!("{name}:1"),
        since,
        event: Some(Event { at: 0.0, message: format!("(service {name}) has reached a steady state.") }),
        as_desired: running == 10,
    }
}

/// What a daemon tells, of which web uses the most CPU and api the most memory; nobody looked at db.
fn usage() -> Usage {
    told(
        r#"{"sampledAt": "2026-01-01T00:00:00Z",
            "tasks": [{"task": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "cpuCores": 0.5, "memoryBytes": 104857600}],
            "services": [{"cluster": "shop", "service": "web", "cpuCores": 1.5, "memoryBytes": 419430},
                         {"cluster": "shop", "service": "api", "cpuCores": 0, "memoryBytes": 104857600}],
            "instances": [{"instance": "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", "cpuCores": 1.5, "memoryBytes": 1073741824}]}"#,
    )
}

fn task(id: char, cpu: i64, memory: i64) -> Task {
    Task {
        cluster: "shop".into(),
        id: id.to_string().repeat(32),
        group: "service:a-service-with-a-long-name".into(),
        revision: "web:1".into(),
        status: "RUNNING".into(),
        desired: "RUNNING".into(),
        health: "HEALTHY".into(),
        cpu,
        memory,
        created: 0.0,
        reason: None,
        instance: None,
    }
}

fn instance(id: char) -> Instance {
    Instance {
        cluster: "shop".into(),
        id: id.to_string().repeat(32),
        host: format!("host-{id}.example.internal"),
        status: "ACTIVE".into(),
        connected: true,
        running: 3,
        pending: 0,
        cpu: Resource { taken: 512, of: 4096 },
        memory: Resource { taken: 1024, of: 8192 },
    }
}

fn with_services() -> App {
    let mut app = App::new(Tab::Services, "");
    app.hear(Ok(Seen::Services(
        vec![service("web", 9, 1.0), service("api", 10, 2.0), service("db", 2, 3.0)],
        usage(),
    )));
    app
}

fn press(app: &mut App, keys: &str) -> Act {
    let keys = keys.chars().map(|key| match key {
        '\n' => KeyCode::Enter,
        '\t' => KeyCode::Tab,
        char => KeyCode::Char(char),
    });
    keys.fold(Act::Nothing, |_, key| app.press(KeyEvent::new(key, KeyModifiers::NONE)))
}

fn first_column(app: &App) -> Vec<&str> {
    app.shown().iter().map(|row| row.cells[0].text.as_str()).collect()
}

/// What a terminal of 100 columns shows.
fn screen(app: &App) -> String {
    screen_of(app, 100)
}

fn screen_of(app: &App, columns: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(columns, 20)).unwrap();
    terminal.draw(|frame| draw(frame, app, "http://here")).unwrap();
    terminal.backend().to_string()
}

#[test]
fn numbers_are_sorted_as_numbers_either_way_round() {
    let mut app = with_services();
    assert_eq!(first_column(&app), ["api", "db", "web"]);
    press(&mut app, "ss");
    assert_eq!(first_column(&app), ["db", "web", "api"]);
    press(&mut app, "r");
    assert_eq!(first_column(&app), ["api", "web", "db"]);
}

#[test]
fn a_filter_leaves_the_lines_that_have_it_and_the_selection_on_one_of_them() {
    let mut app = with_services();
    press(&mut app, "jj/WE");
    assert_eq!(first_column(&app), ["web"]);
    assert_eq!(app.selected, 0);
    // While it is typed, keys are text.
    assert_eq!(press(&mut app, "q"), Act::Nothing);
    app.press(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE));
    assert_eq!(first_column(&app).len(), 3);
    assert_eq!(press(&mut app, "q"), Act::Quit);
}

#[test]
fn a_key_hands_what_is_selected_to_another_command() {
    let mut app = with_services();
    let words = |act| if let Act::Run(words) = act { words.join(" ") } else { format!("{act:?}") };
    assert_eq!(words(press(&mut app, "jx")), "explain db --cluster shop");
    assert_eq!(words(press(&mut app, "l")), "logs db --cluster shop --follow --tail 200");
    assert_eq!(words(press(&mut app, "e")), "exec db --cluster shop -it -- sh");
    assert_eq!(press(&mut app, "3"), Act::Look);
    assert_eq!(press(&mut app, "x"), Act::Nothing);
    assert!(app.trouble.as_deref().unwrap().contains("tabs 1 and 2"));
}

#[test]
fn an_answer_for_a_tab_that_was_left_is_not_shown() {
    let mut app = with_services();
    press(&mut app, "2");
    app.hear(Ok(Seen::Services(vec![service("web", 1, 0.0)], usage())));
    assert!(app.shown().is_empty());
    assert!(screen(&app).contains("asking…"));
    app.hear(Ok(Seen::Tasks(vec![], usage())));
    assert!(screen(&app).contains("none"));
}

#[test]
fn what_was_seen_last_stays_while_the_daemon_does_not_answer() {
    let mut app = with_services();
    app.hear(Err("no answer from http://here".into()));
    let shown = screen(&app);
    assert!(shown.contains("no answer from http://here") && shown.contains("web"), "{shown}");
    app.hear(Ok(Seen::Services(vec![], usage())));
    assert_eq!(app.trouble, None);
}

#[test]
fn a_node_of_the_tree_is_the_service_or_task_at_its_place() {
    let of = |path: &str| of_path(&format!("root/clusters/shop/{path}"));
    assert_eq!(of("services/web"), Subject::Service { cluster: "shop".into(), name: "web".into() });
    assert_eq!(of("services/web/abc"), Subject::Task { cluster: "shop".into(), id: "abc".into() });
    assert_eq!(of("tasks/abc"), Subject::Task { cluster: "shop".into(), id: "abc".into() });
    assert_eq!(of("agents/abc"), Subject::Other);
}

#[test]
fn the_screen_has_tabs_a_sorted_table_and_the_keys() {
    let shown = screen(&with_services());
    for part in ["1 Services", "4 Tree", "http://here", "SERVICE↑", "has reached a steady state.", "q quit"]
    {
        assert!(shown.contains(part), "{part} is not in\n{shown}");
    }
    let mut app = with_services();
    press(&mut app, "?");
    assert!(screen(&app).contains("Any key goes back."));
    press(&mut app, "q");
    assert!(screen(&app).contains("SERVICE"));
}

#[test]
fn what_is_used_is_shown_and_sorted_by_with_what_nobody_looked_at_below_nothing() {
    let mut app = with_services();
    press(&mut app, "ssssr");
    assert_eq!(first_column(&app), ["web", "api", "db"]);
    let cells = |app: &App| {
        app.shown()
            .iter()
            .map(|row| (row.cells[4].text.clone(), row.cells[5].text.clone()))
            .collect::<Vec<_>>()
    };
    let pair = |cpu: &str, memory: &str| (cpu.to_owned(), memory.to_owned());
    assert_eq!(cells(&app), [pair("1536", "0.4"), pair("0", "100"), pair("-", "-")]);
    press(&mut app, "s");
    assert_eq!(first_column(&app), ["api", "web", "db"]);
}

#[test]
fn a_task_uses_something_of_its_size_and_an_instance_of_what_it_has() {
    let mut app = App::new(Tab::Tasks, "");
    app.hear(Ok(Seen::Tasks(vec![task('a', 1024, 512), task('c', 256, 0)], usage())));
    let cells = |app: &App, row: usize, columns: std::ops::Range<usize>| {
        app.shown()[row].cells[columns].iter().map(|cell| cell.text.clone()).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(cells(&app, 0, 5..7), "512 of 1024, 100 of 512");
    assert_eq!(cells(&app, 1, 5..7), "- of 256, -");
    press(&mut app, "3");
    app.hear(Ok(Seen::Instances(vec![instance('b'), instance('d')], usage())));
    assert_eq!(cells(&app, 0, 6..10), "1536 of 4096, 1024 of 8192, 12%, 12%");
    assert_eq!(cells(&app, 1, 6..8), "- of 4096, - of 8192");
}

#[test]
fn on_a_narrow_terminal_the_columns_that_matter_and_what_is_sorted_by_are_whole() {
    let mut app = with_services();
    let shown = screen_of(&app, 80);
    for part in ["SERVICE↑", "RUNNING", "CPU", "MEMORY", "ROLLOUT", "1536", "has reached a"] {
        assert!(shown.contains(part), "{part} is not in\n{shown}");
    }
    assert!(!shown.contains("REVISION") && screen_of(&app, 160).contains("REVISION"), "{shown}");
    press(&mut app, "sssssss");
    assert!(screen_of(&app, 80).contains("REVISION↑"));
    press(&mut app, "2");
    app.hear(Ok(Seen::Tasks(vec![task('a', 1024, 512)], usage())));
    let shown = screen_of(&app, 80);
    for part in ["aaaaaaaa ", "RUNNING", "512 of 1024", "100 of 512"] {
        assert!(shown.contains(part), "{part} is not in\n{shown}");
    }
    press(&mut app, "3");
    app.hear(Ok(Seen::Instances(vec![instance('b')], usage())));
    let shown = screen_of(&app, 80);
    for part in ["host-b.examp", "ACTIVE", "1536 of 4096", "1024 of 8192", "CPU RSVD", "12%"] {
        assert!(shown.contains(part), "{part} is not in\n{shown}");
    }
}
