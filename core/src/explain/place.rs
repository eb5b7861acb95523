//! Why no container instance takes a task.

use super::{Kind, Point};
use crate::CapacityProviderName;
use crate::placement::{Explanation, Lack, Refusal, Request};

/// What all container instances of the cluster said to a task that is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// The capacity provider that it would be of, where a strategy places it.
    pub provider: Option<CapacityProviderName>,
    /// What it asks for.
    pub request: Request,
    /// What they said, counted.
    pub said: Explanation,
    /// The one that came closest, where none takes it.
    pub refusal: Option<Refusal>,
}

/// Why it has no place; absent where it would get one.
pub(super) fn refused(look: &Look) -> Option<Point> {
    let refusal = look.refusal.as_ref()?;
    let Explanation { instances, draining, disconnected, lacks, constraints, .. } = &look.said;
    let provider =
        look.provider.as_ref().map(|name| format!(" of capacity provider {name}")).unwrap_or_default();
    if *instances == 0 {
        let text =
            format!("a task{provider} has no place: no container instances were found in the cluster.");
        return Some(Point::new(Kind::Placement, text));
    }
    let mut counts = Vec::new();
    for (lack, count) in lacks {
        let lacking = match lack {
            // Told constraint by constraint.
            Lack::MemberOf | Lack::DistinctInstance => continue,
            Lack::Attribute => "lack an attribute that the task cannot run without",
            Lack::Cpu => "lack CPU units",
            Lack::Memory => "lack memory",
            Lack::Ports => "have a port taken that the task needs",
            Lack::Gpu => "lack GPUs",
        };
        counts.push(format!("{count} {lacking}"));
    }
    counts.extend(constraints.iter().map(|(constraint, count)| format!("{count} fail {constraint}")));
    counts.extend((*draining > 0).then(|| format!("{draining} take no new tasks (DRAINING)")));
    counts.extend((*disconnected > 0).then(|| format!("{disconnected} have an engine that does not answer")));
    let text = format!(
        "a task{provider} that needs {} has no place: of {instances} container instances {}. {}",
        needed(&look.request),
        counts.join(", "),
        refusal.service_event_reason(),
    );
    Some(Point::new(Kind::Placement, text))
}

fn needed(request: &Request) -> String {
    let some = |amount: u32, unit: &str| (amount > 0).then(|| format!("{amount} {unit}"));
    let gpus = match (request.gpus.count, request.gpus.rest) {
        (0, false) => None,
        (count, false) => Some(format!("{count} GPUs")),
        (_, true) => Some("all GPUs that nobody has".to_owned()),
    };
    let parts = [some(request.resources.cpu, "CPU units"), some(request.resources.memory, "MiB"), gpus];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "nothing".to_owned() } else { parts.join(" and ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Resources;
    use crate::placement::GpuNeed;

    #[test]
    fn what_a_task_needs_is_said_without_what_it_does_not() {
        let resources = Resources { cpu: 64, memory: 128, ..Resources::default() };
        let gpus = GpuNeed { count: 2, rest: false };
        assert_eq!(
            needed(&Request { resources, gpus, ..Request::default() }),
            "64 CPU units and 128 MiB and 2 GPUs"
        );
        let gpus = GpuNeed { count: 0, rest: true };
        assert_eq!(needed(&Request { gpus, ..Request::default() }), "all GPUs that nobody has");
        assert_eq!(needed(&Request::default()), "nothing");
    }
}
