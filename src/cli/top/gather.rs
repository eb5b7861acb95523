//! What `top` shows, asked of the daemon again and again, only what its tab needs.

use std::sync::mpsc;
use std::time::Duration;

use tokio::sync::watch;

use super::app::Tab;
use super::used::{self, Usage};
use crate::cli::client::Endpoint;
use crate::cli::outcome::Failure;
use crate::cli::survey::{self, Instance, Service, Task};
use crate::cli::tree::{self, Node};

/// What is to be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) tab: Tab,
    /// Tasks that are over, too.
    pub(super) stopped: bool,
}

/// What there is, and what of it uses how much.
#[derive(Debug)]
pub(super) enum Seen {
    Services(Vec<Service>, Usage),
    Tasks(Vec<Task>, Usage),
    Instances(Vec<Instance>, Usage),
    Tree(Vec<Node>),
}

/// What there is, or why it is not known.
pub(super) type News = Result<Seen, String>;

/// Asks, in the background.
pub(super) struct Gatherer(watch::Sender<Wanted>);

impl Gatherer {
    /// Begins; what it finds goes to `news`.
    pub(super) fn begin(
        runtime: &tokio::runtime::Runtime,
        endpoint: Endpoint,
        interval: Duration,
        news: mpsc::Sender<News>,
        wanted: Wanted,
    ) -> Self {
        let (sender, mut receiver) = watch::channel(wanted);
        runtime.spawn(async move {
            loop {
                let wanted = *receiver.borrow_and_update();
                let seen = seen(&endpoint, wanted).await.map_err(|(_, text)| text);
                if news.send(seen).is_err() {
                    return;
                }
                // At once where something else is wanted. An elapsed time is no error.
                if let Ok(Err(_)) = tokio::time::timeout(interval, receiver.changed()).await {
                    return;
                }
            }
        });
        Self(sender)
    }

    /// Looks at once, and at this from now on.
    pub(super) fn want(&self, wanted: Wanted) {
        self.0.send_replace(wanted);
    }
}

async fn seen(endpoint: &Endpoint, wanted: Wanted) -> Result<Seen, Failure> {
    if wanted.tab == Tab::Tree {
        return Ok(Seen::Tree(tree::nodes(endpoint).await?));
    }
    let (mut services, mut tasks, mut instances) = (Vec::new(), Vec::new(), Vec::new());
    for cluster in survey::clusters(endpoint).await? {
        match wanted.tab {
            Tab::Services => services.extend(survey::services(endpoint, &cluster).await?),
            Tab::Instances => instances.extend(survey::instances(endpoint, &cluster).await?),
            Tab::Tasks | Tab::Tree => {
                tasks.extend(survey::tasks(endpoint, &cluster, "RUNNING").await?);
                if wanted.stopped {
                    tasks.extend(survey::tasks(endpoint, &cluster, "STOPPED").await?);
                }
            }
        }
    }
    let usage = used::asked(endpoint).await?;
    Ok(match wanted.tab {
        Tab::Services => Seen::Services(services, usage),
        Tab::Instances => Seen::Instances(instances, usage),
        Tab::Tasks | Tab::Tree => Seen::Tasks(tasks, usage),
    })
}
