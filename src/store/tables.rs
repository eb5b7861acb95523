//! The store's tables: one a kind of record, keyed by the record's name.

use super::codec::{self, Record};
use mainstay_actors::ports::{EventPage, Snapshot, Write};
use mainstay_core::Family;
use redb::{
    Database, Durability, ReadableDatabase, ReadableTable, TableDefinition, TableError, WriteTransaction,
};

type Table = TableDefinition<'static, &'static str, &'static [u8]>;

const META: Table = TableDefinition::new("meta");
const CLUSTERS: Table = TableDefinition::new("clusters");
const DEFINITIONS: Table = TableDefinition::new("task-definitions");
const LAST_REVISIONS: Table = TableDefinition::new("last-revisions");
const SERVICES: Table = TableDefinition::new("services");
const TASKS: Table = TableDefinition::new("tasks");
const INSTANCES: Table = TableDefinition::new("container-instances");
const SCHEDULES: Table = TableDefinition::new("schedules");
const SCHEDULE_GROUPS: Table = TableDefinition::new("schedule-groups");
const CAPACITY_PROVIDERS: Table = TableDefinition::new("capacity-providers");

const EVENTS: TableDefinition<'static, u64, &'static [u8]> = TableDefinition::new("events");
/// Up to which event each subscriber has everything.
const CURSORS: Table = TableDefinition::new("event-cursors");

/// The installation's id, in [`META`].
const OWNER: &str = "owner";

/// The installation's id, made where there is none. A store that has one is not written to: it may be a newer one.
pub(super) fn prepare(database: &Database) -> Result<String, String> {
    let known = match database.begin_read().map_err(text)?.open_table(META) {
        Ok(meta) => meta.get(OWNER).map_err(text)?.map(|bytes| codec::decode(bytes.value())).transpose()?,
        Err(TableError::TableDoesNotExist(_)) => None,
        Err(error) => return Err(text(error)),
    };
    if let Some(owner) = known {
        return Ok(owner);
    }
    let fresh = uuid::Uuid::new_v4().simple().to_string();
    begin_with(database, &fresh)?;
    Ok(fresh)
}

/// Gives a new store the id of the installation whose records it is to hold.
pub(super) fn begin_with(database: &Database, owner: &str) -> Result<(), String> {
    let transaction = begin(database)?;
    transaction
        .open_table(META)
        .map_err(text)?
        .insert(OWNER, codec::encode(&owner.to_owned())?.as_slice())
        .map_err(text)?;
    transaction.commit().map_err(text)
}

/// Writes all or nothing; it is on disk when this returns.
pub(super) fn write<'a>(database: &Database, writes: impl Iterator<Item = &'a Write>) -> Result<(), String> {
    let transaction = begin(database)?;
    for write in writes {
        apply(&transaction, write)?;
    }
    transaction.commit().map_err(text)
}

fn begin(database: &Database) -> Result<WriteTransaction, String> {
    let mut transaction = database.begin_write().map_err(text)?;
    transaction.set_durability(Durability::Immediate).map_err(text)?;
    Ok(transaction)
}

fn apply(transaction: &WriteTransaction, write: &Write) -> Result<(), String> {
    match write {
        Write::Cluster(cluster) => put(transaction, CLUSTERS, cluster.name.as_str(), cluster),
        Write::TaskDefinition(definition) => {
            put(transaction, DEFINITIONS, &definition.key.to_string(), definition)
        }
        Write::LastRevision(family, last) => put(transaction, LAST_REVISIONS, family.as_str(), last),
        Write::Service(service) => put(transaction, SERVICES, &service.key.to_string(), service),
        Write::Task(task) => put(transaction, TASKS, task.id.as_str(), task),
        Write::Instance(instance) => put(transaction, INSTANCES, instance.id.as_str(), instance),
        Write::Schedule(schedule) => put(transaction, SCHEDULES, &schedule.key.to_string(), schedule),
        Write::ScheduleGroup(group) => put(transaction, SCHEDULE_GROUPS, group.name.as_str(), group),
        Write::CapacityProvider(provider) => {
            put(transaction, CAPACITY_PROVIDERS, provider.name.as_str(), provider)
        }
        Write::Event(event) => {
            let bytes = codec::encode(&**event)?;
            let mut table = transaction.open_table(EVENTS).map_err(text)?;
            table.insert(event.sequence, bytes.as_slice()).map_err(text)?;
            Ok(())
        }
        Write::ForgetEvents(last) => {
            let mut table = transaction.open_table(EVENTS).map_err(text)?;
            table.retain_in(..=*last, |_, _| false).map_err(text)
        }
        Write::Cursor(name, sequence) => put(transaction, CURSORS, name, sequence),
        Write::RemoveCapacityProvider(name) => remove(transaction, CAPACITY_PROVIDERS, name.as_str()),
        Write::RemoveCluster(name) => remove(transaction, CLUSTERS, name.as_str()),
        Write::RemoveTaskDefinition(key) => remove(transaction, DEFINITIONS, &key.to_string()),
        Write::RemoveService(key) => remove(transaction, SERVICES, &key.to_string()),
        Write::RemoveTask(id) => remove(transaction, TASKS, id.as_str()),
        Write::RemoveInstance(id) => remove(transaction, INSTANCES, id.as_str()),
        Write::RemoveSchedule(key) => remove(transaction, SCHEDULES, &key.to_string()),
        Write::RemoveScheduleGroup(name) => remove(transaction, SCHEDULE_GROUPS, name.as_str()),
    }
}

fn put<T: Record>(transaction: &WriteTransaction, table: Table, key: &str, record: &T) -> Result<(), String> {
    let bytes = codec::encode(record)?;
    transaction.open_table(table).map_err(text)?.insert(key, bytes.as_slice()).map_err(text)?;
    Ok(())
}

fn remove(transaction: &WriteTransaction, table: Table, key: &str) -> Result<(), String> {
    transaction.open_table(table).map_err(text)?.remove(key).map_err(text)?;
    Ok(())
}

/// Everything that is there.
pub(super) fn load(database: &Database) -> Result<Snapshot, String> {
    Ok(Snapshot {
        clusters: all(database, CLUSTERS, |_, cluster| cluster)?,
        task_definitions: all(database, DEFINITIONS, |_, definition| definition)?,
        last_revisions: all(database, LAST_REVISIONS, |family, last| (Family::new(family), last))?,
        services: all(database, SERVICES, |_, service| service)?,
        tasks: all(database, TASKS, |_, task| task)?,
        instances: all(database, INSTANCES, |_, instance| instance)?,
        schedules: all(database, SCHEDULES, |_, schedule| schedule)?,
        schedule_groups: all(database, SCHEDULE_GROUPS, |_, group| group)?,
        capacity_providers: all(database, CAPACITY_PROVIDERS, |_, provider| provider)?,
        events: ends_of_events(database)?,
        cursors: all(database, CURSORS, |name, sequence| (name.to_owned(), sequence))?,
    })
}

/// The oldest and the newest event.
fn ends_of_events(database: &Database) -> Result<Option<(u64, u64)>, String> {
    let transaction = database.begin_read().map_err(text)?;
    let table = match transaction.open_table(EVENTS) {
        Ok(table) => table,
        Err(TableError::TableDoesNotExist(_)) => return Ok(None),
        Err(error) => return Err(text(error)),
    };
    let oldest = table.first().map_err(text)?.map(|(sequence, _)| sequence.value());
    let newest = table.last().map_err(text)?.map(|(sequence, _)| sequence.value());
    Ok(oldest.zip(newest))
}

/// Events after the `after`-th, `most` of them at most.
pub(super) fn events(database: &Database, after: u64, most: usize) -> Result<EventPage, String> {
    let transaction = database.begin_read().map_err(text)?;
    let table = match transaction.open_table(EVENTS) {
        Ok(table) => table,
        Err(TableError::TableDoesNotExist(_)) => return Ok(EventPage::default()),
        Err(error) => return Err(text(error)),
    };
    let oldest = table.first().map_err(text)?.map_or(0, |(sequence, _)| sequence.value());
    let mut events = Vec::new();
    for entry in table.range(after.saturating_add(1)..).map_err(text)?.take(most) {
        let (sequence, bytes) = entry.map_err(text)?;
        let event = codec::decode(bytes.value());
        events.push(event.map_err(|detail| format!("event {}: {detail}", sequence.value()))?);
    }
    Ok(EventPage { oldest, events })
}

fn all<T: Record, R>(
    database: &Database,
    table: Table,
    with: impl Fn(&str, T) -> R,
) -> Result<Vec<R>, String> {
    let transaction = database.begin_read().map_err(text)?;
    let table = match transaction.open_table(table) {
        Ok(table) => table,
        // Nothing of the kind was written yet.
        Err(TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
        Err(error) => return Err(text(error)),
    };
    let mut records = Vec::new();
    for entry in table.iter().map_err(text)? {
        let (key, bytes) = entry.map_err(text)?;
        let record = codec::decode(bytes.value()).map_err(|detail| format!("{}: {detail}", key.value()))?;
        records.push(with(key.value(), record));
    }
    Ok(records)
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
