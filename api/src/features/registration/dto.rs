//! The bodies of the steps, and their way into the vocabulary.

use serde::Deserialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::draft::{Draft, Identity, Unit};
use crate::{
    capabilities::{
        accounts::Kind,
        captcha::http::CaptchaAnswer,
        core::Core,
        proving::answers::{BankAnswers, TypedDocument, read_bank, read_document, read_name},
    },
    kernel::{Timestamp, ids::CaptchaId},
    tools::{
        identity::{
            BirthDate, CreditCode, DocumentType, Gender, PersonName, PersonalData, PlainPassword,
            UnitName, Username,
        },
        web::{FieldErrors, Problem},
    },
};

/// Step 1: 填写登录信息.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartRegistration {
    /// 4 to 32 letters, digits or `. _ - @`, unique without regard to case.
    #[serde(default)]
    #[schema(required, example = "wangxiaoming")]
    username: String,
    /// See `GET /api/v1/service-info` for the policy.
    #[serde(default)]
    #[schema(required, value_type = String, format = Password, example = "lychee park morning 7")]
    password: Zeroizing<String>,
    /// The password once more.
    #[serde(default)]
    #[schema(required, value_type = String, format = Password, example = "lychee park morning 7")]
    password_confirmation: Zeroizing<String>,
    captcha: CaptchaAnswer,
    /// Who registers: a person, or a unit by its agent.
    #[serde(default)]
    user_type: Kind,
    consents: Consents,
    /// Where to go back to afterwards; its origin must be allowed by the operator.
    #[serde(default)]
    #[schema(example = json!(null))]
    return_to: Option<String>,
}

/// Consent to the texts in force, by version (PIPL art. 14, 23, 29).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Consents {
    /// User agreement.
    #[serde(default)]
    #[schema(required, example = "2026-11-01")]
    user_agreement: String,
    /// Privacy notice.
    #[serde(default)]
    #[schema(required, example = "2026-11-01")]
    privacy_notice: String,
    /// Passing name, document, card and phone to the bank check.
    #[serde(default)]
    #[schema(required, example = "2026-11-01")]
    bank_check: String,
}

/// Username and password, to be chosen again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeCredentials {
    #[serde(default)]
    #[schema(required, example = "wangxiaoming1990")]
    username: String,
    #[serde(default)]
    #[schema(required, value_type = String, format = Password, example = "lychee park morning 7")]
    password: Zeroizing<String>,
    #[serde(default)]
    #[schema(required, value_type = String, format = Password, example = "lychee park morning 7")]
    password_confirmation: Zeroizing<String>,
    captcha: CaptchaAnswer,
}

/// Step 2 of a unit. What is left out (`null`) stays as it was entered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnterUnit {
    /// As its certificate has it.
    #[serde(default)]
    #[schema(example = "深圳市测试科技有限公司")]
    name: Option<String>,
    /// Unified social credit code (GB 32100-2015).
    #[serde(default)]
    #[schema(example = "914403001922038216")]
    credit_code: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "张三")]
    legal_representative: Option<Zeroizing<String>>,
}

/// Step 2: 填写身份信息; of a unit's agent (经办人). What is left out (`null`) stays as it was entered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnterIdentity {
    /// As the bank has it.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "王小明")]
    name: Option<Zeroizing<String>>,
    document_type: DocumentType,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "440305199003070014")]
    document_number: Option<Zeroizing<String>>,
    /// ISO 3166-1 alpha-3; for foreign passports only.
    #[serde(default)]
    #[schema(example = json!(null))]
    issuing_country: Option<String>,
    #[serde(default)]
    gender: Option<Gender>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "1990-03-07")]
    birth_date: Option<Zeroizing<String>>,
}

/// Step 3: 填写验证信息. What is left out (`null`) stays as it was entered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyWithBank {
    #[serde(default)]
    #[schema(required, example = "CCB")]
    bank_code: String,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "6217000000000000004")]
    card_number: Option<Zeroizing<String>>,
    /// The phone that the bank holds for the card.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "13800138000")]
    phone: Option<Zeroizing<String>>,
}

/// Username and password that satisfy the rules.
pub(super) struct Credentials {
    pub username: Username,
    pub password: PlainPassword,
    pub captcha: (CaptchaId, String),
}

fn credentials(
    core: &Core,
    errors: &mut FieldErrors,
    (username, password, confirmation): (&str, &Zeroizing<String>, &Zeroizing<String>),
    captcha: &CaptchaAnswer,
) -> Option<Credentials> {
    let username = errors.check("/username", Username::parse(username));
    let personal = PersonalData {
        username: username.as_ref().map(Username::as_str).unwrap_or_default(),
        ..PersonalData::default()
    };
    let policy = core.settings.password.policy();
    let password_ok = errors.check_password((password, confirmation), (&policy, &personal));
    let captcha = match captcha.parse() {
        Ok(captcha) => Some(captcha),
        Err(code) => {
            errors.add("/captcha/answer", code);
            None
        }
    };
    Some(Credentials { username: username?, password: password_ok?, captcha: captcha? })
}

impl ChangeCredentials {
    pub(super) fn parse(&self, core: &Core) -> Result<Credentials, Problem> {
        let mut errors = FieldErrors::new();
        let typed = (self.username.as_str(), &self.password, &self.password_confirmation);
        let credentials = credentials(core, &mut errors, typed, &self.captcha);
        errors.finish(credentials)
    }
}

/// Step 1, checked.
pub(super) struct StartCommand {
    pub credentials: Credentials,
    pub user_type: Kind,
    pub consents: Vec<(String, String)>,
    pub return_to: Option<String>,
}

impl StartRegistration {
    pub(super) fn parse(self, core: &Core) -> Result<StartCommand, Problem> {
        let mut errors = FieldErrors::new();
        let typed = (self.username.as_str(), &self.password, &self.password_confirmation);
        let credentials = credentials(core, &mut errors, typed, &self.captcha);
        let agreements = &core.settings.agreements;
        let wanted = [
            ("user_agreement", &self.consents.user_agreement, &agreements.user_agreement),
            ("privacy_notice", &self.consents.privacy_notice, &agreements.privacy_notice),
            ("bank_check", &self.consents.bank_check, &agreements.bank_check),
        ];
        let mut consents = Vec::new();
        for (kind, given, current) in wanted {
            if given.is_empty() {
                errors.add(&format!("/consents/{kind}"), "consent_required");
            } else if given != current {
                errors.add(&format!("/consents/{kind}"), "consent_outdated");
            } else {
                consents.push((kind.to_owned(), current.clone()));
            }
        }
        let return_to = self.return_to.filter(|url| !url.is_empty());
        if return_to.as_deref().is_some_and(|url| !may_return_to(core, url)) {
            errors.add("/return_to", "return_to_not_allowed");
        }
        errors.finish(credentials.map(|credentials| StartCommand {
            credentials,
            user_type: self.user_type,
            consents,
            return_to,
        }))
    }
}

/// Only to origins that the operator has named: an open redirect would let
/// anybody send people from us to a look-alike.
fn may_return_to(core: &Core, url: &str) -> bool {
    core.settings.server.return_origins.iter().any(|origin| {
        url.strip_prefix(origin.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
    })
}

impl EnterUnit {
    /// Completes what was left out from `draft` and checks all of it.
    pub(super) fn parse(&self, draft: &Draft) -> Result<Unit, Problem> {
        let saved = draft.answers.unit.as_ref();
        let mut errors = FieldErrors::new();
        let name = self.name.as_deref().or(saved.map(|saved| saved.name.as_str()));
        let name = errors.check("/name", UnitName::parse(name.unwrap_or_default()));
        let code = self.credit_code.as_deref().or(saved.map(|saved| saved.credit_code.as_str()));
        let code = errors.check("/credit_code", CreditCode::parse(code.unwrap_or_default()));
        let typed = self.legal_representative.as_deref().map(String::as_str);
        let legal = typed.or(saved.map(|saved| saved.legal_representative.as_str()));
        let legal = PersonName::parse(legal.unwrap_or_default());
        let legal = errors.check("/legal_representative", legal);
        let complete = name.zip(code).zip(legal);
        errors.finish(complete.map(|((name, credit_code), legal_representative)| Unit {
            name,
            credit_code,
            legal_representative,
        }))
    }
}

impl EnterIdentity {
    /// Completes what was left out from `draft` and checks all of it.
    pub(super) fn parse(&self, draft: &Draft, now: Timestamp) -> Result<Identity, Problem> {
        let today = now.date_naive();
        let saved = draft.answers.identity.as_ref();
        let who = saved.map(|saved| &saved.who);
        let mut errors = FieldErrors::new();
        let name = read_name(&mut errors, self.name.as_deref().map(String::as_str), who);
        let typed = TypedDocument {
            kind: self.document_type,
            number: self.document_number.as_deref().map(String::as_str),
            country: self.issuing_country.as_deref(),
        };
        let document = read_document(&mut errors, typed, who, today);
        let gender = self.gender.or(saved.map(|saved| saved.gender));
        if gender.is_none() {
            errors.add("/gender", "required");
        }
        let birth_date = match (&self.birth_date, saved) {
            (None, Some(saved)) => Some(saved.birth_date),
            (typed, _) => {
                let typed = typed.as_deref().map(String::as_str).unwrap_or_default();
                errors.check("/birth_date", BirthDate::parse(typed, today)).map(BirthDate::date)
            }
        };
        if let (Some(document), Some(gender), Some(birth_date)) = (&document, gender, birth_date) {
            for (field, error) in document.check_person(gender, birth_date) {
                errors.add(&format!("/{field}"), error.code());
            }
        }
        let complete = name.zip(document).zip(gender).zip(birth_date);
        errors.finish(complete.map(|(((name, document), gender), birth_date)| Identity {
            name,
            document,
            gender,
            birth_date,
        }))
    }
}

impl VerifyWithBank {
    /// Completes what was left out from `draft` and checks all of it.
    pub(super) fn parse(&self, draft: &Draft) -> Result<BankAnswers, Problem> {
        let mut errors = FieldErrors::new();
        let typed = (
            Some(self.bank_code.as_str()),
            self.card_number.as_deref().map(String::as_str),
            self.phone.as_deref().map(String::as_str),
        );
        let read = read_bank(&mut errors, typed, draft.answers.bank.as_ref());
        errors.finish(read.map(|(bank, card, phone)| BankAnswers::of(bank, &card, &phone)))
    }
}
