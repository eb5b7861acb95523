//! botocore's service model, as far as it is used.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;

use serde::Deserialize;

use super::Service;

#[derive(Deserialize)]
pub struct Model {
    pub metadata: Metadata,
    pub operations: BTreeMap<String, Operation>,
    pub shapes: BTreeMap<String, Shape>,
    /// Shapes that requests, and that answers, of the supported operations are made of.
    #[serde(skip)]
    pub inputs: BTreeSet<String>,
    #[serde(skip)]
    pub outputs: BTreeSet<String>,
}

#[derive(Deserialize)]
pub struct Metadata {
    pub protocol: String,
}

#[derive(Deserialize)]
pub struct Operation {
    pub http: Http,
    pub input: Option<Ref>,
    output: Option<Ref>,
}

#[derive(Deserialize)]
pub struct Http {
    pub method: String,
    #[serde(rename = "requestUri")]
    pub path: String,
}

#[derive(Deserialize)]
pub struct Ref {
    pub shape: String,
    /// Where a member of a REST request is, beside its body.
    pub location: Option<String>,
    /// What it is called there.
    #[serde(rename = "locationName")]
    pub location_name: Option<String>,
}

/// What an exception is on the wire.
#[derive(Deserialize)]
pub struct Status {
    #[serde(rename = "httpStatusCode")]
    pub code: u16,
}

#[derive(Deserialize)]
pub struct Shape {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub members: BTreeMap<String, Ref>,
    #[serde(default)]
    pub required: BTreeSet<String>,
    pub member: Option<Ref>,
    pub key: Option<Ref>,
    pub value: Option<Ref>,
    #[serde(default, rename = "enum")]
    pub words: Vec<String>,
    pub min: Option<f64>,
    pub max: Option<f64>,
    #[serde(default)]
    pub exception: bool,
    #[serde(default)]
    pub fault: bool,
    pub error: Option<Status>,
}

impl Model {
    /// Reads the model that a virtual environment's botocore carries.
    pub fn read(environment: &Path, service: &Service) -> Result<Self, Box<dyn std::error::Error>> {
        let lib = environment.join("lib");
        let python = std::fs::read_dir(&lib)?
            .filter_map(Result::ok)
            .map(|entry| entry.path().join("site-packages").join(service.model))
            .find(|path| path.exists())
            .ok_or_else(|| format!("no {} below {}", service.model, lib.display()))?;
        let mut text = String::new();
        flate2::read::GzDecoder::new(std::fs::File::open(python)?).read_to_string(&mut text)?;
        let mut model: Self = serde_json::from_str(&text)?;
        for (name, words) in service.more_words {
            let shape = model.shapes.get_mut(*name).ok_or_else(|| format!("no shape {name}"))?;
            shape.words.extend(words.iter().map(|word| (*word).to_owned()));
        }
        let (mut inputs, mut outputs) = (BTreeSet::new(), BTreeSet::new());
        for name in service.operations {
            let operation = model.operations.get(*name).ok_or_else(|| format!("no operation {name}"))?;
            for (part, reached) in [(&operation.input, &mut inputs), (&operation.output, &mut outputs)] {
                if let Some(part) = part {
                    model.reach(&part.shape, reached);
                }
            }
        }
        (model.inputs, model.outputs) = (inputs, outputs);
        Ok(model)
    }

    /// Whether operations are methods and paths.
    pub fn is_rest(&self) -> bool {
        self.metadata.protocol == "rest-json"
    }

    /// Notes a shape and all that it is made of.
    pub fn reach(&self, name: &str, seen: &mut BTreeSet<String>) {
        if !seen.insert(name.to_owned()) {
            return;
        }
        let shape = &self.shapes[name];
        let parts = shape.members.values().chain(&shape.member).chain(&shape.key).chain(&shape.value);
        for part in parts {
            self.reach(&part.shape, seen);
        }
    }

    /// The shapes of a kind that are used, by name.
    pub fn used<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a str, &'a Shape)> {
        self.shapes
            .iter()
            .filter(move |(name, shape)| {
                shape.kind == kind && (self.inputs.contains(*name) || self.outputs.contains(*name))
            })
            .map(|(name, shape)| (name.as_str(), shape))
    }
}
