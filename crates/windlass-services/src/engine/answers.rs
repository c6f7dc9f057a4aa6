//! What an engine answers, read: JSON, and lines of progress.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};

use serde_json::Value;

use super::EngineError;
use super::http::Answer;

/// No answer but a progress is longer, in bytes.
const MAX_ANSWER: u64 = 64 << 20;

/// Which engine it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Engine {
    /// The program that a person would use: `docker` or `podman`.
    pub program: String,
    /// Its version.
    pub version: String,
}

/// An image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalImage {
    /// Its identifier.
    pub id: String,
    /// What it is called: `postgres:15-windlass`.
    pub tags: Vec<String>,
    /// What is written on it.
    pub labels: BTreeMap<String, String>,
    /// When it was made, in seconds since 1970.
    pub created_unix_s: u64,
}

/// What an image says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageSays {
    /// Its identifier.
    pub id: String,
    /// What is written on it.
    pub labels: BTreeMap<String, String>,
    /// What its containers run, before their arguments.
    pub entrypoint: Vec<String>,
}

/// How a container is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerState {
    /// Whether it runs.
    pub is_running: bool,
    /// What its program ended with.
    pub exit_code: i64,
    /// Which port of 127.0.0.1 each of its ports has.
    pub ports: BTreeMap<u16, u16>,
}

/// A container or a volume in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labelled {
    /// Its name.
    pub name: String,
    /// What is written on it.
    pub labels: BTreeMap<String, String>,
}

/// `None` where the engine says that there is no such thing.
pub(super) fn there<T>(answered: Result<T, EngineError>) -> Result<Option<T>, EngineError> {
    match answered {
        Err(EngineError::Refused { status: 404, .. }) => Ok(None),
        answered => answered.map(Some),
    }
}

pub(super) fn all<S: Read>(answer: Answer<'_, S>) -> Result<Vec<u8>, EngineError> {
    let mut bytes = Vec::new();
    answer.body.take(MAX_ANSWER).read_to_end(&mut bytes)?;
    Ok(bytes)
}

pub(super) fn json<S: Read>(answer: Answer<'_, S>) -> Result<Value, EngineError> {
    let bytes = all(answer)?;
    serde_json::from_slice(&bytes).map_err(|_| EngineError::Unexpected(String::from_utf8_lossy(&bytes).into_owned()))
}

/// Reads an answer of one JSON value a line, one of which may say that the work has failed after all.
pub(super) fn progress<S: Read>(answer: Answer<'_, S>, told: &mut dyn FnMut(&Value)) -> Result<(), EngineError> {
    let mut failed = None;
    for line in BufReader::new(answer.body).lines() {
        let line = line?;
        let line: Value = serde_json::from_str(&line).map_err(|_| EngineError::Unexpected(line.clone()))?;
        match text(&line["error"]) {
            error if error.is_empty() => told(&line),
            message => failed = Some(EngineError::Refused { status: 200, message }),
        }
    }
    failed.map_or(Ok(()), Err)
}

pub(super) fn ports(ports: &Value) -> BTreeMap<u16, u16> {
    let port = |(name, bound): (&String, &Value)| {
        let bound = list(bound).find(|bound| bound["HostIp"] == "127.0.0.1")?;
        Some((name.strip_suffix("/tcp")?.parse().ok()?, text(&bound["HostPort"]).parse().ok()?))
    };
    ports.as_object().into_iter().flatten().filter_map(port).collect()
}

pub(super) fn local_image(image: &Value) -> LocalImage {
    LocalImage {
        id: text(&image["Id"]),
        tags: list(&image["RepoTags"]).map(text).filter(|tag| !tag.contains("<none>")).collect(),
        labels: pairs(&image["Labels"]),
        created_unix_s: image["Created"].as_u64().unwrap_or_default(),
    }
}

pub(super) fn filter(name: &str, value: &str) -> String {
    serde_json::json!({ name: [value] }).to_string()
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

pub(super) fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

pub(super) fn pairs(value: &Value) -> BTreeMap<String, String> {
    value.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), text(value))).collect()
}
