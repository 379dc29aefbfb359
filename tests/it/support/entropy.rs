//! Randomness that tests can foresee in one place.

use std::{collections::VecDeque, sync::Mutex};

use shiming::kernel::{Entropy, OsEntropy, entropy::EntropyError};

/// The system's random source, but for what a test has put in: the next six
/// bytes that are asked for at once (the number of a case).
#[derive(Debug, Default)]
pub struct RiggedEntropy(Mutex<VecDeque<[u8; 6]>>);

impl RiggedEntropy {
    pub fn next_six(&self, bytes: [u8; 6]) {
        self.0.lock().unwrap().push_back(bytes);
    }
}

impl Entropy for RiggedEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError> {
        if buffer.len() == 6
            && let Some(rigged) = self.0.lock().unwrap().pop_front()
        {
            buffer.copy_from_slice(&rigged);
            return Ok(());
        }
        OsEntropy.fill(buffer)
    }
}
