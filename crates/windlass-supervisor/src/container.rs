//! A server in a container: from its image to the moment that it is ready.

mod backup;
mod choice;
mod life;
mod ready;
mod spec;

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use windlass_host::{Alive, Host};
use windlass_plan::Command;
use windlass_services::{
    ContainerSpec, Definition, EngineError, EngineSession, ImageSays, Kind, Use, Values, version_in,
};

use self::life::Life;
use self::spec::{inside, on_machine, share, text};
use crate::StartError;
use crate::containers::{end, labels};

/// How long an engine may take to do one thing.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long fetching an image may take without a word.
const PULL: Duration = Duration::from_secs(600);
/// How much of the end of a log an error shows, in bytes.
const TAIL_BYTES: u64 = 2048;

/// Where and how containers are started.
#[derive(Clone, Copy, Debug)]
pub struct StartContainer<'a> {
    /// The machine.
    pub host: &'a Host,
    /// The private directory of the run, whose lock is held for as long as the run lives.
    pub place: &'a Path,
    /// Its name.
    pub id: &'a str,
    /// Whether an image may be fetched that is not there.
    pub may_pull: bool,
}

/// Where a container has the data of its server.
#[derive(Clone, Copy)]
pub enum Data<'d> {
    /// In memory. By what its image says of itself it is known where what another one has been backed up to is, if it begins with that.
    Memory(&'d dyn Fn(&ImageSays) -> Option<PathBuf>),
    /// Where it stays.
    Volume(Stays<'d>),
}

/// What stays of a server of development.
#[derive(Clone, Copy, Debug)]
pub struct Stays<'d> {
    /// The volume that has its data.
    pub volume: &'d str,
    /// The image that wrote it, if one did.
    pub image: Option<&'d str>,
    /// The file that has what it writes.
    pub log: &'d Path,
    /// The file that whoever keeps it has locked.
    pub lock: &'d Path,
}

/// A server in a container that is ready, and is removed when this is dropped, with its data unless that stays.
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
    log: PathBuf,
    /// How much of the log is of those before.
    log_began: u64,
    /// What has its data, where that stays.
    volume: Option<String>,
    life: Option<Life>,
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
        data: Data<'_>,
    ) -> Result<RunningContainer<'a>, StartError> {
        let host = self.host;
        let failed = |what: String| StartError::failed(&definition.name, what, "");
        let container = definition.container.as_ref();
        let container =
            container.ok_or_else(|| failed("has no table `container` that says which image is run".into()))?;
        let mut engine = connect(host, &definition.name)?;
        let refused = |error: EngineError| failed(format!("cannot run in a container: {error}"));
        let program = engine.engine().map_err(refused)?.program;
        let (stays, beginning) = match data {
            Data::Volume(stays) => (Some(stays), None),
            Data::Memory(beginning) => (None, Some(beginning)),
        };
        let wrote = stays.and_then(|stays| stays.image);
        let image = choice::image_of(definition, container, wrote, &mut engine).map_err(refused)?;
        let says = engine.image(&image).map_err(refused)?;

        let dir = self.place.join(&definition.name);
        let run = dir.join("run");
        let name = format!("windlass-{}-{}", self.id, definition.name);
        let mut inside = inside(definition, &name, password);
        if stays.is_some() && definition.kind == Kind::Postgres {
            // The users' own is there as soon as it is complete.
            inside.database = "postgres".into();
        }
        host.make_private_dir(&dir)?;
        host.make_shared_dir(&run)?;
        for (path, text) in definition.container_files(container, &inside) {
            host.write_shared(&on_machine(&path, &run), &text)?;
        }
        let alive = host.make_alive(&run.join("alive"))?;
        let use_for = if stays.is_some() { Use::Dev } else { Use::Test };
        let mut spec = definition.container_spec(container, &image, &inside, use_for);
        let stop = definition.process.stop.name();
        spec.labels = labels(host, self.place, self.id, stays.map(|stays| (stop, stays.lock)));
        share(&mut spec, &run, stays.map(|stays| stays.volume));
        if stays.is_some() {
            // What its own watch sends it when the supervisor has died.
            spec.env.insert("WINDLASS_STOP".into(), stop.into());
        }
        spec.published = port;
        if let (Some(beginning), Some(says)) = (beginning, says)
            && let Some(dir) = beginning(&says)
        {
            backup::begin_with(&mut spec, &says.entrypoint, &dir);
        }
        let words = spec.run_words(&program, &name, &definition.container_secrets(container));
        let line = Command::new(&words[0], "/").args(&words[1..]).shell_here();
        let values = Values { host: "127.0.0.1".into(), run: text(&run), ..inside };
        // From here on it is removed, however this ends.
        let log = stays.map_or_else(|| dir.join("log"), |stays| stays.log.to_owned());
        let mut running = RunningContainer {
            host,
            definition,
            values,
            name,
            image,
            line,
            dir,
            log_began: host.file_bytes(&log),
            log,
            volume: stays.map(|stays| stays.volume.to_owned()),
            life: None,
            _alive: alive,
        };
        running.launch(self.may_pull, &mut spec, &mut engine)?;
        running.wait(&mut engine)?;
        Ok(running)
    }
}

impl<'a> RunningContainer<'a> {
    pub(crate) fn definition(&self) -> &'a Definition {
        self.definition
    }

    /// What its image says of itself.
    ///
    /// # Errors
    ///
    /// When the engine refuses, or has it no more.
    pub(crate) fn image_says(&self) -> Result<ImageSays, StartError> {
        let says = self.engine()?.image(&self.image).map_err(|error| self.failure(&error.to_string()))?;
        says.ok_or_else(|| self.failure(&format!("has no image `{}` any more", self.image)))
    }

    fn engine(&self) -> Result<EngineSession<UnixStream>, StartError> {
        connect(self.host, &self.definition.name)
    }

    /// Makes and starts the container; the port that it is to have may be somebody else's.
    fn launch(
        &mut self,
        may_pull: bool,
        spec: &mut ContainerSpec,
        engine: &mut EngineSession<UnixStream>,
    ) -> Result<(), StartError> {
        let mut started = self.try_launch(may_pull, spec, engine)?;
        if spec.published.is_some() && started.as_ref().is_err_and(is_port_taken) {
            spec.published = None;
            self.remove();
            started = self.try_launch(false, spec, engine)?;
        }
        let image = &self.image;
        started.map_err(|error| self.failure(&format!("cannot be started in the image `{image}`: {error}")))
    }

    fn try_launch(
        &mut self,
        may_pull: bool,
        spec: &ContainerSpec,
        engine: &mut EngineSession<UnixStream>,
    ) -> Result<Result<(), EngineError>, StartError> {
        self.create(may_pull, spec, engine)?;
        if let Some(volume) = &self.volume {
            let refused = |error: EngineError| self.failure(&error.to_string());
            // Two servers on the same data destroy it.
            let with_it = engine.containers_with(volume).map_err(refused)?;
            if let Some(other) = with_it.iter().find(|it| it.name != self.name) {
                let what = format!("has its data in the volume `{volume}`, which the container `{}` uses", other.name);
                return Err(StartError::failed(&self.definition.name, what, ""));
            }
            // A new volume is root's, and not every image lets its server be that.
            engine.make_common_dir(&self.name, spec::DATA).map_err(refused)?;
        }
        self.life = Some(Life::watch(self.host, &self.name, &self.log).map_err(|error| self.failure(&error))?);
        Ok(engine.start(&self.name))
    }

    /// Makes the container; an image that is not there is fetched, if it may be.
    fn create(
        &self,
        may_pull: bool,
        spec: &ContainerSpec,
        engine: &mut EngineSession<UnixStream>,
    ) -> Result<(), StartError> {
        let Self { host, image, .. } = self;
        let service = &self.definition.name;
        let failed = |what: String| StartError::failed(service, what, "");
        let made = match engine.create(&self.name, spec) {
            Err(EngineError::Refused { status: 404, .. }) => {
                let help = match choice::can_be_own(self.definition) {
                    true => format!("\nhelp: `services image {service}` builds one of this machine's own programs"),
                    false => String::new(),
                };
                if !may_pull {
                    let what = format!("has no image: `{image}` is not there, and nothing may be fetched{help}");
                    return Err(failed(what));
                }
                host.print_error(&format!("`{service}` has no image; about to fetch `{image}`, a minute or so\n"));
                let stream = host.connect_container_engine(PULL).map_err(|error| failed(error.to_string()))?;
                let pulled = EngineSession::new(stream).pull(image, &mut |_| {});
                let refused = |error| failed(format!("has no image: `{image}` cannot be fetched: {error}{help}"));
                pulled.map_err(refused)?;
                engine.create(&self.name, spec)
            }
            made => made,
        };
        made.map_err(|error| failed(format!("cannot have a container of the image `{image}`: {error}")))
    }

    /// Waits until the very server that was started answers where its users will ask.
    fn wait(&mut self, engine: &mut EngineSession<UnixStream>) -> Result<(), StartError> {
        let host = self.host;
        let deadline_ms = host.elapsed_ms().saturating_add(self.definition.deadline_s.saturating_mul(1000));
        let mut nap = Duration::from_millis(2);
        loop {
            if let Some(how) = self.ended() {
                return Err(self.failure(&format!("ended before it was ready: {how}")));
            }
            let not_yet = match self.asked(engine) {
                Ok(version) => return self.accept(version),
                Err(not_yet) => not_yet,
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
    fn asked(&mut self, engine: &mut EngineSession<UnixStream>) -> Result<Option<String>, String> {
        let state = engine.state(&self.name).map_err(|error| error.to_string())?;
        let port = state.as_ref().and_then(|state| state.ports.get(&self.definition.port));
        self.values.port = *port.ok_or("its port is not published yet")?;
        ready::is_ready(self.host, self.definition, &self.values, (&self.log, self.log_began))
    }

    /// Keeps a server of a version that will do, if it says which one it has.
    fn accept(&mut self, version: Option<String>) -> Result<(), StartError> {
        let Some(version) = version.and_then(|said| version_in(&said)) else { return Ok(()) };
        if !self.definition.version.accepts(&version) {
            return Err(StartError::WrongVersion {
                name: self.definition.name.clone(),
                wanted: self.definition.version.to_string(),
                found: format!("{version} in the image `{}`", self.image),
                help: "`container.image` names another image",
            });
        }
        self.values.version = version;
        Ok(())
    }

    /// How it ended, in words; `None` while it runs.
    pub fn ended(&mut self) -> Option<String> {
        self.life.as_mut().and_then(Life::ended)
    }

    /// An error with the end of its log.
    pub fn failure(&self, what: &str) -> StartError {
        StartError::of_server(
            &self.definition.name,
            what,
            &self.host.read_tail_from(&self.log, self.log_began, TAIL_BYTES),
        )
    }

    /// Removes the container. What cannot be removed now, the next run sweeps: it has our labels.
    fn remove(&self) {
        if let Ok(mut engine) = self.engine() {
            // So that what stays is whole.
            let stop = self.volume.as_ref().map(|_| self.definition.process.stop.name());
            let _ = end(self.host, &mut engine, &self.name, stop);
        }
    }
}

impl Drop for RunningContainer<'_> {
    fn drop(&mut self) {
        self.remove();
        let _ = self.host.remove_tree(&self.dir);
    }
}

pub(crate) fn connect(host: &Host, name: &str) -> Result<EngineSession<UnixStream>, StartError> {
    let stream = host.connect_container_engine(PATIENCE);
    stream.map(EngineSession::new).map_err(|error| StartError::failed(name, format!("needs a container: {error}"), ""))
}

/// Whether a container did not start because somebody else has its port: by the words of Docker and of Podman.
fn is_port_taken(error: &EngineError) -> bool {
    let said = error.to_string();
    ["port is already allocated", "address already in use"].iter().any(|words| said.contains(words))
}
