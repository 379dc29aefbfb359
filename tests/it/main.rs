//! Integration tests: the real server, over HTTP, on SQLite or PostgreSQL.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test may fail"
)]

mod access;
mod account;
mod account_change;
mod account_unit;
mod architecture;
mod authorize_again;
mod authorize_attacks;
mod authorize_bound;
mod authorize_flow;
mod authorize_logout;
mod authorize_plain;
mod authorize_prompts;
mod authorize_request;
mod authorize_systems;
mod bank_charges;
mod bank_outcomes;
mod bank_step;
mod captcha;
mod cases;
mod client_metadata;
mod clients;
mod closing;
mod code;
mod drafts;
mod events;
mod fixture;
mod forged_tokens;
mod garbage;
mod garbage_forms;
mod history;
mod http_post;
mod idempotency;
mod idempotency_effects;
mod identity_checks;
mod identity_step;
mod insider;
mod inventory;
mod limits;
mod login;
mod mail;
mod migrations;
mod oauth_attacks;
mod oauth_authentication;
mod oauth_codes;
mod oauth_discovery;
mod oauth_introspection;
mod oauth_refresh;
mod oauth_resources;
mod oauth_userinfo;
mod openapi;
mod oracle;
mod outbox;
mod password_change;
mod password_check;
mod process;
mod questions;
mod races;
mod recovery_attacks;
mod recovery_password;
mod recovery_phone;
mod recovery_questions;
mod recovery_username;
mod registration;
mod sessions;
mod start_step;
mod support;
mod tokens;
mod transactions;
mod units;
mod users;
mod web;
mod webhook_addresses;
mod webhook_places;
mod webhooks;
