//! `.config/windlass.toml`: every key with its default, as comments.

use super::edit::Edit;

/// The file, relative to the workspace's root.
pub(super) const PATH: &str = ".config/windlass.toml";

/// What is written: a file that says what there is to say, and changes nothing.
pub(crate) const TEXT: &str = include_str!("windlass.toml");

/// The change that adds the file; none where there is one.
pub(super) fn edit(before: Option<&str>) -> Option<Edit> {
    before.is_none().then(|| Edit {
        path: PATH.into(),
        before: None,
        after: Some(TEXT.into()),
        what: "the defaults, as comments",
    })
}

/// The change that removes the file; `Err` where somebody has written in it.
pub(super) fn removal(before: &str) -> Result<Edit, ()> {
    let edit = Edit { path: PATH.into(), before: Some(before.into()), after: None, what: "the defaults, as comments" };
    if before.replace("\r\n", "\n") == TEXT { Ok(edit) } else { Err(()) }
}
