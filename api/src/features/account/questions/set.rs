//! Three questions with their answers, hashed together.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::{
    capabilities::{
        accounts::Account,
        audit::{AuditKind, AuditSubject},
        core::{Ctx, Tx},
        outbox,
        security_questions::{self, AnswerSet, Chosen, QUESTIONS, State},
        sessions::Session,
    },
    features::account::{charge, overloaded, own, still_signed_in},
    kernel::{Timestamp, ids::AccountId},
    tools::{
        config::QuestionsMode,
        db::DbFault,
        ports::Notice,
        web::{FieldErrors, Problem, ProblemCode},
    },
};

/// How often questions may be chosen in a day: each time is told to the phone.
const CHOICES: (&str, u32) = ("questions_day", 5);

/// Three questions of the bank, each with an answer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetQuestions {
    /// Three.
    #[serde(default)]
    #[schema(required, min_items = 3, max_items = 3, example = json!([
        { "question": "childhood_toy", "answer": "布老虎" },
        { "question": "family_dish", "answer": "外婆的红烧肉" },
        { "question": "places_lost", "answer": "罗湖口岸" },
    ]))]
    answers: Vec<QuestionAnswer>,
}

/// A question and its answer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuestionAnswer {
    /// Id of a question of the bank.
    #[serde(default)]
    #[schema(required, example = "childhood_toy")]
    question: String,
    /// Signs, spaces, case and width do not count.
    #[serde(default)]
    #[schema(required, value_type = String, example = "布老虎")]
    answer: Zeroizing<String>,
}

/// The questions that an account has chosen; never the answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountQuestions {
    mode: QuestionsMode,
    state: State,
    /// Ids of the questions: three, or none.
    #[schema(example = json!(["childhood_toy", "family_dish", "places_lost"]))]
    questions: Vec<String>,
    #[schema(required, value_type = Option<String>, format = DateTime)]
    set_at: Option<Timestamp>,
}

impl SetQuestions {
    fn parse(&self, account: &Account) -> Result<([String; QUESTIONS], AnswerSet), Problem> {
        let mut errors = FieldErrors::new();
        if self.answers.len() > QUESTIONS {
            errors.add("/answers", "too_long");
            return errors.finish(None);
        }
        let chosen: Vec<Chosen<'_>> = self
            .answers
            .iter()
            .map(|one| Chosen { question: &one.question, answer: &one.answer })
            .collect();
        let set = AnswerSet::choose(&chosen, &account.personal_data(), &mut errors);
        errors.finish(set)
    }
}

/// Shows what an account has chosen.
pub(super) fn view(tx: &mut Tx<'_>, account: AccountId) -> Result<AccountQuestions, DbFault> {
    let enrolled = security_questions::find(tx.conn, account)?;
    Ok(AccountQuestions {
        mode: tx.core.settings.security_questions.mode,
        state: enrolled.as_ref().map_or(State::None, |enrolled| enrolled.state(tx.core)),
        set_at: enrolled.as_ref().map(|enrolled| enrolled.set_at),
        questions: enrolled.map(|enrolled| enrolled.questions.to_vec()).unwrap_or_default(),
    })
}

/// Chooses questions and keeps the hash of their answers; what was chosen
/// before is replaced.
pub(super) async fn set(
    ctx: &Ctx,
    session: Session,
    body: SetQuestions,
) -> Result<AccountQuestions, Problem> {
    if !security_questions::is_on(&ctx.core) {
        return Err(Problem::new(ProblemCode::SecurityQuestionsOff));
    }
    session.require_fresh_password(&ctx.core, ctx.now)?;
    let ticket = ctx.core.hasher.admit().ok_or_else(overloaded)?;
    let of = session.clone();
    let account = ctx.read(move |tx| own(tx, &of)).await?;
    let (questions, answers) = body.parse(&account)?;
    let of = session.clone();
    ctx.write(move |tx| charge(tx, &of, CHOICES.0, CHOICES.1)).await?;
    let input = answers.to_hash_input(&ctx.core, account.id, &questions);
    let hash =
        Zeroizing::new(ctx.core.hasher.hash(&ticket, input).await.map_err(Problem::internal)?);
    drop(ticket);

    ctx.write(move |tx| -> Result<AccountQuestions, Problem> {
        security_questions::set(tx.conn, account.id, (questions, &hash), tx.now)?;
        tell(tx, &account)?;
        tx.audit(AuditKind::QuestionsSet, AuditSubject::account(account.id))?;
        still_signed_in(tx.conn, &session, tx.now)?;
        Ok(view(tx, account.id)?)
    })
    .await
}

/// Whoever can answer them can set the password anew: the owner hears of it.
fn tell(tx: &mut Tx<'_>, account: &Account) -> Result<(), DbFault> {
    outbox::notify(tx, &account.elements.phone, Notice::QuestionsChanged)
}

/// Gives the questions up.
pub(super) async fn remove(ctx: &Ctx, session: Session) -> Result<(), Problem> {
    session.require_fresh_password(&ctx.core, ctx.now)?;

    ctx.write(move |tx| -> Result<(), Problem> {
        if security_questions::remove(tx.conn, session.account)? {
            let account = own(tx, &session)?;
            tell(tx, &account)?;
            tx.audit(AuditKind::QuestionsRemoved, AuditSubject::account(session.account))?;
        }
        still_signed_in(tx.conn, &session, tx.now)
    })
    .await
}
