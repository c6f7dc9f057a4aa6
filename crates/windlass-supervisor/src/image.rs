//! An image of a service, made of the machine's own programs: neither a registry nor a network is asked.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use windlass_host::{Host, Reading};
use windlass_plan::Command;
use windlass_services::image::{self, Image, Part};
use windlass_services::{Container, Definition, EngineError, EngineSession, Root, Values};

use crate::account::Account;
use crate::find::fits;
use crate::{Found, StartError, find};

/// How long one of the programs that make an image may take.
const ANSWER: Duration = Duration::from_secs(120);
/// Where the libraries of names and addresses are, by their names: nobody says that he needs them, for they are asked for late.
const NAME_SERVICES: [&str; 2] = ["libnss_files.so.2", "libnss_dns.so.2"];

/// An image that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    /// What it is called: `postgres:15-windlass`.
    pub reference: String,
    /// The version of its server.
    pub version: String,
    /// How many bytes its files have.
    pub n_bytes: u64,
}

/// Makes the image of a service.
///
/// # Errors
///
/// When the service has none, its programs are not at hand or need what is not there, or the engine refuses.
pub fn build_image<S: Read + Write>(
    host: &Host,
    definition: &Definition,
    engine: &mut EngineSession<S>,
) -> Result<Built, StartError> {
    let failed = |what: String, said: &str| StartError::failed(&definition.name, what, said);
    let (Some(image), Some(container)) = (&definition.image, &definition.container) else {
        return Err(failed("has no table `image` that says what one would have".into(), ""));
    };
    if !cfg!(target_os = "linux") {
        return Err(failed(
            "can be put into an image on Linux only: this machine's programs are no programs of Linux".into(),
            "",
        ));
    }
    let found = find(host, definition.programs())?;
    let stage = Stage::make(host, definition, found)?;
    stage.fill(image, container)?;
    let archive = stage.pack(image, container)?;
    let reference = definition.image_reference(image, &stage.found.version);
    let bin = stage.inside(&stage.bin()).to_string_lossy().into_owned();
    let changes = definition.image_changes(image, container, &stage.found.version, &bin);
    let mut tar = host.open(&archive)?;
    let n_bytes = tar.metadata().map_err(|error| failed(format!("cannot be packed: {error}"), ""))?.len();
    let refused = |error| failed(format!("cannot become the image `{reference}`: {error}"), "");
    engine.import(&reference, &changes, &mut tar, n_bytes).map_err(refused)?;
    remove_earlier(engine, &reference).map_err(refused)?;
    Ok(Built { reference, version: stage.found.version.clone(), n_bytes })
}

/// Removes the images that had this name or another one of windlass's before. Those of the last minute may be about to get theirs.
fn remove_earlier<S: Read + Write>(engine: &mut EngineSession<S>, reference: &str) -> Result<(), EngineError> {
    let made_s = engine.images(reference)?.first().map_or(0, |it| it.created_unix_s);
    for it in engine.nameless_images(image::LABEL)?.iter().filter(|it| it.created_unix_s + 60 < made_s) {
        // A container that still runs in one keeps it.
        let _ = engine.remove_image(&it.id);
    }
    Ok(())
}

/// Where the files of an image are gathered; gone when it is dropped.
struct Stage<'a> {
    host: &'a Host,
    definition: &'a Definition,
    found: Found,
    /// Where the service's packages are unpacked, if it is not the system's.
    unpacked: Option<PathBuf>,
    dir: PathBuf,
}

impl Drop for Stage<'_> {
    fn drop(&mut self) {
        // What cannot be removed stands where everybody's leftovers do.
        let _ = self.host.remove_tree(&self.dir);
    }
}

impl<'a> Stage<'a> {
    fn make(host: &'a Host, definition: &'a Definition, found: Found) -> Result<Self, StartError> {
        let dir = host.fresh_temporary_directory("windlass-image")?;
        let unpacked = crate::unpack::dir(host, &definition.name).filter(|dir| found.bin.starts_with(dir));
        Ok(Self { host, definition, found, unpacked, dir })
    }

    fn failed(&self, what: impl Into<String>, said: &str) -> StartError {
        StartError::failed(&self.definition.name, what, said)
    }

    /// The directory of the programs, without the links that may lead to it.
    fn bin(&self) -> PathBuf {
        let program = self.host.canonical(&self.found.bin.join(&self.definition.package.probe[0]));
        program.and_then(|program| Some(program.parent()?.to_owned())).unwrap_or_else(|| self.found.bin.clone())
    }

    /// Where a file of the machine is in the image.
    fn inside(&self, path: &Path) -> PathBuf {
        let below = self.unpacked.as_ref().and_then(|root| path.strip_prefix(root).ok());
        below.map_or_else(|| path.to_owned(), |below| Path::new("/").join(below))
    }

    /// Where a file of the image's system is gathered.
    fn system(&self, inside: &Path) -> PathBuf {
        self.dir.join("system").join(inside.strip_prefix("/").unwrap_or(inside))
    }

    /// Where a file of the server's own is gathered.
    fn own(&self, inside: &str) -> PathBuf {
        self.dir.join("own").join(inside.trim_start_matches('/'))
    }

    /// Gathers everything.
    fn fill(&self, image: &Image, container: &Container) -> Result<(), StartError> {
        let host = self.host;
        let mut binaries = Vec::new();
        for program in &image.programs {
            let path = self.bin().join(program);
            if !host.exists(&path) {
                return Err(
                    self.failed(format!("lacks a program that its image has: there is no `{}`", path.display()), "")
                );
            }
            host.copy_file(&path, &self.system(&self.inside(&path)))?;
            binaries.push(path);
        }
        for tool in &image.tools {
            match host.find_program(tool) {
                Some(path) => {
                    host.copy_file(&path, &self.system(&Path::new("/usr/bin").join(tool)))?;
                    binaries.push(path);
                }
                None if tool == "sh" => {
                    return Err(self.failed("needs a shell in its image: there is no `sh` on `PATH`", ""));
                }
                None => {}
            }
        }
        host.link(&self.system(Path::new("/bin")), Path::new("usr/bin"))?;
        let n_programs = binaries.len();
        for tree in self.trees(image) {
            self.copy_tree(&tree, &self.system(&self.inside(&tree)), image, &mut binaries)?;
        }
        self.copy_libraries(&binaries, n_programs)?;
        for (path, text) in image::etc(&image.user) {
            host.write_text(&self.system(Path::new(path)), &text)?;
        }
        let script = self.definition.image_entrypoint();
        let script = script.ok_or_else(|| self.failed("has no program that prepares its server in an image", ""))?;
        let entrypoint = self.system(Path::new(image::ENTRYPOINT));
        host.write_text(&entrypoint, script)?;
        host.make_program(&entrypoint)?;
        host.make_dir(&self.system(Path::new("/run")))?;
        host.make_dir(&self.system(Path::new("/var")))?;
        host.link(&self.system(Path::new("/var/run")), Path::new("../run"))?;
        host.make_dir(&self.dir.join("temporary/tmp"))?;
        for dir in image.dirs.iter().chain([&container.data]) {
            host.make_dir(&self.own(dir))?;
        }
        self.init(image, container)
    }

    /// The directories of the machine that the image has.
    fn trees(&self, image: &Image) -> Vec<PathBuf> {
        let dirs = image.trees.iter().map(|tree| PathBuf::from(self.definition.of_version(tree, &self.found.version)));
        let unpacked = |dir: &PathBuf| {
            let below = self.unpacked.as_ref()?.join(dir.strip_prefix("/").ok()?);
            self.host.is_dir(&below).then_some(below)
        };
        dirs.map(|dir| unpacked(&dir).unwrap_or(dir)).filter(|dir| self.host.is_dir(dir)).collect()
    }

    fn copy_tree(&self, from: &Path, to: &Path, image: &Image, binaries: &mut Vec<PathBuf>) -> Result<(), StartError> {
        self.host.make_dir(to)?;
        for name in self.host.list_dir(from)? {
            let (from, to) = (from.join(&name), to.join(&name));
            if image.leave_out.iter().any(|pattern| fits(pattern, &name)) || !self.host.exists(&from) {
                continue;
            }
            if self.host.is_dir(&from) {
                self.copy_tree(&from, &to, image, binaries)?;
                continue;
            }
            self.host.copy_file(&from, &to)?;
            if name.contains(".so") {
                binaries.push(from);
            }
        }
        Ok(())
    }

    /// Gathers the libraries that files need, the first `n_programs` of which are of no use without them.
    fn copy_libraries(&self, binaries: &[PathBuf], n_programs: usize) -> Result<(), StartError> {
        let paths: Vec<String> = binaries.iter().map(|path| path.to_string_lossy().into_owned()).collect();
        // A file that needs none makes it end with an error, which says nothing of the others.
        let answer = self.read(&self.found.with_libraries(image::libraries_command(&paths)))?;
        let (libraries, missing) = image::parse_libraries(&answer.stdout);
        if let Some((library, program)) = missing.iter().find(|(_, file)| paths[..n_programs].contains(file)) {
            return Err(self.failed(format!("needs a library that is not there: `{library}`, for `{program}`"), ""));
        }
        if libraries.is_empty() {
            return Err(self.failed("has programs that `ldd` finds no libraries of", &(answer.stdout + &answer.stderr)));
        }
        let beside = |library: &String| NAME_SERVICES.map(|name| Path::new(library).with_file_name(name));
        let named = libraries.iter().filter(|library| library.ends_with("/libc.so.6")).flat_map(beside);
        let named: Vec<PathBuf> = named.filter(|path| self.host.exists(path)).collect();
        for library in libraries.iter().map(PathBuf::from).chain(named) {
            self.host.copy_file(&library, &self.system(&self.inside(&library)))?;
        }
        Ok(())
    }

    /// Makes the data, as a user whom the program does not refuse.
    fn init(&self, image: &Image, container: &Container) -> Result<(), StartError> {
        if image.init.is_empty() {
            return Ok(());
        }
        let host = self.host;
        let data = self.own(&container.data);
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let values = Values {
            data: text(&data),
            run: text(&self.dir),
            prefix: self.found.prefix(),
            host: String::new(),
            port: self.definition.port,
            user: image.user.clone(),
            password: image.user.clone(),
            database: image.user.clone(),
            version: self.found.version.clone(),
            id: String::new(),
        };
        let files = self.definition.files(&values);
        for (path, text) in &files {
            host.write_private(Path::new(path), text)?;
        }
        let account = match self.definition.process.root {
            Root::Allows => Account::Own,
            Root::Refuses => Account::of_servers(host)?,
        };
        if let Some(owner) = account.owner() {
            host.hand_over(&self.dir, owner)?;
        }
        let mut words = self.definition.filled(&image.init, &values);
        words[0] = text(&self.bin().join(&words[0]));
        let words = account.command(words);
        let command = self.found.with_libraries(Command::new(&words[0], text(&self.dir)).args(&words[1..]));
        let answer = self.read(&command)?;
        if answer.code != Some(0) {
            return Err(self.failed("could not make the data of its image", &(answer.stdout + &answer.stderr)));
        }
        // By this the entrypoint knows that nobody has used them.
        host.append_text(&data.join("windlass.new"), "")?;
        let archive = self.system(Path::new(image::DATA));
        host.make_dir(archive.parent().expect("it stands in a directory"))?;
        self.pack_part(Part::Own, &data, &archive, &[String::new()])
    }

    /// Packs what was gathered.
    fn pack(&self, image: &Image, container: &Container) -> Result<PathBuf, StartError> {
        let archive = self.dir.join("image.tar");
        let own = image.dirs.iter().chain([&container.data]).cloned().collect();
        let parts = [
            (Part::System, "system", vec![String::new()]),
            (Part::Temporary, "temporary", vec!["tmp".to_owned()]),
            (Part::Own, "own", own),
        ];
        for (part, dir, names) in parts {
            self.pack_part(part, &self.dir.join(dir), &archive, &names)?;
        }
        Ok(archive)
    }

    fn pack_part(&self, part: Part, root: &Path, archive: &Path, names: &[String]) -> Result<(), StartError> {
        let answer =
            self.read(&image::pack_command(part, &root.to_string_lossy(), &archive.to_string_lossy(), names))?;
        if answer.code == Some(0) { Ok(()) } else { Err(self.failed("cannot be packed", &answer.stderr)) }
    }

    fn read(&self, command: &Command) -> Result<windlass_host::Answer, StartError> {
        self.host.read(command, ANSWER).map_err(|error| match error {
            Reading::Interrupted { .. } => StartError::Interrupted,
            error => self.failed(format!("cannot become an image: {error}"), ""),
        })
    }
}
