//! Names to sign in with.

use unicode_normalization::UnicodeNormalization;

use super::{FieldError, checks, normalise};

const SHORTEST: usize = 4;
const LONGEST: usize = 32;

/// A username: 4 to 32 letters, digits or `. _ - @`, beginning with a letter
/// or digit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Username(String);

impl Username {
    /// Reads a username. Compatibility forms are folded, so that a full-width
    /// `ａ` is an `a`.
    pub fn parse(typed: &str) -> Result<Self, FieldError> {
        let name: String = typed.trim().nfkc().filter(|c| !normalise::is_invisible(*c)).collect();
        let length = name.chars().count();
        if length == 0 {
            return Err(FieldError::Required);
        }
        if length < SHORTEST {
            return Err(FieldError::TooShort);
        }
        if length > LONGEST {
            return Err(FieldError::TooLong);
        }
        let first_ok = name.chars().next().is_some_and(is_word);
        if !first_ok || !name.chars().all(|c| is_word(c) || ".-_@".contains(c)) {
            return Err(FieldError::UsernameCharset);
        }
        if looks_like_a_number_of_somebody(&name) {
            return Err(FieldError::UsernameLooksLikeDocument);
        }
        Ok(Self(name))
    }

    /// The name as typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is compared: names that differ in case only are one name.
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }
}

/// ASCII letters and digits, and the ideographs that everybody can type: other
/// scripts have letters that look like these.
fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || ('\u{4e00}'..='\u{9fff}').contains(&c)
}

/// A username is shown, stored and sent in clear, so it must not be a
/// document, phone or card number.
fn looks_like_a_number_of_somebody(name: &str) -> bool {
    let digits: String = name.chars().filter(|c| !".-_@".contains(*c)).collect();
    let upper = digits.to_ascii_uppercase();
    let document = upper.split_at_checked(17).is_some_and(|(first17, last)| {
        last.len() == 1 && checks::mod11_2(first17) == last.chars().next()
    });
    let phone = digits.len() == 11 && digits.starts_with('1');
    let long = digits.len() >= 15;
    let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    document || (all_digits && (phone || long))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn usernames_are_words() {
        for name in ["wang", "wang.xiaoming_1990", "王小明考生", "a@example.com", "Ｗａｎｇ"]
        {
            assert!(Username::parse(name).is_ok(), "{name}");
        }
        assert_eq!(Username::parse("Ｗａｎｇ").unwrap().key(), "wang");
        assert_eq!(Username::parse(""), Err(FieldError::Required));
        assert_eq!(Username::parse("abc"), Err(FieldError::TooShort));
        assert_eq!(Username::parse(&"a".repeat(33)), Err(FieldError::TooLong));
        for name in ["_wang", "wang xm", "wаng", "<b>wang"] {
            assert_eq!(Username::parse(name), Err(FieldError::UsernameCharset), "{name}");
        }
    }

    #[test]
    fn numbers_of_people_are_no_usernames() {
        for name in
            ["13800138000", "11010519491231002x", "440305-199003070014", "6217000000000000004"]
        {
            let error = Username::parse(name).unwrap_err();
            assert_eq!(error, FieldError::UsernameLooksLikeDocument, "{name}");
        }
        assert!(Username::parse("20261123").is_ok());
    }

    proptest! {
        #[test]
        fn nothing_that_is_typed_panics(text in "\\PC*") {
            if let Ok(name) = Username::parse(&text) {
                prop_assert_eq!(&Username::parse(name.as_str()).unwrap(), &name);
                prop_assert_eq!(Username::parse(&name.key()).unwrap().key(), name.key());
            }
        }
    }
}
