//! A log router, as far as tests need one: it reads the configuration that was made for a Fluent Bit, listens where that
//! says, and prints what the engine's `fluentd` driver sends.
//!
//! Source: Fluentd's forward protocol, message mode: `[tag, time, record, option]` in MessagePack.

use std::io::BufReader;
use std::os::unix::net::{UnixListener, UnixStream};

use rmpv::Value;

/// An `[OUTPUT]` of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Output {
    name: String,
    /// A tag, or the beginning of one and a star.
    matching: String,
}

/// Routes until it is ended.
pub fn route(file: &str) -> Result<(), String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    let sections = sections(&text);
    let member = |section: &[(&str, &str)], name: &str| {
        section
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| (*value).to_owned())
    };
    let path = sections.iter().find_map(|(_, members)| member(members, "unix_path"));
    let path = path.ok_or_else(|| format!("{file} has no unix_path"))?;
    let outputs: Vec<Output> = sections
        .iter()
        .filter(|(kind, _)| kind.eq_ignore_ascii_case("[OUTPUT]"))
        .filter_map(|(_, members)| {
            Some(Output { name: member(members, "Name")?, matching: member(members, "Match")? })
        })
        .collect();
    // Left there by the run before.
    drop(std::fs::remove_file(&path));
    let listener = UnixListener::bind(&path).map_err(|error| format!("{path}: {error}"))?;
    println!("listening on {path}");
    for stream in listener.incoming().flatten() {
        let outputs = outputs.clone();
        std::thread::spawn(move || print(stream, &outputs));
    }
    Ok(())
}

/// The sections of a file in Fluent Bit's classic form: a heading in brackets, then names and values.
fn sections(text: &str) -> Vec<(&str, Vec<(&str, &str)>)> {
    let mut found: Vec<(&str, Vec<(&str, &str)>)> = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            found.push((line, Vec::new()));
        } else if let (Some((name, value)), Some((_, members))) = (line.split_once(' '), found.last_mut()) {
            members.push((name, value.trim()));
        }
    }
    found
}

fn print(stream: UnixStream, outputs: &[Output]) {
    let mut reader = BufReader::new(stream);
    while let Ok(message) = rmpv::decode::read_value(&mut reader) {
        for line in lines(&message, outputs) {
            println!("{line}");
        }
    }
}

/// `OUTPUT TAG TEXT` for each output that takes a message.
fn lines(message: &Value, outputs: &[Output]) -> Vec<String> {
    let Some([tag, _time, record, ..]) = message.as_array().map(Vec::as_slice) else { return Vec::new() };
    let tag = tag.as_str().unwrap_or_default();
    let printed = record.as_map().into_iter().flatten().find(|(name, _)| name.as_str() == Some("log"));
    let printed = printed.map(|(_, text)| match text {
        Value::Binary(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        text => text.as_str().unwrap_or_default().to_owned(),
    });
    let takes = |output: &&Output| match output.matching.strip_suffix('*') {
        Some(begin) => tag.starts_with(begin),
        None => tag == output.matching,
    };
    let line = |output: &Output| format!("{} {tag} {}", output.name, printed.as_deref().unwrap_or_default());
    outputs.iter().filter(takes).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_printed_for_each_output_that_takes_its_tag() {
        let record = Value::Map(vec![("log".into(), "hello".into()), ("source".into(), "stdout".into())]);
        let message = Value::Array(vec!["app-firelens-1".into(), 5.into(), record]);
        let output = |name: &str, matching: &str| Output { name: name.into(), matching: matching.into() };
        let outputs = [output("es", "app-firelens*"), output("null", "web-firelens*")];
        assert_eq!(lines(&message, &outputs), ["es app-firelens-1 hello"]);
        assert_eq!(lines(&Value::Nil, &outputs), Vec::<String>::new());
    }

    #[test]
    fn a_file_has_sections_with_names_and_values() {
        let text = "[INPUT]\n    Name forward\n    unix_path /a b\n\n@INCLUDE x\n[OUTPUT]\n    Match *\n";
        let found = sections(text);
        assert_eq!(
            found[0],
            ("[INPUT]", vec![("Name", "forward"), ("unix_path", "/a b"), ("@INCLUDE", "x")])
        );
        assert_eq!(found[1], ("[OUTPUT]", vec![("Match", "*")]));
    }
}
