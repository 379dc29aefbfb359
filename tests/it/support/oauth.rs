//! Business systems, and people who sign in to them without a browser.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::{Value, json};
use shiming::{
    capabilities::{
        accounts::{self, UnitState},
        clients::{self, Metadata, Scopes},
        grants::{self, NewCode, Occasion, Terms},
    },
    kernel::ids::{AccountId, SessionId},
    tools::db::DbFault,
};

use super::{Answer, Client, TestApp};

/// Where everybody is sent back to.
pub const CALLBACK: &str = "https://rp.example/callback";
/// What every challenge is made from.
pub const VERIFIER: &str = "a-verifier-that-is-long-enough-for-everybody-1";
/// Who we are, in tests.
pub const ISSUER: &str = "http://localhost:8080";

/// A business system.
#[derive(Debug, Clone)]
pub struct System {
    pub id: String,
    pub secret: String,
}

/// What a sign-in is about, besides the person.
#[derive(Debug, Clone)]
pub struct SignIn {
    pub scope: &'static str,
    pub claims: Option<Value>,
    pub resources: &'static [&'static str],
    pub challenge: Option<String>,
}

impl SignIn {
    /// For these scopes, as usual.
    pub fn to(scope: &'static str) -> Self {
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, VERIFIER.as_bytes()));
        Self { scope, claims: None, resources: &[], challenge: Some(challenge) }
    }
}

impl TestApp {
    /// Registers a business system; `change` replaces members of the usual
    /// metadata.
    pub async fn system(&self, change: Value) -> System {
        let mut metadata = json!({
            "client_name": "考生服务系统",
            "owner": "深圳市考试院",
            "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
            "token_endpoint_auth_method": "client_secret_basic",
            "scope": "openid profile phone realname unit offline_access users:read identity:check",
            "redirect_uris": [CALLBACK],
        });
        for (name, value) in change.as_object().unwrap() {
            metadata[name] = value.clone();
        }
        let metadata: Metadata = serde_json::from_value(metadata).unwrap();
        let ctx = self.ctx();
        let made = ctx.write(move |tx| -> Result<_, DbFault> {
            let client = clients::create(tx, metadata)?;
            let (_, secret) = clients::add_secret(tx, client.id, chrono::TimeDelta::zero())?;
            Ok(System { id: client.id.to_string(), secret })
        });
        made.await.unwrap()
    }

    /// The registered client.
    pub async fn registered(&self, system: &System) -> clients::Client {
        let id = system.id.parse().unwrap();
        self.core.db.read(move |conn| clients::find(conn, id)).await.unwrap().unwrap()
    }

    /// Changes what is known of a client.
    pub async fn change_system(
        &self,
        system: &System,
        change: impl FnOnce(&mut clients::Client) + Send + 'static,
    ) {
        let (mut client, now) = (self.registered(system).await, self.now());
        change(&mut client);
        let saved = self.core.db.write(move |conn| -> Result<bool, DbFault> {
            clients::set_state(conn, (client.id, client.state), now)?;
            clients::set_metadata(conn, (client.id, &client.metadata), now)
        });
        assert!(saved.await.unwrap());
    }

    /// A code for an account's sign-in, as the person's browser would bring it.
    pub async fn code_for(&self, system: &System, account: &Value, sign_in: SignIn) -> String {
        let account: AccountId = account["id"].as_str().unwrap().parse().unwrap();
        let client = self.registered(system).await;
        let ctx = self.ctx();
        let made = ctx.write(move |tx| -> Result<_, DbFault> {
            let occasion = Occasion {
                session: SessionId::new(tx.now, &*tx.core.entropy)?,
                account,
                auth_time: tx.now,
                expires_at: tx.now + chrono::TimeDelta::hours(12),
            };
            let claims = sign_in.claims.map(|claims| claims.to_string());
            let terms = Terms {
                scopes: Scopes::parse(sign_in.scope),
                claims,
                resources: sign_in.resources.iter().map(|one| (*one).to_owned()).collect(),
            };
            let grant = grants::begin(tx, &client, &occasion, terms)?;
            let code = NewCode {
                redirect_uri: CALLBACK.to_owned(),
                code_challenge: sign_in.challenge,
                nonce: Some("a-nonce".to_owned()),
            };
            grants::issue_code(tx, &grant, &code)
        });
        made.await.unwrap()
    }

    /// Lets an operator decide about a unit.
    pub async fn decide_unit(&self, account: &Value, state: UnitState) {
        let account: AccountId = account["id"].as_str().unwrap().parse().unwrap();
        let ctx = self.ctx();
        let decided = ctx.write(move |tx| accounts::decide_unit(tx, account, state, None));
        decided.await.unwrap();
    }

    /// A code for the usual scopes.
    pub async fn code(&self, system: &System, account: &Value) -> String {
        self.code_for(system, account, SignIn::to("openid profile phone realname")).await
    }
}

impl Client<'_> {
    /// Sends a form.
    pub async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(self.request(Method::POST, path).form(fields)).await
    }

    /// Sends a form of a system that proves itself by its secret.
    pub async fn form_of(&self, system: &System, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = self.request(Method::POST, path).form(fields);
        self.send(request.basic_auth(&system.id, Some(&system.secret))).await
    }

    /// Trades a code.
    pub async fn exchange(&self, system: &System, code: &str) -> Answer {
        self.form_of(system, "/oauth2/token", &exchange(code)).await
    }

    /// Trades a refresh token.
    pub async fn refresh(&self, system: &System, tokens: &Value) -> Answer {
        let token = tokens["refresh_token"].as_str().unwrap();
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
        self.form_of(system, "/oauth2/token", &fields).await
    }

    /// A token of a system for itself.
    pub async fn credentials(&self, system: &System) -> Answer {
        self.form_of(system, "/oauth2/token", &[("grant_type", "client_credentials")]).await
    }

    /// Asks with a token.
    pub async fn get_with(&self, token: &str, path: &str) -> Answer {
        self.send(self.request(Method::GET, path).bearer_auth(token)).await
    }

    /// What a person has let a system see.
    pub async fn userinfo(&self, tokens: &Value) -> Answer {
        self.get_with(tokens["access_token"].as_str().unwrap(), "/oauth2/userinfo").await
    }

    /// Asks about a token.
    pub async fn introspect(&self, system: &System, token: &Value) -> Answer {
        let fields = [("token", token.as_str().unwrap())];
        self.form_of(system, "/oauth2/introspect", &fields).await
    }
}

/// The form of an exchange.
pub fn exchange(code: &str) -> [(&'static str, &str); 4] {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ]
}
