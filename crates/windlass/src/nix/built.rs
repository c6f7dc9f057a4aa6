//! L2: shells open, packages are built, and apps run. L3: checks are built.

use std::path::Path;

use windlass_nix::Outputs;

use super::check::{Ground, Judged};
use super::flake::{Flake, system};

/// What a package is called that is an image: it has to be the same when it is built again.
const IMAGE: &str = "image-";

/// The apps that a flake has of windlass, each with arguments by which it shows that it runs and does nothing.
const APPS: [(&str, &[&str]); 2] = [("ci", &["--dry-run", "--no-setup"]), ("up", &["--help"])];

/// Opens every shell, builds every package that is not slow, images twice, and runs windlass's apps.
pub(super) fn packages(ground: &Ground<'_>, flake: &Flake<'_>, outputs: &Outputs) -> anyhow::Result<Judged> {
    let mut wrong = Vec::new();
    let shells = outputs.of("devShells", &system());
    let wanted = channel(ground)?;
    for shell in shells.iter().filter(|shell| !ground.is_slow(shell)) {
        let name = format!("devShells.{}.{shell}", system());
        match flake.build(&flake.nix.develop(&name, &["cargo", "--version"]))? {
            Ok(answer) => {
                let said = answer.stdout.trim();
                let version = said.split_whitespace().nth(1).unwrap_or_default();
                if let Some(wanted) = wanted.as_deref().filter(|wanted| !windlass_nix::is_of_channel(version, wanted)) {
                    wrong.push(format!("the shell `{shell}` has `{said}`, and rust-toolchain.toml wants {wanted}"));
                }
            }
            Err(refused) => wrong.push(format!("the shell `{shell}` does not open:\n{}", refused.0)),
        }
    }
    let (packages, left_out) = chosen(ground, outputs, "packages");
    let built = build(flake, &packages, false)?;
    wrong.extend(built.err());
    let images: Vec<String> = packages.iter().filter(|name| last(name).starts_with(IMAGE)).cloned().collect();
    if wrong.is_empty() && !images.is_empty() {
        wrong.extend(build(flake, &images, true)?.err());
    }
    let apps = run(ground, flake, outputs, &mut wrong)?;
    Ok(judged(wrong, || {
        let images = if images.is_empty() { "" } else { ", images the same again" };
        let (n_shells, n_packages) = (shells.len(), packages.len());
        format!("{n_shells} shells open, {n_packages} packages are built{images}, {apps} apps run{left_out}")
    }))
}

/// Runs the apps, and says how many; of others nobody knows what they do.
fn run(ground: &Ground<'_>, flake: &Flake<'_>, outputs: &Outputs, wrong: &mut Vec<String>) -> anyhow::Result<usize> {
    let there = outputs.of("apps", &system());
    let mut n_run = 0;
    for (app, args) in APPS.into_iter().filter(|(app, _)| there.contains(app) && !ground.is_slow(app)) {
        let name = format!("apps.{}.{app}", system());
        let program = flake.ask(&flake.nix.eval_text(&format!("{name}.program")))?;
        if program.is_ok_and(|program| !program.stdout.trim().ends_with(&format!("windlass-{app}"))) {
            continue;
        }
        n_run += 1;
        if let Err(refused) = flake.build(&flake.nix.run(&name, args))? {
            wrong.push(format!("the app `{app}` does not run:\n{}", refused.0));
        }
    }
    Ok(n_run)
}

/// Builds every check that is not slow.
pub(super) fn checks(ground: &Ground<'_>, flake: &Flake<'_>, outputs: &Outputs) -> anyhow::Result<Judged> {
    let (checks, left_out) = chosen(ground, outputs, "checks");
    let wrong: Vec<String> = build(flake, &checks, false)?.err().into_iter().collect();
    let names = checks.iter().map(|name| last(name)).collect::<Vec<_>>().join(", ");
    Ok(judged(wrong, || format!("{names}{left_out}")))
}

fn judged(wrong: Vec<String>, seen: impl FnOnce() -> String) -> Judged {
    if wrong.is_empty() { Ok(seen()) } else { Err(wrong) }
}

/// The outputs of a kind, for this system, that are to be built; and what is said of the others.
fn chosen(ground: &Ground<'_>, outputs: &Outputs, kind: &str) -> (Vec<String>, String) {
    let system = system();
    let names = outputs.of(kind, &system);
    let (slow, chosen): (Vec<&str>, Vec<&str>) = names.into_iter().partition(|name| ground.is_slow(name));
    let chosen = chosen.into_iter().map(|name| format!("{kind}.{system}.{name}")).collect();
    let left_out = match slow.is_empty() {
        true => String::new(),
        false => format!("; left to `--all`: {}", slow.join(", ")),
    };
    (chosen, left_out)
}

fn build(flake: &Flake<'_>, names: &[String], again: bool) -> anyhow::Result<Result<(), String>> {
    if names.is_empty() {
        return Ok(Ok(()));
    }
    let built = flake.build(&flake.nix.build(names, again))?;
    Ok(built.map(|_| ()).map_err(|refused| match again {
        true => format!("an image is not the same when it is built again:\n{}", refused.0),
        false => refused.0,
    }))
}

/// The version that rust-toolchain.toml wants, if it names one.
fn channel(ground: &Ground<'_>) -> anyhow::Result<Option<String>> {
    let text = ground.cx.host.read_text(&Path::new(&ground.workspace.root).join("rust-toolchain.toml"))?;
    Ok(text.as_deref().and_then(windlass_nix::toolchain_channel))
}

fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}
