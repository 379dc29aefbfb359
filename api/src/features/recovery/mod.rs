//! Finding a forgotten username, setting a forgotten password anew, and
//! replacing a phone on the way, in the guide's steps:
//! 验证身份 → 验证手机校验码 → 找回用户名成功, and
//! 输入用户名 → 选择找回方式 → 验证身份 → 重置密码 → 重置成功.
//!
//! No step tells whether there is such an account before its owner was proved:
//! what is typed is only kept, the worker looks whom a code goes to, and a code
//! that nobody got is as wrong as any other.
//!
//! The steps are the verbs: [`start`] keeps who somebody claims to be,
//! [`choose_method`] the way of proving it; [`request_code`] and [`confirm`]
//! prove it by the phone, [`answer_questions`] by security questions;
//! [`reset_password`] uses the proof up. [`replace_phone`] is for those whose
//! phone is gone: the bank and the new phone prove them instead.

mod answer_questions;
mod choose_method;
mod claim;
mod confirm;
mod draft;
mod dto;
pub mod http;
mod problems;
mod replace_phone;
mod request_code;
mod reset_password;
mod start;
mod view;

pub use claim::addressee;
