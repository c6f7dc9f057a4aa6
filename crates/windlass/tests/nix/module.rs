//! The adapter for flake-parts, with as much of flake-parts as it touches.

use crate::real::{root, said};

#[test]
fn the_option_takes_what_mk_workspace_takes() {
    let expression = format!(
        "let
          module = import {root}/nix/flake-module.nix {{ mkWorkspace = args: {{ packages.s.called = args; formatter.s = 1; legacyPackages.s.git = 2; }}; }};
          lib = {{
            mkDefault = content: {{ inherit content; }};
            mkOption = it: it // {{ _type = \"option\"; }};
            types = {{ raw = \"raw\"; lazyAttrsOf = of: \"attributes of ${{of}}\"; }};
          }};
          config = {{ systems = [ \"x86_64-linux\" ]; windlass = {{ root = \"/ws\"; }}; }};
          inner = (builtins.head module.imports) {{ inherit config lib; }};
        in {{
          inherit (module) key;
          file = baseNameOf module._file;
          option = inner.options.windlass.type;
          flake = inner.config.flake;
        }}",
        root = root().display()
    );
    let found: serde_json::Value =
        serde_json::from_str(&said(&["eval", "--impure", "--json", "--expr", &expression])).unwrap();
    let expected = serde_json::json!({
        "key": "windlass",
        "file": "flake-module.nix",
        "option": "attributes of raw",
        // Each value may be set by somebody else, too.
        "flake": {
            "packages": { "s": { "called": { "content": { "root": "/ws", "systems": ["x86_64-linux"] } } } },
            "formatter": { "s": { "content": 1 } },
            "legacyPackages": { "s": { "git": { "content": 2 } } },
        },
    });
    assert_eq!(found, expected);
}
