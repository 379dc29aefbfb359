//! HTTP to addresses that other people chose, without letting them reach
//! through us what they cannot reach themselves.
//!
//! Every address that a host name resolves to is checked between the answer
//! of the name service and the connection, so that a name that changes its
//! mind (DNS rebinding) gains nothing; redirects are not followed, proxies not
//! asked, and no connection is used twice.

use std::{
    error::Error,
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use ipnet::IpNet;
use reqwest::{
    Client,
    dns::{Addrs, Name, Resolve, Resolving},
    header::CONTENT_TYPE,
    redirect::Policy,
};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};

use crate::tools::{
    config::Webhooks,
    ports::{
        HttpPost, HttpRequest, PostFault,
        networks::{self, is_permitted},
    },
};

/// Finds the addresses of a host name.
#[async_trait]
pub trait Lookup: Send + Sync + std::fmt::Debug {
    /// Every address of a name.
    async fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// The machine's name service.
#[derive(Debug)]
pub struct SystemLookup;

#[async_trait]
impl Lookup for SystemLookup {
    async fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((host, 0)).await?.map(|found| found.ip()).collect())
    }
}

/// Sends requests to addresses that it finds permitted.
#[derive(Debug)]
pub struct GuardedHttp {
    /// For `https`.
    secure: Client,
    /// For `http`, which never goes to the public internet.
    plain: Client,
    allowed: Arc<[IpNet]>,
}

/// Why no requests can be sent at all.
#[derive(Debug, thiserror::Error)]
pub enum UnusableHttp {
    /// TLS cannot be set up.
    #[error("outgoing HTTP: {0}")]
    Tls(#[from] rustls::Error),
    /// The client cannot be built.
    #[error("outgoing HTTP: {0}")]
    Client(#[from] reqwest::Error),
}

/// The name service as a client sees it: a name with one address that is not
/// permitted has none.
#[derive(Debug)]
struct Guard {
    allowed: Arc<[IpNet]>,
    lookup: Arc<dyn Lookup>,
    secure: bool,
}

#[derive(Debug, thiserror::Error)]
#[error("the name has an address that is not connected to")]
struct Refused;

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let (allowed, lookup, secure) =
            (Arc::clone(&self.allowed), Arc::clone(&self.lookup), self.secure);
        Box::pin(async move {
            let found = lookup.lookup(name.as_str()).await?;
            if !found.iter().all(|address| is_permitted(*address, secure, &allowed)) {
                return Err(Refused.into());
            }
            let addresses = found.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

impl GuardedHttp {
    /// As the settings say, with some way to find addresses.
    pub fn new(settings: &Webhooks, lookup: &Arc<dyn Lookup>) -> Result<Self, UnusableHttp> {
        let allowed: Arc<[IpNet]> = settings.allowed_networks.as_slice().into();
        // Reading the authorities takes a good part of a start: once will do.
        let tls = tls()?;
        let client = |secure| -> Result<Client, UnusableHttp> {
            let guard = Guard { allowed: Arc::clone(&allowed), lookup: Arc::clone(lookup), secure };
            let client = Client::builder()
                .tls_backend_preconfigured(tls.clone())
                .https_only(secure)
                .no_proxy()
                .redirect(Policy::none())
                .dns_resolver(guard)
                .pool_max_idle_per_host(0)
                .retry(reqwest::retry::never())
                .timeout(Duration::from_millis(settings.timeout_milliseconds.into()))
                .user_agent("Shiming");
            Ok(client.build()?)
        };
        Ok(Self { secure: client(true)?, plain: client(false)?, allowed })
    }
}

/// The authorities that the machine trusts; without any, no connection comes
/// about.
fn tls() -> Result<ClientConfig, rustls::Error> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(aws_lc_rs::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

#[async_trait]
impl HttpPost for GuardedHttp {
    async fn post(&self, request: &HttpRequest) -> Result<u16, PostFault> {
        // A host that is an address never comes to the name service.
        let target = networks::read_target(&request.url, &self.allowed);
        let (url, secure) = target.map_err(|_| PostFault::AddressRefused)?;
        let client = if secure { &self.secure } else { &self.plain };
        let mut sending =
            client.post(url).header(CONTENT_TYPE, request.content_type).body(request.body.clone());
        for (name, value) in &request.headers {
            sending = sending.header(*name, value);
        }
        // The answer's body is not read: whoever is asked cannot make us.
        let answer = sending.send().await.map_err(|error| fault(&error))?;
        Ok(answer.status().as_u16())
    }
}

/// The URL is not repeated: it may hold a secret.
fn fault(error: &reqwest::Error) -> PostFault {
    let mut last: &dyn Error = error;
    loop {
        if last.is::<Refused>() {
            return PostFault::AddressRefused;
        }
        match last.source() {
            Some(next) => last = next,
            None if error.is_timeout() => return PostFault::Timeout,
            None => return PostFault::Broken(last.to_string()),
        }
    }
}
