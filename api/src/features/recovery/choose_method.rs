//! 选择找回方式: how somebody who forgot the password proves who he is.

use super::{
    draft::{Draft, Goal, Method, Stage},
    problems::questions_not_set,
};
use crate::{
    capabilities::{
        core::{Stop, Tx},
        flows::wrong_stage,
        otp,
        security_questions::State,
    },
    tools::{config::QuestionsMode, db::DbFault},
};

/// Chooses a method, or another one as long as nothing is proved. What was
/// sent for the one before is worth nothing.
pub(super) fn choose(tx: &mut Tx<'_>, draft: &mut Draft, method: Method) -> Result<(), Stop> {
    may_choose(draft)?;
    if draft.answers.method == Some(method) {
        return Ok(());
    }
    if method == Method::SecurityQuestions && !can_answer(tx, draft)? {
        return Err(Stop::Keep(questions_not_set()));
    }
    otp::kill(tx.conn, draft.id, draft.purpose())?;
    draft.answers.challenge = None;
    draft.answers.method = Some(method);
    draft.stage = match method {
        Method::DocumentAndSms => Stage::Identity,
        Method::SecurityQuestions => Stage::Questions,
    };
    Ok(())
}

fn may_choose(draft: &Draft) -> Result<(), crate::tools::web::Problem> {
    // As a second step the questions are no choice.
    if draft.answers.goal == Goal::Username || draft.answers.proved.is_some() {
        return Err(wrong_stage(draft.stage));
    }
    draft.require(&[Stage::Method, Stage::Identity, Stage::Code, Stage::Questions])
}

/// Whether there are questions that can be answered: the same queries, whether
/// there is such an account or not.
fn can_answer(tx: &mut Tx<'_>, draft: &Draft) -> Result<bool, DbFault> {
    if tx.core.settings.security_questions.mode != QuestionsMode::Guide {
        return Ok(false);
    }
    let enrolled = draft.enrolled(tx)?;
    Ok(enrolled.is_some_and(|enrolled| enrolled.state(tx.core) == State::Set))
}
