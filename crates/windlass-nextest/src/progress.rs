//! How far a run of the tests is, read from nextest's own lines.

/// Counts of tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Tests that have ended.
    pub done: u64,
    /// Tests that are to be run, once nextest has said it.
    pub total: Option<u64>,
    /// Tests among those done that failed at every try.
    pub failed: u64,
    /// Tests that are not to be run, because they are ignored or filtered out, once nextest has summed up.
    pub skipped: u64,
}

/// The running count of one run, fed line by line.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    count: Count,
    summed_up: bool,
}

/// Status words end in this column, and a bracket with the time follows.
const STATUS_WIDTH: usize = 12;

impl Progress {
    /// The count so far.
    pub fn count(&self) -> Count {
        self.count
    }

    /// Reads one line of nextest's standard error, with or without colors. What tests write is indented by nextest, so it does
    /// not count even if it looks like a line of nextest's.
    ///
    /// nextest before 0.9.109 does not number the tests: a failure that is tried again is then counted in the summary only.
    pub fn feed(&mut self, line: &str) {
        if self.summed_up {
            return;
        }
        let line = without_colors(line);
        if let Some(rest) = line.strip_prefix("    Starting ") {
            self.count = Count { total: first_number(rest), ..Count::default() };
        } else if let Some(summary) = line.strip_prefix("     Summary [") {
            self.sum_up(summary);
        } else if line.trim_start() == "- test configured to fail if flaky" {
            self.count.failed += 1;
        } else if let Some((status, rest)) = split_status(&line) {
            self.end_of_test(status, rest);
        }
    }

    fn end_of_test(&mut self, status: &str, rest: &str) {
        let number = match rest.trim_start().strip_prefix('(').and_then(|rest| rest.split_once('/')) {
            Some((number, _)) => match number.trim().parse() {
                Ok(number) => Some(number),
                Err(_) => return,
            },
            // `(───)` stands where the test goes on.
            None if rest.trim_start().starts_with('(') => return,
            None => None,
        };
        let outcome = status.rsplit(' ').next().unwrap_or_default();
        let passed = matches!(outcome, "PASS" | "TIMEOUT-PASS" | "TMPASS")
            || status.ends_with("LEAK") && !status.contains("FAIL");
        let tried_again = number.is_none() && status.starts_with("TRY ") && !passed;
        if !tried_again {
            self.count.done = number.unwrap_or(self.count.done + 1);
            self.count.failed += u64::from(!passed);
        }
    }

    /// `4.294s] 8/12 tests run: 5 passed (1 slow, 1 flaky), 6 failed, 1 timed out, 1 skipped`
    fn sum_up(&mut self, summary: &str) {
        self.summed_up = true;
        let Some((_, counts)) = summary.split_once("] ") else { return };
        let Some(done) = first_number(counts) else { return };
        self.count.done = done;
        let sum = |ends: &[&str]| {
            let parts = counts.split([',', ':', '(', ')']).map(str::trim);
            parts.filter(|part| ends.iter().any(|end| part.ends_with(end))).filter_map(first_number).sum()
        };
        self.count.failed = sum(&["failed", "exec failed", "timed out"]);
        self.count.skipped = sum(&["skipped"]);
    }
}

/// `        PASS [   0.006s] rest`: the status, which is set flush right, and the rest. One more digit of tries moves the
/// bracket by one.
fn split_status(line: &str) -> Option<(&str, &str)> {
    let (status, rest) = line.split_once(" [")?;
    let (time, rest) = rest.split_once("s]")?;
    let status_ends = status.len() == STATUS_WIDTH || status.len() == STATUS_WIDTH + 1;
    let timed = time.trim().parse::<f64>().is_ok();
    (status_ends && timed).then(|| (status.trim_start(), rest)).filter(|(status, _)| is_status(status))
}

fn is_status(status: &str) -> bool {
    status.starts_with(|c: char| c.is_ascii_uppercase())
        && status.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b" +-".contains(&b))
        && !status.starts_with("SETUP")
}

fn first_number(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..digits].parse().ok()
}

/// A line without its CSI sequences.
fn without_colors(line: &str) -> String {
    let mut pieces = line.split("\u{1b}[");
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let end = piece.find(|c: char| ('\u{40}'..='\u{7e}').contains(&c)).map_or(piece.len(), |at| at + 1);
        text.push_str(&piece[end..]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(log: &str) -> Count {
        let mut progress = Progress::default();
        log.lines().for_each(|line| progress.feed(line));
        progress.count()
    }

    /// The log up to its summary.
    fn running(log: &str) -> &str {
        log.split_once("Summary").map_or(log, |(before, _)| before.rsplit_once('\n').map_or("", |(before, _)| before))
    }

    #[test]
    fn recorded_runs_count_right_before_the_summary_and_after_it_what_was_skipped_too() {
        let cases = [
            (include_str!("../tests/fixtures/run-with-retries.txt"), (12, 7, 1)),
            (include_str!("../tests/fixtures/run-in-color.txt"), (12, 8, 1)),
            (include_str!("../tests/fixtures/run-without-counter.txt"), (2, 1, 11)),
            (include_str!("../tests/fixtures/run-flaky-fails.txt"), (2, 1, 11)),
        ];
        for (log, (done, failed, skipped)) in cases {
            let count = Count { done, total: Some(done), failed, skipped: 0 };
            assert_eq!(read(running(log)), count);
            assert_eq!(read(log), Count { skipped, ..count });
        }
    }

    #[test]
    fn every_status_is_told_from_the_others() {
        let cases = [
            ("        PASS [   1.000s] (  1/100) app t", (1, 0)),
            ("        LEAK [   2.000s] (  2/100) app t", (2, 0)),
            ("TIMEOUT-PASS [ 240.000s] (  3/100) app t", (3, 0)),
            ("  TRY 2 PASS [   1.000s] (  7/100) app t", (7, 0)),
            (" TRY 12 PASS [   1.000s] (  7/100) app t", (7, 0)),
            ("        FAIL [   1.000s] (  9/100) app t", (9, 1)),
            (" FAIL + LEAK [   1.000s] ( 10/100) app t", (10, 1)),
            ("       XFAIL [   1.000s] ( 11/100) app t", (11, 1)),
            ("   LEAK-FAIL [   1.000s] ( 12/100) app t", (12, 1)),
            ("     TIMEOUT [  60.000s] ( 13/100) app t", (13, 1)),
            ("     SIGSEGV [   1.000s] ( 14/100) app t", (14, 1)),
            ("       ABORT [   1.000s] ( 15/100) app t", (15, 1)),
            (" TRY 2 FL+LK [   1.000s] ( 17/100) app t", (17, 1)),
            ("TRY 2 LKFAIL [   1.000s] ( 18/100) app t", (18, 1)),
            ("TRY 12 LKFAIL [   1.000s] ( 18/100) app t", (18, 1)),
            ("   TRY 2 TMT [  60.000s] ( 19/100) app t", (19, 1)),
            ("        SLOW [> 60.000s] (─────) app t", (0, 0)),
            ("  TRY 1 FAIL [   0.011s] (─────) app t", (0, 0)),
            ("  TRY 1 FAIL [   0.011s] app t", (0, 0)),
            ("        PASS [   0.011s] app t", (1, 0)),
            ("        FAIL [   0.011s] app t", (1, 1)),
            ("  SETUP PASS [   0.005s] db: sh", (0, 0)),
            ("  SETUP FAIL [   0.005s] db: sh", (0, 0)),
            // A test's own output, as nextest indents it.
            ("            PASS [   1.000s] (  1/100) app t", (0, 0)),
            ("        Starting 7 tests across 1 binary", (0, 0)),
        ];
        for (line, (done, failed)) in cases {
            assert_eq!(read(line), Count { done, total: None, failed, skipped: 0 }, "{line}");
        }
    }

    #[test]
    fn a_cancelled_run_says_how_many_tests_ended() {
        let log = "    Starting 10 tests across 1 binary\n     Summary [  15.750s] 8/10 tests run: 5 passed (1 slow, 1 flaky, \
                   1 leaky), 2 failed, 1 exec failed, 1 timed out, 2 skipped";
        assert_eq!(read(log), Count { done: 8, total: Some(10), failed: 4, skipped: 2 });
    }

    proptest::proptest! {
        #[test]
        fn no_line_is_too_odd(lines in proptest::collection::vec(".*", 0..4)) {
            read(&lines.join("\n"));
        }
    }
}
