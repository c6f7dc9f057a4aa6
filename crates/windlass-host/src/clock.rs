//! The time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::Host;

impl Host {
    /// Milliseconds since this host was made.
    pub fn elapsed_ms(&self) -> u64 {
        millis(self.began.elapsed())
    }

    /// Milliseconds since 1970.
    pub fn unix_ms(&self) -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, millis)
    }

    /// A moment in UTC, such as `2026-11-22 17:45:00`.
    pub fn utc(&self, unix_ms: u64) -> String {
        let time = humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_millis(unix_ms)).to_string();
        time.replace('T', " ").replace('Z', "")
    }

    /// A name for a run that begins now: `20261122T174500Z-4711`, the time in UTC and the number of this process.
    pub fn run_id(&self) -> String {
        let time = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        format!("{}-{}", time.replace(['-', ':'], ""), std::process::id())
    }
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
