//! Servers that the system lacks, unpacked or compiled into the user's cache: nothing is installed, and nothing but files is
//! made.

use std::path::PathBuf;
use std::time::Duration;

use windlass_host::{Host, Reading};
use windlass_plan::Command;
use windlass_services::{Programs, cargo, debian, pip};

use crate::StartError;

/// How long apt may take to think, and a package to be unpacked.
const ANSWER: Duration = Duration::from_secs(120);
/// How long packages may take to be fetched, or a server to be compiled.
const FETCH: Duration = Duration::from_secs(3600);

/// Where the programs of a service are unpacked, if the user has a cache.
pub(crate) fn dir(host: &Host, name: &str) -> Option<PathBuf> {
    Some(host.cache_dir()?.join("servers").join(name))
}

/// What brings the programs of a service into the user's cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unpacking {
    /// The service.
    pub name: String,
    /// Where its programs come from.
    pub from: Origin,
    /// Fetches the packages, or compiles the server.
    pub fetch: Command,
    /// Where they will be.
    pub dir: PathBuf,
    /// Where they are made.
    part: PathBuf,
}

/// Where the programs of a service come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Packages of Debian or Ubuntu.
    Debian {
        /// How many.
        n_packages: usize,
    },
    /// A package of crates.io.
    CratesIo,
    /// Packages of Python.
    Python,
}

/// How the programs of a service can be had: by apt, if that is at hand, or by cargo, or by pip, where there is a Python.
///
/// # Errors
///
/// When there is none of them, apt knows no such package, or there is nowhere to unpack it.
pub fn unpacking(host: &Host, wanted: Programs<'_>) -> Result<Unpacking, StartError> {
    let failed = |what: String| StartError::failed(wanted.name, what, "");
    let (debian, crates_io) = (&wanted.package.debian, &wanted.package.cargo);
    let has_apt = ["apt-get", "dpkg-deb"].iter().all(|program| host.find_program(program).is_some());
    let dir = dir(host, wanted.name);
    let dir =
        dir.ok_or_else(|| failed("has nowhere to be unpacked: there is neither `$XDG_CACHE_HOME` nor `$HOME`".into()))?;
    let part = dir.with_extension("part");
    let (from, fetch) = if has_apt && !debian.is_empty() {
        let answer = host.read(&debian::closure_command(debian), ANSWER).map_err(|error| interrupted(error, failed))?;
        let closure = debian::parse_closure(&answer.stdout);
        if answer.code != Some(0) || closure.is_empty() {
            let what = "is not known to apt; `sudo apt-get update` may help";
            return Err(StartError::failed(wanted.name, what, &answer.stderr));
        }
        let from = Origin::Debian { n_packages: closure.len() };
        (from, debian::download_command(&part.to_string_lossy(), &closure))
    } else if !crates_io.is_empty() {
        (Origin::CratesIo, cargo::install_command(&part.to_string_lossy(), crates_io))
    } else if !wanted.package.pip.is_empty() && host.find_program("python3").is_some() {
        (Origin::Python, pip::install_command(&part.to_string_lossy(), &wanted.package.pip))
    } else if !debian.is_empty() {
        let nix = wanted.package.nix.as_ref();
        let nix = nix.map(|it| format!("`nix profile install nixpkgs#{it}`, or ")).unwrap_or_default();
        let packages = debian.join(" ");
        let what = format!("{nix}by this system's package manager what Debian calls {packages}");
        return Err(failed(format!("has to be installed by you: {what}")));
    } else {
        let program = &wanted.package.probe[0];
        return Err(failed(format!("has to be installed by you: there is no `{program}` on `PATH`")));
    };
    Ok(Unpacking { name: wanted.name.to_owned(), from, fetch, dir, part })
}

/// Fetches and unpacks, or compiles; what is there afterwards is complete.
///
/// # Errors
///
/// When a package cannot be fetched, unpacked or compiled.
pub fn unpack(host: &Host, wanted: Programs<'_>, unpacking: &Unpacking) -> Result<(), StartError> {
    let Unpacking { name, from, fetch, dir, part } = unpacking;
    let failed = |what: String| StartError::failed(name, what, "");
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
    if crate::find(host, wanted).is_ok() {
        // Somebody else has been faster.
        return Ok(());
    }
    host.remove_tree(part)?;
    host.make_dir(part)?;
    let code = host.show(fetch, FETCH).map_err(|error| interrupted(error, failed))?;
    if code != Some(0) {
        let what = match from {
            Origin::Debian { .. } | Origin::Python => "fetched",
            Origin::CratesIo => "compiled",
        };
        return Err(failed(format!("could not be {what}\nhelp: {}", fetch.shell())));
    }
    let root = part.join("root");
    let of_python = root.join(pip::PACKAGES).join("bin");
    if host.is_dir(&of_python) {
        host.make_dir(&root.join("bin"))?;
        for name in host.list_dir(&of_python)? {
            let launcher = root.join("bin").join(name);
            host.write_text(&launcher, pip::LAUNCHER)?;
            host.make_program(&launcher)?;
        }
    }
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
