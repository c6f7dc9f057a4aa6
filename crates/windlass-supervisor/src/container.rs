//! A server in a container: from its image to the moment that it is ready.

mod choice;
mod ready;

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use windlass_host::{Alive, Host};
use windlass_plan::Command;
use windlass_services::{
    Container, ContainerSpec, ContainerState, Definition, EngineError, EngineSession, Use, Values, version_in,
};

use crate::StartError;
use crate::containers::{Owner, labels};

/// How long an engine may take to do one thing.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long fetching an image may take without a word.
const PULL: Duration = Duration::from_secs(600);
/// Where a container sees the directory that it shares with the machine.
const INSIDE: &str = "/run/windlass";
/// Where a container has the data of tests, in memory.
const MEMORY: &str = "/var/lib/windlass";
/// How many of the last lines of a log an error shows.
const TAIL_LINES: u32 = 20;
/// How often an engine is asked whether a container still runs.
const LOOK_MS: u64 = 500;

/// Where and how containers are started.
#[derive(Clone, Copy, Debug)]
pub struct StartContainer<'a> {
    /// The machine.
    pub host: &'a Host,
    /// The private directory of the run, whose lock is held for as long as the run lives.
    pub place: &'a Path,
    /// Its name.
    pub id: &'a str,
    /// What the server is for.
    pub use_for: Use,
    /// Whether an image may be fetched that is not there.
    pub may_pull: bool,
}

/// A server in a container that is ready, and is removed with its data when this is dropped.
#[derive(Debug)]
pub struct RunningContainer<'a> {
    host: &'a Host,
    definition: &'a Definition,
    /// What is known of it: where it listens on the machine; `run` has its socket too, by the name that belongs to `port`.
    pub values: Values,
    /// What the container is called.
    pub name: String,
    /// Its image.
    pub image: String,
    /// The command line that would have made and started it, without its secrets.
    pub line: String,
    dir: PathBuf,
    looked_ms: u64,
    _alive: Option<Alive>,
}

impl<'a> StartContainer<'a> {
    /// Starts the container of a service, and waits until its server is ready. `port` is the one that it had before: another one is
    /// taken if somebody has that one now, as [`RunningContainer::values`] tells.
    ///
    /// # Errors
    ///
    /// When there is no engine or no image, the image has another version, or the server does not become ready. Nothing is left then.
    pub fn start(
        &self,
        definition: &'a Definition,
        password: String,
        port: Option<u16>,
    ) -> Result<RunningContainer<'a>, StartError> {
        let host = self.host;
        let failed = |what: String| StartError::failed(&definition.name, what, "");
        let container = definition.container.as_ref();
        let container =
            container.ok_or_else(|| failed("has no table `container` that says which image is run".into()))?;
        let mut engine = connect(host, &definition.name)?;
        let refused = |error: EngineError| failed(format!("cannot run in a container: {error}"));
        let program = engine.engine().map_err(refused)?.program;
        let image = choice::image_of(definition, container, &mut engine).map_err(refused)?;

        let dir = self.place.join(&definition.name);
        let run = dir.join("run");
        let name = format!("windlass-{}-{}", self.id, definition.name);
        let inside = inside(definition, container, &name, password, self.use_for);
        host.make_private_dir(&dir)?;
        host.make_shared_dir(&run)?;
        for (path, text) in definition.container_files(container, &inside) {
            host.write_shared(&on_machine(&path, &run), &text)?;
        }
        let alive = host.make_alive(&run.join("alive"))?;
        let mut spec = definition.container_spec(container, &image, &inside, self.use_for);
        spec.labels = labels(&Owner::of(host, self.place), self.id);
        share(&mut spec, &run, self.use_for);
        spec.published = port;
        let words = spec.run_words(&program, &name, &definition.container_secrets(container));
        let line = Command::new(&words[0], "/").args(&words[1..]).shell_here();
        let values = Values { host: "127.0.0.1".into(), run: text(&run), ..inside };
        // From here on it is removed, however this ends.
        let mut running =
            RunningContainer { host, definition, values, name, image, line, dir, looked_ms: 0, _alive: alive };
        self.create(&running, &spec, &mut engine)?;
        if let Err(error) = engine.start(&running.name) {
            if port.is_none() || !is_port_taken(&error) {
                return Err(running.failure(&format!("cannot be started in the image `{}`: {error}", running.image)));
            }
            engine.remove(&running.name).map_err(refused)?;
            spec.published = None;
            self.create(&running, &spec, &mut engine)?;
            engine.start(&running.name).map_err(refused)?;
        }
        running.wait(&mut engine)?;
        Ok(running)
    }

    /// Makes the container; an image that is not there is fetched, if it may be.
    fn create(
        &self,
        running: &RunningContainer<'_>,
        spec: &ContainerSpec,
        engine: &mut EngineSession<UnixStream>,
    ) -> Result<(), StartError> {
        let (service, image) = (&running.definition.name, &running.image);
        let failed = |what: String| StartError::failed(service, what, "");
        let made = match engine.create(&running.name, spec) {
            Err(EngineError::Refused { status: 404, .. }) => {
                let help = match &running.definition.image {
                    Some(_) => format!("\nhelp: `services image {service}` builds one of this machine's own programs"),
                    None => String::new(),
                };
                if !self.may_pull {
                    return Err(failed(format!(
                        "has no image: `{image}` is not there, and nothing may be fetched{help}"
                    )));
                }
                self.host.print_error(&format!("`{service}` has no image; about to fetch `{image}`, a minute or so\n"));
                let stream = self.host.connect_container_engine(PULL).map_err(|error| failed(error.to_string()))?;
                EngineSession::new(stream)
                    .pull(image, &mut |_| {})
                    .map_err(|error| failed(format!("has no image: `{image}` cannot be fetched: {error}{help}")))?;
                engine.create(&running.name, spec)
            }
            made => made,
        };
        made.map_err(|error| failed(format!("cannot have a container of the image `{image}`: {error}")))
    }
}

impl<'a> RunningContainer<'a> {
    pub(crate) fn definition(&self) -> &'a Definition {
        self.definition
    }

    /// Waits until the very server that was started answers where its users will ask.
    fn wait(&mut self, engine: &mut EngineSession<UnixStream>) -> Result<(), StartError> {
        let host = self.host;
        let deadline_ms = host.elapsed_ms().saturating_add(self.definition.deadline_s.saturating_mul(1000));
        let mut nap = Duration::from_millis(2);
        loop {
            let state = engine.state(&self.name).map_err(|error| self.failure(&error.to_string()))?;
            let not_yet = match state {
                Some(state) if state.is_running => match self.asked(&state, engine) {
                    Ok(version) => return self.accept(version),
                    Err(not_yet) => not_yet,
                },
                other => return Err(self.failure(&format!("ended before it was ready: {}", how(other)))),
            };
            if host.interrupted_by().is_some() {
                return Err(StartError::Interrupted);
            }
            if host.elapsed_ms() > deadline_ms {
                let what = format!("was not ready within {} s: {not_yet}", self.definition.deadline_s);
                return Err(self.failure(&what));
            }
            host.sleep(nap);
            nap = (nap * 2).min(Duration::from_millis(20));
        }
    }

    /// The version of the server, if it answers and is what was started; why not otherwise.
    fn asked(
        &mut self,
        state: &ContainerState,
        engine: &mut EngineSession<UnixStream>,
    ) -> Result<Option<String>, String> {
        let port = state.ports.get(&self.definition.port).ok_or("its port is not published yet")?;
        self.values.port = *port;
        let log = || engine.log(&self.name, u32::MAX).map_err(|error| error.to_string());
        ready::is_ready(self.host, self.definition, &self.values, log)
    }

    /// Keeps a server of a version that will do, if it says which one it has.
    fn accept(&mut self, version: Option<String>) -> Result<(), StartError> {
        let Some(version) = version.and_then(|said| version_in(&said)) else { return Ok(()) };
        if !self.definition.version.accepts(&version) {
            return Err(StartError::WrongVersion {
                name: self.definition.name.clone(),
                wanted: self.definition.version.to_string(),
                found: format!("{version} in the image `{}`", self.image),
            });
        }
        self.values.version = version;
        Ok(())
    }

    /// How it ended, in words; `None` while it runs, and where the engine does not say. It is asked now and then only.
    pub fn ended(&mut self) -> Option<String> {
        let now_ms = self.host.elapsed_ms();
        if now_ms < self.looked_ms.saturating_add(LOOK_MS) {
            return None;
        }
        self.looked_ms = now_ms;
        let state = connect(self.host, &self.name).ok()?.state(&self.name).ok()?;
        if state.as_ref().is_some_and(|state| state.is_running) { None } else { Some(how(state)) }
    }

    /// An error with the end of its log.
    pub fn failure(&self, what: &str) -> StartError {
        let log = connect(self.host, &self.name).ok().and_then(|mut it| it.log(&self.name, TAIL_LINES).ok());
        StartError::failed(&self.definition.name, what, &log.unwrap_or_default())
    }
}

impl Drop for RunningContainer<'_> {
    fn drop(&mut self) {
        // What cannot be removed now, the next run sweeps: it has our labels.
        if let Ok(mut engine) = connect(self.host, &self.name) {
            let _ = engine.remove(&self.name);
        }
        let _ = self.host.remove_tree(&self.dir);
    }
}

/// The command line that would make and start the container of a service in an image, as `--explain` shows it: for a run whose
/// private directory would be `place`.
pub fn container_line(
    definition: &Definition,
    program: &str,
    image: &str,
    place: &Path,
    use_for: Use,
) -> Option<String> {
    let container = definition.container.as_ref()?;
    let name = format!("windlass-{}", definition.name);
    let inside = inside(definition, container, &name, String::new(), use_for);
    let mut spec = definition.container_spec(container, image, &inside, use_for);
    share(&mut spec, &place.join(&definition.name).join("run"), use_for);
    let words = spec.run_words(program, &name, &definition.container_secrets(container));
    Some(Command::new(&words[0], "/").args(&words[1..]).shell_here())
}

/// What a server knows of itself within its container.
fn inside(definition: &Definition, container: &Container, id: &str, password: String, use_for: Use) -> Values {
    Values {
        data: match use_for {
            Use::Test => MEMORY.to_owned(),
            Use::Dev => container.data.clone(),
        },
        run: INSIDE.to_owned(),
        prefix: "/usr".into(),
        host: "0.0.0.0".into(),
        port: definition.port,
        user: "windlass".into(),
        password,
        database: "windlass".into(),
        version: String::new(),
        id: id.to_owned(),
    }
}

/// Shares a directory of the machine with a container, and gives it memory for the data of tests.
fn share(spec: &mut ContainerSpec, run: &Path, use_for: Use) {
    spec.binds = vec![(text(run), INSIDE.to_owned())];
    if use_for == Use::Test {
        spec.tmpfs = [(MEMORY.to_owned(), "mode=1777".to_owned())].into();
    }
}

fn connect(host: &Host, name: &str) -> Result<EngineSession<UnixStream>, StartError> {
    let stream = host.connect_container_engine(PATIENCE);
    stream.map(EngineSession::new).map_err(|error| StartError::failed(name, format!("needs a container: {error}"), ""))
}

/// Where the machine has a file of the shared directory.
fn on_machine(inside: &str, run: &Path) -> PathBuf {
    run.join(inside.strip_prefix(INSIDE).unwrap_or(inside).trim_start_matches('/'))
}

/// Whether a container did not start because somebody else has its port: by the words of Docker and of Podman.
fn is_port_taken(error: &EngineError) -> bool {
    let said = error.to_string();
    ["port is already allocated", "address already in use"].iter().any(|words| said.contains(words))
}

fn how(state: Option<ContainerState>) -> String {
    match state {
        None => "somebody has removed its container".into(),
        Some(state) if state.is_out_of_memory => "it had no memory left".into(),
        Some(state) => format!("failed with exit code {}", state.exit_code),
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
