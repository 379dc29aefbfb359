//! The code, as it is sent back.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::tools::{
    identity::OtpCode,
    web::{FieldErrors, Problem},
};

/// The code from the message: 动态验证.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmCode {
    /// Six digits; may be empty when the code was accepted before and only
    /// something else was in the way.
    #[serde(default)]
    #[schema(required, example = "305871")]
    code: String,
}

impl ConfirmCode {
    /// The code; none when nothing was typed.
    pub fn parse(&self) -> Result<Option<OtpCode>, Problem> {
        if self.code.trim().is_empty() {
            return Ok(None);
        }
        let mut errors = FieldErrors::new();
        let code = errors.check("/code", OtpCode::parse(&self.code));
        errors.finish(code).map(Some)
    }
}
