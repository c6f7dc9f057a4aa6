//! What the image of a service has that is made of the machine's own programs, from its table `image`.

use windlass_toml::{Section, Source};

use super::{templates, texts, texts_with_lines};
use crate::image::Image;

const KEYS: [&str; 9] = ["name", "user", "programs", "trees", "leave-out", "tools", "dirs", "init", "command"];

pub(super) fn read(section: &Section<'_>, source: &mut Source<'_>) -> Option<Image> {
    section.only(&KEYS, source);
    let name = section.required("name", "what it is called, before `:MAJOR-windlass`", source);
    let user = section.required("user", "as whom the server runs in it", source);
    for key in ["trees", "dirs"] {
        for (line, key, dir) in texts_with_lines(section.entry(key, source), source) {
            if !dir.starts_with('/') {
                source.refuse(line, format!("`{key}` has \"{dir}\"; it must be an absolute path"));
            }
        }
    }
    let mut list = |key| texts(section.entry(key, source), source);
    let (programs, leave_out, tools) = (list("programs"), list("leave-out"), list("tools"));
    let (dirs, command) = (list("dirs"), list("command"));
    let trees = templates(section.entry("trees", source), &[], source);
    let init = templates(section.entry("init", source), &[], source);
    Some(Image { name: name?, user: user?, programs, trees, leave_out, tools, dirs, init, command })
}
