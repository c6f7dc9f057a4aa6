//! `nix lock`: flake.lock against flake.nix and against trees; `nix seed`: trees for a machine without a network.

use std::path::Path;
use std::time::Duration;

use anyhow::bail;
use windlass_nix::{Lock, Nix, Node};

use super::{FLAKE, LOCK, program};
use crate::config;
use crate::exit::Usage;
use crate::tasks::nix::{LockArgs, SeedArgs, Tree};
use crate::{Context, Exit};

/// How long a tree may take to be read: nixpkgs has some 50,000 files.
const HASHING: Duration = Duration::from_secs(600);

/// A lock, and who looks at trees for it.
struct Locked<'a> {
    cx: &'a Context,
    lock: Lock,
    nix: Nix,
}

/// Checks flake.lock, and every hash whose tree is at hand.
///
/// # Errors
///
/// When there is no flake, or a tree that was named cannot be looked at. What is wrong with the lock is no error but an [`Exit`].
pub(crate) fn lock(cx: &Context, args: &LockArgs) -> anyhow::Result<Exit> {
    let root = cx.workspace(&args.nix.plan())?.root;
    let text = |file: &str| -> anyhow::Result<String> {
        let text = cx.host.read_text(&Path::new(&root).join(file))?;
        text.ok_or_else(|| Usage(format!("there is no {file} in `{root}`")).into())
    };
    let (flake, lock) = (text(FLAKE)?, text(LOCK)?);
    let budget = config::of(cx, &root)?.nix.lock_nodes.and_then(|n| usize::try_from(n).ok());
    let wrong = windlass_nix::check_lock(&lock, &flake, budget);
    if !wrong.is_empty() {
        cx.host.print(&wrong.iter().map(|finding| format!("{finding}\n")).collect::<String>());
        return Ok(Exit::FAILED);
    }
    let lock = Lock::parse(&lock)?;
    cx.host.print(&format!("{LOCK} is sound, and is what {FLAKE} asks for: {} nodes\n", lock.inputs().count()));
    let locked = match program::find(cx, false) {
        Ok(program) => Some(Locked { cx, lock: lock.clone(), nix: nix(program, &root) }),
        Err(error) if args.trees.is_empty() => {
            cx.host.print(&format!("no hash is held against its tree: {error}\n"));
            None
        }
        Err(error) => return Err(error),
    };
    let Some(locked) = locked else { return Ok(Exit::PASSED) };
    let mut passed = true;
    for tree in &args.trees {
        passed &= locked.holds(tree)?;
    }
    for (name, node) in lock.inputs().filter(|(name, _)| args.trees.iter().all(|tree| tree.input != *name)) {
        passed &= locked.is_as_stored(name, node)?;
    }
    Ok(if passed { Exit::PASSED } else { Exit::FAILED })
}

/// Puts trees into the store, each under the hash that flake.lock has for its input.
///
/// # Errors
///
/// When there is no Nix, or no such input. That a tree is another one is no error but an [`Exit`]; it is not put there then.
pub(crate) fn seed(cx: &Context, args: &SeedArgs) -> anyhow::Result<Exit> {
    let root = cx.workspace(&args.nix.plan())?.root;
    let text = cx.host.read_text(&Path::new(&root).join(LOCK))?;
    let text = text.ok_or_else(|| Usage(format!("there is no {LOCK} in `{root}`")))?;
    let locked = Locked { cx, lock: Lock::parse(&text)?, nix: nix(program::find(cx, false)?, &root) };
    let mut passed = true;
    for tree in &args.trees {
        if !locked.holds(tree)? {
            passed = false;
            continue;
        }
        let dir = locked.dir(tree)?;
        let path = locked.answer(&locked.nix.add(&dir))?;
        cx.host.print(&format!("{}: {path}\n", tree.input));
    }
    if passed {
        let names: Vec<&str> = locked.lock.inputs().map(|(name, _)| name).collect();
        let (there, missing): (Vec<&str>, Vec<&str>) =
            names.into_iter().partition(|name| locked.stored(&locked.lock.nodes[*name]).is_ok_and(|it| it.is_some()));
        cx.host.print(&match missing.as_slice() {
            [] => format!("all {} inputs are in the store: the flake evaluates with no network\n", there.len()),
            missing => format!("still to be seeded, or fetched: {}\n", missing.join(", ")),
        });
    }
    Ok(if passed { Exit::PASSED } else { Exit::FAILED })
}

fn nix(program: program::Program, root: &str) -> Nix {
    Nix { program: program.path, root: root.to_owned(), overrides: Default::default(), is_offline: true }
}

impl Locked<'_> {
    /// Whether a tree is the one that is locked; what is said of that is printed.
    fn holds(&self, tree: &Tree) -> anyhow::Result<bool> {
        let name = &tree.input;
        let Some(node) = self.lock.nodes.get(name).filter(|_| *name != self.lock.root) else {
            let names = self.lock.nodes.keys().filter(|name| **name != self.lock.root).map(String::as_str);
            let hint = windlass_toml::hint(name, names, "there are");
            return Err(Usage(format!("{LOCK} has no node `{name}`; {hint}")).into());
        };
        let wanted = node.nar_hash().unwrap_or_default();
        let dir = self.dir(tree)?;
        let found = self.answer(&self.nix.hash(&dir))?;
        if found == wanted {
            self.cx.host.print(&format!("{name}: `{dir}` has the hash that is locked\n"));
            return Ok(true);
        }
        let has_git = self.cx.host.exists(&Path::new(&dir).join(".git"));
        let help = match node.github().filter(|_| has_git) {
            Some(github) => format!("\nhelp: the tree is without `.git`: `git archive {}` makes it", github.rev),
            None => String::new(),
        };
        self.cx.host.print(&format!("{name}: `{dir}` has the hash {found}, and {LOCK} has {wanted}{help}\n"));
        Ok(false)
    }

    /// Whether the store has the tree of a node, as it is locked; it may be that nobody can tell.
    fn is_as_stored(&self, name: &str, node: &Node) -> anyhow::Result<bool> {
        let Some(path) = self.stored(node)? else {
            self.cx.host.print(&format!(
                "{name}: its tree is not here, so whether the hash is the right one only a Nix with a network can tell\n"
            ));
            return Ok(true);
        };
        let (wanted, found) = (node.nar_hash().unwrap_or_default(), self.answer(&self.nix.hash(&path))?);
        if found == wanted {
            self.cx.host.print(&format!("{name}: `{path}` has the hash that is locked\n"));
        } else {
            self.cx.host.print(&format!("{name}: `{path}` has the hash {found}, and {LOCK} has {wanted}\n"));
        }
        Ok(found == wanted)
    }

    /// Where the store has the tree of a node, if it has it.
    fn stored(&self, node: &Node) -> anyhow::Result<Option<String>> {
        let Some(hash) = node.nar_hash() else { return Ok(None) };
        let path = self.answer(&self.nix.source_path(hash))?;
        Ok(Some(path).filter(|path| self.cx.host.exists(Path::new(path))))
    }

    /// The directory of a tree, absolute.
    fn dir(&self, tree: &Tree) -> anyhow::Result<String> {
        let dir = self.cx.host.current_dir()?.join(&tree.dir);
        if !self.cx.host.is_dir(&dir) {
            return Err(Usage(format!("`{}={}`: there is no such directory", tree.input, tree.dir.display())).into());
        }
        Ok(dir.to_string_lossy().into_owned())
    }

    fn answer(&self, command: &windlass_plan::Command) -> anyhow::Result<String> {
        let answer = self.cx.ask(command, HASHING)?;
        match answer.code {
            Some(0) => Ok(answer.stdout.trim().to_owned()),
            _ => bail!("`{}` failed:\n{}", command.shell_here(), answer.stderr.trim()),
        }
    }
}
