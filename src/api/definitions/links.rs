//! `links` of a container definition, both ways, and what they make of the order of a task's containers.

use std::collections::{BTreeMap, BTreeSet};

use mainstay_core::model::{ContainerDefinition, Link, NetworkMode, TaskDefinition};

use crate::api::error::{Answer, ApiError};
use crate::api::names;
use crate::api::wire::At;

pub(super) fn read(at: &At<'_>, given: Vec<String>) -> Answer<Vec<Link>> {
    let list = at.field("links");
    let link = |(index, text): (usize, String)| {
        let (container, alias) = match text.split_once(':') {
            Some((container, alias)) => (container, Some(alias)),
            None => (text.as_str(), None),
        };
        let fits = |name: &str| names::pattern("Link", name).is_ok();
        if !fits(container) || !alias.is_none_or(fits) {
            return Err(ApiError::client(format!(
                "{} is '{text}'; it must be NAME or NAME:ALIAS, each of up to 255 letters, digits, underscores \
                 and hyphens.",
                list.index(index)
            )));
        }
        Ok(Link { container: container.to_owned(), alias: alias.map(str::to_owned) })
    };
    given.into_iter().enumerate().map(link).collect()
}

/// Links lead to other containers of the task, in bridge mode only, and never in a circle.
pub(super) fn check(definition: &TaskDefinition) -> Answer<()> {
    let list = At::ROOT.field("containerDefinitions");
    let containers: BTreeMap<&str, &ContainerDefinition> =
        definition.containers.iter().map(|container| (container.name.as_str(), container)).collect();
    for (index, container) in definition.containers.iter().enumerate() {
        let at = list.index(index);
        let links = at.field("links");
        if !container.links.is_empty() && definition.network_mode != NetworkMode::Bridge {
            let mode = definition.network_mode.as_str();
            return Err(ApiError::client(format!(
                "{links} is given; it must be left out when networkMode={mode}."
            )));
        }
        for (index, link) in container.links.iter().enumerate() {
            let at = links.index(index);
            let Some(other) = containers.get(link.container.as_str()) else {
                return Err(ApiError::client(format!(
                    "{at} is '{}'; it must name a container of the task definition.",
                    link.container
                )));
            };
            if other.options.disable_networking == Some(true) {
                return Err(ApiError::client(format!(
                    "{at} is '{}'; it must name a container whose networking is not disabled.",
                    link.container
                )));
            }
            if leads_to(&containers, &link.container, &container.name) {
                return Err(ApiError::client(format!(
                    "{at} is '{}'; it must not lead back to container '{}'.",
                    link.container, container.name
                )));
            }
        }
    }
    Ok(())
}

/// Whether one can come from `from` to `to` by links.
fn leads_to<'a>(containers: &BTreeMap<&str, &'a ContainerDefinition>, from: &'a str, to: &str) -> bool {
    let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(name) = open.pop() {
        if name == to {
            return true;
        }
        if seen.insert(name) {
            let links = containers.get(name).into_iter().flat_map(|container| &container.links);
            open.extend(links.map(|link| link.container.as_str()));
        }
    }
    false
}

/// As it was given.
pub(super) fn show(link: &Link) -> String {
    match &link.alias {
        Some(alias) => format!("{}:{alias}", link.container),
        None => link.container.clone(),
    }
}
