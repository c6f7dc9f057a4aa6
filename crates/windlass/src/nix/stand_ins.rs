//! Flakes that stand in for the inputs of a workspace's, and the flake over them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::bail;
use serde_json::Value;
use windlass_nix::Nix;
use windlass_workspace::Workspace;

use super::flake::{Flake, path_url};
use super::program::Program;
use super::{host, texts};
use crate::config::Config;
use crate::{Context, rundir};

/// What a stand-in knows of the machine.
const HOST: &str = "host.json";

/// What stands in for the inputs of a flake.
pub(super) struct StandIns {
    /// Where they are.
    from: PathBuf,
    /// Where they are copied to, each with what this machine has.
    to: PathBuf,
    facts: Value,
}

impl StandIns {
    /// Those of a workspace, if its configuration names any. What they are to give and this machine lacks is fetched into the user's
    /// cache.
    ///
    /// # Errors
    ///
    /// When that cannot be had in the versions that are wanted.
    pub(super) fn of(cx: &Context, workspace: &Workspace, config: &Config) -> anyhow::Result<Option<Self>> {
        Self::made(cx, workspace, config, true)
    }

    /// The same, with whatever this machine has.
    pub(super) fn of_any(cx: &Context, workspace: &Workspace, config: &Config) -> anyhow::Result<Option<Self>> {
        Self::made(cx, workspace, config, false)
    }

    fn made(cx: &Context, workspace: &Workspace, config: &Config, demands: bool) -> anyhow::Result<Option<Self>> {
        let Some(dir) = &config.nix.stand_in else { return Ok(None) };
        let pins = texts::pins(cx, &workspace.root)?;
        let facts = host::facts(cx, &workspace.root, &config.services, &pins, demands)?;
        let to = rundir::windlass_dir(&workspace.target_directory).join("nix");
        Ok(Some(Self { from: Path::new(&workspace.root).join(dir), to, facts }))
    }

    /// Whether this machine has what nixpkgs calls so.
    pub(super) fn has(&self, attribute: &str) -> bool {
        self.facts["tools"].get(attribute).is_some()
    }

    /// The inputs, each with the URL of what stands in for it. `traced` is whether what is used of them is said.
    fn write(&self, cx: &Context, traced: bool) -> anyhow::Result<BTreeMap<String, String>> {
        let mut facts = self.facts.clone();
        facts["trace"] = traced.into();
        let text = serde_json::to_string_pretty(&facts)?;
        let has_flake = |name: &String| cx.host.exists(&self.from.join(name).join("flake.nix"));
        let inputs: Vec<String> = cx.host.list_dir(&self.from)?.into_iter().filter(has_flake).collect();
        if inputs.is_empty() {
            bail!("`nix.stand-in`: no directory in `{}` has a flake.nix", self.from.display());
        }
        let to = self.to.join(if traced { "traced" } else { "stand-in" });
        for input in &inputs {
            let (from, to) = (self.from.join(input), to.join(input));
            // Another run may be reading what is there.
            if !is_copy(cx, &from, &to, &text)? {
                cx.host.remove_tree(&to)?;
                cx.host.make_dir(to.parent().unwrap_or(&to))?;
                cx.host.copy_tree(&from, &to)?;
                cx.host.write_text(&to.join(HOST), &text)?;
            }
        }
        Ok(inputs.into_iter().map(|input| (input.clone(), path_url(&to.join(input)))).collect())
    }
}

/// Whether `to` has what `from` has, and that text of what the machine has.
fn is_copy(cx: &Context, from: &Path, to: &Path, text: &str) -> anyhow::Result<bool> {
    if cx.host.read_text(&to.join(HOST))?.as_deref() != Some(text) {
        return Ok(false);
    }
    let mut copied = cx.host.files_below(to)?;
    copied.retain(|file| file != HOST);
    let mut files = cx.host.files_below(from)?;
    files.retain(|file| file != HOST);
    if copied != files {
        return Ok(false);
    }
    for file in files {
        if cx.host.read_bytes(&from.join(&file))? != cx.host.read_bytes(&to.join(&file))? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The flake of a workspace, over what stands in for its inputs.
pub(super) fn open<'a>(
    cx: &'a Context,
    program: &Program,
    root: &str,
    stand_ins: Option<&StandIns>,
    traced: bool,
) -> anyhow::Result<Flake<'a>> {
    let overrides = stand_ins.map(|it| it.write(cx, traced)).transpose()?.unwrap_or_default();
    let (program, is_offline) = (program.path.clone(), !overrides.is_empty());
    Ok(Flake { cx, nix: Nix { program, root: root.to_owned(), overrides, is_offline } })
}
