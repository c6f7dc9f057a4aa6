//! Whole records in every form.

#![allow(clippy::disallowed_methods)] // Tests read files themselves.

mod github;
mod html;
mod junit;
mod records;
mod schema;
mod summary;
