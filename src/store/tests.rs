use mainstay_core::model::{Cluster, ClusterStatus, Timestamp};
use mainstay_core::{ClusterName, Family};

use super::*;

fn cluster(name: &str) -> Cluster {
    Cluster {
        name: ClusterName::new(name),
        status: ClusterStatus::Active,
        created_at: Timestamp(1),
        tags: Vec::new(),
    }
}

fn wait<T>(future: BoxFuture<'static, T>) -> T {
    futures::executor::block_on(future)
}

#[test]
fn what_was_acknowledged_is_there_after_opening_again_and_the_owner_stays() {
    let home = tempfile::tempdir().unwrap();
    let owner = {
        let folder = DataFolder::lock(home.path()).unwrap();
        let store = RedbStore::open(&folder).unwrap();
        let first = store.commit(vec![Write::Cluster(cluster("a")), Write::Cluster(cluster("b"))]);
        let second = store.commit(vec![
            Write::RemoveCluster(ClusterName::new("a")),
            Write::LastRevision(Family::new("web"), 7),
        ]);
        wait(first).unwrap();
        wait(second).unwrap();
        store.owner().to_owned()
    };
    let folder = lock_again(home.path());
    let store = open_again(&folder);
    let there = store.load().unwrap();
    assert_eq!(there.clusters, [cluster("b")]);
    assert_eq!(there.last_revisions, [(Family::new("web"), 7)]);
    assert_eq!(store.owner(), owner);
}

fn lock_again(path: &Path) -> DataFolder {
    DataFolder::lock(path).unwrap()
}

/// The old writer thread lets go of the file when it sees that its store has gone, which may take a moment.
fn open_again(folder: &DataFolder) -> RedbStore {
    let until = std::time::SystemTime::now() + Duration::from_secs(10);
    loop {
        match RedbStore::open(folder) {
            Ok(store) => return store,
            Err(error) if std::time::SystemTime::now() < until => {
                assert!(error.to_string().contains("another process has it open"), "{error}");
                std::thread::yield_now();
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn a_folder_in_use_is_refused_in_words() {
    let home = tempfile::tempdir().unwrap();
    let _held = DataFolder::lock(home.path()).unwrap();
    let refusal = DataFolder::lock(home.path()).unwrap_err().to_string();
    assert!(refusal.contains("belongs to another running mainstay"), "{refusal}");
}

#[test]
fn a_file_that_is_no_store_is_refused_and_left_as_it_is() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join(FILE);
    std::fs::write(&path, b"not a store at all").unwrap();
    let folder = DataFolder::lock(home.path()).unwrap();
    let Err(refusal) = RedbStore::open(&folder) else { panic!("was taken") };
    assert!(refusal.to_string().contains("mainstay.redb"), "{refusal}");
    assert_eq!(std::fs::read(&path).unwrap(), b"not a store at all");
}
