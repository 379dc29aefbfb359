//! What can go wrong with a recovery.

pub(super) use crate::tools::web::{changes_held, overloaded};
use crate::{
    capabilities::otp::CodeRefused,
    tools::web::{Problem, ProblemCode as Code},
};

/// The code is wrong, or what was typed is not the account's, or there is none.
pub(super) fn code_refused(refused: CodeRefused) -> Problem {
    match refused {
        CodeRefused::Wrong { tries_left } => {
            Problem::new(Code::RecoveryCodeWrong).with("attempts_left", tries_left)
        }
        CodeRefused::Expired | CodeRefused::Dead => refused.into(),
    }
}

/// No questions to be answered, whatever the reason.
pub(super) fn questions_not_set() -> Problem {
    Problem::new(Code::SecurityQuestionsNotSet)
}

/// At least one answer is not right.
pub(super) fn answers_wrong(tries_left: u32) -> Problem {
    Problem::new(Code::AnswersWrong).with("attempts_left", tries_left)
}

/// The person proved has no account, or not the one that is recovered.
pub(super) fn replacement_refused() -> Problem {
    Problem::new(Code::PhoneReplacementRefused)
}
