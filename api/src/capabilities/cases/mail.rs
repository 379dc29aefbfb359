//! The mail about a case.

use super::{Case, CaseNumber, find, place};
use crate::{
    capabilities::core::{Tx, corrupt},
    kernel::{ids::OutboxId, time::beijing},
    tools::{db::DbFault, ports::Mail},
};

/// The mail about a case; `None` when it was erased meanwhile. It carries what
/// was written, all of it, or nothing of it: what people write freely cannot be
/// cleaned of what tells who they are.
pub fn mail(tx: &mut Tx<'_>, id: OutboxId, number: &str) -> Result<Option<Mail>, DbFault> {
    let number: CaseNumber = number.parse().map_err(|_| corrupt(place(number)))?;
    let Some(Case { number, body, created_at, .. }) = find(tx, &number)? else {
        return Ok(None);
    };
    let settings = &tx.core.settings.mail;
    let words = body.topic.words();
    let at = beijing(created_at).format("%Y-%m-%d %H:%M（北京时间）");
    let head = format!("编号：{number}\n主题：{words}\n时间：{at}\n");
    let (text, reply_to) = if settings.include_personal_data {
        let given =
            |value: &Option<String>| value.clone().unwrap_or_else(|| "（未填写）".to_owned());
        let (name, document) = (given(&body.name), given(&body.document_number));
        let text = format!("{head}姓名：{name}\n证件号：{document}\n\n{}\n", body.message);
        (text, Some(body.reply_to.clone()))
    } else {
        (format!("{head}\n内容未随邮件发送，查看：shiming cases show {number}\n"), None)
    };
    let subject = format!("[{number}] {words}");
    Ok(Some(Mail { id, to: settings.support_to.clone(), reply_to, subject, text }))
}
