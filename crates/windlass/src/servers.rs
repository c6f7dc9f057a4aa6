//! Servers that services need and the machine lacks.

use anyhow::bail;
use windlass_services::Definition;
use windlass_supervisor::{StartError, find, unpack, unpacking};

use crate::Context;

/// Sees that the servers of services are at hand: what is missing is fetched and unpacked into the user's cache, after saying
/// so and, where somebody can answer, asking. Nothing is ever installed.
///
/// # Errors
///
/// When one is missing and cannot be had so, or may not.
pub(crate) fn set_up(cx: &Context, services: &[Definition], allowed: bool) -> anyhow::Result<()> {
    for service in services {
        let missing = match find(&cx.host, service) {
            Err(missing @ StartError::NotAtHand { .. }) => missing,
            other => {
                other?;
                continue;
            }
        };
        if !allowed {
            bail!("{missing}\nnothing may be fetched (`--no-setup`, or `ci.setup = false`)");
        }
        let it = unpacking(&cx.host, service)?;
        let (name, n, dir, line) = (&it.name, it.n_packages, it.dir.display(), it.download.shell());
        cx.host.print_error(&format!(
            "`{name}` is not at hand; about to fetch {n} packages, less than a minute, and unpack them into `{dir}`, where they are \
             installed nowhere:\n  {line}\n"
        ));
        if cx.host.ask("go ahead?") == Some(false) {
            cx.go_on()?;
            bail!("{missing}\nand you said no");
        }
        unpack(&cx.host, &it)?;
        find(&cx.host, service)?;
    }
    Ok(())
}
