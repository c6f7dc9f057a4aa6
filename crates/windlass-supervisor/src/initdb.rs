//! `initdb`, whose servers are to have nothing outside of the data that they make.

use std::path::Path;
use std::time::Duration;

use windlass_host::{Host, Reading};
use windlass_services::{Kind, numbers};

use crate::StartError;
use crate::start::Site;

/// How long it may take to say where its files are.
const ANSWER: Duration = Duration::from_secs(20);
/// Of which it makes the configuration.
const SAMPLE: &str = "postgresql.conf.sample";
const SETTING: &str = "dynamic_shared_memory_type";

/// The words of a command that makes data; an `initdb` has its servers keep their shared memory in it, as all that windlass starts do.
/// One whose `initdb` is killed may abort (PANIC), and what it had in `/dev/shm` would stay, where nobody can tell whose it is. From
/// PostgreSQL 16 on an argument says so. Before, it is the file that `initdb` makes the configuration of: it is given a copy of all such
/// files. Where they are not found, it stays as it is.
///
/// # Errors
///
/// When the copy cannot be written, or windlass is asked to stop.
pub(crate) fn words(site: &Site<'_>, mut words: Vec<String>) -> Result<Vec<String>, StartError> {
    if site.definition.kind != Kind::Postgres || !words[0].ends_with("initdb") {
        return Ok(words);
    }
    if numbers(&site.found.version).is_some_and(|numbers| numbers[0] >= 16) {
        words.extend(["--set".to_owned(), format!("{SETTING}=mmap")]);
    } else if let Some(from) = shared_files(site, &words[0])? {
        let to = Path::new(&site.values.run).join("shared");
        copy(site.start.host, Path::new(&from), &to)?;
        words.extend(["-L".to_owned(), to.to_string_lossy().into_owned()]);
    }
    Ok(words)
}

/// The directory that an `initdb` reads.
fn shared_files(site: &Site<'_>, initdb: &str) -> Result<Option<String>, StartError> {
    let words = [initdb, "--show", "-D", &site.values.data].map(str::to_owned).to_vec();
    let command = site.command(site.account().command(words), Path::new(&site.values.run));
    let host = site.start.host;
    match host.read(&command, ANSWER) {
        Ok(answer) => {
            let said = answer.stderr.lines().find_map(|line| line.strip_prefix("share_path="));
            Ok(said.filter(|dir| host.exists(&Path::new(dir).join(SAMPLE))).map(str::to_owned))
        }
        Err(Reading::Interrupted { .. }) => Err(StartError::Interrupted),
        Err(_) => Ok(None),
    }
}

fn copy(host: &Host, from: &Path, to: &Path) -> Result<(), StartError> {
    // What nobody may write, as in a Nix store, could not be written over.
    host.remove_tree(to)?;
    host.make_private_dir(to)?;
    // It reads none of the directories.
    let is_wanted = |name: &String| name != SAMPLE && !host.is_dir(&from.join(name));
    for name in host.list_dir(from)?.into_iter().filter(is_wanted) {
        host.copy_file(&from.join(&name), &to.join(&name))?;
    }
    let sample = host.read_text(&from.join(SAMPLE))?.unwrap_or_default();
    let line = |line: &str| match line.trim_start_matches('#').starts_with(SETTING) {
        true => format!("{SETTING} = mmap\n"),
        false => format!("{line}\n"),
    };
    let sample: String = sample.lines().map(line).collect();
    Ok(host.write_text(&to.join(SAMPLE), &sample)?)
}
