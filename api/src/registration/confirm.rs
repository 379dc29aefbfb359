//! Step 3, second half: the code, and the account, in one transaction.

use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::{
    draft::{Draft, Identity, Reserved, Stage},
    problems::Refused,
    store,
};
use crate::{
    accounts::{self, NewAccount, NotCreated},
    audit::{self, AuditKind, AuditSubject},
    core::Core,
    db::{Conn, DbFault, savepoint},
    identity::OtpCode,
    kernel::ids::{AccountId, RegistrationId},
    otp::{self, Binding, PhoneProved},
    ports::SmsPurpose,
    web::{Problem, RequestMeta},
};

/// 注册成功.
#[derive(Debug, Serialize, ToSchema)]
pub struct Registered {
    account: RegisteredAccount,
    /// Where the person came from.
    #[schema(required)]
    return_to: Option<String>,
}

/// The new account.
#[derive(Debug, Serialize, ToSchema)]
struct RegisteredAccount {
    #[schema(format = Uuid)]
    id: String,
    #[schema(example = "wangxiaoming")]
    username: String,
}

/// Redeems the code and creates the account: all of it, or nothing.
pub(super) async fn confirm(
    core: &Arc<Core>,
    (meta, id): (&RequestMeta, RegistrationId),
    code: Option<OtpCode>,
) -> Result<Registered, Problem> {
    let (own, meta) = (Arc::clone(core), meta.clone());
    let confirmed =
        core.db.write(move |conn| in_transaction(&own, conn, (&meta, id), code.as_ref())).await?;
    Ok(confirmed?)
}

/// A refusal inside is committed: a wrong try counts, a right code stays
/// proved when only the username is in the way.
fn in_transaction(
    core: &Core,
    conn: &mut Conn,
    (meta, id): (&RequestMeta, RegistrationId),
    code: Option<&OtpCode>,
) -> Result<Result<Registered, Refused>, Problem> {
    let mut draft = store::find(core, conn, id, meta.now)?.ok_or(Refused::NotFound)?;
    if let Some(account) = draft.answers.account_id.clone() {
        // Asked again after the answer was lost.
        return Ok(Ok(registered(&draft, account)));
    }
    let (Some(identity), Some(reserved), Stage::Code) =
        (draft.identity()?, draft.reserved()?, draft.stage)
    else {
        return Err(Refused::Stage(draft.stage).into());
    };
    let phone_proved = match prove_phone(core, conn, (meta, &draft, &reserved), code)? {
        Ok(proof) => proof,
        Err(refused) => return Ok(Err(refused)),
    };
    draft.answers.phone_proved = true;
    draft.keep_alive(core, meta.now);
    let created = create(core, conn, meta, (&draft, identity, reserved, &phone_proved))?;
    if let Ok(account) = created {
        draft.complete(account.to_string());
    }
    if !store::save(core, conn, &mut draft)? {
        return Err(Refused::Busy.into());
    }
    Ok(match created {
        Ok(account) => Ok(registered(&draft, account.to_string())),
        Err(NotCreated::UsernameTaken) => Err(Refused::UsernameTaken),
        Err(NotCreated::DocumentInUse) => Err(Refused::DocumentInUse),
    })
}

fn registered(draft: &Draft, account: String) -> Registered {
    Registered {
        account: RegisteredAccount { id: account, username: draft.answers.username.clone() },
        return_to: draft.answers.return_to.clone(),
    }
}

fn prove_phone(
    core: &Core,
    conn: &mut Conn,
    (meta, draft, reserved): (&RequestMeta, &Draft, &Reserved),
    code: Option<&OtpCode>,
) -> Result<Result<PhoneProved, Refused>, Problem> {
    if draft.answers.phone_proved {
        return Ok(Ok(PhoneProved::kept(core, &reserved.phone)));
    }
    let Some(code) = code else { return Err(Problem::field("/code", "required")) };
    let Some(challenge) = draft.answers.challenge else {
        return Err(Refused::Stage(draft.stage).into());
    };
    let flow = draft.id.to_string();
    let binding =
        Binding { purpose: SmsPurpose::Registration, flow: &flow, phone: &reserved.phone };
    let redeemed = otp::redeem(core, conn, (challenge, binding), (code, meta.now))?;
    if redeemed.is_err() {
        let event = (AuditKind::CodeWrong, AuditSubject::flow(draft.id));
        audit::record(core, conn, meta, event)?;
    }
    Ok(redeemed.map_err(Refused::Redeem))
}

/// Creates the account in a savepoint, so that a claim that fails takes the
/// other one back with it.
fn create(
    core: &Core,
    conn: &mut Conn,
    meta: &RequestMeta,
    (draft, identity, reserved, phone_proved): (&Draft, Identity, Reserved, &PhoneProved),
) -> Result<Result<AccountId, NotCreated>, Problem> {
    let Some(bank_matched) = draft.bank_matched(core, (&identity, &reserved)) else {
        return Err(Refused::Stage(Stage::Bank).into());
    };
    let account = NewAccount {
        username: draft.username()?,
        password_hash: Zeroizing::new(draft.answers.password_hash.clone()),
        name: identity.name,
        document: identity.document,
        gender: identity.gender,
        birth_date: identity.birth_date,
        bank: reserved.bank,
        card: reserved.card,
        phone: reserved.phone,
        consents: draft.answers.consents.clone(),
    };
    let created = savepoint(conn, |conn| {
        let proofs = (&account, &bank_matched, phone_proved);
        let id = accounts::create(core, conn, proofs, meta.now)?;
        if let Ok(id) = id {
            let subject = AuditSubject { account: Some(id), ..AuditSubject::flow(draft.id) };
            audit::record(core, conn, meta, (AuditKind::AccountCreated, subject))?;
        }
        Ok::<_, DbFault>(id)
    })?;
    Ok(created)
}
