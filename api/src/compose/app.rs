//! Putting the parts together: the only place that names adapters.

use std::{path::Path, sync::Arc};

use actix_web::web;
use tokio::sync::Notify;

use crate::{
    adapters::{
        http_post::{GuardedHttp, Lookup, SystemLookup},
        sandbox::{Sandbox, SandboxBank, SandboxMail, SandboxSms, http::Switch},
        smtp::{SmtpMail, UnusableSmtp},
    },
    capabilities::{captcha::Studio, core::Core},
    compose::routes,
    kernel::{Clock, Entropy, Timestamp},
    tools::{
        config::{Adapter, MailAdapter, Settings},
        crypto::{CryptoError, Keyring},
        db::Db,
        password::Hasher,
        ports::{BankVerifier, HttpPost, Mailer, SmsSender},
        web::{WebContext, methods::AllowedMethods, spa::Spa},
    },
};

/// Everything that the workers of a server share.
#[derive(Clone)]
pub struct App {
    /// For the features.
    pub core: web::Data<Core>,
    /// For the web floor.
    pub web: web::Data<WebContext>,
    /// The sandbox, when it is on.
    pub sandbox: web::Data<Switch>,
    /// Where captchas are drawn and spoken.
    pub studio: web::Data<Studio>,
    /// What answers where no handler does.
    pub methods: web::Data<AllowedMethods>,
    /// The web client.
    pub spa: web::Data<Spa>,
}

/// What tests replace.
#[derive(Debug, Clone)]
pub struct Ambient {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

impl App {
    /// Opens database and key file, starts the hashing pool, and brings the
    /// tables up to date if the settings say so.
    pub async fn build(
        settings: Settings,
        ambient: Ambient,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let Ambient { clock, entropy } = ambient;
        // Before anything is made: what cannot be used is refused.
        let smtp = Self::smtp(&settings)?;
        let spa = Self::spa(&settings)?;
        let db = Db::connect(settings.database.url.expose(), settings.database.connections)?;
        if settings.database.migrate {
            for name in db.migrate().await? {
                tracing::info!(name, "migration applied");
            }
        }
        let keyring = Arc::new(Self::open_keyring(&settings, clock.now(), &*entropy)?);
        let sandbox = Sandbox {
            db: db.clone(),
            keyring: Arc::clone(&keyring),
            clock: Arc::clone(&clock),
            entropy: Arc::clone(&entropy),
        };
        let bank: Arc<dyn BankVerifier> = match settings.bank.adapter {
            Adapter::Sandbox => Arc::new(SandboxBank(sandbox.clone())),
        };
        let sms: Arc<dyn SmsSender> = match settings.sms.adapter {
            Adapter::Sandbox => Arc::new(SandboxSms {
                sandbox: sandbox.clone(),
                signature: settings.sms.signature.clone(),
            }),
        };
        let mail: Arc<dyn Mailer> = match smtp {
            Some(smtp) => Arc::new(smtp),
            None => Arc::new(SandboxMail(sandbox.clone())),
        };
        let lookup: Arc<dyn Lookup> = Arc::new(SystemLookup);
        let http: Arc<dyn HttpPost> = Arc::new(GuardedHttp::new(&settings.webhooks, &lookup)?);
        let hasher = Hasher::start(&settings.password, Arc::clone(&entropy))?;
        Ok(Self {
            web: web::Data::new(WebContext {
                clock: Arc::clone(&clock),
                entropy: Arc::clone(&entropy),
                trusted_proxies: settings.server.trusted_proxies.clone(),
                public_origin: settings.server.public_url.clone(),
            }),
            sandbox: web::Data::new(settings.uses_sandbox().then_some(sandbox)),
            studio: web::Data::new(Studio::default()),
            methods: web::Data::new(AllowedMethods::new(&routes::addresses())),
            spa: web::Data::new(spa),
            core: web::Data::new(Core {
                settings,
                db,
                keyring,
                clock,
                entropy,
                hasher,
                bank,
                sms,
                mail,
                http,
                outbox_bell: Notify::new(),
            }),
        })
    }

    /// The mail server, when there is one: its addresses and its authority are
    /// read here.
    pub fn smtp(settings: &Settings) -> Result<Option<SmtpMail>, UnusableSmtp> {
        match settings.mail.adapter {
            MailAdapter::Sandbox => Ok(None),
            MailAdapter::Smtp => SmtpMail::new(settings).map(Some),
        }
    }

    /// The web client, when it is served from here: its files are read here.
    pub fn spa(settings: &Settings) -> Result<Spa, String> {
        match settings.server.spa_dir.as_str() {
            "" => Ok(Spa::default()),
            folder => Spa::load(Path::new(folder))
                .map_err(|error| format!("settings: server.spa_dir {folder}: {error}")),
        }
    }

    /// Opens the key file that the settings name.
    pub fn open_keyring(
        settings: &Settings,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<Keyring, CryptoError> {
        Keyring::open_or_create(Path::new(&settings.keys.file), now, entropy)
    }
}
