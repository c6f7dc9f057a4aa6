//! A change of one file, as data: what is shown, written, and taken back when a later one fails.

use std::path::Path;

use similar::TextDiff;
use windlass_host::{Host, HostError};

/// What becomes of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edit {
    /// The file, relative to the workspace's root.
    pub(crate) path: String,
    /// Its text before; `None` if there was no such file.
    pub(crate) before: Option<String>,
    /// Its text after; `None` if it goes.
    pub(crate) after: Option<String>,
    /// What the change is for.
    pub(crate) what: &'static str,
}

impl Edit {
    /// A unified diff, as `git diff` and `patch` write it.
    pub(crate) fn diff(&self) -> String {
        let side = |text: &Option<String>, prefix: &str| match text {
            Some(_) => format!("{prefix}/{}", self.path),
            None => "/dev/null".to_owned(),
        };
        let (before, after) = (self.before.as_deref().unwrap_or_default(), self.after.as_deref().unwrap_or_default());
        let diff = TextDiff::from_lines(before, after);
        diff.unified_diff().header(&side(&self.before, "a"), &side(&self.after, "b")).to_string()
    }

    /// What was done to the file, in one word.
    pub(crate) fn verb(&self) -> &'static str {
        match (&self.before, &self.after) {
            (None, _) => "added",
            (_, None) => "removed",
            _ => "changed",
        }
    }

    /// Its other direction.
    fn reverse(&self) -> Self {
        Self { before: self.after.clone(), after: self.before.clone(), ..self.clone() }
    }
}

/// Writes all of them, or none: when one cannot be written, those before it are taken back.
pub(super) fn write(host: &Host, root: &Path, edits: &[Edit]) -> Result<(), HostError> {
    for (done, edit) in edits.iter().enumerate() {
        if let Err(error) = write_one(host, root, edit) {
            take_back(host, root, &edits[..=done]);
            return Err(error);
        }
    }
    Ok(())
}

/// Puts the files back to what they were. What cannot be put back stays: the failure that led here is the one to report.
pub(super) fn take_back(host: &Host, root: &Path, edits: &[Edit]) {
    for edit in edits.iter().rev() {
        let _ = write_one(host, root, &edit.reverse());
    }
}

fn write_one(host: &Host, root: &Path, edit: &Edit) -> Result<(), HostError> {
    let path = root.join(&edit.path);
    if let Some(text) = &edit.after {
        return host.write_text(&path, text);
    }
    host.remove_file(&path)?;
    // The directories that were made for it go with it; one that holds anything else stays.
    for dir in path.ancestors().skip(1).take_while(|dir| *dir != root && dir.starts_with(root)) {
        if !host.remove_dir(dir)? {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)]

    use super::*;

    fn edit(path: &str, before: Option<&str>, after: Option<&str>) -> Edit {
        Edit { path: path.into(), before: before.map(Into::into), after: after.map(Into::into), what: "" }
    }

    #[test]
    fn a_diff_names_what_is_new_and_what_goes() {
        insta::assert_snapshot!(edit(".gitignore", None, Some("/target\n")).diff(), @r"
        --- /dev/null
        +++ b/.gitignore
        @@ -0,0 +1 @@
        +/target
        ");
        insta::assert_snapshot!(edit("a", Some("x\ny"), Some("x\nz")).diff(), @r"
        --- a/a
        +++ b/a
        @@ -1,2 +1,2 @@
         x
        -y
        \ No newline at end of file
        +z
        \ No newline at end of file
        ");
    }

    #[test]
    fn nothing_stays_written_when_one_file_cannot_be() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("kept"), "before").unwrap();
        std::fs::write(dir.path().join("file"), "").unwrap();
        let edits = [
            edit("new/deep/a", None, Some("a")),
            edit("kept", Some("before"), Some("after")),
            edit("file/b", None, Some("b")),
        ];
        let error = write(&Host::new(), dir.path(), &edits).unwrap_err();
        assert!(error.to_string().contains("file"), "{error}");
        assert_eq!(std::fs::read_to_string(dir.path().join("kept")).unwrap(), "before");
        assert!(!dir.path().join("new").exists());
    }
}
