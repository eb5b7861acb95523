//! A data folder that a newer Mainstay wrote, given to this one's own binary.

#![allow(clippy::unwrap_used, reason = "what the helpers of a test cannot do fails it")]

use std::path::Path;
use std::process::Command;

use mainstay::store::{DataFolder, RedbStore};
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition, TableHandle};

const CLUSTERS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("clusters");
/// A record of version 200.
const RECORD: &[u8] = &[200, 1, 2, 3];

/// Everything in the file, by the names of the tables that are there.
fn records(file: &Path) -> Vec<(String, String, Vec<u8>)> {
    let database = Database::open(file).unwrap();
    let transaction = database.begin_read().unwrap();
    let mut records = Vec::new();
    for table in transaction.list_tables().unwrap() {
        let known = TableDefinition::<&str, &[u8]>::new(table.name());
        for entry in transaction.open_table(known).unwrap().iter().unwrap() {
            let (key, bytes) = entry.unwrap();
            records.push((table.name().to_owned(), key.value().to_owned(), bytes.value().to_vec()));
        }
    }
    records
}

/// What Mainstay says of the folder on its way out.
fn told(words: &[&str], home: &Path) -> String {
    let ended = Command::new(env!("CARGO_BIN_EXE_mainstay"))
        .args(words)
        .arg("--data-dir")
        .arg(home)
        .env_remove("MAINSTAY_CONFIG")
        .output()
        .unwrap();
    assert!(!ended.status.success(), "{words:?} took a store of a newer Mainstay");
    [ended.stdout, ended.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat()
}

#[test]
fn a_store_of_a_newer_mainstay_is_refused_with_what_to_do_and_left_as_it_is() {
    let home = tempfile::tempdir().unwrap();
    drop(RedbStore::open(&DataFolder::lock(home.path()).unwrap()).unwrap());
    let file = home.path().join("mainstay.redb");
    let database = Database::open(&file).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(CLUSTERS).unwrap().insert("default", RECORD).unwrap();
    transaction.commit().unwrap();
    drop(database);
    let before = records(&file);
    assert!(before.len() == 2 && before.iter().any(|(_, _, bytes)| bytes == RECORD), "{before:?}");

    let output = home.path().join("out.jsonl");
    let export = ["store", "export", "--output", output.to_str().unwrap()];
    let daemon = ["server", "--listen", "127.0.0.1:0"];
    for words in [&["store", "check"][..], &export, &daemon] {
        let told = told(words, home.path());
        for sign in ["mainstay.redb", "version 200", "start a newer Mainstay"] {
            assert!(told.contains(sign), "{words:?} does not say {sign:?}: {told}");
        }
    }
    assert!(!output.exists(), "half an export was left behind");
    // The database engine's own housekeeping aside.
    assert_eq!(records(&file), before);
}
