//! What every test uses: a server of its own, and people who talk to it.

mod answer;
mod app;
mod client;
mod clock;
mod database;
mod people;
mod recovery;

pub use answer::Answer;
pub use app::TestApp;
pub(crate) use app::count;
pub use client::{Client, PASSWORD};
pub use people::{Person, people, person};
pub use recovery::{ANSWERS, CREDIT_CODE, UNIT, claim, moved};
