//! Parameters of OAuth requests: `application/x-www-form-urlencoded`, each of
//! them once (RFC 6749 §3.1).

use std::{collections::BTreeMap, fmt, future::Future, pin::Pin};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, web::Bytes};
use zeroize::Zeroizing;

use super::OauthError;

/// The only parameter that may come several times (RFC 8707 §2).
const REPEATABLE: &str = "resource";

/// The parameters of a request. What has no value is as good as left out.
#[derive(Clone, Default)]
pub struct Form(BTreeMap<String, Vec<Zeroizing<String>>>);

// Values may be secrets.
impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Form {
    /// Reads a body or a query.
    pub fn parse(encoded: &[u8]) -> Result<Self, OauthError> {
        let mut parameters = BTreeMap::<String, Vec<Zeroizing<String>>>::new();
        for (name, value) in form_urlencoded::parse(encoded) {
            let values = parameters.entry(name.into_owned()).or_default();
            values.push(Zeroizing::new(value.into_owned()));
        }
        if parameters.iter().any(|(name, values)| values.len() > 1 && name != REPEATABLE) {
            return Err(OauthError::invalid("A parameter is repeated."));
        }
        parameters.retain(|_, values| {
            values.retain(|value| !value.is_empty());
            !values.is_empty()
        });
        Ok(Self(parameters))
    }

    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.first().map(|value| value.as_str())
    }

    /// Every value of a parameter that may come several times.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.get(name).into_iter().flatten().map(|value| value.as_str())
    }

    /// The value of a parameter that must be there; `missing` says so.
    pub fn require(&self, name: &str, missing: &'static str) -> Result<&str, OauthError> {
        self.get(name).ok_or_else(|| OauthError::invalid(missing))
    }
}

impl FromRequest for Form {
    type Error = OauthError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, OauthError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let kind = request.content_type();
        let is_form = kind.eq_ignore_ascii_case("application/x-www-form-urlencoded");
        let body = Bytes::from_request(request, payload);
        Box::pin(async move {
            if !is_form {
                return Err(OauthError::invalid(
                    "The body must be application/x-www-form-urlencoded.",
                ));
            }
            let bytes = body.await.map_err(|error| {
                if error.as_response_error().status_code().as_u16() == 413 {
                    OauthError::too_large()
                } else {
                    OauthError::invalid("The body cannot be read.")
                }
            })?;
            Self::parse(&bytes)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_and_empty_ones_left_out() {
        let form = Form::parse(b"a=1+2%2B&b=&scope=openid%20phone&&c").unwrap();
        assert_eq!(form.get("a"), Some("1 2+"));
        assert_eq!(form.get("scope"), Some("openid phone"));
        assert_eq!((form.get("b"), form.get("c")), (None, None));
    }

    #[test]
    fn a_parameter_comes_once() {
        for twice in ["a=1&a=2", "a=1&a=1", "a=1&a=", "a=&a="] {
            assert!(Form::parse(twice.as_bytes()).is_err(), "{twice}");
        }
        let form = Form::parse(b"resource=x&resource=y").unwrap();
        assert_eq!(form.all("resource").collect::<Vec<_>>(), ["x", "y"]);
    }

    #[test]
    fn values_are_not_printed() {
        let form = Form::parse(b"client_secret=hunter2").unwrap();
        assert_eq!(format!("{form:?}"), r#"{"client_secret"}"#);
    }
}
