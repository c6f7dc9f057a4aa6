//! Versions of programs: which one a file wants, and which one a program says it is.

use std::fmt;

/// Which versions will do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Any, also one that nobody says.
    Any,
    /// Those that begin with these numbers: `16`, or `15.18`.
    Exactly(Vec<u32>),
    /// Those from these numbers on: `>=13`.
    AtLeast(Vec<u32>),
}

impl Wanted {
    /// Reads `16`, `15.18` or `>=13`.
    pub fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix(">=") {
            Some(rest) => numbers(rest.trim()).map(Self::AtLeast),
            None => numbers(text.trim()).map(Self::Exactly),
        }
    }

    /// Whether a version, such as `15.18`, will do.
    pub fn accepts(&self, version: &str) -> bool {
        let Some(found) = numbers(version) else { return *self == Self::Any };
        match self {
            Self::Any => true,
            Self::Exactly(wanted) => found.starts_with(wanted),
            Self::AtLeast(wanted) => found >= *wanted,
        }
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, numbers) = match self {
            Self::Any => return f.write_str("any version"),
            Self::Exactly(numbers) => ("", numbers),
            Self::AtLeast(numbers) => (">=", numbers),
        };
        let numbers: Vec<String> = numbers.iter().map(u32::to_string).collect();
        write!(f, "{sign}{}", numbers.join("."))
    }
}

/// The numbers of a version, such as `15.18`, by which versions are ordered; `None` if it has something else in it.
pub fn numbers(text: &str) -> Option<Vec<u32>> {
    text.split('.').map(|number| number.parse().ok()).collect()
}

/// The version in what a program says of itself: its first number with a dot in it, such as the `15.18` of
/// `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`, else its first number, for a preview such as `18beta1`.
pub fn version_in(said: &str) -> Option<String> {
    let words = || said.split(|c: char| !c.is_ascii_digit() && c != '.').map(|word| word.trim_matches('.'));
    let dotted = words().find(|word| word.contains('.') && numbers(word).is_some());
    dotted.or_else(|| words().find(|word| numbers(word).is_some())).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_says_its_version_in_its_own_words() {
        let cases = [
            ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", Some("15.18")),
            ("postgres (PostgreSQL) 18beta1", Some("18")),
            (
                "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64 build=4760e1a8a2fb66cd",
                Some("7.0.15"),
            ),
            ("nats-server: v2.9.10", Some("2.9.10")),
            ("mariadbd  Ver 10.11.14-MariaDB-0+deb12u2 for debian-linux-gnu on x86_64 (Debian 12)", Some("10.11.14")),
            ("memcached 1.6.18", Some("1.6.18")),
            ("mosquitto version 2.0.11", Some("2.0.11")),
            ("no number", None),
        ];
        for (said, version) in cases {
            assert_eq!(version_in(said).as_deref(), version, "{said}");
        }
    }

    #[test]
    fn a_version_will_do_or_not() {
        let cases = [
            ("16", "16.4", true),
            ("16", "15.18", false),
            ("1", "16.4", false),
            ("15.18", "15.18", true),
            ("15.18", "15.17", false),
            ("15.18", "15", false),
            (">=13", "15.18", true),
            (">=13", "13", true),
            (">=13", "9.6.24", false),
            (">= 7.0.10", "7.0.9", false),
            (">=7.0.9", "7.0.10", true),
        ];
        for (wanted, version, expected) in cases {
            let wanted = Wanted::parse(wanted).unwrap();
            assert_eq!(wanted.accepts(version), expected, "{wanted} {version}");
        }
        assert!(Wanted::Any.accepts("") && Wanted::Any.accepts("1"));
        for text in ["", "16-alpine", "latest", ">13", "^16", "1..2"] {
            assert_eq!(Wanted::parse(text), None, "{text}");
        }
    }
}
