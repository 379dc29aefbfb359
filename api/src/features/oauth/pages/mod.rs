//! Sign-in, consent and sign-out as pages without JavaScript, for simple
//! clients and old browsers: the same requests, by the same rules.
//!
//! A form is believed when a browser that says where it comes from says that it
//! comes from here, and in any case only with a token that is made from the
//! secret in the browser's cookie. The second is for browsers so old that they
//! send neither `Origin` nor `Sec-Fetch-Site` and know no `SameSite`: another
//! site can make them send a form with their cookies, but cannot read a token.

mod forms;
pub mod http;
mod templates;
mod words;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

pub use self::words::Words;

use self::templates::{
    ClientWords, ConsentPage, FieldWords, Frame, RefusedPage, SignInPage, SignOutPage,
};
use super::{
    interaction::{
        standing::{Reason, Standing, State},
        view::{confirmation, new_items, shown_name},
    },
    logout::request::Wish,
    request::{UiLocale, http::Held, pending::Pending},
};
use crate::{
    capabilities::{
        accounts::Account, captcha::http::CaptchaAnswer, clients::ClientView, core::Core,
        sign_in::Credentials,
    },
    kernel::ids::{CaptchaId, RequestId},
    tools::{
        crypto::{Purpose, blind::hex},
        web::{Form, Language, Problem, ProblemCode},
    },
};

/// Who reads a page, in which language, and where the same page is in the
/// other one.
#[derive(Debug, Clone)]
pub struct Reader {
    /// The language of the page.
    pub language: Language,
    /// Whether the language was chosen here.
    chosen: bool,
    /// Path and query of the page, without its language.
    path: String,
    /// Whether the sandbox is on.
    sandbox: bool,
    request_id: RequestId,
}

fn language(tag: &str) -> Option<Language> {
    [Language::ZhCn, Language::En].into_iter().find(|language| language.tag() == tag)
}

impl Reader {
    /// The words of the reader's language.
    pub fn words(&self) -> &'static Words {
        Words::of(self.language)
    }

    /// Follows the client's word, unless the person has chosen.
    #[must_use]
    pub fn in_locale(self, locale: Option<UiLocale>) -> Self {
        let language = match locale.filter(|_| !self.chosen) {
            Some(UiLocale::ZhCn) => Language::ZhCn,
            Some(UiLocale::En) => Language::En,
            None => self.language,
        };
        Self { language, ..self }
    }

    /// What a form says.
    #[must_use]
    pub fn of_form(self, form: &Form) -> Self {
        match form.get("lang").and_then(language) {
            Some(language) => Self { language, chosen: true, ..self },
            None => self,
        }
    }

    /// Where a page is shown that answers a form.
    #[must_use]
    pub fn at(self, path: String) -> Self {
        Self { path, ..self }
    }

    fn frame(&self) -> Frame {
        let joint = if self.path.contains('?') { '&' } else { '?' };
        let switch_url = format!("{}{joint}lang={}", self.path, self.words().other_tag);
        Frame { switch_url, sandbox: self.sandbox }
    }
}

/// What only our own page can send back, made from what only the browser's
/// cookie holds.
pub fn form_token(core: &Core, (what, secret): (&str, &str)) -> String {
    let parts = [b"form".as_slice(), what.as_bytes(), secret.as_bytes()];
    hex(&core.keyring.keyed_hash(Purpose::FlowToken, &parts))
}

/// Refuses a form that our own page did not make.
pub fn check_token(core: &Core, form: &Form, of: (&str, &str)) -> Result<(), Problem> {
    let given = form.get("token").unwrap_or_default();
    let right: bool = form_token(core, of).as_bytes().ct_eq(given.as_bytes()).into();
    if right { Ok(()) } else { Err(Problem::new(ProblemCode::CrossSiteRequest)) }
}

/// What was typed into the sign-in page.
fn credentials(form: &Form, device: Option<String>) -> Result<Credentials, Problem> {
    let typed = |name| form.get(name).unwrap_or_default().to_owned();
    let captcha = CaptchaAnswer { id: typed("captcha_id"), answer: typed("captcha_answer") };
    let password = Zeroizing::new(typed("password"));
    Credentials::parse((typed("username"), password), &captcha, device)
}

/// What a refusal says about the sign-in page.
fn sign_in_errors(words: &Words, language: Language, problem: &Problem) -> Vec<FieldWords> {
    let fields = problem.field_codes();
    if fields.is_empty() {
        let (title, detail) = problem.code().texts(language);
        let wait = problem.retry_after_seconds().map_or_else(String::new, |seconds| {
            format!("{}{seconds}{}", words.seconds_open, words.seconds_close)
        });
        let joint = if words.tag == "en" { ". " } else { "。" };
        return vec![FieldWords { field: "", text: format!("{title}{joint}{detail}{wait}") }];
    }
    let worded = |(pointer, code): (String, String)| {
        let (field, text) = match (pointer.as_str(), code.as_str()) {
            ("/username", _) => ("username", words.username_required),
            ("/password", _) => ("password", words.password_required),
            (_, "captcha_wrong") => ("captcha", words.captcha_wrong),
            (_, "captcha_expired") => ("captcha", words.captcha_expired),
            _ => ("captcha", words.captcha_required),
        };
        FieldWords { field, text: text.to_owned() }
    };
    fields.into_iter().map(worded).collect()
}

/// The sign-in page: anew, or with what was typed and what is wrong with it.
fn sign_in_page(
    core: &Core,
    reader: &Reader,
    (held, pending, reason): (&Held, &Pending, Option<Reason>),
    (captcha, typed, errors): (CaptchaId, Option<String>, Vec<FieldWords>),
) -> SignInPage {
    let words = reader.words();
    let hint = pending.request.login_hint.clone();
    SignInPage {
        words,
        frame: reader.frame(),
        title: words.sign_in,
        client: client(pending, words),
        token: form_token(core, (&held.id, &held.secret)),
        id: held.id.clone(),
        captcha,
        username: typed.or(hint).unwrap_or_default(),
        why: match reason {
            Some(Reason::PasswordAgain) => Some(words.password_again),
            Some(Reason::SelectAccount) => Some(words.select_account),
            _ => None,
        },
        errors,
    }
}

fn client(pending: &Pending, words: &Words) -> ClientWords {
    ClientWords::new(ClientView::from(&pending.client), words)
}

fn consent_page(
    core: &Core,
    reader: &Reader,
    held: &Held,
    (pending, standing, account): (&Pending, &Standing, &Account),
) -> ConsentPage {
    let words = reader.words();
    let asks = standing.state == State::Consent;
    let new = new_items(pending, standing);
    let items = pending.client.items(&pending.request.scopes);
    let client = client(pending, words);
    ConsentPage {
        words,
        frame: reader.frame(),
        title: client.within(match asks {
            true if items.is_empty() => words.no_items_title,
            true => words.consent_title,
            false => words.go_on_title,
        }),
        client,
        token: form_token(core, (&held.id, &held.secret)),
        id: held.id.clone(),
        confirmation: confirmation(core, pending, standing),
        username: account.username.clone(),
        name: shown_name(account),
        asks,
        all_new: items.iter().all(|item| new.contains(item)),
        items: items
            .into_iter()
            .map(|item| (words::item(item, reader.language), new.contains(&item)))
            .collect(),
    }
}

fn refused_page(
    core: &Core,
    reader: &Reader,
    (held, pending): (&Held, &Pending),
    reason: Option<Reason>,
) -> RefusedPage {
    let words = reader.words();
    RefusedPage {
        words,
        frame: reader.frame(),
        title: words.refused_title,
        client: client(pending, words),
        token: form_token(core, (&held.id, &held.secret)),
        id: held.id.clone(),
        why: match reason {
            Some(Reason::AssuranceTooLow) => words.assurance_too_low,
            _ => words.unit_not_approved,
        },
    }
}

/// The page that asks whether to sign out.
pub fn sign_out_page(reader: &Reader, wish: &Wish, (token, form): (String, &Form)) -> SignOutPage {
    let words = reader.words();
    let client = wish.client.as_ref().map(ClientView::from);
    SignOutPage {
        words,
        frame: reader.frame(),
        title: words.sign_out_title,
        client: client.map(|client| ClientWords::new(client, words)),
        token,
        kept: wish.kept(form),
    }
}
