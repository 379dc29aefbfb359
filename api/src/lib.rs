//! Shiming (实名): one account per natural person, proved against a bank card.
//!
//! The floors, from the ground up (a module mentions only lower floors; a test
//! holds this):
//!
//! 0. [`kernel`]: ids, time, randomness, secrets.
//! 1. tools: [`identity`] (the vocabulary), [`config`], [`crypto`], [`db`],
//!    [`ports`], [`password`], [`web`].
//! 2. capabilities: [`core`] that all of them share, [`accounts`],
//!    [`sessions`], [`otp`], [`captcha`], [`limits`], [`password_failures`],
//!    [`audit`], [`outbox`], [`idempotency`], [`flows`], [`proving`],
//!    [`security_questions`], [`cases`], [`clients`], [`grants`], [`sign_in`],
//!    [`access_tokens`], [`claims`], [`events`], [`callers`],
//!    [`identity_checks`].
//! 3. features: [`registration`], [`login`], [`account`], [`recovery`],
//!    [`support`], [`reference`], [`oauth`], [`client_registry`],
//!    [`integration`]; none mentions another.
//! 4. composition: [`app`], [`server`], [`worker`], [`routes`], [`openapi`],
//!    [`cli`].
//!
//! On floors 1, 2 and 4 a module may mention its neighbours, never in a
//! circle. Beside the floors stand the [`adapters`]: they may use floors 0 to
//! 2, and only floor 4 names them. HTTP is known to files named `http.rs`,
//! [`web`] and floor 4; SQL to files named `store.rs` and [`db`].

pub mod access_tokens;
pub mod account;
pub mod accounts;
pub mod adapters;
pub mod app;
pub mod audit;
pub mod callers;
pub mod captcha;
pub mod cases;
pub mod claims;
pub mod cli;
pub mod client_registry;
pub mod clients;
pub mod config;
pub mod core;
pub mod crypto;
pub mod db;
pub mod events;
pub mod flows;
pub mod grants;
pub mod idempotency;
pub mod identity;
pub mod identity_checks;
pub mod integration;
pub mod kernel;
pub mod limits;
pub mod login;
pub mod oauth;
pub mod openapi;
pub mod otp;
pub mod outbox;
pub mod password;
pub mod password_failures;
pub mod ports;
pub mod proving;
pub mod recovery;
pub mod reference;
pub mod registration;
pub mod routes;
pub mod security_questions;
pub mod server;
pub mod sessions;
pub mod sign_in;
pub mod support;
pub mod web;
pub mod worker;
