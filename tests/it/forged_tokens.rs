//! Every door that takes a JWT, and everything that must not open it: what is
//! forged, mangled, out of its time, or meant for another door.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Answer, Client, TestApp,
    forgeries::Door,
    jose::{EC, Key, parts, with},
    oauth::ISSUER,
    person,
    systems::{Parameters, System, encoded},
};

const API: &str = "https://api.example";
const BYE: &str = "https://ks.example.gov.cn/bye";

/// What access tokens call themselves.
const ACCESS: [&str; 1] = ["at+jwt"];

/// Somebody who has signed in, here and at a system, and a good token of each
/// kind.
struct Stage<'a> {
    client: Client<'a>,
    system: System,
    tokens: BTreeMap<&'static str, String>,
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap().to_owned()
}

/// An assertion of a client that signs with [`EC`].
fn assertion(app: &TestApp, id: &str) -> String {
    let now = app.now();
    let claims = json!({
        "iss": id, "sub": id, "aud": ISSUER, "jti": now.to_rfc3339(),
        "iat": now.timestamp(), "exp": now.timestamp() + 60,
    });
    EC.sign(&json!({ "alg": "ES256", "kid": "ec", "typ": "JWT" }), &claims)
}

async fn stage<'a>(app: &'a TestApp, alg: &str) -> Stage<'a> {
    let client = app.client();
    client.join(&person("王小明"), "zhangsan").await;
    let system = System::register(
        app,
        json!({
            "id_token_signed_response_alg": alg,
            "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
            "scope": "openid profile phone realname offline_access users:read",
            "resources": [API],
        }),
    )
    .await;
    let code = client.code_for(&system.asks("openid realname")).await;
    let tokens = client.redeem(&system, &code).await;
    let of_app = app.client().tokens("zhangsan").await;
    let own = [("grant_type", "client_credentials")];
    let for_api = [("grant_type", "client_credentials"), ("resource", API)];
    let at = (&system, "/oauth2/token");
    let (own, for_api) =
        (client.ask(at, &own).await.ok(200), client.ask(at, &for_api).await.ok(200));
    let id_token = text(&tokens, "id_token");
    let tokens = BTreeMap::from([
        ("access token of an app", text(&of_app, "access_token")),
        ("refresh token of an app", text(&of_app, "refresh_token")),
        ("access token", text(&tokens, "access_token")),
        ("refresh token", text(&tokens, "refresh_token")),
        ("token of the system", text(&own, "access_token")),
        ("token for an API", text(&for_api, "access_token")),
        ("logout token", logout_token(app, &id_token)),
        ("ID token", id_token),
        ("assertion", assertion(app, &system.id.to_string())),
        ("code", client.code_for(&system.asks("openid")).await),
    ]);
    Stage { client, system, tokens }
}

/// The logout token that goes with an ID token.
fn logout_token(app: &TestApp, id_token: &str) -> String {
    let (header, claims, _) = parts(id_token);
    let said = json!({
        "iss": ISSUER, "aud": claims["aud"], "iat": claims["iat"], "exp": claims["exp"],
        "jti": "0193e0c0-0000-7000-8000-000000000000", "sub": claims["sub"], "sid": claims["sid"],
        "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
    });
    let header = with(&header, "typ", json!("logout+jwt"));
    Key::of(app, id_token).sign(&header, &said)
}

impl Stage<'_> {
    /// The token of one kind.
    fn token(&self, kind: &str) -> &str {
        &self.tokens[kind]
    }

    /// Those of all kinds but these.
    fn but(&self, kinds: &[&str]) -> Vec<(&'static str, String)> {
        let others = self.tokens.iter().filter(|(kind, _)| !kinds.contains(kind));
        others.map(|(kind, token)| (*kind, token.clone())).collect()
    }

    /// The system asks about a token.
    async fn ask(&self, path: &str, token: &str) -> Answer {
        self.client.ask((&self.system, path), &[("token", token)]).await
    }

    /// A request that is answered without bothering anybody, with a hint.
    fn silently(&self, hint: &str) -> Parameters {
        self.system.asks_with("openid", &[("prompt", "none"), ("id_token_hint", hint)])
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn userinfo() {
    for alg in ["RS256", "ES256", "EdDSA"] {
        let app = TestApp::start();
        let stage = stage(&app, alg).await;
        let (client, token) = (&stage.client, stage.token("access token"));
        let by_form =
            async |token: &str| client.form("/oauth2/userinfo", &[("access_token", token)]).await;
        let door = Door {
            token,
            key: &Key::of(&app, token),
            types: &ACCESS,
            free: &[],
            others: stage.but(&["access token"]),
        };
        door.holds(
            async |what: &str, token: &str| {
                for answer in
                    [client.get_with(token, "/oauth2/userinfo").await, by_form(token).await]
                {
                    assert_eq!(answer.status, 401, "{alg}, {what}: {}", answer.text());
                    answer.oauth(401, "invalid_token");
                }
            },
            async |token: &str| {
                assert!(
                    client.get_with(token, "/oauth2/userinfo").await.ok(200)["sub"].is_string()
                );
                by_form(token).await.ok(200);
            },
        )
        .await;
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_is_for_apps() {
    let app = TestApp::start();
    let stage = stage(&app, "EdDSA").await;
    let (mut client, token) = (app.client(), stage.token("access token of an app"));
    client.origin = None;
    let door = Door {
        token,
        key: &Key::of(&app, token),
        types: &ACCESS,
        free: &[],
        others: stage.but(&["access token of an app"]),
    };
    door.holds(
        async |what: &str, token: &str| {
            for path in ["/api/v1/account", "/api/v1/sessions"] {
                let answer = client.get_with(token, path).await;
                assert_eq!(answer.status, 401, "{what}: {}", answer.text());
                answer.problem(401, "not_signed_in");
            }
            let ending = client.request(Method::DELETE, "/api/v1/sessions/current");
            client.send(ending.bearer_auth(token)).await.problem(401, "not_signed_in");
        },
        async |token: &str| {
            let account = client.get_with(token, "/api/v1/account").await.ok(200);
            assert_eq!(account["username"], "zhangsan");
        },
    )
    .await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_is_for_systems() {
    let app = TestApp::start();
    let stage = stage(&app, "ES256").await;
    let (client, token) = (app.client(), stage.token("token of the system"));
    let door = Door {
        token,
        key: &Key::of(&app, token),
        types: &ACCESS,
        free: &[],
        others: stage.but(&["token of the system"]),
    };
    door.holds(
        async |what: &str, token: &str| {
            for path in ["/api/v1/changes", "/api/v1/clients"] {
                let answer = client.get_with(token, path).await;
                assert_eq!(answer.status, 401, "{what}: {}", answer.text());
                answer.problem(401, "token_invalid");
            }
        },
        async |token: &str| {
            client.get_with(token, "/api/v1/changes").await.ok(200);
            // It is known, and may not.
            let answer = client.get_with(token, "/api/v1/clients").await;
            answer.problem(403, "scope_insufficient");
        },
    )
    .await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn introspection() {
    let app = TestApp::start();
    let stage = stage(&app, "RS256").await;
    let token = stage.token("access token");
    let own = ["access token", "refresh token", "token of the system", "token for an API"];
    let door = Door {
        token,
        key: &Key::of(&app, token),
        types: &ACCESS,
        // A system is told of its tokens, whomever they are for.
        free: &["aud"],
        others: stage.but(&own),
    };
    door.holds(
        async |what: &str, token: &str| {
            let seen = stage.ask("/oauth2/introspect", token).await.ok(200);
            assert_eq!(seen, json!({ "active": false }), "{what}");
        },
        async |token: &str| {
            assert_eq!(stage.ask("/oauth2/introspect", token).await.ok(200)["active"], true);
        },
    )
    .await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn revocation() {
    let app = TestApp::start();
    let stage = stage(&app, "EdDSA").await;
    let (client, token) = (&stage.client, stage.token("access token"));
    let door = Door {
        token,
        key: &Key::of(&app, token),
        types: &ACCESS,
        free: &["aud"],
        // The refresh token of the same sign-in ends it, and has to.
        others: stage.but(&["access token", "refresh token"]),
    };
    door.holds(
        async |what: &str, wrong: &str| {
            // Nobody is told whether there was anything to revoke.
            stage.ask("/oauth2/revoke", wrong).await.ok_status(200);
            let answer = client.get_with(token, "/oauth2/userinfo").await;
            assert_eq!(answer.status, 200, "revoked by {what}");
        },
        async |token: &str| {
            stage.ask("/oauth2/revoke", token).await.ok_status(200);
            client.get_with(token, "/oauth2/userinfo").await.oauth(401, "invalid_token");
        },
    )
    .await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_hint_at_the_person_who_is_to_sign_in() {
    let app = TestApp::start();
    let stage = stage(&app, "ES256").await;
    let (client, token) = (&stage.client, stage.token("ID token"));
    let door = Door {
        token,
        key: &Key::of(&app, token),
        types: &["jwt"],
        free: &["exp"],
        others: stage.but(&["ID token"]),
    };
    door.holds(
        async |what: &str, hint: &str| {
            let asked = stage.silently(hint);
            let fields: Vec<_> = asked.iter().map(|(name, value)| (&**name, &**value)).collect();
            let answer = client.authorize(&asked).await;
            assert_eq!(answer.sent("error").as_deref(), Some("invalid_request"), "{what}");
            answer.sends_error(&app, "invalid_request");
            let answer = client.form("/oauth2/authorize", &fields).await;
            answer.sends_error(&app, "invalid_request");
            let pushed = client.ask((&stage.system, "/oauth2/par"), &fields[1..]).await;
            pushed.oauth(400, "invalid_request");
        },
        async |hint: &str| {
            let asked = stage.silently(hint);
            let fields: Vec<_> = asked.iter().map(|(name, value)| (&**name, &**value)).collect();
            assert!(client.authorize(&asked).await.sent("code").is_some());
            let answer = client.form("/oauth2/authorize", &fields).await;
            assert!(answer.location().starts_with("/oauth2/authorize?"));
            client.ask((&stage.system, "/oauth2/par"), &fields[1..]).await.ok(201);
        },
    )
    .await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_hint_at_the_session_that_is_to_end() {
    let app = TestApp::start();
    let stage = stage(&app, "RS256").await;
    let (client, token) = (&stage.client, stage.token("ID token"));
    let signed_in = async || client.get("/api/v1/account").await.status == 200;
    let fields = |hint: &str| -> Parameters {
        let fields = [("id_token_hint", hint), ("post_logout_redirect_uri", BYE)];
        fields.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
    };
    let by_query =
        async |hint: &str| client.get(&format!("/oauth2/logout?{}", encoded(&fields(hint)))).await;
    let by_form = async |hint: &str| {
        let form = [("id_token_hint", hint), ("post_logout_redirect_uri", BYE)];
        client.form("/oauth2/logout", &form).await.location()
    };
    let door = Door {
        token,
        key: &Key::of(&app, token),
        types: &["jwt"],
        free: &["exp"],
        others: stage.but(&["ID token"]),
    };
    door.holds(
        async |what: &str, hint: &str| {
            let answer = by_query(hint).await;
            assert_eq!(answer.status, 200, "{what}: {}", answer.location());
            // The person is asked, and would not be sent to anybody.
            assert!(answer.page(200).contains("退出登录？"), "{what}");
            let policy = answer.header("content-security-policy");
            assert!(policy.contains("form-action 'self';"), "{what}: {policy}");
            let location = by_form(hint).await;
            assert!(!location.contains("sid=") && !location.contains("client_id="), "{what}");
            assert!(signed_in().await, "{what}");
        },
        async |hint: &str| {
            assert!(by_form(hint).await.contains("sid="));
            assert_eq!(by_query(hint).await.location(), BYE);
            assert!(!signed_in().await);
        },
    )
    .await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_a_system_says_to_prove_itself() {
    const KIND: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let app = TestApp::with(|settings| settings.oauth.failures_per_address_hour = 1_000_000);
    let stage = stage(&app, "EdDSA").await;
    let client = app.client();
    let keys = json!({ "keys": [EC.jwk("ec")] });
    let change = json!({
        "token_endpoint_auth_method": "private_key_jwt", "jwks": keys,
        "grant_types": ["authorization_code", "client_credentials"], "scope": "openid users:read",
    });
    let system = System::register(&app, change).await;
    let assertion = assertion(&app, &system.id.to_string());
    let door = Door {
        token: &assertion,
        key: &EC,
        types: &["", "jwt", "client-authentication+jwt"],
        free: &[],
        others: stage.but(&[]),
    };
    let prove = async |path: &str, assertion: &str| {
        let fields = [
            ("grant_type", "client_credentials"),
            ("token", "x"),
            ("client_assertion_type", KIND),
            ("client_assertion", assertion),
        ];
        client.form(path, &fields).await
    };
    door.holds(
        async |what: &str, assertion: &str| {
            for path in ["/oauth2/token", "/oauth2/introspect", "/oauth2/revoke", "/oauth2/par"] {
                let answer = prove(path, assertion).await;
                assert_eq!(answer.status, 401, "{path}, {what}: {}", answer.text());
                answer.oauth(401, "invalid_client");
            }
        },
        async |assertion: &str| {
            prove("/oauth2/token", assertion).await.ok(200);
            // Once.
            prove("/oauth2/introspect", assertion).await.oauth(401, "invalid_client");
        },
    )
    .await;
}
