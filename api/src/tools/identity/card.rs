//! Bank card numbers and what their first digits tell.

use std::sync::LazyLock;

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{BankCode, FieldError, checks, normalise};

/// What a card is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CardKind {
    /// 借记卡, which financial social-security cards are too.
    Debit,
    /// 信用卡.
    Credit,
    /// 准贷记卡.
    SemiCredit,
    /// 预付卡.
    Prepaid,
}

impl CardKind {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Debit => "debit",
            Self::Credit => "credit",
            Self::SemiCredit => "semi_credit",
            Self::Prepaid => "prepaid",
        }
    }

    /// The kind with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Debit, Self::Credit, Self::SemiCredit, Self::Prepaid]
            .into_iter()
            .find(|kind| kind.code() == code)
    }
}

/// A range of card numbers (ISO/IEC 7812-1 issuer identification number).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BinEntry {
    /// Who issued the card.
    pub bank: BankCode,
    /// What it is for.
    pub kind: CardKind,
}

struct Range {
    prefix: &'static str,
    /// Digits of the whole number; any, when the table does not say.
    length: Option<usize>,
    entry: BinEntry,
}

/// Facts merged from four open tables; see NOTICE.
const TABLE: &str = include_str!("../../../data/bank_bins.csv");

/// Sorted by prefix, so that a look-up is a few binary searches.
static RANGES: LazyLock<Vec<Range>> = LazyLock::new(|| {
    let mut ranges: Vec<Range> = TABLE.lines().skip(1).filter_map(range).collect();
    ranges.sort_by_key(|range| range.prefix);
    ranges
});

fn range(line: &'static str) -> Option<Range> {
    let mut cells = line.split(',');
    Some(Range {
        prefix: cells.next()?,
        length: cells.next()?.parse().ok(),
        entry: BinEntry {
            bank: BankCode::parse(cells.next()?).ok()?,
            kind: CardKind::from_code(&cells.next()?.replace('-', "_"))?,
        },
    })
}

/// The longest prefix in the table that fits a number of this length exactly.
fn look_up(number: &str) -> Option<BinEntry> {
    (1..number.len()).rev().filter_map(|end| number.get(..end)).find_map(|prefix| {
        let from = RANGES.partition_point(|range| range.prefix < prefix);
        let same = RANGES.iter().skip(from).take_while(|range| range.prefix == prefix);
        let mut fits =
            same.filter(|range| range.length.is_none_or(|length| length == number.len()));
        fits.next().map(|range| range.entry)
    })
}

/// A card number: 15 to 19 digits.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct CardNumber(String);
super::redacted!(CardNumber);

impl CardNumber {
    /// Reads a number. A wrong check digit is an error for numbers that begin
    /// with 62 only: some early cards do not follow Luhn.
    pub fn parse(typed: &str) -> Result<Self, FieldError> {
        let digits = normalise::number(typed);
        if digits.is_empty() {
            return Err(FieldError::Required);
        }
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(FieldError::CardFormat);
        }
        match digits.len() {
            ..15 => Err(FieldError::CardTooShort),
            20.. => Err(FieldError::CardTooLong),
            _ if digits.starts_with("62") && !checks::luhn(&digits) => Err(FieldError::CardLuhn),
            _ => Ok(Self(digits)),
        }
    }

    /// The digits.
    pub fn number(&self) -> &str {
        &self.0
    }

    /// `**** 0004`.
    pub fn masked(&self) -> String {
        format!("**** {}", self.last4())
    }

    /// `0004`.
    pub fn last4(&self) -> &str {
        self.0.get(self.0.len().saturating_sub(4)..).unwrap_or_default()
    }

    /// Bank and kind, where the table knows them.
    pub fn bin(&self) -> Option<BinEntry> {
        look_up(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(number: &str) -> Option<BinEntry> {
        CardNumber::parse(number).unwrap().bin()
    }

    #[test]
    fn the_vectors_are_found() {
        let vectors: serde_json::Value =
            serde_json::from_str(include_str!("../../../../tests/data/vectors.json")).unwrap();
        for (group, kind) in [
            ("debit_by_bank", CardKind::Debit),
            ("credit", CardKind::Credit),
            ("semi_credit", CardKind::SemiCredit),
        ] {
            for (bank, number) in vectors["pan"][group].as_object().unwrap() {
                let found = entry(number.as_str().unwrap()).unwrap();
                assert_eq!((found.bank.code(), found.kind), (bank.as_str(), kind));
            }
        }
        let bad = vectors["pan"]["luhn_bad"].as_str().unwrap();
        assert_eq!(CardNumber::parse(bad), Err(FieldError::CardLuhn));
    }

    #[test]
    fn every_row_of_the_table_is_read_and_found() {
        assert_eq!(RANGES.len(), TABLE.lines().count() - 1);
        for range in RANGES.iter() {
            let length = range.length.unwrap_or(16);
            let number = format!("{:0<length$}", range.prefix);
            assert!(look_up(&number).is_some(), "{}", range.prefix);
        }
        assert_eq!(look_up("1234567890123456"), None);
    }

    #[test]
    fn the_exact_length_decides_between_banks() {
        let eighteen = look_up("622302000000000000").map(|entry| entry.bank);
        let sixteen = look_up("6223020000000000").map(|entry| entry.bank);
        assert_eq!(eighteen, Some(BankCode::Icbc));
        assert_ne!(sixteen, Some(BankCode::Icbc));
    }

    #[test]
    fn people_type_cards_in_groups() {
        let card = CardNumber::parse("6217 0000 0000-0000 004").unwrap();
        assert_eq!(card.number(), "6217000000000000004");
        assert_eq!((card.masked().as_str(), card.last4()), ("**** 0004", "0004"));
        assert_eq!(CardNumber::parse("6217"), Err(FieldError::CardTooShort));
        assert_eq!(CardNumber::parse("62170000000000000040"), Err(FieldError::CardTooLong));
        assert_eq!(CardNumber::parse("6217O00000000000004"), Err(FieldError::CardFormat));
    }

    proptest! {
        #[test]
        fn nothing_that_is_typed_panics(text in "\\PC*") {
            if let Ok(card) = CardNumber::parse(&text) {
                let _ = card.bin();
            }
        }
    }
}
