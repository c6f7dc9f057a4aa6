//! A service whose server runs in a container, with all that its databases begin with, kept from run to run.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use windlass_host::Host;
use windlass_services::{Definition, ImageSays, Values, image};

use crate::StartError;
use crate::chain::{Adds, Link};
use crate::container::{RunningContainer, StartContainer};
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
    let begun_with = RefCell::new(None);
    let newest = |image: &ImageSays| {
        let dirs = links.iter().rev().filter_map(|link| dir_of(host, definition, link, image));
        *begun_with.borrow_mut() = dirs.into_iter().find(|dir| host.is_dir(dir));
        begun_with.borrow().clone()
    };
    let started = container.start(definition, password.clone(), port, &newest);
    let running = match (started, begun_with.take()) {
        (Err(StartError::Failed { .. }), Some(dir)) => {
            // It may be broken: without it, what is wrong otherwise is said.
            host.remove_tree(&dir)?;
            container.start(definition, password, port, &|_| None)?
        }
        (started, _) => started?,
    };
    host.print_error(&format!("note: `{}` runs in a container: {}\n", definition.name, running.line));
    if let Some(said) = kept.remember(&definition.name, &running.values) {
        host.print_error(&format!("note: {said}\n"));
    }
    fill(host, root, definition, links, &running)?;
    Ok(running)
}

fn fill(
    host: &Host,
    root: &Path,
    definition: &Definition,
    links: &[Link<'_>],
    running: &RunningContainer<'_>,
) -> Result<(), StartError> {
    if links.is_empty() {
        return Ok(());
    }
    let image = running.image_says()?;
    let dirs: Vec<_> = links.iter().map(|link| dir_of(host, definition, link, &image)).collect();
    if let Some(dir) = &running.begun_with {
        // Says which ones are in use.
        let _ = host.touch(dir);
    }
    let n_kept = dirs.iter().position(|dir| *dir == running.begun_with).map_or(0, |last| last + 1);
    let values = Values { database: TEMPLATE.to_owned(), ..running.values.clone() };
    let target = Target { host, root, definition, values, found: None };
    let missing = links.iter().zip(dirs).skip(n_kept).filter(|(link, _)| !matches!(link.adds, Adds::Cluster));
    for (link, dir) in missing {
        template::add(&target, link)?;
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
