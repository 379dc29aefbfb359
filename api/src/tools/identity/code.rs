//! The six digits of an SMS code.

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{FieldError, normalise};

/// A code, as typed.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct OtpCode(String);
super::redacted!(OtpCode);

impl OtpCode {
    /// Reads six digits.
    pub fn parse(typed: &str) -> Result<Self, FieldError> {
        let digits = normalise::number(typed);
        if digits.is_empty() {
            return Err(FieldError::Required);
        }
        let six = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit());
        if six { Ok(Self(digits)) } else { Err(FieldError::CodeFormat) }
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_digits_however_typed() {
        assert_eq!(OtpCode::parse(" 305 871").unwrap().as_str(), "305871");
        assert_eq!(OtpCode::parse("３０５８７１").unwrap().as_str(), "305871");
        for wrong in ["30587", "3058711", "30587a"] {
            assert_eq!(OtpCode::parse(wrong), Err(FieldError::CodeFormat));
        }
    }
}
