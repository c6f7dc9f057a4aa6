//! Where an input comes from: a flake's URL, taken apart into the attributes that a lock has in `original`.

use std::collections::BTreeMap;

/// What says where an input comes from; a lock's other attributes say what was found there, or how to get it.
const KEYS: [&str; 10] = ["type", "owner", "repo", "ref", "rev", "host", "dir", "url", "path", "id"];

/// The ends of names that make Nix unpack a file that is no flake.
const ARCHIVES: [&str; 7] = [".zip", ".tar", ".tgz", ".tar.gz", ".tar.xz", ".tar.bz2", ".tar.zst"];

/// Attributes such as `type`, `owner`, `repo` and `ref`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) attributes: BTreeMap<String, String>,
    /// Whether these are all: of some URLs only the type can be told without Nix.
    pub(crate) is_whole: bool,
}

impl Reference {
    /// Reads a URL such as `github:owner/repo/ref?dir=sub`, of a flake or of something else.
    pub(crate) fn parse(url: &str, is_flake: bool) -> Self {
        let (place, query) = url.split_once('?').unwrap_or((url, ""));
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let mut attributes: BTreeMap<String, String> = pairs.map(|(key, value)| (key.into(), value.into())).collect();
        let (kind, named) = match place.split_once(':') {
            Some((forge @ ("github" | "gitlab" | "sourcehut"), rest)) => (forge, repository(rest)),
            Some(("path", path)) => ("path", vec![("path", path)]),
            Some(("flake", rest)) => ("indirect", indirect(rest)),
            Some(("git", _)) => ("git", vec![("url", place)]),
            Some((scheme, _)) => match scheme.split_once('+') {
                Some((kind, _)) => (kind, vec![("url", &place[kind.len() + 1..])]),
                None if is_flake || ARCHIVES.iter().any(|end| place.ends_with(end)) => {
                    ("tarball", vec![("url", place)])
                }
                None => ("file", vec![("url", place)]),
            },
            None if place.starts_with(['.', '/']) => ("path", vec![("path", place)]),
            None => ("indirect", indirect(place)),
        };
        attributes.extend(named.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())));
        attributes.insert("type".to_owned(), kind.to_owned());
        // A URL of a file keeps its query, but for what Nix takes out of it; other escapes are resolved.
        let is_whole = !url.contains('%') && (query.is_empty() || !matches!(kind, "tarball" | "file"));
        attributes.retain(|key, _| key == "type" || is_whole && KEYS.contains(&key.as_str()));
        Self { attributes, is_whole }
    }

    /// The first key that a lock has otherwise: with what is said here, and what is there.
    pub(crate) fn difference<'a>(
        &'a self,
        locked: impl Fn(&str) -> Option<&'a str>,
    ) -> Option<(&'static str, Option<&'a str>, Option<&'a str>)> {
        let pair = |key| (key, self.attributes.get(key).map(String::as_str), locked(key));
        let differs = |(_, said, found): &(&str, Option<&str>, Option<&str>)| said != found;
        KEYS.into_iter().map(pair).filter(|(_, said, _)| self.is_whole || said.is_some()).find(differs)
    }
}

fn repository(rest: &str) -> Vec<(&'static str, &str)> {
    let parts = rest.splitn(3, '/').enumerate();
    let named = parts.map(|(n, part)| (["owner", "repo", ref_or_rev(part)][n], part));
    named.collect()
}

fn indirect(rest: &str) -> Vec<(&'static str, &str)> {
    let mut parts = rest.split('/');
    let id = parts.next().map(|id| ("id", id));
    id.into_iter().chain(parts.map(|part| (ref_or_rev(part), part))).collect()
}

fn ref_or_rev(part: &str) -> &'static str {
    if is_rev(part) { "rev" } else { "ref" }
}

/// Whether it is the number of a commit.
pub(crate) fn is_rev(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `builtins.parseFlakeRef` of Nix 2.26 has them.
    #[test]
    fn a_url_is_taken_apart_as_nix_does() {
        const REV: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
        let cases = [
            ("github:o/r", "owner=o repo=r type=github"),
            ("github:o/r/release/1.0", "owner=o ref=release/1.0 repo=r type=github"),
            ("github:o/r?ref=x&dir=sub", "dir=sub owner=o ref=x repo=r type=github"),
            ("github:o/r/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "owner=o repo=r rev=REV type=github"),
            ("github:o/r?host=h.org", "host=h.org owner=o repo=r type=github"),
            ("sourcehut:~o/r", "owner=~o repo=r type=sourcehut"),
            ("git+https://e.org/r?ref=main&rev=REV&shallow=1", "ref=main rev=REV type=git url=https://e.org/r"),
            ("git+ssh://git@e.org/o/r.git?dir=x", "dir=x type=git url=ssh://git@e.org/o/r.git"),
            ("git://e.org/r", "type=git url=git://e.org/r"),
            ("hg+https://e.org/r", "type=hg url=https://e.org/r"),
            ("https://e.org/x", "type=tarball url=https://e.org/x"),
            ("https://e.org/x.tar.gz", "type=tarball url=https://e.org/x.tar.gz"),
            ("tarball+https://e.org/x", "type=tarball url=https://e.org/x"),
            ("file+https://e.org/x.tar.gz", "type=file url=https://e.org/x.tar.gz"),
            ("nixpkgs", "id=nixpkgs type=indirect"),
            ("nixpkgs/nixos-24.05", "id=nixpkgs ref=nixos-24.05 type=indirect"),
            ("flake:nixpkgs/nixos/REV", "id=nixpkgs ref=nixos rev=REV type=indirect"),
            ("path:/x/y?dir=z", "dir=z path=/x/y type=path"),
            ("path:./x", "path=./x type=path"),
            ("./x", "path=./x type=path"),
            // Of these only a part.
            ("https://e.org/x.tar.gz?a=b", "type=tarball …"),
            ("gitlab:o%2Fg/r", "type=gitlab …"),
        ];
        for (url, expected) in cases {
            let reference = Reference::parse(&url.replace("REV", REV), true);
            let pairs = reference.attributes.iter().map(|(key, value)| format!("{key}={value}"));
            let more = (!reference.is_whole).then(|| "…".to_owned());
            let found = pairs.chain(more).collect::<Vec<_>>().join(" ").replace(REV, "REV");
            assert_eq!(found, expected, "{url}");
        }
        let file = |url| Reference::parse(url, false).attributes["type"].clone();
        assert_eq!(["https://e.org/x", "https://e.org/x.zip"].map(file), ["file", "tarball"]);
    }
}
