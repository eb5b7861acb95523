use mainstay_actors::ports::Write;

use crate::store::codec::{Record, decode, encode};
use crate::store::exchange;

/// What a Mainstay of version 2 wrote of one record of each kind, all that it knew filled in: kind and bytes, in hex.
const RECORDS: &str = include_str!("records.hex");

/// What its `mainstay store export` made of the same records.
const EXPORT: &str = include_str!("export.jsonl");

fn bytes(kind: &str) -> Vec<u8> {
    let hex = RECORDS.lines().find_map(|line| line.strip_prefix(kind)?.strip_prefix(' ')).unwrap();
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// Bytes and export of that time mean the same, and it is written in the form of now.
#[track_caller]
fn check<T: Record + PartialEq + std::fmt::Debug + Clone>(kind: &str, exported: &T) {
    let old = bytes(kind);
    assert_eq!(decode::<T>(&old).as_ref(), Ok(exported), "{kind}");
    let written = encode(exported).unwrap();
    assert_eq!((written[0], decode::<T>(&written).as_ref()), (T::VERSION, Ok(exported)), "{kind}");
    for damaged in [&old[..old.len() - 1], &[old.as_slice(), &[0]].concat()] {
        assert!(decode::<T>(damaged).unwrap_err().contains("damaged"), "{kind}");
    }
}

#[test]
fn records_of_version_2_are_read_with_nothing_lost() {
    let (_, writes) = exchange::read(EXPORT.as_bytes()).unwrap();
    let mut kinds = 0;
    for write in writes {
        match &write {
            Write::Cluster(record) => check("cluster", record),
            Write::TaskDefinition(record) => check("task-definition", record),
            Write::Service(record) => check("service", record),
            Write::Task(record) => check("task", record),
            Write::Instance(record) => check("container-instance", record),
            _ => continue,
        }
        kinds += 1;
    }
    assert_eq!(kinds, 5);
}
