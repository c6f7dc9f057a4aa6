//! Real containers, gone at the end of the test.

use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use windlass_host::Host;
use windlass_services::{ContainerSpec, ContainerState, EngineSession, image, shipped};

use crate::fixture::{Ended, clean, ended};
use crate::live::run;
use crate::shop::Shop;

const DEADLINE: Duration = Duration::from_secs(60);

/// A connection to the engine of this machine; without one, nothing here is tested, and the test says so by failing.
pub(crate) fn engine() -> EngineSession<UnixStream> {
    let stream = Host::new().connect_container_engine(Duration::from_secs(300));
    EngineSession::new(stream.unwrap_or_else(|error| panic!("the tests of containers need Docker or Podman: {error}")))
}

/// Sees that there are windlass's own images of PostgreSQL and Redis, as this windlass makes them: to build them takes seconds.
pub(crate) fn have_images(shop: &Shop) {
    for name in ["postgres", "redis"] {
        let definition = shipped(name).unwrap();
        let own = definition.image.as_ref().unwrap();
        let recipe = definition.image_recipe(own);
        let images = engine().images(&definition.image_reference(own, "*")).unwrap();
        if images.iter().all(|it| it.labels.get(image::RECIPE) != Some(&recipe)) {
            run(&mut shop.command(&["services", "image", name])).exits(0);
        }
    }
}

/// A container that was started.
pub(crate) struct Running {
    name: String,
    port: u16,
}

impl Running {
    /// Starts a container of a name that no other test uses.
    pub(crate) fn start(name: &str, spec: &ContainerSpec) -> Self {
        let it = Self { name: format!("windlass-test-{name}-{}", std::process::id()), port: spec.port };
        engine().create(&it.name, spec).unwrap();
        it.start_again();
        it
    }

    pub(crate) fn start_again(&self) {
        engine().start(&self.name).unwrap();
    }

    pub(crate) fn state(&self) -> ContainerState {
        engine().state(&self.name).unwrap().unwrap()
    }

    /// The port of 127.0.0.1 that it is published as.
    pub(crate) fn published(&self) -> u16 {
        self.state().ports[&self.port]
    }

    pub(crate) fn log(&self) -> String {
        engine().log(&self.name, 1000).unwrap()
    }

    /// Ends its program, and waits until it does not run.
    pub(crate) fn kill(&self, signal: &str) {
        engine().kill(&self.name, signal).unwrap();
        self.ends();
    }

    /// Waits until it does not run; its exit code.
    pub(crate) fn ends(&self) -> i64 {
        self.until("ends", || Some(self.state()).filter(|state| !state.is_running)).exit_code
    }

    /// What psql prints, once the server answers.
    pub(crate) fn psql(&self, user: &str, password: &str, database: &str, sql: &str) -> String {
        let answer = self.until("answers", || {
            let ended = self.try_psql(user, password, database, sql);
            assert!(self.state().is_running, "{}", self.log());
            (ended.code == Some(0)).then_some(ended)
        });
        answer.stdout
    }

    pub(crate) fn try_psql(&self, user: &str, password: &str, database: &str, sql: &str) -> Ended {
        let port = self.published().to_string();
        let mut command = clean("psql");
        command.args(["-X", "-At", "-h", "127.0.0.1", "-p", &port, "-U", user, "-d", database, "-c", sql]);
        ended(command.env("PGPASSWORD", password).env("PGCONNECT_TIMEOUT", "5"))
    }

    /// Asks again and again until there is an answer.
    pub(crate) fn until<T>(&self, what: &str, mut answer: impl FnMut() -> Option<T>) -> T {
        let began = Instant::now();
        loop {
            if let Some(answer) = answer() {
                return answer;
            }
            assert!(began.elapsed() < DEADLINE, "never {what}:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let removed = engine().remove(&self.name);
        if !std::thread::panicking() {
            removed.unwrap();
        }
    }
}
