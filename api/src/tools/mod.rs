//! Floor 1: tools that know nothing of any flow. The vocabulary of what is
//! valid, the settings, keys and their use, both databases, password hashing,
//! what we ask of the outside world, and HTTP.

pub mod config;
pub mod crypto;
pub mod db;
pub mod identity;
pub mod password;
pub mod ports;
pub mod web;
