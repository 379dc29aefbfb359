//! Mobile numbers of mainland China.

use std::cmp::Ordering;

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{FieldError, normalise};

/// A mobile number, kept as its eleven digits.
///
/// Segments are not checked: banks hold any number that was ever assigned.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Phone {
    /// E.164, `+86` and eleven digits.
    e164: String,
}
super::redacted!(Phone);

impl Phone {
    /// Reads a number, with or without `+86`, `86` or `0086`.
    pub fn parse(typed: &str) -> Result<Self, FieldError> {
        let typed = normalise::number(typed);
        if typed.is_empty() {
            return Err(FieldError::Required);
        }
        let national = ["+86", "0086", "86"]
            .iter()
            .find_map(|prefix| typed.strip_prefix(prefix).filter(|rest| rest.len() >= 11))
            .unwrap_or(&typed);
        if !national.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(FieldError::PhoneFormat);
        }
        match national.len().cmp(&11) {
            Ordering::Less => Err(FieldError::PhoneTooShort),
            Ordering::Greater => Err(FieldError::PhoneTooLong),
            Ordering::Equal => {
                let mut digits = national.bytes();
                let mobile =
                    digits.next() == Some(b'1') && digits.next().is_some_and(|d| d >= b'3');
                if mobile {
                    Ok(Self { e164: format!("+86{national}") })
                } else {
                    Err(FieldError::PhoneFormat)
                }
            }
        }
    }

    /// `+8613800138000` (ITU-T E.164).
    pub fn e164(&self) -> &str {
        &self.e164
    }

    /// `13800138000`.
    pub fn national(&self) -> &str {
        self.e164.get(3..).unwrap_or_default()
    }

    /// `138****8000`.
    pub fn masked(&self) -> String {
        normalise::star(self.national(), 3, 7)
    }

    /// `8000`.
    pub fn last4(&self) -> &str {
        self.e164.get(10..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_vectors() {
        let vectors: serde_json::Value =
            serde_json::from_str(include_str!("../../../../tests/data/vectors.json")).unwrap();
        for (typed, e164) in vectors["phone_valid"].as_object().unwrap() {
            assert_eq!(Phone::parse(typed).unwrap().e164(), e164.as_str().unwrap());
        }
        for typed in vectors["phone_invalid"].as_array().unwrap() {
            assert!(Phone::parse(typed.as_str().unwrap()).is_err(), "{typed}");
        }
        let phone = Phone::parse("138 0013 8000").unwrap();
        assert_eq!((phone.masked().as_str(), phone.last4()), ("138****8000", "8000"));
    }

    proptest! {
        #[test]
        fn nothing_that_is_typed_panics(text in "\\PC*") {
            if let Ok(phone) = Phone::parse(&text) {
                prop_assert_eq!(phone.national().len(), 11);
                prop_assert_eq!(&Phone::parse(phone.e164()).unwrap(), &phone);
            }
        }
    }
}
