//! L4: each template becomes a workspace in an empty directory, as a user would begin with it, and passes its own checks.

use std::path::Path;

use windlass_nix::{Nix, Outputs};

use super::check::{Ground, Judged};
use super::flake::{Flake, path_url};
use crate::exit::Usage;
use crate::init::fill;
use crate::init::flake::encoded;

/// Makes a workspace of every template that is not slow, or of those that were asked for, and checks it over the same stand-ins.
pub(super) fn check(ground: &Ground<'_>, flake: &Flake<'_>, outputs: &Outputs) -> anyhow::Result<Judged> {
    let there = outputs.templates();
    for name in &ground.args.templates {
        if !there.contains(&name.as_str()) {
            let hint = windlass_toml::hint(name, there.iter().copied(), "there are");
            return Err(Usage(format!("`--template {name}`: the flake has no such template; {hint}")).into());
        }
    }
    let is_wanted = |name: &&str| match ground.args.templates.as_slice() {
        [] => !ground.is_slow(&format!("template-{name}")),
        named => named.iter().any(|it| it == name),
    };
    let (wanted, others): (Vec<&str>, Vec<&str>) = there.into_iter().partition(is_wanted);
    let mut wrong = Vec::new();
    for name in &wanted {
        wrong.extend(one(ground, flake, name)?.err().map(|error| format!("the template `{name}`:\n{error}")));
    }
    let left = if others.is_empty() { String::new() } else { format!("; left out: {}", others.join(", ")) };
    Ok(if wrong.is_empty() { Ok(format!("{}{left}", wanted.join(", "))) } else { Err(wrong) })
}

fn one(ground: &Ground<'_>, flake: &Flake<'_>, name: &str) -> anyhow::Result<Result<(), String>> {
    // Not below the root: in a repository Nix takes a directory for a part of that.
    let dir = ground.cx.host.fresh_temporary_directory("windlass-template")?;
    let checked = in_directory(ground, flake, name, &dir);
    ground.cx.host.remove_tree(&dir)?;
    checked
}

fn in_directory(ground: &Ground<'_>, flake: &Flake<'_>, name: &str, dir: &Path) -> anyhow::Result<Result<(), String>> {
    let host = &ground.cx.host;
    let root = Path::new(&ground.workspace.root);
    // Only what git knows, where there is git: all that is there has the target directory in it.
    let here = match host.exists(&root.join(".git")) {
        true => format!("git+file://{}", encoded(&ground.workspace.root)),
        false => path_url(root),
    };
    let overrides = flake.nix.overrides.iter().map(|(input, url)| (format!("windlass/{input}"), url.clone()));
    let nix = Nix {
        root: dir.to_string_lossy().into_owned(),
        overrides: overrides.chain([("windlass".to_owned(), here.clone())]).collect(),
        ..flake.nix.clone()
    };
    let template = Flake { cx: ground.cx, nix };
    if let Err(refused) = template.ask(&template.nix.init(&format!("{here}#{name}")))? {
        return Ok(Err(refused.0));
    }
    // As the store has it, where the flake says so: what was built for its own checks need not be built again.
    let source = flake.ask(&flake.nix.eval_text("lib.source"))?;
    let source = source.map_or_else(|_| root.to_owned(), |answer| answer.stdout.trim().into());
    let dependency = |package: &str, _: &Path| {
        let path = source.join("crates").join(package);
        format!("{{ path = {} }}", toml_edit::Value::from(path.to_string_lossy().into_owned()))
    };
    fill::fill(host, dir, &here, &dependency)?;
    Ok(template.build(&template.nix.check())?.map(|_| ()).map_err(|refused| refused.0))
}
