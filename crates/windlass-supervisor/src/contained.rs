//! A service whose server runs in a container, with all that its databases begin with, kept from run to run.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use windlass_host::Host;
use windlass_services::{Definition, ImageSays, Values, image};

use crate::StartError;
use crate::chain::{Adds, Link};
use crate::container::{Data, RunningContainer, StartContainer};
use crate::fill::Target;
use crate::kept::Kept;
use crate::template::{self, TEMPLATE, cache};

/// Starts the server of a service whose template has all that the links add: as it was kept by an earlier run on the same image, or
/// built now and kept for the next, link by link.
///
/// # Errors
///
/// When the container cannot be started, or a link's content fails.
pub(crate) fn start<'a>(
    container: StartContainer<'a>,
    root: &Path,
    definition: &'a Definition,
    links: &[Link<'_>],
    kept: &mut Kept,
) -> Result<RunningContainer<'a>, StartError> {
    let host = container.host;
    let (port, password) = kept.known(host, &definition.name)?;
    // Which link the container begins with, and where that is kept.
    let newest = Cell::new(None);
    let beginning = |image: &ImageSays| {
        let dirs = links.iter().map(|link| dir_of(host, definition, link, image)).enumerate();
        let kept = dirs.rev().find_map(|(n, dir)| Some((n, dir.filter(|dir| host.is_dir(dir))?)));
        newest.set(kept.clone());
        kept.map(|(_, dir)| dir)
    };
    let started = container.start(definition, password.clone(), port, Data::Memory(&beginning));
    let (running, n_kept) = match (started, newest.take()) {
        (Err(StartError::Failed { .. }), Some((_, dir))) => {
            // It may be broken: without it, what is wrong otherwise is said.
            host.remove_tree(&dir)?;
            let anew = container.start(definition, password, port, Data::Memory(&|_| None))?;
            template::say_made_anew(host, &definition.name);
            (anew, 0)
        }
        (started, None) => (started?, 0),
        (started, Some((n, dir))) => {
            // Says which ones are in use.
            let _ = host.touch(&dir);
            (started?, n + 1)
        }
    };
    host.print_error(&format!("note: `{}` runs in a container: {}\n", definition.name, running.line));
    if let Some(said) = kept.remember(&definition.name, &running.values) {
        host.print_error(&format!("note: {said}\n"));
    }
    if n_kept < links.len() {
        fill(host, root, definition, &links[n_kept..], &running)?;
    }
    Ok(running)
}

/// Adds to the template what the links add that were not kept, and keeps it.
fn fill(
    host: &Host,
    root: &Path,
    definition: &Definition,
    missing: &[Link<'_>],
    running: &RunningContainer<'_>,
) -> Result<(), StartError> {
    // It may have been fetched just now.
    let image = running.image_says()?;
    let values = Values { database: TEMPLATE.to_owned(), ..running.values.clone() };
    let target = Target { host, root, definition, values, found: None };
    for link in missing.iter().filter(|link| !matches!(link.adds, Adds::Cluster)) {
        template::add(&target, link)?;
        let dir = dir_of(host, definition, link, &image);
        template::keep(host, &definition.name, dir, |part| running.back_up(part));
    }
    Ok(())
}

/// Where what a link has made of a cluster of an image is kept, if the user has a cache. One of windlass's own is as good as any
/// other of its recipe and version.
fn dir_of(host: &Host, definition: &Definition, link: &Link<'_>, image: &ImageSays) -> Option<PathBuf> {
    let own = image.labels.get(image::LABEL).zip(image.labels.get(image::RECIPE));
    let image = match own {
        Some((version, recipe)) => format!("{version}-{recipe}"),
        None => image.id.rsplit(':').next()?.chars().take(12).collect(),
    };
    Some(cache(host)?.join(format!("{}-{}-{image}", definition.name, link.key)))
}
