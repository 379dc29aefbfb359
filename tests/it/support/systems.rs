//! Business systems that people sign in to.

use serde_json::{Value, json};
use shiming::{
    capabilities::clients::{self, Client as Registered, ClientState, Metadata},
    capabilities::core::Tx,
    kernel::ids::ClientId,
    tools::db::{Conn, DbFault},
};

use super::{Answer, Client, TestApp};

/// RFC 7636, appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Where the usual system wants people back.
pub const CALLBACK: &str = "https://ks.example.gov.cn/callback";

/// A registered system.
pub struct System {
    pub id: ClientId,
    pub secret: String,
}

/// Parameters of a request.
pub type Parameters = Vec<(String, String)>;

/// What a usual system is registered with.
pub fn metadata() -> Value {
    json!({
        "client_name": "考生服务系统", "client_name#en": "Candidate service",
        "owner": "深圳市考试院", "owner#en": "Shenzhen Examinations Authority",
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "client_secret_post",
        "scope": "openid profile phone realname unit offline_access",
        "redirect_uris": [CALLBACK],
        "post_logout_redirect_uris": ["https://ks.example.gov.cn/bye"],
        "id_token_signed_response_alg": "EdDSA",
    })
}

impl System {
    /// A usual one, with some members changed.
    pub async fn register(app: &TestApp, change: Value) -> Self {
        let mut members = metadata();
        for (name, value) in change.as_object().unwrap() {
            members[name] = value.clone();
        }
        let metadata: Metadata = serde_json::from_value(members).unwrap();
        let made = |tx: &mut Tx<'_>| -> Result<Self, DbFault> {
            let client = clients::create(tx, metadata)?;
            let (_, secret) = clients::add_secret(tx, client.id, chrono::TimeDelta::zero())?;
            Ok(Self { id: client.id, secret })
        };
        app.ctx().write(made).await.unwrap()
    }

    /// A usual one.
    pub async fn usual(app: &TestApp) -> Self {
        Self::register(app, json!({})).await
    }

    /// Changes what is known of it.
    pub async fn change(
        &self,
        app: &TestApp,
        change: impl FnOnce(&mut Registered) + Send + 'static,
    ) {
        let (core, id) = (app.core.clone(), self.id);
        let work = move |conn: &mut Conn| -> Result<(), DbFault> {
            let mut client = clients::find(conn, id)?.unwrap();
            change(&mut client);
            let now = core.clock.now();
            clients::set_state(conn, (id, client.state), now)?;
            clients::set_metadata(conn, (id, &client.metadata), now).map(drop)
        };
        app.core.db.write(work).await.unwrap();
    }

    pub async fn disable(&self, app: &TestApp) {
        self.change(app, |client| client.state = ClientState::Disabled).await;
    }

    /// A good request for these scopes.
    pub fn asks(&self, scope: &str) -> Parameters {
        let id = self.id.to_string();
        [
            ("client_id", id.as_str()),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", scope),
            ("state", "af0ifjsldkj"),
            ("nonce", "n-0S6_WzA2Mj"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    }

    /// The same with parameters set, added, or, when empty, left out.
    pub fn asks_with(&self, scope: &str, change: &[(&str, &str)]) -> Parameters {
        let mut parameters = self.asks(scope);
        for (name, value) in change {
            parameters.retain(|(known, _)| known != name);
            if !value.is_empty() {
                parameters.push(((*name).to_owned(), (*value).to_owned()));
            }
        }
        parameters
    }
}

/// Parameters as a form or a query.
pub fn encoded(parameters: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish()
}

impl Answer {
    /// Where the browser is sent.
    #[track_caller]
    pub fn location(&self) -> String {
        self.ok_status(303);
        self.header("location").to_owned()
    }

    /// A parameter of the address that the browser is sent to.
    #[track_caller]
    pub fn sent(&self, name: &str) -> Option<String> {
        parameter(&self.location(), name)
    }

    /// Checks that a client is sent an error, with everything that goes with it.
    #[track_caller]
    pub fn sends_error(&self, app: &TestApp, error: &str) {
        let location = self.location();
        assert!(location.starts_with(CALLBACK), "{}: {location}", self.asked);
        let sent = |name| parameter(&location, name);
        assert_eq!(sent("error").as_deref(), Some(error), "{}: {location}", self.asked);
        assert_eq!(sent("state").as_deref(), Some("af0ifjsldkj"), "{location}");
        let issuer = app.core.settings.server.public_url.clone();
        assert_eq!(sent("iss"), Some(issuer), "{location}");
        assert!(sent("error_description").is_some_and(|text| text.is_ascii()), "{location}");
        assert_eq!(sent("code"), None, "{location}");
    }

    /// Checks that the person is shown a page of ours, and sent nowhere.
    #[track_caller]
    pub fn page(&self, status: u16) -> String {
        self.ok_status(status);
        assert_eq!(self.header("content-type"), "text/html; charset=utf-8", "{}", self.asked);
        assert_eq!(self.header("location"), "", "{}", self.asked);
        let policy = self.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; style-src 'self';"), "{policy}");
        assert!(!policy.contains("script") && policy.contains("frame-ancestors 'none'"));
        assert_eq!(self.header("cache-control"), "no-store");
        let html = self.text();
        assert!(!html.contains("<script") && !html.contains("style=\""), "{html}");
        assert_eq!(html.matches("<h1").count(), 1, "{html}");
        assert_eq!(super::people::named_in(&html), None, "{html}");
        html
    }
}

/// A parameter of an address.
pub fn parameter(location: &str, name: &str) -> Option<String> {
    let (_, query) = location.split_once('?')?;
    let mut found = form_urlencoded::parse(query.as_bytes()).filter(|(known, _)| known == name);
    let value = found.next().map(|(_, value)| value.into_owned());
    assert!(found.next().is_none(), "{name} comes twice: {location}");
    value
}

/// The value of a hidden field.
pub fn hidden(html: &str, name: &str) -> String {
    let (_, rest) = html.split_once(&format!("name=\"{name}\" value=\"")).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

impl Client<'_> {
    /// Comes from a system.
    pub async fn authorize(&self, parameters: &[(String, String)]) -> Answer {
        self.get(&format!("/oauth2/authorize?{}", encoded(parameters))).await
    }

    /// Comes from a system, and waits; returns the id of the request.
    pub async fn come(&self, parameters: &[(String, String)]) -> String {
        let location = self.authorize(parameters).await.location();
        let id = location.strip_prefix("/authorize/").unwrap_or_else(|| panic!("{location}"));
        id.split('?').next().unwrap().to_owned()
    }

    /// The request as it stands.
    pub async fn authorization(&self, id: &str) -> Value {
        self.get(&format!("/api/v1/authorizations/{id}")).await.ok(200)
    }

    /// Where a request stands, in a word.
    pub async fn state(&self, id: &str) -> String {
        self.authorization(id).await["state"].as_str().unwrap().to_owned()
    }

    /// Allows or denies what is shown at that moment, if anything is.
    pub async fn decide(&self, id: &str, decision: &str) -> Answer {
        let shown = self.get(&format!("/api/v1/authorizations/{id}")).await;
        let shown: Value = serde_json::from_slice(&shown.body).unwrap();
        let path = format!("/api/v1/authorizations/{id}/decision");
        let body = json!({ "decision": decision, "confirmation": shown["confirmation"] });
        self.post(&path, body).await
    }

    /// Allows; returns where the person is sent.
    pub async fn allow(&self, id: &str) -> String {
        let decided = self.decide(id, "allow").await.ok(200);
        decided["redirect_to"].as_str().unwrap().to_owned()
    }

    /// Comes, allows, and returns the code.
    pub async fn code_for(&self, parameters: &[(String, String)]) -> String {
        let id = self.come(parameters).await;
        parameter(&self.allow(&id).await, "code").unwrap()
    }

    /// Trades something for tokens, or has them looked at.
    pub async fn ask(&self, (system, path): (&System, &str), fields: &[(&str, &str)]) -> Answer {
        let id = system.id.to_string();
        let own = [("client_id", id.as_str()), ("client_secret", system.secret.as_str())];
        self.form(path, &[fields, &own].concat()).await
    }

    /// Trades a code for tokens.
    pub async fn redeem(&self, system: &System, code: &str) -> Value {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        self.ask((system, "/oauth2/token"), &fields).await.ok(200)
    }
}
