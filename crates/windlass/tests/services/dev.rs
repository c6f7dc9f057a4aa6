//! The servers of development: they outlast the command that starts them, and their data outlasts them.

use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::fixture::{Ended, clean, ended};
use crate::live::run;
use crate::shop::Shop;

mod contained;
mod data;
mod life;
mod told;

const POSTGRES: &str = "[services.postgres]\n";

/// A workspace whose servers of development have their data in `share/`, and are gone at the end of the test.
struct Dev {
    shop: Shop,
}

impl Dev {
    fn with_services(services: &str) -> Self {
        Self { shop: Shop::with_services(services) }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.shop.command(args);
        command.env("XDG_DATA_HOME", self.shop.it.path("share"));
        command
    }

    /// What starts servers is not asked what it leaves behind.
    fn run(&self, args: &[&str]) -> Ended {
        ended(&mut self.command(args))
    }

    /// The answer to a query, by `connect`.
    fn ask(&self, query: &str) -> String {
        run(&mut self.command(&["connect", "postgres", "--", "-qAtc", query])).exits(0).stdout
    }

    /// The only directory of a worktree that there is.
    fn home(&self) -> PathBuf {
        let mut dirs: Vec<_> = std::fs::read_dir(self.shop.it.path("share/windlass/dev")).unwrap().collect();
        assert_eq!(dirs.len(), 1);
        dirs.remove(0).unwrap().path()
    }

    /// The numbers of the supervisor and its servers.
    fn pids(&self) -> Vec<u32> {
        let text = std::fs::read_to_string(self.home().join("running.json")).unwrap();
        let kept: serde_json::Value = serde_json::from_str(&text).unwrap();
        let servers = kept["servers"].as_object().unwrap().values();
        let all = std::iter::once(&kept["pid"]).chain(servers.map(|server| &server["pid"]));
        all.map(|pid| pid.as_u64().unwrap().try_into().unwrap()).collect()
    }

    /// The only one.
    fn port(&self) -> u16 {
        let url = self.run(&["env"]).exits(0).stdout;
        url.trim().rsplit_once(':').unwrap().1.split('/').next().unwrap().parse().unwrap()
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _ = self.command(&["down"]).output();
    }
}

fn kill(signal: &str, pids: &[u32]) {
    let numbers = pids.iter().map(u32::to_string);
    assert!(clean("kill").arg(signal).args(numbers).status().unwrap().success());
}

fn is_there(pid: u32) -> bool {
    std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| !line.is_empty())
}

fn wait_until(what: &str, done: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !done() {
        assert!(Instant::now() < deadline, "{what}");
        thread::sleep(Duration::from_millis(10));
    }
}
