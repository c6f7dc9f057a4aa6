//! Process trees, and what of them differs between operating systems: Linux finds every descendant, also those that changed
//! session; elsewhere the process groups that windlass started are what it can name.

use rustix::process::{Pid, Signal, getpgid, kill_process, kill_process_group};

/// Sends a signal to a child's process group and to all its descendants, once to each: a second Ctrl-C means more than one.
pub(crate) fn signal(child: Pid, signal: Signal) {
    // Before the group: a parent that dies first hands its children over, and they are no longer below it.
    for pid in below(child) {
        if getpgid(Some(pid)) != Ok(child) {
            let _ = kill_process(pid, signal);
        }
    }
    let _ = kill_process_group(child, signal);
}

/// A process that outlived the step that started it.
#[derive(Debug)]
pub(crate) struct Stray {
    pub(crate) pid: Pid,
    pub(crate) name: String,
}

/// Stops every descendant of this process but `spared` children and what is below them; the names of what it was.
pub(crate) fn sweep(spared: &[Pid]) -> Vec<String> {
    let mut names = Vec::new();
    for round in 0..100 {
        let strays = strays(spared);
        if strays.is_empty() {
            break;
        }
        for stray in strays {
            if round == 0 {
                names.push(format!("`{}` ({})", stray.name, stray.pid));
            }
            // Half a second to end well.
            let signal = if round < 25 { Signal::TERM } else { Signal::KILL };
            if round % 25 == 0 || round > 25 {
                let _ = kill_process(stray.pid, signal);
            }
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    names
}

#[cfg(target_os = "linux")]
pub(crate) use linux::{adopt_orphans, below, children, strays};

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::BTreeMap;
    use std::fs;

    use rustix::process::{Pid, WaitOptions, getpid, set_child_subreaper, waitpid};

    use super::Stray;

    /// A compiler cache's server outlives the command that started it on purpose.
    const MEANT_TO_STAY: &str = "sccache";

    /// From here on a descendant whose parent dies becomes a child of this process, so that it can still be found
    /// (prctl `PR_SET_CHILD_SUBREAPER`).
    pub(crate) fn adopt_orphans() {
        let _ = set_child_subreaper(Some(getpid()));
    }

    struct Process {
        pid: Pid,
        name: String,
        ended: bool,
    }

    /// Every process of the machine by its parent, from `/proc/PID/stat`; empty where /proc is not mounted.
    fn by_parent() -> BTreeMap<i32, Vec<Process>> {
        let mut processes: BTreeMap<i32, Vec<Process>> = BTreeMap::new();
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw)
            else {
                continue;
            };
            // `PID (NAME) STATE PPID ...`, where the name may hold spaces and parentheses.
            let Ok(stat) = fs::read(entry.path().join("stat")) else { continue };
            let stat = String::from_utf8_lossy(&stat);
            let (Some(open), Some(close)) = (stat.find('('), stat.rfind(')')) else { continue };
            let mut fields = stat[close + 1..].split_whitespace();
            let (Some(state), Some(Ok(parent))) = (fields.next(), fields.next().map(str::parse)) else { continue };
            let name = stat[open + 1..close].to_owned();
            processes.entry(parent).or_default().push(Process { pid, name, ended: matches!(state, "Z" | "X") });
        }
        processes
    }

    fn collect<'a>(
        processes: &'a BTreeMap<i32, Vec<Process>>,
        root: Pid,
        spared: &[Pid],
        found: &mut Vec<&'a Process>,
    ) {
        for process in processes.get(&root.as_raw_nonzero().get()).into_iter().flatten() {
            if !spared.contains(&process.pid) {
                found.push(process);
                collect(processes, process.pid, spared, found);
            }
        }
    }

    /// The children of this process.
    pub(crate) fn children() -> Vec<Pid> {
        let mut processes = by_parent();
        let own = processes.remove(&getpid().as_raw_nonzero().get());
        own.into_iter().flatten().map(|process| process.pid).collect()
    }

    /// All descendants of a process.
    pub(crate) fn below(root: Pid) -> Vec<Pid> {
        let processes = by_parent();
        let mut found = Vec::new();
        collect(&processes, root, &[], &mut found);
        found.into_iter().map(|process| process.pid).collect()
    }

    /// All descendants of this process that still run, except the spared and what is meant to stay; those that have ended
    /// are reaped.
    pub(crate) fn strays(spared: &[Pid]) -> Vec<Stray> {
        let processes = by_parent();
        let mut found = Vec::new();
        collect(&processes, getpid(), spared, &mut found);
        for process in found.iter().filter(|process| process.ended) {
            let _ = waitpid(Some(process.pid), WaitOptions::NOHANG);
        }
        let running = found.into_iter().filter(|process| !process.ended && process.name != MEANT_TO_STAY);
        running.map(|process| Stray { pid: process.pid, name: process.name.clone() }).collect()
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) use elsewhere::{adopt_orphans, below, children, strays};

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use rustix::process::Pid;

    use super::Stray;

    /// There is no way to ask for orphans here.
    pub(crate) fn adopt_orphans() {}

    /// The process group has to do.
    pub(crate) fn below(_root: Pid) -> Vec<Pid> {
        Vec::new()
    }

    /// The process groups have been stopped already.
    pub(crate) fn strays(_spared: &[Pid]) -> Vec<Stray> {
        Vec::new()
    }

    /// Nobody asks what to spare where nothing is swept.
    pub(crate) fn children() -> Vec<Pid> {
        Vec::new()
    }
}
