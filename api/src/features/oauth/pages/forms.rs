//! The forms of the pages, as they are described.

use utoipa::ToSchema;

/// The form of the page that signs in.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is described here and read as a form")]
pub struct PlainSignIn {
    /// As it stands in the page.
    token: String,
    /// Language of the page: `zh-CN` or `en`.
    lang: Option<String>,
    /// As it stands in the page.
    captcha_id: String,
    /// The five digits of the picture or the recording.
    captcha_answer: String,
    username: String,
    #[schema(format = Password)]
    password: String,
}

/// The form of the page that asks for consent.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is described here and read as a form")]
pub struct PlainDecision {
    /// As it stands in the page.
    token: String,
    /// Language of the page: `zh-CN` or `en`.
    lang: Option<String>,
    /// `allow` or `deny`.
    #[schema(example = "allow")]
    decision: String,
    /// As it stands in the page; needed to allow.
    confirmation: Option<String>,
}
