//! `env`: the addresses of the servers of development, for a shell or a file.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;

use crate::development::Development;
use crate::{Context, Exit};

/// What `env` takes.
#[derive(Clone, Debug, Args)]
pub struct EnvArgs {
    /// Print what a POSIX shell evaluates: `eval "$(cargo xtask env --shell)"`, also in direnv's `.envrc`
    #[arg(long)]
    shell: bool,
    /// Print lines of a `.env` file (default)
    #[arg(long, conflicts_with = "shell")]
    dotenv: bool,
    /// The Cargo.toml of the workspace, or of a package in it
    #[arg(long, value_name = "PATH")]
    manifest_path: Option<PathBuf>,
}

pub(super) fn run(cx: &Context, args: &EnvArgs) -> anyhow::Result<Exit> {
    let it = Development::of(cx, args.manifest_path.as_ref())?;
    let kept = it.kept(cx)?;
    let mut env: BTreeMap<String, String> = BTreeMap::new();
    for service in &it.services {
        let Some(server) = it.server(kept.as_ref(), &service.name) else {
            cx.host.print_error(&format!("error: `{}` is not up: `{} up` starts it\n", service.name, cx.program));
            return Ok(Exit::FAILED);
        };
        env.extend(service.env(&server.values));
    }
    let line = |(name, value): (&String, &String)| match args.shell {
        true => format!("export {name}={}\n", windlass_plan::quote(value)),
        false => format!("{name}={}\n", dotenv(value)),
    };
    cx.host.print(&env.iter().map(line).collect::<String>());
    Ok(Exit::PASSED)
}

/// A value as readers of `.env` files take it: bare where all agree on it, else in double quotes.
fn dotenv(value: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,?&~*".contains(c);
    if value.chars().all(bare) {
        return value.to_owned();
    }
    let escaped = value.chars().map(|c| match c {
        '\n' => "\\n".to_owned(),
        '"' | '\\' | '$' | '`' => format!("\\{c}"),
        c => c.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::dotenv;

    #[test]
    fn a_value_is_quoted_where_readers_would_not_agree() {
        let cases = [
            ("postgres://u:p@127.0.0.1:5432/db?sslmode=disable", "postgres://u:p@127.0.0.1:5432/db?sslmode=disable"),
            ("", ""),
            ("a b", "\"a b\""),
            ("a#b", "\"a#b\""),
            ("say \"$HOME\"\\\n", "\"say \\\"\\$HOME\\\"\\\\\\n\""),
        ];
        for (value, expected) in cases {
            assert_eq!(dotenv(value), expected);
        }
    }
}
