//! One's own account over HTTP, masked.

use actix_web::{get, web};
use chrono::Datelike;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    accounts::{self, Account, Elements},
    core::Core,
    identity::{DocumentType, Gender},
    kernel::{Timestamp, ids::AccountId},
    sessions::SignedIn,
    web::{Problem, ProblemDocument},
};

/// An account. Personal data is masked.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountView {
    #[schema(value_type = String, format = Uuid)]
    id: AccountId,
    #[schema(example = "wangxiaoming")]
    username: String,
    /// `person`.
    #[schema(example = "person")]
    kind: &'static str,
    #[schema(example = "王**")]
    name: String,
    document_type: DocumentType,
    #[schema(example = "4403**********0014")]
    document_number: String,
    /// ISO 3166-1 alpha-3, for foreign passports.
    #[schema(required)]
    issuing_country: Option<String>,
    gender: Gender,
    #[schema(example = "1990-**-**")]
    birth_date: String,
    #[schema(example = "CCB")]
    bank_code: String,
    #[schema(example = "**** 0004")]
    card_number: String,
    #[schema(example = "138****8000")]
    phone: String,
    /// 3: proved against a bank card.
    #[schema(example = 3)]
    assurance_level: i32,
    /// When the bank matched.
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T02:00:00Z")]
    verified_at: Timestamp,
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T02:00:00Z")]
    created_at: Timestamp,
}

impl From<Account> for AccountView {
    fn from(account: Account) -> Self {
        let Elements { name, document, bank, card, phone } = &account.elements;
        Self {
            kind: account.kind().code(),
            name: name.masked(),
            document_type: document.document_type(),
            document_number: document.masked(),
            issuing_country: document.issuing_country().map(str::to_owned),
            gender: account.gender,
            birth_date: format!("{}-**-**", account.birth_date.year()),
            bank_code: bank.code().to_owned(),
            card_number: card.masked(),
            phone: phone.masked(),
            assurance_level: account.assurance_level,
            verified_at: account.verified_at,
            created_at: account.created_at,
            id: account.id,
            username: account.username,
        }
    }
}

/// One's own account
#[utoipa::path(tag = "Account", security(("session_cookie" = []), ("access_token" = [])), responses(
    (status = 200, body = AccountView),
    (status = 401, description = "not_signed_in", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[get("/account")]
pub async fn get_account(
    core: web::Data<Core>,
    SignedIn(session): SignedIn,
) -> Result<web::Json<AccountView>, Problem> {
    let core = core.into_inner();
    let id = session.account;
    let account = core.clone().db.read(move |conn| accounts::get(&core, conn, id)).await?;
    Ok(web::Json(account.into()))
}
