//! What containers stand on: where their engine listens, what they share with the machine, and whose they are.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::system::uname;

use crate::{Host, HostError};

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

/// A pipe by whose end others see that this process has died.
#[derive(Debug)]
pub struct Alive {
    _pipe: File,
}

impl Host {
    /// Connects to the engine of containers: the one that `DOCKER_HOST` names, else the first that listens where Docker and
    /// Podman do. It waits no longer than `timeout` for each answer.
    ///
    /// # Errors
    ///
    /// When nobody listens, or `DOCKER_HOST` names no socket.
    pub fn connect_container_engine(&self, timeout: Duration) -> Result<UnixStream, NoEngine> {
        self.find_container_engine(timeout).map(|(_, stream)| stream)
    }

    /// The socket of that engine.
    ///
    /// # Errors
    ///
    /// As with [`Host::connect_container_engine`].
    pub fn container_engine(&self, timeout: Duration) -> Result<PathBuf, NoEngine> {
        self.find_container_engine(timeout).map(|(path, _)| path)
    }

    fn find_container_engine(&self, timeout: Duration) -> Result<(PathBuf, UnixStream), NoEngine> {
        let mut refused = Vec::new();
        for path in sockets(|name| self.env(name), self.uid())? {
            match self.connect_unix(&path, timeout) {
                Ok(stream) => return Ok((path, stream)),
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

impl Host {
    /// Makes a directory that everybody may write to: the user of a container is anybody. What guards it is the private directory
    /// that it stands in.
    ///
    /// # Errors
    ///
    /// When it is there, or cannot be made.
    pub fn make_shared_dir(&self, path: &Path) -> Result<(), HostError> {
        let made = fs::create_dir(path).and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(0o777)));
        made.map_err(|error| HostError::new("make", path, error))
    }

    /// Writes a file that everybody may read, guarded in the same way.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn write_shared(&self, path: &Path, text: &str) -> Result<(), HostError> {
        let written = fs::write(path, text).and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(0o644)));
        written.map_err(|error| HostError::new("write", path, error))
    }

    /// Makes a named pipe that everybody may open, guarded in the same way. Nobody writes to it: who reads it comes to its end when
    /// this process has died. `None` where containers do not share the machine's pipes.
    ///
    /// # Errors
    ///
    /// When it cannot be made.
    #[cfg(target_os = "linux")]
    pub fn make_alive(&self, path: &Path) -> Result<Option<Alive>, HostError> {
        use rustix::fs::{CWD, FileType, Mode, mknodat};
        let make = || {
            mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o600), 0)?;
            // Who opens it to read only waits for one who writes, and would wait for good once this process has died.
            fs::set_permissions(path, fs::Permissions::from_mode(0o666))?;
            // To write only would be to wait for a reader.
            File::options().read(true).write(true).open(path)
        };
        make().map(|pipe| Some(Alive { _pipe: pipe })).map_err(|error| HostError::new("make the pipe", path, error))
    }

    /// Makes a named pipe that everybody may open, guarded in the same way. Nobody writes to it: who reads it comes to its end when
    /// this process has died. `None` where containers do not share the machine's pipes.
    ///
    /// # Errors
    ///
    /// Never.
    #[cfg(not(target_os = "linux"))]
    pub fn make_alive(&self, _path: &Path) -> Result<Option<Alive>, HostError> {
        Ok(None)
    }

    /// Writes all that comes from a stream to a file, in a thread that ends with the stream.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn log_to(&self, mut from: impl io::Read + Send + 'static, path: &Path) -> Result<JoinHandle<()>, HostError> {
        let opened = File::options().append(true).create(true).open(path);
        let mut file = opened.map_err(|error| HostError::new("write", path, error))?;
        Ok(thread::spawn(move || {
            let _ = io::copy(&mut from, &mut file);
        }))
    }

    /// The name of the machine. A container that shares an engine with it has another one.
    pub fn machine_name(&self) -> String {
        uname().nodename().to_string_lossy().into_owned()
    }

    /// What the machine calls the time since it was started; empty where it does not say.
    pub fn boot_id(&self) -> String {
        let text = fs::read_to_string("/proc/sys/kernel/random/boot_id");
        text.map(|text| text.trim().to_owned()).unwrap_or_default()
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
