//! Floor 4: the program. Puts the floors together, serves them over HTTP, runs
//! the worker, and gives the operator's commands.

pub mod app;
pub mod cli;
pub mod openapi;
pub mod routes;
pub mod server;
pub mod worker;
