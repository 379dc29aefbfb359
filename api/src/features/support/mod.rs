//! Writing to the operator: a form, protected by a captcha, that makes a case
//! and has it mailed.

pub mod http;
mod open_case;
