//! Telling another system something over HTTP, at an address it gave us.

use async_trait::async_trait;

/// One request. What comes back besides its status is not read.
#[derive(Clone)]
pub struct HttpRequest {
    /// Where to.
    pub url: String,
    /// Media type of the body.
    pub content_type: &'static str,
    /// More headers.
    pub headers: Vec<(&'static str, String)>,
    /// Body.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HttpRequest(<redacted>)")
    }
}

/// The request got no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PostFault {
    /// We do not connect to such an address: it is inside a network that is
    /// not allowed, or the URL is none that we use.
    #[error("this address is not connected to")]
    AddressRefused,
    /// It did not answer in time. It may have done what we asked.
    #[error("no answer in time")]
    Timeout,
    /// It could not be reached, or what it said was no HTTP.
    #[error("it cannot be reached: {0}")]
    Broken(String),
}

/// Sends requests to addresses that other people chose.
#[async_trait]
pub trait HttpPost: Send + Sync + std::fmt::Debug {
    /// Sends one request and returns the status of the answer. It takes no
    /// longer than the setting `webhooks.timeout_milliseconds`.
    async fn post(&self, request: &HttpRequest) -> Result<u16, PostFault>;
}
