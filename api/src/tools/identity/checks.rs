//! Check digits.

/// The check character of a GB 11643 number (ISO 7064 MOD 11-2) from its first
/// seventeen digits; `None` unless there are just seventeen digits.
pub fn mod11_2(first17: &str) -> Option<char> {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    if first17.chars().count() != WEIGHTS.len() {
        return None;
    }
    let mut sum = 0;
    for (digit, weight) in first17.chars().zip(WEIGHTS) {
        sum += digit.to_digit(10)? * weight;
    }
    "10X98765432".chars().nth((sum % 11) as usize)
}

/// Whether digits pass the Luhn check (ISO/IEC 7812-1 annex B).
pub fn luhn(digits: &str) -> bool {
    let mut sum = 0;
    for (position, c) in digits.chars().rev().enumerate() {
        let Some(digit) = c.to_digit(10) else { return false };
        sum += match (position % 2, digit) {
            (0, digit) => digit,
            (_, digit) if digit > 4 => digit * 2 - 9,
            (_, digit) => digit * 2,
        };
    }
    sum % 10 == 0
}

/// The alphabet of GB 32100-2015: no I, O, S, V, Z.
const CREDIT_CODE_ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";

/// Whether the text is one character of that alphabet.
pub fn is_credit_code_character(text: &str) -> bool {
    text.chars().count() == 1 && CREDIT_CODE_ALPHABET.contains(text)
}

/// The check character of a unified social credit code (GB 32100-2015) from
/// its first seventeen characters; `None` when one is not of the alphabet.
pub fn credit_code(first17: &str) -> Option<char> {
    let mut weight = 1;
    let mut sum = 0;
    for c in first17.chars() {
        sum += CREDIT_CODE_ALPHABET.chars().position(|one| one == c)? * weight;
        weight = weight * 3 % 31;
    }
    CREDIT_CODE_ALPHABET.chars().nth((31 - sum % 31) % 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_standards_own_example() {
        assert_eq!(mod11_2("11010519491231002"), Some('X'));
        assert_eq!(mod11_2("1101051949123100"), None);
        assert!(luhn("6217000000000000004"));
    }

    proptest! {
        #[test]
        fn one_wrong_digit_is_always_noticed(number in "[0-9]{17}", at in 0usize..17, by in 1u32..10) {
            let mut wrong: Vec<char> = number.chars().collect();
            let digit = wrong[at].to_digit(10).unwrap();
            wrong[at] = char::from_digit((digit + by) % 10, 10).unwrap();
            let wrong: String = wrong.into_iter().collect();
            prop_assert_ne!(mod11_2(&number), mod11_2(&wrong));
            prop_assert_ne!(luhn(&number) && luhn(&wrong), true);
        }
    }
}
