//! What runs a test.

use std::pin::Pin;

use actix_web::rt::{System, SystemRunner};

/// The runtime of the server. With `actix_web::test` all of it would be compiled
/// for each test anew; here they share it.
#[derive(Debug)]
pub struct Runtime(SystemRunner);

impl Runtime {
    /// One for a test.
    pub fn new() -> Self {
        Self(System::new())
    }

    /// Runs it.
    pub fn block_on(&self, test: impl Future<Output = ()>) {
        let test: Pin<Box<dyn Future<Output = ()> + '_>> = Box::pin(test);
        self.0.block_on(test);
    }
}
