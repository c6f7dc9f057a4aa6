//! The tools, in their own words.
#![allow(clippy::disallowed_methods)]

mod dbmate;
mod diesel;
mod refinery;
mod sqlx;

/// A migration to begin with: a comment first, several statements, a body with semicolons, text that is not ASCII.
const FIRST: &str = "-- first; a comment with a semicolon and an 'unpaired quote
/* another one: $$ */
CREATE TABLE people (id bigserial PRIMARY KEY, name text NOT NULL DEFAULT 'Zoë; \u{1f40e}');
CREATE FUNCTION upper_name(p people) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    -- `;` and $1
    RETURN upper(p.name);
END;
$$;
INSERT INTO people DEFAULT VALUES;
";

/// Windows' line ends, a quote in a literal, and no `;` at the end.
const CRLF: &str = "CREATE TABLE lines (\r\n    id int,\r\n    text text DEFAULT 'it''s\r\ntwo lines'\r\n);\r\n\
                    INSERT INTO lines VALUES (1)";

/// What no transaction can do.
const INDEX: &str = "CREATE INDEX CONCURRENTLY people_name ON people (name)";

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}
