use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::*;
use crate::cli::survey::Event;
use crate::cli::top::draw::draw;

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

fn with_services() -> App {
    let mut app = App::new(Tab::Services, "");
    app.hear(Ok(Seen::Services(vec![
        service("web", 9, 1.0),
        service("api", 10, 2.0),
        service("db", 2, 3.0),
    ])));
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
    let mut terminal = Terminal::new(TestBackend::new(100, 16)).unwrap();
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
    app.hear(Ok(Seen::Services(vec![service("web", 1, 0.0)])));
    assert!(app.shown().is_empty());
    assert!(screen(&app).contains("asking…"));
    app.hear(Ok(Seen::Tasks(vec![])));
    assert!(screen(&app).contains("none"));
}

#[test]
fn what_was_seen_last_stays_while_the_daemon_does_not_answer() {
    let mut app = with_services();
    app.hear(Err("no answer from http://here".into()));
    let shown = screen(&app);
    assert!(shown.contains("no answer from http://here") && shown.contains("web"), "{shown}");
    app.hear(Ok(Seen::Services(vec![])));
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
