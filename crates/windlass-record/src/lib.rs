//! What windlass did: the [`Event`]s of a run while it lasts, and the [`Record`] that they add up to, as versioned JSON
//! (`docs/record.schema.json`). It knows nothing of how a run is carried out, nor of how a record is drawn.
//!
//! ```
//! use windlass_record::{Event, Outcome, Record, Run, StepRecord};
//!
//! let mut record = Record::new(Run::new("20261122T174500Z-1", "ci", "/ws"), vec![StepRecord::planned("fmt", "fmt", "cargo fmt --check")]);
//! record.apply(&Event::Started { step: "fmt".into(), at_ms: 3 });
//! record.apply(&Event::Finished { step: "fmt".into(), at_ms: 45, outcome: Outcome::Failed { code: 1 }, log: None });
//!
//! assert_eq!(record.exit_code(), 1);
//! assert_eq!(Record::from_json(&record.to_json())?, record);
//! # Ok::<(), windlass_record::RecordError>(())
//! ```

mod event;
mod outcome;
mod record;
mod step;
mod test;

pub use event::Event;
pub use outcome::Outcome;
pub use record::{Machine, Record, RecordError, Run, VERSION};
pub use step::{Diagnostic, Level, Log, StepRecord};
pub use test::{TestOutcome, TestRecord};
