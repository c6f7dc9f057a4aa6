//! Why a server did not start, by what servers and the C library say of it.

/// The cause that another port mends.
pub const PORT_TAKEN: &str = "its port is taken";

/// What a line has that tells a cause, and the cause.
const CAUSES: [(&str, &str); 8] = [
    ("Address already in use", PORT_TAKEN),
    ("No space left on device", "the disk is full"),
    ("Disk quota exceeded", "the user's quota of the disk is used up"),
    ("invalid locale", "this system has no such locale"),
    ("database files are incompatible with server", "its data is of another version"),
    ("Can't handle RDB format version", "its data is of a newer version"),
    ("Cannot allocate memory", "there is not enough memory"),
    ("Permission denied", "it is not permitted to use a file or a port"),
];

/// The cause that the end of a server's log tells: that of the last line that tells one.
pub fn cause(log: &str) -> Option<&'static str> {
    let of_line = |line: &str| CAUSES.into_iter().find_map(|(said, cause)| line.contains(said).then_some(cause));
    log.lines().rev().find_map(of_line)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As PostgreSQL 15, Redis 7 and MariaDB 10.11 say it.
    #[test]
    fn servers_say_what_is_in_their_way() {
        let said = [
            (
                "LOG:  could not bind IPv4 address \"127.0.0.1\": Address already in use\n\
                 HINT:  Is another postmaster already running on port 5432? If not, wait a few seconds and retry.\n\
                 FATAL:  could not create any TCP/IP sockets\n",
                Some(PORT_TAKEN),
            ),
            (
                "# Warning: Could not create server TCP listening socket 127.0.0.1:6379: bind: Address already in use",
                Some(PORT_TAKEN),
            ),
            ("initdb: error: invalid locale name \"xx_YY\"", Some("this system has no such locale")),
            (
                "initdb: error: could not write to file \"pg_wal/xlogtemp.40\": No space left on device",
                Some("the disk is full"),
            ),
            (
                "FATAL:  database files are incompatible with server\n\
                 DETAIL:  The data directory was initialized by PostgreSQL version 14, which is not compatible with this version 15.18.\n",
                Some("its data is of another version"),
            ),
            ("# Can't handle RDB format version 12", Some("its data is of a newer version")),
            (
                "mariadbd: Can't create/write to file '/t/x' (Errcode: 13 \"Permission denied\")\n[ERROR] Aborting\n",
                Some("it is not permitted to use a file or a port"),
            ),
            ("FATAL:  unrecognized configuration parameter \"no_such_setting\"", None),
            ("", None),
        ];
        for (log, expected) in said {
            assert_eq!(cause(log), expected, "{log}");
        }
    }
}
