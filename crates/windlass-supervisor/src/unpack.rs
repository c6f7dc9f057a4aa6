//! Servers that the system lacks, unpacked into the user's cache: nothing is installed, and nothing but files is made.

use std::path::{Path, PathBuf};
use std::time::Duration;

use windlass_host::{Host, Reading};
use windlass_plan::Command;
use windlass_services::{Definition, debian};

use crate::StartError;

/// How long apt may take to think, and a package to be unpacked.
const ANSWER: Duration = Duration::from_secs(120);
/// How long packages may take to be fetched.
const DOWNLOAD: Duration = Duration::from_secs(1800);

/// Where the programs of a service are unpacked, if the user has a cache.
pub(crate) fn dir(host: &Host, name: &str) -> Option<PathBuf> {
    Some(host.cache_dir()?.join("servers").join(name))
}

/// What brings the programs of a service into the user's cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unpacking {
    /// The service.
    pub name: String,
    /// Fetches the packages.
    pub download: Command,
    /// How many packages those are.
    pub n_packages: usize,
    /// Where they are unpacked.
    pub dir: PathBuf,
}

/// How the programs of a service can be had: only where apt is at hand.
///
/// # Errors
///
/// When there is no apt, it knows no such package, or there is nowhere to unpack it.
pub fn unpacking(host: &Host, definition: &Definition) -> Result<Unpacking, StartError> {
    let failed = |what: String| StartError::failed(&definition.name, what, "");
    let debian = &definition.package.debian;
    if debian.is_empty() || ["apt-get", "dpkg-deb"].iter().any(|program| host.find_program(program).is_none()) {
        let packages = debian.join(" ");
        return Err(failed(format!("has to be installed by you: {packages}, by the package manager of this system")));
    }
    let dir = dir(host, &definition.name);
    let dir =
        dir.ok_or_else(|| failed("has nowhere to be unpacked: there is neither `$XDG_CACHE_HOME` nor `$HOME`".into()))?;
    let answer = host.read(&debian::closure_command(debian), ANSWER).map_err(|error| interrupted(error, failed))?;
    let closure = debian::parse_closure(&answer.stdout);
    if answer.code != Some(0) || closure.is_empty() {
        let what = "is not known to apt; `sudo apt-get update` may help";
        return Err(StartError::failed(&definition.name, what, &answer.stderr));
    }
    let part = dir.with_extension("part");
    let n_packages = closure.len();
    let download = debian::download_command(&part.to_string_lossy(), &closure);
    Ok(Unpacking { name: definition.name.clone(), download, n_packages, dir })
}

/// Fetches and unpacks; what is there afterwards is complete.
///
/// # Errors
///
/// When a package cannot be fetched or unpacked.
pub fn unpack(host: &Host, definition: &Definition, unpacking: &Unpacking) -> Result<(), StartError> {
    let Unpacking { name, download, dir, .. } = unpacking;
    let failed = |what: String| StartError::failed(name, what, "");
    let part = Path::new(&download.cwd);
    let parent = dir.parent().expect("it stands in the cache");
    host.make_dir(parent)?;
    let lock = parent.join(format!("{name}.lock"));
    let _lock = loop {
        match host.lock(&lock)? {
            Some(lock) => break lock,
            None if host.interrupted_by().is_some() => return Err(StartError::Interrupted),
            None => host.sleep(Duration::from_millis(50)),
        }
    };
    if crate::find(host, definition).is_ok() {
        // Somebody else has been faster.
        return Ok(());
    }
    host.remove_tree(part)?;
    host.make_dir(part)?;
    let code = host.show(download, DOWNLOAD).map_err(|error| interrupted(error, failed))?;
    if code != Some(0) {
        return Err(failed(format!("could not be fetched\nhelp: {}", download.shell())));
    }
    let root = part.join("root");
    for file in host.list_dir(part)?.iter().filter(|file| file.ends_with(".deb")) {
        let command = debian::unpack_command(&part.join(file).to_string_lossy(), &root.to_string_lossy());
        let answer = host.read(&command, ANSWER).map_err(|error| interrupted(error, failed))?;
        if answer.code != Some(0) {
            return Err(failed(format!("could not be unpacked: {}", answer.stderr.trim_end())));
        }
    }
    // What an earlier one has left will not do, for the system beside it has changed.
    host.remove_tree(dir)?;
    host.rename(&root, dir)?;
    Ok(host.remove_tree(part)?)
}

fn interrupted(error: Reading, failed: impl Fn(String) -> StartError) -> StartError {
    match error {
        Reading::Interrupted { .. } => StartError::Interrupted,
        error => failed(error.to_string()),
    }
}
