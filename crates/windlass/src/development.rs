//! The servers of development, as the tasks see them.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::bail;
use windlass_host::Signal;
use windlass_plan::Command;
use windlass_services::Definition;
use windlass_supervisor::dev::{Home, Kept, KeptServer};
use windlass_supervisor::{Launcher, StartError, Way};
use windlass_toml::hint;

use crate::exit::Usage;
use crate::{Context, PlanArgs, config, servers};

const TICK: Duration = Duration::from_millis(10);
/// How long the supervisor may take to end that is stopped before all servers are ready.
const GRACE_MS: u64 = 60_000;

/// A workspace with services, and where its servers of development are.
pub(crate) struct Development {
    root: String,
    /// Where windlass writes for services of tests.
    pub(crate) dir: PathBuf,
    pub(crate) services: Vec<Definition>,
    /// Whether the workspace lets servers be fetched.
    pub(crate) may_set_up: bool,
    pub(crate) home: Home,
}

impl Development {
    /// That of the workspace which the arguments name, or which the current directory is in.
    ///
    /// # Errors
    ///
    /// When it declares no service, or there is nowhere to keep data.
    pub(crate) fn of(cx: &Context, manifest_path: Option<&PathBuf>) -> anyhow::Result<Self> {
        let it = Self::that_has_been(cx, manifest_path)?;
        servers::demand(&it.services)?;
        Ok(it)
    }

    /// The same, also where it declares no service any more, and some have data.
    ///
    /// # Errors
    ///
    /// When there are no services of either kind, or there is nowhere to keep data.
    pub(crate) fn that_has_been(cx: &Context, manifest_path: Option<&PathBuf>) -> anyhow::Result<Self> {
        let workspace = cx.workspace(&PlanArgs { manifest_path: manifest_path.cloned(), ..PlanArgs::default() })?;
        let config = config::of(cx, &workspace.root)?;
        let home = done(cx, Home::of(&cx.host, workspace.root.as_ref()))?;
        if home.stored(&cx.host).is_empty() {
            servers::demand(&config.services)?;
        }
        let dir = servers::dir(&workspace.target_directory);
        let services = home.settled(&cx.host, config.services);
        Ok(Self { root: workspace.root, dir, services, may_set_up: config.ci.setup, home })
    }

    /// The service of that name; without one, the only one that there is.
    ///
    /// # Errors
    ///
    /// When there is no such service, or more than one.
    pub(crate) fn service(&self, name: Option<&str>) -> anyhow::Result<&Definition> {
        match (name, &*self.services) {
            (None, [only]) => Ok(only),
            (None, several) => {
                let names = several.iter().map(|it| &*it.name).collect::<Vec<_>>().join(", ");
                Err(Usage(format!("which service? There are {names}")).into())
            }
            (Some(name), services) => services.iter().find(|it| it.name == name).ok_or_else(|| {
                let names = services.iter().map(|it| &*it.name);
                Usage(format!("there is no service `{name}`; {}", hint(name, names, "there are"))).into()
            }),
        }
    }

    /// The services that are meant: the one of that name, or all.
    ///
    /// # Errors
    ///
    /// When there is no such service.
    pub(crate) fn services(&self, name: Option<&str>) -> anyhow::Result<Vec<&Definition>> {
        match name {
            None => Ok(self.services.iter().collect()),
            name => self.service(name).map(|it| vec![it]),
        }
    }

    /// The services that have data and are not declared any more.
    pub(crate) fn undeclared(&self, cx: &Context) -> Vec<String> {
        let mut names = self.home.stored(&cx.host);
        names.retain(|name| self.services.iter().all(|service| service.name != *name));
        names
    }

    /// In which way each service runs; what is there can work on its data.
    pub(crate) fn ways(&self, cx: &Context) -> anyhow::Result<Vec<Way>> {
        done(cx, self.home.ways(&cx.host, &self.services))
    }

    /// The data of a service, in words; `None` if it has none.
    pub(crate) fn data(&self, cx: &Context, name: &str) -> Option<String> {
        let dir = self.home.data_of(name);
        let dir = cx.host.is_dir(&dir).then(|| size(cx.host.tree_bytes(&dir)));
        let volume = self.home.volume_of(&cx.host, name).map(|volume| format!("in the volume `{volume}`"));
        let both: Vec<String> = dir.into_iter().chain(volume).collect();
        (!both.is_empty()).then(|| both.join(" and "))
    }

    /// What runs, if something does.
    pub(crate) fn kept(&self, cx: &Context) -> anyhow::Result<Option<Kept>> {
        done(cx, self.home.kept(&cx.host))
    }

    /// The server of a service that runs.
    pub(crate) fn server<'k>(&self, kept: Option<&'k Kept>, name: &str) -> Option<&'k KeptServer> {
        kept.filter(|kept| kept.is_ready)?.servers.get(name).filter(|server| server.ended.is_none())
    }

    /// Starts the supervisor, and waits until all servers are ready. What it says meanwhile is shown.
    ///
    /// # Errors
    ///
    /// When they do not come up: the supervisor has said why.
    pub(crate) fn start(&self, cx: &Context, may_set_up: bool) -> anyhow::Result<Kept> {
        let host = &cx.host;
        let log = self.home.log();
        let mut read = host.file_bytes(&log);
        let mut keeper = host.start_detached(&self.command(cx, may_set_up)?, &log)?;
        let mut stop_by_ms = None;
        loop {
            let ended = keeper.ended();
            let (said, on) = host.read_on(&log, read);
            host.print_error(&said);
            read = on;
            if let Some(outcome) = ended {
                cx.go_on()?;
                bail!("the servers of development are not there: their supervisor {outcome}");
            }
            match self.kept(cx)? {
                Some(kept) if kept.is_ready && kept.pid == keeper.pid() && stop_by_ms.is_none() => return Ok(kept),
                _ => {}
            }
            if host.interrupted_by().is_some() {
                if stop_by_ms.is_none()
                    && let Ok(Some(process)) = host.watch(keeper.pid())
                {
                    process.signal(Signal::TERM);
                }
                if host.elapsed_ms() > *stop_by_ms.get_or_insert(host.elapsed_ms() + GRACE_MS) {
                    cx.go_on()?;
                }
            }
            host.sleep(TICK);
        }
    }

    /// What keeps the servers.
    fn command(&self, cx: &Context, may_set_up: bool) -> anyhow::Result<Command> {
        let command = servers::supervise_command(cx, &self.root, may_set_up)?;
        Ok(command.arg("--dev"))
    }
}

/// What becomes a server.
pub(crate) fn launcher(cx: &Context) -> anyhow::Result<Launcher> {
    let program = cx.host.current_exe()?.to_string_lossy().into_owned();
    Ok(Launcher { words: vec![program, "services".into(), "launch".into()] })
}

/// An error of an interrupted task is that it was interrupted.
pub(crate) fn done<T>(cx: &Context, result: Result<T, StartError>) -> anyhow::Result<T> {
    result.or_else(|error| cx.go_on().and(Err(error.into())))
}

/// A number of bytes for people.
pub(crate) fn size(bytes: u64) -> String {
    let mut size = bytes as f64;
    for unit in ["bytes", "kB", "MB"] {
        if size < 1000.0 {
            return if unit == "bytes" { format!("{bytes} bytes") } else { format!("{size:.1} {unit}") };
        }
        size /= 1000.0;
    }
    format!("{size:.1} GB")
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_shown_in_the_unit_that_people_use() {
        let cases =
            [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (38_240_000, "38.2 MB"), (2_500_000_000, "2.5 GB")];
        for (bytes, expected) in cases {
            assert_eq!(size(bytes), expected);
        }
    }
}
