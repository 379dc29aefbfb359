//! 密保问题: three answers prove whose account it is.

use super::{
    draft::{Answers, Draft, Proved, Stage},
    problems::{answers_wrong, overloaded, questions_not_set},
    view::Recovery,
};
use crate::{
    capabilities::{
        accounts,
        audit::{AuditKind, AuditSubject},
        core::{Ctx, Stop, Tx},
        flows::{self, Walk},
        outbox,
        security_questions::{self, AnswerSet, QUESTIONS},
    },
    kernel::{
        Timestamp,
        ids::{AccountId, FlowId},
    },
    tools::{db::DbFault, ports::Notice, web::Problem},
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
pub(super) async fn answer(ctx: &Ctx, id: FlowId, answers: AnswerSet) -> Result<Recovery, Problem> {
    // A place in the hashing queue first: an overloaded service must not use
    // up a try.
    let ticket = ctx.core.hasher.admit().ok_or_else(overloaded)?;
    let begun = ctx.write(move |tx| {
        let draft = Answers::open(tx, id)?;
        begin(tx, &draft)
    });
    let begun = begun.await?;
    let input = answers.to_hash_input(&ctx.core, begun.account, &begun.questions);
    let hash = Some(begun.hash.clone());
    let verified = ctx.core.hasher.verify(&ticket, input, hash).await.map_err(Problem::internal)?;
    drop(ticket);

    let settled = ctx.write(move |tx| {
        if !verified.right {
            tx.audit(AuditKind::AnswersWrong, subject(begun.account, id))?;
            return Err(Stop::Keep(answers_wrong(begun.left)));
        }
        flows::step(tx, id, |tx, draft: &mut Draft| {
            draft.require(&[Stage::Questions])?;
            security_questions::succeeded(tx, begun.account)?;
            // As a second step they make the first one no younger.
            let at = draft.answers.proved.map_or(tx.now, |proved| proved.at);
            let questions_set_at = Some(begun.set_at);
            draft.answers.proved = Some(Proved { account: begun.account, at, questions_set_at });
            draft.stage = Stage::Reset;
            Ok(())
        })
    });
    Ok(settled.await?)
}

fn subject(account: AccountId, flow: FlowId) -> AuditSubject<'static> {
    AuditSubject { account: Some(account), ..AuditSubject::flow(flow) }
}

/// Counts a try before it is looked at: of many at the same time only as many
/// are looked at as there are. The last one ends the use of the questions,
/// right or wrong, and their owner is told: in one with the count, so that no
/// crash can keep it from him.
fn begin(tx: &mut Tx<'_>, draft: &Draft) -> Result<Try, Problem> {
    draft.require(&[Stage::Questions])?;
    if !security_questions::is_on(tx.core) {
        return Err(questions_not_set());
    }
    let enrolled = draft.enrolled(tx)?.ok_or_else(questions_not_set)?;
    let account = enrolled.account;
    let hash = security_questions::begin(tx, account)?.ok_or_else(questions_not_set)?;
    // Read again: others may have been counted meanwhile.
    let counted = security_questions::find(tx.conn, account)?.ok_or_else(questions_not_set)?;
    let left = counted.tries_left(tx.core);
    if left == 0 {
        disabled(tx, draft.id, account)?;
    }
    Ok(Try { account, questions: counted.questions, set_at: counted.set_at, hash, left })
}

fn disabled(tx: &mut Tx<'_>, id: FlowId, account: AccountId) -> Result<(), DbFault> {
    tx.audit(AuditKind::QuestionsDisabled, subject(account, id))?;
    let Some(account) = accounts::find(tx, account)? else { return Ok(()) };
    outbox::notify(tx, &account.elements.phone, Notice::QuestionsDisabled)
}
