//! 密保问题: three answers prove whose account it is.

use std::sync::Arc;

use super::{
    draft::{Draft, Proved, Stage},
    problems::{answers_wrong, overloaded, questions_not_set},
    step,
    view::Recovery,
};
use crate::{
    capabilities::{
        accounts,
        audit::{self, AuditKind, AuditSubject},
        core::Core,
        outbox,
        security_questions::{self, AnswerSet, QUESTIONS},
    },
    kernel::{
        Timestamp,
        ids::{AccountId, FlowId},
    },
    tools::{
        db::{Conn, DbFault},
        ports::Notice,
        web::{Problem, RequestMeta},
    },
};

/// One try, which is counted already.
struct Try {
    account: AccountId,
    questions: [String; QUESTIONS],
    /// When they were chosen.
    set_at: Timestamp,
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
    let (own, counting) = (Arc::clone(core), meta.clone());
    let begun = core
        .db
        .write(move |conn| {
            let draft = step::find(&own, conn, id, counting.now)?;
            begin(&own, conn, (&counting, &draft))
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
                let subject = subject(begun.account, id);
                audit::record(&own, conn, &meta, (AuditKind::AnswersWrong, subject))?;
                return Ok(Err(answers_wrong(begun.left)));
            }
            let mut draft = step::find(&own, conn, id, meta.now)?;
            draft.require(&[Stage::Questions])?;
            security_questions::succeeded(&own, conn, begun.account)?;
            // As a second step they make the first one no younger.
            let at = draft.answers.proved.map_or(meta.now, |proved| proved.at);
            let questions_set_at = Some(begun.set_at);
            draft.answers.proved = Some(Proved { account: begun.account, at, questions_set_at });
            draft.stage = Stage::Reset;
            step::keep(&own, conn, (&mut draft, Ok(())))
        })
        .await;
    core.outbox_bell.notify_one();
    settled?
}

fn subject(account: AccountId, flow: FlowId) -> AuditSubject<'static> {
    AuditSubject { account: Some(account), ..AuditSubject::flow(flow) }
}

/// Counts a try before it is looked at: of many at the same time only as many
/// are looked at as there are. The last one ends the use of the questions,
/// right or wrong, and their owner is told: in one with the count, so that no
/// crash can keep it from him.
fn begin(
    core: &Core,
    conn: &mut Conn,
    (meta, draft): (&RequestMeta, &Draft),
) -> Result<Try, Problem> {
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
    if left == 0 {
        disabled(core, conn, (meta, draft.id), account)?;
    }
    Ok(Try { account, questions: counted.questions, set_at: counted.set_at, hash, left })
}

fn disabled(
    core: &Core,
    conn: &mut Conn,
    (meta, id): (&RequestMeta, FlowId),
    account: AccountId,
) -> Result<(), DbFault> {
    let event = (AuditKind::QuestionsDisabled, subject(account, id));
    audit::record(core, conn, meta, event)?;
    let Some(account) = accounts::find(core, conn, account)? else { return Ok(()) };
    outbox::notify(core, conn, (&account.elements.phone, Notice::QuestionsDisabled), meta.now)
}
