//! What an xtask that carries windlass costs to compile and to start.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context;
use windlass::Command;

use super::fixture;
use super::lab::{Lab, median};
use super::table::{Figure, Goal, Unit};

const ROUNDS: usize = 25;

pub(super) fn measure(lab: &Lab<'_>) -> anyhow::Result<Vec<Figure>> {
    let windlass = lab.windlass()?;
    lab.write(&fixture::hello("adopted"))?;
    lab.write(&fixture::hello("hello"))?;
    let (adopted, hello) = (lab.dir.join("adopted"), lab.dir.join("hello"));
    // The versions that this workspace has been tested with.
    let lock = lab.host.read_text(&lab.root.join("Cargo.lock"))?.context("this workspace has a lockfile")?;
    lab.host.write_text(&adopted.join("Cargo.lock"), &lock)?;
    let source = format!("path:{}", lab.root.join("crates/windlass").display());
    lab.run(&Command { program: windlass, ..lab.cargo(&adopted, &["init", "--source", &source]) })?;

    Ok(vec![
        Figure {
            name: "third-party crates in an xtask".to_owned(),
            unit: Unit::Count,
            ours: third_party(lab, &adopted)?,
            theirs: None,
            goal: Some(Goal::AtMost(60.0)),
            how: "`cargo tree`, Linux, normal and build edges, after `windlass init`".to_owned(),
        },
        Figure {
            name: "CPU of compiling it".to_owned(),
            unit: Unit::S,
            ours: compile_cpu_s(lab, &adopted)?,
            theirs: None,
            goal: Some(Goal::AtMost(50.0)),
            how: "user and system time of `cargo build`, one run, no target directory, sources downloaded".to_owned(),
        },
        help(lab, &adopted, &hello)?,
        Figure {
            name: "CPU of compiling windlass-testkit into tests".to_owned(),
            unit: Unit::S,
            ours: testkit_cpu_s(lab)?,
            theirs: None,
            goal: None,
            how: "user and system time of `cargo build`, one run, no target directory, sources downloaded".to_owned(),
        },
    ])
}

fn third_party(lab: &Lab<'_>, dir: &Path) -> anyhow::Result<f64> {
    const TREE: [&str; 12] = [
        "tree",
        "--package",
        "xtask",
        "--edges",
        "normal,build",
        "--target",
        "x86_64-unknown-linux-gnu",
        "--prefix",
        "none",
        "--format",
        "{p}",
        "--offline",
    ];
    let tree = lab.run(&lab.cargo(dir, &TREE))?.stdout;
    // `name v1.2.3`, with ` (/path)` behind it for a path dependency, ` (proc-macro)` and ` (*)` for what was shown before.
    let is_ours = |line: &&str| line.contains(" (/");
    let crates: BTreeSet<Vec<&str>> =
        tree.lines().filter(|line| !is_ours(line)).map(|line| line.split(' ').take(2).collect()).collect();
    Ok(u32::try_from(crates.len())?.into())
}

fn compile_cpu_s(lab: &Lab<'_>, dir: &Path) -> anyhow::Result<f64> {
    lab.host.remove_tree(&dir.join("target"))?;
    lab.say("compiling an xtask");
    cpu_s(lab, &lab.cargo(dir, &["build", "--package", "xtask", "--profile", "xtask", "--offline"]))
}

fn testkit_cpu_s(lab: &Lab<'_>) -> anyhow::Result<f64> {
    let target = lab.dir.join("testkit").display().to_string();
    lab.say("compiling the testkit");
    let build = lab.cargo(&lab.root, &["build", "--package", "windlass-testkit", "--offline", "--locked"]);
    cpu_s(lab, &build.env("CARGO_TARGET_DIR", target))
}

/// A shell sums up the time of all that it waited for: minutes and seconds of user and system time on its second line.
fn cpu_s(lab: &Lab<'_>, build: &Command) -> anyhow::Result<f64> {
    let script = format!("{} >&2 || exit; times", build.shell());
    let times = lab.run(&Command::new("sh", &build.cwd).args(["-c", &script]))?.stdout;
    seconds(&times).with_context(|| format!("`times` of the shell said {times:?}"))
}

/// The seconds of the second line of `times`, such as `0m31.250s 0m4.020s`.
fn seconds(times: &str) -> Option<f64> {
    let seconds = |time: &str| {
        let (minutes, seconds) = time.strip_suffix('s')?.split_once('m')?;
        Some(minutes.parse::<f64>().ok()? * 60.0 + seconds.parse::<f64>().ok()?)
    };
    times.lines().nth(1)?.split_whitespace().map(seconds).sum()
}

fn help(lab: &Lab<'_>, adopted: &Path, hello: &Path) -> anyhow::Result<Figure> {
    let help = lab.cargo(adopted, &["xtask", "--help"]);
    let run = lab.cargo(hello, &["run"]);
    lab.run(&help)?;
    lab.run(&run)?;
    let (mut help_ms, mut run_ms) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        help_ms.push(lab.run(&help)?.wall_ms);
        run_ms.push(lab.run(&run)?.wall_ms);
    }
    Ok(Figure {
        name: "`cargo xtask --help`, warm, against `cargo run` of a hello program".to_owned(),
        unit: Unit::Ms,
        ours: median(help_ms),
        theirs: Some(median(run_ms)),
        goal: Some(Goal::Over(100.0)),
        how: format!("median of {ROUNDS}, interleaved"),
    })
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn the_second_line_of_times_is_that_of_the_children() {
        let cases = [
            ("0m0.000s 0m0.001s\n1m31.250s 0m4.500s\n", Some(95.75)),
            ("0m0.000s 0m0.000s\n", None),
            ("a\nb c\n", None),
        ];
        for (times, expected) in cases {
            assert_eq!(seconds(times), expected, "{times}");
        }
    }
}
