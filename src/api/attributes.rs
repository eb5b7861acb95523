//! PutAttributes, DeleteAttributes, ListAttributes: facts of container instances that people add to those of the hosts.

use std::collections::BTreeMap;

use mainstay_core::InstanceId;
use mainstay_core::model::{Cluster, ContainerInstance};

use super::error::{Answer, ApiError};
use super::paging::{Paging, page};
use super::wire::At;
use super::wire::enums::TargetType;
use super::wire::operations::Exception;
use super::wire::structures::{
    Attribute, DeleteAttributesRequest, DeleteAttributesResponse, ListAttributesRequest,
    ListAttributesResponse, PutAttributesRequest, PutAttributesResponse,
};
use super::{Api, at_most, clusters, names};

/// ECS's limit of a request.
const MOST: usize = 10;
/// What attributes of the hosts' own are called; nobody else gives or takes them.
const OWN: [&str; 2] = ["ecs.", "com.amazonaws."];

/// A name, or a value, without a target.
type Fact = (String, Option<String>);

/// PutAttributes. All of an instance's together or none of them.
pub(super) async fn put(api: &Api, request: PutAttributesRequest) -> Answer<PutAttributesResponse> {
    let PutAttributesRequest { attributes, cluster } = request;
    let cluster = clusters::active(api, cluster.as_deref())?;
    let targets = read(api, &cluster, attributes.unwrap_or_default(), true)?;
    for (id, facts) in &targets {
        api.control.put_attributes(id.clone(), facts.clone()).await?;
    }
    Ok(PutAttributesResponse { attributes: Some(show_all(api, &cluster, &targets)) })
}

/// DeleteAttributes. What is not there is no error.
pub(super) async fn delete(api: &Api, request: DeleteAttributesRequest) -> Answer<DeleteAttributesResponse> {
    let DeleteAttributesRequest { attributes, cluster } = request;
    let cluster = clusters::active(api, cluster.as_deref())?;
    let targets = read(api, &cluster, attributes.unwrap_or_default(), false)?;
    for (id, facts) in &targets {
        let names = facts.iter().map(|(name, _)| name.clone()).collect();
        api.control.delete_attributes(id.clone(), names).await?;
    }
    Ok(DeleteAttributesResponse { attributes: Some(show_all(api, &cluster, &targets)) })
}

/// ListAttributes, those of the hosts included.
pub(super) fn list(api: &Api, request: ListAttributesRequest) -> Answer<ListAttributesResponse> {
    let ListAttributesRequest {
        attribute_name,
        attribute_value,
        cluster,
        max_results,
        next_token,
        // The wire's check took the one word that there is.
        target_type: _,
    } = request;
    let cluster = clusters::active(api, cluster.as_deref())?;
    if attribute_value.is_some() && attribute_name.is_none() {
        return Err(ApiError::parameter("attributeValue is given without attributeName."));
    }
    let paging = Paging {
        operation: "ListAttributes",
        next_token: next_token.as_deref(),
        max_results,
        default: 100,
        descending: false,
    };
    let instances = api.view().instances.filter(|instance| instance.cluster == cluster.name);
    let wanted = |(name, value): &(&str, &str)| {
        attribute_name.as_ref().is_none_or(|wanted| wanted == name)
            && attribute_value.as_ref().is_none_or(|wanted| wanted == value)
    };
    let facts = instances.iter().flat_map(|instance| {
        let facts = instance.all_attributes().filter(wanted);
        facts.map(|(name, value)| (instance.id.clone(), (name.to_owned(), Some(value.to_owned()))))
    });
    let key = |(id, (name, _)): &(InstanceId, Fact)| format!("{id} {name}");
    let (facts, next_token) = page(facts.collect(), key, &paging)?;
    let attributes = facts.iter().map(|(id, fact)| show(api, &cluster, id, fact)).collect();
    Ok(ListAttributesResponse { attributes: Some(attributes), next_token })
}

/// The facts by their instance.
fn read(
    api: &Api,
    cluster: &Cluster,
    given: Vec<Attribute>,
    with_values: bool,
) -> Answer<BTreeMap<InstanceId, Vec<Fact>>> {
    if given.is_empty() {
        return Err(ApiError::parameter("Attributes cannot be empty."));
    }
    at_most("attributes", &given, MOST)?;
    let list = At::ROOT.field("attributes");
    let mut targets: BTreeMap<InstanceId, Vec<Fact>> = BTreeMap::new();
    for (index, Attribute { name, target_id, target_type, value }) in given.into_iter().enumerate() {
        let at = list.index(index);
        let target = target_id.unwrap_or_default();
        at.required("targetId", !target.is_empty())?;
        if target_type.is_none() && !target.starts_with("arn:") {
            let text = format!("{} is required beside a targetId that is no ARN.", at.field("targetType"));
            return Err(ApiError::parameter(text));
        }
        let id = names::instance(api.here(), &cluster.name, &target)?;
        if api.view().instances.get(&id).is_none_or(|instance| instance.cluster != cluster.name) {
            let text = format!("The target {target} was not found in cluster {}.", cluster.name);
            return Err(ApiError::ecs(Exception::TargetNotFoundException, text));
        }
        let name = name.unwrap_or_default();
        check_name(&at, &name)?;
        if let Some(text) = value.as_deref().filter(|text| with_values && !is_value(text)) {
            let text = format!(
                "{} is '{text}'; it must have 1 to 128 letters, digits, spaces within, or - _ . @ / \\ :.",
                at.field("value")
            );
            return Err(ApiError::parameter(text));
        }
        let facts = targets.entry(id).or_default();
        facts.retain(|(known, _)| *known != name);
        facts.push((name, value.filter(|_| with_values)));
    }
    Ok(targets)
}

fn check_name(at: &At<'_>, name: &str) -> Answer<()> {
    let at = at.field("name");
    if !is_name(name) {
        let right = "it must have 1 to 128 letters, digits, or - _ . / \\.";
        return Err(ApiError::parameter(format!("{at} is '{name}'; {right}")));
    }
    if OWN.iter().any(|prefix| name.starts_with(prefix)) {
        let right = "names that begin with ecs. or com.amazonaws. are the hosts' own.";
        return Err(ApiError::parameter(format!("{at} is '{name}'; {right}")));
    }
    Ok(())
}

/// Whether it can be the name of an attribute.
pub(crate) fn is_name(name: &str) -> bool {
    let letter = |letter: char| letter.is_ascii_alphanumeric() || "-_./\\".contains(letter);
    (1..=128).contains(&name.len()) && name.chars().all(letter)
}

/// Whether it can be the value of one.
pub(crate) fn is_value(value: &str) -> bool {
    let letter = |letter: char| letter.is_ascii_alphanumeric() || "-_.@/\\: ".contains(letter);
    (1..=128).contains(&value.len()) && value.chars().all(letter) && value.trim() == value
}

fn show_all(api: &Api, cluster: &Cluster, targets: &BTreeMap<InstanceId, Vec<Fact>>) -> Vec<Attribute> {
    let shown = targets.iter().flat_map(|(id, facts)| facts.iter().map(move |fact| (id, fact)));
    shown.map(|(id, fact)| show(api, cluster, id, fact)).collect()
}

fn show(api: &Api, cluster: &Cluster, id: &InstanceId, (name, value): &Fact) -> Attribute {
    Attribute {
        name: Some(name.clone()),
        target_id: Some(api.here().instance(&cluster.name, id)),
        target_type: Some(TargetType::ContainerInstance),
        value: value.clone().filter(|value| !value.is_empty()),
    }
}

/// All of an instance's, as its description has them.
pub(super) fn of_instance(instance: &ContainerInstance) -> Vec<Attribute> {
    let attribute = |(name, value): (&str, &str)| Attribute {
        name: Some(name.to_owned()),
        value: Some(value.to_owned()).filter(|value| !value.is_empty()),
        ..Attribute::default()
    };
    instance.all_attributes().map(attribute).collect()
}
