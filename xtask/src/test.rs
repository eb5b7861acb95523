//! `cargo xtask test`: everything that is checked, with a line for each check and its duration.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::daemon::Daemon;
use crate::machine::{
    Fallible, cargo_deny, debian, engine, output, project, say, virtual_environment, workshop,
};
use crate::{Outcome, Told, codegen, dashboards, image, soak, up};

/// How much of a failed check's log is shown when it fails.
const SHOWN_LINES: usize = 200;
/// How much of it is shown once more at the end, where whoever has only the end of the output looks for the reason.
const LAST_LINES: usize = 25;
/// Scenarios at once: each waits for containers most of the time.
const SCENARIOS_AT_ONCE: &str = "4";
/// Worlds in which everything goes wrong that a whole run tries; `actors/tests/seeds.rs` has what a quick one does.
const SEEDS: &str = "400";

/// What `test` is told.
pub struct Test {
    /// Leave out what takes minutes.
    pub quick: bool,
    /// Only these scenarios, in pytest's words.
    pub scenarios: Option<String>,
}

/// Runs all checks, the later ones also where an earlier one failed.
///
/// # Errors
/// Where the machine cannot be prepared, or a check failed.
pub fn test(with: &Test) -> Outcome {
    let began = now();
    let machine = Machine::prepare(with)?;
    let mut report = Report::new()?;
    let whole = !with.quick && with.scenarios.is_none();
    // First, since the soak needs it.
    report.check("building what the scenarios need", |log| {
        image::build_image()?;
        logged(log, "cargo", |cargo| cargo.args(["build", "--quiet", "--bin", "mainstay"]))
    });
    let python = machine.python.clone();
    // Mostly waits, so it runs beside what mostly compiles.
    let soak = whole.then(|| report.begin("soak", move |log| soaked(&python, log)));
    if with.scenarios.is_none() {
        static_checks(with, &machine, &mut report);
        report.check("unit and simulation tests", |log| {
            logged(log, "cargo", |cargo| {
                if whole {
                    cargo.env("MAINSTAY_SEEDS", SEEDS);
                }
                cargo.args(["test", "--workspace", "--quiet", "--no-fail-fast"])
            })
        });
    }
    report.check("scenarios", |log| scenarios(with, &machine, log));
    if with.scenarios.is_none() {
        report.check("crashes", |log| crashes(with, &machine, log));
    }
    if whole {
        report.check("two commands", |_| two_commands());
    }
    if let Some(soak) = soak {
        report.finish(soak);
    }
    report.end(now() - began)
}

/// What the checks need of this machine.
struct Machine {
    python: PathBuf,
    prometheus: PathBuf,
    registry: PathBuf,
    /// A browser and its driver, where the scenarios that need one are run.
    browser: Option<(PathBuf, PathBuf)>,
    /// A folder to put before `PATH`.
    cargo_deny: Option<PathBuf>,
}

impl Machine {
    fn prepare(with: &Test) -> Fallible<Self> {
        engine::ensure()?;
        let machine = Self {
            python: virtual_environment()?.join("bin/python"),
            prometheus: debian::program("prometheus", "usr/bin/prometheus")?,
            registry: debian::program("docker-registry", "usr/bin/docker-registry")?,
            browser: if with.quick { None } else { Some(debian::browser()?) },
            cargo_deny: if with.quick { None } else { Some(cargo_deny()?) },
        };
        for component in ["fmt", "clippy"] {
            output("cargo", |cargo| cargo.args([component, "--version"]))
                .map_err(|_| format!("cargo {component} is missing; rustup component add rustfmt clippy"))?;
        }
        Ok(machine)
    }
}

fn static_checks(with: &Test, machine: &Machine, report: &mut Report) {
    report.check("formatting", |log| logged(log, "cargo", |cargo| cargo.args(["fmt", "--all", "--check"])));
    report.check("wire types are as generated", |_| codegen::run_codegen(true));
    report.check("dashboards are as described", |_| dashboards::dashboards(true));
    report.check("clippy", |log| {
        logged(log, "cargo", |cargo| {
            cargo.args(["clippy", "--quiet", "--workspace", "--all-targets", "--", "--deny", "warnings"])
        })
    });
    report.check("documentation", |log| {
        logged(log, "cargo", |cargo| {
            cargo.env("RUSTDOCFLAGS", "--deny warnings").args([
                "doc",
                "--quiet",
                "--workspace",
                "--no-deps",
                "--all-features",
                "--document-private-items",
            ])
        })
    });
    if let (Some(tools), false) = (&machine.cargo_deny, with.quick) {
        report.check("dependencies", |log| {
            let path = std::env::var_os("PATH").unwrap_or_default();
            let folders = std::iter::once(tools.clone()).chain(std::env::split_paths(&path));
            let path = std::env::join_paths(folders)?;
            logged(log, "cargo", |cargo| {
                cargo.env("PATH", path).args(["deny", "check", "licenses", "bans", "sources"])
            })
        });
    }
}

fn scenarios(with: &Test, machine: &Machine, log: &Path) -> Outcome {
    // Once more: the unit tests' own build of it can be made to panic.
    logged(log, "cargo", |cargo| cargo.args(["build", "--quiet", "--bin", "mainstay"]))?;
    logged(log, &machine.python.to_string_lossy(), |python| {
        python
            .env("MAINSTAY", image::target().join("debug/mainstay"))
            .env("AWS", machine.python.with_file_name("aws"))
            .env("PROMETHEUS", &machine.prometheus)
            .env("DOCKER_REGISTRY", &machine.registry)
            .args(["-m", "pytest", "tests/scenarios", "--numprocesses", SCENARIOS_AT_ONCE]);
        if let Some((browser, driver)) = &machine.browser {
            python.env("CHROMIUM", browser).env("CHROMEDRIVER", driver);
        }
        if with.quick {
            python.args(["-m", "not slow"]);
        }
        if let Some(scenarios) = &with.scenarios {
            python.args(["-k", scenarios]);
        }
        python
    })
}

fn soaked(python: &Path, log: &Path) -> Outcome {
    logged(log, &python.to_string_lossy(), |program| soak::command(program, soak::MINUTES))
}

/// Daemons that are killed at every step, and are to lose nothing.
fn crashes(with: &Test, machine: &Machine, log: &Path) -> Outcome {
    let build = |features: &[&str]| {
        logged(log, "cargo", |cargo| cargo.args(["build", "--quiet", "--bin", "mainstay"]).args(features))
    };
    let built = image::target().join("debug/mainstay");
    let with_failpoints = workshop()?.join("mainstay-with-failpoints");
    build(&["--features", "failpoints"])?;
    std::fs::copy(&built, &with_failpoints)?;
    // So that no daemon with failpoints is ever taken for one without.
    build(&[])?;
    logged(log, &machine.python.to_string_lossy(), |python| {
        python.env("MAINSTAY", &with_failpoints).arg("tests/crashes");
        if with.quick {
            python.arg("--quick");
        }
        python
    })?;
    // How many kills there were, and what they found.
    say("Killed", engine::last_lines(log, 1).trim());
    Ok(())
}

/// A stranger's first minutes: `up` twice, and `down`.
fn two_commands() -> Outcome {
    let folder = tempfile::tempdir()?;
    let with = up::Up { detach: true, listen: "127.0.0.1:0".to_owned(), data: folder.path().to_owned() };
    let brought_up = up::up(&with).and_then(|()| up::up(&with));
    let log = std::fs::read_to_string(Daemon::of(folder.path()).log()).unwrap_or_default();
    let taken_down = up::down(folder.path());
    brought_up.map_err(|error| format!("{error}\nthe daemon's log:\n{log}"))?;
    taken_down
}

/// Runs a command to its end, its output in a log.
fn logged(log: &Path, program: &str, with: impl FnOnce(&mut Command) -> &mut Command) -> Outcome {
    let file = File::options().create(true).append(true).open(log)?;
    let mut command = Command::new(program);
    command.current_dir(project()).stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
    let status = with(&mut command).status().map_err(|error| format!("cannot start {program}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{program} ended with {status}").into()) }
}

/// A check that runs beside others.
struct Beside {
    name: &'static str,
    log: PathBuf,
    thread: std::thread::JoinHandle<(Duration, Result<(), String>)>,
}

/// A check that did not pass.
struct Failed {
    name: String,
    log: PathBuf,
    error: String,
}

/// What was checked, and how it went.
struct Report {
    logs: PathBuf,
    failed: Vec<Failed>,
    checks: usize,
}

impl Report {
    fn new() -> Fallible<Self> {
        let logs = workshop()?.join("logs");
        if logs.exists() {
            std::fs::remove_dir_all(&logs)?;
        }
        std::fs::create_dir_all(&logs)?;
        Ok(Self { logs, failed: Vec::new(), checks: 0 })
    }

    fn check(&mut self, name: &str, check: impl FnOnce(&Path) -> Outcome) {
        say("Checking", name);
        let log = self.log(name);
        let began = now();
        let outcome = check(&log).map_err(|error| error.to_string());
        self.note(name, &log, now() - began, outcome);
    }

    /// Begins a check beside the others; [`Report::finish`] waits for it.
    fn begin(&self, name: &'static str, check: impl FnOnce(&Path) -> Outcome + Send + 'static) -> Beside {
        say("Checking", &format!("{name}, beside the others"));
        let log = self.log(name);
        let thread = std::thread::spawn({
            let log = log.clone();
            move || {
                let began = now();
                let outcome = check(&log).map_err(|error| error.to_string());
                (now() - began, outcome)
            }
        });
        Beside { name, log, thread }
    }

    fn finish(&mut self, beside: Beside) {
        let Beside { name, log, thread } = beside;
        let (took, outcome) =
            thread.join().unwrap_or_else(|_| (Duration::ZERO, Err("its thread panicked".into())));
        self.note(name, &log, took, outcome);
    }

    fn log(&self, name: &str) -> PathBuf {
        self.logs.join(format!("{}.log", name.replace(' ', "-")))
    }

    fn note(&mut self, name: &str, log: &Path, took: Duration, outcome: Result<(), String>) {
        self.checks += 1;
        match outcome {
            Ok(()) => say("ok", &format!("{name} ({:.0?})", rounded(took))),
            Err(error) => {
                println!("{}", engine::last_lines(log, SHOWN_LINES));
                say("FAILED", &format!("{name} ({:.0?}): {error}", rounded(took)));
                self.failed.push(Failed { name: name.to_owned(), log: log.to_owned(), error });
            }
        }
    }

    fn end(self, took: Duration) -> Outcome {
        println!();
        let (failed, checks) = (self.failed.len(), self.checks);
        let counted = format!("{} passed, {failed} failed", checks - failed);
        if failed == 0 {
            say("Passed", &format!("all {checks} checks ({:.0?})", rounded(took)));
            // The last line, alone, for whoever counts.
            println!("{counted}");
            return Ok(());
        }
        for Failed { name, log, error } in &self.failed {
            say("FAILED", &format!("{name}: {error}"));
            println!("{}\n", engine::last_lines(log, LAST_LINES));
        }
        let names = self.failed.iter().map(|failed| failed.name.as_str()).collect::<Vec<_>>().join(", ");
        say("Failed", &format!("{names} ({:.0?}); whole logs are in {}", rounded(took), self.logs.display()));
        println!("{counted}");
        Err(Told.into())
    }
}

/// To the tenth of a second.
fn rounded(took: Duration) -> Duration {
    Duration::from_millis(u64::try_from(took.as_millis() / 100 * 100).unwrap_or(u64::MAX))
}

#[allow(clippy::disallowed_methods, reason = "a chore runs on the real clock only")]
fn now() -> Instant {
    Instant::now()
}
