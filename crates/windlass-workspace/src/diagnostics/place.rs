//! Lines that name a place in the code.

/// `src/lib.rs:12:5`
pub(super) fn split_place(place: &str) -> Option<(&str, u32, u32)> {
    let mut parts = place.rsplitn(3, ':');
    let column = parts.next()?.parse().ok()?;
    let line = parts.next()?.parse().ok()?;
    Some((parts.next()?, line, column))
}

/// `thread 'main' (7) panicked at src/lib.rs:5:1:`; what was said is the next line.
pub(super) fn panic_place(line: &str) -> Option<&str> {
    let (_, place) = line.strip_prefix("thread '")?.split_once(" panicked at ")?;
    Some(place.trim_end_matches(':'))
}

/// `Diff in /ws/src/main.rs:12:`, before rustfmt 1.8 `Diff in /ws/src/main.rs at line 12:`
pub(super) fn unformatted(line: &str) -> Option<(&str, u32)> {
    let place = line.strip_prefix("Diff in ")?.strip_suffix(':')?;
    let (file, at) = place.rsplit_once(" at line ").or_else(|| place.rsplit_once(':'))?;
    Some((file, at.parse().ok()?))
}

/// `---- src/lib.rs - name (line 3) stdout ----`
pub(super) fn doctest_failure(line: &str) -> Option<(&str, u32)> {
    let name = line.strip_prefix("---- ")?.strip_suffix(" stdout ----")?;
    let (file, rest) = name.split_once(" - ")?;
    let (_, at) = rest.rsplit_once("(line ")?;
    let digits = at.find(')')?;
    Some((file, at[..digits].parse().ok()?))
}
