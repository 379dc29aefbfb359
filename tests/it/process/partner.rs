//! A business system that talks to the program, which may be dead at any moment.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{
    operator::said,
    program::{Reply, Server, Visitor, visitor::Lost},
};

/// Where people are sent back to.
pub const CALLBACK: &str = "https://ks.example.gov.cn/callback";
/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// Nobody waits longer than this for an answer.
const PATIENCE: Duration = Duration::from_secs(120);

/// Asks until somebody answers: a program that is killed may be busy, too.
pub async fn answered<F>(mut ask: impl FnMut() -> F) -> Reply
where
    F: Future<Output = Result<Reply, Lost>>,
{
    let began = Instant::now();
    loop {
        assert!(began.elapsed() < PATIENCE, "nobody answers");
        match ask().await {
            Ok(reply) if reply.status != 503 => return reply,
            _ => sleep(Duration::from_millis(20)).await,
        }
    }
}

/// A registered system that can keep a secret.
#[derive(Debug, Clone)]
pub struct Partner {
    http: reqwest::Client,
    base: String,
    pub id: String,
    secret: String,
}

impl Partner {
    /// Registers one at the command line.
    pub fn register(server: &Server, more: &[&str]) -> Self {
        let arguments = [&["clients", "create", "--name", "人事系统", "--owner", "市人社局"], more];
        let made: Value = serde_json::from_str(&said(server, &arguments.concat())).unwrap();
        // Which makes the process ready for connections.
        Visitor::new(&server.base);
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20));
        let secret = made["client_secret"].as_str().unwrap();
        let nobody = Self {
            http: http.build().unwrap(),
            base: server.base.clone(),
            id: String::new(),
            secret: String::new(),
        };
        nobody.as_another(&made["client"]["id"], secret)
    }

    /// Another system, or the same with another secret.
    pub fn as_another(&self, id: &Value, secret: &str) -> Self {
        let id = id.as_str().unwrap().to_owned();
        Self { id, secret: secret.to_owned(), ..self.clone() }
    }

    /// The same system, at another node.
    pub fn at(&self, server: &Server) -> Self {
        Self { base: server.base.clone(), ..self.clone() }
    }

    /// Sends a form, and proves who it is.
    pub async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Result<Reply, Lost> {
        let request = self.http.post(format!("{}{path}", self.base)).form(fields);
        Reply::to(request.basic_auth(&self.id, Some(&self.secret))).await
    }

    /// Asks for something with a token.
    pub async fn get(&self, token: &str, path: &str) -> Result<Reply, Lost> {
        Reply::to(self.http.get(format!("{}{path}", self.base)).bearer_auth(token)).await
    }

    /// Asks for something to be done once, with its `Idempotency-Key`, until
    /// there is an answer.
    pub async fn once(&self, token: &str, (path, body): (&str, &Value), key: &str) -> Reply {
        answered(|| {
            let request = self.http.request(Method::POST, format!("{}{path}", self.base));
            let request = request.bearer_auth(token).header("Idempotency-Key", key).json(body);
            Reply::to(request)
        })
        .await
    }

    /// A token for itself.
    pub async fn own_token(&self) -> String {
        let fields = [("grant_type", "client_credentials")];
        let issued = answered(|| self.form("/oauth2/token", &fields)).await.ok(200);
        issued["access_token"].as_str().unwrap().to_owned()
    }

    /// Trades a code.
    pub async fn exchange(&self, code: &str) -> Result<Reply, Lost> {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        self.form("/oauth2/token", &fields).await
    }

    /// Trades a refresh token.
    pub async fn refresh(&self, tokens: &Value) -> Result<Reply, Lost> {
        let token = tokens["refresh_token"].as_str().unwrap();
        self.form("/oauth2/token", &[("grant_type", "refresh_token"), ("refresh_token", token)])
            .await
    }

    /// Whether an access token opens what the person has let the system see.
    pub async fn sees(&self, tokens: &Value) -> bool {
        let token = tokens["access_token"].as_str().unwrap();
        let seen = answered(|| self.get(token, "/oauth2/userinfo")).await;
        assert!([200, 401].contains(&seen.status), "{} {}", seen.status, seen.body);
        seen.status == 200
    }
}

/// Somebody who is signed in comes from a system and allows what it asks for;
/// the code, when the answer has come.
pub async fn code_for(
    visitor: &Visitor,
    (client, scope): (&str, &str),
) -> Result<Option<String>, Lost> {
    let scope = scope.replace(' ', "%20");
    let path = format!(
        "/oauth2/authorize?client_id={client}&redirect_uri={CALLBACK}&response_type=code\
         &scope={scope}&code_challenge={CHALLENGE}&code_challenge_method=S256"
    );
    let came = visitor.get(&path).await?;
    let Some(location) = came.headers.get("location") else { return Ok(None) };
    let id = location.to_str().unwrap().strip_prefix("/authorize/").unwrap();
    let path = format!("/api/v1/authorizations/{id}");
    let confirmation = visitor.get(&path).await?.body["confirmation"].clone();
    let body = json!({ "decision": "allow", "confirmation": confirmation });
    let decided = visitor.post(&format!("{path}/decision"), &body).await?;
    let to = decided.body["redirect_to"].as_str();
    assert!(to.is_some() || [409, 503].contains(&decided.status), "{}", decided.body);
    let code = to.and_then(|to| to.split("code=").nth(1)?.split('&').next());
    Ok(code.map(str::to_owned))
}
