//! Containers of the crate `testcontainers`, where a server is not at hand.

use std::any::Any;
use std::thread;

use testcontainers_modules::postgres::Postgres;
use testcontainers_modules::redis::{REDIS_PORT, Redis};
use testcontainers_modules::testcontainers::runners::SyncRunner as _;
use testcontainers_modules::testcontainers::{ContainerRequest, Image, ImageExt as _, TestcontainersError};

use crate::protocol::Resource;
use crate::{Lease, Problem, say};

/// The images that are taken unless a request says otherwise: those that the modules name are out of date.
const POSTGRES_TAG: &str = "17-alpine";
const REDIS_TAG: &str = "7-alpine";

/// A container that runs until this is dropped.
pub(crate) struct Running(Option<Box<dyn Any + Send + Sync>>);

impl Drop for Running {
    fn drop(&mut self) {
        let container = self.0.take();
        // Where its end cannot be waited for, it is removed all the same.
        let _ = elsewhere(move || drop(container));
    }
}

/// Starts what stands in for a service; `None` if there is no such image.
pub(crate) fn start(service: &str, tag: Option<&str>) -> Option<Result<Lease, Problem>> {
    let (tag, started) = match service {
        "postgres" => {
            let tag = tag.unwrap_or(POSTGRES_TAG);
            (tag, run(Postgres::default().with_tag(tag), 5432))
        }
        "redis" => {
            let tag = tag.unwrap_or(REDIS_TAG);
            (tag, run(Redis::default().with_tag(tag), REDIS_PORT))
        }
        _ => return None,
    };
    let image = format!("{service}:{tag}");
    let lease = |(container, host, port): (Running, String, u16)| {
        say(&format!("`{service}` is not at hand: a container of `{image}` stands in for it, with nothing in it"));
        Lease::of_container(resource(service, host, port), container)
    };
    let failed = |error| {
        Problem::new(format!("`{service}` is not at hand, and no container of `{image}` stands in for it: {error}"))
    };
    Some(started.map(lease).map_err(failed))
}

/// What the modules' images give, and windlass exports.
fn resource(service: &str, host: String, port: u16) -> Resource {
    let is_postgres = service == "postgres";
    let (variable, url) = match is_postgres {
        true => ("DATABASE_URL", format!("postgres://postgres:postgres@{host}:{port}/postgres")),
        false => ("REDIS_URL", format!("redis://{host}:{port}/0")),
    };
    let if_postgres = || if is_postgres { "postgres".to_owned() } else { String::new() };
    Resource {
        service: service.into(),
        mode: "container".into(),
        name: service.into(),
        tcp_url: url.clone(),
        host,
        port,
        user: if_postgres(),
        password: if_postgres(),
        database: if is_postgres { "postgres".into() } else { "0".into() },
        env: [(variable.to_owned(), url.clone())].into(),
        kept_by: None,
        url,
    }
}

fn run<I: Image + 'static>(
    image: ContainerRequest<I>,
    port: u16,
) -> Result<(Running, String, u16), TestcontainersError> {
    elsewhere(move || {
        let container = image.start()?;
        let (host, port) = (container.get_host()?.to_string(), container.get_host_port_ipv4(port)?);
        Ok((Running(Some(Box::new(container))), host, port))
    })
    .unwrap_or_else(|_| Err(TestcontainersError::other("it panicked")))
}

/// Does something on a thread of its own: `testcontainers` waits on a runtime, which cannot be done within that of a test.
fn elsewhere<T: Send + 'static>(what: impl FnOnce() -> T + Send + 'static) -> thread::Result<T> {
    thread::spawn(what).join()
}

#[cfg(test)]
mod tests;
