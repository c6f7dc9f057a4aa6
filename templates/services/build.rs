//! The migrations are part of the program: it is compiled again when there is another.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
}
