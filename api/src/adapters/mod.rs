//! Those who answer for the ports. Only the composition names them.

pub mod http_post;
pub mod networks;
pub mod sandbox;
pub mod smtp;
