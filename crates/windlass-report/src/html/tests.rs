//! The tests: the slowest as they are, all of them as data from which the script draws a page at a time.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};
use windlass_record::{Record, TestOutcome};

use super::escape::{self, escaped};
use crate::tail::{clip, one_line};
use crate::{duration, slowest};

const MAX_SLOWEST: usize = 10;
const MAX_MESSAGE: usize = 300;

pub(super) fn slowest(page: &mut String, record: &Record) {
    let tests = slowest::tests(record, MAX_SLOWEST);
    let Some(slowest_ms) = tests.first().map(|test| test.wall_ms.max(1)) else { return };
    page.push_str("<section id=\"slowest\">\n<h2>Slowest tests</h2>\n<ol class=\"slowest\">\n");
    for test in tests {
        let _ = writeln!(
            page,
            "<li><span class=\"id\"><span class=\"binary\">{}</span> {}</span><span class=\"share\">\
             <span style=\"width:{}%\"></span></span><span class=\"time\">{}</span></li>",
            escaped(&test.binary),
            escaped(&test.name),
            test.wall_ms * 100 / slowest_ms,
            duration::text(test.wall_ms),
        );
    }
    page.push_str("</ol>\n</section>\n");
}

/// The place of the table; the script fills it.
pub(super) fn all(page: &mut String, record: &Record) {
    if record.tests.is_empty() {
        return;
    }
    page.push_str(
        "<section id=\"tests\">\n<h2>All tests</h2>\n\
         <noscript><p class=\"help\">This table needs JavaScript; the rest of the page does not.</p></noscript>\n\
         <div id=\"table\" hidden>\n<div class=\"filters\"><input id=\"search\" type=\"search\" \
         placeholder=\"Filter by words of the name\" aria-label=\"Filter tests by words of the name\" autocomplete=\"off\" \
         spellcheck=\"false\"><div id=\"outcomes\" role=\"group\" aria-label=\"Outcome\"></div></div>\n\
         <div class=\"scroll\"><table><thead><tr>\
         <th scope=\"col\" data-sort=\"outcome\"><button>Outcome</button></th>\
         <th scope=\"col\" data-sort=\"name\"><button>Test</button></th>\
         <th scope=\"col\" data-sort=\"time\" class=\"time\"><button>Time</button></th>\
         </tr></thead><tbody id=\"rows\"></tbody></table></div>\n\
         <nav class=\"pages\" aria-label=\"Pages of tests\"><button id=\"previous\">Previous</button>\
         <span id=\"shown\" aria-live=\"polite\"></span><button id=\"next\">Next</button></nav>\n</div>\n</section>\n",
    );
}

/// Every test as `[binary, name, outcome, milliseconds, message]`, binaries and outcomes by their number.
pub(super) fn data(page: &mut String, record: &Record) {
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    let mut binaries: Vec<&str> = Vec::new();
    let mut rows: Vec<Value> = Vec::with_capacity(record.tests.len());
    for test in &record.tests {
        let number = *numbers.entry(&test.binary).or_insert_with(|| {
            binaries.push(&test.binary);
            binaries.len() - 1
        });
        let outcome = match test.outcome {
            TestOutcome::Failed => 0,
            TestOutcome::Flaky => 1,
            TestOutcome::Passed => 2,
        };
        let mut row = vec![json!(number), json!(test.name), json!(outcome), json!(test.wall_ms)];
        if let (TestOutcome::Failed, Some(message)) = (test.outcome, &test.message) {
            row.push(json!(clip(&one_line(message), MAX_MESSAGE)));
        }
        rows.push(Value::Array(row));
    }
    let data = json!({ "binaries": binaries, "tests": rows });
    let _ = writeln!(page, "<script type=\"application/json\" id=\"data\">{}</script>", escape::json(&data));
}
