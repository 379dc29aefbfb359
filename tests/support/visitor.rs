//! Somebody with a browser. Every request may fail, for the server may die.

use std::{
    collections::BTreeMap,
    sync::Mutex,
    time::{Duration, Instant},
};

use reqwest::{
    Method, RequestBuilder,
    header::{COOKIE, HeaderMap, ORIGIN, SET_COOKIE},
};
use serde_json::{Value, json};

use super::{PASSWORD, Person};

/// What came back.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
    /// The body as it came: pages are no JSON.
    pub text: String,
}

impl Reply {
    /// To a request that nothing else is kept of.
    pub async fn to(request: RequestBuilder) -> Result<Self, Lost> {
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Ok(Self { status, headers, body, text })
    }

    /// The body of a reply that must have this status.
    #[track_caller]
    pub fn ok(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }
}

/// A connection that broke.
pub type Lost = reqwest::Error;

/// A browser with its cookies.
#[derive(Debug)]
pub struct Visitor {
    http: reqwest::Client,
    base: String,
    cookies: Mutex<BTreeMap<String, String>>,
}

impl Visitor {
    pub fn new(base: &str) -> Self {
        // One for the whole process; a second time does nothing.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let http = reqwest::Client::builder()
            .no_proxy()
            // Reading the roots of the system takes longer than many a request,
            // and nothing here speaks TLS.
            .tls_certs_only([])
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(30))
            .build()
            .unwrap();
        Self { http, base: base.to_owned(), cookies: Mutex::default() }
    }

    /// Somebody else comes to this browser, or the same person with another one.
    pub fn forget_cookies(&self) {
        self.cookies.lock().unwrap().clear();
    }

    /// The cookies of this browser.
    pub fn cookies(&self) -> BTreeMap<String, String> {
        self.cookies.lock().unwrap().clone()
    }

    /// Where the server is.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Sends a request; `once` is an `Idempotency-Key`.
    pub async fn send(
        &self,
        (method, path): (Method, &str),
        body: Option<&Value>,
        once: Option<&str>,
    ) -> Result<Reply, Lost> {
        let mut request = self.request(method, path);
        if let Some(key) = once {
            request = request.header("Idempotency-Key", key);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        self.exchange(request).await
    }

    /// A request with what a browser adds.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        let request = request.header(ORIGIN, &self.base);
        let cookies: Vec<String> =
            self.cookies().iter().map(|(name, value)| format!("{name}={value}")).collect();
        if cookies.is_empty() { request } else { request.header(COOKIE, cookies.join("; ")) }
    }

    /// Sends a request, and keeps the cookies of its answer.
    pub async fn exchange(&self, request: RequestBuilder) -> Result<Reply, Lost> {
        let reply = Reply::to(request).await?;
        for cookie in reply.headers.get_all(SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned());
        }
        Ok(reply)
    }

    pub async fn get(&self, path: &str) -> Result<Reply, Lost> {
        self.send((Method::GET, path), None, None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Result<Reply, Lost> {
        self.send((Method::POST, path), Some(body), None).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Result<Reply, Lost> {
        self.send((Method::PUT, path), Some(body), None).await
    }

    /// A solved captcha, as a form sends it.
    pub async fn captcha(&self) -> Result<Value, Lost> {
        let made = self.send((Method::POST, "/api/v1/captchas"), None, None).await?.ok(201);
        let id = made["id"].as_str().unwrap();
        let solved = self.get(&format!("/sandbox/v1/captchas/{id}")).await?.ok(200);
        Ok(json!({ "id": id, "answer": solved["answer"] }))
    }

    /// The body of step 1.
    pub async fn start_body(&self, username: &str) -> Result<Value, Lost> {
        const VERSION: &str = "2026-11-01";
        Ok(json!({
            "username": username, "password": PASSWORD, "password_confirmation": PASSWORD,
            "captcha": self.captcha().await?,
            "consents": { "user_agreement": VERSION, "privacy_notice": VERSION, "bank_check": VERSION },
        }))
    }

    /// The body of a login.
    pub async fn login_body(&self, username: &str) -> Result<Value, Lost> {
        let captcha = self.captcha().await?;
        Ok(json!({ "username": username, "password": PASSWORD, "captcha": captcha }))
    }

    /// The newest code in a phone, once it is there. Who has waited long looks
    /// less often: many of them at once would be all that the server does.
    pub async fn code(&self, phone: &str) -> Result<String, Lost> {
        let (began, mut pause) = (Instant::now(), Duration::from_millis(5));
        loop {
            assert!(began.elapsed() < Duration::from_secs(120), "no code came");
            let inbox = self.get(&format!("/sandbox/v1/sms?phone={phone}")).await?.ok(200);
            if let Some(code) = inbox["items"][0]["code"].as_str() {
                return Ok(code.to_owned());
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(320));
        }
    }

    /// The whole registration, when nothing goes wrong.
    pub async fn register(&self, person: &Person, username: &str) -> Result<Value, Lost> {
        let body = self.start_body(username).await?;
        let draft = self.post("/api/v1/registrations", &body).await?.ok(201);
        let flow = format!("/api/v1/registrations/{}", draft["id"].as_str().unwrap());
        self.prove(&flow, person).await
    }

    /// The same for a unit; `unit` is the body of its step.
    pub async fn register_unit(
        &self,
        unit: &Value,
        agent: &Person,
        username: &str,
    ) -> Result<Value, Lost> {
        let mut body = self.start_body(username).await?;
        body["user_type"] = json!("unit");
        let draft = self.post("/api/v1/registrations", &body).await?.ok(201);
        let flow = format!("/api/v1/registrations/{}", draft["id"].as_str().unwrap());
        self.put(&format!("{flow}/unit"), unit).await?.ok(200);
        self.prove(&flow, agent).await
    }

    /// Steps 2 and 3 of a person.
    async fn prove(&self, flow: &str, person: &Person) -> Result<Value, Lost> {
        self.put(&format!("{flow}/identity"), &person.identity()).await?.ok(200);
        self.post(&format!("{flow}/bank-verification"), &person.bank()).await?.ok(200);
        let code = json!({ "code": self.code(&person.phone).await? });
        Ok(self.post(&format!("{flow}/confirmation"), &code).await?.ok(201))
    }

    /// Tells the sandbox's bank of somebody new.
    pub async fn introduce(&self, person: &Person) -> Result<(), Lost> {
        self.post("/sandbox/v1/cardholders", &person.cardholder()).await?.ok(201);
        Ok(())
    }
}
