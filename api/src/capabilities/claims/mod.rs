//! What a client learns of an account: the claims of OpenID Connect and those
//! of a real name, each covered by a scope that the person has granted.

mod asked;
mod verified;

use serde_json::{Map, Value, json};

use crate::capabilities::{
    accounts::{Account, Unit},
    clients::{NumberGrant, Scope, Scopes},
};

pub use asked::Asked;
pub use verified::{ELECTRONIC_RECORD, EVIDENCE, TRUST_FRAMEWORK, VERIFIED, Verifier, verified};

/// Claims by name.
pub type Claims = Map<String, Value>;

/// Every claim that there is, and the scope that covers it.
pub const ALL: [(&str, Scope); 14] = [
    ("preferred_username", Scope::Profile),
    ("user_type", Scope::Profile),
    ("updated_at", Scope::Profile),
    ("phone_number", Scope::Phone),
    ("phone_number_verified", Scope::Phone),
    ("name", Scope::RealName),
    ("document_type", Scope::RealName),
    ("document_number", Scope::RealName),
    ("document_number_masked", Scope::RealName),
    ("gender", Scope::RealName),
    ("birthdate", Scope::RealName),
    ("verified_at", Scope::RealName),
    ("unit", Scope::Unit),
    ("verified_claims", Scope::RealName),
];

/// The claims of an account that these scopes cover; `number` says how much of
/// a document number the client sees. Of a unit's account name and document are
/// those of its agent.
pub fn of(account: &Account, scopes: &Scopes, number: NumberGrant) -> Claims {
    let mut claims = Claims::new();
    if scopes.has(Scope::Profile) {
        let updated_at = account.verified_at.max(account.created_at).timestamp();
        claims.insert("preferred_username".into(), json!(account.username));
        claims.insert("user_type".into(), json!(account.kind()));
        claims.insert("updated_at".into(), json!(updated_at));
    }
    if scopes.has(Scope::Phone) {
        claims.insert("phone_number".into(), json!(account.elements.phone.e164()));
        // Nobody has an account without having entered a code sent to it.
        claims.insert("phone_number_verified".into(), json!(true));
    }
    if scopes.has(Scope::RealName) {
        claims.extend(real_name(account, number));
    }
    if scopes.has(Scope::Unit)
        && let Some(unit) = &account.unit
    {
        claims.insert("unit".into(), of_unit(unit, number));
    }
    claims
}

fn real_name(account: &Account, number: NumberGrant) -> Claims {
    let document = &account.elements.document;
    let (shown, masked) = match number {
        NumberGrant::Full => (document.number().to_owned(), false),
        NumberGrant::Masked => (document.masked(), true),
    };
    let claims = [
        ("name", json!(account.elements.name.raw())),
        ("document_type", json!(document.document_type())),
        ("document_number", json!(shown)),
        ("document_number_masked", json!(masked)),
        ("gender", json!(account.gender)),
        ("birthdate", json!(account.birth_date.to_string())),
        ("verified_at", json!(account.verified_at)),
    ];
    claims.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn of_unit(unit: &Unit, number: NumberGrant) -> Value {
    let legal = &unit.legal_representative;
    json!({
        "name": unit.name.as_str(),
        "unified_social_credit_code": unit.credit_code.as_str(),
        "legal_representative": match number {
            NumberGrant::Full => legal.raw().to_owned(),
            NumberGrant::Masked => legal.masked(),
        },
        "state": unit.state,
    })
}
