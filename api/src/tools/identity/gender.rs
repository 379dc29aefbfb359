//! Sex and date of birth, as documents state them.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use super::{FieldError, normalise};

/// Sex (GB/T 2261.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Gender {
    /// 男.
    Male,
    /// 女.
    Female,
}

impl Gender {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Male => "male",
            Self::Female => "female",
        }
    }

    /// The sex with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Male, Self::Female].into_iter().find(|gender| gender.code() == code)
    }
}

/// A date of birth of a living person.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct BirthDate(NaiveDate);
super::redacted!(BirthDate);

/// Nobody registers at a higher age.
const OLDEST_YEARS: i32 = 150;

impl BirthDate {
    /// Reads `YYYY-MM-DD` (ISO 8601).
    pub fn parse(typed: &str, today: NaiveDate) -> Result<Self, FieldError> {
        let typed = typed.trim();
        if typed.is_empty() {
            return Err(FieldError::Required);
        }
        let digits = normalise::number(typed);
        let date = (digits.len() == 8)
            .then(|| NaiveDate::parse_from_str(&digits, "%Y%m%d").ok())
            .flatten()
            .ok_or(FieldError::BirthDateInvalid)?;
        if date > today {
            Err(FieldError::BirthDateFuture)
        } else if date.year() < today.year() - OLDEST_YEARS {
            Err(FieldError::BirthDateTooOld)
        } else {
            Ok(Self(date))
        }
    }

    /// The date.
    pub const fn date(self) -> NaiveDate {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_must_exist_and_lie_in_a_life() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        let parse = |text| BirthDate::parse(text, today).map(BirthDate::date);
        assert_eq!(parse("1990-03-07"), Ok(NaiveDate::from_ymd_opt(1990, 3, 7).unwrap()));
        assert_eq!(parse("２０００-０２-２９"), Ok(NaiveDate::from_ymd_opt(2000, 2, 29).unwrap()));
        assert_eq!(parse(""), Err(FieldError::Required));
        assert_eq!(parse("1990-02-30"), Err(FieldError::BirthDateInvalid));
        assert_eq!(parse("90-1-1"), Err(FieldError::BirthDateInvalid));
        assert_eq!(parse("2026-11-24"), Err(FieldError::BirthDateFuture));
        assert_eq!(parse("1870-01-01"), Err(FieldError::BirthDateTooOld));
    }
}
