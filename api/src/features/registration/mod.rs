//! Registering a person in the guide's four steps:
//! 填写登录信息 → 填写身份信息 → 填写验证信息 → 注册成功.
//!
//! Everything typed lives in one sealed draft on the server. The steps are the
//! verbs: [`start`] opens the draft with username, password and consents;
//! [`enter_identity`] adds name and document (and before them the unit, when one
//! registers); the bank's check and the code are [`crate::capabilities::proving`]'s;
//! [`confirm`] redeems the code and creates the account in the same
//! transaction. Each step may be repeated, and a step back drops exactly the
//! proofs that no longer hold.

mod confirm;
mod draft;
mod dto;
mod enter_identity;
pub mod http;
mod problems;
mod start;
mod view;
