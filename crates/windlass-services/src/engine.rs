//! The engine that runs containers, asked by its API: Docker's, which Podman speaks too. Paths have no version in them, so
//! that each engine answers in its newest.

mod answers;
mod http;
#[cfg(test)]
mod tests;
mod written;

use std::collections::BTreeMap;
use std::io::{self, Read, Write};

use serde_json::Value;

pub use self::answers::{ContainerState, Engine, ImageSays, Labelled, LocalImage};
use self::answers::{all, filter, json, list, local_image, pairs, ports, progress, text, there};
use self::http::{Answer, Connection, Sent, encoded, path};
pub use self::written::Written;
use crate::container::ContainerSpec;

/// A connection to an engine.
#[derive(Debug)]
pub struct EngineSession<S> {
    connection: Connection<S>,
}

/// Why an engine did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The connection broke.
    #[error("the connection to the container engine broke: {0}")]
    Io(#[from] io::Error),
    /// The engine refuses: its status and what it says.
    #[error("the container engine says: {message}")]
    Refused {
        /// The status of its answer; 200 where it failed half way.
        status: u16,
        /// Why.
        message: String,
    },
    /// It answers with something that was not asked for.
    #[error("the container engine was expected to speak HTTP and sent `{0}`")]
    Unexpected(String),
}

impl<S: Read + Write> EngineSession<S> {
    /// A session on a stream that is connected.
    pub fn new(stream: S) -> Self {
        Self { connection: Connection::new(stream) }
    }

    /// Which engine it is.
    ///
    /// # Errors
    ///
    /// When it refuses, or is none.
    pub fn engine(&mut self) -> Result<Engine, EngineError> {
        let told = self.get("/version", &[])?;
        let name = text(&told["Components"][0]["Name"]);
        let program = if name.starts_with("Podman") { "podman" } else { "docker" };
        match text(&told["Version"]) {
            version if version.is_empty() => Err(EngineError::Unexpected(told.to_string())),
            version => Ok(Engine { program: program.to_owned(), version }),
        }
    }

    /// The images whose names a pattern fits, such as `postgres:*-windlass`.
    ///
    /// # Errors
    ///
    /// When the engine refuses.
    pub fn images(&mut self, pattern: &str) -> Result<Vec<LocalImage>, EngineError> {
        self.images_of(&filter("reference", pattern))
    }

    /// The images that have a label, and no name any more.
    ///
    /// # Errors
    ///
    /// When the engine refuses.
    pub fn nameless_images(&mut self, label: &str) -> Result<Vec<LocalImage>, EngineError> {
        self.images_of(&serde_json::json!({ "dangling": ["true"], "label": [label] }).to_string())
    }

    fn images_of(&mut self, filters: &str) -> Result<Vec<LocalImage>, EngineError> {
        let images = self.get("/images/json", &[("filters", filters)])?;
        Ok(list(&images).map(local_image).collect())
    }

    /// What an image says of itself; `None` if it is not there.
    ///
    /// # Errors
    ///
    /// When the engine refuses.
    pub fn image(&mut self, reference: &str) -> Result<Option<ImageSays>, EngineError> {
        let image = there(self.get(&format!("/images/{}/json", encoded(reference)), &[]))?;
        Ok(image.map(|image| ImageSays {
            id: text(&image["Id"]),
            labels: pairs(&image["Config"]["Labels"]),
            entrypoint: list(&image["Config"]["Entrypoint"]).map(text).collect(),
        }))
    }

    /// Fetches an image from its registry; what the engine says of it meanwhile is told line by line.
    ///
    /// # Errors
    ///
    /// When the engine cannot have it.
    pub fn pull(&mut self, reference: &str, told: &mut dyn FnMut(&str)) -> Result<(), EngineError> {
        let (name, tag) = split(reference);
        let query = [("fromImage", name), ("tag", tag)];
        let answer = self.ask("POST", &path("/images/create", &query), Sent::Nothing)?;
        progress(answer, &mut |line| {
            let words = [text(&line["id"]), text(&line["status"])];
            let words: Vec<&str> = words.iter().map(String::as_str).filter(|word| !word.is_empty()).collect();
            told(&words.join(": "));
        })
    }

    /// Makes an image of an archive of `n` bytes: its files, and `changes` as a Dockerfile would say them.
    ///
    /// # Errors
    ///
    /// When the engine refuses, or the archive cannot be read.
    pub fn import(
        &mut self,
        reference: &str,
        changes: &[String],
        tar: &mut dyn Read,
        n: u64,
    ) -> Result<(), EngineError> {
        let (name, tag) = split(reference);
        let mut query = vec![("fromSrc", "-"), ("repo", name), ("tag", tag)];
        query.extend(changes.iter().map(|change| ("changes", change.as_str())));
        let answer = self.ask("POST", &path("/images/create", &query), Sent::Tar(tar, n))?;
        progress(answer, &mut |_| {})
    }

    /// Removes an image; whether there was one of that name.
    ///
    /// # Errors
    ///
    /// When a container needs it.
    pub fn remove_image(&mut self, reference: &str) -> Result<bool, EngineError> {
        self.delete(&format!("/images/{}", encoded(reference)))
    }

    /// Makes a container of that name, which does not run yet.
    ///
    /// # Errors
    ///
    /// When there is no such image (status 404), or the name is taken.
    pub fn create(&mut self, name: &str, spec: &ContainerSpec) -> Result<(), EngineError> {
        self.post(&path("/containers/create", &[("name", name)]), Sent::Json(spec.json()))
    }

    /// Starts a container.
    ///
    /// # Errors
    ///
    /// When its program cannot be started, or a port that it wants is taken.
    pub fn start(&mut self, name: &str) -> Result<(), EngineError> {
        self.post(&format!("/containers/{name}/start"), Sent::Nothing)
    }

    /// How a container is; `None` if there is none of that name.
    ///
    /// # Errors
    ///
    /// When the engine refuses.
    pub fn state(&mut self, name: &str) -> Result<Option<ContainerState>, EngineError> {
        let container = there(self.get(&format!("/containers/{name}/json"), &[]))?;
        Ok(container.map(|container| ContainerState {
            is_running: container["State"]["Running"].as_bool().unwrap_or(false),
            exit_code: container["State"]["ExitCode"].as_i64().unwrap_or_default(),
            ports: ports(&container["NetworkSettings"]["Ports"]),
        }))
    }

    /// The last lines that a container wrote.
    ///
    /// # Errors
    ///
    /// When there is no such container.
    pub fn log(&mut self, name: &str, n_lines: u32) -> Result<String, EngineError> {
        let query = [("stdout", "1"), ("stderr", "1"), ("tail", &*n_lines.to_string())];
        let answer = self.ask("GET", &path(&format!("/containers/{name}/logs"), &query), Sent::Nothing)?;
        let mut text = Vec::new();
        Written::new(&*all(answer)?).read_to_end(&mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// All that a container writes from now on, to its end; it need not run yet.
    ///
    /// # Errors
    ///
    /// When there is no such container.
    pub fn attach(mut self, name: &str) -> Result<Written<impl Read + use<S>>, EngineError> {
        let query = [("stream", "1"), ("stdout", "1"), ("stderr", "1")];
        self.ask("POST", &path(&format!("/containers/{name}/attach"), &query), Sent::Nothing)?;
        Ok(Written::new(self.connection.into_stream()))
    }

    /// Runs a program in a container that runs, to its end. What it writes to its standard output is written to `out`; its
    /// identifier, by which [`EngineSession::exit_code`] knows it, and what it wrote to its standard error.
    ///
    /// # Errors
    ///
    /// When there is no such container or program, or `out` cannot be written.
    pub fn exec(mut self, name: &str, argv: &[&str], out: &mut dyn Write) -> Result<(String, String), EngineError> {
        let what = serde_json::json!({ "Cmd": argv, "AttachStdout": true, "AttachStderr": true });
        let to = format!("/containers/{name}/exec");
        let id = text(&json(self.ask("POST", &to, Sent::Json(what.to_string()))?)?["Id"]);
        let how = serde_json::json!({ "Detach": false, "Tty": false }).to_string();
        self.ask("POST", &format!("/exec/{id}/start"), Sent::Json(how))?;
        let mut said = Vec::new();
        Written::new(self.connection.into_stream()).split(out, &mut said)?;
        Ok((id, String::from_utf8_lossy(&said).into_owned()))
    }

    /// What a program ended with that [`EngineSession::exec`] has run; `None` while it runs, as it may a moment longer than it
    /// writes.
    ///
    /// # Errors
    ///
    /// When the engine knows none of that identifier.
    pub fn exit_code(&mut self, id: &str) -> Result<Option<i64>, EngineError> {
        let run = self.get(&format!("/exec/{id}/json"), &[])?;
        Ok(run["ExitCode"].as_i64().filter(|_| run["Running"] == false))
    }

    /// Waits until a container ends that has not been started; its exit code. From the moment of `begun` on no end is missed.
    ///
    /// # Errors
    ///
    /// When there is no such container, or the engine ends before it.
    pub fn wait(&mut self, name: &str, begun: impl FnOnce()) -> Result<i64, EngineError> {
        let to = path(&format!("/containers/{name}/wait"), &[("condition", "next-exit")]);
        let answer = self.ask("POST", &to, Sent::Nothing)?;
        begun();
        let ended = json(answer)?;
        ended["StatusCode"].as_i64().ok_or_else(|| EngineError::Unexpected(ended.to_string()))
    }

    /// Sends the program of a container a signal, such as `INT`.
    ///
    /// # Errors
    ///
    /// When there is no such container, or it does not run.
    pub fn kill(&mut self, name: &str, signal: &str) -> Result<(), EngineError> {
        self.post(&path(&format!("/containers/{name}/kill"), &[("signal", signal)]), Sent::Nothing)
    }

    /// Removes a container, whether it runs or not, with the volumes that only it has; whether there was one of that name.
    ///
    /// # Errors
    ///
    /// When the engine refuses.
    pub fn remove(&mut self, name: &str) -> Result<bool, EngineError> {
        self.delete(&format!("/containers/{name}?force=1&v=1"))
    }

    /// The containers that have a label, whether they run or not.
    ///
    /// # Errors
    ///
    /// When the engine refuses.
    pub fn containers(&mut self, label: &str) -> Result<Vec<Labelled>, EngineError> {
        self.containers_by(&filter("label", label))
    }

    fn containers_by(&mut self, filters: &str) -> Result<Vec<Labelled>, EngineError> {
        let containers = self.get("/containers/json", &[("all", "1"), ("filters", filters)])?;
        let name = |it: &Value| text(&it["Names"][0]).trim_start_matches('/').to_owned();
        Ok(list(&containers).map(|it| Labelled { name: name(it), labels: pairs(&it["Labels"]) }).collect())
    }

    /// Makes a directory, which everybody may write to, in a container that does not run yet: also where a volume is mounted.
    ///
    /// # Errors
    ///
    /// When there is no such container.
    pub fn make_common_dir(&mut self, name: &str, dir: &str) -> Result<(), EngineError> {
        let tar = tar_of_dir(dir.trim_start_matches('/'), 0o1777);
        let to = path(&format!("/containers/{name}/archive"), &[("path", "/")]);
        all(self.ask("PUT", &to, Sent::Tar(&mut &*tar, tar.len() as u64))?).map(drop)
    }

    /// The containers that a volume is mounted in, whether they run or not.
    ///
    /// # Errors
    ///
    /// When the engine refuses.
    pub fn containers_with(&mut self, volume: &str) -> Result<Vec<Labelled>, EngineError> {
        self.containers_by(&filter("volume", volume))
    }

    /// Makes a volume, if there is none of that name.
    ///
    /// # Errors
    ///
    /// When the engine refuses.
    pub fn make_volume(&mut self, name: &str, labels: &BTreeMap<String, String>) -> Result<(), EngineError> {
        let volume = serde_json::json!({ "Name": name, "Labels": labels });
        self.post("/volumes/create", Sent::Json(volume.to_string()))
    }

    /// Whether there is a volume of that name.
    ///
    /// # Errors
    ///
    /// When the engine refuses.
    pub fn has_volume(&mut self, name: &str) -> Result<bool, EngineError> {
        Ok(there(self.get(&format!("/volumes/{}", encoded(name)), &[]))?.is_some())
    }

    /// The volumes that have a label.
    ///
    /// # Errors
    ///
    /// When the engine refuses.
    pub fn volumes(&mut self, label: &str) -> Result<Vec<Labelled>, EngineError> {
        let volumes = self.get("/volumes", &[("filters", &filter("label", label))])?;
        let volumes = list(&volumes["Volumes"]);
        Ok(volumes.map(|it| Labelled { name: text(&it["Name"]), labels: pairs(&it["Labels"]) }).collect())
    }

    /// Removes a volume; whether there was one of that name.
    ///
    /// # Errors
    ///
    /// When a container has it.
    pub fn remove_volume(&mut self, name: &str) -> Result<bool, EngineError> {
        self.delete(&format!("/volumes/{}", encoded(name)))
    }

    fn get(&mut self, to: &str, query: &[(&str, &str)]) -> Result<Value, EngineError> {
        json(self.ask("GET", &path(to, query), Sent::Nothing)?)
    }

    fn post(&mut self, path: &str, sent: Sent<'_>) -> Result<(), EngineError> {
        all(self.ask("POST", path, sent)?).map(drop)
    }

    /// Whether there was something to remove.
    fn delete(&mut self, path: &str) -> Result<bool, EngineError> {
        let removed = self.ask("DELETE", path, Sent::Nothing).and_then(all);
        Ok(there(removed)?.is_some())
    }

    /// Sends a request; an answer that is a refusal is an error.
    fn ask(&mut self, method: &str, path: &str, sent: Sent<'_>) -> Result<Answer<'_, S>, EngineError> {
        let answer = self.connection.ask(method, path, sent)?;
        // 304: it is so already.
        if answer.status < 300 || answer.status == 304 {
            return Ok(answer);
        }
        let status = answer.status;
        let said = String::from_utf8_lossy(&all(answer)?).trim().to_owned();
        let message = serde_json::from_str::<Value>(&said).map(|said| text(&said["message"])).unwrap_or_default();
        Err(EngineError::Refused { status, message: if message.is_empty() { said } else { message } })
    }
}

/// The name and the tag of an image: `latest` if there is none, and a digest for a tag.
fn split(reference: &str) -> (&str, &str) {
    if let Some(both) = reference.split_once('@') {
        return both;
    }
    match reference.rsplit_once(':') {
        // What follows the port of a registry is no tag.
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        _ => (reference, "latest"),
    }
}

/// An archive with one directory, as POSIX has it (ustar).
fn tar_of_dir(name: &str, mode: u32) -> Vec<u8> {
    let mut head = [0_u8; 512];
    let mut put = |at: usize, field: &[u8]| head[at..at + field.len()].copy_from_slice(field);
    put(0, format!("{name}/").as_bytes());
    put(100, format!("{mode:07o}").as_bytes());
    [108, 116].into_iter().for_each(|owner| put(owner, b"0000000"));
    [124, 136].into_iter().for_each(|number| put(number, b"00000000000"));
    // Counted with blanks where the sum stands.
    put(148, b"        ");
    put(156, b"5");
    put(257, b"ustar\x0000");
    let sum: u32 = head.iter().map(|byte| u32::from(*byte)).sum();
    head[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    // Two empty blocks are its end.
    [&head[..], &[0; 1024]].concat()
}
