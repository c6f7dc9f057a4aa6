//! The engine with real, tiny programs.
#![allow(clippy::disallowed_methods)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use windlass_host::{Beat, End, Host, Options};
use windlass_plan::{Command, Plan, Step};
use windlass_record::{Event, Log, Outcome};

/// The engine stops every descendant of its process at the end of a run, so runs in one process must not overlap.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

struct Fixture {
    dir: tempfile::TempDir,
    host: Host,
    _guard: MutexGuard<'static, ()>,
}

/// What a run said, by step.
#[derive(Debug, Default)]
struct Said {
    order: Vec<String>,
    outcomes: BTreeMap<String, Outcome>,
    logs: BTreeMap<String, Log>,
    text: BTreeMap<String, String>,
    end: End,
}

impl Fixture {
    fn new() -> Self {
        let guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        Self { dir: tempfile::tempdir().unwrap(), host: Host::new(), _guard: guard }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(name)
    }

    fn sh(&self, name: &str, script: &str) -> Step {
        Step::new(name, Command::new("sh", self.dir.path().to_str().unwrap()).args(["-c", script]))
    }

    fn run(&self, steps: impl IntoIterator<Item = Step>) -> Said {
        self.run_with(steps, |_| {})
    }

    fn run_with(&self, steps: impl IntoIterator<Item = Step>, change: impl Fn(&mut Options)) -> Said {
        let mut options = Options::new(&self.path("run"));
        change(&mut options);
        let mut said = Said::default();
        said.end = self.host.run(&Plan::new(steps).unwrap(), &options, &mut |beat| {
            let Beat::Event(event) = beat else { return };
            match event.clone() {
                Event::Started { step, .. } => said.order.push(step),
                Event::Ready { step, .. } => said.order.push(format!("{step} is ready")),
                Event::Output { step, text, .. } => said.text.entry(step).or_default().push_str(&text),
                Event::Finished { step, outcome, log, .. } => {
                    assert!(said.outcomes.insert(step.clone(), outcome).is_none(), "`{step}` finished twice");
                    said.logs.extend(log.map(|log| (step, log)));
                }
            }
        });
        said
    }

    fn log(&self, said: &Said, step: &str) -> Vec<u8> {
        std::fs::read(self.path("run").join(&said.logs[step].file)).unwrap()
    }
}

fn skipped(reason: &str) -> Outcome {
    Outcome::Skipped { reason: reason.into() }
}

/// Whether a process runs, on a system that tells, whose command line contains `mark`.
fn runs(mark: &str) -> bool {
    std::fs::read_dir("/proc").into_iter().flatten().flatten().any(|entry| {
        std::fs::read(entry.path().join("cmdline")).is_ok_and(|line| String::from_utf8_lossy(&line).contains(mark))
    })
}

#[test]
fn a_failed_step_skips_its_dependents_and_no_others() {
    let it = Fixture::new();
    let said = it.run([
        it.sh("a", "exit 7"),
        it.sh("b", "true").needs(["a"]),
        it.sh("c", "true").needs(["b"]),
        it.sh("d", "echo still here"),
    ]);
    assert_eq!(said.outcomes["a"], Outcome::Failed { code: 7 });
    assert_eq!(said.outcomes["b"], skipped("needs `a`, which did not pass"));
    assert_eq!(said.outcomes["c"], skipped("needs `b`, which was skipped"));
    assert_eq!(said.outcomes["d"], Outcome::Passed);
    assert_eq!(said.end, End::default());
}

#[test]
fn failing_fast_stops_what_runs_and_starts_nothing_more() {
    let it = Fixture::new();
    let began = Instant::now();
    let steps = [it.sh("slow", "sleep 60"), it.sh("bad", "sleep 0.2; exit 1"), it.sh("later", "true").needs(["bad"])];
    let said = it.run_with(steps, |options| options.keep_going = false);
    let reason = "`bad` did not pass, and the run stops at the first that does not";
    assert_eq!(said.outcomes["slow"], skipped(reason));
    assert_eq!(said.outcomes["later"], skipped(reason));
    assert!(began.elapsed() < Duration::from_secs(30));
}

#[test]
fn steps_that_use_one_resource_never_overlap_and_others_do() {
    let it = Fixture::new();
    // Each holder would fail if it met another one's directory.
    let hold = "mkdir held && sleep 0.1 && rmdir held";
    // These two wait for each other, so they pass only side by side.
    let steps = [
        it.sh("h1", hold).uses(["target"]),
        it.sh("h2", hold).uses(["target"]),
        it.sh("h3", hold).uses(["target"]),
        it.sh("left", "touch l; for i in $(seq 1200); do [ -e r ] && exit 0; sleep 0.05; done; exit 1"),
        it.sh("right", "touch r; for i in $(seq 1200); do [ -e l ] && exit 0; sleep 0.05; done; exit 1"),
    ];
    let said = it.run(steps);
    assert!(said.outcomes.values().all(|outcome| *outcome == Outcome::Passed), "{:?}", said.outcomes);
    let holders: Vec<_> = said.order.iter().filter(|name| name.starts_with('h')).collect();
    assert_eq!(holders, ["h1", "h2", "h3"]);
}

#[test]
fn the_plan_decides_who_gets_a_resource_first() {
    let it = Fixture::new();
    let steps = [
        it.sh("lock", "sleep 0.2"),
        it.sh("clippy", "true").needs(["lock"]).uses(["cargo"]),
        it.sh("own", "true").uses(["cargo"]),
        it.sh("free", "true"),
    ];
    assert_eq!(it.run(steps).order, ["lock", "free", "clippy", "own"]);
}

#[test]
#[cfg(target_os = "linux")]
fn a_step_that_hangs_is_stopped_with_all_it_started() {
    let it = Fixture::new();
    // A child that ignores being asked, in the same group, and one in a session of its own.
    let script = "trap '' TERM; (trap '' TERM; sleep 4471.25) & setsid sleep 4471.5 & wait; sleep 4471.75";
    let said = it.run([it.sh("hang", script).timeout_s(1)]);
    assert_eq!(said.outcomes["hang"], Outcome::TimedOut { after_s: 1 });
    assert!(!runs("4471."));
}

#[test]
#[cfg(target_os = "linux")]
fn what_a_step_leaves_running_is_stopped_and_named() {
    let it = Fixture::new();
    let said = it.run([it.sh("leave", "setsid sh -c 'sleep 4472.5 & sleep 4472.25' >/dev/null 2>&1 & sleep 0.3")]);
    assert_eq!(said.outcomes["leave"], Outcome::Passed);
    assert!(!runs("4472."));
    assert!(said.end.strays.iter().any(|stray| stray.starts_with("`sleep` (")), "{:?}", said.end.strays);
}

#[test]
fn what_was_started_before_the_plan_is_left_alone() {
    let it = Fixture::new();
    let mut own = std::process::Command::new("sleep").arg("4475").spawn().unwrap();
    let said = it.run([it.sh("quick", "true")]);
    assert_eq!(said.end, End::default());
    assert_eq!(own.try_wait().unwrap(), None);
    own.kill().unwrap();
    own.wait().unwrap();
}

#[test]
#[cfg(target_os = "linux")]
fn a_stray_process_that_holds_the_output_open_holds_nothing_up() {
    let it = Fixture::new();
    let began = Instant::now();
    let said = it.run([it.sh("leave", "setsid sleep 4473 & echo done")]);
    assert_eq!(said.outcomes["leave"], Outcome::Passed);
    assert_eq!(it.log(&said, "leave"), b"done\n");
    assert!(began.elapsed() < Duration::from_secs(60));
    assert!(!runs("4473"));
}

#[test]
fn what_cannot_be_started_is_an_error_that_names_it() {
    let it = Fixture::new();
    let dir = it.dir.path().to_str().unwrap().to_owned();
    let said = it.run([
        Step::new("tool", Command::new("no-such-tool", &*dir)),
        Step::new("dir", Command::new("true", format!("{dir}/gone"))),
        Step::new("file", Command::new("./text", &*dir)),
    ]);
    let reason = |step: &str| said.outcomes[step].to_string();
    assert_eq!(reason("tool"), "error: cannot start `no-such-tool`: no such program on `PATH`");
    assert_eq!(reason("dir"), format!("error: cannot start `true`: its directory `{dir}/gone` does not exist"));
    assert_eq!(reason("file"), "error: cannot start `./text`: no such program on `PATH`");
}

#[test]
fn a_step_that_a_signal_ends_says_which() {
    let it = Fixture::new();
    let said = it.run([it.sh("crash", "kill -SEGV $$")]);
    assert_eq!(said.outcomes["crash"], Outcome::Killed { signal: 11 });
}

#[test]
fn bytes_that_are_no_text_are_kept_in_the_log_and_replaced_in_events() {
    let it = Fixture::new();
    let said = it.run([it.sh("bytes", r"printf 'a\377b\n\000\n'")]);
    assert_eq!(it.log(&said, "bytes"), b"a\xffb\n\0\n");
    assert_eq!(said.text["bytes"], "a\u{fffd}b\n\0\n");
}

#[test]
fn three_hundred_megabytes_are_cut_in_the_middle() {
    let it = Fixture::new();
    let said = it.run([it.sh("flood", "echo first; head -c 300000000 /dev/zero | tr '\\0' x; echo; echo last")]);
    assert_eq!(said.outcomes["flood"], Outcome::Passed);
    let log = &said.logs["flood"];
    assert_eq!(log.written_bytes, 300_000_000 + 12);
    assert_eq!(log.omitted_bytes, log.written_bytes - windlass_host::LOG_LIMIT_BYTES);
    let bytes = it.log(&said, "flood");
    assert!(bytes.starts_with(b"first\nxxx") && bytes.ends_with(b"xxx\nlast\n"));
    let marker = format!("\n[windlass: {} bytes left out here", log.omitted_bytes);
    let middle = usize::try_from(windlass_host::LOG_LIMIT_BYTES / 2).unwrap();
    assert!(bytes[middle..].starts_with(marker.as_bytes()));
}

#[test]
fn standard_output_and_error_come_in_the_order_they_were_written() {
    let it = Fixture::new();
    let said = it.run([it.sh("both", "for i in 1 2 3; do echo out $i; echo err $i >&2; done")]);
    assert_eq!(said.text["both"], "out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n");
}

#[test]
fn a_service_runs_for_as_long_as_something_needs_it() {
    let it = Fixture::new();
    let server =
        "trap 'echo bye; rm up; exit 0' TERM; sleep 0.2; touch up; echo 'ready to serve'; while :; do sleep 0.05; done";
    let said = it.run([
        it.sh("server", server).service("ready to serve"),
        it.sh("first", "[ ! -e up ]"),
        it.sh("user", "[ -e up ] && sleep 0.3 && [ -e up ]").needs(["server", "first"]),
        it.sh("second", "[ -e up ]").needs(["server", "user"]),
        it.sh("last", "for i in $(seq 1200); do [ -e up ] || exit 0; sleep 0.05; done; exit 1").needs(["second"]),
    ]);
    assert!(said.outcomes.values().all(|outcome| *outcome == Outcome::Passed), "{:?}", said.outcomes);
    // Not before somebody is about to need it.
    assert_eq!(said.order[0], "first");
    assert!(said.text["server"].ends_with("bye\n"));
}

#[test]
fn what_a_service_gives_is_filled_in_when_a_step_starts() {
    let it = Fixture::new();
    let server =
        "echo '{ \"db.url\": \"postgres://u:secret@h/x\" }' > given.json; echo ready: $PWD/given.json; exec sleep 60";
    let with = ["windlass", "with", "--"];
    let given = |text: &str| [("URL".to_owned(), text.to_owned())].into();
    let said = it.run([
        it.sh("server", server).service("ready: "),
        it.sh("a", "test $URL = 'postgres://u:secret@h/x?a=1'").needs(["server"]).given(given("{db.url}?a=1"), with),
        it.sh("b", "true").needs(["server"]).given(given("{db.uri}"), with),
    ]);
    assert_eq!(said.outcomes["server"], Outcome::Passed);
    assert_eq!(said.outcomes["a"], Outcome::Passed);
    assert_eq!(said.outcomes["b"].to_string(), "error: no service gives `{db.uri}`");
    assert!(!said.text.values().any(|text| text.contains("secret")));
}

#[test]
fn a_service_whose_users_are_not_run_is_not_started() {
    let it = Fixture::new();
    let said = it.run([
        it.sh("server", "echo ready; sleep 60").service("ready"),
        it.sh("bad", "exit 1"),
        it.sh("user", "true").needs(["server", "bad"]),
    ]);
    assert_eq!(said.outcomes["server"], skipped("no step that needs it is run"));
    assert_eq!(said.outcomes["user"], skipped("needs `bad`, which did not pass"));
}

#[test]
fn a_service_may_hold_what_its_users_need() {
    let it = Fixture::new();
    let said = it.run([
        it.sh("server", "echo ready; exec sleep 60").service("ready").uses(["port"]),
        it.sh("first", "true").uses(["port"]),
        it.sh("user", "true").needs(["server", "first"]).uses(["port"]),
    ]);
    assert!(said.outcomes.values().all(|outcome| *outcome == Outcome::Passed), "{:?}", said.outcomes);
}

#[test]
fn what_is_stopped_has_time_to_end_well() {
    let it = Fixture::new();
    // The shell dies at once; what it started does not.
    let script = "(trap 'sleep 1; echo cleaned up; exit' TERM; while :; do sleep 0.05; done) & wait";
    let said = it.run([it.sh("slow", script).timeout_s(1)]);
    assert_eq!(said.outcomes["slow"], Outcome::TimedOut { after_s: 1 });
    assert!(said.text["slow"].ends_with("cleaned up\n"), "{:?}", said.text);
}

#[test]
fn a_step_that_never_stops_writing_is_stopped_all_the_same() {
    let it = Fixture::new();
    let mut seen = 0;
    let plan = Plan::new([it.sh("yes", "exec yes").timeout_s(1)]).unwrap();
    let began = Instant::now();
    it.host.run(&plan, &Options::new(&it.path("run")), &mut |beat| {
        if let Beat::Event(Event::Output { text, .. }) = beat {
            // Slower than `yes`.
            std::thread::sleep(Duration::from_millis(5));
            seen += text.len();
        }
    });
    assert!(seen > 0);
    assert!(began.elapsed() < Duration::from_secs(60));
}

#[test]
fn a_timeout_may_be_longer_than_time_itself() {
    let it = Fixture::new();
    assert_eq!(it.run([it.sh("quick", "true").timeout_s(u64::MAX)]).outcomes["quick"], Outcome::Passed);
}

#[test]
fn a_service_that_does_not_come_up_is_an_error_and_skips_its_users() {
    let it = Fixture::new();
    let said = it.run([
        it.sh("silent", "sleep 60").service("ready").timeout_s(1),
        it.sh("broken", "exit 3").service("ready"),
        it.sh("a", "true").needs(["silent"]),
        it.sh("b", "true").needs(["broken"]),
    ]);
    assert_eq!(said.outcomes["silent"].to_string(), "error: service `silent` was not ready within 1 s");
    assert_eq!(
        said.outcomes["broken"].to_string(),
        "error: service `broken` ended before it was ready: failed with exit code 3"
    );
    assert_eq!(said.outcomes["a"], skipped("needs `silent`, which could not be run"));
    assert_eq!(said.outcomes["b"], skipped("needs `broken`, which could not be run"));
}

#[test]
fn logs_that_cannot_be_written_are_an_error_that_names_the_place() {
    let it = Fixture::new();
    std::fs::write(it.path("file"), "").unwrap();
    let dir = it.path("file").join("run");
    let said = it.run_with([it.sh("a", "true")], |options| options.dir.clone_from(&dir));
    let expected = format!("error: cannot write `{}`: Not a directory (os error 20)", dir.join("logs/a.log").display());
    assert_eq!(said.outcomes["a"].to_string(), expected);
}

#[test]
fn an_answer_is_read_whole_and_a_silent_program_is_stopped() {
    let it = Fixture::new();
    let sh = |script: &str| Command::new("sh", "/").args(["-c", script]);
    let answer = it.host.read(&sh("echo out; echo err >&2; exit 3"), Duration::from_secs(60)).unwrap();
    assert_eq!((answer.code, &*answer.stdout, &*answer.stderr), (Some(3), "out\n", "err\n"));
    let error = it.host.read(&sh("sleep 4474"), Duration::from_secs(1)).unwrap_err();
    assert_eq!(error.to_string(), "`sh` gave no answer within 1 s");
    assert!(!runs("4474"));
}

#[test]
fn a_file_is_written_whole_and_keeps_its_permissions() {
    use std::os::unix::fs::PermissionsExt;
    let it = Fixture::new();
    let path = it.path("deep/er/file.sh");
    it.host.write_text(&path, "one").unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    it.host.write_text(&path, "two").unwrap();
    assert_eq!(it.host.read_text(&path).unwrap().as_deref(), Some("two"));
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o755);
    assert_eq!(it.host.list_dir(path.parent().unwrap()).unwrap(), ["file.sh"]);
    assert_eq!(it.host.read_text(Path::new("/no/such/file")).unwrap(), None);
}
