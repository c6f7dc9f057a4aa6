//! What a [`Record`](windlass_record::Record) looks like: terminal text, HTML, JUnit, and what GitHub and GitLab read from a
//! log. It knows nothing of how the text gets anywhere: no process, disk, clock or environment.
//!
//! ```
//! use windlass_record::{Event, Outcome, Record, Run, StepRecord};
//! use windlass_report::{Logs, summary};
//!
//! let mut record = Record::new(Run::new("1", "ci", "/ws"), vec![StepRecord::planned("fmt", "fmt", "cargo fmt --check")]);
//! record.apply(&Event::Started { step: "fmt".into(), at_ms: 0 });
//! record.apply(&Event::Finished { step: "fmt".into(), at_ms: 420, outcome: Outcome::Failed { code: 1 }, log: None });
//! record.finish(420, None);
//!
//! let text = summary::text(&record, &Logs::default(), false);
//! assert!(text.contains("rerun: cargo fmt --check"));
//! assert!(text.ends_with("failed: 1 step failed; total 0.42 s, critical path fmt 0.42 s\n"));
//! ```

pub mod ansi;
pub mod duration;
pub mod github;
pub mod html;
pub mod junit;
pub mod plan;
pub mod summary;
pub mod terminal;

mod columns;
mod diagnostics;
mod failures;
mod gitlab;
mod groups;
mod location;
mod logs;
mod moment;
mod paint;
mod relaxing;
mod said;
mod slowest;
mod tail;
mod unfinished;
mod verdict;

pub use groups::Groups;
pub use logs::Logs;
