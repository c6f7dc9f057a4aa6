//! Which programs of a service are at hand.

use std::path::{Path, PathBuf};
use std::time::Duration;

use windlass_host::Host;
use windlass_plan::Command;
use windlass_services::{Package, Programs, debian, numbers, version_in};

use crate::StartError;

/// How long a program may take to say its version.
const ANSWER: Duration = Duration::from_secs(20);

/// The programs of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The directory that they are in.
    pub bin: PathBuf,
    /// The name that the server's program has in its file, and the one that it has there.
    server: [String; 2],
    /// Their version, such as `15.18`; empty if they are not asked for it.
    pub version: String,
    /// Where their libraries are, if not where the system looks.
    pub libraries: Vec<PathBuf>,
}

impl Found {
    /// Sets what a command of these programs needs to find its libraries.
    pub(crate) fn with_libraries(&self, command: Command) -> Command {
        let dirs: Vec<_> = self.libraries.iter().map(|dir| dir.to_string_lossy()).collect();
        if dirs.is_empty() { command } else { command.env("LD_LIBRARY_PATH", dirs.join(":")) }
    }

    /// The directory that they are installed below.
    pub(crate) fn prefix(&self) -> String {
        self.bin.parent().unwrap_or(&self.bin).to_string_lossy().into_owned()
    }

    /// The words of a command, its program one of these where it is among them: beside the server, or in the other of `bin` and
    /// `sbin`.
    pub(crate) fn resolved(&self, host: &Host, mut words: Vec<String>) -> Vec<String> {
        let [named, found] = &self.server;
        let name = if words[0] == *named { found } else { &words[0] };
        let beside = ["bin", "sbin"].map(|dir| self.bin.with_file_name(dir));
        let mut paths = [&self.bin].into_iter().chain(&beside).map(|dir| dir.join(name));
        if let Some(path) = paths.find(|path| host.exists(path)) {
            words[0] = path.to_string_lossy().into_owned();
        }
        words
    }
}

/// Finds programs: the first on `PATH` that will do, else the newest in the places where systems have them.
///
/// # Errors
///
/// When there are none, or none of a version that will do: those that there are, are named.
pub fn find(host: &Host, wanted: Programs<'_>) -> Result<Found, StartError> {
    let on_path = host.env("PATH").unwrap_or_default();
    let on_path: Vec<PathBuf> = on_path.split(':').filter(|dir| dir.starts_with('/')).map(PathBuf::from).collect();
    let on_path = on_path.into_iter().filter_map(|dir| look(host, wanted, dir, &[]));
    // Each is asked only where those before it will not do.
    let of_system = std::iter::once_with(|| of_system(host, wanted)).flatten();
    let unpacked = std::iter::once_with(|| unpacked(host, wanted)).flatten();
    let mut refused = Vec::new();
    for found in on_path.chain(of_system).chain(unpacked) {
        if wanted.version.accepts(&found.version) {
            return Ok(found);
        }
        if !refused.contains(&found) {
            refused.push(found);
        }
    }
    let name = wanted.name.to_owned();
    if refused.is_empty() {
        let program = wanted.package.probe[0].clone();
        return Err(StartError::NotAtHand { name, program, help: help(wanted.package) });
    }
    let found = refused.iter().map(|it| format!("{} in `{}`", it.version, it.bin.display())).collect::<Vec<_>>();
    let (wanted, found) = (wanted.version.to_string(), found.join(", "));
    Err(StartError::WrongVersion { name, wanted, found, help: "install it, or enter a Nix shell that has it" })
}

/// How programs can be had.
fn help(package: &Package) -> String {
    if !package.debian.is_empty() {
        let packages = package.debian.join(" ");
        return format!(
            "`setup` unpacks it into your cache on Debian and Ubuntu; elsewhere install {packages}, or enter a Nix shell \
             that has it"
        );
    }
    match (package.cargo.first(), package.pip.is_empty()) {
        (Some(it), _) => format!("`setup` compiles `{it}` into your cache"),
        (None, false) => "`setup` has pip put it into your cache, where there is a Python".into(),
        (None, true) => "install it, or say in `package.find` which directory has it".into(),
    }
}

/// The programs in the places where systems have them, the newest first.
fn of_system(host: &Host, wanted: Programs<'_>) -> Vec<Found> {
    let dirs = wanted.package.find.iter().flat_map(|pattern| expanded(host, Path::new("/"), pattern));
    let mut found: Vec<Found> = dirs.filter_map(|dir| look(host, wanted, dir, &[])).collect();
    found.sort_by_key(|found| std::cmp::Reverse(numbers(&found.version)));
    found
}

/// The programs that have been unpacked into the user's cache.
fn unpacked(host: &Host, wanted: Programs<'_>) -> Option<Found> {
    let root = crate::unpack::dir(host, wanted.name)?;
    let expanded = |patterns: &[&str]| -> Vec<PathBuf> {
        patterns.iter().flat_map(|pattern| expanded(host, &root, pattern)).collect()
    };
    let libraries = expanded(&debian::LIBRARIES);
    let patterns: Vec<&str> = wanted.package.find.iter().map(String::as_str).chain(debian::PROGRAMS).collect();
    expanded(&patterns).into_iter().find_map(|dir| look(host, wanted, dir, &libraries))
}

/// What a directory has of a service.
fn look(host: &Host, wanted: Programs<'_>, bin: PathBuf, libraries: &[PathBuf]) -> Option<Found> {
    let (program, args) = wanted.package.probe.split_first()?;
    let names = [program].into_iter().chain(&wanted.package.or);
    let (name, path) = names.map(|name| (name, bin.join(name))).find(|(_, path)| host.exists(path))?;
    let server = [program.clone(), name.clone()];
    let found = Found { bin, server, version: String::new(), libraries: libraries.to_vec() };
    if args.is_empty() {
        return Some(found);
    }
    let command = found.with_libraries(Command::new(path.to_string_lossy(), "/").args(args));
    // Some say it with their help, and fail.
    let answer = host.read(&command, ANSWER).ok().filter(|answer| answer.code.is_some())?;
    Some(Found { version: version_in(&answer.stdout)?, ..found })
}

/// The directories below `root` that a pattern names: `*` stands for any part of one name.
fn expanded(host: &Host, root: &Path, pattern: &str) -> Vec<PathBuf> {
    let mut dirs = vec![root.to_owned()];
    for component in pattern.split('/').filter(|component| !component.is_empty()) {
        if !component.contains('*') {
            dirs.iter_mut().for_each(|dir| dir.push(component));
            continue;
        }
        let below = |dir: &PathBuf| {
            let names = host.list_dir(dir).unwrap_or_default();
            names.into_iter().filter(|name| fits(component, name)).map(|name| dir.join(name)).collect::<Vec<_>>()
        };
        dirs = dirs.iter().flat_map(below).collect();
    }
    dirs.retain(|dir| host.is_dir(dir));
    dirs
}

/// Whether a name is what a pattern says, in which `*` stands for any text.
pub(crate) fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => {
            let behind = name.strip_prefix(start);
            behind.is_some_and(|behind| {
                (0..=behind.len()).filter(|at| behind.is_char_boundary(*at)).any(|at| fits(rest, &behind[at..]))
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_star_stands_for_any_text() {
        let cases = [
            ("*", "", true),
            ("15", "15", true),
            ("15", "150", false),
            ("postgresql@*", "postgresql@16", true),
            ("postgresql@*", "postgres", false),
            ("*-linux-*", "x86_64-linux-gnu", true),
            ("*-linux-*", "x86_64-linux", false),
            ("pgsql-*", "pgsql-ü", true),
        ];
        for (pattern, name, expected) in cases {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }
}
