//! `nix/pins.toml`: the tools that a workspace needs, each with where Nix and others have it. Nix reads the file too.

use windlass_toml::{Entry, Problems, Section, Source, Wanted};

/// The pins of windlass itself, which hold where a workspace has none of its own.
pub const PINS: &str = include_str!("../pins.toml");

const TOOL_KEYS: [&str; 10] = ["nix", "version", "debian", "cargo", "pip", "programs", "probe", "find", "only", "for"];

/// A tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// What it is called: the name of its program, as a rule.
    pub name: String,
    /// The line of its table, from 1.
    pub line: usize,
    /// The attribute of nixpkgs that it is; [`Pin::name`] where the file says nothing.
    pub nix: String,
    /// Which versions will do.
    pub version: Wanted,
    /// Debian's packages.
    pub debian: Vec<String>,
    /// What `cargo install` is told.
    pub cargo: Vec<String>,
    /// What `pip install` is told.
    pub pip: Vec<String>,
    /// The programs that it has.
    pub programs: Vec<String>,
    /// The program and its arguments that say which version it is.
    pub probe: Vec<String>,
    /// Directories where it may be besides `PATH`.
    pub find: Vec<String>,
    /// The only system that it is for; absent: it is for all.
    pub only: Option<System>,
    /// What it is needed for.
    pub reason: String,
}

/// A kind of system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// Linux.
    Linux,
    /// macOS.
    Darwin,
}

impl Pin {
    /// Whether it is for an operating system, as [`std::env::consts::OS`] calls it.
    pub fn is_for(&self, os: &str) -> bool {
        match self.only {
            None => true,
            Some(System::Linux) => os == "linux",
            Some(System::Darwin) => os == "macos",
        }
    }
}

/// What a rust-toolchain.toml says of the toolchain: its version, or the name of a channel.
pub fn toolchain_channel(text: &str) -> Option<String> {
    let document = toml_edit::Document::parse(text).ok()?;
    Some(document.get("toolchain")?.get("channel")?.as_str()?.to_owned())
}

/// Whether a version is one that a channel names: `1.95` names `1.95.0`, and `stable` or `nightly` any.
pub fn is_of_channel(version: &str, channel: &str) -> bool {
    let is_named = !channel.starts_with(|c: char| c.is_ascii_digit());
    is_named || version == channel || version.strip_prefix(channel).is_some_and(|rest| rest.starts_with('.'))
}

/// Reads the text of `nix/pins.toml`, which messages call `file`: the tools in the order of the file.
///
/// # Errors
///
/// When it is no TOML, or something in it is unknown, missing or of the wrong kind: all of it at once.
pub fn read_pins(file: &str, text: &str) -> Result<Vec<Pin>, Problems> {
    windlass_toml::read(file, text, |root, source| {
        root.only(&["schema", "tools"], source);
        let schema = root.required_entry("schema", "how the file is written: 1", source);
        schema.into_iter().for_each(|schema| schema.schema(1, source));
        let tools = root.required_entry("tools", "a table for each tool", source);
        let tools = tools.map_or(Vec::new(), |tools| tools.entries(source));
        tools.iter().filter_map(|(name, tool)| read_pin(name, tool, source)).collect()
    })
}

fn read_pin(name: &str, tool: &Entry<'_>, source: &mut Source<'_>) -> Option<Pin> {
    let section = tool.section(source)?;
    section.only(&TOOL_KEYS, source);
    let nix = section.entry("nix", source).map_or_else(|| Some(name.to_owned()), |nix| nix.string(source));
    let version = section.entry("version", source).map_or(Some(Wanted::Any), |version| version.wanted(source));
    let [debian, cargo, pip, find] = ["debian", "cargo", "pip", "find"].map(|key| words(&section, key, source));
    let programs = match section.entry("programs", source) {
        Some(_) => words(&section, "programs", source),
        None => vec![name.to_owned()],
    };
    let probe = match section.entry("probe", source) {
        Some(_) => words(&section, "probe", source),
        None => vec![name.to_owned(), "--version".to_owned()],
    };
    let systems = [("linux", System::Linux), ("darwin", System::Darwin)];
    let only = section.entry("only", source).and_then(|only| only.word(&systems, source));
    let reason = section.required("for", "what the tool is needed for", source);
    Some(Pin {
        name: name.to_owned(),
        line: tool.line,
        nix: nix?,
        version: version?,
        debian,
        cargo,
        pip,
        programs,
        probe,
        find,
        only,
        reason: reason?,
    })
}

/// A list of strings, none of them blank, that is not empty where it is there.
fn words(section: &Section<'_>, key: &str, source: &mut Source<'_>) -> Vec<String> {
    let Some(entry) = section.entry(key, source) else { return Vec::new() };
    let Some(words) = entry.strings("a list of strings", source) else { return Vec::new() };
    if words.is_empty() {
        source.refuse(entry.line, format!("`{}` is empty; it must say something, or be left out", entry.key()));
    }
    for (line, _) in words.iter().filter(|(_, word)| word.trim().is_empty()) {
        source.refuse(*line, format!("`{}` has an empty string in it; it must say something", entry.key()));
    }
    words.into_iter().map(|(_, word)| word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_follows_from_the_name() {
        let text = r#"
            schema = 1
            [tools.curl]
            for = "asks servers"
            [tools.mold]
            nix = "mold-wrapped"
            version = ">=1.10"
            debian = ["mold"]
            cargo = ["--locked", "mold"]
            pip = ["mold"]
            probe = ["mold", "-v"]
            find = ["/opt/mold/bin"]
            only = "linux"
            for = "links"
        "#;
        let pins = read_pins("pins.toml", text).unwrap();
        insta::assert_debug_snapshot!(pins, @r#"
        [
            Pin {
                name: "curl",
                line: 3,
                nix: "curl",
                version: Any,
                debian: [],
                cargo: [],
                pip: [],
                programs: [
                    "curl",
                ],
                probe: [
                    "curl",
                    "--version",
                ],
                find: [],
                only: None,
                reason: "asks servers",
            },
            Pin {
                name: "mold",
                line: 5,
                nix: "mold-wrapped",
                version: AtLeast(
                    [
                        1,
                        10,
                    ],
                ),
                debian: [
                    "mold",
                ],
                cargo: [
                    "--locked",
                    "mold",
                ],
                pip: [
                    "mold",
                ],
                programs: [
                    "mold",
                ],
                probe: [
                    "mold",
                    "-v",
                ],
                find: [
                    "/opt/mold/bin",
                ],
                only: Some(
                    Linux,
                ),
                reason: "links",
            },
        ]
        "#);
    }

    #[test]
    fn a_channel_names_versions() {
        let cases = [
            ("1.95.0", "1.95.0", true),
            ("1.95.0", "1.95", true),
            ("1.95.0", "1.9", false),
            ("1.97.0", "stable", true),
        ];
        for (version, channel, expected) in cases {
            assert_eq!(is_of_channel(version, channel), expected, "{version} {channel}");
        }
    }

    #[test]
    fn every_mistake_has_its_line_and_its_key() {
        let text = r#"
            schema = 2
            tool = 1
            [tools.a]
            nixpkgs = "a"
            version = "latest"
            debian = "a"
            cargo = []
            pip = ["a", ""]
            probe = [1]
            only = "windows"
            [tools]
            b = { nix = 1, for = " " }
            c = "c"
        "#;
        insta::assert_snapshot!(read_pins("pins.toml", text).unwrap_err(), @r#"
        pins.toml:2: `schema` is 2; it must be 1
        pins.toml:3: unknown key `tool`; did you mean `tools`?
        pins.toml:4: `tools.a.for` is missing: what the tool is needed for
        pins.toml:5: unknown key `tools.a.nixpkgs`; did you mean `tools.a.nix`?
        pins.toml:6: `tools.a.version` is "latest"; it must be like "16", "15.18" or ">=13"
        pins.toml:7: `tools.a.debian` is a string; it must be a list of strings
        pins.toml:8: `tools.a.cargo` is empty; it must say something, or be left out
        pins.toml:9: `tools.a.pip` has an empty string in it; it must say something
        pins.toml:10: `tools.a.probe` is a list with an integer; it must be a list of strings
        pins.toml:11: `tools.a.only` is "windows"; it must be "linux" or "darwin"
        pins.toml:13: `tools.b.nix` is an integer; it must be a string
        pins.toml:13: `tools.b.for` is empty; it must say something
        pins.toml:14: `tools.c` is a string; it must be a table
        "#);
        insta::assert_snapshot!(read_pins("pins.toml", "").unwrap_err(), @"
        pins.toml:1: `schema` is missing: how the file is written: 1
        pins.toml:1: `tools` is missing: a table for each tool
        ");
        insta::assert_snapshot!(read_pins("pins.toml", "schema = \"1\"\ntools = 1").unwrap_err(), @"
        pins.toml:1: `schema` is a string; it must be the number 1
        pins.toml:2: `tools` is an integer; it must be a table
        ");
        insta::assert_snapshot!(read_pins("pins.toml", "schema = ").unwrap_err(), @"pins.toml:1:10: string values must be quoted, expected literal string");
    }
}
