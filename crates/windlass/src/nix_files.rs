//! Which files of Nix a workspace has.

use std::path::Path;

use windlass_plan::Command;

use crate::Context;
use crate::context::ANSWER;

/// The files of Nix below a root, sorted, relative to it: those that git knows or does not ignore; without git, those that the root has
/// itself and in `nix/`.
///
/// # Errors
///
/// When a directory cannot be read, or windlass is asked to stop.
pub(crate) fn nix_files(cx: &Context, root: &str) -> anyhow::Result<Vec<String>> {
    let is_nix = |file: &String| file.ends_with(".nix");
    let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate", "*.nix"];
    let listed = cx.host.read(&Command::new("git", root).args(list), ANSWER);
    cx.go_on()?;
    let mut files: Vec<String> = match listed {
        Ok(answer) if answer.code == Some(0) => answer.stdout.split_terminator('\0').map(str::to_owned).collect(),
        _ => {
            let own = cx.host.list_dir(Path::new(root))?.into_iter().filter(is_nix);
            let below = cx.host.files_below(&Path::new(root).join("nix"))?.into_iter().filter(is_nix);
            own.chain(below.map(|file| format!("nix/{file}"))).collect()
        }
    };
    // git lists what is removed and not committed yet.
    files.retain(|file| cx.host.exists(&Path::new(root).join(file)));
    files.sort();
    Ok(files)
}
