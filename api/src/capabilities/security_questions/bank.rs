//! The bank of questions: fixed, so that nobody asks himself for a number that
//! others know.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A group of questions.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = SecurityQuestionGroup)]
pub struct Group {
    /// Stable name.
    #[schema(example = "childhood")]
    pub code: String,
    /// Name in Chinese.
    #[schema(example = "童年")]
    pub name: String,
    /// Name in English.
    #[schema(example = "Childhood")]
    pub name_en: String,
    /// Its questions.
    pub questions: Vec<Question>,
}

/// A question.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = SecurityQuestion)]
pub struct Question {
    /// Stable name.
    #[schema(example = "childhood_toy")]
    pub id: String,
    /// In Chinese.
    #[schema(example = "您小时候最舍不得丢的玩具是什么？")]
    pub text: String,
    /// In English.
    #[schema(example = "Which toy could you not part with as a child?")]
    pub text_en: String,
}

static GROUPS: LazyLock<Vec<Group>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../data/security_questions.json")).unwrap_or_default()
});

/// Every group.
pub fn groups() -> &'static [Group] {
    &GROUPS
}

/// The question with this id.
pub fn question(id: &str) -> Option<&'static Question> {
    GROUPS.iter().flat_map(|group| &group.questions).find(|question| question.id == id)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn there_are_enough_questions_and_none_twice() {
        let all: Vec<&Question> = groups().iter().flat_map(|group| &group.questions).collect();
        assert!(groups().len() >= 6 && all.len() >= 24);
        let distinct = |of: fn(&Question) -> &str| {
            all.iter().map(|one| of(one)).collect::<HashSet<_>>().len() == all.len()
        };
        assert!(distinct(|one| &one.id) && distinct(|one| &one.text));
        // Ids are stored with spaces between them.
        assert!(all.iter().all(|one| !one.id.contains(' ')));
    }

    #[test]
    fn nothing_that_a_document_tells_is_asked_for() {
        for question in groups().iter().flat_map(|group| &group.questions) {
            for word in ["生日", "出生", "身份证", "性别", "籍贯", "年龄", "手机号", "姓名"]
            {
                assert!(!question.text.contains(word), "{}", question.text);
            }
        }
    }
}
