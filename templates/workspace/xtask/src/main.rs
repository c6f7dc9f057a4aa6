//! This workspace's tasks.

fn main() -> std::process::ExitCode {
    windlass::main()
}
