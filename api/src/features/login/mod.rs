//! Signing in: username, password and captcha, for browsers and for apps.
//!
//! Unknown user and wrong password have one answer, in words, in effects and
//! in cost: both are counted, both are hashed, both are written down.

pub mod http;
mod password_check;
