//! Three questions with their answers, hashed together.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::{
    capabilities::{
        accounts::Account,
        audit::{self, AuditKind, AuditSubject},
        core::Core,
        outbox,
        security_questions::{self, AnswerSet, Chosen, QUESTIONS, State},
        sessions::Session,
    },
    features::account::{charge, overloaded, own, still_signed_in},
    kernel::{Timestamp, ids::AccountId},
    tools::{
        config::QuestionsMode,
        db::{Conn, DbFault},
        ports::Notice,
        web::{FieldErrors, Problem, ProblemCode, RequestMeta},
    },
};

/// How often questions may be chosen in a day: each time is told to the phone.
const CHOICES: (&str, u32) = ("questions_day", 5);

/// Three questions of the bank, each with an answer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetQuestions {
    #[serde(default)]
    #[schema(required, example = json!([
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
pub(super) fn view(
    core: &Core,
    conn: &mut Conn,
    account: AccountId,
) -> Result<AccountQuestions, DbFault> {
    let enrolled = security_questions::find(conn, account)?;
    Ok(AccountQuestions {
        mode: core.settings.security_questions.mode,
        state: enrolled.as_ref().map_or(State::None, |enrolled| enrolled.state(core)),
        set_at: enrolled.as_ref().map(|enrolled| enrolled.set_at),
        questions: enrolled.map(|enrolled| enrolled.questions.to_vec()).unwrap_or_default(),
    })
}

/// Chooses questions and keeps the hash of their answers; what was chosen
/// before is replaced.
pub(super) async fn set(
    core: &Arc<Core>,
    meta: &RequestMeta,
    session: Session,
    body: SetQuestions,
) -> Result<AccountQuestions, Problem> {
    if !security_questions::is_on(core) {
        return Err(Problem::new(ProblemCode::SecurityQuestionsOff));
    }
    session.require_fresh_password(core, meta.now)?;
    let ticket = core.hasher.admit().ok_or_else(overloaded)?;
    let (own_core, of) = (Arc::clone(core), session.clone());
    let account = core.db.read(move |conn| own(&own_core, conn, &of)).await?;
    let (questions, answers) = body.parse(&account)?;
    let (own_core, of, now) = (Arc::clone(core), session.clone(), meta.now);
    core.db.write(move |conn| charge(&own_core, conn, &of, (CHOICES, now))).await??;
    let input = answers.to_hash_input(core, account.id, &questions);
    let hash = Zeroizing::new(core.hasher.hash(&ticket, input).await.map_err(Problem::internal)?);
    drop(ticket);
    let (own_core, meta) = (Arc::clone(core), meta.clone());
    core.db
        .write(move |conn| -> Result<AccountQuestions, Problem> {
            security_questions::set(conn, account.id, (questions, &hash), meta.now)?;
            tell(&own_core, conn, &account, meta.now)?;
            let event = (AuditKind::QuestionsSet, AuditSubject::account(account.id));
            audit::record(&own_core, conn, &meta, event)?;
            still_signed_in(conn, &session, meta.now)?;
            Ok(view(&own_core, conn, account.id)?)
        })
        .await
}

/// Whoever can answer them can set the password anew: the owner hears of it.
fn tell(core: &Core, conn: &mut Conn, account: &Account, now: Timestamp) -> Result<(), DbFault> {
    outbox::notify(core, conn, (&account.elements.phone, Notice::QuestionsChanged), now)
}

/// Gives the questions up.
pub(super) async fn remove(
    core: &Arc<Core>,
    meta: &RequestMeta,
    session: Session,
) -> Result<(), Problem> {
    session.require_fresh_password(core, meta.now)?;
    let (own_core, meta) = (Arc::clone(core), meta.clone());
    core.db
        .write(move |conn| -> Result<(), Problem> {
            if security_questions::remove(conn, session.account)? {
                let account = own(&own_core, conn, &session)?;
                tell(&own_core, conn, &account, meta.now)?;
                let event = (AuditKind::QuestionsRemoved, AuditSubject::account(session.account));
                audit::record(&own_core, conn, &meta, event)?;
            }
            still_signed_in(conn, &session, meta.now)
        })
        .await
}
