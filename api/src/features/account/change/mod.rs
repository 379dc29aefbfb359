//! 用户信息: changing name, bank, card or phone, alone or together, and a unit's
//! agent.
//!
//! A change is a flow with the account's id: one at a time, whoever of the
//! account's sessions goes on with it. It begins with what the account holds,
//! and what is typed replaces that. The bank must match the four elements that
//! come of it, and the code goes to the phone that will hold; only then, in one
//! transaction, the account is changed. A person's document, sex and date of
//! birth never change; a unit's agent brings his own.

mod confirm;
mod draft;
mod dto;
mod enter;
pub mod http;
mod view;
mod walk;

pub(super) use draft::{Change, Part, open};
