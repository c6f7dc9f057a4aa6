//! Which program is the supervisor.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Problem;

/// The program whose subcommand `services supervise` is the supervisor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    /// A `windlass`, or an xtask that has been compiled.
    Compiled(PathBuf),
    /// The alias of the workspace in this directory.
    Xtask(PathBuf),
}

impl Program {
    /// Finds it: what the last run of windlass has left in the `state` of the target directory, else `windlass` on `path`, else
    /// the xtask of the workspace that the package in `manifest_dir` belongs to.
    pub(crate) fn find(state: &Path, path: Option<OsString>, manifest_dir: Option<&Path>) -> Result<Self, Problem> {
        let left = state.join("program");
        let by_last_run = fs::read_to_string(&left).ok().map(|text| PathBuf::from(text.trim_end_matches('\n')));
        let on_path = || {
            let dirs: Vec<PathBuf> = path.iter().flat_map(std::env::split_paths).collect();
            dirs.into_iter().map(|dir| dir.join("windlass")).find(|program| program.is_file())
        };
        let xtask = || manifest_dir?.ancestors().find(|dir| has_xtask(dir)).map(|dir| Self::Xtask(dir.to_owned()));
        let compiled = by_last_run.clone().filter(|program| program.is_file()).or_else(on_path).map(Self::Compiled);
        compiled.or_else(xtask).ok_or_else(|| {
            let last = match by_last_run {
                Some(program) => format!("`{}`, which `{}` names, is gone", program.display(), left.display()),
                None => format!("no run of windlass has left `{}`", left.display()),
            };
            Problem::new(format!(
                "there is no windlass to start its services\n  1. {last}\n  2. there is no `windlass` on `PATH`\n  \
                 3. the workspace has no xtask of windlass\n\
                 help: run the tests by `windlass test`, put `windlass` on `PATH`, or adopt it by `windlass init`"
            ))
        })
    }

    /// The command that starts it, for the run that the process `owner` is.
    pub(crate) fn command(&self, manifest_dir: Option<&Path>, owner: u32) -> Command {
        let mut command = match self {
            Self::Compiled(program) => Command::new(program),
            Self::Xtask(dir) => {
                let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
                cargo.arg("xtask").current_dir(dir);
                cargo
            }
        };
        command.args(["services", "supervise"]);
        if let Some(dir) = manifest_dir {
            command.arg("--manifest-path").arg(dir.join("Cargo.toml"));
        }
        command.arg("--owner").arg(owner.to_string());
        command
    }
}

/// Whether the workspace in a directory has adopted windlass. The xtask of another kind is never run.
fn has_xtask(dir: &Path) -> bool {
    let says = |file: &str, word: &str| fs::read_to_string(dir.join(file)).is_ok_and(|text| text.contains(word));
    says("xtask/Cargo.toml", "windlass") && says(".cargo/config.toml", "xtask")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::Program;

    fn file(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn the_last_run_goes_before_path_and_path_before_the_xtask() {
        let dir = tempfile::tempdir().unwrap();
        let (state, bin, package) = (dir.path().join("state"), dir.path().join("bin"), dir.path().join("ws/shop"));
        let find = || Program::find(&state, Some(bin.clone().into()), Some(&package));

        let none = find().unwrap_err().text;
        for named in ["no run of windlass has left", "no `windlass` on `PATH`", "no xtask of windlass", "help: "] {
            assert!(none.contains(named), "{none}");
        }

        // The xtask of another kind is left alone.
        file(&dir.path().join("ws/.cargo/config.toml"), "[alias]\nxtask = \"run -p xtask --\"\n");
        file(&dir.path().join("ws/xtask/Cargo.toml"), "[dependencies]\nclap = \"4\"\n");
        assert!(find().is_err());
        file(&dir.path().join("ws/xtask/Cargo.toml"), "[dependencies]\nwindlass = \"0.1\"\n");
        let xtask = find().unwrap();
        assert_eq!(xtask, Program::Xtask(dir.path().join("ws")));
        let command = xtask.command(Some(&package), 7);
        assert_eq!(command.get_current_dir(), Some(dir.path().join("ws").as_path()));

        file(&bin.join("windlass"), "");
        assert_eq!(find().unwrap(), Program::Compiled(bin.join("windlass")));

        let last = dir.path().join("a b/xtask");
        file(&state.join("program"), &format!("{}\n", last.display()));
        assert_eq!(find().unwrap(), Program::Compiled(bin.join("windlass")), "it is gone");
        file(&last, "");
        assert_eq!(find().unwrap(), Program::Compiled(last.clone()));

        let command = Program::Compiled(last).command(Some(Path::new("/ws/shop")), 7);
        let args: Vec<&str> = command.get_args().filter_map(|arg| arg.to_str()).collect();
        assert_eq!(args, ["services", "supervise", "--manifest-path", "/ws/shop/Cargo.toml", "--owner", "7"]);
    }
}
