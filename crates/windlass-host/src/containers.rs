//! Where the engine of containers listens.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use crate::Host;

/// Why there is no engine of containers.
#[derive(Debug, thiserror::Error)]
pub enum NoEngine {
    /// `DOCKER_HOST` names something else than a socket of this machine.
    #[error(
        "`DOCKER_HOST` is `{0}`; it must be a socket of this machine, such as `unix:///var/run/docker.sock`: servers are \
         reached by 127.0.0.1, which another machine's are not"
    )]
    Elsewhere(String),
    /// Nobody listens: each place with why not, in one text.
    #[error(
        "no container engine answers: {0}\nhelp: start Docker or Podman (`systemctl --user start podman.socket`), or set `DOCKER_HOST` to its socket"
    )]
    NotThere(String),
}

impl Host {
    /// Connects to the engine of containers: the one that `DOCKER_HOST` names, else the first that listens where Docker and
    /// Podman do. It waits no longer than `timeout` for each answer.
    ///
    /// # Errors
    ///
    /// When nobody listens, or `DOCKER_HOST` names no socket.
    pub fn connect_container_engine(&self, timeout: Duration) -> Result<UnixStream, NoEngine> {
        let mut refused = Vec::new();
        for path in sockets(|name| self.env(name), self.uid())? {
            match self.connect_unix(&path, timeout) {
                Ok(stream) => return Ok(stream),
                Err(error) => {
                    let why = match error.kind() {
                        io::ErrorKind::NotFound => "is not there".to_owned(),
                        io::ErrorKind::PermissionDenied => "is not yours to use (are you in its group?)".to_owned(),
                        _ => format!("does not answer: {error}"),
                    };
                    refused.push(format!("`{}` {why}", path.display()));
                }
            }
        }
        Err(NoEngine::NotThere(refused.join(", ")))
    }
}

/// Where it may listen, in the order of preference.
fn sockets(env: impl Fn(&str) -> Option<String>, uid: u32) -> Result<Vec<PathBuf>, NoEngine> {
    let env = |name| env(name).filter(|value| !value.is_empty());
    if let Some(named) = env("DOCKER_HOST") {
        let path = named.strip_prefix("unix://").filter(|path| path.starts_with('/'));
        return path.map(|path| vec![PathBuf::from(path)]).ok_or(NoEngine::Elsewhere(named));
    }
    let runtime = env("XDG_RUNTIME_DIR").map_or_else(|| PathBuf::from(format!("/run/user/{uid}")), PathBuf::from);
    // Docker's own program for macOS and Linux desktops.
    let desktop = env("HOME").map(|home| PathBuf::from(home).join(".docker/run/docker.sock"));
    let known = ["/var/run/docker.sock"].map(PathBuf::from).into_iter();
    let users = ["docker.sock", "podman/podman.sock"].map(|name| runtime.join(name));
    Ok(known.chain(users).chain(desktop).chain([PathBuf::from("/run/podman/podman.sock")]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_is_looked_for_where_it_may_be() {
        let known = |runtime: &str| {
            format!(
                "/var/run/docker.sock {runtime}/docker.sock {runtime}/podman/podman.sock /h/.docker/run/docker.sock /run/podman/podman.sock"
            )
        };
        let elsewhere = |named: &str| format!("`DOCKER_HOST` is `{named}`; it must be a socket of this machine");
        let cases = [
            ("", "/r", known("/r")),
            ("", "", known("/run/user/7")),
            ("unix:///x/docker.sock", "/r", "/x/docker.sock".to_owned()),
            ("tcp://10.0.0.1:2375", "/r", elsewhere("tcp://10.0.0.1:2375")),
            ("ssh://me@there", "/r", elsewhere("ssh://me@there")),
            ("unix://docker.sock", "/r", elsewhere("unix://docker.sock")),
        ];
        for (host, runtime, expected) in cases {
            let env = |name: &str| match name {
                "DOCKER_HOST" => Some(host.to_owned()),
                "XDG_RUNTIME_DIR" => Some(runtime.to_owned()),
                _ => Some("/h".to_owned()),
            };
            let found = match sockets(env, 7) {
                Ok(paths) => paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(" "),
                Err(error) => error.to_string(),
            };
            assert!(found.starts_with(&expected), "{found}");
        }
    }
}
