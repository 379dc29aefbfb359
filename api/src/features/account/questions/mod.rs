//! 密保工具: choosing three questions, answering them, giving them up.

pub mod http;
mod set;
