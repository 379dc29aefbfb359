//! Fictitious people, as many as wanted: each with a document, a card and a
//! phone that nobody else has.

use serde_json::{Value, json};

/// A cardholder that the sandbox's bank is told of.
#[derive(Debug, Clone)]
pub struct Person {
    pub name: String,
    pub document_number: String,
    pub birth_date: String,
    pub gender: &'static str,
    pub card_number: String,
    pub phone: String,
}

const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/// The check character of GB 11643.
fn check_character(body: &str) -> char {
    let digits = body.chars().map(|c| c.to_digit(10).unwrap());
    let sum: u32 = digits.zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum();
    "10X98765432".chars().nth((sum % 11) as usize).unwrap()
}

/// The check digit of ISO/IEC 7812-1.
fn luhn(body: &str) -> u32 {
    let digits = body.chars().rev().map(|c| c.to_digit(10).unwrap());
    let sum: u32 = digits
        .enumerate()
        .map(|(at, digit)| match (at % 2, digit * 2) {
            (0, doubled) if doubled > 9 => doubled - 9,
            (0, doubled) => doubled,
            _ => digit,
        })
        .sum();
    (10 - sum % 10) % 10
}

impl Person {
    /// The `number`th person, below 800 000.
    pub fn new(number: u32) -> Self {
        let (day, month) = (1 + number % 28, 1 + number / 28 % 12);
        let (year, serial) = (1950 + number / 336 % 50, number / 16_800 % 1000);
        let body = format!("440305{year}{month:02}{day:02}{serial:03}");
        // A part of the issuer's numbers that the program's own people leave free.
        let card = format!("6217009{number:011}");
        Self {
            name: "欧阳测试".to_owned(),
            birth_date: format!("{year}-{month:02}-{day:02}"),
            gender: if serial % 2 == 1 { "male" } else { "female" },
            document_number: format!("{body}{}", check_character(&body)),
            card_number: format!("{card}{}", luhn(&card)),
            phone: format!("136{number:08}"),
        }
    }

    /// The same person with the card and the phone of somebody else.
    #[must_use]
    pub fn moved(&self, other: &Self) -> Self {
        let (card_number, phone) = (other.card_number.clone(), other.phone.clone());
        Self { card_number, phone, ..self.clone() }
    }

    /// What somebody who forgot the password enters.
    pub fn claim(&self) -> Value {
        json!({
            "document_type": "RESIDENT_ID", "document_number": self.document_number,
            "issuing_country": null, "phone": self.phone,
        })
    }

    /// The body of step 2.
    pub fn identity(&self) -> Value {
        json!({
            "name": self.name, "document_type": "RESIDENT_ID",
            "document_number": self.document_number, "issuing_country": null,
            "gender": self.gender, "birth_date": self.birth_date,
        })
    }

    /// The body of step 3.
    pub fn bank(&self) -> Value {
        json!({ "bank_code": "CCB", "card_number": self.card_number, "phone": self.phone })
    }

    /// What the sandbox must be told.
    pub fn cardholder(&self) -> Value {
        let mut all = self.identity();
        all["bank_code"] = json!("CCB");
        all["card_number"] = json!(self.card_number);
        all["card_kind"] = json!("debit");
        all["phone"] = json!(self.phone);
        all
    }
}
