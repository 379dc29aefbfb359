//! Errors as OAuth 2.0 has them: JSON with `error` and `error_description`
//! (RFC 6749 §5.2), and a challenge for whoever came without a good token
//! (RFC 6750 §3).

use std::{fmt, sync::Arc};

use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header},
};
use serde::Serialize;

use crate::{
    kernel::ids::RequestId,
    tools::{
        crypto::CryptoError,
        db::{DbFault, Ending},
    },
};

macro_rules! oauth_codes {
    ($($(#[$doc:meta])* $variant:ident $code:literal $status:ident $description:literal,)+) => {
        /// What went wrong, by its registered name (IANA, OAuth Parameters).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum OauthCode {
            $($(#[$doc])* $variant,)+
        }

        impl OauthCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The code as it stands in answers and redirections.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// The HTTP status that goes with it.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status),+ }
            }

            /// What to do about it, for whoever builds the client.
            pub const fn description(self) -> &'static str {
                match self { $(Self::$variant => $description),+ }
            }
        }
    };
}

oauth_codes! {
    /// A parameter is missing, repeated or malformed.
    InvalidRequest "invalid_request" BAD_REQUEST "The request is malformed.",
    /// The client did not prove itself.
    InvalidClient "invalid_client" UNAUTHORIZED
        "The client is unknown, did not prove itself, or not in the way it is registered with.",
    /// A code or refresh token is not valid, or not for this client.
    InvalidGrant "invalid_grant" BAD_REQUEST
        "The code or refresh token is not valid, was used before, or is not for this request.",
    /// The client may not do this.
    UnauthorizedClient "unauthorized_client" BAD_REQUEST "The client may not use this grant type.",
    /// There is no such grant type.
    UnsupportedGrantType "unsupported_grant_type" BAD_REQUEST "The grant type is not supported.",
    /// A scope is unknown, or more than was granted.
    InvalidScope "invalid_scope" BAD_REQUEST
        "A scope is unknown, or more than the client may have.",
    /// The client may not get tokens for this resource (RFC 8707).
    InvalidTarget "invalid_target" BAD_REQUEST
        "The client may not get a token for this resource, did not name it when the person \
         signed in, or asked for several at once.",
    /// No valid access token (RFC 6750).
    InvalidToken "invalid_token" UNAUTHORIZED
        "The access token is missing, not valid, or for somebody else.",
    /// The access token lacks a scope (RFC 6750).
    InsufficientScope "insufficient_scope" FORBIDDEN "The access token lacks a scope.",
    /// The person, or we, said no.
    AccessDenied "access_denied" BAD_REQUEST "The request was denied.",
    /// Only `code` is known.
    UnsupportedResponseType "unsupported_response_type" BAD_REQUEST
        "The response type is not supported.",
    /// Nobody is signed in (`prompt=none`).
    LoginRequired "login_required" BAD_REQUEST "The person must sign in.",
    /// Somebody is signed in, but must consent first (`prompt=none`).
    ConsentRequired "consent_required" BAD_REQUEST "The person must consent.",
    /// Something else is needed of the person (`prompt=none`).
    InteractionRequired "interaction_required" BAD_REQUEST "The person must do something.",
    /// Another account must be chosen (`prompt=none`).
    AccountSelectionRequired "account_selection_required" BAD_REQUEST
        "The person must choose an account.",
    /// Request objects are not supported.
    RequestNotSupported "request_not_supported" BAD_REQUEST
        "Request objects are not supported; push the request instead (RFC 9126).",
    /// Only pushed requests have a `request_uri`.
    InvalidRequestUri "invalid_request_uri" BAD_REQUEST
        "The request_uri is unknown, was used before, or has expired.",
    /// The `acr` that was asked for cannot be had.
    UnmetAuthenticationRequirements "unmet_authentication_requirements" BAD_REQUEST
        "The person cannot be proved as well as was asked for.",
    /// A fault of ours.
    ServerError "server_error" INTERNAL_SERVER_ERROR "Something failed; try again later.",
    /// Too much at once: the same request may succeed in a moment.
    TemporarilyUnavailable "temporarily_unavailable" SERVICE_UNAVAILABLE
        "The service is busy; try again in a moment.",
    /// Too many failures from one address.
    TooManyRequests "too_many_requests" TOO_MANY_REQUESTS
        "Too many requests that failed came from this address; try again later.",
}

/// Which `WWW-Authenticate` goes with a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Challenge {
    /// The client used `Authorization` to prove itself (RFC 6749 §5.2).
    Basic,
    /// A token was expected and there was none.
    Bearer,
    /// The token that came is no good; a scope that it lacks.
    BearerError(Option<&'static str>),
}

/// An error on its way to a client that speaks OAuth; the outermost middleware
/// writes it. A fault keeps its source, which is logged there and never shown.
#[derive(Debug, Clone)]
pub struct OauthError {
    code: OauthCode,
    description: &'static str,
    status: StatusCode,
    challenge: Option<Challenge>,
    retry_after: Option<i64>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

/// The body of every failure of the OAuth endpoints (RFC 6749 §5.2).
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OauthErrorDocument {
    /// What went wrong.
    pub error: OauthCode,
    /// What to do about it, for whoever builds the client.
    #[schema(example = "The code or refresh token is not valid.")]
    pub error_description: &'static str,
}

impl OauthError {
    /// An error with the description of its code.
    pub fn new(code: OauthCode) -> Self {
        Self {
            code,
            description: code.description(),
            status: code.status(),
            challenge: None,
            retry_after: None,
            source: None,
        }
    }

    /// An error with words of its own, which hold nothing of the request.
    pub fn saying(code: OauthCode, description: &'static str) -> Self {
        Self { description, ..Self::new(code) }
    }

    /// `invalid_request`, saying what is wrong with it.
    pub fn invalid(description: &'static str) -> Self {
        Self::saying(OauthCode::InvalidRequest, description)
    }

    /// The body is larger than is read.
    pub fn too_large() -> Self {
        let description = "The body is too large.";
        Self { status: StatusCode::PAYLOAD_TOO_LARGE, ..Self::invalid(description) }
    }

    /// `invalid_client`; whoever used `Authorization` is told so.
    pub fn invalid_client(used_header: bool) -> Self {
        let challenge = used_header.then_some(Challenge::Basic);
        Self { challenge, ..Self::new(OauthCode::InvalidClient) }
    }

    /// Too many failures; there may be another try in `seconds`.
    pub fn too_many(seconds: i64) -> Self {
        let retry_after = Some(seconds.max(1));
        Self { retry_after, ..Self::new(OauthCode::TooManyRequests) }
    }

    /// No access token came with the request.
    pub fn no_token() -> Self {
        Self { challenge: Some(Challenge::Bearer), ..Self::new(OauthCode::InvalidToken) }
    }

    /// The access token that came is no good.
    pub fn bad_token() -> Self {
        Self { challenge: Some(Challenge::BearerError(None)), ..Self::new(OauthCode::InvalidToken) }
    }

    /// The access token lacks a scope.
    pub fn lacks(scope: &'static str) -> Self {
        let challenge = Some(Challenge::BearerError(Some(scope)));
        Self { challenge, ..Self::new(OauthCode::InsufficientScope) }
    }

    /// A fault of ours.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { source: Some(Arc::from(source.into())), ..Self::new(OauthCode::ServerError) }
    }

    /// The code.
    pub fn code(&self) -> OauthCode {
        self.code
    }

    /// What to do about it.
    pub fn description(&self) -> &'static str {
        self.description
    }

    /// The response.
    pub fn response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        if let Some(challenge) = self.challenge {
            response.insert_header((header::WWW_AUTHENTICATE, self.words(challenge)));
        }
        if let Some(seconds) = self.retry_after {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        response.insert_header((header::PRAGMA, "no-cache"));
        response.json(OauthErrorDocument { error: self.code, error_description: self.description })
    }

    fn words(&self, challenge: Challenge) -> String {
        let error = self.code.as_str();
        match challenge {
            Challenge::Basic => r#"Basic realm="shiming", charset="UTF-8""#.to_owned(),
            Challenge::Bearer => r#"Bearer realm="shiming""#.to_owned(),
            Challenge::BearerError(None) => {
                format!(r#"Bearer realm="shiming", error="{error}""#)
            }
            Challenge::BearerError(Some(scope)) => {
                format!(r#"Bearer realm="shiming", error="{error}", scope="{scope}""#)
            }
        }
    }

    /// Writes the fault to the log.
    pub fn log(&self, request_id: RequestId) {
        let Some(source) = &self.source else { return };
        super::problem::log_fault(request_id, self.code.as_str(), source.as_ref());
    }
}

impl fmt::Display for OauthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.as_str())
    }
}

impl std::error::Error for OauthError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| &**source as &(dyn std::error::Error + 'static))
    }
}

impl ResponseError for OauthError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    // The middleware replaces this empty response.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status)
    }
}

impl Ending for OauthError {}

impl From<DbFault> for OauthError {
    fn from(fault: DbFault) -> Self {
        if !fault.is_passing() {
            return Self::internal(fault);
        }
        let busy = Self::new(OauthCode::TemporarilyUnavailable);
        let seconds = if matches!(fault, DbFault::Overloaded) { 2 } else { 5 };
        Self { source: Some(Arc::new(fault)), retry_after: Some(seconds), ..busy }
    }
}

impl From<CryptoError> for OauthError {
    fn from(error: CryptoError) -> Self {
        Self::internal(error)
    }
}
