//! Debian's packages, unpacked without being installed: which ones a server needs that the system lacks, how they are
//! fetched, and where they have what. Neither needs root, and no unit is enabled.

use windlass_plan::Command;

/// Asks apt which packages would be installed for these, on top of those that are: a simulation.
pub fn closure_command(packages: &[String]) -> Command {
    Command::new("apt-get", "/").args(["--simulate", "-qq", "--no-install-recommends", "install"]).args(packages)
}

/// Reads what [`closure_command`] answers: each package with its version, as apt's command line takes it.
pub fn parse_closure(answer: &str) -> Vec<String> {
    let package = |line: &str| {
        let (name, rest) = line.strip_prefix("Inst ")?.split_once(' ')?;
        // `[1.0]` is the version that would be replaced.
        let (_, version) = rest.split_once('(')?;
        Some(format!("{name}={}", version.split_whitespace().next()?))
    };
    answer.lines().filter_map(package).collect()
}

/// Fetches packages into a directory.
pub fn download_command(dir: &str, packages: &[String]) -> Command {
    Command::new("apt-get", dir).args(["download", "-qq"]).args(packages)
}

/// Unpacks a fetched package below a directory.
pub fn unpack_command(file: &str, root: &str) -> Command {
    Command::new("dpkg-deb", "/").args(["--extract", file, root])
}

/// Where unpacked packages have programs, besides where a service's file says that its own are.
pub const PROGRAMS: [&str; 3] = ["/usr/bin", "/usr/sbin", "/bin"];

/// Where they have libraries; `*` stands for the architecture.
pub const LIBRARIES: [&str; 4] = ["/usr/lib/*-linux-*", "/lib/*-linux-*", "/usr/lib", "/lib"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closure_is_what_apt_would_install() {
        let recorded = "\
NOTE: This is only a simulation!
Inst libjemalloc2 (5.3.0-1 Debian:12.15/oldstable [amd64])
Inst libssl3 [3.0.15-1] (3.0.17-1 Debian-Security:12/oldstable-security [amd64]) []
Inst redis-server (5:7.0.15-1~deb12u10 Debian-Security:12/oldstable-security [amd64])
Conf libjemalloc2 (5.3.0-1 Debian:12.15/oldstable [amd64])
";
        let closure = parse_closure(recorded);
        assert_eq!(closure, ["libjemalloc2=5.3.0-1", "libssl3=3.0.17-1", "redis-server=5:7.0.15-1~deb12u10"]);
        let line = download_command("/cache", &closure[..1]).shell();
        assert_eq!(line, "cd /cache && apt-get download -qq libjemalloc2=5.3.0-1");
    }
}
