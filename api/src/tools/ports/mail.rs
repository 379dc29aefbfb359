//! Electronic mail, to the operator.

use async_trait::async_trait;

use crate::kernel::ids::OutboxId;

/// One mail.
pub struct Mail {
    /// Id of this mail; it becomes the `Message-ID`, so that a mail that is
    /// sent a second time after a crash can be recognised.
    pub id: OutboxId,
    /// To whom.
    pub to: String,
    /// Whom an answer goes to, when it is not the sender.
    pub reply_to: Option<String>,
    /// Subject.
    pub subject: String,
    /// Plain text.
    pub text: String,
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mail").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The mail was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailFault {
    /// It will never be taken: an address or the content is refused.
    #[error("the mail server refuses the mail: {0}")]
    Refused(String),
    /// No answer, or a passing one; it may be taken later.
    #[error("the mail server is broken: {0}")]
    Broken(String),
}

/// Sends mail.
#[async_trait]
pub trait Mailer: Send + Sync + std::fmt::Debug {
    /// Hands one mail over. The caller limits the time.
    async fn send(&self, mail: &Mail) -> Result<(), MailFault>;
}
