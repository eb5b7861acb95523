//! What an API write waits for at the disk.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use mainstay_actors::ports::{EventPage, Snapshot, Store, StoreError, Write};
use serde_json::{Value, json};

use super::support::tree_on;
use super::{ask, register, service_when, stable};

/// A disk that can be told to sync just once more, as soon as there is something to sync.
#[derive(Default)]
struct Miserly {
    /// Absent where it syncs whatever comes.
    syncs_left: Mutex<Option<u32>>,
}

impl Store for Miserly {
    fn load(&self) -> Result<Snapshot, StoreError> {
        Ok(Snapshot::default())
    }

    fn commit(&self, batch: Vec<Write>) -> BoxFuture<'static, Result<(), StoreError>> {
        match &mut *self.syncs_left.lock().unwrap() {
            Some(0) => futures::future::pending().boxed(),
            Some(left) if !batch.is_empty() => {
                *left -= 1;
                futures::future::ready(Ok(())).boxed()
            }
            _ => futures::future::ready(Ok(())).boxed(),
        }
    }

    fn events(&self, _: u64, _: usize) -> BoxFuture<'static, Result<EventPage, StoreError>> {
        futures::future::ready(Ok(EventPage::default())).boxed()
    }
}

#[tokio::test]
async fn an_api_write_waits_for_one_sync_and_for_no_other() {
    let writes: [(&str, Value); 9] = [
        ("CreateCluster", json!({"clusterName": "other"})),
        (
            "RegisterTaskDefinition",
            json!({"family": "new", "containerDefinitions": [{"name": "a", "image": "a", "memory": 6}]}),
        ),
        ("CreateService", json!({"serviceName": "new", "taskDefinition": "web", "desiredCount": 1})),
        ("UpdateService", json!({"service": "web", "desiredCount": 2})),
        ("DeleteService", json!({"service": "web", "force": true})),
        ("RunTask", json!({"taskDefinition": "web"})),
        ("StopTask", Value::Null),
        ("DeregisterTaskDefinition", json!({"taskDefinition": "web:1"})),
        ("DeleteCluster", json!({"cluster": "empty"})),
    ];
    for (operation, mut input) in writes {
        let store = Arc::new(Miserly::default());
        let tree = tree_on(Arc::clone(&store) as Arc<dyn Store>).await;
        tree.host("default").await;
        ask(&tree, "CreateCluster", json!({"clusterName": "empty"})).await.unwrap();
        register(&tree).await;
        let made = json!({"serviceName": "web", "taskDefinition": "web", "desiredCount": 1});
        ask(&tree, "CreateService", made).await.unwrap();
        let steady = |service: &Value| stable(service) && service["events"].to_string().contains("steady");
        service_when(&tree, steady).await;
        if operation == "StopTask" {
            let listed = ask(&tree, "ListTasks", json!({})).await.unwrap();
            input = json!({"task": listed["taskArns"][0]});
        }
        tree.ctx.flush().await;
        *store.syncs_left.lock().unwrap() = Some(1);
        let answer = tokio::time::timeout(Duration::from_secs(10), ask(&tree, operation, input)).await;
        assert!(matches!(answer, Ok(Ok(_))), "{operation} waits for more than one sync: {answer:?}");
        let left = store.syncs_left.lock().unwrap().replace(0);
        assert_eq!(left, Some(0), "{operation} was answered before it was on disk");
    }
}
