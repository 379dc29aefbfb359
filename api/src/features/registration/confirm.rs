//! Step 3, second half: the code, and the account, in one transaction.

use serde::Serialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::draft::{Answers, Draft, Stage};
use crate::{
    capabilities::{
        accounts::{self, NewAccount, NewUnit, Proofs},
        audit::{AuditKind, AuditSubject},
        core::{Stop, Tx},
        flows::{self, not_found, wrong_stage},
        proving::{Proving, prove_phone, settled},
    },
    kernel::ids::{AccountId, FlowId},
    tools::{identity::OtpCode, web::Problem},
};

/// 注册成功.
#[derive(Debug, Serialize, ToSchema)]
pub struct Registered {
    account: RegisteredAccount,
    /// Where the person came from.
    #[schema(required, example = json!(null))]
    return_to: Option<String>,
}

/// The new account.
#[derive(Debug, Serialize, ToSchema)]
struct RegisteredAccount {
    #[schema(format = Uuid)]
    id: String,
    #[schema(example = "wangxiaoming")]
    username: String,
    /// `pending` for a unit: an operator approves it before it can sign in to
    /// business systems.
    #[schema(required, example = json!(null))]
    unit_state: Option<accounts::UnitState>,
}

/// Redeems the code and creates the account: all of it, or nothing. A refusal
/// is kept: a wrong try counts, a right code stays proved when only the username
/// is in the way.
pub(super) fn confirm(
    tx: &mut Tx<'_>,
    id: FlowId,
    code: Option<&OtpCode>,
) -> Result<Registered, Stop> {
    let mut draft: Draft = flows::find(tx, id)?.ok_or_else(not_found)?;
    if let Some(account) = draft.answers.account_id.clone() {
        // Asked again after the answer was lost.
        return Ok(registered(&draft, account));
    }
    let (Some(elements), Stage::Code) = (Answers::elements(&draft)?, draft.stage) else {
        return Err(wrong_stage(draft.stage).into());
    };
    let phone_proved = prove_phone(tx, &mut draft, &elements, code)?;
    let bank_matched = settled(tx.core, &draft, &elements)?;
    let proofs =
        Proofs { captcha: &draft.answers.captcha, bank: &bank_matched, phone: &phone_proved };
    let created = create(tx, &draft, proofs);
    if let Ok(account) = created {
        draft.complete(account.to_string());
    }
    // A right code stays proved, though nothing was created.
    let account = flows::save_with(tx, &mut draft, created)?;
    Ok(registered(&draft, account.to_string()))
}

fn registered(draft: &Draft, account: String) -> Registered {
    Registered {
        account: RegisteredAccount {
            id: account,
            username: draft.answers.username.clone(),
            unit_state: draft.is_unit().then_some(accounts::UnitState::Pending),
        },
        return_to: draft.answers.return_to.clone(),
    }
}

/// What the draft has become.
fn new_account(draft: &Draft) -> Result<NewAccount, Problem> {
    let (Some(identity), Some(elements)) = (draft.identity()?, Answers::elements(draft)?) else {
        return Err(wrong_stage(draft.stage));
    };
    Ok(NewAccount {
        username: draft.username()?,
        password_hash: Zeroizing::new(draft.answers.password_hash.clone()),
        unit: draft.unit()?.map(|unit| NewUnit {
            name: unit.name,
            credit_code: unit.credit_code,
            legal_representative: unit.legal_representative,
        }),
        elements,
        gender: identity.gender,
        birth_date: identity.birth_date,
        consents: draft.answers.consents.clone(),
        consented_at: draft.created_at,
    })
}

/// Creates the account in a savepoint, so that a claim that fails takes the
/// other one back with it.
fn create(tx: &mut Tx<'_>, draft: &Draft, proofs: Proofs<'_>) -> Result<AccountId, Stop> {
    let account = new_account(draft)?;
    tx.savepoint(|tx| {
        let id = accounts::create(tx, &account, proofs)?;
        let subject = AuditSubject { account: Some(id), ..AuditSubject::flow(draft.id) };
        tx.audit(AuditKind::AccountCreated, subject)?;
        Ok(id)
    })
}
