//! The tasks, one file each.

mod ci;
mod connect;
mod doctor;
mod env;
mod image;
mod init;
#[cfg_attr(not(feature = "nix"), path = "no_nix.rs")]
pub(crate) mod nix;
mod report;
mod services;
mod setup;
mod status;
mod up;
mod with;

use clap::Subcommand;

use crate::args::CiArgs;
use crate::init::InitArgs;
use crate::{Context, Exit};

/// The tasks that windlass brings.
#[derive(Clone, Debug, Subcommand)]
pub enum Task {
    /// Do everything that CI does: format, lints, one compile, tests, doctests, docs, and the workspace's own steps
    Ci(CiArgs),
    /// Compile and run the tests: `ci` narrowed to `build`, `test`, `doctest` and what they need
    Test(CiArgs),
    /// Install what the pipeline needs and cannot find, and nothing else
    Setup(setup::SetupArgs),
    /// Report each tool: the wanted version, the one found, where from, and what it is needed for
    Doctor(doctor::DoctorArgs),
    /// Draw a kept run again
    Report(report::ReportArgs),
    /// Run one command with the services of the workspace, and clean up after it
    With(with::WithArgs),
    /// Start the workspace's servers for development, unless they are up: their data stays
    Up(up::UpArgs),
    /// Stop the servers of development; their data stays
    Down(up::DownArgs),
    /// Say of each service whether its server of development is up
    Status(status::StatusArgs),
    /// Print what the servers of development have written
    Logs(status::LogsArgs),
    /// Remove the data of the servers of development, and start those again that were up
    Reset(up::ResetArgs),
    /// Talk to a server of development, or to what a failed test has left, with the client of the service
    Connect(connect::ConnectArgs),
    /// Print the addresses of the servers of development, with their passwords
    Env(env::EnvArgs),
    /// Look after the servers of services
    #[command(subcommand)]
    Services(services::ServicesTask),
    /// Check the workspace's flake, and what belongs to it
    #[command(subcommand)]
    Nix(nix::NixTask),
    /// Adopt windlass in a workspace, check that, or undo it
    Init(InitArgs),
}

impl Task {
    /// Does it.
    ///
    /// # Errors
    ///
    /// When windlass cannot do its work; that something failed is no error but an [`Exit`].
    pub fn run(self, cx: &Context) -> anyhow::Result<Exit> {
        match self {
            Self::Ci(args) => ci::run(cx, "ci", &args, |_| true),
            Self::Test(args) => ci::run(cx, "test", &args, |stage| matches!(stage, "build" | "test" | "doctest")),
            Self::Setup(args) => setup::run(cx, &args),
            Self::Doctor(args) => doctor::run(cx, &args),
            Self::Report(args) => report::run(cx, &args),
            Self::With(args) => with::run(cx, &args),
            Self::Up(args) => up::up(cx, &args),
            Self::Down(args) => up::down(cx, &args),
            Self::Status(args) => status::status(cx, &args),
            Self::Logs(args) => status::logs(cx, &args),
            Self::Reset(args) => up::reset(cx, &args),
            Self::Connect(args) => connect::run(cx, &args),
            Self::Env(args) => env::run(cx, &args),
            Self::Services(task) => services::run(cx, &task),
            Self::Nix(task) => nix::run(cx, &task),
            Self::Init(args) => init::run(cx, &args),
        }
    }
}
