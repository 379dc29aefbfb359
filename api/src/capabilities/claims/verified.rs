//! `verified_claims` (OpenID Connect for Identity Assurance 1.0): which claims
//! were proved, how, and how well.

use chrono::SecondsFormat;
use serde_json::{Map, Value, json};

use super::Claims;
use crate::{
    capabilities::{accounts::Account, clients::NumberGrant},
    kernel::Timestamp,
};

/// The rules by which people are proved: name, document, card and phone are
/// held against what the bank has of them (四要素).
pub const TRUST_FRAMEWORK: &str = "cn_bank_card_four_elements";
/// The kind of evidence.
pub const EVIDENCE: &str = "electronic_record";
/// Whose record it is; of which bank is nobody's business.
pub const ELECTRONIC_RECORD: &str = "bank_account";
/// The claims that the bank check proves.
pub const VERIFIED: [&str; 6] =
    ["name", "document_type", "document_number", "document_number_masked", "gender", "birthdate"];

/// Who tells it, to whom, and when.
#[derive(Debug, Clone, Copy)]
pub struct Verifier<'a> {
    /// The organization that had the bank check it: this installation.
    pub organization: &'a str,
    /// How much of a document number the client sees.
    pub number: NumberGrant,
    /// Now.
    pub now: Timestamp,
}

/// What is asked for of what was proved: one request, or a list of them (§6.5),
/// of which those are answered that can be.
pub fn verified(account: &Account, asked: &Value, verifier: Verifier<'_>) -> Option<Value> {
    match asked {
        Value::Object(asked) => one(account, asked, verifier),
        Value::Array(asked) => {
            let answers: Vec<Value> =
                asked.iter().filter_map(|asked| verified(account, asked, verifier)).collect();
            (!answers.is_empty()).then_some(Value::Array(answers))
        }
        _ => None,
    }
}

fn one(account: &Account, asked: &Map<String, Value>, verifier: Verifier<'_>) -> Option<Value> {
    let Some(Value::Object(wanted)) = asked.get("verification") else { return None };
    let Some(Value::Object(claims)) = asked.get("claims") else { return None };
    let verification = verification(account, wanted, verifier)?;
    let proved = super::real_name(account, verifier.number);
    let given: Claims = proved
        .into_iter()
        .filter(|(name, _)| VERIFIED.contains(&name.as_str()) && claims.contains_key(name))
        .collect();
    // Without a single claim there is nothing to tell (§5.2).
    (!given.is_empty()).then(|| json!({ "verification": verification, "claims": given }))
}

/// The members that are asked for, when they are what is asked for (§6.4).
fn verification(
    account: &Account,
    wanted: &Map<String, Value>,
    verifier: Verifier<'_>,
) -> Option<Value> {
    let time = account.verified_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let level = format!("l{}", account.assurance_level);
    let mut given = Map::new();
    // It must be asked for, and is told anyway.
    given.insert("trust_framework".into(), json!(TRUST_FRAMEWORK));
    for (name, constraint) in wanted {
        let value = match name.as_str() {
            "trust_framework" => json!(TRUST_FRAMEWORK),
            "assurance_level" => json!(level),
            "time" => json!(time),
            "evidence" => {
                let fits = constraint
                    .as_array()
                    .is_none_or(|kinds| kinds.iter().any(|kind| is_met(&kind["type"], EVIDENCE)));
                if !fits {
                    return None;
                }
                json!([evidence(&time, verifier.organization)])
            }
            // What there is not is left out, unless it must be of some value.
            _ if constraint.get("value").is_some() || constraint.get("values").is_some() => {
                return None;
            }
            _ => continue,
        };
        let too_old = constraint
            .get("max_age")
            .and_then(Value::as_i64)
            .is_some_and(|seconds| (verifier.now - account.verified_at).num_seconds() > seconds);
        if too_old || value.as_str().is_some_and(|value| !is_met(constraint, value)) {
            return None;
        }
        given.insert(name.clone(), value);
    }
    Some(Value::Object(given))
}

fn evidence(time: &str, organization: &str) -> Value {
    json!({
        "type": EVIDENCE,
        "check_details": [{
            "check_method": "data",
            "organization": organization,
            "time": time,
        }],
        "record": { "type": ELECTRONIC_RECORD },
    })
}

/// Whether a value is among those that a request insists on.
fn is_met(constraint: &Value, value: &str) -> bool {
    let right = |one: &Value| one.as_str() == Some(value);
    let one = constraint.get("value").is_none_or(right);
    let some = constraint.get("values").and_then(Value::as_array);
    one && some.is_none_or(|values| values.iter().any(right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_may_insist_on_values() {
        for (constraint, met) in [
            (json!(null), true),
            (json!({ "value": "a" }), true),
            (json!({ "value": "b" }), false),
            (json!({ "values": ["b", "a"] }), true),
            (json!({ "values": ["b"] }), false),
            (json!({ "values": [] }), false),
            (json!({ "essential": true }), true),
        ] {
            assert_eq!(is_met(&constraint, "a"), met, "{constraint}");
        }
    }
}
