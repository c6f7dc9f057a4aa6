//! What is worth knowing beside the list of files.

use windlass_host::{Host, Reading};

use super::adoption::{Home, Options};
use super::edit::Edit;
use super::facts::{self, Facts};
use super::{flake, workflow};

/// What the workspace is like, and what that means for whoever adopts windlass in it.
pub(super) fn text(facts: &Facts, home: &Home<'_>, options: &Options) -> String {
    let mut notes = match home {
        Home::Free(place) if place.alias != "xtask" => format!(
            "note: your own `xtask` stays as it is, and `cargo {0}` runs windlass beside it\n\
             help: to have one instead, add `windlass` to the dependencies of yours and a `match` arm for its tasks (the\n      \
             README shows it), then `windlass init --remove`\n",
            place.alias
        ),
        Home::Theirs { package, .. } => {
            format!("note: the package `{package}` carries windlass and is yours; `init` leaves it alone\n")
        }
        _ => String::new(),
    };
    if options.is_of_machine {
        notes += "note: windlass comes from a directory of this machine, which nobody else has: `--source git:URL` is for all\n";
    }
    if facts.lockfile.is_none() {
        notes += &format!(
            "note: there is no `Cargo.lock`, and `init` leaves none; cargo writes one when it starts `cargo {}`\n",
            home.alias()
        );
    }
    if options.github && facts.workflows().iter().all(|text| text.is_some_and(|text| !workflow::is_ours(text))) {
        let [first, second] = workflow::NAMES;
        notes += &format!(
            "note: the workflows `{first}` and `{second}` are both yours; run `cargo {} ci` in one of them\n",
            home.alias()
        );
    }
    if options.nix {
        notes += &of_flake(facts, options);
    }
    notes
}

/// What a flake needs that `init` does not write.
fn of_flake(facts: &Facts, options: &Options) -> String {
    let mut notes = String::new();
    if let (Some(found), Some(url)) = (&facts.flake, &options.flake)
        && !flake::is_ours(found)
    {
        notes += &flake::advice(url);
    }
    if !facts.has_toolchain_file {
        notes += &format!(
            "note: Nix and rustup are to have the same Rust, which a file says that both read; write `rust-toolchain.toml`:\n      \
             [toolchain]\n      channel = \"{}\"\n      components = [\"clippy\", \"rustfmt\"]\n",
            facts.rustc
        );
    }
    if facts.lockfile.is_none() {
        notes += "note: Nix builds what `Cargo.lock` says, and there is none\n";
    }
    if facts.git.is_some() {
        notes += "note: Nix sees what git knows: `git add` what was written, and after the first `nix develop` `flake.lock` too\n";
    }
    notes
}

/// The files among those to write that git leaves out of every commit.
pub(super) fn ignored(host: &Host, facts: &Facts, edits: &[Edit]) -> Result<String, Reading> {
    if facts.git.is_none() || edits.is_empty() {
        return Ok(String::new());
    }
    let mut args = vec!["check-ignore", "--"];
    args.extend(edits.iter().map(|edit| edit.path.as_str()));
    let answer = facts::ask(host, &facts.root, "git", &args)?;
    let note = |path: &str| format!("note: git ignores `{path}`: colleagues will not get it\n");
    Ok(answer.stdout.lines().map(note).collect())
}
