//! Process trees, and what of them differs between operating systems: Linux finds every descendant, also those that changed
//! session; elsewhere the process groups that windlass started are what it can name.

use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitOptions, kill_process, kill_process_group, test_kill_process_group, waitpgid};

/// Sends a signal to a child's process group and to all its descendants, once to each.
pub(crate) fn signal(child: Pid, signal: Signal) {
    // Before the group: a parent that dies first hands its children over, and they are no longer below it.
    for pid in below(child) {
        let _ = kill_process(pid, signal);
    }
    let _ = kill_process_group(child, signal);
}

/// Whether nothing runs any more in the process group of a child that has ended and been waited for.
pub(crate) fn group_is_gone(leader: Pid) -> bool {
    // Of its members those that became children of this process stay until somebody asks how they ended.
    while let Ok(Some(_)) = waitpgid(leader, WaitOptions::NOHANG) {}
    test_kill_process_group(leader).is_err()
}

/// Stops every descendant of this process but what it started in its own process group, which windlass never does; the
/// names of what it was.
pub(crate) fn sweep() -> Vec<String> {
    let mut names = Vec::new();
    for round in 0..100 {
        let strays = strays();
        if strays.is_empty() {
            break;
        }
        for (pid, name) in strays {
            if round == 0 {
                names.push(format!("`{name}` ({pid})"));
            }
            // Half a second to end well.
            if round == 0 {
                let _ = kill_process(pid, Signal::TERM);
            } else if round >= 25 {
                let _ = kill_process(pid, Signal::KILL);
            }
        }
        thread::sleep(Duration::from_millis(20));
    }
    names
}

#[cfg(target_os = "linux")]
pub(crate) use linux::{adopt_orphans, below, group_names, is_ignored, strays};

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::BTreeMap;
    use std::fs;

    use rustix::process::{Pid, WaitOptions, getpgrp, getpid, set_child_subreaper, waitpid};

    /// A compiler cache's server outlives the command that started it on purpose.
    const MEANT_TO_STAY: &str = "sccache";

    /// From here on a descendant whose parent dies becomes a child of this process, so that it can still be found
    /// (prctl `PR_SET_CHILD_SUBREAPER`).
    pub(crate) fn adopt_orphans() {
        let _ = set_child_subreaper(Some(getpid()));
    }

    /// Whether this process was started with a signal ignored, as `nohup` does.
    pub(crate) fn is_ignored(signal: i32) -> bool {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
        mask >> (signal - 1) & 1 == 1
    }

    struct Process {
        pid: Pid,
        group: i32,
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
            // `PID (NAME) STATE PPID PGRP ...`, where the name may hold spaces and parentheses.
            let Ok(stat) = fs::read(entry.path().join("stat")) else { continue };
            let stat = String::from_utf8_lossy(&stat);
            let (Some(open), Some(close)) = (stat.find('('), stat.rfind(')')) else { continue };
            let name = stat[open + 1..close].to_owned();
            let mut fields = stat[close + 1..].split_whitespace();
            let state = fields.next();
            let mut number = || fields.next()?.parse::<i32>().ok();
            let (Some(parent), Some(group)) = (number(), number()) else { continue };
            let ended = matches!(state, Some("Z" | "X"));
            processes.entry(parent).or_default().push(Process { pid, group, name, ended });
        }
        processes
    }

    fn collect<'a>(
        processes: &'a BTreeMap<i32, Vec<Process>>,
        root: Pid,
        wanted: &impl Fn(&Process) -> bool,
        found: &mut Vec<&'a Process>,
    ) {
        let children = processes.get(&root.as_raw_nonzero().get()).into_iter().flatten();
        for process in children.filter(|process| wanted(process)) {
            found.push(process);
            collect(processes, process.pid, wanted, found);
        }
    }

    /// All descendants of a process outside its process group.
    pub(crate) fn below(root: Pid) -> Vec<Pid> {
        let processes = by_parent();
        let mut found = Vec::new();
        collect(&processes, root, &|_| true, &mut found);
        let outside = found.into_iter().filter(|process| process.group != root.as_raw_nonzero().get());
        outside.map(|process| process.pid).collect()
    }

    /// What runs in a process group, by name and number.
    pub(crate) fn group_names(leader: Pid) -> Vec<String> {
        let processes = by_parent().into_values().flatten();
        let in_group = |process: &Process| process.group == leader.as_raw_nonzero().get() && !process.ended;
        processes.filter(in_group).map(|process| format!("`{}` ({})", process.name, process.pid)).collect()
    }

    /// Descendants of this process that still run, each with its name, except what is in its own process group or below
    /// that, and what is meant to stay; those that have ended are reaped.
    pub(crate) fn strays() -> Vec<(Pid, String)> {
        let processes = by_parent();
        let own = getpgrp().as_raw_nonzero().get();
        let mut found = Vec::new();
        collect(&processes, getpid(), &|process| process.group != own, &mut found);
        for process in found.iter().filter(|process| process.ended) {
            let _ = waitpid(Some(process.pid), WaitOptions::NOHANG);
        }
        let running = found.into_iter().filter(|process| !process.ended && process.name != MEANT_TO_STAY);
        running.map(|process| (process.pid, process.name.clone())).collect()
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) use elsewhere::{adopt_orphans, below, group_names, is_ignored, strays};

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use rustix::process::Pid;

    /// There is no way to ask for orphans here.
    pub(crate) fn adopt_orphans() {}

    /// There is no safe way to ask.
    pub(crate) fn is_ignored(_signal: i32) -> bool {
        false
    }

    /// The process group has to do.
    pub(crate) fn below(_root: Pid) -> Vec<Pid> {
        Vec::new()
    }

    /// Its number is all that is known of it.
    pub(crate) fn group_names(leader: Pid) -> Vec<String> {
        vec![format!("process group {leader}")]
    }

    /// The process groups have been stopped already.
    pub(crate) fn strays() -> Vec<(Pid, String)> {
        Vec::new()
    }
}
