//! Servers in containers: one for each test, as testcontainers has it, and one for a run.

use anyhow::Context;
use windlass::Command;

use super::{Bench, FIRSTS, GONE, summary};
use crate::bench::lab::median;

/// How many tests have a container each.
pub(super) const N_CONTAINERS: usize = 12;

impl Bench<'_> {
    /// What one of the tests takes that have a container each, of an image that makes its data at each start, or of windlass's own.
    pub(super) fn containers(&self, is_ordinary: bool) -> anyhow::Result<f64> {
        if is_ordinary {
            let args = ["build", "--quiet", "--tag", ORDINARY, "ordinary"];
            self.lab.run(&Command::new("docker", self.lab.dir.display().to_string()).args(args))?;
        }
        let dir = self.lab.dir.join("containers");
        let test = if is_ordinary { "ordinary" } else { "own" };
        let target = self.lab.root.join("examples/target").display().to_string();
        let nextest = |args: &[&str]| {
            let nextest = [&["nextest", "run", "--test-threads=2"], args].concat();
            let script = format!("cargo {} 2>&1", nextest.join(" "));
            let shell = Command { program: "sh".to_owned(), ..self.lab.cargo(&dir, &["-c", &script]) };
            self.lab.run(&shell.env("CARGO_TARGET_DIR", &target))
        };
        self.lab.say("building tests with containers, minutes where it was never done");
        nextest(&["--no-run"])?;
        let mut samples = Vec::new();
        for round in 1..=3 {
            let said = nextest(&["--test", test])?.stdout;
            let seconds = summary(&said).with_context(|| format!("nextest said no summary:\n{said}"))?;
            self.lab.say(&format!("round {round} of 3: {N_CONTAINERS} tests, a container each: {seconds} s"));
            samples.push(seconds * 1000.0 / N_CONTAINERS as f64);
        }
        Ok(median(samples))
    }

    /// The first answer to a run whose server is in a container, and to who runs one of the ordinary image by hand.
    pub(super) fn first_in_container(&self) -> anyhow::Result<[f64; 2]> {
        let dir = self.lab.dir.join("contained").display().to_string();
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..FIRSTS {
            std::thread::sleep(GONE);
            let said = self.lab.run(&self.measuring(&["first"]).env("CARGO_MANIFEST_DIR", &dir))?.stdout;
            let asked = said.lines().nth(1).with_context(|| format!("it said {said:?}"))?;
            ours.push(asked.parse::<f64>()?);
            std::thread::sleep(GONE);
            let said = self.lab.run(&self.measuring(&["first", "by-hand", ORDINARY, &self.by_hand.container]))?.stdout;
            self.by_hand.remove_container();
            theirs.push(said.trim().parse().with_context(|| format!("it said {said:?}"))?);
        }
        Ok([median(ours), median(theirs)])
    }
}

/// The image that makes its data at each start.
pub(super) const ORDINARY: &str = "windlass-bench-ordinary";

pub(super) fn ordinary_image(major: &str) -> String {
    format!(
        "FROM postgres:{major}-windlass\nCOPY entrypoint.sh /entrypoint.sh\nENTRYPOINT [\"sh\", \"/entrypoint.sh\"]\nCMD []\n"
    )
}

pub(super) fn containers_manifest(services: &str) -> String {
    format!(
        "[package]\nname = \"containers-bench\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dev-dependencies]\n\
         testcontainers-modules = {{ version = \"0.15.0\", features = [\"blocking\", \"postgres\"] }}\n\
         windlass-services = {{ path = {services:?} }}\n"
    )
}

/// Tests that do what those with a database do, each on a server of its own in a container.
pub(super) fn containers_tests(name: &str, tag: &str) -> String {
    let one = format!(
        "use testcontainers_modules::postgres::Postgres;\n\
         use testcontainers_modules::testcontainers::ImageExt;\n\
         use testcontainers_modules::testcontainers::runners::SyncRunner;\n\n\
         fn ask() {{\n    \
         let container = Postgres::default().with_host_auth().with_name(\"{name}\").with_tag(\"{tag}\").start().unwrap();\n    \
         let port = container.get_host_port_ipv4(5432).unwrap();\n    \
         let stream = std::net::TcpStream::connect((\"127.0.0.1\", port)).unwrap();\n    \
         let mut session = windlass_services::PostgresSession::open(stream, \"postgres\", \"postgres\").unwrap();\n    \
         assert_eq!(session.query(\"SELECT 1\").unwrap().len(), 1);\n}}\n\n"
    );
    let tests = (0..N_CONTAINERS).map(|n| format!("#[test]\nfn test_{n}() {{\n    ask();\n}}\n"));
    one + &tests.collect::<Vec<_>>().join("\n")
}
