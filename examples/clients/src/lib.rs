//! Nothing: what is here are the tests, one file for each client of PostgreSQL.
