//! Those who answer for the ports. Only the composition names them.

pub mod sandbox;
pub mod smtp;
