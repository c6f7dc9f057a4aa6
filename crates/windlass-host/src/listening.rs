//! Where a server listens, as the system says it.

use std::net::SocketAddr;

use crate::Host;

impl Host {
    /// The TCP addresses that a process and its descendants listen on; `None` where the system does not say: only Linux does, and
    /// not of a process that may do more than this one.
    pub fn listening(&self, pid: u32) -> Option<Vec<SocketAddr>> {
        system::listening(pid)
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::collections::BTreeMap;
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
    use std::{fs, io};

    use rustix::process::Pid;

    use crate::tree;

    /// The state of a socket that listens.
    const LISTEN: &str = "0A";

    pub(super) fn listening(pid: u32) -> Option<Vec<SocketAddr>> {
        let root = i32::try_from(pid).ok().and_then(Pid::from_raw)?;
        // Only the second is missing where there is no IPv6.
        let tables =
            [fs::read_to_string("/proc/net/tcp").ok()?, fs::read_to_string("/proc/net/tcp6").unwrap_or_default()];
        let listening: BTreeMap<&str, SocketAddr> =
            tables.iter().flat_map(|table| table.lines().filter_map(row)).collect();
        let mut found = Vec::new();
        for pid in tree::family(root) {
            match sockets(pid) {
                Ok(sockets) => found.extend(sockets.iter().filter_map(|inode| listening.get(inode.as_str()))),
                // A child may have ended meanwhile.
                Err(_) if pid != root => {}
                Err(_) => return None,
            }
        }
        found.sort_unstable();
        found.dedup();
        Some(found)
    }

    /// The inode and the address of a socket that listens, from a line of `/proc/net/tcp`: a number, the local address, the remote
    /// one, the state, five more, and the inode.
    pub(super) fn row(line: &str) -> Option<(&str, SocketAddr)> {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [_, local, _, LISTEN, _, _, _, _, _, inode, ..] = fields[..] else { return None };
        let (ip, port) = local.split_once(':')?;
        // Each 32 bits are in the order of the machine.
        let words = ip.as_bytes().chunks(8).map(|word| u32::from_str_radix(str::from_utf8(word).ok()?, 16).ok());
        let bytes: Vec<u8> = words.collect::<Option<Vec<_>>>()?.into_iter().flat_map(u32::to_ne_bytes).collect();
        let ip: IpAddr = match bytes.len() {
            4 => Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?).into(),
            _ => Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?).to_canonical(),
        };
        Some((inode, SocketAddr::new(ip, u16::from_str_radix(port, 16).ok()?)))
    }

    /// The inodes of the sockets that a process has open.
    fn sockets(pid: Pid) -> io::Result<Vec<String>> {
        let files = fs::read_dir(format!("/proc/{pid}/fd"))?;
        let inode = |file: fs::DirEntry| {
            let target = fs::read_link(file.path()).ok()?;
            Some(target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned())
        };
        Ok(files.flatten().filter_map(inode).collect())
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    /// There is no way to ask.
    pub(super) fn listening(_pid: u32) -> Option<Vec<std::net::SocketAddr>> {
        None
    }
}

#[cfg(all(test, target_os = "linux", target_endian = "little"))]
mod tests {
    use super::system::row;

    #[test]
    fn a_line_of_the_kernels_table_is_an_address() {
        let recorded = [
            ("  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode", None),
            (
                "   0: 0100007F:8139 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 51123 1 0 100 0 0 10 0",
                Some(("51123", "127.0.0.1:33081")),
            ),
            (
                "   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 903 1 0 100 0 0 10 0",
                Some(("903", "0.0.0.0:22")),
            ),
            (
                "   2: 0100007F:8139 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 51124 1 0 20 4 0 10 -1",
                None,
            ),
            (
                "   0: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A 00000000:00000000 \
                 00:00000000 00000000     0        0 905 1 0 100 0 0 10 0",
                Some(("905", "[::]:22")),
            ),
            (
                "   1: 0000000000000000FFFF00000100007F:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 \
                 00:00000000 00000000     0        0 906 1 0 100 0 0 10 0",
                Some(("906", "127.0.0.1:8080")),
            ),
        ];
        for (line, expected) in recorded {
            let expected = expected.map(|(inode, address)| (inode, address.parse().unwrap()));
            assert_eq!(row(line), expected, "{line}");
        }
    }
}
