//! What flake.nix says of its inputs. Nix wants that part to be literal, so that it can be read without being evaluated.

use std::collections::BTreeMap;

use rnix::ast::{AttrSet, Expr, HasEntry, LiteralKind, Param};

use crate::reference::Reference;
use crate::tree::{literal, name, offset};
use crate::{Finding, source};

/// How findings call the file.
pub(crate) const FILE: &str = "flake.nix";

/// An input, or what is said of an input of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Input {
    /// Where it is first mentioned, in bytes.
    pub(crate) offset: usize,
    /// As it is written.
    pub(crate) url: Option<String>,
    /// Attributes that are said one by one instead.
    pub(crate) attributes: BTreeMap<String, String>,
    /// The names that lead from the root to what it follows.
    pub(crate) follows: Option<Vec<String>>,
    /// Whether it is no flake.
    pub(crate) is_plain: bool,
    pub(crate) inputs: BTreeMap<String, Self>,
}

impl Input {
    /// Where it comes from; `None` where only its inputs are spoken of.
    pub(crate) fn reference(&self) -> Option<Reference> {
        match &self.url {
            Some(url) => Some(Reference::parse(url, !self.is_plain)),
            None if self.attributes.is_empty() => None,
            None => Some(Reference { attributes: self.attributes.clone(), is_whole: true }),
        }
    }
}

/// Reads the inputs of flake.nix, and what cannot be read of them.
pub(crate) fn read(text: &str) -> (BTreeMap<String, Input>, Vec<Finding>) {
    let mut reader = Reader { text, findings: Vec::new() };
    let mut root = Input::default();
    match source::read(FILE, text).map(|(root, _)| root.expr()) {
        Ok(Some(Expr::AttrSet(set))) => reader.flake(&set, &mut root),
        Ok(_) => reader.findings.push(Finding::at(FILE, text, 0, "a flake must be a set of attributes, `{ … }`")),
        Err(finding) => reader.findings.push(finding),
    }
    (root.inputs, reader.findings)
}

struct Reader<'a> {
    text: &'a str,
    findings: Vec<Finding>,
}

impl Reader<'_> {
    fn flake(&mut self, set: &AttrSet, root: &mut Input) {
        for (path, at, value) in self.entries(set) {
            if path[0] == "inputs" {
                self.input(root, &path, at, &value);
            }
        }
        // What `outputs` wants by name, and nothing is said of, is looked for in the registry.
        for (_, _, value) in self.entries(set).iter().filter(|(path, ..)| *path == ["outputs"]) {
            let Expr::Lambda(lambda) = value else { continue };
            let Some(Param::Pattern(pattern)) = lambda.param() else { continue };
            for ident in pattern.pat_entries().filter_map(|entry| entry.ident()) {
                let name = ident.to_string();
                if name != "self" && !root.inputs.contains_key(&name) {
                    let input = Input { offset: offset(&ident), url: Some(name.clone()), ..Input::default() };
                    root.inputs.insert(name, input);
                }
            }
        }
    }

    /// What is said below an input at a path: of itself if that is empty.
    fn input(&mut self, input: &mut Input, path: &[String], at: usize, value: &Expr) {
        let Some((key, rest)) = path.split_first() else {
            return self.each(value, at, |reader, path, at, value| reader.input(input, path, at, value));
        };
        match (key.as_str(), rest) {
            ("inputs", []) => self.each(value, at, |reader, path, at, value| reader.named(input, path, at, value)),
            ("inputs", rest) => self.named(input, rest, at, value),
            ("flake", []) => match value.to_string().as_str() {
                "true" => input.is_plain = false,
                "false" => input.is_plain = true,
                _ => self.refuse(at, "`flake` must be `true` or `false`"),
            },
            (key, []) => match (key, text_of(value)) {
                ("url", Some(url)) => input.url = Some(url),
                ("follows", Some(path)) => {
                    input.follows = Some(path.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect());
                }
                (key @ ("url" | "follows"), None) => {
                    self.refuse(at, format!("`{key}` must be a string without anything computed in it"));
                }
                (key, Some(value)) => drop(input.attributes.insert(key.to_owned(), value)),
                // A number or a truth, which says nothing of where it comes from.
                (_, None) => {}
            },
            (key, _) => self.refuse(at, format!("`{key}` of an input has no attributes")),
        }
    }

    fn named(&mut self, parent: &mut Input, path: &[String], at: usize, value: &Expr) {
        if let Some((name, rest)) = path.split_first() {
            let input = parent.inputs.entry(name.clone());
            let input = input.or_insert_with(|| Input { offset: at, ..Input::default() });
            self.input(input, rest, at, value);
        }
    }

    fn each(&mut self, value: &Expr, at: usize, mut read: impl FnMut(&mut Self, &[String], usize, &Expr)) {
        let Expr::AttrSet(set) = value else {
            return self.refuse(at, "inputs must be sets of attributes, `{ … }`, with nothing computed");
        };
        for (path, at, value) in self.entries(set) {
            read(self, &path, at, &value);
        }
    }

    /// Each with its path and where it stands. None of the paths is empty.
    fn entries(&mut self, set: &AttrSet) -> Vec<(Vec<String>, usize, Expr)> {
        let entry = |it: rnix::ast::AttrpathValue| {
            let path: Option<Vec<String>> = it.attrpath()?.attrs().map(|attr| name(&attr)).collect();
            Some((path.filter(|path| !path.is_empty())?, offset(&it), it.value()?))
        };
        set.attrpath_values().filter_map(entry).collect()
    }

    fn refuse(&mut self, at: usize, message: impl Into<String>) {
        self.findings.push(Finding::at(FILE, self.text, at, message));
    }
}

/// A text, as a string, a URL or a path.
fn text_of(value: &Expr) -> Option<String> {
    match value {
        Expr::Str(text) => literal(text),
        Expr::Literal(it) => matches!(it.kind(), LiteralKind::Uri(_)).then(|| it.to_string()),
        Expr::PathRel(_) | Expr::PathAbs(_) => Some(value.to_string()).filter(|text| !text.contains("${")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(inputs: &BTreeMap<String, Input>, indent: &str) -> String {
        let input = |(name, input): (&String, &Input)| {
            let url = input.url.iter().map(|url| format!(" {url}"));
            let attributes = input.attributes.iter().map(|(key, value)| format!(" {key}={value}"));
            let follows = input.follows.iter().map(|path| format!(" -> {path:?}"));
            let plain = input.is_plain.then(|| " plain".to_owned());
            let said: String = url.chain(attributes).chain(follows).chain(plain).collect();
            format!("{indent}{name}{said}\n{}", shown(&input.inputs, &format!("{indent}  ")))
        };
        inputs.iter().map(input).collect()
    }

    #[test]
    fn inputs_are_read_however_they_are_written() {
        let text = r#"
        {
          description = "a flake";
          inputs.a.url = "github:o/a";
          inputs.a.inputs.nixpkgs.follows = "nixpkgs";
          inputs.b = { url = "github:o/b"; flake = false; };
          inputs."c".follows = "b/c";
          inputs = {
            d.url = ./d;
            e = {
              type = "github"; owner = "o"; repo = "e"; lastModified = 1;
              inputs = { a.follows = ""; b = { url = "github:o/b2"; inputs.c.follows = "c"; }; };
            };
            f.url = https://e.org/f;
            g = { };
          };
          outputs = { self, nixpkgs, a, ... }@inputs: { inputs.h.url = "no input"; };
        }
        "#;
        let (inputs, findings) = read(text);
        assert_eq!(findings, []);
        insta::assert_snapshot!(shown(&inputs, ""), @r#"
        a github:o/a
          nixpkgs -> ["nixpkgs"]
        b github:o/b plain
        c -> ["b", "c"]
        d ./d
        e owner=o repo=e type=github
          a -> []
          b github:o/b2
            c -> ["c"]
        f https://e.org/f
        g
        nixpkgs nixpkgs
        "#);
    }

    #[test]
    fn what_nix_could_not_read_without_evaluating_is_refused() {
        let cases = [
            "{ inputs.a.url = \"github:${x}\"; }",
            "{ inputs.a.url = 1; }",
            "{\n  inputs = import ./inputs.nix;\n}",
            "{ inputs.a = x; }",
            "{ inputs.a.flake = \"no\"; }",
            "{ inputs.a.url.b = \"c\"; }",
            "{ inputs.a.url = ",
            "x: { }",
            "",
        ];
        let refused = |text: &str| read(text).1.iter().map(|it| format!("{text:?}\n  {it}\n")).collect::<String>();
        insta::assert_snapshot!(cases.map(refused).concat(), @r#"
        "{ inputs.a.url = \"github:${x}\"; }"
          flake.nix:1:3: `url` must be a string without anything computed in it
        "{ inputs.a.url = 1; }"
          flake.nix:1:3: `url` must be a string without anything computed in it
        "{\n  inputs = import ./inputs.nix;\n}"
          flake.nix:2:3: inputs must be sets of attributes, `{ … }`, with nothing computed
        "{ inputs.a = x; }"
          flake.nix:1:3: inputs must be sets of attributes, `{ … }`, with nothing computed
        "{ inputs.a.flake = \"no\"; }"
          flake.nix:1:3: `flake` must be `true` or `false`
        "{ inputs.a.url.b = \"c\"; }"
          flake.nix:1:3: `url` of an input has no attributes
        "{ inputs.a.url = "
          flake.nix:1:18: expected one of identifier, number, string, set, list, path, found 'end of file'
        "x: { }"
          flake.nix:1:1: a flake must be a set of attributes, `{ … }`
        ""
          flake.nix:1:1: expected one of identifier, number, string, set, list, path, found 'end of file'
        "#);
    }
}
