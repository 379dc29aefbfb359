//! Registering business systems: at the command line and, for the operator's
//! own tools, over HTTP. Both do the same.

mod dto;
pub mod http;
mod registry;

pub use dto::{NewClientView, NewSecretView, RegisteredClient};
pub use registry::{
    OVERLAP_SECONDS, change, create, list, rotate_secret, set_state, show, show_all,
};
