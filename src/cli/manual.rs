//! What a shell and `man` know of the command line, made from it.

use std::io;
use std::path::Path;
use std::process::ExitCode;

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::Arguments;

/// Prints what a shell completes by.
pub(super) fn completions(shell: Shell) -> ExitCode {
    clap_complete::generate(shell, &mut Arguments::command(), "mainstay", &mut io::stdout());
    ExitCode::SUCCESS
}

/// Writes a page of the manual for each command into a folder, which is made where it is not there.
pub(super) fn pages(folder: &Path) -> ExitCode {
    let made = std::fs::create_dir_all(folder);
    match made.and_then(|()| clap_mangen::generate_to(Arguments::command(), folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mainstay: cannot write the manual into {}: {error}", folder.display());
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manual_has_a_page_for_each_command() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(pages(folder.path()), ExitCode::SUCCESS);
        for command in Arguments::command().get_subcommands().filter(|command| !command.is_hide_set()) {
            let page = folder.path().join(format!("mainstay-{}.1", command.get_name()));
            let text = std::fs::read_to_string(&page).unwrap();
            assert!(text.contains(".SH SYNOPSIS"), "{}", page.display());
        }
    }

    #[test]
    fn every_shell_completes_every_command() {
        for shell in [Shell::Bash, Shell::Elvish, Shell::Fish, Shell::PowerShell, Shell::Zsh] {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "mainstay", &mut script);
            let script = String::from_utf8(script).unwrap();
            for command in ["apply", "logs", "exec"] {
                assert!(script.contains(command), "{shell}: {command}");
            }
        }
    }
}
