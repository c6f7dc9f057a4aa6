//! What GitLab CI reads from a log: sections.

use crate::tail::one_line;

/// The line that opens a collapsed section.
pub(crate) fn section_start(name: &str, title: &str, unix_s: u64) -> String {
    let title = one_line(title);
    format!("\u{1b}[0Ksection_start:{unix_s}:{}[collapsed=true]\r\u{1b}[0K{title}", section_name(name))
}

/// The line that closes the section of that name.
pub(crate) fn section_end(name: &str, unix_s: u64) -> String {
    format!("\u{1b}[0Ksection_end:{unix_s}:{}\r\u{1b}[0K", section_name(name))
}

/// GitLab takes letters, digits and `_`, `.`, `-` in the name of a section.
fn section_name(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || "_.-".contains(c) { c } else { '_' }).collect()
}
