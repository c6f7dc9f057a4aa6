//! `greet NAME...` greets each of them, and whoever is there where nobody is named.

fn main() {
    let names: Vec<String> = std::env::args().skip(1).collect();
    if names.is_empty() {
        println!("{}", greeting::greeting(""));
    }
    for name in names {
        println!("{}", greeting::greeting(&name));
    }
}
