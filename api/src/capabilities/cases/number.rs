//! Numbers of cases: short enough to be read out on the phone.

use std::{fmt, str::FromStr};

use crate::kernel::{Entropy, Timestamp, entropy::EntropyError, time::beijing};

/// Crockford's base 32: no I, L, O or U, which are misread or misheard.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Random characters behind the date.
const RANDOM: usize = 6;

/// A number such as `C20261124-7F3K9Q`: the day in Beijing time and six random
/// characters, so that nobody can count cases or guess the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseNumber(String);

/// Not the form of a case's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a case's number looks like C20261124-7F3K9Q")]
pub struct NotANumber;

impl CaseNumber {
    /// A number that may be free.
    pub(super) fn draw(entropy: &dyn Entropy, now: Timestamp) -> Result<Self, EntropyError> {
        let random = entropy.bytes::<RANDOM>()?;
        // 256 is a multiple of 32: every character is equally likely.
        let letters = random.iter().filter_map(|byte| ALPHABET.get(usize::from(byte % 32)));
        let letters: String = letters.copied().map(char::from).collect();
        Ok(Self(format!("C{}-{letters}", beijing(now).format("%Y%m%d"))))
    }

    /// The number.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CaseNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for CaseNumber {
    type Err = NotANumber;

    /// Reads a number as people write it down: in small letters too, and with
    /// the letters that Crockford's alphabet leaves out.
    fn from_str(typed: &str) -> Result<Self, NotANumber> {
        let upper = typed.trim().to_ascii_uppercase();
        let (day, letters) =
            upper.strip_prefix('C').and_then(|rest| rest.split_once('-')).ok_or(NotANumber)?;
        let letters: String = letters
            .chars()
            .map(|c| match c {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            })
            .collect();
        let known = letters.bytes().all(|byte| ALPHABET.contains(&byte));
        let is_day = day.len() == 8 && day.bytes().all(|byte| byte.is_ascii_digit());
        if is_day && known && letters.len() == RANDOM {
            return Ok(Self(format!("C{day}-{letters}")));
        }
        Err(NotANumber)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;
    use crate::kernel::OsEntropy;

    #[test]
    fn a_number_begins_with_the_day_in_beijing() {
        let late = DateTime::parse_from_rfc3339("2026-11-23T16:00:00Z").unwrap().to_utc();
        let number = CaseNumber::draw(&OsEntropy, late).unwrap();
        assert!(number.as_str().starts_with("C20261124-"), "{number}");
        assert_eq!(number.as_str().parse(), Ok(number));
    }

    #[test]
    fn numbers_are_read_as_people_write_them_down() {
        let number: CaseNumber = " c20261124-7f3koq ".parse().unwrap();
        assert_eq!(number.as_str(), "C20261124-7F3K0Q");
        for wrong in
            ["", "C", "20261124-7F3K9Q", "C20261124-7F3K9", "C20261124-7F3K9QQ", "C2026112U-7F3K9Q"]
        {
            assert_eq!(wrong.parse::<CaseNumber>(), Err(NotANumber), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_is_typed_panics(text in "\\PC*") {
            let _ = text.parse::<CaseNumber>();
        }
    }
}
