//! The fixture container: a small static program that does what a test asks of it, by its arguments and over HTTP.
//!
//! It runs as process 1 of an image made `FROM scratch`, so it brings all it needs. See `puppet --help`.

#![allow(clippy::print_stdout, reason = "what a container prints is what tests read")]

mod http;
mod route;
mod see;
mod shell;

use std::fmt::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

const HELP: &str = "\
A container that does what it is asked.

Usage: puppet [COMMAND]

  serve [--port PORT]            answer HTTP until SIGTERM (what it does when asked nothing)
  check [--port PORT]            exit with 0 where the server in this container is healthy, else with 1
  ask PATH [--port PORT]         GET PATH from the server in this container, print the answer
  get URL                        GET http://ADDRESS[:PORT]/PATH, print the answer; exit with 1 where it is not a 200. URL
                                 may begin with $NAME, a variable of the environment
  put URL BODY                   the same with PUT and a body
  exit CODE [--after SECONDS]    exit with CODE
  sleep [SECONDS]                wait, for ever where not said, and exit with 0
  ignore-term                    wait for ever, deaf to SIGTERM
  eat MIB                        take so much memory, then wait for ever
  print [LINE…]                  print each line; those after `--stderr` on standard error
  tick [--every SECONDS]         print `tick N` and on standard error `tock N`, for N from 1, every second, for ever
  write FILE TEXT                write TEXT into FILE
  read FILE…                     print what is in each file
  mounts                         print each mount's path and `ro` or `rw`, a line each
  route [FILE]                   be the log router that FILE configures, by default /fluent-bit/etc/fluent-bit.conf,
                                 and print `OUTPUT TAG LINE` for what comes
  shell                          read commands, a line each, and do them (see tests/puppet/src/shell.rs)
  copy [--stderr TEXT]           print what standard input has, to its end; TEXT on standard error
  deaf                           print `deaf`, then wait for ever, deaf to SIGHUP, SIGINT and SIGTERM
  see                            print what the kernel and the engine made of this container, a line each: limits,
                                 capabilities, mounts, names, processes (see tests/puppet/src/see.rs)
  show                           print arguments, user, working directory and environment, a line each

The server answers:

  /                              a greeting with the host's name
  /show                          what `puppet show` prints
  /metrics                       a metric, as Prometheus reads it
  /health                        200 where healthy, else 503
  /healthy, /unhealthy           switch what /health says
  /exit?code=CODE                exit with CODE
  /eat?mib=MIB                   take so much memory

Environment:

  PUPPET_PORT=8080               the server's port, where no --port is given
  PUPPET_HEALTHY=always          or `never`, or the number of seconds after which it becomes healthy

SIGTERM ends it with 143, SIGINT with 130, a wrong command with 2.
";

const DEFAULT_PORT: u16 = 8080;
/// Where the configuration of a log router is.
const ROUTER_FILE: &str = "/fluent-bit/etc/fluent-bit.conf";
const MIB: usize = 1024 * 1024;
/// What `puppet` exits with where it was asked for something it cannot do.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut words = Words(arguments.iter().map(String::as_str).collect());
    match act(&mut words) {
        Ok(code) => ExitCode::from(code),
        Err(problem) => {
            eprintln!("puppet: {problem}; see puppet --help");
            ExitCode::from(USAGE)
        }
    }
}

/// Does what the command line asks for and says what to exit with.
fn act(words: &mut Words<'_>) -> Result<u8, String> {
    let command = words.next().unwrap_or("serve");
    if !["ignore-term", "deaf"].contains(&command) {
        end_on_signals()?;
    }
    match command {
        "serve" => {
            let port = port(words)?;
            http::serve(port, healthy_from_environment()?)
                .map_err(|error| format!("port {port}: {error}"))?;
            Ok(0)
        }
        "check" => Ok(http::get(port(words)?, "/health").map_or(1, |(status, _)| u8::from(status != 200))),
        "ask" => {
            let path = words.next().ok_or("ask needs a PATH")?;
            let port = port(words)?;
            let (status, body) = http::get(port, path).map_err(|error| format!("port {port}: {error}"))?;
            print!("{body}");
            Ok(u8::from(status != 200))
        }
        "get" | "put" => {
            let url = words.next().ok_or("it needs a URL")?;
            let body = words.next();
            let method = if command == "get" { "GET" } else { "PUT" };
            let url = expanded(url)?;
            let (status, answer) = http::request(method, &url, body.unwrap_or_default())
                .map_err(|error| format!("{url}: {error}"))?;
            print!("{answer}");
            Ok(u8::from(status != 200))
        }
        "exit" => {
            let code = number(words.next().ok_or("exit needs a CODE")?)?;
            if let Some(seconds) = words.option("--after")? {
                std::thread::sleep(seconds_from(seconds)?);
            }
            Ok(code)
        }
        "sleep" => match words.next() {
            Some(seconds) => {
                std::thread::sleep(seconds_from(seconds)?);
                Ok(0)
            }
            None => wait_for_ever(),
        },
        "ignore-term" => {
            let mut signals = Signals::new([SIGTERM]).map_err(|error| format!("SIGTERM: {error}"))?;
            for _ in signals.forever() {
                println!("puppet: SIGTERM ignored");
            }
            Ok(0)
        }
        "deaf" => {
            let mut signals =
                Signals::new([SIGHUP, SIGINT, SIGTERM]).map_err(|error| format!("signals: {error}"))?;
            println!("deaf");
            signals.forever().for_each(drop);
            Ok(0)
        }
        "shell" => shell::run(),
        "copy" => {
            if let Some(text) = words.option("--stderr")? {
                eprintln!("{text}");
            }
            let copied = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::stdout().lock());
            copied.map(|_| 0).map_err(|error| format!("copy: {error}"))
        }
        "eat" => {
            eat(number(words.next().ok_or("eat needs a number of MIB")?)?);
            wait_for_ever()
        }
        "print" => {
            let mut parts = words.0.splitn(2, |word| *word == "--stderr");
            for line in parts.next().unwrap_or_default() {
                println!("{line}");
            }
            for line in parts.next().unwrap_or_default() {
                eprintln!("{line}");
            }
            Ok(0)
        }
        "tick" => {
            let every = words.option("--every")?.map_or(Ok(Duration::from_secs(1)), seconds_from)?;
            for n in 1_u64.. {
                println!("tick {n}");
                eprintln!("tock {n}");
                std::thread::sleep(every);
            }
            Ok(0)
        }
        "write" => {
            let file = words.next().ok_or("write needs a FILE")?;
            let text = words.next().ok_or("write needs a TEXT")?;
            std::fs::write(file, text).map_err(|error| format!("{file}: {error}"))?;
            Ok(0)
        }
        "read" => {
            for path in &words.0 {
                let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
                print!("{text}");
            }
            Ok(0)
        }
        "mounts" => {
            let table = std::fs::read_to_string("/proc/self/mountinfo");
            print!("{}", mounts(&table.map_err(|error| format!("mountinfo: {error}"))?));
            Ok(0)
        }
        "route" => {
            route::route(words.next().unwrap_or(ROUTER_FILE))?;
            Ok(0)
        }
        "see" => {
            print!("{}", see::see());
            Ok(0)
        }
        "show" => {
            print!("{}", show());
            Ok(0)
        }
        "--help" | "-h" | "help" => {
            print!("{HELP}");
            Ok(0)
        }
        unknown => Err(format!("no command `{unknown}`")),
    }
}

/// Command line words that nobody has looked at yet.
struct Words<'a>(Vec<&'a str>);

impl<'a> Words<'a> {
    fn next(&mut self) -> Option<&'a str> {
        if self.0.is_empty() { None } else { Some(self.0.remove(0)) }
    }

    /// Takes `name VALUE` out, wherever it stands.
    fn option(&mut self, name: &str) -> Result<Option<&'a str>, String> {
        let Some(at) = self.0.iter().position(|word| *word == name) else { return Ok(None) };
        if at + 1 == self.0.len() {
            return Err(format!("{name} needs a value"));
        }
        let value = self.0.remove(at + 1);
        self.0.remove(at);
        Ok(Some(value))
    }
}

/// The text with the variable that it begins with, where it begins with one.
fn expanded(text: &str) -> Result<String, String> {
    let Some(rest) = text.strip_prefix('$') else { return Ok(text.to_owned()) };
    let (name, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let value = std::env::var(name).map_err(|_| format!("there is no variable {name}"))?;
    Ok(value + rest)
}

fn port(words: &mut Words<'_>) -> Result<u16, String> {
    let from_environment = std::env::var("PUPPET_PORT").ok();
    words.option("--port")?.or(from_environment.as_deref()).map_or(Ok(DEFAULT_PORT), number)
}

fn number<N: std::str::FromStr>(word: &str) -> Result<N, String> {
    word.parse().map_err(|_| format!("`{word}` is not a number in range"))
}

fn seconds_from(word: &str) -> Result<Duration, String> {
    Duration::try_from_secs_f64(number(word)?).map_err(|_| format!("`{word}` is not a number of seconds"))
}

/// The server's health, which may still change with time.
fn healthy_from_environment() -> Result<&'static AtomicBool, String> {
    static HEALTHY: AtomicBool = AtomicBool::new(true);
    match std::env::var("PUPPET_HEALTHY").as_deref() {
        Err(_) | Ok("always") => {}
        Ok("never") => HEALTHY.store(false, Ordering::Relaxed),
        Ok(seconds) => {
            let wait = seconds_from(seconds)?;
            HEALTHY.store(false, Ordering::Relaxed);
            std::thread::spawn(move || {
                std::thread::sleep(wait);
                HEALTHY.store(true, Ordering::Relaxed);
            });
        }
    }
    Ok(&HEALTHY)
}

fn end_on_signals() -> Result<(), String> {
    let mut signals = Signals::new([SIGTERM, SIGINT]).map_err(|error| format!("signals: {error}"))?;
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            // What a shell says of a program that a signal ended.
            std::process::exit(128 + signal);
        }
    });
    Ok(())
}

fn wait_for_ever() -> ! {
    loop {
        std::thread::park();
    }
}

/// Takes `mib` MiB and never gives them back; each page is written, so that it counts.
pub fn eat(mib: usize) {
    for _ in 0..mib {
        std::mem::forget(std::hint::black_box(vec![1_u8; MIB]));
    }
    println!("puppet: ate {mib} MiB");
}

/// What the container was started with: `argument`, `user`, `directory` and `environment` lines.
pub fn show() -> String {
    let mut shown = String::new();
    for argument in std::env::args() {
        let _ = writeln!(shown, "argument {argument}");
    }
    if let Ok(me) = std::fs::metadata("/proc/self") {
        let _ = writeln!(shown, "user {}:{}", me.uid(), me.gid());
    }
    if let Ok(directory) = std::env::current_dir() {
        let _ = writeln!(shown, "directory {}", directory.display());
    }
    for (name, value) in std::env::vars() {
        let _ = writeln!(shown, "environment {name}={value}");
    }
    shown
}

/// Paths and `ro` or `rw`, of the kernel's table of mounts.
fn mounts(table: &str) -> String {
    let mount = |line: &str| {
        let fields: Vec<&str> = line.split(' ').collect();
        Some(format!("{} {}\n", fields.get(4)?, fields.get(5)?.split(',').next()?))
    };
    table.lines().filter_map(mount).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_is_its_path_and_whether_it_can_be_written_to() {
        let table =
            "36 35 98:0 /mnt1 /mnt2 rw,noatime - ext3 /dev/root rw\n37 35 0:5 / /data ro - tmpfs t rw\n";
        assert_eq!(mounts(table), "/mnt2 rw\n/data ro\n");
    }

    #[test]
    fn what_was_written_is_read() {
        let file = std::env::temp_dir().join(format!("puppet-{}", std::process::id()));
        let name = file.to_str().unwrap_or_default();
        assert_eq!(act(&mut Words(vec!["write", name, "hello"])), Ok(0));
        assert_eq!(std::fs::read_to_string(&file).ok().as_deref(), Some("hello"));
        assert_eq!(act(&mut Words(vec!["read", name])), Ok(0));
        assert!(std::fs::remove_file(&file).is_ok());
        assert!(act(&mut Words(vec!["read", name])).is_err());
    }

    #[test]
    fn a_text_may_begin_with_a_variable() {
        assert_eq!(expanded("http://a/b"), Ok("http://a/b".to_owned()));
        let path = std::env::var("PATH").unwrap_or_default();
        assert_eq!(expanded("$PATH/b"), Ok(format!("{path}/b")));
        assert!(expanded("$NO_SUCH_VARIABLE").is_err());
    }

    #[test]
    fn an_option_is_found_wherever_it_stands() {
        let mut words = Words(vec!["exit", "--after", "2", "3"]);
        assert_eq!(words.option("--after"), Ok(Some("2")));
        assert_eq!(words.0, ["exit", "3"]);
        assert_eq!(words.option("--after"), Ok(None));
        assert!(Words(vec!["--after"]).option("--after").is_err());
    }

    #[test]
    fn what_it_cannot_do_is_refused_in_words() {
        assert_eq!(act(&mut Words(vec!["exit", "300"])), Err("`300` is not a number in range".to_owned()));
        assert_eq!(act(&mut Words(vec!["dance"])), Err("no command `dance`".to_owned()));
        assert!(seconds_from("-1").is_err());
    }

    #[test]
    fn it_exits_with_the_code_it_is_given() {
        assert_eq!(act(&mut Words(vec!["exit", "3", "--after", "0.01"])), Ok(3));
    }
}
