//! Request bodies: JSON, limited, with a pointer to what cannot be read.

use std::{future::Future, pin::Pin};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, web::Bytes};
use serde::de::{DeserializeOwned, IgnoredAny};

use super::{Problem, ProblemCode};

/// The largest body that is read, in bytes.
pub const MAX_BODY: usize = 64 * 1024;

/// A JSON body of type `T`, with the bytes it came from.
#[derive(Debug)]
pub struct JsonBody<T> {
    /// The body.
    pub value: T,
    /// What was sent, for the fingerprint of an idempotent request.
    pub bytes: Bytes,
}

impl<T: DeserializeOwned + 'static> FromRequest for JsonBody<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        // A form of another site can send plain text, but not this type
        // without asking first (Fetch standard, CORS-safelisted headers).
        let is_json = request.content_type().eq_ignore_ascii_case("application/json");
        let body = Bytes::from_request(request, payload);
        Box::pin(async move {
            if !is_json {
                return Err(Problem::new(ProblemCode::UnsupportedMediaType));
            }
            let bytes = body.await.map_err(|error| {
                if error.as_response_error().status_code().as_u16() == 413 {
                    Problem::new(ProblemCode::PayloadTooLarge)
                } else {
                    Problem::new(ProblemCode::MalformedRequest)
                }
            })?;
            parse(&bytes).map(|value| Self { value, bytes })
        })
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let malformed = || Problem::new(ProblemCode::MalformedRequest);
    // Every body is an object; serde would take a list for a structure, too.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(malformed());
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        // A number in place of an enumeration is called a fault of syntax.
        if error.inner().is_data() || is_json(bytes) {
            Problem::field(&pointer(error.path()), "invalid")
        } else {
            malformed()
        }
    })?;
    deserializer.end().map_err(|_| malformed())?;
    Ok(value)
}

fn is_json(bytes: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(bytes).is_ok()
}

/// RFC 6901.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { variant } => format!("/{variant}"),
            Segment::Unknown => "/".to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Outer {
        inner: Inner,
    }

    #[derive(Debug, serde::Deserialize)]
    #[allow(dead_code)]
    struct Inner {
        count: u8,
        #[serde(default)]
        kind: Option<Kind>,
    }

    #[derive(Debug, serde::Deserialize)]
    enum Kind {}

    #[test]
    fn a_wrong_type_is_pointed_at() {
        for (body, at) in [
            (r#"{"inner":{"count":"many"}}"#, "/inner/count"),
            (r#"{"inner":{"count":1,"kind":7}}"#, "/inner/kind"),
        ] {
            let problem = parse::<Outer>(body.as_bytes()).unwrap_err();
            assert_eq!(problem.code(), ProblemCode::ValidationFailed);
            assert!(format!("{problem:?}").contains(at), "{problem:?}");
        }
    }

    #[test]
    fn broken_json_is_malformed() {
        for text in
            ["", "{", "{\"inner\":", "{\"inner\":{\"count\":1}} x", "\u{feff}{}", "[{\"count\":1}]"]
        {
            let code = parse::<Outer>(text.as_bytes()).unwrap_err().code();
            assert_eq!(code, ProblemCode::MalformedRequest, "{text}");
        }
        let deep = "[".repeat(100_000);
        assert!(parse::<Outer>(deep.as_bytes()).is_err());
    }
}
