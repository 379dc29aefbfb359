//! Three answers, as typed, as compared, as hashed.

use unicode_normalization::UnicodeNormalization;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{QUESTIONS, question};
use crate::{
    capabilities::core::Core,
    kernel::ids::AccountId,
    tools::{
        crypto::{Purpose, blind::hex},
        identity::PersonalData,
        web::FieldErrors,
    },
};

/// Characters of an answer, at least and at most, as compared.
const SHORTEST: usize = 2;
const LONGEST: usize = 64;

/// Three answers in the order of their questions.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct AnswerSet([String; QUESTIONS]);

impl std::fmt::Debug for AnswerSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AnswerSet(<redacted>)")
    }
}

/// A question with its answer, as chosen.
#[derive(Debug)]
pub struct Chosen<'a> {
    /// Id of the question.
    pub question: &'a str,
    /// As typed.
    pub answer: &'a str,
}

/// An answer as it is compared: width, case, spaces and signs do not count.
fn normalised(typed: &str) -> String {
    typed.nfkc().flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric()).collect()
}

impl AnswerSet {
    /// Reads answers to questions that were chosen before.
    pub fn parse(typed: &[Zeroizing<String>], errors: &mut FieldErrors) -> Option<Self> {
        let answers: Vec<String> = typed.iter().map(|answer| normalised(answer)).collect();
        let mut complete = true;
        for position in 0..QUESTIONS {
            if answers.get(position).is_none_or(String::is_empty) {
                errors.add(&format!("/answers/{position}"), "required");
                complete = false;
            }
        }
        if answers.len() > QUESTIONS {
            errors.add(&format!("/answers/{QUESTIONS}"), "invalid");
        }
        let answers: [String; QUESTIONS] = answers.try_into().ok()?;
        complete.then_some(Self(answers))
    }

    /// Reads newly chosen questions and answers: different questions of the
    /// bank, and answers that are neither each other, nor the question, nor
    /// what a document tells.
    pub fn choose(
        chosen: &[Chosen<'_>],
        personal: &PersonalData<'_>,
        errors: &mut FieldErrors,
    ) -> Option<([String; QUESTIONS], Self)> {
        let mut questions = Vec::new();
        let mut answers: Vec<String> = Vec::new();
        for (position, Chosen { question: id, answer }) in chosen.iter().enumerate() {
            let known = question(id);
            let code = match known {
                _ if id.is_empty() => Some("required"),
                None => Some("question_unknown"),
                Some(_) if questions.contains(&(*id).to_owned()) => Some("question_twice"),
                Some(_) => None,
            };
            if let Some(code) = code {
                errors.add(&format!("/answers/{position}/question"), code);
            }
            let answer = normalised(answer);
            let length = answer.chars().count();
            let is_question = |text: &str| normalised(text).contains(&answer) && length > SHORTEST;
            let code = match length {
                0 => Some("required"),
                _ if length < SHORTEST => Some("too_short"),
                _ if length > LONGEST => Some("too_long"),
                _ if answers.contains(&answer) => Some("answer_twice"),
                _ if known.is_some_and(|q| is_question(&q.text) || is_question(&q.text_en)) => {
                    Some("answer_is_question")
                }
                _ if personal.is_in(&answer) => Some("answer_contains_personal"),
                _ => None,
            };
            if let Some(code) = code {
                errors.add(&format!("/answers/{position}/answer"), code);
            }
            questions.push((*id).to_owned());
            answers.push(answer);
        }
        for position in chosen.len()..QUESTIONS {
            errors.add(&format!("/answers/{position}/question"), "required");
        }
        Some((questions.try_into().ok()?, Self(answers.try_into().ok()?)))
    }

    /// What is hashed: the keyed hash of the three answers together, bound to
    /// the account and its questions.
    pub fn to_hash_input(
        &self,
        core: &Core,
        account: AccountId,
        questions: &[String; QUESTIONS],
    ) -> Zeroizing<String> {
        let id = account.to_string();
        let mut parts = vec![id.as_bytes()];
        for (question, answer) in questions.iter().zip(&self.0) {
            parts.push(question.as_bytes());
            parts.push(answer.as_bytes());
        }
        Zeroizing::new(hex(&core.keyring.keyed_hash(Purpose::SecurityAnswers, &parts)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(chosen: &[(&str, &str)]) -> Vec<(String, String)> {
        let chosen: Vec<Chosen<'_>> =
            chosen.iter().map(|&(question, answer)| Chosen { question, answer }).collect();
        let personal = PersonalData {
            username: "wangxiaoming",
            name: Some("王小明"),
            document: Some("440305199003070014"),
            phone: Some("13800138000"),
            ..PersonalData::default()
        };
        let mut errors = FieldErrors::new();
        let set = AnswerSet::choose(&chosen, &personal, &mut errors);
        match errors.finish(set) {
            Ok(_) => Vec::new(),
            Err(problem) => problem.field_codes(),
        }
    }

    #[test]
    fn signs_and_width_do_not_count() {
        assert_eq!(normalised(" Ａ布 老虎！"), "a布老虎");
    }

    #[test]
    fn three_different_questions_with_three_answers_of_ones_own() {
        let good = [
            ("childhood_toy", "布老虎"),
            ("family_dish", "外婆的红烧肉"),
            ("places_lost", "罗湖口岸"),
        ];
        assert_eq!(choose(&good), []);
        let field =
            |at: usize, part: &str, code: &str| (format!("/answers/{at}/{part}"), code.to_owned());
        for (at, one, error) in [
            (1, ("childhood_toy", "外婆的红烧肉"), field(1, "question", "question_twice")),
            (1, ("nonsense", "外婆的红烧肉"), field(1, "question", "question_unknown")),
            (1, ("family_dish", "布老虎 "), field(1, "answer", "answer_twice")),
            (1, ("family_dish", "哪道菜"), field(1, "answer", "answer_is_question")),
            (1, ("family_dish", "王小明"), field(1, "answer", "answer_contains_personal")),
            (1, ("family_dish", "。"), field(1, "answer", "required")),
            (1, ("family_dish", "肉"), field(1, "answer", "too_short")),
        ] {
            let mut bad = good;
            bad[at] = one;
            assert_eq!(choose(&bad), [error]);
        }
        assert_eq!(choose(&good[..2]), [field(2, "question", "required")]);
    }
}
