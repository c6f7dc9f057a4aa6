//! A service, and what it runs and gives once its values are known.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use windlass_toml::Wanted;

use crate::content::{Content, Run};
use crate::image::Image;
use crate::kind::{Kind, Mode, Probe};
use crate::template::Template;

/// A service: all that is to be known to run it and to use it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// What it is called, by its file or by `[services.NAME]`.
    pub name: String,
    /// Whose protocol it speaks.
    pub kind: Kind,
    /// Which versions will do.
    pub version: Wanted,
    /// The port that such servers have by custom; never the one that is used.
    pub port: u16,
    /// Where a user of it connects.
    pub url: Template,
    /// Where its programs come from.
    pub package: Package,
    /// How it runs; where nothing is said, as a process if its programs are at hand.
    pub backend: Option<Backend>,
    /// How it runs as a process.
    pub process: Process,
    /// What it is asked until it is ready.
    pub probe: Probe,
    /// How it runs in a container, if it can.
    pub container: Option<Container>,
    /// What the image has that is made of the machine's own programs, if there is one.
    pub image: Option<Image>,
    /// Seconds until it must be ready.
    pub deadline_s: u64,
    /// What a test can be given of it; the first is given unless the test says otherwise.
    pub modes: Vec<Mode>,
    /// The variables that it gives.
    pub export: BTreeMap<String, Template>,
    /// What it is set to.
    pub settings: Settings,
    /// The stages and steps that it runs for.
    pub needed_by: Vec<String>,
    /// What its databases begin with.
    pub content: Content,
    /// Whether how it is started is windlass's own alone, so that it listens where it is told to.
    pub is_started_as_shipped: bool,
}

/// How a service runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// As a process of this machine.
    Process,
    /// In a container.
    Container,
}

impl Backend {
    /// As a table says it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Container => "container",
        }
    }
}

/// Where the programs of a service come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Package {
    /// The attribute in nixpkgs, if it is there.
    pub nix: Option<String>,
    /// The same for a major version.
    pub nix_major: Option<Template>,
    /// The packages of Debian and Ubuntu.
    pub debian: Vec<String>,
    /// What `cargo install` is told to compile it: a package of crates.io with its version, and flags.
    pub cargo: Vec<String>,
    /// What `pip install` is told: packages of Python, which no service is.
    pub pip: Vec<String>,
    /// Directories beside those of `PATH` in which the programs may be; `*` stands for any part of one name.
    pub find: Vec<String>,
    /// What says the version: the server's program and arguments; without arguments it is not asked.
    pub probe: Vec<String>,
    /// Programs that will do where there is none of that name.
    pub or: Vec<String>,
    /// What a person talks to the server with.
    pub client: Vec<Template>,
    /// What the client is given in its environment, such as the password: arguments can be read by everybody.
    pub client_env: BTreeMap<String, Template>,
}

/// Programs that are wanted: those of a service, or a tool.
#[derive(Clone, Copy, Debug)]
pub struct Programs<'a> {
    /// What they are called together.
    pub name: &'a str,
    /// Which versions will do.
    pub version: &'a Wanted,
    /// Where they come from.
    pub package: &'a Package,
}

/// How a service runs as a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Whether the server runs for root.
    pub root: Root,
    /// What makes its data directory, once.
    pub init: Vec<Template>,
    /// The server, which stays in the foreground. An element that is just `{settings}` is the settings.
    pub command: Vec<Argument>,
    /// One setting among the arguments.
    pub setting: Vec<Template>,
    /// Variables that all its programs run with.
    pub env: BTreeMap<String, Template>,
    /// Files that are readable by nobody else: path and text. Those below the data are written before it is made, the others
    /// before each start.
    pub files: Vec<(Template, Template)>,
    /// What asks a server of development to end well.
    pub stop: Signal,
    /// What a server is sent when the process that started it has died, and what ends one of tests, whose data nobody misses.
    pub die: Signal,
}

/// How a service runs in a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// The image, by the version that is wanted.
    pub image: Template,
    /// The version that is taken where several will do.
    pub version: String,
    /// The directory of its data.
    pub data: String,
    /// The variables that it takes.
    pub env: BTreeMap<String, Template>,
    /// The arguments that it takes; an element that is just `{settings}` is the settings.
    pub command: Vec<Argument>,
    /// Files that it finds, which nobody else can read: path and text.
    pub files: Vec<(Template, Template)>,
}

/// An element of a server's command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    /// A text.
    One(Template),
    /// All settings, each by the pattern of [`Process::setting`].
    Settings,
}

/// Whether a server runs for root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    /// It does.
    Allows,
    /// It ends with an error.
    Refuses,
}

/// A signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT
    Int,
    /// SIGQUIT
    Quit,
    /// SIGTERM
    Term,
    /// SIGKILL
    Kill,
}

impl Signal {
    /// What it is called: `INT`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Int => "INT",
            Self::Quit => "QUIT",
            Self::Term => "TERM",
            Self::Kill => "KILL",
        }
    }
}

/// What a server is set to, by key: what stands further down counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Always.
    pub base: BTreeMap<String, String>,
    /// For tests, whose data nobody will miss.
    pub test: BTreeMap<String, String>,
    /// For development, whose data stays.
    pub dev: BTreeMap<String, String>,
    /// By the user.
    pub own: BTreeMap<String, String>,
}

/// What a server is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Tests: fast, and gone afterwards.
    Test,
    /// Development: durable.
    Dev,
}

/// What is known of one server, and stands for the placeholders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Values {
    /// The absolute directory of its data.
    pub data: String,
    /// The absolute, private directory of its sockets and files.
    pub run: String,
    /// The absolute directory that its programs are installed below, such as `/usr`.
    pub prefix: String,
    /// Where it listens.
    pub host: String,
    /// The port that it listens on.
    pub port: u16,
    /// The role that may do everything.
    pub user: String,
    /// Its password: letters and digits, so that it is the same in every URL and file.
    pub password: String,
    /// The database that is there from the start.
    pub database: String,
    /// Its version, such as `15.18`.
    pub version: String,
    /// What no other server is called.
    pub id: String,
}

impl Package {
    /// That of a server which is on `PATH`, or nowhere: its program is all that is known of it.
    pub(crate) fn on_path(process: &Process) -> Self {
        let program = match process.command.first() {
            Some(Argument::One(program)) => program.to_string(),
            _ => String::new(),
        };
        Self { probe: vec![program], ..Self::default() }
    }
}

impl Definition {
    /// Its programs.
    pub fn programs(&self) -> Programs<'_> {
        Programs { name: &self.name, version: &self.version, package: &self.package }
    }

    /// The files that are written before it is started, readable by nobody else: absolute path and text.
    pub fn files(&self, values: &Values) -> Vec<(String, String)> {
        let fill = self.fill(values);
        self.process.files.iter().map(|(path, text)| (fill(path), fill(text))).collect()
    }

    /// The variables that its programs run with.
    pub fn process_env(&self, values: &Values) -> BTreeMap<String, String> {
        let fill = self.fill(values);
        self.process.env.iter().map(|(name, value)| (name.clone(), fill(value))).collect()
    }

    /// A text or the words of a command of it, with its values.
    pub fn filled(&self, templates: &[Template], values: &Values) -> Vec<String> {
        templates.iter().map(self.fill(values)).collect()
    }

    /// What makes the data directory: a program with its arguments; empty where nothing is to be made.
    pub fn init(&self, values: &Values) -> Vec<String> {
        self.filled(&self.process.init, values)
    }

    /// The server, with its arguments and its settings in the order of their names.
    pub fn command(&self, values: &Values, use_for: Use) -> Vec<String> {
        self.arguments(&self.process.command, values, use_for)
    }

    /// A command line whose settings are in the order of their names.
    pub(crate) fn arguments(&self, command: &[Argument], values: &Values, use_for: Use) -> Vec<String> {
        let fill = self.fill(values);
        let mut settings = self.settings.base.clone();
        settings.extend(match use_for {
            Use::Test => self.settings.test.clone(),
            Use::Dev => self.settings.dev.clone(),
        });
        settings.extend(self.settings.own.clone());
        let setting = |(key, value): (&String, &String)| {
            let look_up = |name: &str| match name {
                "key" => Some(key.as_str()),
                "value" => Some(value.as_str()),
                _ => None,
            };
            self.process.setting.iter().map(|pattern| pattern.render(look_up)).collect::<Vec<_>>()
        };
        let argument = |argument: &Argument| match argument {
            Argument::One(template) => vec![fill(template)],
            Argument::Settings => settings.iter().flat_map(setting).collect(),
        };
        command.iter().flat_map(argument).collect()
    }

    /// The variables that it exports, with their values.
    pub fn env(&self, values: &Values) -> BTreeMap<String, String> {
        let fill = self.fill(values);
        self.export.iter().map(|(name, value)| (name.clone(), fill(value))).collect()
    }

    /// Where a user of it connects.
    pub fn url(&self, values: &Values) -> String {
        self.fill(values)(&self.url)
    }

    /// What a person talks to the server with: a program with its arguments, and what is set for it; empty where there is none.
    pub fn client(&self, values: &Values) -> (Vec<String>, BTreeMap<String, String>) {
        let fill = self.fill(values);
        let env = self.package.client_env.iter().map(|(name, value)| (name.clone(), fill(value)));
        (self.package.client.iter().map(&fill).collect(), env.collect())
    }

    /// A command of the workspace's own that fills a database: a program with its arguments.
    pub fn argv(&self, run: &Run, values: &Values) -> Vec<String> {
        run.argv.iter().map(self.fill(values)).collect()
    }

    /// The variables that it exports, each referring to what it gives: `{postgres.url}`.
    pub fn exports(&self) -> BTreeMap<String, String> {
        self.export.iter().map(|(name, value)| (name.clone(), value.of_service(&self.name))).collect()
    }

    /// What it gives, by the names that [`Definition::exports`] refers to.
    pub fn gives(&self, values: &Values) -> BTreeMap<String, String> {
        let named = self.named(values).into_iter();
        named.map(|(name, value)| (format!("{}.{name}", self.name), value)).collect()
    }

    pub(crate) fn fill(&self, values: &Values) -> impl Fn(&Template) -> String + use<> {
        let named = self.named(values);
        move |template| template.render(|name| named.get(name).map(String::as_str))
    }

    /// What each placeholder stands for.
    fn named(&self, values: &Values) -> BTreeMap<&'static str, String> {
        let Values { data, run, prefix, host, port, user, password, database, version, id } = values.clone();
        let major = version.split('.').next().unwrap_or_default().to_owned();
        let port = port.to_string();
        let mut named = BTreeMap::from([
            ("data", data),
            ("run", run),
            ("prefix", prefix),
            ("host", host),
            ("port", port),
            ("user", user),
            ("password", password),
            ("database", database),
            ("version", version),
            ("major", major),
            ("id", id),
        ]);
        let url = self.url.render(|name| named.get(name).map(String::as_str));
        named.insert("url", url);
        named
    }
}
