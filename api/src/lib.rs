//! Shiming (实名): one account per natural person, proved against a bank card.
//!
//! The floors, from the ground up (a module mentions only lower floors; a test
//! holds this):
//!
//! 0. [`kernel`]: ids, time, randomness, secrets.
//! 1. tools: [`identity`] (the vocabulary), [`crypto`], [`db`], [`web`],
//!    [`ports`], [`config`].
//! 2. capabilities: [`core`] and what it is made of, [`accounts`],
//!    [`sessions`], [`otp`], [`captcha`], [`password`], [`limits`], [`audit`],
//!    [`outbox`], [`idempotency`].
//! 3. features: [`registration`], [`login`], [`account`], [`reference`].
//! 4. composition: [`app`], [`server`], [`worker`], [`openapi`], [`cli`].
//!
//! Beside them stand the [`adapters`], which only [`app`] names.

pub mod account;
pub mod accounts;
pub mod adapters;
pub mod app;
pub mod audit;
pub mod captcha;
pub mod cli;
pub mod config;
pub mod core;
pub mod crypto;
pub mod db;
pub mod idempotency;
pub mod identity;
pub mod kernel;
pub mod limits;
pub mod login;
pub mod openapi;
pub mod otp;
pub mod outbox;
pub mod password;
pub mod ports;
pub mod reference;
pub mod registration;
pub mod server;
pub mod sessions;
pub mod web;
pub mod worker;
