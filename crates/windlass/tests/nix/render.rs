//! The files of services, rendered in Rust and in Nix: the same under the same values.

use serde_json::{Value, json};
use windlass_services::{Definition, Use, Values, read, shipped, shipped_names};

use crate::real::{root, said};

/// What Nix makes of the shipped services and of those that a configuration declares, under the values.
fn of_nix(config: &str, values: &Value) -> Value {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("windlass.toml");
    std::fs::write(&file, config).unwrap();
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"").replace("${", "\\${");
    let expression = format!(
        "let
          lib = import {root}/nix/host/nixpkgs/lib.nix;
          definitions = import {root}/nix/services/definitions.nix {{ inherit lib; }};
          render = import {root}/nix/services/render.nix {{ inherit lib; }};
          values = builtins.fromJSON \"{values}\";
          one = _: service: {{
            attribute = definitions.attribute service;
            test = render {{ inherit service values; use = \"test\"; }};
            dev = render {{ inherit service values; use = \"dev\"; }};
          }};
        in builtins.mapAttrs one (definitions.shipped // definitions.declared {file})",
        root = root().display(),
        values = quoted(&values.to_string()),
        file = file.display(),
    );
    serde_json::from_str(&said(&["eval", "--impure", "--json", "--expr", &expression])).unwrap()
}

fn of_rust(service: &Definition, values: &Values) -> Value {
    json!({
        "attribute": service.nix_attribute(),
        "test": service.rendered(values, Use::Test),
        "dev": service.rendered(values, Use::Dev),
    })
}

#[test]
fn every_file_is_rendered_the_same_in_rust_and_in_nix() {
    let values = Values {
        data: "/a place/{port}".into(),
        run: "/run/it's".into(),
        prefix: "/usr".into(),
        host: "127.0.0.1".into(),
        port: 4321,
        user: "wind\"lass".into(),
        password: "{port} {url} '\"\\ ${x}".into(),
        database: "app".into(),
        version: "15.18".into(),
        id: "w-1".into(),
    };
    // Lists are replaced and tables joined, what has no file says what it must, and versions choose attributes.
    let config = r#"
        [services.postgres]
        version = "16"
        settings = { max_connections = "7", work_mem = "1 MB", test = { fsync = "on" } }
        export = { OTHER = "{url} {major}" }
        [services.redis]
        version = "7.2"
        package.or = []
        [services.search]
        kind = "generic"
        port = 7700
        process.command = ["meilisearch", "--addr", "{host}:{port}", "{settings}", "{prefix}/x"]
        process.setting = ["--{key}", "{value}"]
        process.env.KEY = "{password}"
        process.files."{run}/a file" = "{{port}} { a: {user} } {PORT}\n"
        ready.probe = ["curl", "{url}/health"]
        settings.a = "{port}"
        export = { SEARCH_URL = "{url}" }
        [services.writer]
        kind = "generic"
        port = 7701
        process.command = ["writer"]
        ready.probe = "line ready on {port}"
        [services.reader]
        kind = "generic"
        port = 7702
        process.command = ["reader"]
        ready.probe = "http /{database}"
    "#;
    let found = of_nix(config, &serde_json::to_value(&values).unwrap());
    let declared = windlass_toml::read("w.toml", config, |root, source| {
        let services = root.entry("services", source).unwrap().section(source).unwrap();
        let names: Vec<String> = services.keys().map(str::to_owned).collect();
        let of = |name: &String| {
            let section = services.entry(name, source)?.section(source)?;
            read(name, &section, source)
        };
        names.iter().filter_map(of).collect::<Vec<_>>()
    });
    let declared = declared.unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(declared.len(), 5);
    let undeclared = shipped_names().filter_map(shipped).filter(|it| declared.iter().all(|own| own.name != it.name));
    let mut n = 0;
    for service in undeclared.chain(declared.clone()) {
        assert_eq!(found[&service.name], of_rust(&service, &values), "{}", service.name);
        n += 1;
    }
    assert_eq!(found.as_object().unwrap().len(), n);
    assert_eq!(found["postgres"]["attribute"], "postgresql_16");
    assert_eq!(found["redis"]["attribute"], "redis");
    assert_eq!(found["search"]["attribute"], Value::Null);
}

#[test]
fn a_placeholder_that_stands_for_nothing_is_refused_by_nix_too() {
    let expression =
        format!("import {}/nix/services/template.nix {{ port = \"1\"; }} \"a {{prot}}\"", root().display());
    let ended = crate::fixture::ended(&mut crate::real::call(&["eval", "--impure", "--expr", &expression]));
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("`{prot}` stands for nothing in: a {prot}"), "{}", ended.stderr);
}
