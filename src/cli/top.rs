//! `mainstay top`: services, tasks, container instances and the tree on a terminal, as they change.

mod app;
mod draw;
mod gather;
mod used;

use std::io::IsTerminal as _;
use std::process::{Command, ExitCode};
use std::sync::mpsc;
use std::time::Duration;

use clap::Args;
use ratatui::DefaultTerminal;
use ratatui::backend::Backend as _;
use ratatui::crossterm::event::{self, Event, KeyEventKind};
use tokio::signal::unix::{SignalKind, signal};

use super::client::{Address, Endpoint};
use super::outcome::{EXIT_USAGE, Failure};
use app::{Act, App, Tab};
use gather::Gatherer;

/// A key is noticed at once; news of the daemon within this time.
const NEWS: Duration = Duration::from_millis(100);

#[derive(Debug, Args)]
pub(super) struct Asked {
    /// Seconds between two looks at what a tab shows.
    #[arg(long, value_name = "SECONDS", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=3600))]
    interval: u64,
    #[command(flatten)]
    daemon: Address,
}

/// Shows it until `q`. Ends with 0, 64 where it is not understood or there is no terminal.
pub(super) fn run(asked: &Asked) -> ExitCode {
    if !std::io::stdout().is_terminal() {
        eprintln!("mainstay top: it needs a terminal; `mainstay status` prints one screen anywhere");
        return ExitCode::from(EXIT_USAGE);
    }
    ended("top", show(&asked.daemon, App::new(Tab::Services, ""), Duration::from_secs(asked.interval)))
}

/// `mainstay tree --watch`: the same, at the tree.
pub(super) fn watch_tree(daemon: &Address, below: Option<&str>) -> ExitCode {
    let app = App::new(Tab::Tree, below.unwrap_or_default());
    ended("tree", show(daemon, app, Duration::from_secs(1)))
}

fn ended(name: &str, done: Result<(), Failure>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err((code, text)) => {
            eprintln!("mainstay {name}: {text}");
            ExitCode::from(code)
        }
    }
}

fn show(daemon: &Address, mut app: App, interval: Duration) -> Result<(), Failure> {
    let endpoint = daemon.endpoint().map_err(|error| (EXIT_USAGE, error))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(|error| (1, format!("no runtime: {error}")))?;
    let (news, heard) = mpsc::channel();
    let gatherer = Gatherer::begin(&runtime, endpoint.clone(), interval, news, app.wanted());
    let terminal =
        ratatui::try_init().map_err(|error| (1, format!("the terminal cannot be set up: {error}")))?;
    let done = watch(terminal, &mut app, &runtime, &endpoint, &gatherer, &heard);
    ratatui::restore();
    // What is being asked for is of no use to anybody any more.
    runtime.shutdown_background();
    done.map_err(|error| (1, format!("the terminal: {error}")))
}

fn watch(
    mut terminal: DefaultTerminal,
    app: &mut App,
    runtime: &tokio::runtime::Runtime,
    endpoint: &Endpoint,
    gatherer: &Gatherer,
    heard: &mpsc::Receiver<gather::News>,
) -> std::io::Result<()> {
    // What is taken for blank is not written, and not every terminal has a screen aside that is. (The terminal's own `clear`
    // asks it where the cursor is, which not all of them answer.)
    terminal.backend_mut().clear()?;
    let mut changed = true;
    loop {
        for news in heard.try_iter() {
            app.hear(news);
            changed = true;
        }
        if changed {
            terminal.draw(|frame| draw::draw(frame, app, &endpoint.to_string()))?;
            changed = false;
        }
        if !event::poll(NEWS)? {
            continue;
        }
        changed = true;
        let Event::Key(key) = event::read()? else { continue };
        if key.kind != KeyEventKind::Press {
            continue;
        }
        match app.press(key) {
            Act::Nothing => {}
            Act::Quit => return Ok(()),
            Act::Look => gatherer.want(app.wanted()),
            Act::Run(words) => {
                ratatui::restore();
                let failed = run_beside(runtime, endpoint, &words).err();
                terminal = ratatui::try_init()?;
                terminal.backend_mut().clear()?;
                app.note(failed.map(|error| format!("mainstay {} cannot be run: {error}", words.join(" "))));
                gatherer.want(app.wanted());
            }
        }
    }
}

/// Runs another command of this program on the terminal, and waits for it and then for Enter.
fn run_beside(
    runtime: &tokio::runtime::Runtime,
    endpoint: &Endpoint,
    words: &[String],
) -> std::io::Result<()> {
    // Ctrl-C is for the command; what is listened to does not end this one.
    let _guard = runtime.enter();
    let _interrupts = signal(SignalKind::interrupt())?;
    println_("")?;
    let mut command = Command::new(std::env::current_exe()?);
    let status = command.args(words).env("AWS_ENDPOINT_URL_ECS", endpoint.to_string()).status()?;
    println_(&format!("\n[mainstay {} ended with {status}; Enter goes back]", words.join(" ")))?;
    std::io::stdin().read_line(&mut String::new()).map(drop)
}

fn println_(text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    writeln!(std::io::stdout(), "{text}")
}
