//! The person and a waiting request: what it asks for, where it stands, and
//! what the person decides.

pub(super) mod decide;
pub mod http;
pub(super) mod standing;
pub(super) mod view;
