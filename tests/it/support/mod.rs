//! What every test uses: a server of its own, and people who talk to it.

mod answer;
mod app;
mod client;
mod clock;
pub mod contract;
mod database;
mod entropy;
pub mod examples;
pub mod forgeries;
pub mod hr;
pub mod jose;
pub mod oauth;
mod people;
pub mod receiver;
mod recovery;
mod runtime;
pub mod smtp;
pub mod systems;

pub use answer::Answer;
pub use app::TestApp;
pub(crate) use app::count;
pub use client::{Browser, Client, PASSWORD};
pub use clock::MovableClock;
pub use database::{Database, on_postgres};
pub use people::{CREDIT_CODES, Person, people, person, unit};
pub use recovery::{ANSWERS, CREDIT_CODE, UNIT, claim, moved};
pub use runtime::Runtime;
