//! `nix parity`: what Nix gives of each tool, what the system gives, and which version is wanted.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, bail};
use windlass_plan::Command;
use windlass_services::{Package, Programs};
use windlass_toml::Wanted;

use super::flake::system;
use super::pinned::with_programs;
use super::stand_ins::{StandIns, open};
use super::{program, texts};
use crate::context::ANSWER;
use crate::tasks::nix::NixArgs;
use crate::{Context, Exit, config};

/// One tool.
struct Row {
    name: String,
    wanted: String,
    /// The version that Nix gives; `Err` says why there is none.
    nix: Result<String, String>,
    /// The same of the system.
    system: Result<String, String>,
    /// Whether both will do.
    agrees: bool,
}

/// Compares, and fails where one of the two will not do.
///
/// # Errors
///
/// When a question cannot be asked.
pub(crate) fn parity(cx: &Context, args: &NixArgs) -> anyhow::Result<Exit> {
    let workspace = cx.workspace(&args.plan())?;
    let root = &workspace.root;
    let config = config::of(cx, root)?;
    let pins = texts::pins(cx, root)?;
    let mut wanted: Vec<(String, String, Wanted, Package)> = Vec::new();
    for pin in pins.iter().filter(|pin| pin.is_for(std::env::consts::OS)) {
        let package = with_programs(pin, |programs| programs.package.clone());
        wanted.push((pin.name.clone(), pin.nix.clone(), pin.version.clone(), package));
    }
    for service in &config.services {
        if let Some(attribute) = service.nix_attribute() {
            wanted.push((service.name.clone(), attribute, service.version.clone(), service.package.clone()));
        }
    }
    let attributes: Vec<&str> = wanted.iter().map(|(_, attribute, ..)| attribute.as_str()).collect();
    let of_nix = versions(cx, &workspace, &config, &attributes)?;
    let mut rows = vec![toolchain(cx, root)?];
    for (name, attribute, version, package) in &wanted {
        let programs = Programs { name, version, package };
        let system = windlass_supervisor::find(&cx.host, programs);
        cx.go_on()?;
        let system = system.map(|found| found.version).map_err(|error| error.to_string());
        let nix = of_nix.get(attribute).cloned().flatten().ok_or_else(|| format!("nixpkgs has no `{attribute}`"));
        let agrees = system.is_ok() && nix.as_ref().is_ok_and(|it| *version == Wanted::Any || version.accepts(it));
        rows.push(Row { name: name.clone(), wanted: version.to_string(), nix, system, agrees });
    }
    let said = |version: &Result<String, String>| version.clone().unwrap_or_else(|why| format!("none ({why})"));
    for row in &rows {
        let mark = if row.agrees { "ok     " } else { "DRIFT  " };
        cx.host.print(&format!(
            "{mark} {}\n          wanted      {}\n          nix         {}\n          system      {}\n",
            row.name,
            row.wanted,
            said(&row.nix),
            said(&row.system)
        ));
    }
    Ok(if rows.iter().all(|row| row.agrees) { Exit::PASSED } else { Exit::FAILED })
}

/// The toolchain: Nix has what the file says, and rustup should.
fn toolchain(cx: &Context, root: &str) -> anyhow::Result<Row> {
    let text = cx.host.read_text(&Path::new(root).join("rust-toolchain.toml"))?.unwrap_or_default();
    let channel = windlass_nix::toolchain_channel(&text);
    let said = cx.ask(&Command::new("rustc", root).arg("--version"), ANSWER)?.stdout;
    let system = said.split_whitespace().nth(1).map(str::to_owned).ok_or_else(|| "there is no rustc".to_owned());
    let agrees = match (&channel, &system) {
        (Some(channel), Ok(system)) => windlass_nix::is_of_channel(system, channel),
        _ => false,
    };
    let wanted =
        channel.clone().unwrap_or_else(|| "unknown: there is no rust-toolchain.toml that names one".to_owned());
    let nix = channel.ok_or_else(|| "rust-toolchain.toml names none".to_owned());
    Ok(Row { name: "rustc".into(), wanted, nix, system, agrees })
}

/// The versions that Nix gives of attributes of nixpkgs.
fn versions(
    cx: &Context,
    workspace: &windlass_workspace::Workspace,
    config: &config::Config,
    attributes: &[&str],
) -> anyhow::Result<BTreeMap<String, Option<String>>> {
    let program = program::find(cx, config.nix.stand_in.is_some())?;
    let stand_ins = StandIns::of(cx, workspace, config)?;
    let flake = open(cx, &program, &workspace.root, stand_ins.as_ref(), false)?;
    let names: String = attributes.iter().map(|name| format!("{} ", serde_json::Value::from(*name))).collect();
    let function = format!(
        "pkgs: builtins.listToAttrs (map (name: {{ inherit name; value = pkgs.${{name}}.version or null; }}) [ {names}])"
    );
    match flake.ask(&flake.nix.eval(&format!("legacyPackages.{}", system()), &function))? {
        Ok(answer) => serde_json::from_str(&answer.stdout).context("`nix eval` gave no versions"),
        Err(refused) => bail!("the flake does not say which packages it has:\n{}", refused.0),
    }
}
