//! The flake of an adopted workspace: where windlass comes from, and the workspace's root; the rest is read from its files.

use std::path::Path;

use super::InitError;
use super::edit::Edit;
use super::source::Source;

/// Where it stands.
pub(super) const PATH: &str = "flake.nix";

const HEADER: &str = "# Written by `windlass init --nix`; `windlass init --remove` takes it out again.\n";

/// The URL of windlass's own flake, as an input has it. A directory is a repository of git if `is_repository` says so: then only what git
/// knows is copied.
///
/// # Errors
///
/// For a published version, which has none, and for a part of a commit, which Nix does not take.
pub(super) fn url(source: &Source, is_repository: impl Fn(&Path) -> bool) -> Result<String, InitError> {
    Ok(match source {
        Source::Path(dir) => {
            // The flake is that of the checkout.
            let dir = dir.to_string_lossy();
            let dir = dir.strip_suffix("/crates/windlass").unwrap_or(&dir);
            match is_repository(Path::new(dir)) {
                true => format!("git+file://{}", encoded(dir)),
                false => format!("path:{}", encoded(dir)),
            }
        }
        Source::Git { url, rev } => {
            let rev = rev.as_deref();
            let is_hex = |rev: &str| rev.bytes().all(|byte| byte.is_ascii_hexdigit());
            let query = match rev {
                None => String::new(),
                Some(rev) if is_hex(rev) && rev.len() == 40 => format!("?rev={rev}"),
                Some(rev) if is_hex(rev) => return Err(InitError::ShortRev { rev: rev.to_owned() }),
                Some(rev) => format!("?ref=refs/tags/{rev}"),
            };
            let repository = url.strip_prefix("https://github.com/").map(|rest| rest.trim_end_matches(".git"));
            match repository.filter(|it| it.matches('/').count() == 1 && !it.ends_with('/')) {
                Some(repository) => {
                    format!("github:{repository}{}", rev.map(|rev| format!("/{rev}")).unwrap_or_default())
                }
                None => format!("git+{}{query}", with_scheme(url)),
            }
        }
        Source::Version(_) => return Err(InitError::NoFlake),
    })
}

/// `git@host:path`, which git understands beside URLs, as one.
fn with_scheme(url: &str) -> String {
    match url.split_once(':') {
        Some((host, path)) if !path.starts_with("//") && host.contains('@') => {
            format!("ssh://{host}/{}", path.trim_start_matches('/'))
        }
        _ => url.to_owned(),
    }
}

/// A path as a URL has it.
pub(crate) fn encoded(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~@:".contains(&byte);
    path.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// What is written.
fn text(url: &str) -> String {
    format!(
        "{HEADER}{{
  inputs.windlass.url = \"{url}\";
  inputs.nixpkgs.follows = \"windlass/nixpkgs\";

  outputs = {{ windlass, ... }}: windlass.lib.mkWorkspace {{ root = ./.; }};
}}
"
    )
}

/// Whether a flake is one that `init` wrote, changed since or not.
pub(super) fn is_ours(text: &str) -> bool {
    text.starts_with(HEADER)
}

/// The URL of windlass in a flake that is as `init` wrote it.
fn written_url(found: &str) -> Option<&str> {
    let (_, rest) = found.split_once("inputs.windlass.url = \"")?;
    let (url, _) = rest.split_once('"')?;
    (text(url) == found).then_some(url)
}

/// The change that adds the flake, or has ours take windlass from elsewhere; none where somebody else's stands there.
pub(super) fn edit(found: Option<&str>, url: Option<&str>) -> Option<Edit> {
    let url = match found {
        None => url?,
        Some(found) => {
            let written = written_url(found)?;
            url.filter(|url| *url != written)?
        }
    };
    Some(change(found, Some(text(url))))
}

/// The change that removes it; `Err` where somebody has changed it since, `None` where it is somebody else's.
pub(super) fn removal(found: &str) -> Option<Result<Edit, ()>> {
    is_ours(found).then(|| written_url(found).map(|_| change(Some(found), None)).ok_or(()))
}

/// What somebody adds to a flake of their own.
pub(super) fn advice(url: &str) -> String {
    format!(
        "note: `{PATH}` is yours and stays as it is\n\
         help: add the input `windlass.url = \"{url}\"`, and to its outputs what you want of\n      \
         `windlass.lib.mkWorkspace {{ root = ./.; }}`: devShells, packages, checks, apps; with flake-parts import\n      \
         `windlass.flakeModules.default` and set `windlass.root = ./.`\n"
    )
}

fn change(before: Option<&str>, after: Option<String>) -> Edit {
    Edit { path: PATH.into(), before: before.map(str::to_owned), after, what: "the flake" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_has_a_flake_unless_it_is_a_published_version() {
        const REV: &str = "0123456789abcdef0123456789abcdef01234567";
        let git = format!("git:https://example.org/w#{REV}");
        let ssh = format!("git:git@example.org:o/w.git#{REV}");
        let git_url = format!("git+https://example.org/w?rev={REV}");
        let ssh_url = format!("git+ssh://git@example.org/o/w.git?rev={REV}");
        let cases = [
            ("path:/w", Some("path:/w")),
            ("path:/a b/w/crates/windlass", Some("path:/a%20b/w")),
            ("path:/repo", Some("git+file:///repo")),
            ("git:https://github.com/o/windlass", Some("github:o/windlass")),
            ("git:https://github.com/o/windlass.git#v1", Some("github:o/windlass/v1")),
            ("git:https://github.com/o/windlass.git#4f2", None),
            ("git:https://example.org/w", Some("git+https://example.org/w")),
            ("git:https://example.org/w#v1", Some("git+https://example.org/w?ref=refs/tags/v1")),
            (&git, Some(&git_url)),
            (&ssh, Some(&ssh_url)),
            ("git:file:///srv/w", Some("git+file:///srv/w")),
            ("0.1", None),
        ];
        for (source, expected) in cases {
            let url = url(&source.parse().unwrap(), |dir| dir == Path::new("/repo"));
            assert_eq!(url.ok().as_deref(), expected, "{source}");
        }
    }

    #[test]
    fn the_flake_says_nothing_twice_and_is_formatted() {
        let edit = edit(None, Some("github:o/windlass")).unwrap();
        insta::assert_snapshot!(edit.after.unwrap(), @r#"
        # Written by `windlass init --nix`; `windlass init --remove` takes it out again.
        {
          inputs.windlass.url = "github:o/windlass";
          inputs.nixpkgs.follows = "windlass/nixpkgs";

          outputs = { windlass, ... }: windlass.lib.mkWorkspace { root = ./.; };
        }
        "#);
    }

    #[test]
    fn ours_follows_the_source_and_goes_again_and_somebody_elses_stays() {
        let ours = text("github:o/windlass");
        assert_eq!(edit(Some(&ours), None), None);
        assert_eq!(edit(Some(&ours), Some("github:o/windlass")), None);
        assert_eq!(edit(Some(&ours), Some("path:/w")).unwrap().after, Some(text("path:/w")));
        assert_eq!(removal(&ours).unwrap().unwrap().after, None);
        let changed = ours.replace("./.;", "./.; tools = _: [ ];");
        assert_eq!((edit(Some(&changed), Some("path:/w")), removal(&changed)), (None, Some(Err(()))));
        assert_eq!((edit(Some("{ }"), Some("path:/w")), removal("{ }")), (None, None));
    }
}
