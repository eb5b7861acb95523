//! A shell, as far as a terminal's test needs one.
//!
//! | line | what it does |
//! |---|---|
//! | `size` | prints `size COLUMNSxROWS` of its terminal |
//! | `say TEXT` | prints `said TEXT` |
//! | `user` | prints `user UID:GID` |
//! | `get NAME` | prints `NAME=VALUE` of its environment |
//! | `child` | starts a `puppet deaf`, and prints `child PID` |
//! | `exit CODE` | ends |
//!
//! It prints `> ` before each line, and `resized COLUMNSxROWS` where its terminal changes. At the end of its input it
//! ends with 0.

use std::io::{BufRead, Write};
use std::os::unix::fs::MetadataExt as _;
use std::process::{Command, Stdio};

use rustix::termios::tcgetwinsize;
use signal_hook::consts::SIGWINCH;
use signal_hook::iterator::Signals;

/// Reads and does, until it is told to exit or its input ends.
pub fn run() -> Result<u8, String> {
    let mut signals = Signals::new([SIGWINCH]).map_err(|error| format!("SIGWINCH: {error}"))?;
    std::thread::spawn(move || {
        for _ in signals.forever() {
            println!("resized {}", size());
        }
    });
    prompt();
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|error| format!("input: {error}"))?;
        let (word, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
        match word {
            "" => {}
            "size" => println!("size {}", size()),
            "say" => println!("said {rest}"),
            "user" => match std::fs::metadata("/proc/self") {
                Ok(me) => println!("user {}:{}", me.uid(), me.gid()),
                Err(error) => println!("user unknown: {error}"),
            },
            "get" => println!("{rest}={}", std::env::var(rest).unwrap_or_default()),
            "child" => match Command::new("/proc/self/exe").arg("deaf").stdout(Stdio::null()).spawn() {
                Ok(child) => println!("child {}", child.id()),
                Err(error) => println!("no child: {error}"),
            },
            "exit" => return rest.parse().map_err(|_| format!("exit `{rest}`")),
            unknown => println!("no command {unknown}"),
        }
        prompt();
    }
    Ok(0)
}

fn prompt() {
    print!("> ");
    // Who hung up reads no prompt.
    drop(std::io::stdout().flush());
}

fn size() -> String {
    match tcgetwinsize(std::io::stdout()) {
        Ok(size) => format!("{}x{}", size.ws_col, size.ws_row),
        Err(_) => "of no terminal".to_owned(),
    }
}
