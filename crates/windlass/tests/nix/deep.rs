//! What compiles windlass anew: for the deep stage.

use crate::real::{copy, windlass};

#[test]
fn a_broken_template_is_named_and_so_is_what_is_broken_in_it() {
    let copy = copy();
    let path = copy.path().join("templates/minimal/src/lib.rs");
    let before = std::fs::read_to_string(&path).unwrap();
    let after = before.replacen("\"\" => \"Hello!\"", "\"\" => \"Hello\"", 1);
    assert_ne!(before, after);
    std::fs::write(&path, after).unwrap();
    let ended = windlass(copy.path(), &["check", "--level", "L4", "--template", "minimal"]);
    let text = format!("{}{}", ended.stdout, ended.stderr);
    assert_eq!(ended.code, Some(1), "{text}");
    assert!(ended.stdout.contains("L3       passed in ") && ended.stdout.contains("L4       failed after "), "{text}");
    assert!(text.contains("the template `minimal`:") && text.contains("nobody_is_greeted_without_a_name"), "{text}");
}
