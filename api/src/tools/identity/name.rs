//! Names of persons, as banks hold them.
//!
//! A name is never put into NFC or NFKC: that would change a thousand
//! ideographs of the compatibility blocks into others. What was typed is kept
//! as it is; comparing uses a key of its own.

use std::{collections::HashMap, sync::LazyLock};

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{FieldError, normalise};

/// The dot between the parts of a name: U+00B7 (民委发〔2016〕33号).
pub const MIDDLE_DOT: char = '\u{b7}';

/// Dots that people, input methods and banks use instead.
const DOT_LOOKALIKES: [char; 11] = [
    '\u{2022}', '\u{2219}', '\u{22c5}', '\u{2027}', '\u{30fb}', '\u{ff65}', '\u{387}', '\u{25cf}',
    '\u{ff0e}', '.', '\u{3002}',
];

/// Characters of a name, at most (the rule asks for at least fifty columns,
/// that is twenty-five ideographs; the longest names have more letters).
const LONGEST: usize = 100;

/// Private-use characters of the GBK era and what replaced them in Unicode.
static PRIVATE_USE: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    let code = |text: &str| char::from_u32(u32::from_str_radix(text.strip_prefix("U+")?, 16).ok()?);
    include_str!("../../../data/gbk_pua_map.csv")
        .lines()
        .skip(1)
        .filter_map(|line| {
            let mut cells = line.split(',');
            Some((code(cells.next()?)?, code(cells.next()?)?))
        })
        .collect()
});

/// A person's name.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct PersonName(String);
super::redacted!(PersonName);

impl PersonName {
    /// Reads a name: 1 to 100 characters of any script, no digits, no signs
    /// other than dot, hyphen, apostrophe and space.
    pub fn parse(typed: &str) -> Result<Self, FieldError> {
        let name: String = typed.trim().chars().filter(|c| !normalise::is_invisible(*c)).collect();
        let length = name.chars().count();
        if length == 0 {
            return Err(FieldError::Required);
        }
        if length > LONGEST {
            return Err(FieldError::TooLong);
        }
        if name.chars().any(is_digit) {
            return Err(FieldError::NameDigits);
        }
        let letters = name.chars().filter(|c| is_letter(*c)).count();
        if letters == 0 || !name.chars().all(is_allowed) {
            return Err(FieldError::NameCharset);
        }
        Ok(Self(name))
    }

    /// The name as typed, without surrounding spaces.
    pub fn raw(&self) -> &str {
        &self.0
    }

    /// What is compared to tell whether two spellings are one name.
    pub fn key(&self) -> String {
        let is_latin = self.0.chars().all(|c| !is_ideograph(c));
        let chars: Vec<char> = self.0.chars().map(fold_width).collect();
        let mut key = String::with_capacity(self.0.len());
        for (position, &c) in chars.iter().enumerate() {
            let c = PRIVATE_USE.get(&c).copied().unwrap_or(c);
            if is_variation_selector(c) {
                continue;
            }
            if c.is_whitespace() {
                if is_latin && !key.ends_with(' ') {
                    key.push(' ');
                }
                continue;
            }
            let before = position.checked_sub(1).and_then(|before| chars.get(before));
            let after = chars.get(position + 1);
            let between =
                before.is_some_and(|c| is_letter(*c)) && after.is_some_and(|c| is_letter(*c));
            if DOT_LOOKALIKES.contains(&c) && between {
                key.push(MIDDLE_DOT);
            } else {
                key.push(c.to_ascii_uppercase());
            }
        }
        key
    }

    /// The name as it goes to a bank, with the dot that the bank wants.
    pub fn for_bank(&self, dot: char) -> String {
        let is_dot = |c: char| c == MIDDLE_DOT || (DOT_LOOKALIKES.contains(&c) && c != '.');
        self.0.chars().map(|c| if is_dot(c) { dot } else { c }).collect()
    }

    /// The first letter, then stars; dots and spaces stay.
    pub fn masked(&self) -> String {
        let mut first = true;
        self.0
            .chars()
            .filter(|c| !is_variation_selector(*c))
            .map(|c| match c {
                c if !is_letter(c) => c,
                c if std::mem::take(&mut first) => c,
                _ => '*',
            })
            .collect()
    }
}

/// Digits of any width; 〇 is a letter of names.
fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || ('\u{ff10}'..='\u{ff19}').contains(&c)
}

/// Full-width Latin letters and signs to ASCII: nothing else of a name has a
/// width.
fn fold_width(c: char) -> char {
    match c {
        '\u{ff21}'..='\u{ff3a}' | '\u{ff41}'..='\u{ff5a}' => {
            char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c)
        }
        other => other,
    }
}

fn is_variation_selector(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Ideographs of all planes, by block, because tables of properties lag behind
/// the extensions that names need.
fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{2fdf}' | '〇' | '\u{3400}'..='\u{9fff}' | '\u{e000}'..='\u{fa6f}'
        | '\u{fa70}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

fn is_letter(c: char) -> bool {
    is_ideograph(c) || c.is_alphabetic()
}

fn is_allowed(c: char) -> bool {
    // Unassigned code points and emoji are neither.
    is_letter(c)
        || is_variation_selector(c)
        || c == MIDDLE_DOT
        || DOT_LOOKALIKES.contains(&c)
        || matches!(c, ' ' | '\u{3000}' | '-' | '\'' | '\u{2019}' | '\u{300}'..='\u{36f}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(name: &str) -> String {
        PersonName::parse(name).unwrap().key()
    }

    #[test]
    fn names_of_all_kinds_are_taken_as_they_are() {
        for name in [
            "王小明",
            "买买提·艾力",
            "阿卜杜拉·买买提·托合提·艾尔肯江",
            "䶮",
            "\u{e863}",
            "𬎆",
            "〇",
            "欧阳娜娜",
            "JOHN SMITH",
            "O'Neill",
            "\u{30edf}",
            "\u{f979}",
            "José",
            "\u{2ebf0}",
        ] {
            assert_eq!(PersonName::parse(name).unwrap().raw(), name);
        }
    }

    #[test]
    fn what_no_name_has_is_refused() {
        assert_eq!(PersonName::parse(" "), Err(FieldError::Required));
        assert_eq!(PersonName::parse("王2"), Err(FieldError::NameDigits));
        assert_eq!(PersonName::parse("王😀"), Err(FieldError::NameCharset));
        assert_eq!(PersonName::parse("··"), Err(FieldError::NameCharset));
        assert_eq!(PersonName::parse("a\u{7}b"), Err(FieldError::NameCharset));
        assert_eq!(PersonName::parse(&"王".repeat(101)), Err(FieldError::TooLong));
    }

    #[test]
    fn spellings_of_one_name_have_one_key() {
        assert_eq!(key("买买提•艾力"), key("买买提·艾力"));
        assert_eq!(key("买买提.艾力"), key("买买提·艾力"));
        assert_eq!(key("\u{e863}"), key("䶮"));
        assert_eq!(key("王 小明"), key("王小明"));
        assert_eq!(key("ＪＯＨＮ  smith"), "JOHN SMITH");
        assert_eq!(key("葛\u{e0100}"), key("葛"));
    }

    #[test]
    fn unlike_names_keep_unlike_keys() {
        // NFC would make these equal.
        assert_ne!(key("\u{f979}"), key("凉"));
        assert_ne!(key("\u{2e9f}"), key("母"));
        assert_ne!(key("後"), key("后"));
    }

    #[test]
    fn masking_shows_one_letter() {
        let masked = |name| PersonName::parse(name).unwrap().masked();
        assert_eq!(masked("王小明"), "王**");
        assert_eq!(masked("买买提·艾力"), "买**·**");
        assert_eq!(masked("JOHN SMITH"), "J*** *****");
        assert_eq!(PersonName::parse("买买提•艾力").unwrap().for_bank('.'), "买买提.艾力");
    }

    proptest! {
        #[test]
        fn nothing_that_is_typed_panics(text in "\\PC*") {
            if let Ok(name) = PersonName::parse(&text) {
                let letters = |text: &str| text.chars().filter(|c| is_letter(*c)).count();
                prop_assert!(letters(&name.masked()) <= 1);
                let again = PersonName::parse(&name.key());
                prop_assert_eq!(again.map(|again| again.key()), Ok(name.key()));
            }
        }
    }
}
