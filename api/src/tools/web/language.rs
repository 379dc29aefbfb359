//! The languages we speak.

use actix_web::http::header::{AcceptLanguage, Header};

/// A language of texts. The person's choice comes in `Accept-Language`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// Simplified Chinese.
    #[default]
    ZhCn,
    /// English.
    En,
}

impl Language {
    /// The first language of `Accept-Language` (RFC 9110 §12.5.4) that we
    /// speak; Chinese when there is none.
    pub fn of(request: &impl actix_web::HttpMessage) -> Self {
        let Ok(accepted) = AcceptLanguage::parse(request) else { return Self::default() };
        accepted
            .ranked()
            .iter()
            .find_map(|tag| {
                let tag = tag.to_string().to_ascii_lowercase();
                if tag.starts_with("zh") {
                    Some(Self::ZhCn)
                } else if tag.starts_with("en") {
                    Some(Self::En)
                } else {
                    None
                }
            })
            .unwrap_or_default()
    }

    /// BCP 47 tag.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::ZhCn => "zh-CN",
            Self::En => "en",
        }
    }
}
