//! The tools that a workspace pins in `nix/pins.toml`, as this machine has them.

use windlass_nix::Pin;
use windlass_services::{Package, Programs};
use windlass_supervisor::{Found, StartError};

use super::texts::own_pins;
use crate::{Context, servers};

/// A tool, and what is found of it.
pub(crate) struct Pinned {
    pub(crate) name: String,
    /// The versions that will do.
    pub(crate) wanted: String,
    pub(crate) found: Result<Found, anyhow::Error>,
    /// What it is needed for.
    pub(crate) reason: String,
}

/// Looks for each tool that the workspace itself pins; what is missing is fetched into the user's cache if that is allowed.
///
/// # Errors
///
/// When the file says something that windlass does not understand, or windlass is asked to stop.
pub(crate) fn pinned(cx: &Context, root: &str, fetches: bool) -> anyhow::Result<Vec<Pinned>> {
    let one = |pin: Pin| {
        let found = if fetches { fetched(cx, &pin) } else { found(cx, &pin) };
        cx.go_on()?;
        Ok(Pinned { name: pin.name, wanted: pin.version.to_string(), found, reason: pin.reason })
    };
    own_pins(cx, root)?.into_iter().filter(|pin| pin.is_for(std::env::consts::OS)).map(one).collect()
}

/// A tool, as it is.
pub(super) fn found(cx: &Context, pin: &Pin) -> anyhow::Result<Found> {
    let found = with_programs(pin, |programs| windlass_supervisor::find(&cx.host, programs));
    found.map_err(|error| of_pin(pin, error.into()))
}

/// A tool, fetched into the user's cache where it is missing.
pub(super) fn fetched(cx: &Context, pin: &Pin) -> anyhow::Result<Found> {
    with_programs(pin, |programs| servers::at_hand(cx, programs)).map_err(|error| of_pin(pin, error))
}

/// A tool as what finds and fetches servers takes it.
fn with_programs<T>(pin: &Pin, act: impl FnOnce(Programs<'_>) -> T) -> T {
    let package = Package {
        debian: pin.debian.clone(),
        cargo: pin.cargo.clone(),
        pip: pin.pip.clone(),
        find: pin.find.clone(),
        probe: pin.probe.clone(),
        ..Package::default()
    };
    act(Programs { name: &pin.name, version: &pin.version, package: &package })
}

/// What is wrong with a tool, which is no service.
fn of_pin(pin: &Pin, error: anyhow::Error) -> anyhow::Error {
    let Pin { name, version, .. } = pin;
    match error.downcast::<StartError>() {
        Ok(StartError::WrongVersion { found, .. }) => {
            anyhow::anyhow!("nix/pins.toml wants `{name}` {version}, and there is {found}")
        }
        Ok(StartError::NotAtHand { .. }) => anyhow::anyhow!("nix/pins.toml wants `{name}`, which is not at hand"),
        Ok(error) => error.into(),
        Err(error) => error,
    }
}
