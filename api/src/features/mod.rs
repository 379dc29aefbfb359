//! Floor 3: what people and systems use. No feature mentions another; what two
//! of them need belongs to the capabilities.

pub mod account;
pub mod client_registry;
pub mod integration;
pub mod login;
pub mod oauth;
pub mod recovery;
pub mod reference;
pub mod registration;
pub mod support;
