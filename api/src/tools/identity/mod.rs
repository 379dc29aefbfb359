//! The vocabulary of real-name identity in mainland China.
//!
//! Every type here is made by parsing: a value that exists is valid. Types
//! that hold personal data have no `Display` and no `Serialize`; their `Debug`
//! is redacted and what may be shown is a method of its own (`masked`).

mod bank;
mod card;
pub mod checks;
mod code;
mod country;
mod document;
mod document_type;
mod email;
mod field_error;
mod gender;
mod name;
mod normalise;
mod password;
mod phone;
mod unit;
mod username;

pub use bank::BankCode;
pub use card::{BinEntry, CardKind, CardNumber};
pub use code::OtpCode;
pub use document::IdDocument;
pub use document_type::DocumentType;
pub use email::EmailAddress;
pub use field_error::FieldError;
pub use gender::{BirthDate, Gender};
pub use name::PersonName;
pub use password::{
    PasswordPolicy, PasswordPolicyKind, PersonalData, PlainPassword, password_hash_input,
};
pub use phone::Phone;
pub use unit::{CreditCode, UnitName};
pub use username::Username;

/// Redacts `Debug` of a type that holds personal data.
macro_rules! redacted {
    ($name:ident) => {
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(<redacted>)"))
            }
        }
    };
}
use redacted;
