//! The parameter `claims` of an authorization request (OpenID Connect Core
//! §5.5).

use serde_json::{Map, Value};

/// What a request asks for beyond its scopes.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    userinfo: Map<String, Value>,
    id_token: Map<String, Value>,
}

impl Asked {
    /// Reads the parameter. What is no object asks for nothing.
    pub fn parse(text: Option<&str>) -> Self {
        let asked = text.and_then(|text| serde_json::from_str::<Map<String, Value>>(text).ok());
        let mut asked = asked.unwrap_or_default();
        let mut member = |name| match asked.remove(name) {
            Some(Value::Object(member)) => member,
            _ => Map::new(),
        };
        Self { userinfo: member("userinfo"), id_token: member("id_token") }
    }

    /// Whether the ID token is to hold this claim.
    pub fn in_id_token(&self, claim: &str) -> bool {
        self.id_token.contains_key(claim)
    }

    /// What is asked of `verified_claims` in the ID token.
    pub fn verified_in_id_token(&self) -> Option<&Value> {
        self.id_token.get("verified_claims")
    }

    /// What is asked of `verified_claims` at the userinfo endpoint.
    pub fn verified_in_userinfo(&self) -> Option<&Value> {
        self.userinfo.get("verified_claims")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn junk_asks_for_nothing() {
        for text in ["", "7", "[]", "{", r#"{"id_token":7}"#, r#"{"id_token":["name"]}"#] {
            assert!(!Asked::parse(Some(text)).in_id_token("name"), "{text}");
        }
        assert!(Asked::parse(Some(r#"{"id_token":{"name":null}}"#)).in_id_token("name"));
    }
}
