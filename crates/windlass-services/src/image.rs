//! Images that are made of the machine's own programs, with no registry: what is in them, and the commands that gather it.

use sha2::{Digest, Sha256};
use windlass_plan::Command;

use crate::definition::{Container, Definition};
use crate::kind::Kind;
use crate::template::Template;

/// What an image has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// What it is called, before `:MAJOR-windlass`: no registry serves such a tag.
    pub name: String,
    /// As whom the server runs in it; where data are made, they are this role's, with the same word for a password.
    pub user: String,
    /// The service's own programs.
    pub programs: Vec<String>,
    /// Directories, of which it has those that the machine has.
    pub trees: Vec<Template>,
    /// The names of what is left out of them; `*` stands for any text.
    pub leave_out: Vec<String>,
    /// The system's programs, of which it has those that the machine has; without `sh` there is no image.
    pub tools: Vec<String>,
    /// Directories that the server may write to, besides that of its data.
    pub dirs: Vec<String>,
    /// What makes its data.
    pub init: Vec<Template>,
    /// What it runs where nothing else is said.
    pub command: Vec<String>,
}

/// The number of the user that a server runs as, as in the images of registries.
pub const UID: u32 = 999;
/// Where the program of an image is that prepares its server and then becomes it.
pub const ENTRYPOINT: &str = "/usr/local/bin/windlass-entrypoint";
/// Where an image has its data as an archive.
pub const DATA: &str = "/usr/lib/windlass/data.tar";
/// The label that such images have: the version of their server.
pub const LABEL: &str = "windlass.image";
/// The label that says how such an image was made, as [`Definition::image_recipe`] has it.
pub const RECIPE: &str = "windlass.recipe";

impl Definition {
    /// What its image is called for a version: `postgres:15-windlass`.
    pub fn image_reference(&self, image: &Image, version: &str) -> String {
        format!("{}:{}-windlass", image.name, version.split('.').next().unwrap_or_default())
    }

    /// A text of which only the version is known.
    pub fn of_version(&self, template: &Template, version: &str) -> String {
        let major = version.split('.').next().unwrap_or_default();
        template.render(|name| match name {
            "version" => Some(version),
            "major" => Some(major),
            _ => None,
        })
    }

    /// What is said of its image besides its files, as a Dockerfile would say it.
    pub fn image_changes(&self, image: &Image, container: &Container, version: &str, bin: &str) -> Vec<String> {
        let words = |words: &[String]| serde_json::Value::from(words).to_string();
        let mut changes = vec![
            format!("ENV PATH=\"{bin}:/usr/local/bin:/usr/bin:/bin\""),
            format!("EXPOSE {}", self.port),
            format!("WORKDIR {}", container.data),
            format!("USER {}", image.user),
            format!("LABEL {LABEL}=\"{version}\""),
            format!("LABEL {RECIPE}=\"{}\"", self.image_recipe(image)),
            format!("ENTRYPOINT {}", words(&[ENTRYPOINT.to_owned()])),
            format!("CMD {}", words(&image.command)),
        ];
        if self.kind == Kind::Postgres {
            changes.push(format!("ENV PGDATA=\"{}\"", container.data));
        }
        changes
    }

    /// What its image is made by, in a few digits: another windlass may make others, which this one is not to run.
    pub fn image_recipe(&self, image: &Image) -> String {
        let said = format!("{image:?} {:?}", self.image_entrypoint());
        Sha256::digest(said).iter().take(6).map(|byte| format!("{byte:02x}")).collect()
    }

    /// The program that prepares the server of its image and then becomes it: a script of a POSIX shell, if
    /// windlass has one.
    pub fn image_entrypoint(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Postgres => Some(include_str!("../images/postgres.sh")),
            Kind::Redis => Some(include_str!("../images/redis.sh")),
            _ => None,
        }
    }
}

/// The files of `/etc` that a server needs to know its user, each with its text.
pub fn etc(user: &str) -> [(&'static str, String); 3] {
    [
        ("/etc/passwd", format!("root:x:0:0:root:/:/bin/sh\n{user}:x:{UID}:{UID}:{user}:/tmp:/bin/sh\n")),
        ("/etc/group", format!("root:x:0:\n{user}:x:{UID}:\n")),
        ("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n".to_owned()),
    ]
}

/// Asks which libraries programs and libraries need.
pub fn libraries_command(files: &[String]) -> Command {
    Command::new("ldd", "/").args(files)
}

/// Reads what [`libraries_command`] answers: the paths of libraries, and the names of those that are not there, each with the
/// file that needs it.
pub fn parse_libraries(answer: &str) -> (Vec<String>, Vec<(String, String)>) {
    let (mut there, mut missing) = (Vec::new(), Vec::new());
    let mut file = String::new();
    for line in answer.lines() {
        if let Some(name) = line.strip_suffix(':').filter(|name| name.starts_with('/')) {
            file = name.to_owned();
        } else if let Some((name, "not found")) = line.trim().split_once(" => ") {
            missing.push((name.to_owned(), file.clone()));
        } else if let Some(path) = line.split_whitespace().find(|word| word.starts_with('/')) {
            there.push(path.to_owned());
        }
    }
    there.sort();
    there.dedup();
    (there, missing)
}

/// What is packed, in the order in which the archive is made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The system: everybody may read it.
    System,
    /// The directory that everybody may write to.
    Temporary,
    /// What is the server's own.
    Own,
}

/// Adds files and directories below `root` to an archive, so that the same files make the same archive.
pub fn pack_command(part: Part, root: &str, archive: &str, names: &[String]) -> Command {
    let owner = if part == Part::Own { UID } else { 0 };
    let mut command = Command::new("tar", root).args(["--sort=name", "--mtime=@0", "--numeric-owner"]);
    command = command.args([format!("--owner={owner}"), format!("--group={owner}")]);
    command = match part {
        Part::System => command.args(["--mode=u+w,a+rX,go-w", "--create"]),
        Part::Temporary => command.args(["--mode=1777", "--append"]),
        Part::Own => command.arg("--append"),
    };
    command.args(["--file", archive]).args(names.iter().map(|name| format!("./{}", name.trim_start_matches('/'))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shipped;

    #[test]
    fn libraries_are_read_from_what_ldd_says() {
        let recorded = "\
/usr/lib/postgresql/15/bin/postgres:
\tlinux-vdso.so.1 (0x00007ffd0d5f2000)
\tlibpam.so.0 => /lib/x86_64-linux-gnu/libpam.so.0 (0x00007f2c0a8f0000)
\tlibodd.so.1 => not found
\t/lib64/ld-linux-x86-64.so.2 (0x00007f2c0b5a5000)
/usr/bin/true:
\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f2c0a000000)
\t/lib64/ld-linux-x86-64.so.2 (0x00007f2c0b5a5000)
/usr/bin/static:
\tnot a dynamic executable
";
        let (there, missing) = parse_libraries(recorded);
        let expected =
            ["/lib/x86_64-linux-gnu/libc.so.6", "/lib/x86_64-linux-gnu/libpam.so.0", "/lib64/ld-linux-x86-64.so.2"];
        assert_eq!(there, expected);
        assert_eq!(missing, [("libodd.so.1".to_owned(), "/usr/lib/postgresql/15/bin/postgres".to_owned())]);
    }

    #[test]
    fn an_image_has_a_name_that_no_registry_serves_and_says_what_it_runs() {
        let postgres = shipped("postgres").unwrap();
        let (image, container) = (postgres.image.as_ref().unwrap(), postgres.container.as_ref().unwrap());
        assert_eq!(postgres.image_reference(image, "15.18"), "postgres:15-windlass");
        let changes = postgres.image_changes(image, container, "15.18", "/usr/lib/postgresql/15/bin");
        let recipe = format!("LABEL windlass.recipe=\"{}\"", postgres.image_recipe(image));
        let expected = [
            "ENV PATH=\"/usr/lib/postgresql/15/bin:/usr/local/bin:/usr/bin:/bin\"",
            "EXPOSE 5432",
            "WORKDIR /var/lib/postgresql/data",
            "USER postgres",
            "LABEL windlass.image=\"15.18\"",
            &recipe,
            "ENTRYPOINT [\"/usr/local/bin/windlass-entrypoint\"]",
            "CMD [\"postgres\"]",
            "ENV PGDATA=\"/var/lib/postgresql/data\"",
        ];
        assert_eq!(changes, expected);
    }

    #[test]
    fn an_archive_says_who_owns_what() {
        let line = |part, name: &str| pack_command(part, "/stage", "/image.tar", &[name.to_owned()]).shell();
        let both = "cd /stage && tar --sort=name --mtime=@0 --numeric-owner";
        let system = "--owner=0 --group=0 --mode=u+w,a+rX,go-w --create --file /image.tar ./";
        assert_eq!(line(Part::System, ""), format!("{both} {system}"));
        let own = "--owner=999 --group=999 --append --file /image.tar ./var/lib";
        assert_eq!(line(Part::Own, "/var/lib"), format!("{both} {own}"));
    }
}
