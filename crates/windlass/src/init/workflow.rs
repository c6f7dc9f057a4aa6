//! One thin GitHub workflow: a checkout, and the command that a developer runs too.

use super::edit::Edit;

const HEADER: &str = "# Written by `windlass init --github`.";

/// Where it may stand, in the order of preference; the second where the first is somebody else's.
pub(super) const NAMES: [&str; 2] = ["ci.yml", "windlass.yml"];

/// Where the workflow of that name stands, relative to a workspace's root that is `prefix` below the repository's.
pub(super) fn path(prefix: &str, name: &str) -> String {
    format!("{}.github/workflows/{name}", "../".repeat(prefix.matches('/').count()))
}

/// What is written for a workspace whose root is `prefix` (empty, or with `/` at its end) below the repository's, and whose
/// target directory is `target` below that. A lockfile, if `has_lockfile`, is held to before windlass starts, for cargo would bring it in
/// line to compile the xtask, and no stage could see that it was stale.
fn text(prefix: &str, target: &str, alias: &str, has_lockfile: bool) -> String {
    let locked = if has_lockfile { "--locked " } else { "" };
    let defaults = match prefix.trim_end_matches('/') {
        "" => String::new(),
        dir => format!("    defaults:\n      run:\n        working-directory: {dir}\n"),
    };
    format!(
        "{HEADER}
name: ci

on:
  push:
    branches: [main, master]
  pull_request:

permissions:
  contents: read

jobs:
  ci:
    runs-on: ubuntu-latest
    timeout-minutes: 60
{defaults}    steps:
      - uses: actions/checkout@v5
      - run: cargo {locked}{alias} ci
      - uses: actions/upload-artifact@v5
        if: always()
        with:
          name: windlass
          path: {prefix}{target}/windlass/latest/
"
    )
}

/// Whether a workflow is one that `init` wrote, changed since or not.
pub(super) fn is_ours(text: &str) -> bool {
    text.starts_with(HEADER)
}

/// The change that adds the workflow, or brings ours up to date where there is one; none where it is current.
pub(super) fn edit(
    found: [Option<&str>; 2],
    prefix: &str,
    target: &str,
    alias: &str,
    has_lockfile: bool,
) -> Option<Edit> {
    let ours = found.iter().position(|text| text.is_some_and(is_ours));
    let place = ours.or_else(|| found.iter().position(Option::is_none))?;
    let after = text(prefix, target, alias, has_lockfile);
    (found[place] != Some(after.as_str())).then(|| change(prefix, place, found[place], Some(after)))
}

/// The changes that remove what `init` wrote, and the paths of what somebody has changed since.
pub(super) fn removal(found: [Option<&str>; 2], prefix: &str, target: &str, alias: &str) -> (Vec<Edit>, Vec<String>) {
    let (mut edits, mut changed) = (Vec::new(), Vec::new());
    for (place, before) in found.into_iter().enumerate() {
        match before.filter(|text| is_ours(text)) {
            Some(before) if [true, false].iter().any(|locked| before == text(prefix, target, alias, *locked)) => {
                edits.push(change(prefix, place, Some(before), None))
            }
            Some(_) => changed.push(path(prefix, NAMES[place])),
            None => {}
        }
    }
    (edits, changed)
}

fn change(prefix: &str, place: usize, before: Option<&str>, after: Option<String>) -> Edit {
    Edit { path: path(prefix, NAMES[place]), before: before.map(str::to_owned), after, what: "the workflow" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workflow_is_thin() {
        let edit = edit([None, None], "rust/", "out", "xtask", true).unwrap();
        assert_eq!(edit.path, "../.github/workflows/ci.yml");
        insta::assert_snapshot!(edit.after.unwrap(), @r"
        # Written by `windlass init --github`.
        name: ci

        on:
          push:
            branches: [main, master]
          pull_request:

        permissions:
          contents: read

        jobs:
          ci:
            runs-on: ubuntu-latest
            timeout-minutes: 60
            defaults:
              run:
                working-directory: rust
            steps:
              - uses: actions/checkout@v5
              - run: cargo --locked xtask ci
              - uses: actions/upload-artifact@v5
                if: always()
                with:
                  name: windlass
                  path: rust/out/windlass/latest/
        ");
    }

    #[test]
    fn a_workflow_of_somebody_elses_stays_and_ours_gets_another_name() {
        let edit = edit([Some("name: theirs"), None], "", "target", "xtask", true).unwrap();
        assert_eq!((edit.path.as_str(), edit.before), (".github/workflows/windlass.yml", None));
        let found = [Some("name: theirs"), edit.after.as_deref()];
        assert_eq!(super::edit(found, "", "target", "xtask", true), None);
        // Nobody else has a lockfile that git leaves out.
        let changed = super::edit(found, "", "target", "xtask", false).unwrap();
        assert!(changed.after.unwrap().contains("run: cargo xtask ci\n"));
    }

    #[test]
    fn what_somebody_changed_is_named_and_stays() {
        let changed = text("", "target", "xtask", true) + "# mine\n";
        let (edits, kept) = removal([Some(&changed), None], "", "target", "xtask");
        assert_eq!((edits, kept), (vec![], vec![".github/workflows/ci.yml".to_owned()]));
    }
}
