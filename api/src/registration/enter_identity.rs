//! Step 2: name, document, sex and date of birth.

use std::sync::Arc;

use super::{
    draft::{Draft, Identity, IdentityAnswers, Stage},
    dto::EnterIdentity,
    problems::Refused,
    start::open,
    store,
    view::{self, Registration},
};
use crate::{
    accounts,
    config::DuplicateDocument,
    core::Core,
    crypto::Purpose,
    db::Conn,
    kernel::ids::RegistrationId,
    web::{Problem, RequestMeta},
};

/// Enters or changes the identity.
pub(super) async fn enter_identity(
    core: &Arc<Core>,
    (meta, id): (&RequestMeta, RegistrationId),
    body: EnterIdentity,
) -> Result<Registration, Problem> {
    let (core, now) = (Arc::clone(core), meta.now);
    core.clone()
        .db
        .write(move |conn| -> Result<_, Problem> {
            let mut draft = open(&core, conn, id, now)?;
            let identity = body.parse(&draft, now)?;
            // A document that counts as tried stays tried when it is refused,
            // or the cap would cap nothing.
            let outcome = count_document(&core, conn, &mut draft, &identity)?;
            if outcome.is_ok() {
                keep(&mut draft, &identity);
            }
            draft.keep_alive(&core, now);
            if !store::save(&core, conn, &mut draft)? {
                return Err(Refused::Busy.into());
            }
            Ok(match outcome {
                Ok(()) => Ok(view::of(&core, conn, &draft)?),
                Err(refused) => Err(refused),
            })
        })
        .await?
        .map_err(Problem::from)
}

/// Counts a document that was not tried before, and refuses one that has an
/// account, if that is to be said at this step.
fn count_document(
    core: &Core,
    conn: &mut Conn,
    draft: &mut Draft,
    identity: &Identity,
) -> Result<Result<(), Refused>, Problem> {
    let index = core.keyring.blind(Purpose::Document, &identity.document.uniqueness_key());
    let tried = &mut draft.answers.documents_tried;
    if !tried.iter().any(|one| index.matches(one)) {
        if tried.len() >= core.settings.limits.documents_per_flow as usize {
            return Ok(Err(Refused::DocumentAttempts));
        }
        tried.push(index.as_str().to_owned());
    }
    let tell_now = core.settings.registration.duplicate_document == DuplicateDocument::IdentityStep;
    if tell_now && accounts::document_in_use(core, conn, &identity.document)? {
        return Ok(Err(Refused::DocumentInUse));
    }
    Ok(Ok(()))
}

/// Keeps the answers. Proofs about another name or document are dropped; with
/// the same ones the draft stays where it was.
fn keep(draft: &mut Draft, identity: &Identity) {
    let document = &identity.document;
    let answers = IdentityAnswers {
        name: identity.name.raw().to_owned(),
        document_type: document.document_type(),
        document_number: document.number().to_owned(),
        issuing_country: document.issuing_country().map(str::to_owned),
        gender: identity.gender,
        birth_date: identity.birth_date,
    };
    let same = draft.answers.identity.as_ref().is_some_and(|old| {
        (&old.name, old.document_type, &old.document_number, &old.issuing_country)
            == (
                &answers.name,
                answers.document_type,
                &answers.document_number,
                &answers.issuing_country,
            )
    });
    draft.answers.identity = Some(answers);
    if !same || draft.stage == Stage::Identity {
        draft.drop_proofs();
        draft.stage = Stage::Bank;
    }
}
