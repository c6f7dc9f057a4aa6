//! What servers of development have left, and the end of their data.

use std::time::Duration;

use windlass_host::{Host, HostError, Signal};

use super::home::Home;
use super::volume;
use crate::StartError;
use crate::place::remove_segment;

/// How long a server may take to end whose supervisor has been killed.
const HALT_MS: u64 = 20_000;
/// How long a container engine may take to answer.
const ANSWER: Duration = Duration::from_secs(5);
const TICK: Duration = Duration::from_millis(10);

impl Home {
    /// Sees that no server works on the data any more whose supervisor has been killed: it stops by itself, and is killed where it
    /// does not.
    pub(crate) fn see_off(&self, host: &Host) -> Result<(), HostError> {
        let last = self.last(host)?;
        for (service, server) in last.iter().flat_map(|last| &last.servers) {
            let (Some(pid), Some(program)) = (server.pid, &server.program) else { continue };
            let deadline_ms = host.elapsed_ms().saturating_add(HALT_MS);
            loop {
                let running = host.running_in(&self.data_of(service), program);
                if running.is_empty() || host.elapsed_ms() > deadline_ms + HALT_MS {
                    break;
                }
                // Those that a server leaves behind which has been killed never end.
                if !running.contains_key(&pid) || host.elapsed_ms() > deadline_ms {
                    running.values().for_each(|it| it.signal(Signal::KILL));
                }
                host.sleep(TICK);
            }
        }
        for data in host.list_dir(&self.dir)?.iter().map(|service| self.data_of(service)) {
            let file = data.join("postmaster.pid");
            let text = host.read_text(&file)?.unwrap_or_default();
            let pid = text.lines().next().and_then(|pid| pid.trim().parse().ok());
            if pid.and_then(|pid| host.works_in(pid, &data)) == Some(false) {
                // Of a server that was killed, whose number may be somebody else's by now: PostgreSQL would take it for another
                // server. The number of a segment means nothing any more once the machine has been started anew.
                if last.as_ref().is_some_and(|last| last.boot == host.boot_id()) {
                    remove_segment(host, &data);
                }
                host.remove_file(&file)?;
            }
        }
        Ok(())
    }

    /// Sees that whatever has data of a service can be reached.
    ///
    /// # Errors
    ///
    /// When it has a volume, and no container engine answers.
    pub fn see_that_it_can_be_reset(&self, host: &Host, service: &str) -> Result<(), StartError> {
        let Some(volume) = self.volume_of(host, service) else { return Ok(()) };
        let Err(why) = host.connect_container_engine(ANSWER) else { return Ok(()) };
        Err(StartError::Development(format!(
            "nothing was removed: the volume `{volume}` has data of `{service}`, and {why}; without an engine for good, remove `{}`",
            self.volume_file(service).display()
        )))
    }

    /// Removes the data of a service whose server does not run; the address stays.
    ///
    /// # Errors
    ///
    /// When something of it cannot be removed.
    pub fn reset(&self, host: &Host, service: &str) -> Result<(), StartError> {
        self.see_off(host)?;
        volume::remove(host, self, service)?;
        Ok(host.remove_tree(&self.dir.join(service))?)
    }

    /// Stops what runs, and removes the directory.
    ///
    /// # Errors
    ///
    /// When a server does not end, or something cannot be removed.
    pub fn remove(&self, host: &Host) -> Result<(), StartError> {
        let _alone = self.alone(host)?;
        self.down(host)?;
        self.see_off(host)?;
        volume::remove_all(host, self)?;
        Ok(host.remove_tree(&self.dir)?)
    }
}
