use std::collections::BTreeMap;

use super::step::STEP_KEYS;
use super::*;

/// What `parse` says of a file named `w.toml`.
fn refused(text: &str) -> String {
    match parse(text, "w.toml") {
        Ok(config) => panic!("{text:?} was taken as {config:?}"),
        Err(error) => error.to_string(),
    }
}

fn ci(text: &str) -> Ci {
    parse(text, "w.toml").unwrap_or_else(|error| panic!("{text:?}: {error}")).ci
}

#[test]
fn an_empty_file_says_what_no_file_says() {
    for text in ["", "# nothing\n", "[ci]\n", "\u{feff}[ci]\n"] {
        assert_eq!(parse(text, "w.toml"), Ok(Config::default()), "{text:?}");
    }
}

#[test]
fn how_the_flake_is_checked_is_read() {
    let text = "[nix]\nreads = ['nix/pins.toml']\nlock-nodes = 2\nstand-in = 'nix/host'\nslow = ['test']\n";
    let expected = Nix {
        reads: vec!["nix/pins.toml".into()],
        lock_nodes: Some(2),
        stand_in: Some("nix/host".into()),
        slow: vec!["test".into()],
    };
    assert_eq!(parse(text, "w.toml").unwrap().nix, expected);
    insta::assert_snapshot!(refused("[nix]\nreads = 'a'\nlock-nodes = 0\nstandin = 'a'"), @"
    w.toml:2: `nix.reads` is a string; it must be a list of files
    w.toml:3: `nix.lock-nodes` is 0; it must be a whole number of nodes above 0
    w.toml:4: unknown key `nix.standin`; did you mean `nix.stand-in`?
    ");
}

#[test]
fn every_key_is_read() {
    let config = ci(r#"
        [ci]
        features = ["a", "b/c"]
        exclude = [{ package = "p", platform = "macos", reason = "needs epoll" }]
        skip = ["doc", "licences"]
        warnings = "allow"
        nextest-profile = "ci"
        timeout-s = 60
        setup = false
        include-xtask = true

        [[ci.step]]
        name = "licences"
        run = ["cargo", "deny", "check"]
        needs = ["lock"]
        uses = []
        timeout-s = 5
        env = { RUST_LOG = "info" }

        [[ci.step]]
        name = "package"
        run = "cargo package && ls"
    "#);
    let own_step = |name: &str, argv: &[&str], line| OwnStep {
        name: name.into(),
        argv: argv.iter().map(|&word| word.into()).collect(),
        needs: vec![],
        uses: vec!["cargo".into()],
        timeout_s: 60,
        env: BTreeMap::new(),
        line,
    };
    let expected = Ci {
        features: Features::List(vec!["a".into(), "b/c".into()]),
        exclude: vec![Exclude {
            exclude: windlass_workspace::Exclude {
                package: "p".into(),
                platform: Some("macos".into()),
                reason: "needs epoll".into(),
            },
            line: 4,
        }],
        skip: vec!["doc".into(), "licences".into()],
        warnings: Warnings::Allow,
        nextest_profile: Some("ci".into()),
        timeout_s: 60,
        setup: false,
        include_xtask: true,
        steps: vec![
            OwnStep {
                needs: vec!["lock".into()],
                uses: vec![],
                timeout_s: 5,
                env: BTreeMap::from([("RUST_LOG".into(), "info".into())]),
                ..own_step("licences", &["cargo", "deny", "check"], 12)
            },
            own_step("package", &["sh", "-c", "cargo package && ls"], 20),
        ],
    };
    assert_eq!(config, expected);
}

#[test]
fn features_are_all_or_a_list_and_an_empty_list_is_the_default() {
    for (text, expected) in [
        ("ci.features = 'all'", Features::All),
        ("ci.features = ['x']", Features::List(vec!["x".into()])),
        ("ci.features = []", Features::Default),
    ] {
        assert_eq!(ci(text).features, expected, "{text}");
    }
}

#[test]
fn lists_of_tables_may_be_written_either_way() {
    let inline = ci("ci.exclude = [{ package = 'p', reason = 'r' }]").exclude;
    assert_eq!(ci("[[ci.exclude]]\npackage = 'p'\nreason = 'r'").exclude, inline);
    assert_eq!(ci("ci.step = [{ name = 'a', run = 'true' }]").steps, ci("[[ci.step]]\nname = 'a'\nrun = 'true'").steps);
}

#[test]
fn what_is_wrong_is_named_with_file_line_and_key_and_what_would_be_right() {
    let cases = [
        // no TOML
        ("[ci]\nfeatures = ", "w.toml:2:12: string values must be quoted, expected literal string"),
        ("[ci]\nsetup = true\nsetup = true", "w.toml:3:1: duplicate key"),
        ("[ci", "w.toml:1:4: unclosed table, expected `]`"),
        // keys
        ("[ci]\nwarning = 'deny'", "w.toml:2: unknown key `ci.warning`; did you mean `ci.warnings`?"),
        ("timeout = 3", "w.toml:1: unknown key `timeout`; known here: `ci`, `services`, `nix`"),
        ("[test]", "w.toml:1: unknown key `test`; known here: `ci`, `services`, `nix`"),
        (
            "\nci.exclude = [\n{ package = 'p', reasons = 'r' }]",
            "w.toml:3: unknown key `ci.exclude.reasons`; did you mean `ci.exclude.reason`?\nw.toml:3: `ci.exclude.reason` is missing: why the package is left out, for those who read the report",
        ),
        (
            "[[ci.step]]\nname = 'a'\nrun = 'true'\ncwd = 'x'",
            "w.toml:4: unknown key `ci.step.cwd`; known here: `name`, `run`, `needs`, `uses`, `timeout-s`, `env`",
        ),
        // types
        ("ci = 3", "w.toml:1: `ci` is an integer; it must be a table"),
        ("[[ci]]", "w.toml:1: `ci` is an array of tables; it must be a table"),
        ("ci.setup = 'no'", "w.toml:1: `ci.setup` is a string; it must be `true` or `false`"),
        ("ci.include-xtask = 1", "w.toml:1: `ci.include-xtask` is an integer; it must be `true` or `false`"),
        ("ci.timeout-s = '1h'", "w.toml:1: `ci.timeout-s` is a string; it must be a whole number of seconds above 0"),
        ("ci.timeout-s = 1.5", "w.toml:1: `ci.timeout-s` is a float; it must be a whole number of seconds above 0"),
        ("ci.skip = 'doc'", "w.toml:1: `ci.skip` is a string; it must be a list of stages"),
        (
            "ci.features = ['a', 1]",
            "w.toml:1: `ci.features` is a list with an integer; it must be \"all\" or a list of features",
        ),
        ("ci.exclude = ['p']", "w.toml:1: `ci.exclude` is a list; it must be a list of tables"),
        ("ci.step = { name = 'a' }", "w.toml:1: `ci.step` is an inline table; it must be a list of tables"),
        ("ci.nextest-profile = ['ci']", "w.toml:1: `ci.nextest-profile` is a list; it must be a string"),
        // values
        ("ci.timeout-s = 0", "w.toml:1: `ci.timeout-s` is 0; it must be a whole number of seconds above 0"),
        ("ci.timeout-s = -1", "w.toml:1: `ci.timeout-s` is -1; it must be a whole number of seconds above 0"),
        ("ci.warnings = 'error'", "w.toml:1: `ci.warnings` is \"error\"; it must be \"deny\" or \"allow\""),
        ("ci.features = 'default'", "w.toml:1: `ci.features` is \"default\"; it must be \"all\" or a list of features"),
        ("ci.nextest-profile = ' '", "w.toml:1: `ci.nextest-profile` is empty; it must say something"),
        (
            "ci.skip = [\n  'docs',\n  'zebra',\n]",
            "w.toml:2: `ci.skip` names `docs`, which is no stage; did you mean `doc`?\nw.toml:3: `ci.skip` names `zebra`, which is no stage; there are `fmt`, `lock`, `nix`, `clippy`, `build`, `test`, `doctest`, `doc`",
        ),
        // steps
        ("\n[[ci.step]]\nrun = 'true'", "w.toml:2: `ci.step.name` is missing: what the step is called"),
        (
            "[[ci.step]]\nname = 'a'",
            "w.toml:1: `ci.step.run` is missing: a string for `sh -c`, or a list of a program and its arguments",
        ),
        (
            "[[ci.step]]\nname = 'a'\nrun = []",
            "w.toml:3: `ci.step.run` names no program; it must be a string for `sh -c`, or a list of a program and its arguments",
        ),
        (
            "[[ci.step]]\nname = 'a'\nrun = 3",
            "w.toml:3: `ci.step.run` is an integer; it must be a string for `sh -c`, or a list of a program and its arguments",
        ),
        ("[[ci.step]]\nname = 'a'\nrun = ''", "w.toml:3: `ci.step.run` is empty; it must say something"),
        (
            "[[ci.step]]\nrun = 'true'\nname = 'fmt'",
            "w.toml:3: `ci.step.name` is \"fmt\", which is a stage of windlass; choose another name",
        ),
        (
            "[[ci.step]]\nname = 'a b'\nrun = 'true'",
            "w.toml:2: `ci.step.name` is \"a b\"; it may have letters, digits, `-` and `_`",
        ),
        (
            "[[ci.step]]\nname = 'a'\nrun = 'true'\n[[ci.step]]\nname = 'a'\nrun = 'true'",
            "w.toml:4: `ci.step.name` is \"a\", as on line 1; give one another name",
        ),
        (
            "[[ci.step]]\nname = 'a'\nrun = 'true'\nneeds = ['tests']",
            "w.toml:4: `ci.step.needs` of `a` names `tests`, which is no stage or step; did you mean `test`?",
        ),
        (
            "[[ci.step]]\nname = 'a'\nrun = 'true'\nneeds = [\n'migrate']\n[[ci.step]]\nname = 'migrat'\nrun = 'true'",
            "w.toml:5: `ci.step.needs` of `a` names `migrate`, which is no stage or step; did you mean `migrat`?",
        ),
        (
            "[[ci.step]]\nname = 'a'\nrun = 'true'\nneeds = ['a']",
            "w.toml:1: `ci.step.needs` goes round in a circle: `a` (line 1) -> `a` (line 1); take one of these needs away",
        ),
        (
            "[[ci.step]]\nname = 'x'\nrun = 'true'\nneeds = ['b']\n[[ci.step]]\nname = 'b'\nrun = 'true'\nneeds = ['lock', 'c']\n[[ci.step]]\nname = 'c'\nrun = 'true'\nneeds = ['b']",
            "w.toml:5: `ci.step.needs` goes round in a circle: `b` (line 5) -> `c` (line 9) -> `b` (line 5); take one of these needs away",
        ),
        (
            "[[ci.step]]\nname = 'a'\nrun = 'true'\nenv = { A = 1 }",
            "w.toml:4: `ci.step.env` is an inline table; it must be a table of strings",
        ),
        (
            "[[ci.step]]\nname = 'a'\nrun = 'true'\n[ci.step.env]\n'A-B' = 'x'",
            "w.toml:4: `ci.step.env` sets `A-B`, which no shell could set; use letters, digits and `_`",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(refused(text), expected, "{text}");
    }
}

#[test]
fn everything_that_is_wrong_is_said_at_once_in_the_order_of_the_lines() {
    let text =
        "[ci]\nwarnings = 'dney'\nfeature = 'all'\ntimeout-s = 0\n\n[[ci.step]]\nnam = 'a'\nrun = 'true'\n\n[cii]\n";
    insta::assert_snapshot!(refused(text), @r#"
    w.toml:2: `ci.warnings` is "dney"; it must be "deny" or "allow"
    w.toml:3: unknown key `ci.feature`; did you mean `ci.features`?
    w.toml:4: `ci.timeout-s` is 0; it must be a whole number of seconds above 0
    w.toml:6: `ci.step.name` is missing: what the step is called
    w.toml:7: unknown key `ci.step.nam`; did you mean `ci.step.name`?
    w.toml:10: unknown key `cii`; did you mean `ci`?
    "#);
}

/// `.config/windlass.toml` of this repository is the documented example.
fn example() -> String {
    #[allow(clippy::disallowed_methods)] // a test
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../.config/windlass.toml")).unwrap()
}

#[test]
fn the_example_shows_every_key() {
    let example = example();
    let shown = |key: &&str| example.contains(&format!("{key} = ")) || example.contains(&format!("[[ci.{key}]]"));
    let keys = CI_KEYS.into_iter().chain(EXCLUDE_KEYS).chain(STEP_KEYS);
    assert_eq!(keys.filter(|key| !shown(key)).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn the_example_is_valid_as_it_is_and_with_its_commented_settings() {
    let example = example();
    let setting = |line: &str| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).map(str::to_owned);
    let active: Vec<String> = example.lines().map(|line| setting(line).unwrap_or(line.to_owned())).collect();
    for text in [example, active.join("\n")] {
        let ci = ci(&text);
        assert!(ci.include_xtask);
        let steps: Vec<&str> = ci.steps.iter().map(|step| step.name.as_str()).collect();
        assert_eq!(steps, ["package", "example", "chaos", "flake", "deep"]);
    }
}
