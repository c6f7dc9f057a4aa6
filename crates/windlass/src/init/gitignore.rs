//! `.gitignore`: a line for the target directory, where git would otherwise track it.

use super::edit::Edit;
use super::splice;

/// The file, relative to the workspace's root.
pub(super) const PATH: &str = ".gitignore";

/// The change that ignores `target`, which stands in the workspace's root.
pub(super) fn edit(before: Option<&str>, target: &str) -> Edit {
    let after = match before {
        Some(text) => splice::append_lines(text, &lines(target)),
        None => splice::new_file(&lines(target)),
    };
    change(before, Some(after))
}

/// The change that takes the line out again; none where it is not.
pub(super) fn removal(before: &str, target: &str) -> Option<Edit> {
    let after = splice::cut_lines(before, &lines(target))?;
    let goes = after.is_empty() && !before.starts_with(splice::newline(before));
    Some(change(Some(before), (!goes).then_some(after)))
}

fn change(before: Option<&str>, after: Option<String>) -> Edit {
    Edit { path: PATH.into(), before: before.map(str::to_owned), after, what: "git leaves out the target directory" }
}

/// The comment tells the line from one that was there before.
fn lines(target: &str) -> String {
    format!("# Added by `windlass init`.\n/{target}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_removal_restores_the_file_that_was() {
        for before in [None, Some(""), Some("\n"), Some("/target"), Some("*.o\n"), Some("*.o\r\n\r\n")] {
            let after = edit(before, "target").after.unwrap();
            assert_eq!(removal(&after, "target").unwrap().after.as_deref(), before, "{after:?}");
        }
    }

    #[test]
    fn a_line_that_was_there_before_stays() {
        assert_eq!(removal("/target\n", "target"), None);
    }
}
