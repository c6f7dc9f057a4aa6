//! A container, said as data: to an engine in JSON, and to a person as the command line that would do the same.

use std::collections::BTreeMap;

use serde_json::json;
use windlass_toml::Wanted;

use crate::definition::{Argument, Container, Definition, Use, Values};
use crate::template::Template;

/// What a container is made of. One port of it is published, and only on 127.0.0.1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContainerSpec {
    /// The image.
    pub image: String,
    /// What is written on it.
    pub labels: BTreeMap<String, String>,
    /// Its variables.
    pub env: BTreeMap<String, String>,
    /// What it runs instead of what its image says, before the arguments.
    pub entrypoint: Vec<String>,
    /// The arguments that its image takes.
    pub command: Vec<String>,
    /// The port that its server listens on.
    pub port: u16,
    /// The port of 127.0.0.1 that it is published as; any that is free if nothing is said.
    pub published: Option<u16>,
    /// Directories of the machine, and where it sees them.
    pub binds: Vec<(String, String)>,
    /// The directories that it has in memory, each with its options.
    pub tmpfs: BTreeMap<String, String>,
    /// Whether it is removed with its volumes as soon as it has ended.
    pub is_removed_at_its_end: bool,
}

impl ContainerSpec {
    /// What an engine is told.
    pub(crate) fn json(&self) -> String {
        let port = format!("{}/tcp", self.port);
        // Where SELinux is, `z` makes a directory one that containers may use; elsewhere it means nothing.
        let binds = self.binds.iter().map(|(from, to)| format!("{from}:{to}:z"));
        let published = self.published.unwrap_or_default().to_string();
        let host = json!({
            "PortBindings": { &port: [{ "HostIp": "127.0.0.1", "HostPort": published }] },
            "Binds": binds.collect::<Vec<_>>(),
            "Tmpfs": self.tmpfs,
            "AutoRemove": self.is_removed_at_its_end,
        });
        let mut spec = json!({
            "Image": self.image,
            "Labels": self.labels,
            "Env": self.env.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>(),
            "ExposedPorts": { &port: {} },
            "HostConfig": host,
        });
        for (key, words) in [("Entrypoint", &self.entrypoint), ("Cmd", &self.command)] {
            if !words.is_empty() {
                spec[key] = json!(words);
            }
        }
        spec.to_string()
    }

    /// The words of a command line that makes and starts such a container by `program`, `docker` or `podman`. Variables in `secret`
    /// have no value there: the program takes it from its own environment. Labels say whose a container is: one that a person
    /// starts is that person's.
    pub fn run_words(&self, program: &str, name: &str, secret: &[&str]) -> Vec<String> {
        let mut words: Vec<String> = [program, "run", "--detach", "--name", name].map(str::to_owned).into();
        if self.is_removed_at_its_end {
            words.insert(3, "--rm".to_owned());
        }
        let mut say = |flag: &str, value: String| words.extend([flag.to_owned(), value]);
        for (name, value) in &self.env {
            let is_secret = secret.contains(&name.as_str());
            say("--env", if is_secret { name.clone() } else { format!("{name}={value}") });
        }
        let published = self.published.map(|port| port.to_string()).unwrap_or_default();
        say("--publish", format!("127.0.0.1:{published}:{}", self.port));
        self.binds.iter().for_each(|(from, to)| say("--volume", format!("{from}:{to}:z")));
        self.tmpfs.iter().for_each(|(to, options)| say("--tmpfs", format!("{to}:{options}")));
        let (first, arguments) = self.entrypoint.split_first().unzip();
        first.into_iter().for_each(|program| say("--entrypoint", program.clone()));
        words.push(self.image.clone());
        words.extend(arguments.into_iter().flatten().chain(&self.command).cloned());
        words
    }
}

impl Container {
    /// Whether the server within is told where its data is.
    pub fn says_where_data_is(&self) -> bool {
        let arguments = self.command.iter().filter_map(|it| match it {
            Argument::One(text) => Some(text),
            Argument::Settings => None,
        });
        let files = self.files.iter().flat_map(|(path, text)| [path, text]);
        arguments.chain(self.env.values()).chain(files).flat_map(Template::names).any(|name| name == "data")
    }
}

impl Definition {
    /// The image of a registry that will do: the one that is said, with the version that is wanted.
    pub fn registry_image(&self, container: &Container) -> String {
        let version = match &self.version {
            Wanted::AtLeast(_) if self.version.accepts(&container.version) => container.version.clone(),
            wanted => wanted.to_string().trim_start_matches(">=").to_owned(),
        };
        self.of_version(&container.image, &version)
    }

    /// What a container of an image is made of, but for what windlass itself writes on it: values are those within.
    pub fn container_spec(&self, container: &Container, image: &str, values: &Values, use_for: Use) -> ContainerSpec {
        let fill = self.fill(values);
        ContainerSpec {
            image: image.to_owned(),
            env: container.env.iter().map(|(name, value)| (name.clone(), fill(value))).collect(),
            command: self.arguments(&container.command, values, use_for),
            port: values.port,
            ..ContainerSpec::default()
        }
    }

    /// The files that a container finds: its own absolute path, and text.
    pub fn container_files(&self, container: &Container, values: &Values) -> Vec<(String, String)> {
        let fill = self.fill(values);
        container.files.iter().map(|(path, text)| (fill(path), fill(text))).collect()
    }

    /// The variables of a container whose values nobody else is to see.
    pub fn container_secrets<'c>(&self, container: &'c Container) -> Vec<&'c str> {
        let secret = |value: &Template| value.names().any(|name| matches!(name, "password" | "url"));
        container.env.iter().filter(|(_, value)| secret(value)).map(|(name, _)| name.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn spec() -> ContainerSpec {
        let pairs = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        ContainerSpec {
            image: "postgres:15-windlass".into(),
            labels: pairs(&[("windlass.run", "1f")]),
            env: pairs(&[("POSTGRES_PASSWORD", "secret"), ("POSTGRES_USER", "me")]),
            entrypoint: vec!["sh".into(), "/run/windlass/begin.sh".into()],
            command: vec!["-c".into(), "fsync=off".into()],
            port: 5432,
            published: None,
            binds: vec![("/run/a".into(), "/run/windlass".into())],
            tmpfs: pairs(&[("/data", "mode=1777")]),
            is_removed_at_its_end: true,
        }
    }

    #[test]
    fn an_engine_is_told_all_of_it() {
        let told: Value = serde_json::from_str(&spec().json()).unwrap();
        let expected = json!({
            "Image": "postgres:15-windlass",
            "Labels": { "windlass.run": "1f" },
            "Env": ["POSTGRES_PASSWORD=secret", "POSTGRES_USER=me"],
            "Entrypoint": ["sh", "/run/windlass/begin.sh"],
            "Cmd": ["-c", "fsync=off"],
            "ExposedPorts": { "5432/tcp": {} },
            "HostConfig": {
                "PortBindings": { "5432/tcp": [{ "HostIp": "127.0.0.1", "HostPort": "0" }] },
                "Binds": ["/run/a:/run/windlass:z"],
                "Tmpfs": { "/data": "mode=1777" },
                "AutoRemove": true,
            },
        });
        assert_eq!(told, expected);
        let bare = ContainerSpec { image: "x".into(), port: 1, published: Some(4321), ..ContainerSpec::default() };
        let told: Value = serde_json::from_str(&bare.json()).unwrap();
        assert_eq!(told["Cmd"], Value::Null);
        assert_eq!(told["HostConfig"]["PortBindings"]["1/tcp"][0]["HostPort"], "4321");
    }

    #[test]
    fn a_person_is_told_the_same_but_no_secret() {
        let line = spec().run_words("docker", "w-1", &["POSTGRES_PASSWORD"]).join(" ");
        let expected = "docker run --detach --rm --name w-1 --env POSTGRES_PASSWORD \
            --env POSTGRES_USER=me --publish 127.0.0.1::5432 --volume /run/a:/run/windlass:z --tmpfs /data:mode=1777 \
            --entrypoint sh postgres:15-windlass /run/windlass/begin.sh -c fsync=off";
        assert_eq!(line, expected);
    }
}
