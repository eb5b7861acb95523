//! How far the pull of an image is, added up from what an engine says of its layers.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::TaskId;
use crate::model::Timestamp;

/// What an engine says of one layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It is to come, or has to come anew.
    Awaited,
    /// So many bytes of it are here, of so many, where the registry says how many.
    Downloading {
        /// Bytes that are here.
        done: u64,
        /// Bytes in all.
        of: Option<u64>,
    },
    /// All of it is here, and is still packed.
    Downloaded,
    /// It is unpacked, or was here before.
    Complete,
}

/// The layers of an image that is pulled. An engine tells of them bit by bit: some turn up late, and how large one is is
/// known when its download begins.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Layers(BTreeMap<String, Layer>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Layer {
    done: u64,
    of: Option<u64>,
    is_here: bool,
    is_complete: bool,
}

impl Layers {
    /// Takes in what is said of a layer.
    pub fn note(&mut self, layer: &str, step: Step) {
        let known = self.0.entry(layer.to_owned()).or_default();
        match step {
            Step::Awaited => *known = Layer { of: known.of, ..Layer::default() },
            Step::Downloading { done, of } => {
                *known = Layer { done, of: of.or(known.of), is_here: false, is_complete: false };
            }
            Step::Downloaded => *known = known.all_here(),
            Step::Complete => *known = Layer { is_complete: true, ..known.all_here() },
        }
    }

    /// How far all of them are.
    pub fn progress(&self) -> Progress {
        let mut progress = Progress::default();
        for layer in self.0.values() {
            // More may come than was announced.
            let of = layer.of.map(|of| of.max(layer.done));
            progress.layers_total += 1;
            progress.layers_done += u32::from(layer.is_complete);
            progress.layers_of_unknown_size += u32::from(of.is_none() && !layer.is_here);
            progress.bytes_done = progress.bytes_done.saturating_add(layer.done);
            progress.bytes_total = progress.bytes_total.saturating_add(of.unwrap_or(layer.done));
        }
        progress
    }
}

impl Layer {
    /// A small layer is here before any of its bytes was told of; one that was here before has none to bring.
    fn all_here(self) -> Self {
        let size = self.of.unwrap_or(self.done).max(self.done);
        let (done, of) = if self.done == 0 { (0, None) } else { (size, Some(size)) };
        Self { done, of, is_here: true, is_complete: self.is_complete }
    }
}

/// How far a pull is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// Layers that are known of.
    pub layers_total: u32,
    /// Those that are unpacked, or were here before.
    pub layers_done: u32,
    /// Those that are to be brought and whose size is not known yet: while there are any, `bytes_total` grows.
    pub layers_of_unknown_size: u32,
    /// Bytes of the layers that are brought, as far as known.
    pub bytes_total: u64,
    /// Those of them that are here.
    pub bytes_done: u64,
}

impl Progress {
    /// Whole percent of the bytes, where it is known of how many.
    pub fn percent(&self) -> Option<u8> {
        let known = self.layers_of_unknown_size == 0 && self.bytes_total > 0;
        let percent = u128::from(self.bytes_done) * 100 / u128::from(self.bytes_total.max(1));
        known.then(|| u8::try_from(percent).unwrap_or(100).min(100))
    }

    /// Whether all is here and some of it still packed.
    pub fn is_unpacking(&self) -> bool {
        self.layers_of_unknown_size == 0
            && self.bytes_done == self.bytes_total
            && self.layers_done < self.layers_total
    }
}

/// For people: `12.4 of 40.1 MB`.
impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { layers_total, layers_done, bytes_total, bytes_done, .. } = *self;
        if layers_total == 0 {
            return f.write_str("asking its registry");
        }
        if bytes_total == 0 {
            return write!(f, "{layers_done} of {layers_total} layers");
        }
        if self.is_unpacking() {
            return write!(f, "{}, unpacking: {layers_done} of {layers_total} layers", Size(bytes_total));
        }
        let unit = Unit::of(bytes_total);
        let least = if self.layers_of_unknown_size > 0 { "at least " } else { "" };
        write!(f, "{} of {least}{} {}", unit.number(bytes_done), unit.number(bytes_total), unit.name)
    }
}

/// A number of bytes for people: `40.1 MB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size(pub u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = Unit::of(self.0);
        write!(f, "{} {}", unit.number(self.0), unit.name)
    }
}

/// A unit of bytes, decimal as those of Docker's own progress.
#[derive(Debug, Clone, Copy)]
struct Unit {
    name: &'static str,
    bytes: u64,
}

impl Unit {
    fn of(bytes: u64) -> Self {
        match bytes {
            0..1_000_000 => Self { name: "kB", bytes: 1000 },
            1_000_000..1_000_000_000 => Self { name: "MB", bytes: 1_000_000 },
            _ => Self { name: "GB", bytes: 1_000_000_000 },
        }
    }

    /// With one digit behind the point, rounded down: what is not whole is not shown as whole.
    fn number(self, bytes: u64) -> String {
        let tenths = bytes / (self.bytes / 10);
        format!("{}.{}", tenths / 10, tenths % 10)
    }
}

/// The pull of an image on a host, for as many of its tasks as wait for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulling {
    /// As the task definition has it.
    pub image: String,
    /// Who waits for it; or waited, where it is over.
    pub tasks: Vec<TaskId>,
    /// Where it is.
    pub stage: Stage,
    /// How far it is.
    pub progress: Progress,
    /// Since when the first of them has waited.
    pub began: Timestamp,
}

/// Where a pull is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// Behind other pulls.
    Waiting,
    /// Under way.
    Underway,
    /// Over. It is told of for a short while only.
    Over {
        /// When.
        at: Timestamp,
        /// Why the image did not come, where it did not.
        problem: Option<String>,
    },
}

impl Pulling {
    /// Whether it is still to come to an end.
    pub fn is_underway(&self) -> bool {
        !matches!(self.stage, Stage::Over { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::Step::{Awaited, Complete, Downloaded, Downloading};
    use super::*;

    const MB: u64 = 1_000_000;

    fn bytes(done: u64, of: u64) -> Step {
        Downloading { done, of: Some(of) }
    }

    /// What is shown, and the percent, after these steps.
    #[track_caller]
    fn check(steps: &[(&str, Step)], text: &str, percent: Option<u8>) {
        let mut layers = Layers::default();
        for (layer, step) in steps {
            layers.note(layer, *step);
        }
        let progress = layers.progress();
        assert_eq!((progress.to_string().as_str(), progress.percent()), (text, percent), "{progress:?}");
        assert!(progress.bytes_done <= progress.bytes_total && progress.layers_done <= progress.layers_total);
    }

    #[test]
    fn bytes_of_all_layers_are_added_up() {
        check(&[], "asking its registry", None);
        check(&[("a", bytes(12_449_000, 30 * MB)), ("b", bytes(0, 10_149_000))], "12.4 of 40.1 MB", Some(31));
        check(&[("a", bytes(1, 3)), ("a", bytes(2, 3))], "0.0 of 0.0 kB", Some(66));
        check(&[("a", bytes(999_999, MB))], "0.9 of 1.0 MB", Some(99));
        check(&[("a", bytes(3 * MB, 2500 * MB))], "0.0 of 2.5 GB", Some(0));
    }

    #[test]
    fn a_layer_that_was_here_is_done_and_brings_no_bytes() {
        check(&[("a", Complete), ("b", Awaited)], "1 of 2 layers", None);
        check(&[("a", Complete), ("b", bytes(MB, 4 * MB))], "1.0 of 4.0 MB", Some(25));
        check(&[("a", Complete), ("b", Complete)], "2 of 2 layers", None);
    }

    #[test]
    fn while_a_size_is_unknown_there_is_no_percent_and_the_whole_is_at_least_what_is_known() {
        check(&[("a", bytes(MB, 2 * MB)), ("b", Awaited)], "1.0 of at least 2.0 MB", None);
        check(
            &[("a", bytes(MB, 2 * MB)), ("b", Awaited), ("b", bytes(0, 2 * MB))],
            "1.0 of 4.0 MB",
            Some(25),
        );
        check(&[("a", Downloading { done: MB, of: None })], "1.0 of at least 1.0 MB", None);
        // One that turns up late.
        check(&[("a", bytes(MB, MB)), ("b", bytes(0, 9 * MB))], "1.0 of 10.0 MB", Some(10));
    }

    #[test]
    fn small_layers_come_whole_without_a_word_of_their_size() {
        check(&[("a", Awaited), ("a", Downloaded), ("b", bytes(MB, 2 * MB))], "1.0 of 2.0 MB", Some(50));
        check(&[("a", Awaited), ("a", Complete)], "1 of 1 layers", None);
    }

    #[test]
    fn what_is_here_is_unpacked_last() {
        check(
            &[
                ("a", bytes(MB, 2 * MB)),
                ("a", Downloaded),
                ("b", bytes(MB, MB)),
                ("b", Downloaded),
                ("a", Complete),
            ],
            "3.0 MB, unpacking: 1 of 2 layers",
            Some(100),
        );
    }

    #[test]
    fn a_download_that_begins_anew_goes_back() {
        check(&[("a", bytes(MB, 2 * MB)), ("a", Awaited)], "0.0 of 2.0 MB", Some(0));
        check(&[("a", bytes(3 * MB, 2 * MB))], "3.0 MB, unpacking: 0 of 1 layers", Some(100));
    }
}
