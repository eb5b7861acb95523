//! What people ask of images: which ones tasks use, and which one a container has.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bollard::query_parameters::{ListContainersOptions, ListImagesOptions};
use mainstay_actors::ports::EngineError;
use mainstay_core::model::Timestamp;

use super::errors::{status, when};
use super::{DockerEngine, labels};

/// An image that containers of tasks have, whichever installation's they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedImage {
    /// The engine's id of it.
    pub id: String,
    /// The names it has now; none where they went to another image.
    pub names: Vec<String>,
    /// What it needs on the disk, in bytes.
    pub size: u64,
    /// When it was made, be it here or elsewhere.
    pub created_at: Option<Timestamp>,
    /// By whom: `family:revision/container`, in order.
    pub used_by: BTreeSet<String>,
}

impl DockerEngine {
    /// The images that containers of tasks have, running or not, in the order of their names.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn used_images(&self) -> Result<Vec<UsedImage>, EngineError> {
        let client = self.client().await?;
        let filters = HashMap::from([("label".to_owned(), vec![labels::OWNER.to_owned()])]);
        let all = ListContainersOptions { all: true, filters: Some(filters), ..Default::default() };
        let listed = client.list_containers(Some(all)).await;
        let listed = listed.map_err(|error| when(&self.endpoint, "list", &error))?;
        let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for container in listed {
            let labels = container.labels.unwrap_or_default();
            let of = |label: &str| labels.get(label).map_or("?", String::as_str);
            let user =
                format!("{}:{}/{}", of(labels::FAMILY), of(labels::VERSION), of(labels::CONTAINER_NAME));
            if let Some(image) = container.image_id {
                used.entry(image).or_default().insert(user);
            }
        }
        let images = client.list_images(Some(ListImagesOptions { all: true, ..Default::default() })).await;
        let images = images.map_err(|error| when(&self.endpoint, "list images", &error))?;
        let mut found: Vec<UsedImage> = images
            .into_iter()
            .filter_map(|image| {
                let used_by = used.remove(&image.id)?;
                let created_at = (image.created > 0).then(|| Timestamp(image.created * 1000));
                let size = u64::try_from(image.size).unwrap_or(0);
                let named = |name: &String| !name.starts_with("<none>");
                let names = image.repo_tags.into_iter().filter(named).collect();
                Some(UsedImage { id: image.id, names, size, created_at, used_by })
            })
            .collect();
        found.sort_by(|one, other| (&one.names, &one.id).cmp(&(&other.names, &other.id)));
        Ok(found)
    }

    /// The id of the image that a container has; `None` where it is gone.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn image_of_container(&self, id: &str) -> Result<Option<String>, EngineError> {
        match self.client().await?.inspect_container(id, None).await {
            Ok(seen) => Ok(seen.image),
            Err(error) if status(&error) == Some(404) => Ok(None),
            Err(error) => Err(when(&self.endpoint, "inspect", &error)),
        }
    }
}
