//! Greets.

/// A greeting for somebody.
///
/// ```
/// assert_eq!(greeting::greeting("world"), "Hello, world!");
/// ```
pub fn greeting(name: &str) -> String {
    match name.trim() {
        "" => "Hello!".to_owned(),
        name => format!("Hello, {name}!"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_greeted_without_a_name() {
        assert_eq!(greeting(" "), "Hello!");
    }
}
