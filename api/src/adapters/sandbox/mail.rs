//! The sandbox mailbox: mail lands where anybody may read it.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Sandbox, store};
use crate::tools::ports::{Mail, MailFault, Mailer};

/// Keeps mail instead of sending it.
#[derive(Debug)]
pub struct SandboxMail(pub Sandbox);

/// A mail in the mailbox.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct KeptMail {
    pub to: String,
    pub subject: String,
    pub text: String,
}

#[async_trait]
impl Mailer for SandboxMail {
    async fn send(&self, mail: &Mail) -> Result<(), MailFault> {
        let Mail { id, to, subject, text, .. } = mail;
        let kept = KeptMail { to: to.clone(), subject: subject.clone(), text: text.clone() };
        let (id, sandbox) = (*id, self.0.clone());
        let stored = self.0.db.write(move |conn| store::keep_mail(&sandbox, conn, (id, &kept)));
        stored.await.map_err(|fault| MailFault::Broken(fault.to_string()))
    }
}
