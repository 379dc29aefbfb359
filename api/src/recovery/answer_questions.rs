//! 密保问题: three answers prove whose account it is.

use std::sync::Arc;

use super::{
    draft::{Draft, Proved, Stage},
    problems::{answers_wrong, overloaded, questions_not_set},
    step,
    view::Recovery,
};
use crate::{
    accounts,
    audit::{self, AuditKind, AuditSubject},
    core::Core,
    db::{Conn, DbFault},
    kernel::ids::{AccountId, FlowId},
    outbox,
    ports::Notice,
    security_questions::{self, AnswerSet, QUESTIONS, State},
    web::{Problem, RequestMeta},
};

/// One try, which is counted already.
struct Try {
    account: AccountId,
    questions: [String; QUESTIONS],
    hash: String,
    /// How many more there are.
    left: u32,
}

/// Compares three answers with those that were chosen.
pub(super) async fn answer(
    core: &Arc<Core>,
    (meta, id): (&RequestMeta, FlowId),
    answers: AnswerSet,
) -> Result<Recovery, Problem> {
    // A place in the hashing queue first: an overloaded service must not use
    // up a try.
    let ticket = core.hasher.admit().ok_or_else(overloaded)?;
    let (own, now) = (Arc::clone(core), meta.now);
    let begun = core
        .db
        .write(move |conn| {
            let draft = step::find(&own, conn, id, now)?;
            begin(&own, conn, &draft)
        })
        .await?;
    let input = answers.to_hash_input(core, begun.account, &begun.questions);
    let hash = Some(begun.hash.clone());
    let verified = core.hasher.verify(&ticket, input, hash).await.map_err(Problem::internal)?;
    drop(ticket);
    let (own, meta) = (Arc::clone(core), meta.clone());
    let settled = core
        .db
        .write(move |conn| {
            if !verified.right {
                was_wrong(&own, conn, (&meta, id), &begun)?;
                return Ok(Err(answers_wrong(begun.left)));
            }
            let mut draft = step::find(&own, conn, id, meta.now)?;
            draft.require(&[Stage::Questions])?;
            security_questions::succeeded(conn, begun.account)?;
            draft.answers.proved = Some(Proved { account: begun.account, at: meta.now });
            draft.stage = Stage::Reset;
            step::keep(&own, conn, (&mut draft, Ok(())))
        })
        .await;
    core.outbox_bell.notify_one();
    settled?
}

/// Counts a try before it is looked at: of many at the same time only as many
/// are looked at as there are.
fn begin(core: &Core, conn: &mut Conn, draft: &Draft) -> Result<Try, Problem> {
    draft.require(&[Stage::Questions])?;
    if !security_questions::is_on(core) {
        return Err(questions_not_set());
    }
    let enrolled = draft.enrolled(core, conn)?.ok_or_else(questions_not_set)?;
    let account = enrolled.account;
    let hash = security_questions::begin(core, conn, account)?.ok_or_else(questions_not_set)?;
    // Read again: others may have been counted meanwhile.
    let counted = security_questions::find(conn, account)?.ok_or_else(questions_not_set)?;
    let left = counted.tries_left(core);
    Ok(Try { account, questions: counted.questions, hash, left })
}

/// Writes wrong answers down. The try that was the last one ends the use of
/// the questions, unless another one was right meanwhile; their owner is told.
fn was_wrong(
    core: &Core,
    conn: &mut Conn,
    (meta, id): (&RequestMeta, FlowId),
    tried: &Try,
) -> Result<(), DbFault> {
    let subject = AuditSubject { account: Some(tried.account), ..AuditSubject::flow(id) };
    audit::record(core, conn, meta, (AuditKind::AnswersWrong, subject.clone()))?;
    let enrolled = security_questions::find(conn, tried.account)?;
    let used_up = enrolled.is_some_and(|enrolled| enrolled.state(core) == State::Disabled);
    let Some(account) = accounts::find(core, conn, tried.account)? else { return Ok(()) };
    if tried.left > 0 || !used_up {
        return Ok(());
    }
    let phone = &account.elements.phone;
    outbox::notify(core, conn, (phone, Notice::QuestionsDisabled), meta.now)?;
    audit::record(core, conn, meta, (AuditKind::QuestionsDisabled, subject))
}
