//! What this machine has, for flakes that stand in for inputs.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use windlass_nix::Pin;
use windlass_plan::Command;
use windlass_services::{Definition, Programs, shipped, shipped_names};
use windlass_supervisor::Found;
use windlass_toml::Wanted;

use super::flake::system;
use super::pinned::fetched;
use crate::context::ANSWER;
use crate::{Context, servers};

/// Where builders find what every system has.
const PATH: [&str; 3] = ["/usr/local/bin", "/usr/bin", "/bin"];

/// What this machine has: the toolchain, and the tools and servers that the flake may ask for, by their names in nixpkgs. What is missing
/// is fetched into the user's cache. It is an error if something is not of the version that is wanted, or cannot be had at all; unless
/// `demands` is false: then it is what there is.
pub(super) fn facts(
    cx: &Context,
    root: &str,
    declared: &[Definition],
    pins: &[Pin],
    demands: bool,
) -> anyhow::Result<Value> {
    let rustc = |args: &[&str]| -> anyhow::Result<String> {
        let answer = cx.ask(&Command::new("rustc", root).args(args.iter().copied()), ANSWER)?;
        match answer.code {
            Some(0) => Ok(answer.stdout.trim().to_owned()),
            _ => bail!("`rustc {}` failed: {}", args.join(" "), answer.stderr.trim()),
        }
    };
    let version = rustc(&["--version"])?;
    let version = version.split_whitespace().nth(1).context("`rustc --version` says no version")?.to_owned();
    let cargo_home = match cx.host.env("CARGO_HOME") {
        Some(dir) => PathBuf::from(dir),
        None => Path::new(&cx.host.env("HOME").context("there is neither `$CARGO_HOME` nor `$HOME`")?).join(".cargo"),
    };
    let mut tools = serde_json::Map::new();
    let shipped = shipped_names().filter_map(shipped);
    for service in shipped.chain(declared.iter().cloned()) {
        let Some(attribute) = service.nix_attribute() else { continue };
        let found = servers::at_hand(cx, service.programs());
        let any = || servers::at_hand(cx, Programs { version: &Wanted::Any, ..service.programs() });
        let Some(found) = taken(cx, found, any, demands)? else { continue };
        let names = programs_of(&service);
        tools.insert(attribute, of_service(cx, &service, &found, &names));
    }
    for pin in pins.iter().filter(|pin| pin.is_for(std::env::consts::OS)) {
        let any = || fetched(cx, &Pin { version: Wanted::Any, ..pin.clone() });
        let Some(found) = taken(cx, fetched(cx, pin), any, demands)? else { continue };
        tools.insert(pin.nix.clone(), tool(cx, &found, &pin.programs));
    }
    Ok(json!({
        "system": system(),
        "path": PATH.into_iter().filter(|dir| cx.host.is_dir(Path::new(dir))).collect::<Vec<_>>(),
        "cargo-home": cargo_home,
        "rust": { "version": version, "sysroot": rustc(&["--print", "sysroot"])? },
        "tools": tools,
    }))
}

/// What is found of what is wanted, or without demands of `any` version.
fn taken(
    cx: &Context,
    found: anyhow::Result<Found>,
    any: impl FnOnce() -> anyhow::Result<Found>,
    demands: bool,
) -> anyhow::Result<Option<Found>> {
    match found {
        Err(_) if !demands => {
            let found = any().ok();
            cx.go_on()?;
            Ok(found)
        }
        found => found.map(Some),
    }
}

/// Every program that a service's file names.
fn programs_of(service: &Definition) -> Vec<String> {
    let first = |words: &[windlass_services::Template]| words.first().map(ToString::to_string);
    let mut names = service.package.probe[..1].to_vec();
    names.extend(service.package.or.iter().cloned());
    names.extend(first(&service.process.init));
    names.extend(first(&service.package.client));
    names.extend(service.image.iter().flat_map(|image| image.programs.iter().cloned()));
    names.sort();
    names.dedup();
    names
}

fn of_service(cx: &Context, service: &Definition, found: &Found, names: &[String]) -> Value {
    let mut tool = tool(cx, found, names);
    if let Some(image) = &service.image {
        let trees = image.trees.iter().map(|tree| service.of_version(tree, &found.version));
        tool["trees"] = trees.filter(|tree| cx.host.exists(Path::new(tree))).collect();
        tool["leave-out"] = image.leave_out.clone().into();
    }
    tool
}

fn tool(cx: &Context, found: &Found, names: &[String]) -> Value {
    let paths = names.iter().map(|name| (name.clone(), found.bin.join(name)));
    let programs: serde_json::Map<String, Value> =
        paths.filter(|(_, path)| cx.host.exists(path)).map(|(name, path)| (name, json!(path))).collect();
    json!({ "version": found.version, "programs": programs, "libraries": found.libraries, "trees": [], "leave-out": [] })
}
