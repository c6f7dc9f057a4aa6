//! `nix parity`: what Nix gives of each tool, what the system gives, and which version is wanted.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, bail};
use windlass_plan::Command;
use windlass_toml::Wanted;

use super::flake::{Flake, Refused, system};
use super::pinned::found;
use super::stand_ins::{StandIns, open};
use super::{program, texts};
use crate::context::ANSWER;
use crate::tasks::nix::NixArgs;
use crate::{Context, Exit, config};

/// Asks the programs of the toolchain, of which some may not be there.
const TOOLCHAIN: &str = "rustc --version; cargo-clippy --version; rustfmt --version; true";
/// The shells that may have them: the first that opens is asked. That of `ci` lacks what only a person needs.
const SHELLS: [&str; 2] = ["ci", "default"];

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
    // Each by its name, its attribute in nixpkgs and the versions that will do, with what the system has.
    let mut wanted: Vec<(String, String, Wanted, Result<String, String>)> = Vec::new();
    for pin in pins.iter().filter(|pin| pin.is_for(std::env::consts::OS)) {
        let system = found(cx, pin).map(|found| found.version).map_err(|error| error.to_string());
        wanted.push((pin.name.clone(), pin.nix.clone(), pin.version.clone(), system));
    }
    for service in &config.services {
        if let Some(attribute) = service.nix_attribute() {
            let system = windlass_supervisor::find(&cx.host, service.programs());
            let system = system.map(|found| found.version).map_err(|error| error.to_string());
            wanted.push((service.name.clone(), attribute, service.version.clone(), system));
        }
    }
    cx.go_on()?;
    let attributes: Vec<&str> = wanted.iter().map(|(_, attribute, ..)| attribute.as_str()).collect();
    let program = program::find(cx, config.nix.stand_in.is_some())?;
    // What drifts is a row, and no error.
    let stand_ins = StandIns::of_any(cx, &workspace, &config)?;
    let flake = open(cx, &program, root, stand_ins.as_ref(), false)?;
    let mut of_nix = versions(&flake, &attributes)?;
    if let Some(stand_ins) = &stand_ins {
        // A name with nothing behind it.
        of_nix.retain(|attribute, _| stand_ins.has(attribute));
    }
    let mut rows = toolchain(cx, root, &flake)?;
    for (name, attribute, version, system) in wanted {
        let nix = of_nix.get(&attribute).cloned().flatten().ok_or_else(|| format!("nixpkgs has no `{attribute}`"));
        let agrees = system.is_ok() && nix.as_ref().is_ok_and(|it| version == Wanted::Any || version.accepts(it));
        rows.push(Row { name, wanted: version.to_string(), nix, system, agrees });
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

/// The toolchain: what a shell of the flake has, and what there is outside of it.
fn toolchain(cx: &Context, root: &str, flake: &Flake<'_>) -> anyhow::Result<Vec<Row>> {
    let text = cx.host.read_text(&Path::new(root).join("rust-toolchain.toml"))?.unwrap_or_default();
    let channel = windlass_nix::toolchain_channel(&text);
    let of_system = cx.ask(&Command::new("sh", root).args(["-c", TOOLCHAIN]), ANSWER)?.stdout;
    let mut of_nix = Err(String::new());
    for shell in SHELLS {
        let shell = format!("devShells.{}.{shell}", system());
        of_nix = match flake.build(&flake.nix.develop(&shell, &["sh", "-c", TOOLCHAIN]))? {
            Ok(answer) => Ok(answer.stdout),
            Err(Refused(why)) => {
                // What led to it stands before.
                let why = why.lines().map(str::trim).rfind(|line| line.starts_with("error: ")).map(str::to_owned);
                Err(format!("`{shell}` does not open: {}", why.unwrap_or_default()))
            }
        };
        if of_nix.is_ok() {
            break;
        }
    }
    let is_number = channel.as_ref().is_some_and(|it| it.starts_with(|c: char| c.is_ascii_digit()));
    let row = |name: &str| {
        let none = || format!("there is no {name}");
        let nix = of_nix.as_ref().map_err(Clone::clone).and_then(|said| version_in(said, name).ok_or_else(none));
        let system = version_in(&of_system, name).ok_or_else(none);
        let agrees = match (&channel, &nix, &system) {
            (Some(channel), Ok(nix), Ok(system)) if name == "rustc" => {
                [nix, system].iter().all(|version| windlass_nix::is_of_channel(version, channel))
            }
            // They have versions of their own, which no file says.
            (Some(_), Ok(nix), Ok(system)) => nix == system || !is_number,
            _ => false,
        };
        let wanted = match &channel {
            Some(channel) if name == "rustc" => channel.clone(),
            Some(channel) => format!("that of {channel}"),
            None => "unknown: there is no rust-toolchain.toml that names one".to_owned(),
        };
        Row { name: name.to_owned(), wanted, nix, system, agrees }
    };
    Ok(["rustc", "clippy", "rustfmt"].map(row).into())
}

/// The version in the line of a program, such as `rustc 1.95.0 (59807616e 2026-04-14)`.
fn version_in(said: &str, name: &str) -> Option<String> {
    let line = said.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
    Some(line.split_whitespace().next()?.to_owned())
}

/// The versions that Nix gives of attributes of nixpkgs.
fn versions(flake: &Flake<'_>, attributes: &[&str]) -> anyhow::Result<BTreeMap<String, Option<String>>> {
    let names: String = attributes.iter().map(|name| format!("{} ", serde_json::Value::from(*name))).collect();
    let function = format!(
        "pkgs: builtins.listToAttrs (map (name: {{ inherit name; value = pkgs.${{name}}.version or null; }}) [ {names}])"
    );
    match flake.ask(&flake.nix.eval(&format!("legacyPackages.{}", system()), &function))? {
        Ok(answer) => serde_json::from_str(&answer.stdout).context("`nix eval` gave no versions"),
        Err(refused) => bail!("the flake does not say which packages it has:\n{}", refused.0),
    }
}
