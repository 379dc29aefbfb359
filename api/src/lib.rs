//! Shiming (实名): one account per natural person, proved against a bank card.
//!
//! Every folder is a floor. A module mentions only the floors below its own; a
//! test reads the floor off the path and holds this:
//!
//! 0. [`kernel`]: ids, time, randomness, secrets.
//! 1. [`tools`]: vocabulary, settings, cryptography, database, ports, HTTP.
//! 2. [`capabilities`]: what several features share, each with its own tables.
//! 3. [`features`]: what people and systems use; no feature mentions another.
//! 4. [`compose`]: the program that is made of all of it.
//!
//! On floors 1, 2 and 4 a module may mention its neighbours, never in a
//! circle. Beside the floors stand the [`adapters`]: they use floors 0 to 2,
//! and only floor 4 names them. HTTP is known to files named `http.rs`,
//! [`tools::web`] and floor 4; SQL to files named `store.rs` and [`tools::db`].

pub mod adapters;
pub mod capabilities;
pub mod compose;
pub mod features;
pub mod kernel;
pub mod tools;
