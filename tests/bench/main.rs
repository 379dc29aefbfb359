//! Load test: `make bench`. Measures the release build on this machine, prints
//! each figure beside its goal, and writes `target/bench/report.json`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    missing_docs,
    dead_code,
    reason = "a measurement, which may fail, print and round"
)]

mod logins;
mod oauth;
mod oracle;
mod registrations;
mod report;
mod start;
#[path = "../support/mod.rs"]
mod support;
mod work;

use std::process::ExitCode;

use report::Report;
use support::Engine;

/// The hashing that is measured: the default of the settings.
pub const MEMORY_KIB: u32 = 19_456;
pub const PASSES: u32 = 2;

fn main() -> ExitCode {
    // "cargo test --benches" only asks whether it builds.
    if !std::env::args().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    // "cargo bench --bench load -- oracle" measures one thing only.
    let named: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let wanted = |name: &str| named.is_empty() || named.iter().any(|one| one == name);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut report = Report::default();
    if wanted("logins") {
        runtime.block_on(logins::measure(&mut report));
    }
    if wanted("registrations") {
        runtime.block_on(registrations::measure(&mut report, Engine::Sqlite));
        if std::env::var_os("TEST_POSTGRES_URL").is_some() {
            runtime.block_on(registrations::measure(&mut report, Engine::Postgres));
        } else {
            report.note("registrations on PostgreSQL: TEST_POSTGRES_URL is not set");
        }
    }
    if wanted("oauth") {
        runtime.block_on(oauth::measure(&mut report));
    }
    if wanted("oracle") {
        let mut engines = vec![Engine::Sqlite];
        if std::env::var_os("TEST_POSTGRES_URL").is_some() {
            engines.push(Engine::Postgres);
        } else {
            report.note("no oracle on PostgreSQL: TEST_POSTGRES_URL is not set");
        }
        runtime.block_on(oracle::measure(&mut report, &engines));
    }
    if wanted("work") {
        runtime.block_on(work::measure(&mut report));
    }
    if wanted("start") {
        start::measure(&mut report);
    }
    if report.finish() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
