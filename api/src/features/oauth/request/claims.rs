//! The `claims` parameter (OpenID Connect Core §5.5), and what of it decides
//! who may sign in.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    capabilities::access_tokens::acr,
    tools::web::{OauthCode, OauthError},
};

/// Bytes of the longest parameter.
const LONGEST: usize = 8 * 1024;

/// Claims that were asked for one by one, as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Claims(Value);

impl Claims {
    /// Reads the parameter: an object, whose `userinfo` and `id_token` are
    /// objects, too.
    pub fn parse(text: &str) -> Result<Self, OauthError> {
        let invalid =
            || OauthError::invalid("claims is no JSON object as OpenID Connect Core 5.5 has it.");
        if text.len() > LONGEST {
            return Err(OauthError::invalid("claims is too long."));
        }
        let value: Value = serde_json::from_str(text).map_err(|_| invalid())?;
        let object = value.as_object().ok_or_else(invalid)?;
        let parts = ["userinfo", "id_token"].into_iter().filter_map(|name| object.get(name));
        for part in parts {
            if !part.is_object() && !part.is_null() {
                return Err(invalid());
            }
        }
        let claims = Self(value);
        // What nobody here can have is refused before anybody is bothered.
        if claims.essential_acr().is_some_and(|wanted| !wanted.contains(&acr(3).as_str())) {
            return Err(OauthError::new(OauthCode::UnmetAuthenticationRequirements));
        }
        Ok(claims)
    }

    /// The parameter as text.
    pub fn text(&self) -> String {
        self.0.to_string()
    }

    fn asked(&self, name: &str) -> impl Iterator<Item = &Value> {
        let parts = ["id_token", "userinfo"].into_iter();
        let name = name.to_owned();
        parts.filter_map(move |part| self.0.get(part)?.get(&name))
    }

    /// The only subject that will do (OpenID Connect Core §5.5.1).
    pub fn subject(&self) -> Option<String> {
        self.asked("sub").find_map(|asked| asked.get("value")?.as_str().map(str::to_owned))
    }

    /// The assurance levels one of which the sign-in must have (OpenID Connect
    /// Core §5.5.1.1).
    pub fn essential_acr(&self) -> Option<Vec<&str>> {
        self.asked("acr").find_map(|asked| {
            if !asked.get("essential")?.as_bool()? {
                return None;
            }
            let listed = asked.get("values").and_then(Value::as_array);
            let values: Vec<&str> = match listed {
                Some(values) => values.iter().filter_map(Value::as_str).collect(),
                None => vec![asked.get("value")?.as_str()?],
            };
            Some(values)
        })
    }
}
