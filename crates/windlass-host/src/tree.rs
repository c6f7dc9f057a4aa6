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

/// The number of a process, as others have it.
pub(crate) fn number(pid: Pid) -> u32 {
    pid.as_raw_nonzero().get().cast_unsigned()
}

/// Whether nothing runs any more in the process group of a child that has ended and been waited for.
pub(crate) fn group_is_gone(leader: Pid) -> bool {
    // Of its members those that became children of this process stay until somebody asks how they ended.
    while let Ok(Some(_)) = waitpgid(leader, WaitOptions::NOHANG) {}
    test_kill_process_group(leader).is_err()
}

/// Stops every descendant of this process but what it started in its own process group, which windlass never does; the
/// names of what it was.
/// Servers that are somebody's to stop are left alone, with what they have started: `spared` are their process groups.
pub(crate) fn sweep(spared: &[u32]) -> Vec<String> {
    let mut names = Vec::new();
    for round in 0..100 {
        let strays = strays(spared);
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
pub(crate) use linux::{
    Watch, adopt_orphans, below, die_with_parent, end_of, family, foreground, group_names, is_ignored, own_group,
    parent, peer, program_of, session, strays, watch, working_in, works_in,
};

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::BTreeMap;
    use std::os::fd::OwnedFd;
    use std::path::{Path, PathBuf};
    use std::{fs, io};

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::process::{
        Pid, PidfdFlags, Signal, WaitOptions, getpid, pidfd_open, pidfd_send_signal, set_child_subreaper,
        set_parent_process_death_signal, waitpid,
    };

    /// A compiler cache's server outlives the command that started it on purpose.
    const MEANT_TO_STAY: &str = "sccache";

    /// From here on a descendant whose parent dies becomes a child of this process, so that it can still be found
    /// (prctl `PR_SET_CHILD_SUBREAPER`).
    pub(crate) fn adopt_orphans() {
        let _ = set_child_subreaper(Some(getpid()));
    }

    /// From here on this process, and what it becomes, is sent a signal when its parent dies (prctl `PR_SET_PDEATHSIG`); it no
    /// longer adopts orphans.
    pub(crate) fn die_with_parent(signal: Signal) -> io::Result<()> {
        set_child_subreaper(None)?;
        Ok(set_parent_process_death_signal(Some(signal))?)
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
        parent: i32,
        /// 0 if whoever leads it is in another PID namespace, as in a container that was entered with `nsenter`.
        group: i32,
        /// 0 as with `group`.
        session: i32,
        name: String,
        ended: bool,
    }

    /// What `/proc/PID/stat` says of a process; `None` if there is none, or /proc is not mounted.
    fn process(pid: Pid) -> Option<Process> {
        // `PID (NAME) STATE PPID PGRP SESSION ...`, where the name may hold spaces and parentheses.
        let stat = fs::read(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
        let stat = String::from_utf8_lossy(&stat);
        let (open, close) = (stat.find('(')?, stat.rfind(')')?);
        let name = stat[open + 1..close].to_owned();
        let mut fields = stat[close + 1..].split_whitespace();
        let ended = matches!(fields.next(), Some("Z" | "X"));
        let mut number = || fields.next()?.parse::<i32>().ok();
        Some(Process { pid, parent: number()?, group: number()?, session: number()?, name, ended })
    }

    /// The process group of this process (`getpgrp(2)`); 0 if it is led from another PID namespace, or /proc is not mounted.
    pub(crate) fn own_group() -> i32 {
        process(getpid()).map_or(0, |own| own.group)
    }

    /// The session of a process (`getsid(2)`); 0 if it is led from another PID namespace.
    pub(crate) fn session(pid: Pid) -> Option<i32> {
        Some(process(pid)?.session)
    }

    /// The process that has started a process, or has taken it over.
    pub(crate) fn parent(pid: Pid) -> Option<Pid> {
        Pid::from_raw(process(pid)?.parent)
    }

    /// Every process of the machine by its parent; empty where /proc is not mounted.
    fn by_parent() -> BTreeMap<i32, Vec<Process>> {
        let mut processes: BTreeMap<i32, Vec<Process>> = BTreeMap::new();
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let pid = entry.file_name().to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw);
            if let Some(process) = pid.and_then(process) {
                processes.entry(process.parent).or_default().push(process);
            }
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

    /// What runs of the command that this process has started in its own process group, and of all that the command started: also
    /// what has been orphaned since, for this process adopts it.
    pub(crate) fn foreground(_command: Pid) -> Vec<Pid> {
        let processes = by_parent();
        let own = own_group();
        let mut found = Vec::new();
        for child in processes.get(&getpid().as_raw_nonzero().get()).into_iter().flatten() {
            if child.group == own {
                found.push(child);
                collect(&processes, child.pid, &|_| true, &mut found);
            }
        }
        found.into_iter().filter(|process| !process.ended).map(|process| process.pid).collect()
    }

    /// A process and all its descendants.
    pub(crate) fn family(root: Pid) -> Vec<Pid> {
        let processes = by_parent();
        let mut found = Vec::new();
        collect(&processes, root, &|_| true, &mut found);
        [root].into_iter().chain(found.into_iter().map(|process| process.pid)).collect()
    }

    /// What runs in a process group, by name and number.
    pub(crate) fn group_names(leader: Pid) -> Vec<String> {
        let processes = by_parent().into_values().flatten();
        let in_group = |process: &Process| process.group == leader.as_raw_nonzero().get() && !process.ended;
        processes.filter(in_group).map(|process| format!("`{}` ({})", process.name, process.pid)).collect()
    }

    /// A process that is watched, by a file descriptor that no other process of its number will have.
    #[derive(Debug)]
    pub(crate) struct Watch(OwnedFd);

    /// Watches a process, if there is one.
    pub(crate) fn watch(pid: Pid) -> io::Result<Option<Watch>> {
        match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(fd) => Ok(Some(Watch(fd))),
            Err(rustix::io::Errno::SRCH) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    impl Watch {
        pub(crate) fn has_ended(&self) -> bool {
            let at_once = Timespec::default();
            poll(&mut [PollFd::new(&self.0, PollFlags::IN)], Some(&at_once)).is_ok_and(|n| n > 0)
        }

        pub(crate) fn signal(&self, signal: Signal) {
            let _ = pidfd_send_signal(&self.0, signal);
        }
    }

    /// The number of the process at the other end of a connection (`SO_PEERCRED`).
    pub(crate) fn peer(stream: &std::os::unix::net::UnixStream) -> Option<u32> {
        let pid = rustix::net::sockopt::socket_peercred(stream).ok()?.pid;
        Some(super::number(pid))
    }

    /// The last field of `/proc/PID/stat`, in the form of `wait`: it is set before what the process has open is closed.
    pub(crate) fn end_of(pid: Pid) -> Option<i32> {
        let stat = fs::read(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
        String::from_utf8_lossy(&stat).split_whitespace().next_back()?.parse().ok()
    }

    /// Processes whose working directory is `dir` or below it, those that have ended left out.
    pub(crate) fn working_in(dir: &Path) -> Vec<Pid> {
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let pid = entry.file_name().to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw);
            found.extend(pid.filter(|pid| works_in(*pid, dir) == Some(true)));
        }
        found
    }

    /// Whether a process works in `dir` or below it; one that has ended does not, nor one that this user may not look at.
    pub(crate) fn works_in(pid: Pid, dir: &Path) -> Option<bool> {
        Some(fs::read_link(format!("/proc/{}/cwd", pid.as_raw_nonzero())).is_ok_and(|cwd| cwd.starts_with(dir)))
    }

    /// The program that a process runs, also if its file has been replaced or removed since.
    pub(crate) fn program_of(pid: Pid) -> Option<PathBuf> {
        let program = fs::read_link(format!("/proc/{}/exe", pid.as_raw_nonzero())).ok()?;
        let name = program.to_str().and_then(|name| name.strip_suffix(" (deleted)")).map(PathBuf::from);
        Some(name.unwrap_or(program))
    }

    /// Descendants of this process that still run, each with its name, except what is in its own process group or below
    /// that, and what is meant to stay; those that have ended are reaped.
    pub(crate) fn strays(spared: &[u32]) -> Vec<(Pid, String)> {
        let processes = by_parent();
        let is_spared = |group: i32| spared.contains(&group.cast_unsigned());
        let own = own_group();
        let mut found = Vec::new();
        let is_stray = |process: &Process| process.group != own && !is_spared(process.group);
        collect(&processes, getpid(), &is_stray, &mut found);
        for process in found.iter().filter(|process| process.ended) {
            let _ = waitpid(Some(process.pid), WaitOptions::NOHANG);
        }
        let running = found.into_iter().filter(|process| !process.ended && process.name != MEANT_TO_STAY);
        running.map(|process| (process.pid, process.name.clone())).collect()
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) use elsewhere::{
    Watch, adopt_orphans, below, die_with_parent, end_of, foreground, group_names, is_ignored, own_group, parent, peer,
    program_of, session, strays, watch, working_in, works_in,
};

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use rustix::process::Pid;

    /// There is no way to ask for orphans here.
    pub(crate) fn adopt_orphans() {}

    /// Nobody is told here that a parent has died.
    pub(crate) fn die_with_parent(_signal: rustix::process::Signal) -> std::io::Result<()> {
        Ok(())
    }

    /// There is no safe way to ask.
    pub(crate) fn is_ignored(_signal: i32) -> bool {
        false
    }

    /// The process group has to do.
    pub(crate) fn below(_root: Pid) -> Vec<Pid> {
        Vec::new()
    }

    /// What the command started stays unknown.
    pub(crate) fn foreground(command: Pid) -> Vec<Pid> {
        Some(command).filter(|pid| rustix::process::test_kill_process(*pid).is_ok()).into_iter().collect()
    }

    /// The process group of this process (`getpgrp(2)`).
    pub(crate) fn own_group() -> i32 {
        rustix::process::getpgrp().as_raw_nonzero().get()
    }

    /// The session of a process (`getsid(2)`).
    pub(crate) fn session(pid: Pid) -> Option<i32> {
        Some(rustix::process::getsid(Some(pid)).ok()?.as_raw_nonzero().get())
    }

    /// Its number is all that is known of it.
    pub(crate) fn group_names(leader: Pid) -> Vec<String> {
        vec![format!("process group {leader}")]
    }

    /// A process that is watched by its number.
    #[derive(Debug)]
    pub(crate) struct Watch(Pid);

    /// Watches a process, if there is one.
    pub(crate) fn watch(pid: Pid) -> std::io::Result<Option<Watch>> {
        Ok(Some(Watch(pid)).filter(|watch| !watch.has_ended()))
    }

    impl Watch {
        pub(crate) fn has_ended(&self) -> bool {
            rustix::process::test_kill_process(self.0).is_err()
        }

        pub(crate) fn signal(&self, signal: rustix::process::Signal) {
            let _ = rustix::process::kill_process(self.0, signal);
        }
    }

    /// There is no way to ask.
    pub(crate) fn peer(_stream: &std::os::unix::net::UnixStream) -> Option<u32> {
        None
    }

    /// Only the parent is told.
    pub(crate) fn end_of(_pid: Pid) -> Option<i32> {
        None
    }

    /// Nobody asks where no process is known to work.
    pub(crate) fn parent(_pid: Pid) -> Option<Pid> {
        None
    }

    /// There is no way to ask.
    pub(crate) fn working_in(_dir: &std::path::Path) -> Vec<Pid> {
        Vec::new()
    }

    /// There is no way to ask.
    pub(crate) fn works_in(_pid: Pid, _dir: &std::path::Path) -> Option<bool> {
        None
    }

    /// There is no way to ask.
    pub(crate) fn program_of(_pid: Pid) -> Option<std::path::PathBuf> {
        None
    }

    /// The process groups have been stopped already.
    pub(crate) fn strays(_spared: &[u32]) -> Vec<(Pid, String)> {
        Vec::new()
    }
}
