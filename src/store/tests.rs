use mainstay_core::events::{Event, Kind};
use mainstay_core::model::{Cluster, ClusterStatus, Timestamp};
use mainstay_core::{ClusterName, Family};

use super::*;

fn cluster(name: &str) -> Cluster {
    Cluster {
        execute_command_logging: None,
        name: ClusterName::new(name),
        status: ClusterStatus::Active,
        created_at: Timestamp(1),
        tags: Vec::new(),
        capacity_providers: Vec::new(),
        default_strategy: Vec::new(),
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
    let folder = DataFolder::lock(home.path()).unwrap();
    let store = RedbStore::open(&folder).unwrap();
    let there = store.load().unwrap();
    assert_eq!(there.clusters, [cluster("b")]);
    assert_eq!(there.last_revisions, [(Family::new("web"), 7)]);
    assert_eq!(store.owner(), owner);
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

#[test]
fn a_damaged_or_truncated_store_is_refused_with_what_to_do_and_left_as_it_is() {
    let home = tempfile::tempdir().unwrap();
    let folder = DataFolder::lock(home.path()).unwrap();
    let store = RedbStore::open(&folder).unwrap();
    let clusters = (0..500).map(|number| Write::Cluster(cluster(&format!("cluster-{number}"))));
    wait(store.commit(clusters.collect())).unwrap();
    drop(store);
    let path = home.path().join(FILE);
    let whole = std::fs::read(&path).unwrap();
    for length in [whole.len() / 2, 4096, 100, 1] {
        std::fs::write(&path, &whole[..length]).unwrap();
        let Err(refusal) = RedbStore::check(&folder) else { panic!("{length} bytes were taken") };
        assert!(refusal.to_string().contains("mainstay.redb"), "{refusal}");
        let Err(refusal) = RedbStore::open(&folder) else { panic!("{length} bytes were opened") };
        assert!(refusal.to_string().contains("damaged"), "{refusal}");
        assert_eq!(std::fs::read(&path).unwrap(), whole[..length], "{length} bytes were touched");
    }
}

#[test]
fn a_byte_that_a_bad_disk_turned_is_found_wherever_it_matters() {
    let home = tempfile::tempdir().unwrap();
    let folder = DataFolder::lock(home.path()).unwrap();
    let store = RedbStore::open(&folder).unwrap();
    let clusters = (0..200).map(|number| Write::Cluster(cluster(&format!("cluster-{number}"))));
    wait(store.commit(clusters.collect())).unwrap();
    let written = store.load().unwrap();
    drop(store);
    let path = home.path().join(FILE);
    let whole = std::fs::read(&path).unwrap();
    let mut refusals = 0;
    for place in (0..whole.len()).step_by(509) {
        let mut turned = whole.clone();
        turned[place] ^= 0x40;
        std::fs::write(&path, &turned).unwrap();
        match RedbStore::open(&folder) {
            Err(_) => refusals += 1,
            // It fell on a page that nothing is on.
            Ok(store) => assert_eq!(store.load().as_ref(), Ok(&written), "byte {place}"),
        }
    }
    assert!(refusals > 0, "no byte mattered");
}

#[test]
fn a_disk_that_stands_still_keeps_a_bounded_line_waiting() {
    let (to_writer, stands_still) = mpsc::channel();
    let store = RedbStore {
        path: PathBuf::new(),
        owner: String::new(),
        to_writer: Some(to_writer),
        writer: None,
        waiting: Arc::default(),
    };
    let line: Vec<_> = (0..BATCHES_WAITING).map(|_| store.commit(Vec::new())).collect();
    let refusal = wait(store.commit(vec![Write::Cluster(cluster("late"))])).unwrap_err();
    assert!(refusal.to_string().contains("does not keep up"), "{refusal}");
    drop(stands_still.recv());
    let last = store.commit(Vec::new());
    drop(stands_still);
    assert!(line.into_iter().chain([last]).all(|commit| wait(commit).is_err()), "the writer has ended");
}

/// A file in memory that counts how often it is synced.
#[derive(Debug)]
struct Counted {
    memory: redb::backends::InMemoryBackend,
    syncs: Arc<std::sync::atomic::AtomicUsize>,
}

impl redb::StorageBackend for Counted {
    fn len(&self) -> Result<u64, std::io::Error> {
        self.memory.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), std::io::Error> {
        self.memory.read(offset, out)
    }

    fn set_len(&self, length: u64) -> Result<(), std::io::Error> {
        self.memory.set_len(length)
    }

    fn sync_data(&self) -> Result<(), std::io::Error> {
        self.syncs.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        self.memory.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), std::io::Error> {
        self.memory.write(offset, data)
    }
}

#[test]
fn a_commit_is_one_sync_however_many_records_share_it() {
    let syncs = Arc::<std::sync::atomic::AtomicUsize>::default();
    let backend = Counted { memory: redb::backends::InMemoryBackend::new(), syncs: syncs.clone() };
    let database = Database::builder().create_with_backend(backend).unwrap();
    tables::prepare(&database).unwrap();
    for size in [1, 10, 40] {
        let writes: Vec<Write> =
            (0..size).map(|n| Write::Cluster(cluster(&format!("c-{size}-{n}")))).collect();
        tables::write(&database, writes.iter()).unwrap();
        let before = syncs.load(std::sync::atomic::Ordering::SeqCst);
        tables::write(&database, writes.iter()).unwrap();
        assert_eq!(syncs.load(std::sync::atomic::Ordering::SeqCst) - before, 1, "{size} records");
    }
}

fn event(sequence: u64) -> Write {
    Write::Event(Box::new(Event {
        sequence,
        id: format!("id-{sequence}"),
        at: Timestamp(7),
        kind: Kind::ServiceAction,
        cluster: ClusterName::new("a"),
        service: None,
        task: None,
        json: "{}".into(),
    }))
}

#[test]
fn events_are_read_in_pages_in_order_and_the_oldest_go_where_they_are_to_be_forgotten() {
    let home = tempfile::tempdir().unwrap();
    {
        let folder = DataFolder::lock(home.path()).unwrap();
        let store = RedbStore::open(&folder).unwrap();
        assert_eq!(wait(store.events(0, 9)).unwrap(), EventPage::default());
        assert_eq!(store.load().unwrap().events, None);
        wait(store.commit((1..=300).map(event).collect())).unwrap();
        wait(store.commit(vec![Write::ForgetEvents(290), Write::Cursor("pager".into(), 295)])).unwrap();
    }
    let folder = DataFolder::lock(home.path()).unwrap();
    let store = RedbStore::open(&folder).unwrap();
    let there = store.load().unwrap();
    assert_eq!((there.events, there.cursors), (Some((291, 300)), vec![("pager".to_owned(), 295)]));
    let sequences = |after, most| {
        let page = wait(store.events(after, most)).unwrap();
        assert_eq!(page.oldest, 291);
        page.events.into_iter().map(|event| event.sequence).collect::<Vec<_>>()
    };
    assert_eq!(sequences(0, 2), [291, 292]);
    assert_eq!(sequences(292, 3), [293, 294, 295]);
    assert_eq!(sequences(298, 100), [299, 300]);
    assert!(sequences(300, 100).is_empty());
}
