//! Step 3, second half: the code, and the account, in one transaction.

use serde::Serialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::draft::{Answers, Draft, Stage};
use crate::{
    capabilities::{
        accounts::{self, NewAccount, NewUnit, NotCreated, Proofs},
        audit::{AuditKind, AuditSubject},
        core::Tx,
        flows,
        proving::{Proving, busy, not_found, prove_phone, settled, wrong_stage},
    },
    kernel::ids::{AccountId, FlowId},
    tools::{
        db::DbFault,
        identity::OtpCode,
        web::{Problem, ProblemCode},
    },
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
/// inside is committed: a wrong try counts, a right code stays proved when only
/// the username is in the way.
pub(super) fn confirm(
    tx: &mut Tx<'_>,
    id: FlowId,
    code: Option<&OtpCode>,
) -> Result<Result<Registered, Problem>, Problem> {
    let mut draft: Draft = flows::find(tx, id)?.ok_or_else(not_found)?;
    if let Some(account) = draft.answers.account_id.clone() {
        // Asked again after the answer was lost.
        return Ok(Ok(registered(&draft, account)));
    }
    let (Some(elements), Stage::Code) = (Answers::elements(&draft)?, draft.stage) else {
        return Err(wrong_stage(draft.stage));
    };
    let phone_proved = match prove_phone(tx, &mut draft, &elements, code)? {
        Ok(proof) => proof,
        Err(refused) => return Ok(Err(refused)),
    };
    let bank_matched = settled(tx.core, &draft, &elements)?;
    let proofs =
        Proofs { captcha: &draft.answers.captcha, bank: &bank_matched, phone: &phone_proved };
    let created = create(tx, &draft, proofs)?;
    if let Ok(account) = created {
        draft.complete(account.to_string());
    }
    if !flows::save(tx, &mut draft)? {
        return Err(busy());
    }
    Ok(match created {
        Ok(account) => Ok(registered(&draft, account.to_string())),
        Err(refused) => Err(Problem::new(match refused {
            NotCreated::UsernameTaken => ProblemCode::UsernameTaken,
            NotCreated::DocumentInUse => ProblemCode::DocumentInUse,
            NotCreated::CreditCodeInUse => ProblemCode::CreditCodeInUse,
        })),
    })
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
fn create(
    tx: &mut Tx<'_>,
    draft: &Draft,
    proofs: Proofs<'_>,
) -> Result<Result<AccountId, NotCreated>, Problem> {
    let account = new_account(draft)?;
    let created = tx.savepoint(|tx| {
        let id = accounts::create(tx, &account, proofs)?;
        if let Ok(id) = id {
            let subject = AuditSubject { account: Some(id), ..AuditSubject::flow(draft.id) };
            tx.audit(AuditKind::AccountCreated, subject)?;
        }
        Ok::<_, DbFault>(id)
    })?;
    Ok(created)
}
