//! The database that all others are copies of, and the cache in which a cluster that has it is kept from run to run.

use std::path::{Path, PathBuf};

use windlass_host::Host;
use windlass_services::Values;

use crate::StartError;
use crate::chain::{Adds, Link};
use crate::cluster::{Cluster, set_password};
use crate::fill::{Target, fill};
use crate::start::{Running, Site};
use crate::unfinished::{self, Unfinished};

/// The database that is copied; nobody may connect to it once it is complete.
pub(crate) const TEMPLATE: &str = "windlass_template";
/// How many clusters are kept of all services.
const N_KEPT: usize = 12;

/// Where clusters are kept, if the user has a cache.
pub(crate) fn cache(host: &Host) -> Option<PathBuf> {
    Some(host.cache_dir()?.join("templates"))
}

/// Starts a server whose [`TEMPLATE`] has all that the links add: as it was kept by an earlier run, or built now and kept for the
/// next; link by link, so that a new fixture does not have the migrations run again.
///
/// # Errors
///
/// When the server cannot be started, or a link's content fails.
pub(crate) fn start<'a>(site: Site<'a>, links: &[Link<'_>]) -> Result<Running<'a>, StartError> {
    let host = site.start.host;
    let name = &site.definition.name;
    let dir_of = |link: &Link<'_>| Some(cache(host)?.join(format!("{name}-{}", link.key)));
    let is_kept = |link: &Link<'_>| dir_of(link).is_some_and(|dir| host.is_dir(&dir));
    let mut n_kept = links.iter().rposition(is_kept).map_or(0, |last| last + 1);
    if let Some(dir) = n_kept.checked_sub(1).and_then(|last| dir_of(&links[last])) {
        // Says which ones are in use.
        let _ = host.touch(&dir);
        // Another run may have removed it meanwhile.
        if host.copy_tree(&dir, site.data()).is_err() {
            host.remove_tree(site.data())?;
            n_kept = 0;
        }
    }
    if n_kept == 0 {
        site.init()?;
        keep(host, name, dir_of(&links[0]), |part| Ok(host.copy_tree(site.data(), part)?));
    }
    let mut running = site.begin()?;
    match (running.wait(), n_kept.checked_sub(1).and_then(|last| dir_of(&links[last]))) {
        (Err(error @ StartError::Failed { .. }), Some(dir)) if !error.is_port_taken() => {
            // It may be broken, as by a machine that lost its power: without it, what is wrong otherwise is said.
            host.remove_tree(&dir)?;
            n_kept = 0;
            running.halt();
            host.remove_tree(running.site.data())?;
            running.site.init()?;
            running.site.log_began = host.file_bytes(&running.site.log());
            running.relaunch()?;
            say_made_anew(host, name);
        }
        (waited, _) => waited?,
    }
    // Whoever adds the rest may log in by it; the users of a complete one are given it with their database.
    if (1..links.len()).contains(&n_kept) {
        set_password(host, &running.site.values).map_err(|error| running.site.failure(&error.to_string()))?;
    }
    for link in &links[n_kept.max(1)..] {
        let site = &running.site;
        let target = Target {
            host,
            root: site.start.root,
            definition: site.definition,
            values: Values { database: TEMPLATE.to_owned(), ..site.values.clone() },
            found: Some(site.found),
        };
        add(&target, link)?;
        // Whole, and written down: what is copied while it runs may be neither.
        running.halt();
        keep(host, name, dir_of(link), |part| Ok(host.copy_tree(running.site.data(), part)?));
        running.relaunch()?;
    }
    Ok(running)
}

/// Adds to [`TEMPLATE`] what a link adds, and makes it on the way.
///
/// # Errors
///
/// When the link's content fails.
pub(crate) fn add(target: &Target<'_>, link: &Link<'_>) -> Result<(), StartError> {
    let name = &target.definition.name;
    let control = |sql: &str| -> Result<(), StartError> {
        let session = Cluster::of(&target.values).control(target.host);
        let done = session.and_then(|mut session| session.query(sql));
        done.map(drop).map_err(|error| StartError::failed(name, format!("could not be filled: {error}"), ""))
    };
    let open =
        |is_open: bool| format!("ALTER DATABASE {TEMPLATE} WITH ALLOW_CONNECTIONS {is_open} IS_TEMPLATE {}", !is_open);
    control(&match link.adds {
        Adds::Schema { .. } => format!("CREATE DATABASE {TEMPLATE}"),
        _ => open(true),
    })?;
    if let Some(said) = fill(target, &link.adds)? {
        target.host.print_error(&format!("note: `{name}` has {said}\n"));
    }
    control(&open(false))
}

/// Says that a server, which did not become ready with what an earlier run had kept, did so without it.
pub(crate) fn say_made_anew(host: &Host, service: &str) {
    host.print_error(&format!("note: what an earlier run had kept of `{service}` was broken, and was made anew\n"));
}

/// Keeps what `write` makes of a new directory as what a service begins with; that it cannot be kept is only said.
pub(crate) fn keep(
    host: &Host,
    service: &str,
    dir: Option<PathBuf>,
    write: impl FnOnce(&Path) -> Result<(), StartError>,
) {
    let (Some(dir), Some(cache)) = (dir, cache(host)) else { return };
    let kept = || -> Result<(), StartError> {
        let unfinished = Unfinished::make(host, &cache)?;
        write(&unfinished.content())?;
        Ok(host.rename(&unfinished.content(), &dir)?)
    };
    // Another run may have kept the same meanwhile.
    if let Err(error) = kept()
        && !host.is_dir(&dir)
    {
        host.print_error(&format!("note: what `{service}` begins with is not kept: {error}\n"));
    }
    forget(host);
}

/// Removes the clusters that have not been used for longest, where there are more than a few; those that were removed.
pub fn forget(host: &Host) -> Vec<PathBuf> {
    let Some(cache) = cache(host) else { return Vec::new() };
    let names = host.list_dir(&cache).unwrap_or_default().into_iter();
    let mut kept: Vec<PathBuf> = names.map(|name| cache.join(name)).collect();
    kept.retain(|dir| host.is_dir(dir) && !unfinished::is_one(dir));
    kept.sort_by_key(|dir| std::cmp::Reverse(host.modified_unix_ms(dir)));
    let is_removed = |dir: &PathBuf| {
        // Nobody is to take for whole what is half removed.
        Unfinished::make(host, &cache).and_then(|gone| host.rename(dir, &gone.content())).is_ok()
    };
    kept.into_iter().skip(N_KEPT).filter(is_removed).collect()
}
