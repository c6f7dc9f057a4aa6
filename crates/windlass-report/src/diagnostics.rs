//! What tools said about the code, each thing once.

use std::collections::BTreeSet;

use windlass_record::Diagnostic;

/// Diagnostics without those that say what an earlier one said: same file, line and code. Where a tool gave no code, the
/// message stands for it.
pub(crate) fn distinct<'a>(diagnostics: impl IntoIterator<Item = &'a Diagnostic>) -> Vec<&'a Diagnostic> {
    let mut seen = BTreeSet::new();
    let key = |it: &&'a Diagnostic| (it.file.as_deref(), it.line, it.code.as_deref().unwrap_or(&it.message));
    diagnostics.into_iter().filter(|diagnostic| seen.insert(key(diagnostic))).collect()
}
