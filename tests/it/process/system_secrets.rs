//! What somebody reads who steals the database or the logs of a provider that
//! business systems use: no key to anything, and no person.

use std::{collections::BTreeMap, fs, time::Duration};

use reqwest::{Method, RequestBuilder, header::LOCATION};
use serde_json::{Value, json};
use shiming::kernel::{Clock, SystemClock};

use super::{
    CHEAP_HASHING,
    operator::said,
    program::{Engine, PASSWORD, Person, Server, Visitor},
    runtime,
    secrets::stored,
};
use crate::support::{
    jose::EC,
    receiver::Receiver,
    systems::{CHALLENGE, VERIFIER, hidden, parameter},
};

const USERNAME: &str = "somebody-registered";
const CALLBACK: &str = "https://ks.example.gov.cn/callback";
const BYE: &str = "https://ks.example.gov.cn/bye";
const SCOPE: &str = "openid profile phone realname offline_access users:read identity:check \
                     webhooks:manage";
const STATE: &str = "a-state-of-the-system";
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What is sent along and lies in the database as it is. None of it opens
/// anything, nor tells whom it is about.
const ALLOWED: [(&str, &str); 5] = [
    ("nonce", "a-nonce-of-the-system"), // for the client only, to compare
    ("code_challenge", CHALLENGE),      // a hash of what is secret
    ("redirect_uri", CALLBACK),         // registered, and no secret
    ("purpose", "事业单位公开招聘资格审核"), // shown to the person as it is
    ("username", USERNAME),             // chosen, shown, and looked for
];

/// A business system, the person who signs in to it, and what must be found
/// nowhere afterwards.
struct Life {
    server: Server,
    receiver: Receiver,
    visitor: Visitor,
    http: reqwest::Client,
    person: Person,
    secrets: BTreeMap<String, String>,
    /// Everything that lay in the database, at several moments: much is deleted.
    stored: String,
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}")).to_owned()
}

/// An address with a query.
fn at(path: &str, query: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    format!("{path}?{query}")
}

/// A part of a secret that is long enough to be no chance. Of a JWT, the
/// signature: what comes before it is encoded, and opens nothing. A long one
/// may be cut by the pages of a database file.
fn telling(secret: &str) -> &str {
    let part = secret.rsplit('.').next().unwrap();
    part.get(..32).unwrap_or(part)
}

impl Life {
    fn begin() -> Self {
        let settings = [
            ("SHIMING__LOG__FILTER", "trace"),
            ("SHIMING__WEBHOOKS__ALLOWED_NETWORKS", "127.0.0.0/8"),
        ];
        let server = Server::start(Engine::of_tests(), &[&CHEAP_HASHING[..], &settings].concat());
        let visitor = Visitor::new(&server.base);
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let (receiver, person) = (Receiver::start(), Person::new(78));
        let (secrets, stored) = (BTreeMap::new(), String::new());
        Self { server, receiver, visitor, http, person, secrets, stored }
    }

    fn secret(&mut self, what: &str, secret: impl Into<String>) {
        self.secrets.insert(what.to_owned(), secret.into());
    }

    /// Looks at the database as it is.
    async fn look(&mut self) {
        let stored = stored(&self.server).await;
        self.stored.push_str(&String::from_utf8_lossy(&stored));
    }

    /// Registers a business system at the command line; what it says of it goes
    /// to the operator, and nowhere else.
    fn register(&self, metadata: &Value) -> Value {
        let file = self.server.folder.path().join("metadata.json");
        fs::write(&file, metadata.to_string()).unwrap();
        let arguments = ["clients", "create", "--file", file.to_str().unwrap()];
        let made = serde_json::from_str(&said(&self.server, &arguments)).unwrap();
        fs::remove_file(file).unwrap();
        made
    }

    fn to(&self, path: &str) -> RequestBuilder {
        self.http.post(format!("{}{path}", self.server.base))
    }

    /// Sends a request of the system that must succeed.
    async fn ask(&self, request: RequestBuilder, status: u16) -> Value {
        let answer = request.send().await.unwrap();
        let (found, text) = (answer.status().as_u16(), answer.text().await.unwrap());
        assert_eq!(found, status, "{text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// The person signs in and allows everything, without scripts; returns the
    /// code.
    async fn sign_in(&mut self, system: &System) -> String {
        let form = |path: &str, fields: &[(&str, &str)]| {
            self.visitor.request(Method::POST, path).form(fields)
        };
        let pushed = [
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "openid profile phone realname offline_access"),
            ("state", STATE),
            ("nonce", ALLOWED[0].1),
            ("login_hint", &self.person.phone),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        let pushed = self.ask(system.proves(self.to("/oauth2/par")).form(&pushed), 201).await;
        let request_uri = text(&pushed, "request_uri");
        let query = [("client_id", &*system.id), ("request_uri", &*request_uri)];
        let came = self.visitor.get(&at("/oauth2/authorize", &query)).await.unwrap();
        let id = came.headers[LOCATION].to_str().unwrap().strip_prefix("/authorize/").unwrap();
        let page = format!("/oauth2/plain/{}", id.split('?').next().unwrap());
        let shown = self.visitor.get(&page).await.unwrap().text;
        let captcha = hidden(&shown, "captcha_id");
        let path = format!("/sandbox/v1/captchas/{captcha}");
        let answer = text(&self.visitor.get(&path).await.unwrap().ok(200), "answer");
        let token = hidden(&shown, "token");
        let filled_in = [
            ("token", &*token),
            ("captcha_id", &*captcha),
            ("captcha_answer", &*answer),
            ("username", USERNAME),
            ("password", PASSWORD),
        ];
        let signed_in = form(&format!("{page}/sign-in"), &filled_in);
        assert_eq!(self.visitor.exchange(signed_in).await.unwrap().status, 303);
        let shown = self.visitor.get(&page).await.unwrap().text;
        let (decided, confirmation) = (hidden(&shown, "token"), hidden(&shown, "confirmation"));
        let allowed =
            [("token", &*decided), ("confirmation", &*confirmation), ("decision", "allow")];
        let allowed = form(&format!("{page}/decision"), &allowed);
        let allowed = self.visitor.exchange(allowed).await.unwrap();
        let code = parameter(allowed.headers[LOCATION].to_str().unwrap(), "code").unwrap();
        self.secret("request_uri", request_uri.rsplit(':').next().unwrap());
        self.secret("id of the request", page.rsplit('/').next().unwrap());
        self.secret("token of the form", token);
        self.secret("confirmation", confirmation);
        for (name, value) in self.visitor.cookies() {
            // A session has a name and a secret; the name stands in the trail.
            self.secret(&format!("cookie {name}"), value);
        }
        self.secret("code", &*code);
        code
    }

    /// What the system does with the code, and for itself.
    async fn use_up(&mut self, system: &System, code: &str) -> (String, String) {
        let grant = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let tokens = self.ask(system.proves(self.to("/oauth2/token")).form(&grant), 200).await;
        let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
        let userinfo = self.http.get(format!("{}/oauth2/userinfo", self.server.base));
        let seen = self.ask(userinfo.bearer_auth(&access), 200).await;
        assert_eq!(seen["name"], json!(self.person.name));
        let grant = [("grant_type", "refresh_token"), ("refresh_token", &*refresh)];
        let next = self.ask(system.proves(self.to("/oauth2/token")).form(&grant), 200).await;
        for (path, token) in [
            ("/oauth2/introspect", &*access),
            ("/oauth2/introspect", &*refresh),
            ("/oauth2/revoke", &*access),
        ] {
            self.ask(system.proves(self.to(path)).form(&[("token", token)]), 200).await;
        }
        let id_token = text(&tokens, "id_token");
        self.secret("access token", access);
        self.secret("refresh token", &*refresh);
        self.secret("next access token", text(&next, "access_token"));
        self.secret("next refresh token", text(&next, "refresh_token"));
        self.secret("ID token", &*id_token);
        (id_token, refresh)
    }

    /// Asks about people, and where to be told of them.
    async fn integrate(&mut self, system: &System) {
        let grant = [("grant_type", "client_credentials")];
        let own = self.ask(system.proves(self.to("/oauth2/token")).form(&grant), 200).await;
        let token = text(&own, "access_token");
        let stranger = Person::new(79);
        for (name, number) in [
            (&*self.person.name, &self.person.document_number),
            ("司徒空空", &stranger.document_number),
        ] {
            let question = json!({
                "name": name, "document_type": "RESIDENT_ID", "document_number": number,
                "purpose": ALLOWED[3].1,
            });
            let request = self.to("/api/v1/identity-checks").bearer_auth(&token);
            self.ask(request.json(&question), 200).await;
        }
        let hook = json!({ "url": self.receiver.url("/hook"), "kinds": ["phone.changed"] });
        let made = self.ask(self.to("/api/v1/webhooks").bearer_auth(&token).json(&hook), 201).await;
        let path = format!("/api/v1/webhooks/{}/secret", text(&made["webhook"], "id"));
        let next = self.ask(self.to(&path).bearer_auth(&token).json(&json!({})), 201).await;
        for (what, secret) in [("webhook secret", &made), ("next webhook secret", &next)] {
            let secret = text(secret, "secret");
            self.secret(what, secret.strip_prefix("whsec_").unwrap());
        }
        self.secret("token of the system", token);
        self.secret("name that was asked about", "司徒空空");
        self.secret("document that was asked about", stranger.document_number);
    }

    /// A phone changes, and the systems are told.
    async fn change_phone(&mut self) {
        const CHANGE: &str = "/api/v1/account/change";
        let moved = Person { phone: "13612349876".to_owned(), ..self.person.clone() };
        self.visitor.introduce(&moved).await.unwrap();
        let body = json!({ "phone": moved.phone });
        self.visitor.post(CHANGE, &body).await.unwrap().ok(200);
        let code = self.visitor.code(&moved.phone).await.unwrap();
        let path = format!("{CHANGE}/confirmation");
        self.visitor.post(&path, &json!({ "code": code })).await.unwrap().ok(200);
        self.secret("new phone", moved.phone);
        let signature = self.told("/hook").await;
        self.secret("signature of an event", signature.0.split(',').next_back().unwrap());
    }

    /// Waits until the system is told something; its signature and its body.
    async fn told(&self, path: &str) -> (String, String) {
        for _ in 0..6000 {
            let received = self.receiver.received();
            if let Some(one) = received.iter().find(|one| one.line.ends_with(path)) {
                let mut headers = one.headers.iter();
                let signature = headers.find(|(name, _)| name == "webhook-signature");
                let signature = signature.map(|(_, value)| value.clone()).unwrap_or_default();
                return (signature, one.body.clone());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("nothing came to {path}: {}", self.server.log());
    }

    /// The system has the person signed out, and ends what it still may do.
    async fn sign_out(&mut self, system: &System, (id_token, refresh): (&str, &str)) {
        let wish = [("id_token_hint", id_token), ("post_logout_redirect_uri", BYE)];
        let ended = self.visitor.get(&at("/oauth2/logout", &wish)).await.unwrap();
        assert_eq!(ended.status, 303);
        let (_, body) = self.told("/backchannel").await;
        self.secret("logout token", body.strip_prefix("logout_token=").unwrap());
        let revoked = system.proves(self.to("/oauth2/revoke")).form(&[("token", refresh)]);
        self.ask(revoked, 200).await;
    }

    /// A system with a key, an app, and somebody who guesses.
    async fn others(&mut self, system: &System) {
        let key = json!({
            "client_name": "网上办事", "owner": "市人社局", "grant_types": ["client_credentials"],
            "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [EC.jwk("ec")] },
            "scope": "users:read",
        });
        let signing = text(&self.register(&key)["client"], "id");
        let now = SystemClock.now().timestamp();
        let jti = "an-id-of-an-assertion";
        let claims = json!({
            "iss": signing, "sub": signing, "aud": self.server.base, "jti": jti,
            "iat": now, "exp": now + 60,
        });
        let assertion = EC.sign(&json!({ "alg": "ES256", "kid": "ec" }), &claims);
        let proof = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", ASSERTION),
            ("client_assertion", &*assertion),
        ];
        self.ask(self.to("/oauth2/token").form(&proof), 200).await;
        let guess = "a-guess-at-the-secret-of-a-system";
        let wrong = System { id: system.id.clone(), secret: guess.to_owned() };
        let grant = [("grant_type", "client_credentials")];
        self.ask(wrong.proves(self.to("/oauth2/token")).form(&grant), 401).await;
        let login = self.visitor.login_body(USERNAME).await.unwrap();
        let of_app = self.visitor.post("/api/v1/tokens", &login).await.unwrap().ok(201);
        self.secret("access token of an app", text(&of_app, "access_token"));
        self.secret("refresh token of an app", text(&of_app, "refresh_token"));
        self.secret("assertion", assertion);
        self.secret("id of an assertion", jti);
        self.secret("guess", guess);
    }
}

struct System {
    id: String,
    secret: String,
}

impl System {
    fn proves(&self, request: RequestBuilder) -> RequestBuilder {
        request.basic_auth(&self.id, Some(&self.secret))
    }
}

#[test]
fn neither_database_nor_logs_hold_a_key_to_anything() {
    let mut life = Life::begin();
    let metadata = json!({
        "client_name": "考生服务系统", "owner": "深圳市考试院", "scope": SCOPE,
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        "token_endpoint_auth_method": "client_secret_basic", "document_number": "full",
        "redirect_uris": [CALLBACK], "post_logout_redirect_uris": [BYE],
        "backchannel_logout_uri": life.receiver.url("/backchannel"),
    });
    let made = life.register(&metadata);
    let system = System { id: text(&made["client"], "id"), secret: text(&made, "client_secret") };
    let rotated = said(&life.server, &["clients", "rotate-secret", &system.id]);
    let rotated: Value = serde_json::from_str(&rotated).unwrap();
    life.secret("client secret", &*system.secret);
    life.secret("next client secret", text(&rotated, "client_secret"));
    let person = life.person.clone();
    for (what, secret) in [
        ("name", &*person.name),
        ("document number", &*person.document_number),
        ("card number", &*person.card_number),
        ("phone", &*person.phone),
        ("birth date", &person.document_number[6..14]),
        ("birth date, as claims have it", &*person.birth_date),
        ("password", PASSWORD),
        ("state", STATE),
        ("code verifier", VERIFIER),
    ] {
        life.secret(what, secret);
    }
    runtime().block_on(async {
        life.visitor.introduce(&person).await.unwrap();
        life.visitor.register(&person, USERNAME).await.unwrap();
        life.look().await;
        let code = life.sign_in(&system).await;
        life.look().await;
        let (id_token, refresh) = life.use_up(&system, &code).await;
        life.integrate(&system).await;
        life.change_phone().await;
        life.others(&system).await;
        life.look().await;
        life.sign_out(&system, (&id_token, &refresh)).await;
        life.look().await;
    });
    life.found_nowhere(&system.id);
}

impl Life {
    fn found_nowhere(&self, client_id: &str) {
        let log = self.server.log();
        let holds = |text: &str, needle: &str| {
            text.contains(needle)
                || text.contains(&shiming::tools::crypto::blind::hex(needle.as_bytes()))
        };
        assert!(self.secrets.len() > 35, "{:?}", self.secrets.keys());
        for (what, secret) in &self.secrets {
            let part = telling(secret);
            assert!(!part.is_empty(), "{what}");
            assert!(!holds(&self.stored, part), "{what} lies in the database: {part}");
            assert!(!holds(&log, part), "{what} lies in the log: {part}");
        }
        // The search finds what may lie there.
        for (what, value) in ALLOWED {
            assert!(holds(&self.stored, value), "{what} is not found in the database");
            assert!(!holds(&log, value), "{what} lies in the log");
        }
        assert!(holds(&self.stored, client_id));
        for present in ["TRACE", "/oauth2/token", "/api/v1/identity-checks"] {
            assert!(log.contains(present), "no {present} in the log");
        }
    }
}
