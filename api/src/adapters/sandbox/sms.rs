//! The sandbox gateway: messages land in an inbox that anybody may read.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Sandbox, behaviour::Port, store};
use crate::tools::ports::{Notice, SmsFault, SmsMessage, SmsPurpose, SmsSender, SmsText};

/// Keeps messages instead of sending them.
#[derive(Debug)]
pub struct SandboxSms {
    /// Where they are kept.
    pub sandbox: Sandbox,
    /// Name in front of every message.
    pub signature: String,
}

/// A message in the inbox.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct KeptSms {
    pub phone: String,
    pub purpose: String,
    pub text: String,
    pub code: Option<String>,
}

#[async_trait]
impl SmsSender for SandboxSms {
    async fn send(&self, message: &SmsMessage) -> Result<(), SmsFault> {
        let broken = |fault: &dyn std::fmt::Display| SmsFault::Broken(fault.to_string());
        self.sandbox.behave(Port::Sms).await.map_err(|silent| broken(&silent))?;
        let (id, kept) = (message.id, keep(message, &self.signature));
        let sandbox = self.sandbox.clone();
        let stored =
            self.sandbox.db.write(move |conn| store::keep_sms(&sandbox, conn, (id, &kept)));
        stored.await.map_err(|fault| broken(&fault))
    }
}

fn keep(message: &SmsMessage, signature: &str) -> KeptSms {
    let phone = message.phone.national().to_owned();
    match &message.text {
        SmsText::Code { purpose, code, valid_seconds } => KeptSms {
            phone,
            purpose: purpose.code().to_owned(),
            text: format!(
                "【{signature}】验证码{}，用于{}，{valid_seconds}秒内有效。请勿告知他人，工作人员不会向您索取。",
                code.expose(),
                action(*purpose),
            ),
            code: Some(code.expose().clone()),
        },
        SmsText::Notice(notice) => KeptSms {
            phone,
            purpose: "notice".to_owned(),
            text: format!("【{signature}】{}", news(notice)),
            code: None,
        },
    }
}

const fn action(purpose: SmsPurpose) -> &'static str {
    match purpose {
        SmsPurpose::Registration => "用户注册",
        SmsPurpose::AccountChange => "修改用户信息",
        SmsPurpose::UsernameRecovery => "找回用户名",
        SmsPurpose::PasswordRecovery => "找回密码",
        SmsPurpose::PhoneReplacement => "更换手机号码",
    }
}

/// What to do for those who did not ask for it.
const NOT_YOU: &str = "如非本人操作，请立即通过“忘记密码？”重置密码并与我们联系。";

fn news(notice: &Notice) -> String {
    match notice {
        Notice::Username { username } => format!("您的用户名是 {username}。{NOT_YOU}"),
        Notice::DetailsChanged => format!("您的账号信息已修改。{NOT_YOU}"),
        Notice::PhoneReplaced => format!("您账号的手机号码已更换。{NOT_YOU}"),
        Notice::PasswordChanged => format!("您的密码已修改。{NOT_YOU}"),
        Notice::PasswordReset => format!("您的密码已重置，所有登录均已退出。{NOT_YOU}"),
        Notice::PasswordResetWithoutQuestions => {
            format!("您的密码已重置，所有登录均已退出；密保问题已删除，请登录后重新设置。{NOT_YOU}")
        }
        Notice::QuestionsChanged => format!("您的密保问题已变更。{NOT_YOU}"),
        Notice::QuestionsDisabled => {
            format!("密保问题多次回答错误，已停用，请登录后重新设置。{NOT_YOU}")
        }
        Notice::ClosureRequested { closes_on } => {
            format!("您已申请注销账号，账号将于 {closes_on} 删除，此前登录可以撤销。{NOT_YOU}")
        }
        Notice::AccountClosed => "您的账号已注销，个人信息已删除。".to_owned(),
        Notice::UnitApproved => "您办理的单位用户已审核通过，可以登录业务系统。".to_owned(),
        Notice::UnitRejected => "您办理的单位用户未通过审核，请登录查看原因。".to_owned(),
    }
}
