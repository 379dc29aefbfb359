//! E-mail addresses.

use unicode_normalization::UnicodeNormalization;
use validator::ValidateEmail;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{FieldError, normalise};

/// Characters of an address, at most (RFC 5321 §4.5.3.1.3, without brackets).
const LONGEST: usize = 254;

/// An address that mail may be answered to.
///
/// ASCII only: nothing that a mail header would give another meaning to, and
/// nothing that a mail server without SMTPUTF8 (RFC 6531) refuses.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct EmailAddress(String);
super::redacted!(EmailAddress);

impl EmailAddress {
    /// Reads an address; full-width letters, as an input method leaves them,
    /// become plain ones.
    pub fn parse(typed: &str) -> Result<Self, FieldError> {
        let visible = |c: &char| !normalise::is_invisible(*c);
        let address: String = typed.trim().nfkc().filter(visible).collect();
        if address.is_empty() {
            return Err(FieldError::Required);
        }
        if address.chars().count() > LONGEST {
            return Err(FieldError::TooLong);
        }
        // Dots stand between letters (RFC 5322 §3.2.3); elsewhere they are slips.
        let user = address.split('@').next().unwrap_or_default();
        let dots = user.starts_with('.') || user.ends_with('.') || user.contains("..");
        let plausible = address.is_ascii() && !dots && address.validate_email();
        if plausible { Ok(Self(address)) } else { Err(FieldError::EmailFormat) }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_however_typed() {
        for (typed, read) in [
            ("li.lei@example.com", "li.lei@example.com"),
            ("  Li+exam@mail.example.com.cn ", "Li+exam@mail.example.com.cn"),
            ("ｌｉｌｅｉ＠ｅｘａｍｐｌｅ．ｃｏｍ", "lilei@example.com"),
            ("lilei\u{200b}@example.com", "lilei@example.com"),
        ] {
            assert_eq!(EmailAddress::parse(typed).unwrap().as_str(), read);
        }
    }

    #[test]
    fn what_is_no_address() {
        assert_eq!(EmailAddress::parse("  "), Err(FieldError::Required));
        let long = format!("{}@example.com", "x".repeat(250));
        assert_eq!(EmailAddress::parse(&long), Err(FieldError::TooLong));
        for wrong in [
            "lilei",
            "@example.com",
            "lilei@",
            "li lei@example.com",
            "李雷@example.com",
            "lilei@例子.中国",
            "lilei@example.com, other@example.com",
            "<lilei@example.com>",
            "li..lei@example.com",
            ".lilei@example.com",
            "lilei.@example.com",
            "lilei@example.com\r\nBcc: all@example.com",
            "lilei@example.com\nBcc: all@example.com",
            "lilei@example.com\0",
        ] {
            assert_eq!(EmailAddress::parse(wrong), Err(FieldError::EmailFormat), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_is_accepted_breaks_a_header(text in "\\PC*") {
            if let Ok(address) = EmailAddress::parse(&text) {
                prop_assert!(address.as_str().bytes().all(|byte| byte.is_ascii_graphic()));
            }
        }
    }
}
