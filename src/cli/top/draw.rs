//! How `top` looks.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style, Stylize};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Cell, Clear, Paragraph, Row, Table, TableState};

use super::app::{App, Narrowing, Tab};

/// No column but the last is wider.
const WIDEST: usize = 40;
/// Nothing is left out for more of the last column.
const ENOUGH: usize = 28;
/// Between two columns.
const SPACING: u16 = 2;
const KEYS: &str =
    "1-4 tabs  ↑↓ move  / filter  s sort  r reverse  x explain  l logs  e exec  ? help  q quit";
const HELP: [&str; 16] = [
    "1 2 3 4, Tab   services, tasks, instances, the supervision tree",
    "↑ ↓ j k        the line above or below; PageUp, PageDown, Home, End",
    "/              show only lines that have a text; Esc shows all again",
    "s              sort by the next column",
    "r              sort the other way round",
    "a              tasks that are over, too (tab 2)",
    "x, Enter       why this service or task is as it is",
    "l              its logs, as they come; Ctrl-C ends them",
    "e              a shell in it",
    "q, Esc         quit",
    "",
    "CPU is in units (1024 a core), MEMORY in MiB: what containers use, of what",
    "the task or the instance has; `-` where nobody looked yet. CPU RSVD and",
    "MEM RSVD are reserved for tasks. Narrow terminals leave columns out.",
    "",
    "Any key goes back.",
];

/// Draws all of it.
pub(super) fn draw(frame: &mut Frame, app: &App, endpoint: &str) {
    let [head, body, foot] =
        Layout::vertical([Constraint::Length(1), Constraint::Fill(1), Constraint::Length(1)])
            .areas(frame.area());
    frame.render_widget(tabs(app, endpoint), head);
    table(frame, app, body);
    frame.render_widget(footer(app), foot);
    if app.help {
        help(frame, body);
    }
}

fn tabs(app: &App, endpoint: &str) -> Line<'static> {
    let mut spans = Vec::new();
    for (at, tab) in Tab::ALL.into_iter().enumerate() {
        let title = format!(" {} {} ", at + 1, tab.title());
        spans.push(if tab == app.tab { Span::from(title).reversed() } else { Span::from(title) });
    }
    spans.push(format!("  {endpoint}").dim());
    Line::from(spans)
}

fn table(frame: &mut Frame, app: &App, area: Rect) {
    let shown = app.shown();
    if shown.is_empty() {
        let why = match (app.heard, app.filter.is_empty()) {
            (false, _) => "asking…".to_owned(),
            (true, true) => "none".to_owned(),
            (true, false) => format!("none with '{}'; Esc in / shows all", app.filter),
        };
        frame.render_widget(Line::from(why).dim(), area);
        return;
    }
    let (sorted, falling) = app.sorting();
    let titles =
        app.tab.columns().iter().enumerate().map(|(at, title)| match at == sorted && app.tab != Tab::Tree {
            true => format!("{title}{}", if falling { "↓" } else { "↑" }),
            false => (*title).to_owned(),
        });
    let titles: Vec<String> = titles.collect();
    let columns = fitting(app.tab, &shown, &titles, usize::from(area.width), sorted);
    let last = columns.len().saturating_sub(1);
    let widths = columns.iter().enumerate().map(|(at, &(_, wide))| match at == last {
        true => Constraint::Fill(1),
        false => Constraint::Length(u16::try_from(wide).unwrap_or(u16::MAX)),
    });
    let widths: Vec<Constraint> = widths.collect();
    let titles: Vec<String> = columns.iter().map(|&(column, _)| titles[column].clone()).collect();
    let rows = shown.iter().map(|row| {
        let cells = columns.iter().map(|&(column, _)| Cell::from(row.cells[column].text.clone()));
        // By shape, too: colour alone says nothing to many.
        let style =
            if row.off { Style::new().fg(Color::Red).add_modifier(Modifier::BOLD) } else { Style::new() };
        Row::new(cells).style(style)
    });
    let table = Table::new(rows, widths)
        .column_spacing(SPACING)
        .header(Row::new(titles).bold())
        .row_highlight_style(Style::new().reversed());
    let mut state = TableState::new().with_selected(app.selected);
    frame.render_stateful_widget(table, area, &mut state);
}

/// The columns that are shown, and how wide: all of them where the width allows it, else fewer and narrower ones. What is
/// sorted by stays.
fn fitting(
    tab: Tab,
    rows: &[&super::app::Row],
    titles: &[String],
    width: usize,
    sorted: usize,
) -> Vec<(usize, usize)> {
    let wide = |column: usize| {
        let cells = rows.iter().map(|row| row.cells[column].text.chars().count());
        cells.max().unwrap_or(0).max(titles[column].chars().count()).min(WIDEST)
    };
    let last = titles.len() - 1;
    // The last one takes what is left; so much of it is enough.
    let needed = |column: usize| if column == last { wide(column).min(ENOUGH) } else { wide(column) };
    let mut columns: Vec<(usize, usize)> = (0..=last).map(|column| (column, needed(column))).collect();
    for narrowing in tab.narrowings() {
        let spaces = usize::from(SPACING) * columns.len().saturating_sub(1);
        if columns.iter().map(|(_, wide)| wide).sum::<usize>() + spaces <= width {
            break;
        }
        let is = |column: usize, name: &str| tab.columns()[column] == name;
        match *narrowing {
            Narrowing::Leave(name) => columns.retain(|&(column, _)| column == sorted || !is(column, name)),
            Narrowing::Cut(name, to) => {
                for (column, wide) in &mut columns {
                    if is(*column, name) {
                        *wide = to.max(titles[*column].chars().count()).min(*wide);
                    }
                }
            }
        }
    }
    columns
}

fn footer(app: &App) -> Line<'static> {
    if app.typing {
        return Line::from(format!("/{}▏ Enter keeps it, Esc shows all", app.filter)).bold();
    }
    if let Some(trouble) = &app.trouble {
        return Line::from(trouble.clone()).red().bold();
    }
    let filter = if app.filter.is_empty() { String::new() } else { format!("/{}  ", app.filter) };
    Line::from(vec![Span::from(filter).bold(), Span::from(KEYS).dim()])
}

fn help(frame: &mut Frame, area: Rect) {
    let lines = HELP.map(Line::from);
    frame.render_widget(Clear, area);
    frame.render_widget(Paragraph::new(lines.to_vec()), area);
}
