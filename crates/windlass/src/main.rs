//! The `windlass` binary: the tasks of an xtask, for a workspace that has none.

fn main() -> std::process::ExitCode {
    windlass::main()
}
