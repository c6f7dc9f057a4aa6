//! The tasks of this workspace: those of windlass, and its benchmarks.

mod bench;

use std::process::ExitCode;

use windlass::clap::{self, Subcommand};
use windlass::{Context, Exit};

#[derive(Subcommand)]
enum Task {
    #[command(flatten)]
    Windlass(windlass::Task),
    /// Measure windlass
    Bench(bench::Args),
}

fn main() -> ExitCode {
    windlass::run(|task, cx: &Context| match task {
        Task::Windlass(task) => task.run(cx),
        Task::Bench(args) => bench::run(&args, &cx.host).map(|()| Exit::PASSED),
    })
}
