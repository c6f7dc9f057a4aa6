//! A plan before it is run: what `--dry-run` and `--explain` print.

use std::collections::BTreeMap;

use serde_json::json;
use windlass_plan::{Plan, Step};

/// A plan, and what is to be said about it.
#[derive(Clone, Debug)]
pub struct Shown<'a> {
    /// The task.
    pub task: &'a str,
    /// The absolute root of the workspace.
    pub root: &'a str,
    /// The plan.
    pub plan: &'a Plan,
    /// Stages that are not part of it, each with the reason.
    pub not_planned: &'a [(String, String)],
    /// What a reader should know besides.
    pub notes: &'a [String],
    /// Files that are written for the tools, each with its text of whole lines, by path.
    pub files: &'a BTreeMap<String, String>,
    /// The tools, each with its version.
    pub tools: &'a BTreeMap<String, String>,
    /// The CI that it acts for, and how that is known.
    pub ci: &'a str,
}

/// One line a step, in order; then what is left out and why.
pub fn text(shown: &Shown<'_>) -> String {
    let mut out = head(shown);
    let width = shown.plan.names().map(str::len).max().unwrap_or_default();
    for step in shown.plan.steps() {
        let needs = match step.needs.as_slice() {
            [] => String::new(),
            needs => format!("  # after {}", needs.join(", ")),
        };
        out.push_str(&format!("  {:width$}  {}{needs}\n", step.name, step.shell_here()));
    }
    out + &tail(shown)
}

/// Every command with its environment as a script that a POSIX shell runs; then what is left out and why, as comments.
pub fn explain(shown: &Shown<'_>) -> String {
    let comment = |text: &str| text.lines().map(|line| format!("# {line}\n")).collect::<String>();
    let mut out = comment(&head(shown));
    for (path, text) in shown.files {
        let dir = path.rsplit_once('/').map_or("/", |(dir, _)| dir);
        let (dir, file) = (windlass_plan::quote(dir), windlass_plan::quote(path));
        out.push_str(&format!("\nmkdir -p {dir}\ncat > {file} <<'END OF FILE'\n{text}END OF FILE\n"));
    }
    for step in shown.plan.steps() {
        // Who pastes a service waits for it for ever.
        let line = if step.is_service() { format!("# {}", step.shell()) } else { step.shell() };
        out.push_str(&format!("\n# {}\n{line}\n", about(step)));
    }
    match comment(&tail(shown)) {
        tail if tail.is_empty() => out,
        tail => format!("{out}\n{tail}"),
    }
}

/// The same as JSON.
pub fn json(shown: &Shown<'_>) -> String {
    let skipped = shown.not_planned.iter().map(|(name, reason)| json!({ "name": name, "reason": reason }));
    let value = json!({
        "task": shown.task,
        "root": shown.root,
        "ci": shown.ci,
        "tools": shown.tools,
        "steps": shown.plan,
        "skipped": skipped.collect::<Vec<_>>(),
        "notes": shown.notes,
        "files": shown.files,
    });
    format!("{value}\n")
}

fn head(shown: &Shown<'_>) -> String {
    let tools = shown.tools.iter().map(|(name, version)| format!("{name} {version}")).collect::<Vec<_>>();
    let tools = if tools.is_empty() { String::new() } else { format!(" with {}", tools.join(", ")) };
    format!("{} in {}{tools}, ci: {}\n", shown.task, shown.root, shown.ci)
}

fn tail(shown: &Shown<'_>) -> String {
    let skipped = shown.not_planned.iter().map(|(name, reason)| format!("  {name} is not run: {reason}\n"));
    let notes = shown.notes.iter().map(|note| format!("  note: {note}\n"));
    skipped.chain(notes).collect()
}

fn about(step: &Step) -> String {
    let mut about = vec![format!("{}: at most {} s", step.name, step.timeout_s)];
    if !step.needs.is_empty() {
        about.push(format!("after {}", step.needs.join(", ")));
    }
    if !step.uses.is_empty() {
        about.push(format!("alone with {}", step.uses.join(", ")));
    }
    if step.is_service() {
        about.push("runs while it is needed".to_owned());
    }
    about.extend(step.given.iter().map(|(name, text)| format!("{name}={text}")));
    about.join("; ")
}

#[cfg(test)]
mod tests {
    use windlass_plan::Command;

    use super::*;

    fn check(draw: impl Fn(&Shown<'_>) -> String) -> String {
        let cargo = |args: &[&str]| Command::new("cargo", "/my ws").args(args.iter().copied());
        let plan = Plan::new([
            Step::new("lock", cargo(&["update", "--workspace", "--locked"])),
            Step::new("clippy", cargo(&["clippy"]).env("CARGO_BUILD_WARNINGS", "deny")).needs(["lock"]).uses(["cargo"]),
        ]);
        let files = [("/my ws/target/windlass/nextest.toml".to_owned(), "[store]\ndir = \"x\"\n".to_owned())];
        draw(&Shown {
            task: "ci",
            root: "/my ws",
            plan: &plan.unwrap(),
            not_planned: &[("doctest".into(), "no package has a library with doctests".into())],
            notes: &["no `.config/nextest.toml`: nextest's defaults hold".into()],
            files: &files.into(),
            tools: &[("cargo".to_owned(), "1.97.0".to_owned())].into(),
            ci: "none",
        })
    }

    #[test]
    fn a_dry_run_says_what_is_run_and_what_is_not() {
        insta::assert_snapshot!(check(text), @r"
        ci in /my ws with cargo 1.97.0, ci: none
          lock    cargo update --workspace --locked
          clippy  CARGO_BUILD_WARNINGS=deny cargo clippy  # after lock
          doctest is not run: no package has a library with doctests
          note: no `.config/nextest.toml`: nextest's defaults hold
        ");
    }

    #[test]
    fn an_explanation_is_a_script() {
        insta::assert_snapshot!(check(explain), @r#"
        # ci in /my ws with cargo 1.97.0, ci: none

        mkdir -p '/my ws/target/windlass'
        cat > '/my ws/target/windlass/nextest.toml' <<'END OF FILE'
        [store]
        dir = "x"
        END OF FILE

        # lock: at most 3600 s
        cd '/my ws' && cargo update --workspace --locked

        # clippy: at most 3600 s; after lock; alone with cargo
        cd '/my ws' && CARGO_BUILD_WARNINGS=deny cargo clippy

        #   doctest is not run: no package has a library with doctests
        #   note: no `.config/nextest.toml`: nextest's defaults hold
        "#);
    }

    #[test]
    fn the_json_of_a_plan_can_be_read_back() {
        let value: serde_json::Value = serde_json::from_str(&check(json)).unwrap();
        assert_eq!(value["steps"][1]["command"]["env"]["CARGO_BUILD_WARNINGS"], "deny");
        assert_eq!(value["skipped"][0]["name"], "doctest");
        let plan: Plan = serde_json::from_value(value["steps"].clone()).unwrap();
        assert_eq!(plan.names().collect::<Vec<_>>(), ["lock", "clippy"]);
    }
}
