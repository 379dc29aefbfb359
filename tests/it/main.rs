//! Integration tests: the real server, over HTTP, on SQLite or PostgreSQL.
