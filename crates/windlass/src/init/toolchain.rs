//! Whether a toolchain is old.

/// Whether the version of a rustc is older than the version `minimum`.
pub(super) fn is_older(rustc: &str, minimum: &str) -> bool {
    numbers(rustc) < numbers(minimum)
}

/// Major and minor number of a version.
fn numbers(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split(['.', '-']).map(str::parse);
    Some((parts.next()?.ok()?, parts.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::is_older;

    #[test]
    fn a_toolchain_is_old_below_the_minimum() {
        let cases = [("1.87.0", true), ("1.88.0", false), ("1.99.0-nightly", false), ("1.9.0", true), ("2.0.0", false)];
        for (rustc, expected) in cases {
            assert_eq!(is_older(rustc, "1.88"), expected, "{rustc}");
        }
    }
}
