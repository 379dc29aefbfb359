//! A real mail server (Nodemailer's smtp-server, see tests/smtp), and an
//! authority that vouches for it.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};
use shiming::{
    kernel::Secret,
    tools::config::{MailAdapter, Settings, SmtpSecurity},
};
use tempfile::TempDir;

/// An authority that nobody but its test trusts.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    folder: TempDir,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let folder = TempDir::new().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        fs::write(folder.path().join("ca.pem"), certificate.pem()).unwrap();
        Self { issuer: Issuer::new(params, key), folder }
    }

    /// Where its own certificate is.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A key and a certificate for a host: their paths.
    fn vouch(&self, host: &str) -> (PathBuf, PathBuf) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let paths = (
            self.folder.path().join(format!("{host}.key")),
            self.folder.path().join(format!("{host}.pem")),
        );
        fs::write(&paths.0, key.serialize_pem()).unwrap();
        fs::write(&paths.1, certificate.pem()).unwrap();
        paths
    }
}

/// How a mail server behaves.
#[derive(Clone)]
pub struct Behaviour {
    /// 0: any free one.
    pub port: u16,
    pub security: SmtpSecurity,
    /// The name in its certificate.
    pub host: &'static str,
    /// Whom it lets in, if it asks.
    pub user: Option<(&'static str, &'static str)>,
    /// What it answers every mail with.
    pub refuse: Option<u16>,
}

impl Default for Behaviour {
    fn default() -> Self {
        let security = SmtpSecurity::Starttls;
        Self { port: 0, security, host: "localhost", user: None, refuse: None }
    }
}

/// A running mail server; stopped when it is dropped.
pub struct MailServer {
    pub port: u16,
    child: Child,
    lines: Receiver<Value>,
}

impl MailServer {
    pub fn start(authority: &Authority, behaviour: &Behaviour) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/smtp");
        assert!(folder.join("node_modules/smtp-server").is_dir(), "run \"make deps\" first");
        let (key, certificate) = authority.vouch(behaviour.host);
        let settings = json!({
            "port": behaviour.port, "key": key, "cert": certificate, "refuse": behaviour.refuse,
            "security": match behaviour.security {
                SmtpSecurity::Starttls => "starttls",
                SmtpSecurity::Tls => "tls",
                SmtpSecurity::None => "none",
            },
            "user": behaviour.user.map(|user| user.0), "password": behaviour.user.map(|user| user.1),
        });
        let mut child = Command::new("node")
            .arg(folder.join("server.mjs"))
            .arg(settings.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Node.js is installed");
        let (told, lines) = mpsc::channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let _ = told.send(serde_json::from_str(&line).unwrap());
            }
        });
        let first: Value =
            lines.recv_timeout(Duration::from_secs(30)).expect("the mail server starts");
        Self { port: u16::try_from(first["port"].as_u64().unwrap()).unwrap(), child, lines }
    }

    /// The mail that it took first and nobody has looked at.
    pub fn mail(&self) -> Value {
        self.lines.recv_timeout(Duration::from_secs(10)).expect("a mail arrives")
    }

    /// Checks that nothing more has arrived.
    pub fn nothing_more(&self) {
        // What was taken is told before the client has its answer.
        let more = self.lines.recv_timeout(Duration::from_millis(100));
        assert!(more.is_err(), "{more:?}");
    }

    /// Settings that send mail here.
    pub fn settings(&self, authority: &Authority) -> impl FnOnce(&mut Settings) + use<> {
        let (port, ca) = (self.port, authority.path().display().to_string());
        move |settings| {
            settings.mail.adapter = MailAdapter::Smtp;
            settings.mail.support_to = "help@sm.example.gov.cn".into();
            settings.mail.smtp.host = "localhost".into();
            settings.mail.smtp.port = port;
            settings.mail.smtp.from = "实名平台 <noreply@sm.example.gov.cn>".into();
            settings.mail.smtp.ca_path = ca;
            settings.mail.smtp.password = Secret::new(String::new());
        }
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
