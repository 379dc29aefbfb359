//! Randomness as a dependency, so that tests can be repeated.

use std::fmt;

/// The system's random source failed; nothing secret may be made without it.
#[derive(Debug, thiserror::Error)]
#[error("the system's random source failed: {0}")]
pub struct EntropyError(#[from] getrandom::Error);

/// A cryptographically secure source of random bytes.
pub trait Entropy: Send + Sync + fmt::Debug {
    /// Fills `buffer` with random bytes.
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError>;
}

impl dyn Entropy + '_ {
    /// An array of `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> Result<[u8; N], EntropyError> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    /// `length` decimal digits, each equally likely.
    ///
    /// Bytes of 250 and above are thrown away, because 256 is no multiple of
    /// ten and a plain remainder would favour the digits 0 to 5.
    pub fn digits(&self, length: usize) -> Result<String, EntropyError> {
        let mut digits = String::with_capacity(length);
        while digits.len() < length {
            let [byte] = self.bytes::<1>()?;
            if byte < 250 {
                digits.push(char::from(b'0' + byte % 10));
            }
        }
        Ok(digits)
    }
}

/// The operating system's random source.
#[derive(Debug, Default, Clone, Copy)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the system")]
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError> {
        Ok(getrandom::fill(buffer)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_decimal_and_as_many_as_asked() {
        let source: &dyn Entropy = &OsEntropy;
        let digits = source.digits(600).unwrap();
        assert_eq!(digits.len(), 600);
        for digit in '0'..='9' {
            assert!(digits.contains(digit), "{digit} never came up");
        }
    }
}
