//! Units: legal persons and other organisations.

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{FieldError, checks, normalise};

/// Characters of a unit's name, at most.
const LONGEST: usize = 100;

/// Name of a unit, as its certificate has it.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct UnitName(String);
super::redacted!(UnitName);

impl UnitName {
    /// Reads a name: 2 to 100 characters, no controls.
    pub fn parse(typed: &str) -> Result<Self, FieldError> {
        let name: String = typed.trim().chars().filter(|c| !normalise::is_invisible(*c)).collect();
        match name.chars().count() {
            0 => return Err(FieldError::Required),
            1 => return Err(FieldError::TooShort),
            count if count > LONGEST => return Err(FieldError::TooLong),
            _ => {}
        }
        if name.chars().any(char::is_control) || !name.chars().any(char::is_alphabetic) {
            return Err(FieldError::NameCharset);
        }
        Ok(Self(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is compared: brackets and letters of any width, without spaces.
    pub fn key(&self) -> String {
        normalise::number(&self.0)
    }
}

/// Unified social credit code (GB 32100-2015): eighteen characters.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct CreditCode(String);
super::redacted!(CreditCode);

impl CreditCode {
    /// Reads a code. The organisation code inside (GB 11714) is not checked:
    /// some bodies get subject codes without one.
    pub fn parse(typed: &str) -> Result<Self, FieldError> {
        let code = normalise::number(typed);
        match code.chars().count() {
            0 => return Err(FieldError::Required),
            1..=17 => return Err(FieldError::CreditCodeTooShort),
            18 => {}
            _ => return Err(FieldError::CreditCodeTooLong),
        }
        let region = code.get(2..8).is_some_and(|part| part.bytes().all(|b| b.is_ascii_digit()));
        let (first17, last) = code.split_at_checked(17).ok_or(FieldError::CreditCodeFormat)?;
        let check = checks::credit_code(first17).ok_or(FieldError::CreditCodeFormat)?;
        if !region || !checks::is_credit_code_character(last) {
            return Err(FieldError::CreditCodeFormat);
        }
        if last.starts_with(check) { Ok(Self(code)) } else { Err(FieldError::CreditCodeChecksum) }
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is claimed for a unit, beside the documents of persons.
    pub fn uniqueness_key(&self) -> String {
        format!("CREDIT_CODE:{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_vectors() {
        for code in [
            "91350100M000100Y43",
            "91110108551385082Q",
            "9144030071526726XG",
            "914403001922038216",
            "91330100799655058B",
            "91110000600037341L",
            "12100000400000624D",
        ] {
            assert_eq!(CreditCode::parse(code).unwrap().as_str(), code);
            let mut wrong = code.to_owned();
            let last = if wrong.pop() == Some('0') { '1' } else { '0' };
            wrong.push(last);
            assert_eq!(CreditCode::parse(&wrong), Err(FieldError::CreditCodeChecksum), "{code}");
        }
        assert_eq!(CreditCode::parse(""), Err(FieldError::Required));
        assert_eq!(CreditCode::parse("9144030O1922038216"), Err(FieldError::CreditCodeFormat));
        assert_eq!(CreditCode::parse("91440300192203821"), Err(FieldError::CreditCodeTooShort));
        assert_eq!(CreditCode::parse("9144030019220382160"), Err(FieldError::CreditCodeTooLong));
        assert_eq!(
            CreditCode::parse("9144 0300-1922038216").unwrap().as_str(),
            "914403001922038216"
        );
    }

    #[test]
    fn names_of_units_are_compared_without_width() {
        let wide = UnitName::parse("深圳市测试（集团）有限公司").unwrap();
        assert_eq!(wide.key(), UnitName::parse("深圳市测试(集团)有限公司").unwrap().key());
        assert_eq!(UnitName::parse("中"), Err(FieldError::TooShort));
        assert_eq!(UnitName::parse("12345"), Err(FieldError::NameCharset));
    }

    proptest! {
        #[test]
        fn nothing_that_is_typed_panics(text in "\\PC*") {
            let _ = (UnitName::parse(&text), CreditCode::parse(&text));
        }
    }
}
