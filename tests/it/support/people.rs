//! The fictitious people of the sandbox.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A cardholder of the sandbox bank.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Person {
    pub name: String,
    pub document_type: String,
    pub document_number: String,
    pub issuing_country: Option<String>,
    pub gender: String,
    pub birth_date: String,
    pub bank_code: String,
    pub card_number: String,
    pub card_kind: String,
    pub phone: String,
}

static PEOPLE: LazyLock<Vec<Person>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../api/data/sandbox_cardholders.json")).unwrap()
});

/// Everybody.
pub fn people() -> &'static [Person] {
    &PEOPLE
}

/// Somebody by name.
pub fn person(name: &str) -> Person {
    PEOPLE.iter().find(|one| one.name == name).expect("one of the sandbox's people").clone()
}

/// Codes that units can have.
pub const CREDIT_CODES: [&str; 4] =
    ["914403001922038216", "91350100M000100Y43", "9144030071526726XG", "12100000400000624D"];

/// The body of a unit's step 2.
pub fn unit(credit_code: &str) -> Value {
    json!({
        "name": "深圳市测试科技（集团）有限公司", "credit_code": credit_code,
        "legal_representative": "张法人",
    })
}

impl Person {
    /// The body of step 2.
    pub fn identity(&self) -> Value {
        json!({
            "name": self.name, "document_type": self.document_type,
            "document_number": self.document_number, "issuing_country": self.issuing_country,
            "gender": self.gender, "birth_date": self.birth_date,
        })
    }

    /// The body of step 3.
    pub fn bank(&self) -> Value {
        json!({ "bank_code": self.bank_code, "card_number": self.card_number, "phone": self.phone })
    }
}

/// What nobody may find in clear, and a machine that looks for all of it at once:
/// every answer of every test is looked through.
static SECRETS: LazyLock<(Vec<&'static str>, AhoCorasick)> = LazyLock::new(|| {
    let of = |one: &'static Person| {
        [&one.name, &one.document_number, &one.card_number, &one.phone].map(String::as_str)
    };
    let secrets: Vec<_> = PEOPLE.iter().flat_map(of).collect();
    let machine = AhoCorasick::new(&secrets).unwrap();
    (secrets, machine)
});

/// Whether a text names one of the people, or a secret of theirs, in clear.
pub fn named_in(text: &str) -> Option<&'static str> {
    let (secrets, machine) = &*SECRETS;
    machine.find(text).map(|found| secrets[found.pattern().as_usize()])
}
