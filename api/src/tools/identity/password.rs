//! New passwords and the rules they must satisfy (NIST SP 800-63B-4 §3.1.1,
//! GB/T 22239-2019 8.1.4.1).

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::FieldError;

/// Passwords of eight characters and more that many people use or that were
/// published in breaches, in lower case, sorted.
const COMMON: &str = include_str!("../../../data/common_passwords.txt");

/// The estimator's cost grows with the length; what comes after this many
/// characters can only make a password stronger.
const ESTIMATED: usize = 64;

/// Which rules apply beyond length and blocklist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PasswordPolicyKind {
    /// None: length and blocklist, as NIST has it.
    Nist,
    /// Three of four kinds of characters, as the classified protection scheme
    /// (等级保护) has it.
    Djbh,
}

/// The rules of an installation.
#[derive(Debug, Clone, Copy)]
pub struct PasswordPolicy {
    /// Which rules.
    pub kind: PasswordPolicyKind,
    /// Characters, at least.
    pub min_length: usize,
    /// Characters, at most.
    pub max_length: usize,
}

/// What a password must not contain. When an account is opened only the
/// username is known; a later change knows the rest.
#[derive(Debug, Clone, Copy, Default)]
pub struct PersonalData<'a> {
    /// Username.
    pub username: &'a str,
    /// Name.
    pub name: Option<&'a str>,
    /// Document number.
    pub document: Option<&'a str>,
    /// Phone, eleven digits.
    pub phone: Option<&'a str>,
    /// Name of the unit, when it is one.
    pub unit_name: Option<&'a str>,
    /// Code of the unit.
    pub credit_code: Option<&'a str>,
}

/// A new password that satisfies the rules.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct PlainPassword(String);
super::redacted!(PlainPassword);

/// What is hashed for a password: NFKC, so that one password typed on two
/// keyboards is one (SP 800-63B-4 §3.1.1.2).
pub fn password_hash_input(password: &str) -> Zeroizing<String> {
    Zeroizing::new(password.nfkc().collect())
}

impl PlainPassword {
    /// Checks a new password.
    pub fn parse(
        typed: String,
        policy: &PasswordPolicy,
        personal: &PersonalData<'_>,
    ) -> Result<Self, FieldError> {
        let password = Self(typed);
        let text = password.0.as_str();
        let length = text.chars().count();
        if length == 0 {
            return Err(FieldError::Required);
        }
        if length < policy.min_length {
            return Err(FieldError::TooShort);
        }
        if length > policy.max_length {
            return Err(FieldError::TooLong);
        }
        let lower = Zeroizing::new(text.to_lowercase());
        if is_common(&lower) {
            return Err(FieldError::PasswordCommon);
        }
        if contains_personal(&lower, personal) {
            return Err(FieldError::PasswordContainsPersonal);
        }
        if policy.kind == PasswordPolicyKind::Djbh && classes(text) < 3 {
            return Err(FieldError::PasswordClasses);
        }
        if is_weak(text, personal) {
            return Err(FieldError::PasswordWeak);
        }
        Ok(password)
    }

    /// What is hashed.
    pub fn to_hash_input(&self) -> Zeroizing<String> {
        password_hash_input(&self.0)
    }
}

fn is_weak(text: &str, personal: &PersonalData<'_>) -> bool {
    let start: Zeroizing<String> = Zeroizing::new(text.chars().take(ESTIMATED).collect());
    zxcvbn::zxcvbn(&start, &[personal.username]).score() < zxcvbn::Score::Two
}

/// Whether the password is on the list. Searched by halves over the text
/// itself, so that the list costs no memory and no start-up time; over bytes,
/// because half way may be inside a character.
fn is_common(lower: &str) -> bool {
    let mut rest = COMMON.as_bytes();
    while !rest.is_empty() {
        let (before, after) = rest.split_at(rest.len() / 2);
        let start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        let end =
            after.iter().position(|&byte| byte == b'\n').map_or(rest.len(), |at| before.len() + at);
        let line = rest.get(start..end).unwrap_or_default();
        rest = match line.cmp(lower.as_bytes()) {
            std::cmp::Ordering::Equal => return !line.is_empty(),
            std::cmp::Ordering::Less => rest.get(end + 1..).unwrap_or_default(),
            std::cmp::Ordering::Greater => rest.get(..start).unwrap_or_default(),
        };
    }
    false
}

impl PersonalData<'_> {
    /// Whether a password contains any of it.
    pub fn is_in(&self, password: &str) -> bool {
        contains_personal(&Zeroizing::new(password.to_lowercase()), self)
    }
}

fn contains_personal(lower: &str, personal: &PersonalData<'_>) -> bool {
    let contains = |part: &str, shortest: usize| {
        part.chars().count() >= shortest && lower.contains(&part.to_lowercase())
    };
    let PersonalData { username, name, document, phone, unit_name, credit_code } = *personal;
    let name = name.unwrap_or_default();
    let document = document.unwrap_or_default();
    let phone = phone.unwrap_or_default();
    let unit_name = unit_name.unwrap_or_default();
    let credit_code = credit_code.unwrap_or_default();
    contains(username, 4)
        || contains(name, 2)
        || name.split([' ', '·']).any(|part| contains(part, if part.is_ascii() { 3 } else { 2 }))
        || contains(document, 5)
        || document.get(6..14).is_some_and(|born| contains(born, 8))
        || document.get(document.len().saturating_sub(6)..).is_some_and(|end| contains(end, 6))
        || contains(phone, 11)
        || phone.get(3..).is_some_and(|end| contains(end, 8))
        || contains(unit_name, 2)
        // Without the brackets that many have: 深圳市测试科技（集团）有限公司.
        || contains(&unit_name.chars().filter(|c| c.is_alphanumeric()).collect::<String>(), 2)
        || contains(credit_code, 18)
        // What tells it from others: the code of the organisation and a check digit.
        || credit_code.get(8..).is_some_and(|end| contains(end, 10))
}

/// How many of lower case, upper case, digits and other characters.
fn classes(text: &str) -> usize {
    let kinds: [fn(char) -> bool; 4] =
        [char::is_lowercase, char::is_uppercase, char::is_numeric, |c| {
            !c.is_alphanumeric() || !(c.is_lowercase() || c.is_uppercase() || c.is_numeric())
        }];
    kinds.iter().filter(|kind| text.chars().any(**kind)).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use FieldError as E;

    fn check(password: &str, kind: PasswordPolicyKind) -> Result<(), FieldError> {
        let policy = PasswordPolicy { kind, min_length: 8, max_length: 128 };
        let personal = PersonalData {
            username: "wangxiaoming",
            name: Some("JOHN SMITH"),
            document: Some("440305199003070014"),
            phone: Some("13800138000"),
            unit_name: Some("深圳市测试科技（集团）有限公司"),
            credit_code: Some("91440300192203821X"),
        };
        PlainPassword::parse(password.to_owned(), &policy, &personal).map(drop)
    }

    #[test]
    fn good_passwords_need_no_rules() {
        for password in ["correct horse battery staple", "荔枝公园的早晨很安静", "vT7#qLm2zz"]
        {
            assert_eq!(check(password, PasswordPolicyKind::Nist), Ok(()), "{password}");
        }
    }

    #[test]
    fn each_weakness_has_its_own_error() {
        for (password, error) in [
            ("", E::Required),
            ("short7!", E::TooShort),
            (&*"x".repeat(129), E::TooLong),
            ("Password1", E::PasswordCommon),
            ("woaini1314", E::PasswordCommon),
            ("xxWangXiaoMing9", E::PasswordContainsPersonal),
            ("smith-lychee-park", E::PasswordContainsPersonal),
            ("lychee19900307", E::PasswordContainsPersonal),
            ("lychee13800138000", E::PasswordContainsPersonal),
            ("深圳市测试科技（集团）有限公司2026", E::PasswordContainsPersonal),
            ("深圳市测试科技集团有限公司2026", E::PasswordContainsPersonal),
            ("lychee91440300192203821x", E::PasswordContainsPersonal),
            ("lychee-192203821X", E::PasswordContainsPersonal),
            ("aaaaaaaaaaaa", E::PasswordWeak),
        ] {
            assert_eq!(check(password, PasswordPolicyKind::Nist), Err(error), "{password}");
        }
        let words = "lychee park morning fog";
        assert_eq!(check(words, PasswordPolicyKind::Djbh), Err(E::PasswordClasses));
        assert_eq!(check("Lychee park morning 7", PasswordPolicyKind::Djbh), Ok(()));
    }

    #[test]
    fn every_entry_of_the_list_is_found() {
        assert!(COMMON.lines().is_sorted());
        assert!(COMMON.lines().all(is_common));
        assert!(!is_common("zzzzzzzzzzzzzzzzzzz") && !is_common("") && !is_common("\n"));
    }

    #[test]
    fn one_password_on_two_keyboards_is_one() {
        assert_eq!(*password_hash_input("ｐａｓｓ"), *password_hash_input("pass"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn nothing_that_is_typed_panics(text in "\\PC{0,140}") {
            let _ = check(&text, PasswordPolicyKind::Djbh);
        }
    }
}
