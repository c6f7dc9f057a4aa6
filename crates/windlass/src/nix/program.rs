//! The program `nix`: where it is, and whether it will do.

use anyhow::bail;
use windlass_nix::Nix;

use crate::Context;
use crate::context::ANSWER;

/// A Nix that is at hand.
#[derive(Clone, Debug)]
pub(super) struct Program {
    /// Where it is.
    pub(super) path: String,
    /// Its version.
    pub(super) version: String,
}

/// Looks for Nix: on `PATH`, and where `nix/provision.sh` of windlass puts it; there first if `sees_machine`, since the builders of others
/// may see nothing of the machine.
///
/// # Errors
///
/// When there is none, or one that is too old.
pub(super) fn find(cx: &Context, sees_machine: bool) -> anyhow::Result<Program> {
    let provisioned = cx.host.cache_dir().map(|dir| dir.join("nix/bin/nix")).filter(|path| cx.host.exists(path));
    let on_path = cx.host.find_program("nix");
    let Some(path) = (if sees_machine { provisioned.or(on_path) } else { on_path.or(provisioned) }) else {
        bail!(
            "there is no `nix`\nhelp: install Nix; on Debian, `nix/provision.sh` of windlass unpacks one into your cache, \
             without root"
        );
    };
    let path = path.to_string_lossy().into_owned();
    let nix = Nix { program: path.clone(), root: "/".into(), overrides: Default::default(), is_offline: true };
    let (version, numbers) = windlass_nix::parse_version(&cx.ask(&nix.version(), ANSWER)?.stdout)?;
    let (major, minor) = windlass_nix::MINIMUM;
    if numbers < (major, minor) {
        bail!("`{path}` is Nix {version}; it must be {major}.{minor} or newer");
    }
    Ok(Program { path, version })
}
