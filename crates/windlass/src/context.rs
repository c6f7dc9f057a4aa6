//! What a task is given, and how the program starts and ends.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use windlass_host::{Answer, Host, Reading};
use windlass_plan::Command;
use windlass_workspace::Workspace;

use crate::args::PlanArgs;
use crate::exit::{self, Exit, Interrupted, Usage};
use crate::job::Job;
use crate::tools::NoToolchain;
use crate::{Task, runner};

/// How long a tool may take to answer a question, unless it has reasons to take longer.
pub(crate) const ANSWER: Duration = Duration::from_secs(120);

/// What a task is given.
#[derive(Debug)]
pub struct Context {
    /// The machine.
    pub host: Host,
    /// What the user types before the name of a task: `cargo xtask` or `windlass`.
    pub program: String,
}

/// Pinned tools, one command that does what CI does, and a record of what it did
#[derive(Parser)]
#[command(version)]
struct Cli<T: Subcommand> {
    #[command(subcommand)]
    task: T,
}

/// The whole of a generated xtask, and of the `windlass` binary.
pub fn main() -> ExitCode {
    run(|task: Task, cx| task.run(cx))
}

/// Parses the arguments, does the task, prints the error if there is one, and ends with the exit code of it.
pub fn run<T: Subcommand>(act: impl FnOnce(T, &Context) -> anyhow::Result<Exit>) -> ExitCode {
    let host = Host::new();
    let name = host.current_exe().ok().and_then(|path| Some(path.file_stem()?.to_str()?.to_owned()));
    // `cargo xtask` is what runs a program of any other name.
    let program = if name.as_deref() == Some("windlass") { "windlass" } else { "cargo xtask" };
    let parsed = Cli::<T>::command().bin_name(program).try_get_matches().and_then(|it| Cli::<T>::from_arg_matches(&it));
    let task = match parsed {
        Ok(cli) => cli.task,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let cx = Context { host, program: program.to_owned() };
    match act(task, &cx) {
        Ok(Exit(code)) => ExitCode::from(code),
        Err(error) => {
            cx.host.print_error(&format!("error: {error:#}\n"));
            ExitCode::from(exit::of_error(&error))
        }
    }
}

impl Context {
    /// The workspace that the arguments name, or that the current directory is in.
    ///
    /// # Errors
    ///
    /// When there is no cargo, or no manifest that it can load.
    pub fn workspace(&self, args: &PlanArgs) -> anyhow::Result<Workspace> {
        let here = self.host.current_dir()?;
        let manifest_path = args.manifest_path.as_ref().map(|path| here.join(path));
        if let Some(path) = manifest_path.as_ref().filter(|path| !self.host.exists(path)) {
            return Err(Usage(format!("`--manifest-path`: there is no `{}`", path.display())).into());
        }
        let cwd = manifest_path.as_deref().and_then(Path::parent).unwrap_or(&here);
        let path = manifest_path.as_ref().map(|path| path.to_string_lossy());
        let workspace = self.metadata(path.as_deref(), &cwd.to_string_lossy())?;
        // What the commands will see is what holds in the root: a relative `CARGO_TARGET_DIR`, its cargo configuration.
        if cwd == Path::new(&workspace.root) { Ok(workspace) } else { self.metadata(None, &workspace.root) }
    }

    fn metadata(&self, manifest_path: Option<&str>, cwd: &str) -> anyhow::Result<Workspace> {
        let answer = self.ask(&windlass_workspace::metadata_command(manifest_path, cwd), ANSWER)?;
        let said = answer.stderr.trim_end();
        match answer.code {
            Some(0) => Ok(windlass_workspace::parse_metadata(&answer.stdout)?),
            // What cargo itself ends with; rustup, which may stand before it, ends with 1.
            Some(101) => Err(Usage(format!("cargo cannot load the workspace\n{said}")).into()),
            Some(1) if said.contains("is not installed") => {
                // rustup may add a backtrace of its own.
                let said = said.split("\n\n").next().unwrap_or_default().to_owned();
                Err(NoToolchain { cwd: cwd.to_owned(), said }.into())
            }
            Some(code) => bail!("`cargo metadata` ended with exit code {code}\n{said}"),
            None => bail!("{}", format!("`cargo metadata` was killed\n{said}").trim_end()),
        }
    }

    /// Runs a plan as the arguments want it run: its commands printed, or carried out, shown and recorded.
    ///
    /// # Errors
    ///
    /// When windlass cannot do its part. That a step fails is no error but an [`Exit`].
    pub fn run_plan(&self, job: Job, args: &PlanArgs) -> anyhow::Result<Exit> {
        runner::run(self, job, args)
    }

    /// Asks a program; an interrupted question is an [`Interrupted`] error.
    pub(crate) fn ask(&self, command: &Command, timeout: Duration) -> anyhow::Result<Answer> {
        self.host.read(command, timeout).map_err(|error| self.reading_error(error))
    }

    pub(crate) fn reading_error(&self, error: Reading) -> anyhow::Error {
        match self.host.interrupted_by() {
            Some(signal) => anyhow::Error::new(Interrupted(signal)).context(error),
            None => error.into(),
        }
    }

    /// Ends the task if a signal has asked for it.
    pub(crate) fn go_on(&self) -> anyhow::Result<()> {
        self.host.interrupted_by().map_or(Ok(()), |signal| Err(Interrupted(signal).into()))
    }
}
