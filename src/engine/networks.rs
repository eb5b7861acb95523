//! The engine's networks for tasks with an address of their own.

use std::collections::HashMap;

use bollard::Docker;
use bollard::models::{EndpointSettings, NetworkCreateRequest};
use bollard::query_parameters::ListNetworksOptions;
use mainstay_actors::ports::EngineError;
use mainstay_core::model::NetworkInterface;
use mainstay_core::network::EngineNetwork;

use super::errors::{status, when};
use super::{DockerEngine, labels};

impl DockerEngine {
    /// The engine's id of a network, which is made where it is missing and may be.
    pub(super) async fn network(
        &self,
        client: &Docker,
        wanted: &EngineNetwork,
    ) -> Result<String, EngineError> {
        let _one_at_once = self.networks.lock().await;
        if let Some(id) = self.find_network(client, &wanted.name).await? {
            return Ok(id);
        }
        let name = &wanted.name;
        if !wanted.made {
            return Err(EngineError::Refused {
                message: format!(
                    "this host has no network {name}; make it, or set another one in section [network.subnets] of \
                     mainstay.toml"
                ),
            });
        }
        let request = NetworkCreateRequest {
            name: name.clone(),
            driver: Some("bridge".into()),
            labels: Some(HashMap::from([(labels::OWNER.to_owned(), self.owner.clone())])),
            ..Default::default()
        };
        let made = match client.create_network(request).await {
            Ok(made) => Some(made.id),
            // Another daemon was faster.
            Err(error) if status(&error) == Some(409) => None,
            Err(error) => return Err(when(&self.endpoint, "create a network", &error)),
        };
        let found = self.find_network(client, name).await?;
        // Older engines make a second one of the same name; all daemons keep the same one.
        if let (Some(made), Some(found)) = (&made, &found)
            && made != found
        {
            match client.remove_network(made).await {
                Ok(()) => {}
                Err(error) if status(&error) == Some(404) => {}
                Err(error) => return Err(when(&self.endpoint, "remove a network", &error)),
            }
        }
        found.or(made).ok_or_else(|| EngineError::Refused { message: format!("the network {name} is gone") })
    }

    /// The first one that was made under this name.
    async fn find_network(&self, client: &Docker, name: &str) -> Result<Option<String>, EngineError> {
        let filters = HashMap::from([("name".to_owned(), vec![name.to_owned()])]);
        let listed = client
            .list_networks(Some(ListNetworksOptions { filters: Some(filters) }))
            .await
            .map_err(|error| when(&self.endpoint, "list networks", &error))?;
        let named = listed.into_iter().filter(|found| found.name.as_deref() == Some(name));
        Ok(named.min_by_key(|found| (found.created.clone(), found.id.clone())).and_then(|found| found.id))
    }
}

/// A container's interface on a network of the engine.
pub(super) fn interface(networks: HashMap<String, EndpointSettings>) -> Option<NetworkInterface> {
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    networks.into_values().find_map(|endpoint| {
        Some(NetworkInterface { address: given(endpoint.ip_address)?, mac: given(endpoint.mac_address)? })
    })
}
