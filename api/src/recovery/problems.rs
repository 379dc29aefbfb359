//! What can go wrong with a recovery.

use crate::{
    kernel::Timestamp,
    otp::CodeRefused,
    proving,
    web::{Problem, ProblemCode as Code},
};

/// The code is wrong, or what was typed is not the account's, or there is none.
pub(super) fn code_refused(refused: CodeRefused) -> Problem {
    match refused {
        CodeRefused::Wrong { tries_left } => {
            Problem::new(Code::RecoveryCodeWrong).with("attempts_left", tries_left)
        }
        CodeRefused::Expired | CodeRefused::Dead => proving::code_refused(refused),
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

/// The hashing queue is full.
pub(super) fn overloaded() -> Problem {
    Problem::new(Code::Overloaded).retry_after(2)
}

/// The person proved has no account, or not the one that is recovered.
pub(super) fn replacement_refused() -> Problem {
    Problem::new(Code::PhoneReplacementRefused)
}

/// The password was set anew by questions a short while ago.
pub(super) fn changes_held(until: Timestamp) -> Problem {
    let until = until.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true);
    Problem::new(Code::ChangesHeld).with("held_until", until)
}
