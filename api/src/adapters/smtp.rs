//! Mail by SMTP (RFC 5321): to the operator's mail server, over TLS.

use std::{fs, io, time::Duration};

use async_trait::async_trait;
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    address::AddressError,
    message::{Mailbox, header::ContentType},
    transport::smtp::{
        self,
        authentication::Credentials,
        client::{Certificate, CertificateStore, Tls, TlsParameters},
        extension::ClientId,
    },
};

use crate::tools::{
    config::{Settings, Smtp, SmtpSecurity},
    ports::{Mail, MailFault, Mailer},
};

/// Hands mail to a mail server.
#[derive(Debug)]
pub struct SmtpMail {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

/// Why the settings name no mail server that can be used.
#[derive(Debug, thiserror::Error)]
pub enum UnusableSmtp {
    /// The sender is no address.
    #[error("settings: mail.smtp.from: {0}")]
    From(AddressError),
    /// The recipient is no address.
    #[error("settings: mail.support_to: {0}")]
    To(AddressError),
    /// The authority cannot be read.
    #[error("settings: mail.smtp.ca_path: {0}")]
    CaFile(io::Error),
    /// The file holds no certificate.
    #[error("settings: mail.smtp.ca_path: there is no certificate in PEM form in the file")]
    CaEmpty,
    /// TLS cannot be set up.
    #[error("settings: mail.smtp: {0}")]
    Tls(smtp::Error),
}

impl SmtpMail {
    /// Reads the settings; connects to nobody yet.
    pub fn new(settings: &Settings) -> Result<Self, UnusableSmtp> {
        let (mail, smtp) = (&settings.mail, &settings.mail.smtp);
        let from: Mailbox = smtp.from.parse().map_err(UnusableSmtp::From)?;
        mail.support_to.parse::<Address>().map_err(UnusableSmtp::To)?;
        let tls = match smtp.security {
            SmtpSecurity::Starttls => Tls::Required(tls_parameters(smtp)?),
            SmtpSecurity::Tls => Tls::Wrapper(tls_parameters(smtp)?),
            SmtpSecurity::None => Tls::None,
        };
        let limit = Duration::from_millis(mail.timeout_milliseconds.into());
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&smtp.host)
            .port(smtp.port)
            .tls(tls)
            .timeout(Some(limit))
            .hello_name(ClientId::Domain(own_host(&settings.server.public_url)));
        if !smtp.username.is_empty() {
            let password = smtp.password.expose().clone();
            transport = transport.credentials(Credentials::new(smtp.username.clone(), password));
        }
        Ok(Self { transport: transport.build(), from })
    }

    /// The mail as it goes over the wire.
    fn message(&self, mail: &Mail) -> Result<Message, String> {
        let to: Address = mail.to.parse().map_err(|error| format!("recipient: {error}"))?;
        let mut message = Message::builder()
            .message_id(Some(format!("<{}@{}>", mail.id, self.from.email.domain())))
            .from(self.from.clone())
            .to(to.into())
            .subject(&mail.subject)
            .header(ContentType::TEXT_PLAIN);
        // An address that cannot stand in a header is in the case all the same.
        if let Some(reply_to) = mail.reply_to.as_deref().and_then(|typed| typed.parse().ok()) {
            message = message.reply_to(Address::into(reply_to));
        }
        message.body(mail.text.clone()).map_err(|error| error.to_string())
    }
}

/// Trusts the authority that the settings name and no other; without one,
/// those that the machine trusts.
fn tls_parameters(smtp: &Smtp) -> Result<TlsParameters, UnusableSmtp> {
    let mut tls = TlsParameters::builder(smtp.host.clone());
    if !smtp.ca_path.is_empty() {
        let pem = fs::read(&smtp.ca_path).map_err(UnusableSmtp::CaFile)?;
        if !String::from_utf8_lossy(&pem).contains("-----BEGIN CERTIFICATE-----") {
            return Err(UnusableSmtp::CaEmpty);
        }
        let authority = Certificate::from_pem(&pem).map_err(UnusableSmtp::Tls)?;
        tls = tls.certificate_store(CertificateStore::None).add_root_certificate(authority);
    }
    tls.build().map_err(UnusableSmtp::Tls)
}

/// The name that we introduce ourselves by: the one that people reach us by.
fn own_host(public_url: &str) -> String {
    let authority = public_url.split_once("://").map_or(public_url, |(_, rest)| rest);
    let host = authority.rsplit_once(':').map_or(authority, |(host, port)| {
        if port.bytes().all(|byte| byte.is_ascii_digit()) { host } else { authority }
    });
    host.to_owned()
}

#[async_trait]
impl Mailer for SmtpMail {
    async fn send(&self, mail: &Mail) -> Result<(), MailFault> {
        let message = self.message(mail).map_err(MailFault::Refused)?;
        self.transport.send(message).await.map(drop).map_err(|error| fault(&error))
    }
}

/// Refused is what the server says no to for good about this mail. What it
/// says about us (authentication, a command it does not know: 50x and 53x of
/// RFC 5321 §4.2 and RFC 4954 §6) the operator can put right, and the mail
/// waits for that.
fn fault(error: &smtp::Error) -> MailFault {
    let Some(code) = error.status() else { return MailFault::Broken(error.to_string()) };
    let code: u16 = code.into();
    // The server's words are not repeated: they may quote the mail.
    let reason = format!("it answered {code}");
    if error.is_permanent() && matches!(code, 540..) {
        MailFault::Refused(reason)
    } else {
        MailFault::Broken(reason)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tools::identity::EmailAddress;

    proptest! {
        #[test]
        fn whoever_may_write_can_be_answered(
            typed in "[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,70}@[a-z0-9.-]{1,70}(\\.[a-z0-9]{1,10}){0,2}",
        ) {
            if let Ok(address) = EmailAddress::parse(&typed) {
                prop_assert!(address.as_str().parse::<Address>().is_ok(), "{typed}");
            }
        }
    }

    #[test]
    fn the_name_of_this_host_is_without_scheme_and_port() {
        for (url, host) in [
            ("https://sm.example.gov.cn", "sm.example.gov.cn"),
            ("http://localhost:8080", "localhost"),
            ("http://[::1]:8080", "[::1]"),
            ("http://[::1]", "[::1]"),
        ] {
            assert_eq!(own_host(url), host);
        }
    }
}
