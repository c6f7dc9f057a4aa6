//! A service with its values, whole: for those who render the same files elsewhere, as the flake does.

use serde_json::{Value, json};
use windlass_toml::Wanted;

use crate::definition::{Definition, Use, Values};
use crate::kind::Probe;
use crate::template::Template;

impl Definition {
    /// All that its server runs and gives, by the names that `nix/services/render.nix` has for it: `files`, `init`, `command`,
    /// `process-env`, `env`, `url`, `probe`, `client`, `client-env` and `container` (`null`, or its `env`, `command` and `files`).
    pub fn rendered(&self, values: &Values, use_for: Use) -> Value {
        let (client, client_env) = self.client(values);
        let fill = self.fill(values);
        let files = |files: &[(Template, Template)]| -> Value {
            files.iter().map(|(path, text)| (fill(path), Value::from(fill(text)))).collect()
        };
        let container = self.container.as_ref().map(|container| {
            let spec = self.container_spec(container, "", values, use_for);
            json!({ "env": spec.env, "command": spec.command, "files": files(&container.files) })
        });
        json!({
            "files": files(&self.process.files),
            "init": self.init(values),
            "command": self.command(values, use_for),
            "process-env": self.process_env(values),
            "env": self.env(values),
            "url": self.url(values),
            "probe": self.rendered_probe(values),
            "client": client,
            "client-env": client_env,
            "container": container,
        })
    }

    /// What it is asked until it is ready, as a file says it, with its values.
    fn rendered_probe(&self, values: &Values) -> Value {
        match &self.probe {
            Probe::Protocol(kind) => kind.word().into(),
            Probe::Tcp => "tcp".into(),
            Probe::Http(path) => format!("http {}", self.fill(values)(path)).into(),
            Probe::Line(text) => format!("line {text}").into(),
            Probe::Command(words) => self.filled(words, values).into(),
        }
    }

    /// The attribute in nixpkgs that has its programs: that of a major version where one is wanted.
    pub fn nix_attribute(&self) -> Option<String> {
        match (&self.version, &self.package.nix_major) {
            (Wanted::Exactly(numbers), Some(of_major)) => {
                let major = numbers.first()?.to_string();
                Some(of_major.render(|name| (name == "major").then_some(major.as_str())))
            }
            _ => self.package.nix.clone(),
        }
    }
}
