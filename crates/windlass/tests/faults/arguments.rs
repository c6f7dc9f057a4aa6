//! Bad arguments, task by task.

use crate::fixture::Fixture;
use crate::live::run;
use crate::shop::with_steps;

#[test]
fn every_task_has_help_and_refuses_what_it_does_not_know() {
    let it = Fixture::app();
    for task in ["ci", "test", "setup", "doctor", "report", "init"] {
        let help = run(&mut it.command(&[task, "--help"]));
        assert_eq!((help.code, &*help.stderr), (Some(0), ""), "{task}");
        assert!(help.stdout.contains(&format!("Usage: windlass {task}")), "{}", help.stdout);
        for bad in [["--no-such-flag"].as_slice(), &["one", "two"], &["--manifest-path"]] {
            let ended = run(it.command(&[task]).args(bad));
            assert_eq!((ended.code, &*ended.stdout), (Some(2), ""), "{task} {bad:?}");
            assert!(ended.stderr.starts_with("error: "), "{task} {bad:?}\n{}", ended.stderr);
        }
    }
    assert!(!it.path("target").exists());
}

#[test]
fn arguments_that_mean_nothing_here_are_named_with_what_would_be_right() {
    let it = with_steps(&[("e2e", "true")]);
    let cases: &[(&[&str], &str)] = &[
        (&[], "Usage: windlass"),
        (&["build"], "unrecognized subcommand 'build'"),
        (&["ci", "--stage", "tets"], "`--stage tets`: there is no such stage; did you mean `test`?"),
        (&["ci", "--stage", "zzz"], "there are fmt, lock, nix, clippy, build, test, doctest, doc, e2e"),
        (&["ci", "--skip", "e3e"], "`--skip e3e`: there is no such stage; did you mean `e2e`?"),
        (&["ci", "--skip", "build"], "`build` cannot be skipped by --skip: `test` needs it; skip both or none"),
        (&["ci", "--stage", "fmt", "--skip", "fmt"], "`fmt` is asked for by `--stage` and skipped by --skip"),
        (&["ci", "--ci", "jenkins"], "[possible values: github, gitlab, plain, none]"),
        (&["report", "20200101T000000Z-1"], "no run `20200101T000000Z-1` is kept"),
        (&["report"], "no run `latest` is kept"),
        (&["init", "--source", "nowhere"], "invalid value 'nowhere' for '--source <SOURCE>'"),
        (&["init", "--check", "--remove"], "cannot be used with"),
    ];
    for (args, expected) in cases {
        let ended = run(&mut it.command(args));
        assert_eq!(ended.code, Some(2), "{args:?}\n{}{}", ended.stdout, ended.stderr);
        assert!(ended.stderr.contains(expected), "{args:?}\n{}", ended.stderr);
    }
}

#[test]
fn a_dry_run_and_a_kept_run_drawn_again_are_no_answers_about_the_code() {
    let it = with_steps(&[("bad", "exit 1")]);
    assert_eq!(run(&mut it.command(&["ci", "--stage", "bad", "--dry-run"])).code, Some(0));
    assert_eq!(run(&mut it.command(&["ci", "--stage", "bad", "--explain"])).code, Some(0));
    assert!(!it.path("target").exists());
    assert_eq!(run(&mut it.command(&["ci", "--stage", "bad"])).code, Some(1));
    assert_eq!(run(&mut it.command(&["report"])).code, Some(0));
}
