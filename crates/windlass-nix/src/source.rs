//! A file of Nix: whether it parses, whether it is as nixfmt would write it, and what is dead in it.

use rnix::Root;

use crate::Finding;
use crate::dead::dead_code;

/// Looks at the text of a file, which findings call `file`. Of what does not parse only that is said.
pub fn check_source(file: &str, text: &str) -> Vec<Finding> {
    let (root, formatted) = match read(file, text) {
        Ok(read) => read,
        Err(finding) => return vec![finding],
    };
    let mut findings = dead_code(file, text, &root);
    findings.extend(difference(file, text, &formatted));
    findings.sort();
    findings
}

/// The text of a file as nixfmt writes it.
///
/// # Errors
///
/// When it does not parse.
pub fn format_source(file: &str, text: &str) -> Result<String, Finding> {
    read(file, text).map(|(_, formatted)| formatted)
}

/// What a file says, and its text as nixfmt writes it; else where it does not parse. nixfmt's parser is asked first: it tells
/// better what is wrong.
pub(crate) fn read(file: &str, text: &str) -> Result<(Root, String), Finding> {
    let formatted =
        nixfmt_rs::format(text).map_err(|error| Finding::at(file, text, error.byte_range().start, sentence(&error)))?;
    let parsed = Root::parse(text);
    match parsed.errors().first() {
        Some(error) => Err(refused(file, text, error)),
        None => Ok((parsed.tree(), formatted)),
    }
}

fn sentence(error: &nixfmt_rs::ParseError) -> String {
    let message = error.message();
    // Its help for one that was expected says the same again.
    match error.help().filter(|_| !message.starts_with("expected")) {
        Some(help) => format!("{message}; {help}"),
        None => message,
    }
}

/// What nixfmt's own parser let through.
fn refused(file: &str, text: &str, error: &rnix::ParseError) -> Finding {
    use rnix::ParseError::*;
    match error {
        Unexpected(range)
        | UnexpectedExtra(range)
        | UnexpectedWanted(_, range, _)
        | UnexpectedDoubleBind(range)
        | DuplicatedArgs(range, _) => {
            let start = range.start().into();
            let found = text[start..].split_whitespace().next().unwrap_or_default();
            Finding::at(file, text, start, format!("`{found}` cannot stand here"))
        }
        error => Finding::of(file, error.to_string()),
    }
}

/// The first line that is not as in the formatted text.
fn difference(file: &str, text: &str, formatted: &str) -> Option<Finding> {
    let mut lines = (1..).zip(text.split_inclusive('\n'));
    let mut formatted = formatted.split_inclusive('\n');
    let (line, have, want) = loop {
        match (lines.next(), formatted.next()) {
            (None, None) => return None,
            (Some((_, have)), Some(want)) if have == want => {}
            (Some((line, have)), want) => break (line, have, want),
            // nixfmt adds lines only before others.
            (None, Some(want)) => break (text.lines().count(), "", Some(want)),
        }
    };
    let message = match want.map(|want| want.trim_end()) {
        None => "the file end before this line".to_owned(),
        Some("") if !have.trim_end().is_empty() => "an empty line before this one".to_owned(),
        Some(want) if want == have.trim_end() => "no blanks, but a line break at the end of this line".to_owned(),
        Some(want) => format!("`{want}` here"),
    };
    Some(Finding { line: Some(line), ..Finding::of(file, format!("not formatted: nixfmt would have {message}")) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> String {
        let findings = check_source("x.nix", text);
        findings.iter().map(Finding::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_sound_file_has_no_finding() {
        assert_eq!(found("{ pkgs, ... }:\npkgs.mkShell {\n  packages = [ pkgs.git ];\n}\n"), "");
        assert_eq!(found("# Only a comment.\n{ }\n"), "");
    }

    #[test]
    fn what_does_not_parse_is_said_where_it_is() {
        let cases = [
            "{\n  a = 1\n  b = 2;\n}\n",
            "{\n  a = [ 1;\n}\n",
            "let\n  a = 1;\n",
            "{ a, a }: a\n",
            "a@{ b }@c: b\n",
            "\"a\n",
            "{ a = 1; } }\n",
            "{\n  a = /b//c;\n}\n",
            "",
        ];
        let found = cases.map(|text| format!("{text:?}\n  {}\n", found(text))).concat();
        insta::assert_snapshot!(found, @r#"
        "{\n  a = 1\n  b = 2;\n}\n"
          x.nix:2:7: expected ';', found '='
        "{\n  a = [ 1;\n}\n"
          x.nix:2:10: expected one of identifier, number, string, set, list, path, found ';'
        "let\n  a = 1;\n"
          x.nix:3:1: expected 'in', found 'end of file'
        "{ a, a }: a\n"
          x.nix:1:6: duplicate formal function argument 'a'
        "a@{ b }@c: b\n"
          x.nix:1:8: expected ':', found '@'
        "\"a\n"
          x.nix:2:1: unclosed string literal (missing closing '"'); add closing '"'
        "{ a = 1; } }\n"
          x.nix:1:12: expected end of file, found '}'
        "{\n  a = /b//c;\n}\n"
          x.nix:2:7: `/b//c;` cannot stand here
        ""
          x.nix:1:1: expected one of identifier, number, string, set, list, path, found 'end of file'
        "#);
    }

    #[test]
    fn the_first_line_that_is_not_formatted_is_named() {
        let cases = [
            "{\n  a = 1;\n    b = 2;\n}\n",
            "{a=1;}\n",
            "{ }",
            "{ }\n\n\n",
            "{\n  a = 1;\n  \n  b = 2;\n}\n",
            "{\n  a = 1; \n}\n",
            "{\n  a = 1;\n\n\n  b = 2;\n}\n",
            "{\n  a =\n    1;\n  b = 2;\n}\n",
            "{ pkgs }:\nlet\n  a = 1;\nin\n{\n  inherit a; b = ''\n    x\n  '';\n}\n",
            "{ }\r\n",
        ];
        let found = cases.map(|text| format!("{text:?}\n  {}\n", found(text))).concat();
        insta::assert_snapshot!(found, @r#"
        "{\n  a = 1;\n    b = 2;\n}\n"
          x.nix:3: not formatted: nixfmt would have `  b = 2;` here
        "{a=1;}\n"
          x.nix:1: not formatted: nixfmt would have `{ a = 1; }` here
        "{ }"
          x.nix:1: not formatted: nixfmt would have no blanks, but a line break at the end of this line
        "{ }\n\n\n"
          x.nix:2: not formatted: nixfmt would have the file end before this line
        "{\n  a = 1;\n  \n  b = 2;\n}\n"
          x.nix:3: not formatted: nixfmt would have no blanks, but a line break at the end of this line
        "{\n  a = 1; \n}\n"
          x.nix:2: not formatted: nixfmt would have no blanks, but a line break at the end of this line
        "{\n  a = 1;\n\n\n  b = 2;\n}\n"
          x.nix:4: not formatted: nixfmt would have `  b = 2;` here
        "{\n  a =\n    1;\n  b = 2;\n}\n"
          x.nix:2: not formatted: nixfmt would have `  a = 1;` here
        "{ pkgs }:\nlet\n  a = 1;\nin\n{\n  inherit a; b = ''\n    x\n  '';\n}\n"
          x.nix:1:3: the argument `pkgs` is never used; where callers give it, `...` takes it
        x.nix:6: not formatted: nixfmt would have `  inherit a;` here
        "{ }\r\n"
          x.nix:1: not formatted: nixfmt would have no blanks, but a line break at the end of this line
        "#);
    }

    #[test]
    fn findings_stand_in_the_order_of_the_lines() {
        let text = "{ lib, pkgs, ... }@args:\nlet\n  a = 1;\n b = 2;\nin\nx: pkgs.hello b\n";
        insta::assert_snapshot!(found(text), @"
        x.nix:1:3: the argument `lib` is never used; where callers give it, `...` takes it
        x.nix:1:20: `@args` is bound and never used
        x.nix:3:3: `a` is bound and never used
        x.nix:4: not formatted: nixfmt would have `  b = 2;` here
        x.nix:6:1: the argument `x` is never used; `_x` says that it need not be
        ");
    }

    #[test]
    fn a_file_is_formatted_or_does_not_parse() {
        assert_eq!(format_source("x.nix", "{a=1;}").unwrap(), "{ a = 1; }\n");
        let error = format_source("x.nix", "{\n  a = ").unwrap_err();
        insta::assert_snapshot!(error, @"x.nix:2:7: expected one of identifier, number, string, set, list, path, found 'end of file'");
    }
}
