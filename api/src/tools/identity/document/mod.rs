//! Identity documents and their numbers.

use std::sync::LazyLock;

use chrono::{Datelike, NaiveDate};
use regex::Regex;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{DocumentType, FieldError, Gender, checks, country, normalise};

/// A document number of a known kind, in its canonical form.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct IdDocument {
    #[zeroize(skip)]
    kind: DocumentType,
    number: String,
    country: Option<String>,
}
super::redacted!(IdDocument);

/// Provinces of GB/T 2260. County codes are not checked: abolished ones stay
/// on cards for life.
const PROVINCES: [&str; 31] = [
    "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41",
    "42", "43", "44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65",
];

/// Forms of the numbers that have no check digit.
struct Form {
    pattern: LazyLock<Regex>,
    shortest: usize,
    longest: usize,
}

macro_rules! form {
    ($name:ident, $pattern:literal, $shortest:literal, $longest:literal) => {
        static $name: Form = Form {
            pattern: LazyLock::new(|| Regex::new($pattern).expect("a valid pattern")),
            shortest: $shortest,
            longest: $longest,
        };
    };
}

form!(HKMO_PERMIT, r"^[HM]\d{8}(?:\d{2})?$", 9, 11);
form!(HKMO_PERMIT_NC, r"^(?:HA|MA)\d{7}$", 9, 9);
form!(TW_PERMIT, r"^(?:\d{8}|\d{10}[A-Z]?)$", 8, 11);
form!(FOREIGNER_PR_15, r"^[A-Z]{3}\d{12}$", 15, 15);
form!(
    PASSPORT_CN,
    r"^(?:E\d{8}|E[A-HJ-NP-Z]\d{7}|G\d{8}|[DSP]E\d{7}|[DSP]\d{7,8}|1[45]\d{7})$",
    8,
    9
);
form!(PASSPORT_FOREIGN, r"^[A-Z0-9]{5,17}$", 5, 17);
form!(OFFICER_ID, r"^(?:\p{Han}|[A-Z])字第[0-9A-Z]{4,8}号$", 8, 12);
form!(SOLDIER_ID, r"^[士Z]字第[0-9A-Z]{4,8}号$", 8, 12);
form!(POLICE_ID, r"^[0-9A-Z]{6,7}$", 6, 7);

impl Form {
    fn check(&self, number: &str) -> Result<(), FieldError> {
        let length = number.chars().count();
        if self.pattern.is_match(number) {
            Ok(())
        } else if length < self.shortest {
            Err(FieldError::DocumentTooShort)
        } else if length > self.longest {
            Err(FieldError::DocumentTooLong)
        } else {
            Err(FieldError::DocumentFormat)
        }
    }
}

impl IdDocument {
    /// Reads a number of the given kind. `country` (ISO 3166-1 alpha-3) counts
    /// for foreign passports only.
    pub fn parse(
        kind: DocumentType,
        typed: &str,
        country: Option<&str>,
        today: NaiveDate,
    ) -> Result<Self, FieldError> {
        let mut number = normalise::number(typed);
        if number.is_empty() {
            return Err(FieldError::Required);
        }
        // Dispatch by kind first: the check digit alone would take a permit of
        // Hong Kong or a foreigner's card for a mainland card.
        match kind {
            DocumentType::ResidentId => resident(&number, today)?,
            DocumentType::HkmoResidence => permit_18(&number, &["810000", "820000"], today)?,
            DocumentType::TwResidence => permit_18(&number, &["830000"], today)?,
            DocumentType::ForeignerPr => foreigner(&number, today)?,
            DocumentType::HkmoPermit => HKMO_PERMIT.check(&number)?,
            DocumentType::HkmoPermitNc => HKMO_PERMIT_NC.check(&number)?,
            DocumentType::TwPermit => TW_PERMIT.check(&number)?,
            DocumentType::PassportCn => PASSPORT_CN.check(&number)?,
            DocumentType::PassportForeign => PASSPORT_FOREIGN.check(&number)?,
            DocumentType::PoliceId => POLICE_ID.check(&number)?,
            DocumentType::OfficerId | DocumentType::SoldierId => {
                if !number.ends_with('号') {
                    number.push('号');
                }
                let form = if kind == DocumentType::OfficerId { &OFFICER_ID } else { &SOLDIER_ID };
                form.check(&number)?;
            }
        }
        let country = match country.map(normalise::number).filter(|code| !code.is_empty()) {
            _ if !kind.needs_issuing_country() => None,
            None => return Err(FieldError::CountryRequired),
            Some(code) if country::is_known(&code) => Some(code),
            Some(_) => return Err(FieldError::CountryUnknown),
        };
        Ok(Self { kind, number, country })
    }

    /// The kind.
    pub const fn document_type(&self) -> DocumentType {
        self.kind
    }

    /// The canonical number.
    pub fn number(&self) -> &str {
        &self.number
    }

    /// ISO 3166-1 alpha-3, of a foreign passport.
    pub fn issuing_country(&self) -> Option<&str> {
        self.country.as_deref()
    }

    /// What is compared to tell whether two numbers are one document.
    ///
    /// A permit's first nine characters are for life, the rest counts reissues
    /// (rule of the Ministry of Public Security); a foreign passport's number
    /// is unique within its country only; the 18-digit numbers share one
    /// number space, whatever the card is called.
    pub fn uniqueness_key(&self) -> String {
        let code = self.kind.code();
        match self.kind {
            DocumentType::HkmoPermit => {
                format!("HKMO_PERMIT:{}", self.number.get(..9).unwrap_or(&self.number))
            }
            DocumentType::HkmoPermitNc => format!("HKMO_PERMIT:{}", self.number),
            DocumentType::PassportForeign => {
                format!("{code}:{}:{}", self.country.as_deref().unwrap_or_default(), self.number)
            }
            _ if self.digits_18().is_some() => format!("NUMBER_18:{}", self.number),
            _ => format!("{code}:{}", self.number),
        }
    }

    /// The part of an 18-digit number that tells birth and sex.
    fn digits_18(&self) -> Option<&str> {
        let carries = self.kind.carries_birth_and_gender() && self.number.len() == 18;
        carries.then_some(self.number.as_str())
    }

    /// The date of birth that the number tells.
    pub fn birth_date(&self) -> Option<NaiveDate> {
        birth_date(self.digits_18()?)
    }

    /// The sex that the number tells: the 17th digit is odd for men.
    pub fn gender(&self) -> Option<Gender> {
        let sequence = self.digits_18()?.chars().nth(16)?.to_digit(10)?;
        Some(if sequence % 2 == 1 { Gender::Male } else { Gender::Female })
    }

    /// Where sex and date of birth disagree with the number.
    pub fn check_person(
        &self,
        gender: Gender,
        birth_date: NaiveDate,
    ) -> Vec<(&'static str, FieldError)> {
        let mut errors = Vec::new();
        if self.gender().is_some_and(|own| own != gender) {
            errors.push(("gender", FieldError::GenderMismatch));
        }
        if self.birth_date().is_some_and(|own| own != birth_date) {
            errors.push(("birth_date", FieldError::BirthDateMismatch));
        }
        errors
    }

    /// The number as it may be shown: at most half of it, and of an 18-digit
    /// number never a part of the date of birth.
    pub fn masked(&self) -> String {
        let length = self.number.chars().count();
        match length {
            15.. => normalise::star(&self.number, 4, length - 4),
            8.. => normalise::star(&self.number, 2, length - 2),
            _ => normalise::star(&self.number, 1, length - 1),
        }
    }
}

fn birth_date(number: &str) -> Option<NaiveDate> {
    let digits = number.get(6..14)?;
    // chrono's %Y would take a sign; digits were checked by the caller.
    NaiveDate::parse_from_str(digits, "%Y%m%d").ok()
}

/// The checks that all 18-digit numbers share, in the order in which they
/// help most: length, characters, date, check digit.
fn eighteen(number: &str, today: NaiveDate) -> Result<(), FieldError> {
    let length = number.chars().count();
    if length < 18 {
        return Err(FieldError::DocumentTooShort);
    }
    if length > 18 {
        return Err(FieldError::DocumentTooLong);
    }
    let (first17, last) = number.split_at_checked(17).ok_or(FieldError::DocumentFormat)?;
    let is_digits = first17.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits || !last.bytes().all(|byte| byte.is_ascii_digit() || byte == b'X') {
        return Err(FieldError::DocumentFormat);
    }
    let born = birth_date(number).filter(|born| (1850..2100).contains(&born.year()));
    let born = born.ok_or(FieldError::DocumentDate)?;
    if checks::mod11_2(first17) != last.chars().next() {
        return Err(FieldError::DocumentChecksum);
    }
    if born > today { Err(FieldError::DocumentFuture) } else { Ok(()) }
}

fn resident(number: &str, today: NaiveDate) -> Result<(), FieldError> {
    if number.len() == 15 && number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(FieldError::DocumentRetired15);
    }
    if number.len() == 18 && !PROVINCES.iter().any(|province| number.starts_with(province)) {
        return Err(FieldError::DocumentRegion);
    }
    eighteen(number, today)
}

fn permit_18(number: &str, prefixes: &[&str], today: NaiveDate) -> Result<(), FieldError> {
    if number.len() == 18 && !prefixes.iter().any(|prefix| number.starts_with(prefix)) {
        return Err(FieldError::DocumentRegion);
    }
    eighteen(number, today)
}

/// Both versions are valid: 18 digits that begin with 9 (since 2023-12-01) and
/// three letters with twelve digits, whose check digit is not published.
fn foreigner(number: &str, today: NaiveDate) -> Result<(), FieldError> {
    if number.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return FOREIGNER_PR_15.check(number);
    }
    if number.len() == 18 && !number.starts_with('9') {
        return Err(FieldError::DocumentRegion);
    }
    eighteen(number, today)
}

#[cfg(test)]
mod tests;
