//! The tools that the pipeline drives: which are wanted, which are there, and how one gets the others.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, bail};
use semver::Version;
use windlass_host::Reading;
use windlass_nextest::{MINIMUM, Nextest, PINNED};
use windlass_plan::Command;
use windlass_workspace::Workspace;

use crate::Context;
use crate::args::PlanArgs;
use crate::config;
use crate::context::ANSWER;
use crate::exit::Usage;

/// How long an installation may take.
const INSTALLATION: Duration = Duration::from_secs(60 * 60);

/// One tool: what is wanted and what was found.
#[derive(Clone, Debug)]
pub(crate) struct Tool {
    /// Its name.
    pub(crate) name: &'static str,
    /// The version that will do, for people.
    pub(crate) wanted: String,
    /// The version that is there; `Err` says why what was found will not do.
    pub(crate) found: Result<String, String>,
    /// Where it comes from.
    pub(crate) from: Option<String>,
    /// The stages that need it.
    pub(crate) needed_for: &'static [&'static str],
    /// How one gets it.
    get: Get,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Get {
    Toolchain,
    Component(&'static str),
    Nextest,
}

/// All that is known of the tools in a workspace.
#[derive(Clone, Debug)]
pub(crate) struct Tools {
    root: String,
    /// Each tool, in the order in which the pipeline meets them.
    pub(crate) all: Vec<Tool>,
    /// The words that nextest is called by.
    pub(crate) nextest: Vec<String>,
}

/// Looks for the tools, as they are seen from the workspace's root.
///
/// # Errors
///
/// When windlass is asked to stop, and when a tool takes too long to answer: what did not answer is not missing then.
pub(crate) fn look(cx: &Context, root: &str) -> anyhow::Result<Tools> {
    let tools = thread::scope(|scope| {
        let rustfmt = scope.spawn(|| component(cx, root, "fmt", &["fmt"]));
        let clippy = scope.spawn(|| component(cx, root, "clippy", &["clippy"]));
        let nextest = scope.spawn(|| nextest(cx, root));
        let cargo = cargo(cx, root);
        let [rustfmt, clippy] = [rustfmt, clippy].map(|it| it.join().expect("looking for a tool does not panic"));
        let (nextest, tool) = nextest.join().expect("looking for a tool does not panic")?;
        Ok(Tools { root: root.to_owned(), all: vec![cargo?, rustfmt?, clippy?, tool], nextest })
    });
    cx.go_on().and(tools)
}

/// The first line of what a program says of its version; why there is none otherwise.
fn version_line(cx: &Context, command: &Command) -> anyhow::Result<Result<String, String>> {
    let answer = match cx.host.read(command, ANSWER) {
        Ok(answer) => answer,
        Err(Reading::NotStarted { reason }) => return Ok(Err(reason)),
        Err(error) => return Err(cx.reading_error(error).context(format!("cannot ask `{}`", command.shell_here()))),
    };
    let first = |text: &str| text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().to_owned();
    Ok(match answer.code {
        Some(0) => Ok(first(&answer.stdout)),
        _ => Err(first(&answer.stderr)),
    })
}

fn cargo(cx: &Context, root: &str) -> anyhow::Result<Tool> {
    let found = version_line(cx, &Command::new("cargo", root).arg("--version"))?;
    Ok(Tool {
        name: "cargo",
        wanted: "that of the workspace's toolchain".into(),
        found: found.map(|line| line.trim_start_matches("cargo ").to_owned()),
        from: path_of(cx, "cargo"),
        needed_for: &["lock", "build", "doctest", "doc"],
        get: Get::Toolchain,
    })
}

fn component(
    cx: &Context,
    root: &str,
    subcommand: &'static str,
    needed_for: &'static [&'static str],
) -> anyhow::Result<Tool> {
    let (name, component, program) =
        if subcommand == "fmt" { ("rustfmt", "rustfmt", "cargo-fmt") } else { ("clippy", "clippy", "cargo-clippy") };
    let found = version_line(cx, &Command::new("cargo", root).args([subcommand, "--version"]))?;
    // rustup has a program for a component that it lacks, too.
    let is_there = found.is_ok();
    Ok(Tool {
        name,
        wanted: "that of the workspace's toolchain".into(),
        found: found.map(|line| line.trim_start_matches(name).trim().to_owned()),
        from: is_there.then(|| path_of(cx, program)).flatten(),
        needed_for,
        get: Get::Component(component),
    })
}

/// nextest as cargo finds it, else the one that windlass installed.
fn nextest(cx: &Context, root: &str) -> anyhow::Result<(Vec<String>, Tool)> {
    let words = |program: &[&str]| program.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
    let will_do = |line: String| {
        let version = windlass_nextest::parse_version(&line).map_err(|error| error.to_string())?;
        if version < MINIMUM {
            return Err(format!("{version} is older than {MINIMUM}, the oldest that will do"));
        }
        Ok(version.to_string())
    };
    let ask = |program: Vec<String>| -> anyhow::Result<Result<String, String>> {
        let nextest = Nextest { program, root: root.to_owned(), cargo_args: Vec::new(), profile: None };
        Ok(version_line(cx, &nextest.version())?.and_then(will_do))
    };
    let tool = |found, from| Tool {
        name: "cargo-nextest",
        wanted: format!("{MINIMUM} or newer; {PINNED} is installed where there is none"),
        found,
        from,
        needed_for: &["test"],
        get: Get::Nextest,
    };
    let cargos = words(&["cargo", "nextest"]);
    let on_path = path_of(cx, "cargo-nextest");
    let found = ask(cargos.clone())?;
    if found.is_err() {
        // An alias of cargo's may hide it, and the one that windlass installed is on no path.
        let installed = nextest_dir(cx).map(|dir| dir.join("bin/cargo-nextest")).filter(|path| cx.host.exists(path));
        let installed = installed.map(|path| path.to_string_lossy().into_owned());
        for path in on_path.clone().into_iter().chain(installed) {
            let own = words(&[&path, "nextest"]);
            if let Ok(version) = ask(own.clone())? {
                return Ok((own, tool(Ok(version), Some(path))));
            }
        }
    }
    let from = found.is_ok().then_some(on_path).flatten();
    Ok((cargos, tool(found, from)))
}

fn path_of(cx: &Context, program: &str) -> Option<String> {
    let in_cargo_home = || {
        let home = cx.host.env("CARGO_HOME").or_else(|| Some(format!("{}/.cargo", cx.host.env("HOME")?)))?;
        cx.host.find_program(&format!("{home}/bin/{program}"))
    };
    cx.host.find_program(program).or_else(in_cargo_home).map(|path| path.to_string_lossy().into_owned())
}

/// Where windlass installs the nextest that it pins.
fn nextest_dir(cx: &Context) -> Option<PathBuf> {
    Some(cx.host.cache_dir()?.join("tools").join(format!("cargo-nextest-{PINNED}")))
}

impl Tool {
    fn need(&self) -> String {
        let why = self.found.as_ref().err().map(String::as_str).unwrap_or_default();
        format!("`{}` is needed for {} and not at hand ({why})", self.name, stages(self.needed_for))
    }
}

impl Tools {
    /// The tools that are missing or will not do.
    pub(crate) fn missing(&self) -> impl Iterator<Item = &Tool> {
        self.all.iter().filter(|tool| tool.found.is_err())
    }

    /// The version of cargo.
    ///
    /// # Errors
    ///
    /// When there is no cargo, or none that its toolchain file allows.
    pub(crate) fn cargo_version(&self) -> anyhow::Result<Version> {
        let cargo = self.all.iter().find(|tool| tool.name == "cargo").context("cargo was not looked for")?;
        match &cargo.found {
            Ok(version) => Ok(windlass_workspace::parse_cargo_version(&format!("cargo {version}"))?),
            Err(why) => bail!("there is no cargo for `{}`: {why}", self.root),
        }
    }

    /// Only those that these stages need.
    pub(crate) fn needed_for(&self, stage: impl Fn(&str) -> bool) -> Self {
        let needed = |tool: &&Tool| tool.needed_for.iter().any(|name| stage(name));
        Self { all: self.all.iter().filter(needed).cloned().collect(), ..self.clone() }
    }

    /// Each tool that is there, with its version.
    pub(crate) fn versions(&self) -> BTreeMap<String, String> {
        let version = |tool: &Tool| Some((tool.name.to_owned(), tool.found.clone().ok()?));
        self.all.iter().filter_map(version).collect()
    }

    /// Sees that nothing is missing any more after what was has been installed.
    ///
    /// # Errors
    ///
    /// When something still is.
    pub(crate) fn demand_all(&self) -> anyhow::Result<()> {
        let still_missing = self.all.iter().find_map(|tool| Some((tool.name, tool.found.as_ref().err()?)));
        match still_missing {
            Some((name, why)) => bail!("`{name}` has been installed and is still not at hand ({why})"),
            None => Ok(()),
        }
    }

    /// Installs what is missing, after saying what that means and, where somebody can answer, asking.
    ///
    /// # Errors
    ///
    /// When it may not be installed, nobody knows how, or the installation fails.
    pub(crate) fn set_up(&self, cx: &Context, allowed: bool) -> anyhow::Result<()> {
        if !allowed && self.missing().next().is_some() {
            let refusal = |tool: &Tool| match self.command(cx, tool) {
                Ok((command, _)) => {
                    let (need, line) = (tool.need(), command.shell());
                    format!("{need}, and nothing may be installed (`--no-setup`, or `ci.setup = false`)\nhelp: {line}")
                }
                Err(error) => format!("{error:#}"),
            };
            bail!(self.missing().map(refusal).collect::<Vec<_>>().join("\nerror: "));
        }
        for tool in self.missing() {
            let (command, minutes) = self.command(cx, tool)?;
            install(cx, &format!("`{}`", tool.name), &tool.need(), &command, minutes)?;
            if let Some(target) = command.env.get("CARGO_TARGET_DIR") {
                cx.host.remove_tree(Path::new(target))?;
            }
        }
        Ok(())
    }

    /// What installs a tool, and how long that takes.
    fn command(&self, cx: &Context, tool: &Tool) -> anyhow::Result<(Command, &'static str)> {
        match tool.get {
            Get::Toolchain => {
                bail!("{}\nhelp: install Rust by rustup, or enter the workspace's Nix shell", tool.need())
            }
            Get::Component(component) => self.component_command(cx, component),
            Get::Nextest => nextest_command(cx),
        }
        .with_context(|| tool.need())
    }

    fn component_command(&self, cx: &Context, component: &str) -> anyhow::Result<(Command, &'static str)> {
        if cx.host.find_program("rustup").is_some() {
            let command = Command::new("rustup", &self.root).args(["component", "add", component]);
            return Ok((command, "less than a minute"));
        }
        // A toolchain that rustup does not manage: the system's, whose package manager is the user's to run.
        let known = [
            ("apt-get", "sudo apt-get install", "rust-clippy"),
            ("dnf", "sudo dnf install", "clippy"),
            ("pacman", "sudo pacman -S", "rust"),
            ("apk", "sudo apk add", "rust-clippy"),
            ("brew", "brew install", "rust"),
        ];
        let manager = known.iter().find(|(program, ..)| cx.host.find_program(program).is_some());
        let package = |clippy: &'static str| if component == "clippy" { clippy } else { "rustfmt" };
        match manager {
            Some((_, install, clippy)) => {
                bail!("there is no rustup to add it\nhelp: {install} {}, or install Rust by rustup", package(clippy))
            }
            None => bail!("there is no rustup to add it\nhelp: install Rust by rustup"),
        }
    }
}

/// There is no toolchain of the kind that a directory asks for. rustup would install it without a word of windlass's.
#[derive(Debug, thiserror::Error)]
#[error("the toolchain for `{cwd}` is not installed\n{said}")]
pub(crate) struct NoToolchain {
    pub(crate) cwd: String,
    /// What rustup says of it.
    pub(crate) said: String,
}

/// The workspace that the arguments name, once rustup has installed its toolchain where that is missing and `allowed`.
///
/// # Errors
///
/// Those of [`Context::workspace`], and when the toolchain cannot be installed.
pub(crate) fn workspace(cx: &Context, args: &PlanArgs, allowed: bool) -> anyhow::Result<Workspace> {
    let error = match cx.workspace(args) {
        Ok(workspace) => return Ok(workspace),
        Err(error) => error,
    };
    let Some(NoToolchain { cwd, .. }) = error.downcast_ref() else { return Err(error) };
    // Without cargo nobody says where the root is: the nearest configuration decides.
    let config = Path::new(cwd).ancestors().map(|dir| dir.join(config::CONFIG)).find(|path| cx.host.exists(path));
    let text = config.map(|path| cx.host.read_text(&path)).transpose()?.flatten().unwrap_or_default();
    let config = config::parse(&text, config::CONFIG).map_err(|error| Usage(error.to_string()))?;
    let command = Command::new("rustup", cwd).args(["toolchain", "install"]);
    if !allowed || !config.ci.setup {
        let line = command.shell();
        bail!("{error}\nnothing may be installed (`--no-setup`, or `ci.setup = false`)\nhelp: {line}");
    }
    install(cx, "the toolchain", &error.to_string(), &command, "about 1 to 3 minutes")?;
    cx.workspace(args)
}

/// Runs an installation, after saying what that means and, where somebody can answer, asking.
fn install(cx: &Context, name: &str, need: &str, command: &Command, minutes: &str) -> anyhow::Result<()> {
    let line = command.shell();
    cx.host.print_error(&format!("{need}; about to run, {minutes}:\n  {line}\n"));
    if cx.host.ask("go ahead?") == Some(false) {
        cx.go_on()?;
        bail!("{need}, and you said no\nhelp: {line}");
    }
    let code = cx.host.show(command, INSTALLATION).map_err(|error| cx.reading_error(error))?;
    if code != Some(0) {
        let ended = code.map_or("a signal".to_owned(), |code| format!("exit code {code}"));
        bail!("{name} could not be installed: the command ended with {ended}\nhelp: {line}");
    }
    Ok(())
}

fn nextest_command(cx: &Context) -> anyhow::Result<(Command, &'static str)> {
    let dir = nextest_dir(cx).context("there is neither `$XDG_CACHE_HOME` nor `$HOME` to install it in")?;
    let dir = dir.to_string_lossy();
    if path_of(cx, "cargo-binstall").is_some() {
        return Ok((windlass_nextest::binstall_command(&dir), "about 1 minute"));
    }
    Ok((windlass_nextest::install_command(&dir), "about 3 to 10 minutes, once"))
}

fn stages(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
