//! What servers stand on: locks that end with their holder, ports that nobody else is given, private directories, and the
//! lives of other processes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FlockOperation, flock, statvfs};
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::net::{AddressFamily, SocketType, bind, getsockname, socket, sockopt};
use rustix::process::{Pid, Signal, getuid, kill_process};

use crate::{Host, HostError, tree};

/// A lock that is held until it is dropped, or its holder has died.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// A process that is watched.
#[derive(Debug)]
pub struct Watch {
    watch: tree::Watch,
}

impl Watch {
    /// Whether it has ended, also if nobody has asked how.
    pub fn has_ended(&self) -> bool {
        self.watch.has_ended()
    }

    /// Sends it a signal; one that has ended gets none.
    pub fn signal(&self, signal: Signal) {
        self.watch.signal(signal);
    }
}

/// A connection whose answers may take long: who waits for one stops when windlass is asked to.
#[derive(Debug)]
pub struct Patient {
    stream: UnixStream,
    patience: Duration,
    signal: Arc<AtomicUsize>,
}

impl Read for Patient {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let deadline = Instant::now() + self.patience;
        loop {
            match self.stream.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if self.signal.load(Ordering::Relaxed) != 0 {
                        return Err(io::Error::other("windlass is asked to stop"));
                    }
                    if Instant::now() > deadline {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                }
                read => return read,
            }
        }
    }
}

impl Write for Patient {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// A port of the loopback interface. Where the system can, on Linux, nobody else is given it while this is held, and a
/// server can still listen on it: the socket is bound and does not listen.
#[derive(Debug)]
pub struct HeldPort {
    /// Its number.
    pub port: u16,
    _socket: Option<OwnedFd>,
}

impl Host {
    /// Takes a lock; `None` if somebody else has it. The file is made, and stays.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened.
    pub fn lock(&self, path: &Path) -> Result<Option<Lock>, HostError> {
        let tried = |error| HostError::new("lock", path, error);
        let file = File::options().write(true).create(true).truncate(false).mode(0o600).open(path).map_err(tried)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Lock { _file: file })),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(tried(error.into())),
        }
    }

    /// Holds a port: the one that is wanted, or any that is free; `None` if the one that is wanted is taken.
    ///
    /// # Errors
    ///
    /// When there is no loopback interface, or no port is left.
    pub fn hold_port(&self, wanted: Option<u16>) -> io::Result<Option<HeldPort>> {
        let held = socket(AddressFamily::INET, SocketType::STREAM, None)?;
        fcntl_setfd(&held, FdFlags::CLOEXEC)?;
        sockopt::set_socket_reuseaddr(&held, true)?;
        match bind(&held, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, wanted.unwrap_or(0))) {
            Ok(()) => {}
            Err(rustix::io::Errno::ADDRINUSE) if wanted.is_some() => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        let port = SocketAddrV4::try_from(getsockname(&held)?)?.port();
        Ok(Some(HeldPort { port, _socket: cfg!(target_os = "linux").then_some(held) }))
    }

    /// Makes a directory that nobody else may enter, and those above it; one that is there has to be this user's.
    ///
    /// # Errors
    ///
    /// When it cannot be made, or is somebody else's: in a directory that all may write to, it may be a trap.
    pub fn make_private_dir(&self, path: &Path) -> Result<(), HostError> {
        let made = || -> io::Result<()> {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
            let found = fs::symlink_metadata(path)?;
            if !found.is_dir() || found.uid() != self.uid() || found.mode() & 0o022 != 0 {
                return Err(io::Error::other("it is there, and others may write to it"));
            }
            Ok(())
        };
        made().map_err(|error| HostError::new("make", path, error))
    }

    /// Lets others pass through a directory to what they know the name of, and see nothing else of it.
    ///
    /// # Errors
    ///
    /// When it is not this user's.
    pub fn let_through(&self, dir: &Path) -> Result<(), HostError> {
        let changed = fs::set_permissions(dir, fs::Permissions::from_mode(0o711));
        changed.map_err(|error| HostError::new("open", dir, error))
    }

    /// Hands a directory and all that is in it over to another user, and to the group of the same number.
    ///
    /// # Errors
    ///
    /// When this user may not.
    pub fn hand_over(&self, path: &Path, uid: u32) -> Result<(), HostError> {
        let tried = |error| HostError::new("hand over", path, error);
        std::os::unix::fs::lchown(path, Some(uid), Some(uid)).map_err(tried)?;
        if path.is_dir() && !path.is_symlink() {
            for entry in fs::read_dir(path).map_err(tried)? {
                self.hand_over(&entry.map_err(tried)?.path(), uid)?;
            }
        }
        Ok(())
    }

    /// Writes a file that nobody else may read.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn write_private(&self, path: &Path, text: &str) -> Result<(), HostError> {
        let write = || -> io::Result<()> {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let mut file = File::options().write(true).create_new(true).mode(0o600).open(path)?;
            io::Write::write_all(&mut file, text.as_bytes())
        };
        write().map_err(|error| HostError::new("write", path, error))
    }

    /// Listens on a socket below a directory: whoever may enter that may connect.
    ///
    /// # Errors
    ///
    /// When there is something of that name, or its path is too long for a socket.
    pub fn listen_unix(&self, path: &Path) -> Result<UnixListener, HostError> {
        UnixListener::bind(path).map_err(|error| HostError::new("listen on", path, error))
    }

    /// The next client that connects, if one does within `timeout`.
    pub fn next_client(&self, listener: &UnixListener, timeout: Duration) -> Option<UnixStream> {
        let timeout = Timespec { tv_sec: 0, tv_nsec: timeout.subsec_nanos().into() };
        let n = poll(&mut [PollFd::new(listener, PollFlags::IN)], Some(&timeout)).ok()?;
        if n > 0 { listener.accept().ok().map(|(stream, _)| stream) } else { None }
    }

    /// The number of the process at the other end of a connection, where the system says it.
    pub fn peer(&self, stream: &UnixStream) -> Option<u32> {
        tree::peer(stream)
    }

    /// How a process ends or has ended that has just closed what it had open, as `wait` would say it: 0 if well, or if it goes on.
    /// `None` once its parent has asked, and where the system tells only the parent.
    pub fn end_of(&self, pid: u32) -> Option<i32> {
        tree::end_of(i32::try_from(pid).ok().and_then(Pid::from_raw)?)
    }

    /// Connects to a socket below a directory, and waits no longer than `timeout` for each answer.
    ///
    /// # Errors
    ///
    /// When nobody listens there.
    pub fn connect_unix(&self, path: &Path, timeout: Duration) -> io::Result<UnixStream> {
        let stream = UnixStream::connect(path)?;
        stream.set_read_timeout(Some(timeout))?;
        stream.set_write_timeout(Some(timeout))?;
        Ok(stream)
    }

    /// Connects to a socket below a directory, and waits no longer than `patience` for each answer, nor when windlass is asked to
    /// stop.
    ///
    /// # Errors
    ///
    /// When nobody listens there.
    pub fn connect_patiently(&self, path: &Path, patience: Duration) -> io::Result<Patient> {
        let stream = UnixStream::connect(path)?;
        stream.set_read_timeout(Some(patience.min(Duration::from_millis(50))))?;
        Ok(Patient { stream, patience, signal: Arc::clone(&self.signal) })
    }

    /// Connects to a port of the loopback interface, and waits no longer than `timeout` for each answer.
    ///
    /// # Errors
    ///
    /// When nobody listens there.
    pub fn connect_tcp(&self, port: u16, timeout: Duration) -> io::Result<TcpStream> {
        let stream = TcpStream::connect_timeout(&SocketAddrV4::new(Ipv4Addr::LOCALHOST, port).into(), timeout)?;
        stream.set_read_timeout(Some(timeout))?;
        stream.set_write_timeout(Some(timeout))?;
        Ok(stream)
    }

    /// How many bytes there is room for in a directory; 0 where it cannot be told.
    pub fn room_bytes(&self, dir: &Path) -> u64 {
        statvfs(dir).map_or(0, |it| it.f_bavail.saturating_mul(it.f_frsize))
    }

    /// The number of the user.
    pub fn uid(&self) -> u32 {
        getuid().as_raw()
    }

    /// Letters and digits that nobody can guess: two for each byte.
    ///
    /// # Errors
    ///
    /// When the system has no random bytes to give.
    pub fn random(&self, n_bytes: usize) -> Result<String, HostError> {
        let path = Path::new("/dev/urandom");
        let mut bytes = vec![0; n_bytes];
        let read = File::open(path).and_then(|mut file| file.read_exact(&mut bytes));
        read.map_err(|error| HostError::new("read", path, error))?;
        Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Watches a process, to know when it has ended; `None` if there is none of that number.
    ///
    /// # Errors
    ///
    /// When the system does not allow it.
    pub fn watch(&self, pid: u32) -> io::Result<Option<Watch>> {
        let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return Ok(None) };
        Ok(tree::watch(pid)?.map(|watch| Watch { watch }))
    }

    /// From here on the end of a process, or that there is none of that number, counts as a signal that asks windlass to stop.
    ///
    /// # Errors
    ///
    /// When the system does not allow to watch it.
    pub fn end_with(&self, pid: u32) -> io::Result<()> {
        let watch = self.watch(pid)?;
        let signal = Arc::clone(&self.signal);
        thread::spawn(move || {
            while watch.as_ref().is_some_and(|watch| !watch.has_ended()) {
                thread::sleep(Duration::from_millis(10));
            }
            let terminated = usize::try_from(Signal::TERM.as_raw()).unwrap_or_default();
            let _ = signal.compare_exchange(0, terminated, Ordering::Relaxed, Ordering::Relaxed);
        });
        Ok(())
    }

    /// Kills every process that works in a directory or below it, and waits until they are gone; how many there were. Those that others
    /// of them have started have two seconds to end with those: what `initdb` feeds removes its shared memory when nothing more comes.
    /// Only Linux says where a process works.
    pub fn kill_all_in(&self, dir: &Path) -> usize {
        let (mut seen, mut started) = (BTreeSet::new(), BTreeSet::new());
        for n in 0..1500 {
            let there = tree::working_in(dir);
            if there.is_empty() {
                break;
            }
            for pid in &there {
                if seen.insert(pid.as_raw_nonzero()) && tree::parent(*pid).is_some_and(|it| there.contains(&it)) {
                    started.insert(pid.as_raw_nonzero());
                }
            }
            for pid in there.into_iter().filter(|pid| n >= 1000 || !started.contains(&pid.as_raw_nonzero())) {
                let _ = kill_process(pid, Signal::KILL);
            }
            thread::sleep(Duration::from_millis(2));
        }
        seen.len()
    }

    /// Whether a process works in a directory or below it, where the system says where one works: on Linux.
    pub fn works_in(&self, pid: u32, dir: &Path) -> Option<bool> {
        tree::works_in(i32::try_from(pid).ok().and_then(Pid::from_raw)?, dir)
    }

    /// The program that a process runs. Only Linux says it.
    pub fn program_of(&self, pid: u32) -> Option<PathBuf> {
        tree::program_of(i32::try_from(pid).ok().and_then(Pid::from_raw)?)
    }

    /// The processes that run a program and work in a directory or below it, by number. Only Linux says which do.
    pub fn running_in(&self, dir: &Path, program: &Path) -> BTreeMap<u32, Watch> {
        let there = tree::working_in(dir).into_iter().filter(|pid| tree::program_of(*pid).as_deref() == Some(program));
        let watched = there.filter_map(|pid| Some((tree::number(pid), tree::watch(pid).ok()??)));
        watched.map(|(pid, watch)| (pid, Watch { watch })).collect()
    }

    /// Does nothing for a while.
    pub fn sleep(&self, time: Duration) {
        thread::sleep(time);
    }
}
