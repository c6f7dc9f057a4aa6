//! L0: what the files of a flake say, without any Nix; and `nix fmt`.

use std::path::Path;

use windlass_nix::{Finding, Pin};

use super::check::{Ground, Judged};
use super::{FLAKE, LOCK};
use crate::config::CONFIG;
use crate::exit::Usage;
use crate::nix_files::nix_files;
use crate::tasks::nix::NixArgs;
use crate::{Context, Exit};

/// The tools' versions.
const PINS: &str = "nix/pins.toml";
/// The lockfile of cargo, which nixpkgs reads in order to vendor.
const CARGO_LOCK: &str = "Cargo.lock";
/// What Nix reads of every workspace, where it is there.
const READ: [&str; 7] =
    ["Cargo.toml", CARGO_LOCK, "rust-toolchain.toml", CONFIG, PINS, "xtask/Cargo.toml", "xtask-windlass/Cargo.toml"];
/// The toolchain file of old: rustup and rust-overlay take one line in it for the channel, and more for TOML.
const OLD_TOOLCHAIN: &str = "rust-toolchain";

/// Looks at every file of Nix, at flake.lock, and at the TOML that Nix reads.
pub(super) fn check(ground: &Ground<'_>) -> anyhow::Result<Judged> {
    let Ground { cx, workspace, config, .. } = *ground;
    let root = &workspace.root;
    let text = |file: &str| cx.host.read_text(&Path::new(root).join(file));
    let mut wrong: Vec<String> = Vec::new();
    let files = nix_files(cx, root)?;
    for file in &files {
        let found = windlass_nix::check_source(file, &text(file)?.unwrap_or_default());
        wrong.extend(found.iter().map(Finding::to_string));
    }
    let mut lock = "no flake".to_owned();
    if let Some(flake) = text(FLAKE)? {
        lock = match text(LOCK)? {
            Some(lock) => {
                let budget = config.lock_nodes.and_then(|n| usize::try_from(n).ok());
                wrong.extend(windlass_nix::check_lock(&lock, &flake, budget).iter().map(Finding::to_string));
                format!("{LOCK} is sound")
            }
            // Who does without Nix has none.
            None => format!("no {LOCK} yet, which the first `nix develop` writes"),
        };
    }
    let mut n_toml = 0;
    let mut toml = toml_files(cx, root, &config.reads)?;
    if cx.host.exists(&Path::new(root).join(FLAKE)) {
        // `lib.mkWorkspace` looks there for programs.
        for manifest in workspace.members.iter().map(|it| relative(root, &it.manifest_path)) {
            if !toml.contains(&manifest) {
                toml.push(manifest);
            }
        }
    }
    for file in toml {
        let Some(text) = text(&file)? else { continue };
        n_toml += 1;
        if let Err(problems) = windlass_toml::check_plain(&file, &text) {
            wrong.push(problems.to_string());
        }
    }
    if let Err(error) = own_pins(cx, root) {
        // What is no TOML at all has been said.
        let error = error.to_string();
        if !wrong.contains(&error) {
            wrong.push(error);
        }
    }
    Ok(if wrong.is_empty() {
        Ok(format!("{} files of Nix, {n_toml} of TOML that it reads; {lock}", files.len()))
    } else {
        Err(wrong)
    })
}

/// A path as it is below the root.
fn relative(root: &str, path: &str) -> String {
    path.strip_prefix(root).unwrap_or(path).trim_start_matches('/').to_owned()
}

/// The TOML files that Nix reads besides the members' manifests, relative to the root, each once.
fn toml_files(cx: &Context, root: &str, more: &[String]) -> anyhow::Result<Vec<String>> {
    let root = Path::new(root);
    let mut files: Vec<String> = READ.map(str::to_owned).into();
    let old = cx.host.read_text(&root.join(OLD_TOOLCHAIN))?;
    files.extend(old.filter(|text| text.trim().contains('\n')).map(|_| OLD_TOOLCHAIN.to_owned()));
    for entry in more {
        let path = root.join(entry);
        let entry = entry.trim_end_matches('/');
        let found = if cx.host.is_dir(&path) {
            let mut below = cx.host.files_below(&path)?;
            below.retain(|file| file.ends_with(".toml") || file.rsplit('/').next() == Some(CARGO_LOCK));
            below.iter().map(|file| format!("{entry}/{file}")).collect()
        } else if cx.host.exists(&path) {
            vec![entry.to_owned()]
        } else {
            return Err(Usage(format!("{CONFIG}: `nix.reads` names `{entry}`, which is not there")).into());
        };
        for file in found {
            if !files.contains(&file) {
                files.push(file);
            }
        }
    }
    Ok(files)
}

/// The tools that are pinned besides the toolchain: windlass's, and the workspace's in their place where they have the same names.
pub(super) fn pins(cx: &Context, root: &str) -> anyhow::Result<Vec<Pin>> {
    let own = own_pins(cx, root)?;
    let mut pins = windlass_nix::read_pins("windlass's own pins", windlass_nix::PINS)?;
    pins.retain(|pin| own.iter().all(|own| own.name != pin.name));
    Ok(pins.into_iter().chain(own).collect())
}

/// The tools that the workspace itself pins.
pub(crate) fn own_pins(cx: &Context, root: &str) -> anyhow::Result<Vec<Pin>> {
    let Some(text) = cx.host.read_text(&Path::new(root).join(PINS))? else { return Ok(Vec::new()) };
    windlass_nix::read_pins(PINS, &text).map_err(|error| Usage(error.to_string()).into())
}

/// Formats every file of Nix.
pub(crate) fn fmt(cx: &Context, args: &NixArgs) -> anyhow::Result<Exit> {
    let root = cx.workspace(&args.plan())?.root;
    let files = nix_files(cx, &root)?;
    let mut n_changed = 0;
    for file in &files {
        let path = Path::new(&root).join(file);
        let Some(text) = cx.host.read_text(&path)? else { continue };
        let formatted = windlass_nix::format_source(file, &text).map_err(|error| Usage(error.to_string()))?;
        if formatted != text {
            cx.host.write_text(&path, &formatted)?;
            cx.host.print(&format!("changed  {file}\n"));
            n_changed += 1;
        }
    }
    cx.host.print(&format!("{n_changed} of {} files changed\n", files.len()));
    Ok(Exit::PASSED)
}
