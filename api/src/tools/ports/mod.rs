//! What the outside world must do for us, as traits.
//!
//! Adapters implement them; nothing above knows which adapter answers.

pub mod bank;
pub mod http_post;
pub mod mail;
pub mod networks;
pub mod sms;

pub use bank::{BankFault, BankOutcome, BankQuestion, BankVerifier, Input};
pub use http_post::{HttpPost, HttpRequest, PostFault};
pub use mail::{Mail, MailFault, Mailer};
pub use sms::{Notice, SmsFault, SmsMessage, SmsPurpose, SmsSender, SmsText};
