//! Tables of a TOML file, read key by key: what is wrong is gathered, each with its line and key.

mod plain;
mod problem;
mod section;
mod version;

pub use plain::check_plain;
pub use problem::{Problem, Problems};
pub use section::{Entry, Mixed, Section, Source, hint, is_variable};
pub use version::{Wanted, numbers, version_in};

/// Reads the text of a file, which messages call `file`, by `read`. What `read` makes of a value that it refuses nobody sees.
///
/// # Errors
///
/// When the text is no TOML, or `read` refused something: all of it at once.
pub fn read<T>(file: &str, text: &str, read: impl FnOnce(&Section<'_>, &mut Source<'_>) -> T) -> Result<T, Problems> {
    let mut source = Source::new(file, text);
    match toml_edit::Document::parse(text) {
        Ok(document) => {
            let value = read(&Section::root(document.as_table()), &mut source);
            source.finish(value)
        }
        Err(error) => Err(source.no_toml(&error)),
    }
}
