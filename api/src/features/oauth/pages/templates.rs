//! The pages, as HTML. Templates are compiled in and escape what they show.

use askama::Template;

use super::words::Words;
use crate::{capabilities::clients::ClientView, kernel::ids::CaptchaId};

/// What stands around every page.
#[derive(Debug)]
pub struct Frame {
    /// The same page in the other language.
    pub switch_url: String,
    /// Whether nothing here is real, which every page then says.
    pub sandbox: bool,
}

/// The name and owner of a client, in the language of a page.
#[derive(Debug)]
pub struct ClientWords {
    /// What people call it.
    pub name: String,
    /// Who runs it.
    pub owner: String,
}

impl ClientWords {
    /// A text with the name of the client in it.
    pub fn within(&self, text: &str) -> String {
        text.replace("{system}", &self.name)
    }

    /// In the language of a page.
    pub fn new(view: ClientView, words: &Words) -> Self {
        let ClientView { name, name_en, owner, owner_en, .. } = view;
        if words.tag == "en" {
            return Self { name: name_en.unwrap_or(name), owner: owner_en.unwrap_or(owner) };
        }
        Self { name, owner }
    }
}

/// Something that must be corrected.
#[derive(Debug, Clone)]
pub struct FieldWords {
    /// The field, or nothing.
    pub field: &'static str,
    /// What is wrong.
    pub text: String,
}

/// 登录.
#[derive(Template)]
#[template(path = "sign_in.html")]
pub struct SignInPage {
    pub words: &'static Words,
    pub frame: Frame,
    pub title: &'static str,
    pub client: ClientWords,
    pub id: String,
    pub token: String,
    pub captcha: CaptchaId,
    /// What was typed.
    pub username: String,
    pub why: Option<&'static str>,
    pub errors: Vec<FieldWords>,
}

impl SignInPage {
    fn error(&self, field: &str) -> Option<&str> {
        let mut errors = self.errors.iter();
        errors.find(|error| error.field == field).map(|error| error.text.as_str())
    }
}

/// Consent, or going on with what was consented to before.
#[derive(Template)]
#[template(path = "consent.html")]
pub struct ConsentPage {
    pub words: &'static Words,
    pub frame: Frame,
    pub title: String,
    pub client: ClientWords,
    pub id: String,
    pub token: String,
    /// What is shown, for the decision.
    pub confirmation: String,
    pub username: String,
    pub name: String,
    /// Whether anything is asked.
    pub asks: bool,
    /// Each item, and whether it is new.
    pub items: Vec<(&'static str, bool)>,
    pub all_new: bool,
}

/// It cannot be.
#[derive(Template)]
#[template(path = "refused.html")]
pub struct RefusedPage {
    pub words: &'static Words,
    pub frame: Frame,
    pub title: &'static str,
    pub client: ClientWords,
    pub id: String,
    pub token: String,
    pub why: &'static str,
}

/// Something to be read, with nothing to be done.
#[derive(Template)]
#[template(path = "message.html")]
pub struct MessagePage {
    pub words: &'static Words,
    pub frame: Frame,
    pub title: &'static str,
    pub text: String,
    pub request_id: Option<String>,
}

/// 退出登录？
#[derive(Template)]
#[template(path = "sign_out.html")]
pub struct SignOutPage {
    pub words: &'static Words,
    pub frame: Frame,
    pub title: &'static str,
    pub client: Option<ClientWords>,
    pub token: String,
    /// Parameters of the request, for the answer.
    pub kept: Vec<(&'static str, String)>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::web::Language;

    // Over HTTP there is always a sandbox: a real bank and a real gateway are not
    // part of the product.
    #[test]
    fn a_page_says_that_the_sandbox_is_on_only_when_it_is() {
        for (sandbox, language) in [
            (true, Language::ZhCn),
            (true, Language::En),
            (false, Language::ZhCn),
            (false, Language::En),
        ] {
            let words = Words::of(language);
            let page = MessagePage {
                words,
                frame: Frame { switch_url: "/".into(), sandbox },
                title: "title",
                text: "text".into(),
                request_id: None,
            };
            let html = page.render().expect("a page");
            assert_eq!(html.contains(words.sandbox_means), sandbox, "{html}");
            assert_eq!(html.contains("class=\"sandbox\""), sandbox, "{html}");
        }
    }
}
