//! sqlx's macros, which ask a database about a query while it is compiled.

/// The macros that do: each also with `_unchecked` behind its name.
const MACROS: [&str; 6] = ["query", "query_as", "query_scalar", "query_file", "query_file_as", "query_file_scalar"];

/// Whether a Rust source calls one of them. What is in a comment or a string counts too: a database that nobody asks costs a
/// second, one that is missing a red build.
pub fn calls_sqlx_macros(source: &str) -> bool {
    source.match_indices('!').any(|(at, _)| {
        let is_call = source[at + 1..].trim_start().starts_with(['(', '[', '{']);
        let before = source[..at].trim_end();
        let start = before.rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_').map_or(0, |at| at + 1);
        let name = &before[start..];
        is_call && MACROS.contains(&name.strip_suffix("_unchecked").unwrap_or(name))
    })
}

#[cfg(test)]
mod tests {
    use super::calls_sqlx_macros;

    #[test]
    fn a_macro_is_known_by_its_name_and_its_bracket() {
        let cases = [
            ("let row = sqlx::query!(\"select 1\").fetch_one(&pool).await?;", true),
            ("query_as ! [Item, \"select 1\"]", true),
            ("sqlx::query_file_scalar_unchecked! { \"a.sql\" }", true),
            ("sqlx::query(\"select 1\")", false),
            ("my_query!(1)", false),
            ("query != other", false),
            ("if !query(x) {}", false),
        ];
        for (source, expected) in cases {
            assert_eq!(calls_sqlx_macros(source), expected, "{source}");
        }
    }
}
