//! Somebody who talks to the server, with a browser's cookies.

use std::{cell::RefCell, collections::BTreeMap};

use reqwest::{
    Method, RequestBuilder,
    header::{CONTENT_TYPE, COOKIE, ORIGIN, SET_COOKIE},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Answer, Person, TestApp, contract, unit};

/// The password of everybody.
pub const PASSWORD: &str = "lychee park fog 7";

const VERSION: &str = "2026-11-01";

/// The state of a client, with which another one can continue.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Browser {
    cookies: BTreeMap<String, String>,
    flow: String,
    recovery: String,
}

/// A browser (cookies, `Origin`) or, without an origin, an app.
pub struct Client<'a> {
    pub(super) app: &'a TestApp,
    http: reqwest::Client,
    cookies: RefCell<BTreeMap<String, String>>,
    /// Id of the registration that was started last.
    flow: RefCell<String>,
    /// Id of the recovery that was begun last.
    pub(super) recovery: RefCell<String>,
    /// Sent as `Origin`.
    pub origin: Option<String>,
    /// Sent as `X-Forwarded-For`.
    pub address: Option<String>,
    /// Sent as `Authorization: Bearer`.
    pub bearer: Option<String>,
}

impl<'a> Client<'a> {
    pub fn new(app: &'a TestApp) -> Self {
        // One for the whole process; a second time does nothing.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        Self {
            app,
            http: reqwest::Client::builder()
                .no_proxy()
                .tls_certs_only([])
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .unwrap(),
            cookies: RefCell::default(),
            flow: RefCell::default(),
            recovery: RefCell::default(),
            origin: Some(app.base.clone()),
            address: None,
            bearer: None,
        }
    }

    /// The state to continue with.
    pub fn browser(&self) -> Browser {
        Browser {
            cookies: self.cookies.borrow().clone(),
            flow: self.flow(),
            recovery: self.recovery.borrow().clone(),
        }
    }

    /// Continues with the state of another client.
    pub fn take_over(&self, browser: &Browser) {
        self.cookies.replace(browser.cookies.clone());
        self.flow.replace(browser.flow.clone());
        self.recovery.replace(browser.recovery.clone());
    }

    /// The value of a cookie, if there is one.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.borrow().get(name).cloned()
    }

    /// Puts a cookie into the browser by hand.
    pub fn set_cookie(&self, name: &str, value: &str) {
        self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
    }

    /// Forgets every cookie.
    pub fn clear_cookies(&self) {
        self.cookies.borrow_mut().clear();
    }

    /// Id of the registration that was started last.
    pub fn flow(&self) -> String {
        self.flow.borrow().clone()
    }

    /// `/api/v1/registrations/{id}/<step>` of the registration started last.
    pub fn step(&self, step: &str) -> String {
        format!("/api/v1/registrations/{}/{step}", self.flow()).trim_end_matches('/').to_owned()
    }

    /// A request with everything that a browser adds.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut request = self.http.request(method, format!("{}{path}", self.app.base));
        if let Some(origin) = &self.origin {
            request = request.header(ORIGIN, origin);
        }
        if let Some(address) = &self.address {
            request = request.header("x-forwarded-for", address);
        }
        if let Some(token) = &self.bearer {
            request = request.bearer_auth(token);
        }
        let cookies = self.cookies.borrow();
        if !cookies.is_empty() {
            let pairs: Vec<_> =
                cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(COOKIE, pairs.join("; "));
        }
        request
    }

    /// Sends a request and keeps the cookies of its answer.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        self.execute(request.build().unwrap()).await
    }

    /// Sends a finished request.
    pub async fn execute(&self, request: reqwest::Request) -> Answer {
        let asked = format!("{} {}", request.method(), request.url());
        let (method, path) = (request.method().clone(), request.url().path().to_owned());
        let response =
            self.http.execute(request).await.unwrap_or_else(|e| panic!("{asked}: {e:?}"));
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        for cookie in headers.get_all(SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            let mut cookies = self.cookies.borrow_mut();
            if value.is_empty() {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let body = response.bytes().await.unwrap().to_vec();
        let answer = Answer { status, headers, body, asked };
        contract::check(method.as_str(), &path, &answer);
        answer
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(&body)).await
    }

    /// A request with an `Idempotency-Key`.
    pub async fn post_once(&self, key: &str, path: &str, body: Value) -> Answer {
        let request = self.request(Method::POST, path).header("idempotency-key", key);
        self.send(request.json(&body)).await
    }

    /// A request with a body of any bytes.
    pub async fn raw(&self, (method, path): (Method, &str), kind: &str, body: Vec<u8>) -> Answer {
        self.send(self.request(method, path).header(CONTENT_TYPE, kind).body(body)).await
    }

    /// A new captcha, as its issuer described it.
    pub async fn new_captcha(&self) -> Value {
        self.send(self.request(Method::POST, "/api/v1/captchas")).await.ok(201)
    }

    /// A solved captcha, as a form sends it.
    pub async fn captcha(&self) -> Value {
        let id = self.new_captcha().await["id"].clone();
        let path = format!("/sandbox/v1/captchas/{}", id.as_str().unwrap());
        let answer = self.get(&path).await.ok(200)["answer"].clone();
        json!({ "id": id, "answer": answer })
    }

    /// The body of step 1.
    pub async fn start_body(&self, username: &str) -> Value {
        json!({
            "username": username, "password": PASSWORD, "password_confirmation": PASSWORD,
            "captcha": self.captcha().await,
            "consents": { "user_agreement": VERSION, "privacy_notice": VERSION, "bank_check": VERSION },
        })
    }

    /// The body of a change of username and password.
    pub async fn credentials_body(&self, username: &str, password: &str) -> Value {
        json!({
            "username": username, "password": password, "password_confirmation": password,
            "captcha": self.captcha().await,
        })
    }

    /// Step 1 with any body.
    pub async fn start_with(&self, body: Value) -> Answer {
        let answer = self.post("/api/v1/registrations", body).await;
        if answer.status == 201 {
            let id = answer.json()["id"].as_str().unwrap().to_owned();
            self.flow.replace(id);
        }
        answer
    }

    /// Step 1, done.
    pub async fn start(&self, username: &str) -> Value {
        self.start_with(self.start_body(username).await).await.ok(201)
    }

    /// Step 2.
    pub async fn identity(&self, person: &Person) -> Answer {
        self.put(&self.step("identity"), person.identity()).await
    }

    /// Step 3, first half.
    pub async fn bank(&self, person: &Person) -> Answer {
        self.post(&self.step("bank-verification"), person.bank()).await
    }

    /// Step 3, second half.
    pub async fn confirm(&self, code: &str) -> Answer {
        self.post(&self.step("confirmation"), json!({ "code": code })).await
    }

    /// The registration as it stands.
    pub async fn draft(&self) -> Value {
        self.get("/api/v1/registrations/current").await.ok(200)
    }

    /// Sends what waits and reads the newest code in a phone.
    pub async fn last_sms(&self, phone: &str) -> String {
        self.app.run_outbox().await;
        let inbox = self.get(&format!("/sandbox/v1/sms?phone={phone}")).await.ok(200);
        // News may have come since.
        let mut messages = inbox["items"].as_array().unwrap().iter();
        let newest = messages.find_map(|message| message["code"].as_str());
        newest.expect("a message with a code").to_owned()
    }

    /// Sends what waits and reads everything in a phone, the newest first.
    pub async fn inbox(&self, phone: &str) -> Vec<Value> {
        self.app.run_outbox().await;
        let inbox = self.get(&format!("/sandbox/v1/sms?phone={phone}")).await.ok(200);
        inbox["items"].as_array().unwrap().clone()
    }

    /// Sends what waits and returns the texts of the news in a phone.
    pub async fn notices(&self, phone: &str) -> Vec<String> {
        let items = self.inbox(phone).await;
        let news = items.iter().filter(|one| one["purpose"] == "notice");
        news.map(|one| one["text"].as_str().unwrap().to_owned()).collect()
    }

    /// Registers and signs in.
    pub async fn join(&self, person: &Person, username: &str) -> Value {
        let account = self.register(person, username).await;
        self.sign_in(username).await;
        account
    }

    /// Enters the password again.
    pub async fn check_password(&self, password: &str) -> Answer {
        let body = json!({ "password": password });
        self.post("/api/v1/sessions/current/password-check", body).await
    }

    /// Tells the sandbox's bank of somebody, or of something new about him.
    pub async fn introduce(&self, person: &Person) {
        self.post("/sandbox/v1/cardholders", json!(person)).await.ok(201);
    }

    /// Steps 1 and 2, done.
    pub async fn up_to_bank(&self, person: &Person, username: &str) {
        self.start(username).await;
        self.identity(person).await.ok(200);
    }

    /// Everything up to the code, which is returned.
    pub async fn up_to_code(&self, person: &Person, username: &str) -> String {
        self.up_to_bank(person, username).await;
        self.bank(person).await.ok(200);
        self.last_sms(&person.phone).await
    }

    /// Steps 1 and 2 of a unit, done; the agent comes next.
    pub async fn up_to_agent(&self, credit_code: &str, username: &str) {
        let mut body = self.start_body(username).await;
        body["user_type"] = json!("unit");
        self.start_with(body).await.ok(201);
        self.put(&self.step("unit"), unit(credit_code)).await.ok(200);
    }

    /// The whole registration of a unit; returns the new account.
    pub async fn register_unit(&self, credit_code: &str, agent: &Person, username: &str) -> Value {
        self.up_to_agent(credit_code, username).await;
        self.identity(agent).await.ok(200);
        self.bank(agent).await.ok(200);
        let code = self.last_sms(&agent.phone).await;
        self.confirm(&code).await.ok(201)["account"].clone()
    }

    /// The whole registration; returns the new account.
    pub async fn register(&self, person: &Person, username: &str) -> Value {
        let code = self.up_to_code(person, username).await;
        self.confirm(&code).await.ok(201)["account"].clone()
    }

    /// The body of a login.
    pub async fn login_body(&self, username: &str, password: &str) -> Value {
        json!({ "username": username, "password": password, "captcha": self.captcha().await })
    }

    /// A login with any password.
    pub async fn try_sign_in(&self, username: &str, password: &str) -> Answer {
        self.post("/api/v1/sessions", self.login_body(username, password).await).await
    }

    /// A login with the right password, done; returns the session.
    pub async fn sign_in(&self, username: &str) -> Value {
        self.try_sign_in(username, PASSWORD).await.ok(201)["session"].clone()
    }

    /// Tokens for an app.
    pub async fn tokens(&self, username: &str) -> Value {
        self.post("/api/v1/tokens", self.login_body(username, PASSWORD).await).await.ok(201)
    }

    /// Makes the bank or the gateway misbehave.
    pub async fn behaviour(&self, port: &str, behaviour: Value) {
        self.put(&format!("/sandbox/v1/{port}/behaviour"), behaviour).await.ok(200);
    }
}
