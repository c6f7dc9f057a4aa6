//! Where a service runs, and how it does in a container: from `backend` and the tables `container` and `image`.

use windlass_toml::{Section, Source, numbers};

use super::{arguments, image, read_files, read_variables, template};
use crate::definition::{Backend, Container};
use crate::image::Image;

const KEYS: [&str; 6] = ["image", "version", "data", "env", "command", "files"];

const BACKENDS: [(&str, Backend); 2] = [("process", Backend::Process), ("container", Backend::Container)];

/// What is said of it; `None` where something was refused.
pub(super) fn read(
    section: &Section<'_>,
    source: &mut Source<'_>,
) -> Option<(Option<Backend>, Option<Container>, Option<Image>)> {
    let backend = section.entry("backend", source).map(|backend| backend.word(&BACKENDS, source));
    let container = section.entry("container", source);
    let container = container.map(|container| read_container(&container.section(source)?, source));
    let image = section.entry("image", source).map(|image| image::read(&image.section(source)?, source));
    let needs_container = [("backend", backend == Some(Some(Backend::Container))), ("image", image.is_some())];
    for (key, _) in needs_container.into_iter().filter(|(_, needs)| *needs && container.is_none()) {
        let line = section.entry(key, source).map_or(section.line, |entry| entry.line);
        let (key, table) = (section.full(key), section.full("container"));
        source.refuse(line, format!("`{key}` needs a `{table}` that says which image is run"));
    }
    // What is not there is not missing.
    fn unless_refused<T>(read: Option<Option<T>>) -> Option<Option<T>> {
        read.map_or(Some(None), |read| read.map(Some))
    }
    Some((unless_refused(backend)?, unless_refused(container)?, unless_refused(image)?))
}

fn read_container(section: &Section<'_>, source: &mut Source<'_>) -> Option<Container> {
    section.only(&KEYS, source);
    let image = section.required_entry("image", "which one is run", source);
    let image = image.and_then(|image| template(&image, source));
    let version = section.required_entry("version", "the one that is taken where several will do", source);
    let version = version.and_then(|version| {
        let text = version.string(source)?;
        if numbers(&text).is_none() {
            let key = version.key();
            source.refuse(version.line, format!("`{key}` is \"{text}\"; it must be like \"16\" or \"15.18\""));
        }
        Some(text)
    });
    let data = section.required_entry("data", "the directory of its data", source);
    let data = data.and_then(|data| {
        let path = data.string(source)?;
        if !path.starts_with('/') {
            source.refuse(data.line, format!("`{}` is \"{path}\"; it must be an absolute path", data.key()));
        }
        Some(path)
    });
    let env = section.entry("env", source).map(|env| read_variables(&env, source)).unwrap_or_default();
    let command = arguments(section.entry("command", source), source);
    let files = section.entry("files", source).map(|files| read_files(&files, source)).unwrap_or_default();
    Some(Container { image: image?, version: version?, data: data?, env, command, files })
}
