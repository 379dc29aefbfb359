//! The bodies of the steps, and their way into the vocabulary.

use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::{
    claim::{Claim, DocumentAnswers},
    draft::{Draft, Method, Replacement},
};
use crate::{
    capabilities::{
        accounts::Kind as UserType,
        captcha::http::CaptchaAnswer,
        proving::answers::{
            BankAnswers, TypedDocument, WhoAnswers, read_bank, read_document, read_name,
        },
        security_questions::AnswerSet,
    },
    kernel::ids::CaptchaId,
    tools::{
        identity::{
            CreditCode, DocumentType, IdDocument, PasswordPolicy, PersonalData, Phone,
            PlainPassword, UnitName, Username,
        },
        web::{FieldErrors, Problem},
    },
};

fn text(typed: Option<&Zeroizing<String>>) -> Option<&str> {
    typed.map(|typed| typed.as_str())
}

fn read_captcha(errors: &mut FieldErrors, typed: &CaptchaAnswer) -> Option<(CaptchaId, String)> {
    typed.parse().map_err(|code| errors.add("/captcha/answer", code)).ok()
}

/// 找回用户名: 验证身份.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FindUsername {
    /// As it was registered; of the unit, when it is one.
    #[serde(default)]
    #[schema(required, value_type = String, example = "王小明")]
    name: Zeroizing<String>,
    /// 个人用户 or 单位用户.
    user_type: UserType,
    /// Of a person; `null` for a unit.
    #[serde(default)]
    document_type: Option<DocumentType>,
    /// Of a person; the unified social credit code of a unit.
    #[serde(default)]
    #[schema(required, value_type = String, example = "440305199003070014")]
    document_number: Zeroizing<String>,
    /// ISO 3166-1 alpha-3; for foreign passports only.
    #[serde(default)]
    #[schema(example = json!(null))]
    issuing_country: Option<String>,
    captcha: CaptchaAnswer,
}

/// 找回密码: 输入用户名.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FindPassword {
    #[serde(default)]
    #[schema(required, example = "wangxiaoming")]
    username: String,
    captcha: CaptchaAnswer,
}

/// 选择找回方式.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChooseMethod {
    pub(super) method: Method,
}

/// 发送短信验证. To find a username: empty. To find a password: what is left
/// out (`null`) stays as it was entered before.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskRecoveryCode {
    /// `null` beside a number: the number is a unit's credit code.
    #[serde(default)]
    document_type: Option<DocumentType>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "440305199003070014")]
    document_number: Option<Zeroizing<String>>,
    /// ISO 3166-1 alpha-3; for foreign passports only.
    #[serde(default)]
    #[schema(example = json!(null))]
    issuing_country: Option<String>,
    /// The phone of the registration.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "13800138000")]
    phone: Option<Zeroizing<String>>,
}

/// 验证身份 by security questions.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerQuestions {
    /// Three, in the order of the questions.
    #[serde(default)]
    #[schema(required, value_type = Vec<String>, min_items = 3, max_items = 3, example = json!(["布老虎", "红烧肉", "罗湖口岸"]))]
    answers: Vec<Zeroizing<String>>,
}

/// 重置密码.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetPassword {
    /// See `GET /api/v1/service-info` for the policy.
    #[serde(default)]
    #[schema(required, value_type = String, format = Password, example = "lychee park morning 7")]
    password: Zeroizing<String>,
    /// The password once more.
    #[serde(default)]
    #[schema(required, value_type = String, format = Password, example = "lychee park morning 7")]
    password_confirmation: Zeroizing<String>,
}

/// 手机号已停用？: as the bank has it, with the new phone; of a unit's agent.
/// What is left out (`null`) stays as it was entered before.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplacePhone {
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "王小明")]
    name: Option<Zeroizing<String>>,
    #[serde(default)]
    document_type: Option<DocumentType>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "440305199003070014")]
    document_number: Option<Zeroizing<String>>,
    /// ISO 3166-1 alpha-3; for foreign passports only.
    #[serde(default)]
    #[schema(example = json!(null))]
    issuing_country: Option<String>,
    #[serde(default)]
    #[schema(example = "CCB")]
    bank_code: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "6217000000000000004")]
    card_number: Option<Zeroizing<String>>,
    /// The new phone; the bank holds it for the card.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "13800138000")]
    phone: Option<Zeroizing<String>>,
}

/// Who somebody claims to be.
pub(super) struct Claimed {
    pub user_type: UserType,
    pub claim: Claim,
    pub captcha: (CaptchaId, String),
}

impl FindUsername {
    pub(super) fn parse(&self, today: NaiveDate) -> Result<Claimed, Problem> {
        let mut errors = FieldErrors::new();
        let claim = match self.user_type {
            UserType::Person => self.person(&mut errors, today),
            UserType::Unit => self.unit(&mut errors),
        };
        let captcha = read_captcha(&mut errors, &self.captcha);
        let user_type = self.user_type;
        errors.finish(claim.zip(captcha).map(|(claim, captcha)| Claimed {
            user_type,
            claim,
            captcha,
        }))
    }

    fn person(&self, errors: &mut FieldErrors, today: NaiveDate) -> Option<Claim> {
        let name = read_name(errors, Some(&self.name), None);
        let Some(kind) = self.document_type else {
            errors.add("/document_type", "required");
            return None;
        };
        let (number, country) = (Some(self.document_number.as_str()), &self.issuing_country);
        let typed = TypedDocument { kind, number, country: country.as_deref() };
        let document = read_document(errors, typed, None, today);
        Some(Claim::Person(WhoAnswers::of(&name?, &document?)))
    }

    fn unit(&self, errors: &mut FieldErrors) -> Option<Claim> {
        let name = errors.check("/name", UnitName::parse(&self.name));
        let code = errors.check("/document_number", CreditCode::parse(&self.document_number));
        Some(Claim::Unit {
            name: name?.as_str().to_owned(),
            credit_code: code?.as_str().to_owned(),
        })
    }
}

impl FindPassword {
    pub(super) fn parse(&self) -> Result<(Username, (CaptchaId, String)), Problem> {
        let mut errors = FieldErrors::new();
        let username = errors.check("/username", Username::parse(&self.username));
        let captcha = read_captcha(&mut errors, &self.captcha);
        errors.finish(username.zip(captcha))
    }
}

impl AskRecoveryCode {
    /// Completes what was left out from `draft` and checks all of it.
    pub(super) fn parse(&self, draft: &Draft, today: NaiveDate) -> Result<Claim, Problem> {
        let (kept, kept_phone) = match &draft.answers.claim {
            Some(Claim::DocumentAndPhone { document, phone }) => (Some(document), Some(phone)),
            _ => (None, None),
        };
        let mut errors = FieldErrors::new();
        let document = self.document(&mut errors, kept, today);
        let phone = text(self.phone.as_ref()).or(kept_phone.map(String::as_str));
        let phone = errors.check("/phone", Phone::parse(phone.unwrap_or_default()));
        errors.finish(document.zip(phone).map(|(document, phone)| Claim::DocumentAndPhone {
            document,
            phone: phone.national().to_owned(),
        }))
    }

    fn document(
        &self,
        errors: &mut FieldErrors,
        kept: Option<&DocumentAnswers>,
        today: NaiveDate,
    ) -> Option<DocumentAnswers> {
        // A number kept from before belongs to the kind it was typed with.
        let kind = match self.document_number {
            Some(_) => self.document_type,
            None => self.document_type.or(kept.and_then(|kept| kept.document_type)),
        };
        let kept = kept.filter(|kept| kept.document_type == kind);
        let number = text(self.document_number.as_ref());
        let number = number.or(kept.map(|kept| kept.number.as_str())).unwrap_or_default();
        let Some(kind) = kind else {
            let code = errors.check("/document_number", CreditCode::parse(number))?;
            let number = code.as_str().to_owned();
            return Some(DocumentAnswers { document_type: None, number, issuing_country: None });
        };
        let country = self.issuing_country.as_deref();
        let country = country.or(kept.and_then(|kept| kept.issuing_country.as_deref()));
        let document = IdDocument::parse(kind, number, country, today)
            .map_err(|error| errors.add(error.document_pointer(), error.code()))
            .ok()?;
        Some(DocumentAnswers {
            document_type: Some(kind),
            number: document.number().to_owned(),
            issuing_country: document.issuing_country().map(str::to_owned),
        })
    }
}

impl AnswerQuestions {
    pub(super) fn parse(&self) -> Result<AnswerSet, Problem> {
        let mut errors = FieldErrors::new();
        let answers = AnswerSet::parse(&self.answers, &mut errors);
        errors.finish(answers)
    }
}

impl ResetPassword {
    pub(super) fn parse(
        &self,
        policy: &PasswordPolicy,
        personal: &PersonalData<'_>,
    ) -> Result<PlainPassword, Problem> {
        let mut errors = FieldErrors::new();
        let typed = (self.password.as_str(), self.password_confirmation.as_str());
        let password = errors.check_password(typed, (policy, personal));
        errors.finish(password)
    }
}

impl ReplacePhone {
    /// Completes what was left out from `draft` and checks all of it.
    pub(super) fn parse(&self, draft: &Draft, today: NaiveDate) -> Result<Replacement, Problem> {
        let before = draft.answers.replacement.as_ref();
        let claimed = match &draft.answers.claim {
            Some(Claim::Person(who)) => Some(who),
            _ => None,
        };
        let who = before.map(|before| &before.who).or(claimed);
        let mut errors = FieldErrors::new();
        let name = read_name(&mut errors, text(self.name.as_ref()), who);
        let kind = self.document_type.or(who.map(|who| who.document_type));
        if kind.is_none() {
            errors.add("/document_type", "required");
        }
        let document = kind.and_then(|kind| {
            let number = text(self.document_number.as_ref());
            let typed = TypedDocument { kind, number, country: self.issuing_country.as_deref() };
            read_document(&mut errors, typed, who, today)
        });
        let typed =
            (self.bank_code.as_deref(), text(self.card_number.as_ref()), text(self.phone.as_ref()));
        let bank = read_bank(&mut errors, typed, before.map(|before| &before.bank));
        let complete = name.zip(document).zip(bank);
        errors.finish(complete.map(|((name, document), (bank, card, phone))| Replacement {
            who: WhoAnswers::of(&name, &document),
            bank: BankAnswers::of(bank, &card, &phone),
            waits_for_code: before.is_some_and(|before| before.waits_for_code),
        }))
    }
}
