//! The sandbox gateway: messages land in an inbox that anybody may read.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Port, Sandbox, store};
use crate::ports::{SmsFault, SmsMessage, SmsPurpose, SmsSender, SmsText};

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
        match self.sandbox.behave(Port::Sms).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Err(broken(&"the sandbox was told to fail")),
            Err(fault) => return Err(broken(&fault)),
        }
        let kept = keep(message, &self.signature);
        let sandbox = self.sandbox.clone();
        let stored = self.sandbox.db.write(move |conn| store::keep_sms(&sandbox, conn, &kept));
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
    }
}

const fn action(purpose: SmsPurpose) -> &'static str {
    match purpose {
        SmsPurpose::Registration => "用户注册",
    }
}
