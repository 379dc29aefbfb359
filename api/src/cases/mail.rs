//! The mail about a case.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::{Case, CaseBody, CaseNumber, find, number::BEIJING, place};
use crate::{
    core::{Core, corrupt},
    db::{Conn, DbFault},
    kernel::ids::OutboxId,
    ports::Mail,
};

/// Digits of a document, a card or a phone, with what people put between them.
#[expect(clippy::unwrap_used, reason = "a test compiles the expression")]
static LONG_NUMBER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\d(?:[ \-‐-―]?\d){6,}[ \-‐-―]?[\dXxＸｘ]").unwrap());

/// Digits that are left to tell one number from another.
const SHOWN: usize = 4;

/// The mail about a case; `None` when it was erased meanwhile.
pub fn mail(
    core: &Core,
    conn: &mut Conn,
    (id, number): (OutboxId, &str),
) -> Result<Option<Mail>, DbFault> {
    let number: CaseNumber = number.parse().map_err(|_| corrupt(place(number)))?;
    let Some(Case { number, body, created_at, .. }) = find(core, conn, &number)? else {
        return Ok(None);
    };
    let settings = &core.settings.mail;
    let words = body.topic.words();
    let secret = |value: &Option<String>| match value {
        None => "（未填写）".to_owned(),
        Some(value) if settings.include_personal_data => value.clone(),
        Some(_) => "（已加密保存）".to_owned(),
    };
    let (message, hint) = if settings.include_personal_data {
        (body.message.clone(), String::new())
    } else {
        let hint = format!(
            "\n--\n姓名、证件号等个人信息未随邮件发送，查看：shiming cases show {number}\n"
        );
        (without_personal_data(&body), hint)
    };
    let at = BEIJING.map_or_else(
        || created_at.format("%Y-%m-%d %H:%M UTC").to_string(),
        |zone| created_at.with_timezone(&zone).format("%Y-%m-%d %H:%M（北京时间）").to_string(),
    );
    let text = format!(
        "编号：{number}\n主题：{words}\n时间：{at}\n姓名：{}\n证件号：{}\n\n{message}\n{hint}",
        secret(&body.name),
        secret(&body.document_number),
    );
    Ok(Some(Mail {
        id,
        to: settings.support_to.clone(),
        reply_to: Some(body.reply_to.clone()),
        subject: format!("[{number}] {words}"),
        text,
    }))
}

/// The message, without the name and the numbers that people write into it
/// although there are fields for them.
fn without_personal_data(body: &CaseBody) -> String {
    let mut message = body.message.clone();
    let whole = |name: &&String| name.chars().count() > 1;
    if let Some(name) = body.name.as_ref().filter(whole) {
        message = message.replace(name.as_str(), "＊＊＊");
    }
    if let Some(number) = body.document_number.as_ref().filter(whole) {
        message = message.replace(number.as_str(), &masked(number));
    }
    LONG_NUMBER.replace_all(&message, |found: &Captures<'_>| masked(&found[0])).into_owned()
}

fn masked(number: &str) -> String {
    let plain: Vec<char> = number.chars().filter(|c| c.is_alphanumeric()).collect();
    let shown = if plain.len() > 2 * SHOWN { SHOWN } else { 0 };
    let end: String = plain.iter().skip(plain.len() - shown).collect();
    format!("****{end}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::Topic;

    fn sent(message: &str) -> String {
        without_personal_data(&CaseBody {
            topic: Topic::BankMismatch,
            name: Some("王小明".into()),
            document_number: Some("H10293847".into()),
            reply_to: "wang@example.com".into(),
            message: message.into(),
        })
    }

    #[test]
    fn names_and_numbers_in_the_message_stay_with_us() {
        for (written, mailed) in [
            ("我是王小明，银行说不匹配", "我是＊＊＊，银行说不匹配"),
            ("身份证440305199003070014。", "身份证****0014。"),
            ("身份证 44030519860211036X", "身份证 ****036X"),
            ("卡号6217 0000 0000 0000 004", "卡号****0004"),
            ("手机138-0013-8000", "手机****8000"),
            ("证件H10293847", "证件****3847"),
            ("４４０３０５１９９００３０７００１４", "****００１４"),
            ("报名编号 2026-11，3 次都失败", "报名编号 2026-11，3 次都失败"),
        ] {
            assert_eq!(sent(written), mailed);
        }
    }
}
