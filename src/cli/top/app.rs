//! What `top` shows and what its keys do, without a terminal.

use std::cmp::Ordering;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::gather::{News, Seen, Wanted};
use super::used::Usage;
use crate::cli::survey::{Instance, Resource, Service, Task};
use crate::cli::tree::{self, Node};
use crate::cli::{ago, now};

/// What PageUp and PageDown go over.
const PAGE: usize = 10;

/// What is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tab {
    Services,
    Tasks,
    Instances,
    Tree,
}

impl Tab {
    pub(super) const ALL: [Self; 4] = [Self::Services, Self::Tasks, Self::Instances, Self::Tree];

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Services => "Services",
            Self::Tasks => "Tasks",
            Self::Instances => "Instances",
            Self::Tree => "Tree",
        }
    }

    pub(super) fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Services => &[
                "SERVICE", "CLUSTER", "RUNNING", "DESIRED", "CPU", "MEMORY", "ROLLOUT", "REVISION", "AGE",
                "SAID",
            ],
            Self::Tasks => &["TASK", "CLUSTER", "GROUP", "STATUS", "HEALTH", "CPU", "MEMORY", "AGE", "WHY"],
            Self::Instances => &[
                "INSTANCE", "CLUSTER", "HOST", "STATUS", "TASKS", "PENDING", "CPU", "MEMORY", "CPU RSVD",
                "MEM RSVD",
            ],
            Self::Tree => &["ACTOR"],
        }
    }

    /// What is done one after the other until all fits where the terminal is narrow.
    pub(super) fn narrowings(self) -> &'static [Narrowing] {
        use Narrowing::{Cut, Leave};
        match self {
            Self::Services => {
                &[Leave("REVISION"), Leave("CLUSTER"), Leave("AGE"), Cut("SERVICE", 24), Leave("ROLLOUT")]
            }
            Self::Tasks => {
                &[Cut("TASK", 8), Leave("CLUSTER"), Cut("GROUP", 24), Leave("AGE"), Leave("HEALTH")]
            }
            Self::Instances => &[
                Cut("INSTANCE", 8),
                Leave("CLUSTER"),
                Leave("PENDING"),
                Cut("HOST", 16),
                Leave("TASKS"),
                Cut("HOST", 12),
                Leave("INSTANCE"),
            ],
            Self::Tree => &[],
        }
    }

    fn at(self) -> usize {
        Self::ALL.iter().position(|&tab| tab == self).unwrap_or(0)
    }
}

/// How a column takes less of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Narrowing {
    /// It is not shown.
    Leave(&'static str),
    /// So many characters of it are.
    Cut(&'static str, usize),
}

/// What a key asks for beyond what is shown.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Act {
    Nothing,
    Quit,
    /// Ask the daemon anew.
    Look,
    /// Leave the screen to another command of this program.
    Run(Vec<String>),
}

/// What a line stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Subject {
    Service { cluster: String, name: String },
    Task { cluster: String, id: String },
    Other,
}

/// A cell: what is shown, and the number it is sorted by where it has one.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cell {
    pub(super) text: String,
    number: Option<f64>,
}

/// A line.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) cells: Vec<Cell>,
    /// Not as it should be.
    pub(super) off: bool,
    subject: Subject,
}

/// All that is shown.
#[derive(Debug)]
pub(super) struct App {
    pub(super) tab: Tab,
    rows: Vec<Row>,
    /// The column it is sorted by, of each tab, and whether from the largest down.
    sorted: [(usize, bool); 4],
    pub(super) filter: String,
    /// The filter is being typed.
    pub(super) typing: bool,
    pub(super) selected: usize,
    pub(super) stopped: bool,
    pub(super) help: bool,
    /// Why what is shown is old, or what else did not work.
    pub(super) trouble: Option<String>,
    /// Whether the daemon has answered for this tab.
    pub(super) heard: bool,
}

impl App {
    pub(super) fn new(tab: Tab, filter: &str) -> Self {
        Self {
            tab,
            rows: Vec::new(),
            sorted: [(0, false); 4],
            filter: filter.to_owned(),
            typing: false,
            selected: 0,
            stopped: false,
            help: false,
            trouble: None,
            heard: false,
        }
    }

    pub(super) fn wanted(&self) -> Wanted {
        Wanted { tab: self.tab, stopped: self.stopped }
    }

    /// The column it is sorted by, and whether from the largest down.
    pub(super) fn sorting(&self) -> (usize, bool) {
        self.sorted[self.tab.at()]
    }

    /// Takes what the daemon said.
    pub(super) fn hear(&mut self, news: News) {
        let now = now();
        let (tab, rows) = match news {
            Err(text) => {
                self.trouble = Some(text);
                return;
            }
            Ok(Seen::Services(all, usage)) => {
                (Tab::Services, all.iter().map(|one| of_service(one, &usage, now)).collect())
            }
            Ok(Seen::Tasks(all, usage)) => {
                (Tab::Tasks, all.iter().map(|one| of_task(one, &usage, now)).collect())
            }
            Ok(Seen::Instances(all, usage)) => {
                (Tab::Instances, all.iter().map(|one| of_instance(one, &usage)).collect())
            }
            Ok(Seen::Tree(nodes)) => (Tab::Tree, of_tree(nodes, &self.filter, now)),
        };
        // What was asked for before another tab was chosen.
        if tab == self.tab {
            self.rows = rows;
            (self.trouble, self.heard) = (None, true);
            self.hold();
        }
    }

    /// Says that something did not work, until the daemon's next word.
    pub(super) fn note(&mut self, trouble: Option<String>) {
        self.trouble = trouble;
    }

    /// What is shown: of the rows those that the filter leaves, in order.
    pub(super) fn shown(&self) -> Vec<&Row> {
        let wanted = self.filter.to_lowercase();
        let has = |row: &&Row| row.cells.iter().any(|cell| cell.text.to_lowercase().contains(&wanted));
        // The tree was filtered as a tree.
        let mut rows: Vec<&Row> = self.rows.iter().filter(|row| self.tab == Tab::Tree || has(row)).collect();
        let (column, falling) = self.sorting();
        if self.tab != Tab::Tree {
            rows.sort_by(|one, other| {
                let order = in_order(&one.cells[column], &other.cells[column]);
                if falling { order.reverse() } else { order }
            });
        }
        rows
    }

    /// Takes a key.
    pub(super) fn press(&mut self, key: KeyEvent) -> Act {
        if key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c') {
            return Act::Quit;
        }
        if self.typing {
            return self.typed(key.code);
        }
        if std::mem::take(&mut self.help) {
            return Act::Nothing;
        }
        match key.code {
            KeyCode::Char('q') | KeyCode::Esc => return Act::Quit,
            KeyCode::Char('?' | 'h') => self.help = true,
            KeyCode::Char('/') => self.typing = true,
            KeyCode::Char(digit @ '1'..='4') => return self.choose(digit as usize - '1' as usize),
            KeyCode::Tab | KeyCode::Right => return self.choose(self.tab.at() + 1),
            KeyCode::BackTab | KeyCode::Left => return self.choose(self.tab.at() + Tab::ALL.len() - 1),
            KeyCode::Down | KeyCode::Char('j') => self.move_to(self.selected + 1),
            KeyCode::Up | KeyCode::Char('k') => self.move_to(self.selected.saturating_sub(1)),
            KeyCode::PageDown => self.move_to(self.selected + PAGE),
            KeyCode::PageUp => self.move_to(self.selected.saturating_sub(PAGE)),
            KeyCode::Home | KeyCode::Char('g') => self.move_to(0),
            KeyCode::End | KeyCode::Char('G') => self.move_to(usize::MAX),
            KeyCode::Char('s') => {
                let columns = self.tab.columns().len();
                let sorted = &mut self.sorted[self.tab.at()];
                sorted.0 = (sorted.0 + 1) % columns;
            }
            KeyCode::Char('r') => self.sorted[self.tab.at()].1 ^= true,
            KeyCode::Char('a') if self.tab == Tab::Tasks => {
                self.stopped = !self.stopped;
                return Act::Look;
            }
            KeyCode::Char('l') => return self.run("logs", &["--follow", "--tail", "200"]),
            KeyCode::Char('x') | KeyCode::Enter => return self.run("explain", &[]),
            KeyCode::Char('e') => return self.run("exec", &["-it", "--", "sh"]),
            _ => {}
        }
        Act::Nothing
    }

    fn typed(&mut self, key: KeyCode) -> Act {
        match key {
            KeyCode::Enter => self.typing = false,
            KeyCode::Esc => {
                self.typing = false;
                self.filter.clear();
            }
            KeyCode::Backspace => drop(self.filter.pop()),
            KeyCode::Char(char) => self.filter.push(char),
            _ => return Act::Nothing,
        }
        self.hold();
        // The tree is filtered where it is made.
        if self.tab == Tab::Tree { Act::Look } else { Act::Nothing }
    }

    fn choose(&mut self, tab: usize) -> Act {
        let tab = Tab::ALL[tab % Tab::ALL.len()];
        if tab == self.tab {
            return Act::Nothing;
        }
        self.tab = tab;
        self.rows.clear();
        self.filter.clear();
        (self.selected, self.heard, self.trouble) = (0, false, None);
        Act::Look
    }

    fn move_to(&mut self, row: usize) {
        self.selected = row;
        self.hold();
    }

    /// Keeps the selection on what is shown.
    fn hold(&mut self) {
        self.selected = self.selected.min(self.shown().len().saturating_sub(1));
    }

    fn subject(&self) -> Subject {
        self.shown().get(self.selected).map_or(Subject::Other, |row| row.subject.clone())
    }

    fn run(&mut self, command: &str, options: &[&str]) -> Act {
        let (cluster, target) = match self.subject() {
            Subject::Service { cluster, name } => (cluster, name),
            Subject::Task { cluster, id } => (cluster, id),
            Subject::Other => {
                self.trouble = Some(format!("`{command}` is for a service or a task: tabs 1 and 2"));
                return Act::Nothing;
            }
        };
        let words = [command, &target, "--cluster", &cluster];
        Act::Run(words.iter().chain(options).map(|&word| word.to_owned()).collect())
    }
}

fn in_order(one: &Cell, other: &Cell) -> Ordering {
    match (one.number, other.number) {
        (Some(one), Some(other)) => one.total_cmp(&other),
        _ => one.text.cmp(&other.text),
    }
}

fn text(text: impl Into<String>) -> Cell {
    Cell { text: text.into(), number: None }
}

#[allow(clippy::cast_precision_loss, reason = "counts of tasks and megabytes")]
fn number(number: i64) -> Cell {
    Cell { text: number.to_string(), number: Some(number as f64) }
}

/// Sorted by how long ago.
fn age(now: f64, at: f64) -> Cell {
    Cell { text: ago(now - at), number: Some(now - at) }
}

/// How many percent of it are taken.
#[allow(clippy::cast_precision_loss, reason = "cores and megabytes")]
fn reserved(Resource { taken, of }: Resource) -> Cell {
    let part = if of == 0 { 0.0 } else { taken as f64 / of as f64 };
    Cell { text: format!("{:.0}%", part * 100.0), number: Some(part) }
}

/// What is in use, of how much where that is told; `-` where nobody looked, which is sorted below nothing in use.
fn used(amount: Option<f64>, of: Option<i64>) -> Cell {
    let told = match amount {
        // A small program has less than a MiB.
        Some(amount) if amount > 0.0 && amount < 9.95 => format!("{amount:.1}"),
        Some(amount) => format!("{amount:.0}"),
        None => "-".to_owned(),
    };
    let of = of.filter(|&of| of > 0).map(|of| format!(" of {of}")).unwrap_or_default();
    Cell { text: told + &of, number: Some(amount.unwrap_or(-1.0)) }
}

fn of_service(one: &Service, usage: &Usage, now: f64) -> Row {
    let of = usage.services.get(&(one.cluster.clone(), one.name.clone()));
    let said = one.event.as_ref().map_or(String::new(), |event| {
        let own = format!("(service {}) ", one.name);
        event.message.strip_prefix(&own).unwrap_or(&event.message).to_owned()
    });
    Row {
        cells: vec![
            text(&one.name),
            text(&one.cluster),
            number(one.running),
            number(one.desired),
            used(of.map(|of| of.cpu()), None),
            used(of.map(|of| of.memory()), None),
            text(&one.rollout),
            text(&one.revision),
            age(now, one.since),
            text(said),
        ],
        off: !one.as_desired,
        subject: Subject::Service { cluster: one.cluster.clone(), name: one.name.clone() },
    }
}

fn of_task(one: &Task, usage: &Usage, now: f64) -> Row {
    let of = usage.tasks.get(&one.id);
    Row {
        cells: vec![
            text(&one.id),
            text(&one.cluster),
            text(&one.group),
            text(&one.status),
            text(&one.health),
            used(of.map(|of| of.cpu()), Some(one.cpu)),
            used(of.map(|of| of.memory()), Some(one.memory)),
            age(now, one.created),
            text(one.reason.clone().unwrap_or_default()),
        ],
        off: one.health == "UNHEALTHY" || one.status != one.desired,
        subject: Subject::Task { cluster: one.cluster.clone(), id: one.id.clone() },
    }
}

fn of_instance(one: &Instance, usage: &Usage) -> Row {
    let of = usage.instances.get(&one.id);
    let status = if one.connected { &one.status } else { "engine away" };
    Row {
        cells: vec![
            text(&one.id),
            text(&one.cluster),
            text(&one.host),
            text(status),
            number(one.running),
            number(one.pending),
            used(of.map(|of| of.cpu()), Some(one.cpu.of)),
            used(of.map(|of| of.memory()), Some(one.memory.of)),
            reserved(one.cpu),
            reserved(one.memory),
        ],
        off: !one.connected,
        subject: Subject::Other,
    }
}

fn of_tree(nodes: Vec<Node>, filter: &str, now: f64) -> Vec<Row> {
    let nodes = tree::kept(nodes, (!filter.is_empty()).then_some(filter));
    let lines = tree::lines(&nodes, now);
    let row = |(node, line): (&Node, String)| Row {
        cells: vec![text(line)],
        off: node.since.is_none(),
        subject: of_path(&node.path),
    };
    nodes.iter().zip(lines).map(row).collect()
}

/// A service or a task by its place: `root/clusters/CLUSTER/services/SERVICE/TASK`, `root/clusters/CLUSTER/tasks/TASK`.
fn of_path(path: &str) -> Subject {
    let owned = str::to_owned;
    match path.split('/').collect::<Vec<_>>()[..] {
        [_, "clusters", cluster, "services", name] => {
            Subject::Service { cluster: owned(cluster), name: owned(name) }
        }
        [_, "clusters", cluster, "services", _, id] | [_, "clusters", cluster, "tasks", id] => {
            Subject::Task { cluster: owned(cluster), id: owned(id) }
        }
        _ => Subject::Other,
    }
}

#[cfg(test)]
mod tests;
