//! Tables and values of a TOML document, each with its full key and its line, read as the type that is wanted.

use std::collections::BTreeMap;

use toml_edit::{Item, TableLike, Value};
use windlass_plan::nearest;

use crate::{Problem, Problems, Wanted};

/// The text of a file, and what has been found wrong with it so far.
#[derive(Debug)]
pub struct Source<'a> {
    file: &'a str,
    text: &'a str,
    problems: Vec<Problem>,
}

/// A table.
pub struct Section<'a> {
    key: String,
    /// Where it begins, from 1.
    pub line: usize,
    table: &'a dyn TableLike,
}

/// What stands under one key.
#[derive(Debug)]
pub struct Entry<'a> {
    key: String,
    /// Where it begins, from 1.
    pub line: usize,
    item: &'a Item,
}

/// An element of a list that holds both strings and tables.
pub enum Mixed<'a> {
    /// A string, with its line.
    Text(usize, String),
    /// A table.
    Section(Section<'a>),
}

impl<'a> Source<'a> {
    pub(crate) fn new(file: &'a str, text: &'a str) -> Self {
        Self { file, text, problems: Vec::new() }
    }

    /// Something is wrong on a line: what it is, and what would be right.
    pub fn refuse(&mut self, line: usize, message: impl Into<String>) {
        self.problems.push(Problem { file: self.file.to_owned(), line, column: None, message: message.into() });
    }

    /// The text is no TOML.
    pub(crate) fn no_toml(&self, error: &toml_edit::TomlError) -> Problems {
        let offset = error.span().map_or(0, |span| span.start).min(self.text.len());
        let line_start = self.text[..offset].rfind('\n').map_or(0, |at| at + 1);
        let column = Some(self.text[line_start..offset].chars().count() + 1);
        let message = error.message().trim_end().replace('\n', ", ");
        Problems { problems: vec![Problem { file: self.file.to_owned(), line: self.line(offset), column, message }] }
    }

    /// `value`, unless something was refused.
    pub(crate) fn finish<T>(mut self, value: T) -> Result<T, Problems> {
        if self.problems.is_empty() {
            return Ok(value);
        }
        self.problems.sort_by_key(|problem| problem.line);
        Err(Problems { problems: self.problems })
    }

    /// The line, from 1, of an offset in bytes.
    pub(crate) fn line(&self, offset: usize) -> usize {
        self.text.as_bytes()[..offset].iter().filter(|byte| **byte == b'\n').count() + 1
    }
}

impl<'a> Section<'a> {
    /// The table that holds all others.
    pub(crate) fn root(table: &'a toml_edit::Table) -> Self {
        Self { key: String::new(), line: 1, table }
    }

    /// What stands under `key`.
    pub fn entry(&self, key: &str, source: &Source<'_>) -> Option<Entry<'a>> {
        let (name, item) = self.table.get_key_value(key)?;
        Some(Entry { key: self.full(key), line: name.span().map_or(self.line, |span| source.line(span.start)), item })
    }

    /// The string under `key`, which has to be there; `why` says what for.
    pub fn required(&self, key: &str, why: &str, source: &mut Source<'_>) -> Option<String> {
        self.required_entry(key, why, source)?.string(source)
    }

    /// What stands under `key`, which has to be there; `why` says what for.
    pub fn required_entry(&self, key: &str, why: &str, source: &mut Source<'_>) -> Option<Entry<'a>> {
        let entry = self.entry(key, source);
        if entry.is_none() {
            source.refuse(self.line, format!("`{}` is missing: {why}", self.full(key)));
        }
        entry
    }

    /// The keys, in the order of the file.
    pub fn keys(&self) -> impl Iterator<Item = &'a str> {
        self.table.iter().map(|(key, _)| key)
    }

    /// The table itself.
    pub fn table(&self) -> &'a dyn TableLike {
        self.table
    }

    /// Another table in its place.
    pub fn with<'b>(&self, table: &'b dyn TableLike) -> Section<'b> {
        Section { key: self.key.clone(), line: self.line, table }
    }

    /// Refuses every key that is not one of `known`.
    pub fn only(&self, known: &[&str], source: &mut Source<'_>) {
        for (key, _) in self.table.iter().filter(|(key, _)| !known.contains(key)) {
            let line = self.entry(key, source).map_or(self.line, |entry| entry.line);
            let hint = match nearest(key, known) {
                Some(known) => format!("did you mean `{}`?", self.full(&known)),
                None => format!("known here: {}", listed(known.iter().copied())),
            };
            source.refuse(line, format!("unknown key `{}`; {hint}", self.full(key)));
        }
    }

    /// A key of it in full, with dots.
    pub fn full(&self, key: &str) -> String {
        if self.key.is_empty() { key.to_owned() } else { format!("{}.{key}", self.key) }
    }
}

impl<'a> Entry<'a> {
    /// A string that is not blank.
    pub fn string(&self, source: &mut Source<'_>) -> Option<String> {
        match self.text() {
            Some(text) if !text.trim().is_empty() => return Some(text.to_owned()),
            Some(_) => source.refuse(self.line, format!("`{}` is empty; it must say something", self.key)),
            None => self.mistyped("a string", source),
        }
        None
    }

    /// The key in full, with dots.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// A string, which may be empty.
    pub fn any_string(&self, source: &mut Source<'_>) -> Option<String> {
        if self.text().is_none() {
            self.mistyped("a string", source);
        }
        self.text().map(str::to_owned)
    }

    /// A port: a whole number from 1 to 65535.
    pub fn port(&self, source: &mut Source<'_>) -> Option<u16> {
        let port = self.item.as_integer().and_then(|number| u16::try_from(number).ok()).filter(|port| *port > 0);
        if port.is_none() {
            self.mistyped("a port from 1 to 65535", source);
        }
        port
    }

    /// Refuses what is not the number of the schema that is known.
    pub fn schema(&self, known: i64, source: &mut Source<'_>) {
        match self.item.as_integer() {
            Some(number) if number == known => {}
            Some(number) => source.refuse(self.line, format!("`{}` is {number}; it must be {known}", self.key)),
            None => self.mistyped(&format!("the number {known}"), source),
        }
    }

    /// `true` or `false`.
    pub fn boolean(&self, source: &mut Source<'_>) -> Option<bool> {
        if self.item.as_bool().is_none() {
            self.mistyped("`true` or `false`", source);
        }
        self.item.as_bool()
    }

    /// A whole number of seconds above 0.
    pub fn seconds(&self, source: &mut Source<'_>) -> Option<u64> {
        self.count("seconds", source)
    }

    /// A whole number above 0 of what `of` names.
    pub fn count(&self, of: &str, source: &mut Source<'_>) -> Option<u64> {
        let wanted = format!("a whole number of {of} above 0");
        let Some(number) = self.item.as_integer() else {
            self.mistyped(&wanted, source);
            return None;
        };
        let count = u64::try_from(number).ok().filter(|count| *count > 0);
        if count.is_none() {
            source.refuse(self.line, format!("`{}` is {number}; it must be {wanted}", self.key));
        }
        count
    }

    /// Which versions will do.
    pub fn wanted(&self, source: &mut Source<'_>) -> Option<Wanted> {
        let text = self.string(source)?;
        let wanted = Wanted::parse(&text);
        if wanted.is_none() {
            let message = format!("`{}` is \"{text}\"; it must be like \"16\", \"15.18\" or \">=13\"", self.key);
            source.refuse(self.line, message);
        }
        wanted
    }

    /// One of a few words, each with what it means.
    pub fn word<T: Copy>(&self, words: &[(&str, T)], source: &mut Source<'_>) -> Option<T> {
        let wanted = words.iter().map(|(word, _)| format!("\"{word}\"")).collect::<Vec<_>>().join(" or ");
        let Some(text) = self.text() else {
            self.mistyped(&wanted, source);
            return None;
        };
        let meaning = words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
        if meaning.is_none() {
            source.refuse(self.line, format!("`{}` is \"{text}\"; it must be {wanted}", self.key));
        }
        meaning
    }

    /// A list of strings, each with its line; `wanted` names what else the key may hold.
    pub fn strings(&self, wanted: &str, source: &mut Source<'_>) -> Option<Vec<(usize, String)>> {
        let strings = self.item.as_array().and_then(|array| {
            let text = |value: &Value| Some((self.line_of(value, source), value.as_str()?.to_owned()));
            array.iter().map(text).collect()
        });
        if strings.is_none() {
            self.mistyped(wanted, source);
        }
        strings
    }

    /// The entries of a table, each with its name.
    pub fn entries(&self, source: &mut Source<'_>) -> Vec<(&'a str, Entry<'a>)> {
        let Some(section) = self.section(source) else { return Vec::new() };
        section.keys().filter_map(|key| Some((key, section.entry(key, source)?))).collect()
    }

    /// Names with their values.
    pub fn pairs(&self, source: &mut Source<'_>) -> Option<BTreeMap<String, String>> {
        let pairs = self.item.as_table_like().and_then(|table| {
            table.iter().map(|(name, value)| Some((name.to_owned(), value.as_str()?.to_owned()))).collect()
        });
        if pairs.is_none() {
            self.mistyped("a table of strings", source);
        }
        pairs
    }

    /// A table.
    pub fn section(&self, source: &mut Source<'_>) -> Option<Section<'a>> {
        let table = self.item.as_table_like();
        if table.is_none() {
            self.mistyped("a table", source);
        }
        Some(Section { key: self.key.clone(), line: self.line, table: table? })
    }

    /// A list of tables, written as `[[key]]` or inline.
    pub fn sections(&self, source: &mut Source<'_>) -> Vec<Section<'a>> {
        if let Some(tables) = self.item.as_array_of_tables() {
            let line = |table: &toml_edit::Table| table.span().map_or(self.line, |span| source.line(span.start));
            return tables.iter().map(|table| Section { key: self.key.clone(), line: line(table), table }).collect();
        }
        let tables: Option<Vec<_>> = self.item.as_array().and_then(|array| {
            let section = |value: &'a Value| {
                let table = value.as_inline_table()?;
                Some(Section { key: self.key.clone(), line: self.line_of(value, source), table })
            };
            array.iter().map(section).collect()
        });
        if tables.is_none() {
            self.mistyped("a list of tables", source);
        }
        tables.unwrap_or_default()
    }

    /// A list of strings and inline tables; `wanted` names what the key may hold.
    pub fn mixed(&self, wanted: &str, source: &mut Source<'_>) -> Vec<Mixed<'a>> {
        let items: Option<Vec<_>> = self.item.as_array().and_then(|array| {
            let item = |value: &'a Value| {
                let line = self.line_of(value, source);
                let text = value.as_str().map(|text| Mixed::Text(line, text.to_owned()));
                let table = |table| Mixed::Section(Section { key: self.key.clone(), line, table });
                text.or_else(|| value.as_inline_table().map(|it| table(it as &dyn TableLike)))
            };
            array.iter().map(item).collect()
        });
        if items.is_none() {
            self.mistyped(wanted, source);
        }
        items.unwrap_or_default()
    }

    /// The text, if it is a string at all.
    pub fn text(&self) -> Option<&'a str> {
        self.item.as_str()
    }

    /// Refuses a value of the wrong type.
    fn mistyped(&self, wanted: &str, source: &mut Source<'_>) {
        let found = self.item.type_name();
        let found = match self.item.as_array() {
            Some(array) => match array.iter().find(|value| !value.is_str()) {
                Some(other) => format!("a list with {}", with_article(other.type_name())),
                None => "a list".to_owned(),
            },
            None => with_article(found),
        };
        source.refuse(self.line, format!("`{}` is {found}; it must be {wanted}", self.key));
    }

    fn line_of(&self, value: &Value, source: &Source<'_>) -> usize {
        value.span().map_or(self.line, |span| source.line(span.start))
    }
}

fn with_article(noun: &str) -> String {
    format!("{} {noun}", if noun.starts_with(['a', 'i']) { "an" } else { "a" })
}

/// What `name` may have been meant to be: the most similar of `known`, or all of them.
pub fn hint<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone, all: &str) -> String {
    match nearest(name, known.clone()) {
        Some(known) => format!("did you mean `{known}`?"),
        None => format!("{all} {}", listed(known)),
    }
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Whether a shell could set a variable of that name.
pub fn is_variable(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}
