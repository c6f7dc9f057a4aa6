use windlass_record::{Level, Record};
use windlass_report::{Logs, github};

use crate::records::{every_outcome, failed_test, failing, lint};

#[test]
fn each_failure_is_annotated_once_where_it_is() {
    let (record, _) = failing();
    insta::assert_snapshot!(github::annotations(&record, None).join("\n"), @r#"
    ::error file=crates/ledger/src/entry.rs,line=42,col=9,title=clippy%3A%3Aneedless_return::unneeded `return` statement
    ::error file=crates/ledger/src/entry.rs,line=97,col=9,title=dead_code::function `rebalance` is never used
    ::error file=crates/ledger/src/balance.rs,line=58,col=9,title=ledger balance%3A%3Aadds_up::assertion `left == right` failed: after two entries
    ::error file=crates/ledger/src/balance.rs,line=112,col=9,title=ledger%3A%3Ahttp posts_an_entry::called `Result::unwrap()` on an `Err` value: ConnectionRefused
    ::error title=smoke::timed out after 30 s
    ::error title=doc::error: cannot start `cargo`: No such file or directory
    "#);
}

#[test]
fn files_are_named_from_the_root_of_the_checkout() {
    let (mut record, _) = failing();
    record.run.workspace = "/checkout/rust/ledger".into();
    let first = |root| github::annotations(&record, root).swap_remove(0);
    assert!(first(Some("/checkout")).starts_with("::error file=rust/ledger/crates/ledger/src/entry.rs,"));
    assert!(first(Some("/checkout/rust/ledger")).starts_with("::error file=crates/ledger/src/entry.rs,"));
    assert!(first(Some("/elsewhere")).starts_with("::error file=crates/ledger/src/entry.rs,"));
}

#[test]
fn no_more_are_annotated_than_github_shows() {
    let (mut record, _) = failing();
    let errors = (1..=12).map(|line| lint(line, "dead_code", "unused", Level::Error));
    let warnings = (101..=130).map(|line| lint(line, "dead_code", "unused", Level::Warning));
    record.steps[2].diagnostics = errors.chain(warnings).collect();
    let lines = github::annotations(&record, None);
    let starting = |start: &str| lines.iter().filter(|line| line.starts_with(start)).count();
    assert_eq!((starting("::error "), starting("::warning ")), (10, 10));
    assert_eq!(
        lines.last().unwrap(),
        "::notice title=windlass::6 more errors and 21 more warnings not annotated; the summary of the job has them"
    );
}

#[test]
fn what_a_tool_says_cannot_become_another_command() {
    let mut record = every_outcome();
    let mut hostile = lint(1, "a,b:c", "50%\n::warning::injected\r\nend", Level::Error);
    hostile.file = Some("a,b:c.rs".into());
    record.steps = vec![record.steps.swap_remove(1)];
    record.steps[0].diagnostics = vec![hostile];
    assert_eq!(
        github::annotations(&record, None),
        ["::error file=a%2Cb%3Ac.rs,line=1,col=9,title=a%2Cb%3Ac::50%25%0A::warning::injected%0Aend"]
    );
}

#[test]
fn the_summary_has_failures_stages_and_the_slowest() {
    let (record, logs) = failing();
    insta::assert_snapshot!(github::step_summary(&record, &logs), @r#"
    ## ❌ ci failed

    3 steps failed, 1 with an error, 3 passed, 2 skipped; 2 of 5 tests failed, 1 flaky; total 1 min 31 s, critical path fmt &#62; clippy &#62; build &#62; test &#62; doctest &#62; doc 1 min 31 s

    ### ❌ clippy: failed with exit code 101

    - <code>crates/ledger/src/entry.rs:42:9</code> unneeded &#96;return&#96; statement (<code>clippy::needless&#95;return</code>)
    - <code>crates/ledger/src/entry.rs:97:9</code> function &#96;rebalance&#96; is never used (<code>dead&#95;code</code>)

    Rerun: <code>cargo clippy --workspace --all-targets --locked -- -D warnings</code>

    Relaxed by `ci.warnings = "allow"` or `ci.skip = ["clippy"]` in `.config/windlass.toml`.

    ### ❌ test: failed with exit code 100

    <details><summary><code>ledger balance::adds&#95;up</code> at <code>crates/ledger/src/balance.rs:58:9</code></summary>

    assertion &#96;left == right&#96; failed: after two entries

    ```text
    thread 'balance::adds_up' panicked at crates/ledger/src/balance.rs:58:9:
    assertion `left == right` failed: after two entries
      left: 12
     right: 21
    note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
    ```

    Rerun: <code>cargo nextest run -E 'binary&#95;id(=ledger) &#38; test(=balance::adds&#95;up)'</code>

    </details>

    <details><summary><code>ledger::http posts&#95;an&#95;entry</code> at <code>crates/ledger/src/balance.rs:112:9</code></summary>

    called &#96;Result::unwrap()&#96; on an &#96;Err&#96; value: ConnectionRefused

    ```text
    thread 'posts_an_entry' panicked at crates/ledger/src/balance.rs:112:9:
    called `Result::unwrap()` on an `Err` value: ConnectionRefused
    note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
    ```

    Rerun: <code>cargo nextest run -E 'binary&#95;id(=ledger::http) &#38; test(=posts&#95;an&#95;entry)'</code>

    </details>

    Rerun: <code>cargo nextest run --workspace --locked</code>

    Relaxed by `ci.exclude` (for a package) or `ci.skip = ["test"]` in `.config/windlass.toml`.

    ### ❌ smoke: timed out after 30 s

    ```text
    waiting for http://127.0.0.1:8080/health
    still waiting
    still waiting
    ```

    Rerun: <code>sh -c './smoke.sh'</code>

    Relaxed by `timeout-s` of the `[[ci.step]]` named `smoke` in `.config/windlass.toml`.

    ### ❌ doc: error: cannot start &#96;cargo&#96;: No such file or directory

    Rerun: <code>cargo doc --workspace --no-deps --locked</code>

    Relaxed by `ci.skip = ["doc"]` in `.config/windlass.toml`.

    ### Stages

    | stage | outcome | time |
    | :--- | :--- | ---: |
    | fmt | ✅ passed | 0.42 s |
    | lock | ⏭️ skipped: the workspace has no Cargo.lock |  |
    | clippy | ❌ failed with exit code 101 | 14.3 s |
    | build | ✅ passed | 21.9 s |
    | test | ❌ failed with exit code 100 | 42.1 s |
    | doctest | ✅ passed | 9.4 s |
    | smoke | ❌ timed out after 30 s | 30.0 s |
    | doc | ❌ error: cannot start &#96;cargo&#96;: No such file or directory | 3.1 s |
    | deploy | ⏭️ skipped: &#96;smoke&#96; timed out |  |

    ### Slowest tests

    | test | time |
    | :--- | ---: |
    | <code>ledger entry::round&#95;trips</code> | 5.0 s |
    | <code>ledger::http retries&#95;after&#95;reset</code> | 2.4 s |
    | <code>ledger balance::adds&#95;up</code> | 1.3 s |
    | <code>ledger::http posts&#95;an&#95;entry</code> | 1.3 s |

    ### Notes

    - nextest's profile is &#96;default&#96;; the workspace has no nextest config
    - doctest: &#96;ledger-cli&#96; has no library, so it has no doctests
    "#);
}

#[test]
fn the_summary_of_a_huge_failure_stays_far_below_one_mebibyte() {
    let (mut record, logs) = failing();
    let long = "`|<é\n".repeat(20_000);
    record.tests = (0..5000).map(|n| failed_test("ledger", &format!("t{n}"), 1, &long)).collect();
    let step = record.steps[2].clone();
    record.steps.extend((0..3000).map(|_| step.clone()));
    assert!(github::step_summary(&record, &logs).len() < 300 * 1024);
}

#[test]
fn markup_in_a_name_stays_text_and_fences_hold() {
    let mut record: Record = every_outcome();
    record.steps.truncate(2);
    record.steps[1].name = "a|b<script>`c`".into();
    let tails = [("a|b<script>`c`".to_owned(), "````\n</details>\n".to_owned())].into();
    let text = github::step_summary(&record, &Logs { dir: String::new(), tails });
    assert!(text.contains("| a&#124;b&#60;script&#62;&#96;c&#96; |"), "{text}");
    assert!(text.contains("`````text\n````\n</details>\n`````"), "{text}");
}
