//! The problems of codes.

use super::{CodeRefused, RequestRefused};
use crate::{
    capabilities::core::Refusal,
    tools::web::{Problem, ProblemCode as Code},
};

impl Refusal for RequestRefused {}

impl From<RequestRefused> for Problem {
    fn from(refused: RequestRefused) -> Self {
        match refused {
            RequestRefused::TooSoon { retry_after } => {
                Self::new(Code::SmsResendTooSoon).retry_after(retry_after)
            }
            RequestRefused::Exceeded(exceeded) => {
                let scope = match exceeded.rule {
                    "sms_flow" => "flow",
                    "sms_address_hour" => "address",
                    "sms_person_hour" | "sms_person_day" => "person",
                    _ => "phone",
                };
                Self::new(Code::SmsLimitExceeded)
                    .with("scope", scope)
                    .retry_after(exceeded.retry_after)
            }
        }
    }
}

impl Refusal for CodeRefused {}

impl From<CodeRefused> for Problem {
    fn from(refused: CodeRefused) -> Self {
        match refused {
            CodeRefused::Wrong { tries_left } => {
                Self::new(Code::CodeWrong).with("attempts_left", tries_left)
            }
            CodeRefused::Expired => Self::new(Code::CodeExpired),
            CodeRefused::Dead => Self::new(Code::CodeDead),
        }
    }
}
