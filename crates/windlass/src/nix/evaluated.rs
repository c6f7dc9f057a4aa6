//! L1: every output evaluates, for every system; there are those that there should be; and they take nothing of a stand-in that it does
//! not have to give.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context as _;
use similar::TextDiff;
use windlass_nix::Outputs;

use super::check::{Ground, Judged};
use super::flake::{Flake, system};

/// The names of all outputs.
const OUTPUTS: &str = "nix/outputs.txt";

/// Evaluates everything. `open` opens the flake over stand-ins, whose use is said if it is given `true`.
pub(super) fn check<'f>(
    ground: &Ground<'_>,
    flake: &Flake<'_>,
    open: &dyn Fn(bool) -> anyhow::Result<Flake<'f>>,
    outputs: &Outputs,
) -> anyhow::Result<Judged> {
    let traced = if flake.nix.overrides.is_empty() { None } else { Some(open(true)?) };
    let asked = traced.as_ref().unwrap_or(flake);
    let answer = match asked.ask(&asked.nix.check_all())? {
        Ok(answer) => answer,
        Err(refused) => return Ok(Err(vec![refused.0])),
    };
    let mut wrong = Vec::new();
    if !outputs.names().any(|name| name.split('.').nth(1) == Some(&*system())) {
        wrong.push(format!("the flake has no output for {}, the system that this is", system()));
    }
    wrong.extend(unused(flake, &answer.stderr)?);
    let golden = names(ground, outputs)?;
    wrong.extend(golden.as_ref().err().cloned());
    if !wrong.is_empty() {
        return Ok(Err(wrong));
    }
    let mut systems: Vec<&str> = outputs.names().filter_map(|name| name.split('.').nth(1)).collect();
    systems.retain(|system| system.ends_with("-linux") || system.ends_with("-darwin"));
    let systems: BTreeSet<&str> = systems.into_iter().collect();
    Ok(Ok(format!("{} outputs evaluate, for {}{}", outputs.names().count(), listed(&systems), golden.unwrap_or(""))))
}

fn listed(names: &BTreeSet<&str>) -> String {
    names.iter().copied().collect::<Vec<_>>().join(", ")
}

/// What a stand-in has and nobody has used: it would stand for something that the real one need not have.
fn unused(flake: &Flake<'_>, stderr: &str) -> anyhow::Result<Option<String>> {
    let Some((_, nixpkgs)) = flake.nix.overrides.get_key_value("nixpkgs") else { return Ok(None) };
    let answer = match flake.ask(&flake.nix.eval_of(nixpkgs, "contract"))? {
        Ok(answer) => answer,
        Err(refused) => return Ok(Some(refused.0)),
    };
    let there =
        windlass_nix::parse_contract(&answer.stdout).context("the stand-in's `contract` is no list of names")?;
    let used = windlass_nix::contract(stderr);
    let unused: Vec<&String> = there.difference(&used).collect();
    Ok((!unused.is_empty()).then(|| {
        let names = unused.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        format!("the stand-in for nixpkgs has what the flake does not use, which must go: {names}")
    }))
}

/// Holds the names of the outputs against those that were written down, or writes them down; what is to be said of that.
fn names(ground: &Ground<'_>, outputs: &Outputs) -> anyhow::Result<Result<&'static str, String>> {
    let path = Path::new(&ground.workspace.root).join(OUTPUTS);
    let now = outputs.text();
    let Some(then) = ground.cx.host.read_text(&path)?.filter(|_| !ground.args.accept) else {
        if ground.args.accept {
            ground.cx.host.write_text(&path, &now)?;
            return Ok(Ok("; their names are written down in nix/outputs.txt"));
        }
        return Ok(Ok(""));
    };
    if then == now {
        return Ok(Ok(", as in nix/outputs.txt"));
    }
    let diff = TextDiff::from_lines(&then, &now);
    let diff = diff.unified_diff().context_radius(0).header(OUTPUTS, "the flake").to_string();
    let program = &ground.cx.program;
    Ok(Err(format!("{diff}the outputs have changed; `{program} nix check --accept` writes down those of now")))
}
