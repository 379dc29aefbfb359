//! Registering business systems over HTTP.

use diesel::prelude::*;
use serde_json::{Value, json};
use shiming::db::schema::{audit_events, client_secrets};
use tokio::join;

use crate::support::{
    TestApp, count,
    hr::{Hr, metadata},
    person,
    systems::System,
};

const CLIENTS: &str = "/api/v1/clients";
const KEY: &str = "0123456789abcdef";

/// The operator's own tool.
async fn tool(app: &TestApp) -> Hr<'_> {
    let own = json!({ "grant_types": ["client_credentials"], "redirect_uris": [] });
    app.hr_with("clients:manage", own).await
}

/// What the operator's trail says of a client, the oldest first.
async fn recorded(app: &TestApp, id: &Value) -> Vec<String> {
    let id = id.as_str().unwrap().to_owned();
    let of_client = audit_events::detail.eq(id);
    app.query(move |conn| {
        let events = audit_events::table.filter(of_client).order(audit_events::id);
        events.select(audit_events::kind).load(conn)
    })
    .await
}

/// Metadata with some members replaced; `null` takes one away.
fn with(change: &Value) -> Value {
    let mut changed = metadata("openid profile offline_access users:read");
    for (name, value) in change.as_object().unwrap() {
        changed[name] = value.clone();
        if value.is_null() {
            changed.as_object_mut().unwrap().remove(name);
        }
    }
    changed
}

#[actix_web::test]
async fn a_system_is_registered_and_its_secret_shown_once() {
    let app = TestApp::start();
    let tool = tool(&app).await;
    let made = tool.post(CLIENTS, with(&json!({}))).await.ok(201);
    let (client, secret) = (&made["client"], made["client_secret"].as_str().unwrap());
    assert_eq!((client["state"].as_str(), secret.len()), (Some("enabled"), 64));
    assert_eq!(client["metadata"]["client_name"], "人事系统");
    assert_eq!(client["metadata"]["subject_type"], "pairwise");
    assert_eq!(client["metadata"]["document_number"], "masked");
    assert_eq!(client["secrets"].as_array().unwrap().len(), 1);
    let path = format!("{CLIENTS}/{}", client["id"].as_str().unwrap());
    let shown = tool.get(&path).await;
    assert_eq!(shown.ok(200), *client);
    assert!(!shown.text().contains(secret));
    let hashes: Vec<String> = app
        .query(|conn| client_secrets::table.select(client_secrets::secret_hash).load(conn))
        .await;
    assert!(!hashes.iter().any(|hash| hash == secret), "a secret is kept in clear");
    assert_eq!(recorded(&app, &client["id"]).await, ["client_created"]);
}

#[actix_web::test]
async fn a_system_without_a_secret_gets_none() {
    let app = TestApp::start();
    let tool = tool(&app).await;
    let public = json!({
        "token_endpoint_auth_method": "none", "scope": "openid",
        "grant_types": ["authorization_code"],
        "redirect_uris": ["cn.gov.example.app:/callback", "http://127.0.0.1/callback",
            "http://[::1]:8000/callback", "http://localhost/callback"],
    });
    let made = tool.post(CLIENTS, with(&public)).await.ok(201);
    assert_eq!(made["client_secret"], Value::Null);
    let path = format!("{CLIENTS}/{}/secret", made["client"]["id"].as_str().unwrap());
    let refused = tool.post(&path, json!({})).await;
    refused.fields(&[("/token_endpoint_auth_method", "has_no_secret")]);
    // One with its own keys, too.
    let keys = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": "one",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }] });
    let own = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": keys });
    let made = tool.post(CLIENTS, with(&own)).await.ok(201);
    assert_eq!(made["client_secret"], Value::Null);
}

#[actix_web::test]
async fn what_makes_no_sense_is_pointed_at() {
    let app = TestApp::start();
    let tool = tool(&app).await;
    let uri = |uri: &str| json!({ "redirect_uris": [uri] });
    let rsa = |n: usize| json!({ "kty": "RSA", "e": "AQAB", "n": "_".repeat(n) });
    let keys = |keys: Value| json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": keys } });
    let point = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    let okp = json!({ "kty": "OKP", "crv": "Ed25519", "x": point });
    let mut private = okp.clone();
    private["d"] = json!(point);
    let long = "长".repeat(101);
    let cases: Vec<(Value, &str, &str)> = vec![
        (json!({ "client_name": "" }), "/client_name", "required"),
        (json!({ "client_name": long }), "/client_name", "too_long"),
        (json!({ "owner": "深圳\u{202e}市" }), "/owner", "invalid"),
        (json!({ "client_name#en": " HR" }), "/client_name#en", "invalid"),
        (
            json!({ "grant_types": ["client_credentials", "authorization_code"] }),
            "/scope",
            "needs_refresh_token",
        ),
        (json!({ "scope": "openid profile" }), "/scope", "needs_system_scope"),
        (json!({ "scope": "openid everything" }), "/scope", "scope_unknown"),
        (json!({ "scope": "openid  profile" }), "/scope", "scope_unknown"),
        (json!({ "scope": "openid openid" }), "/scope", "scope_unknown"),
        (json!({ "scope": "" }), "/scope", "required"),
        (json!({ "scope": "profile users:read" }), "/scope", "needs_openid"),
        (json!({ "scope": "openid clients:manage" }), "/scope", "scope_not_grantable"),
        (json!({ "redirect_uris": [] }), "/redirect_uris", "required"),
        (uri("https://hr.example.gov.cn/cb#here"), "/redirect_uris/0", "uri_fragment"),
        (uri("http://hr.example.gov.cn/cb"), "/redirect_uris/0", "uri_scheme"),
        (uri("http://127.0.0.1.example.cn/cb"), "/redirect_uris/0", "uri_scheme"),
        (uri("http://localhost.example.cn/cb"), "/redirect_uris/0", "uri_scheme"),
        (uri("cn.gov.example.app:/cb"), "/redirect_uris/0", "uri_scheme"),
        (uri("javascript:alert(1)"), "/redirect_uris/0", "uri_scheme"),
        (uri("data:text/html,x"), "/redirect_uris/0", "uri_scheme"),
        (uri("https://*.example.gov.cn/cb"), "/redirect_uris/0", "uri_format"),
        (uri("https://hr.example.gov.cn\\@evil.example/cb"), "/redirect_uris/0", "uri_format"),
        (uri("https://hr@evil.example/cb"), "/redirect_uris/0", "uri_format"),
        (uri(" https://hr.example.gov.cn/cb"), "/redirect_uris/0", "uri_format"),
        (uri("/cb"), "/redirect_uris/0", "uri_format"),
        (uri(""), "/redirect_uris/0", "uri_format"),
        (
            json!({ "redirect_uris": ["https://a.cn/", "https://a.cn/"] }),
            "/redirect_uris/1",
            "duplicate",
        ),
        (
            json!({ "post_logout_redirect_uris": ["http://a.cn/"] }),
            "/post_logout_redirect_uris/0",
            "uri_scheme",
        ),
        (
            json!({ "backchannel_logout_uri": "http://a.cn/" }),
            "/backchannel_logout_uri",
            "uri_scheme",
        ),
        (
            json!({ "backchannel_logout_uri": "https://127.1/" }),
            "/backchannel_logout_uri",
            "uri_address",
        ),
        (
            json!({ "backchannel_logout_uri": "https://[::ffff:10.0.0.1]/" }),
            "/backchannel_logout_uri",
            "uri_address",
        ),
        (json!({ "client_uri": "ftp://a.cn/" }), "/client_uri", "uri_scheme"),
        (json!({ "resources": ["urn:api"] }), "/resources/0", "uri_scheme"),
        (json!({ "resources": ["https://a.cn/#b"] }), "/resources/0", "uri_fragment"),
        (json!({ "sector_identifier": "public" }), "/sector_identifier", "reserved"),
        (json!({ "sector_identifier": "a b" }), "/sector_identifier", "invalid"),
        (
            json!({ "sector_identifier": "a.cn", "subject_type": "public" }),
            "/sector_identifier",
            "needs_pairwise",
        ),
        (json!({ "access_token_seconds": 59 }), "/access_token_seconds", "out_of_range"),
        (json!({ "access_token_seconds": 3601 }), "/access_token_seconds", "out_of_range"),
        (json!({ "refresh_token_days": 0 }), "/refresh_token_days", "out_of_range"),
        (json!({ "jwks": { "keys": [okp] } }), "/jwks", "needs_private_key_jwt"),
        (json!({ "token_endpoint_auth_method": "private_key_jwt" }), "/jwks", "required"),
        (keys(json!([])), "/jwks/keys", "required"),
        (keys(json!([private])), "/jwks/keys/0", "key_private"),
        (keys(json!([{ "kty": "oct", "alg": "HS256" }])), "/jwks/keys/0", "key_private"),
        (keys(json!([rsa(172)])), "/jwks/keys/0", "key_size"),
        (keys(json!([rsa(2000)])), "/jwks/keys/0", "key_size"),
        (
            keys(json!([{ "kty": "EC", "crv": "P-521", "x": point, "y": point }])),
            "/jwks/keys/0",
            "key_unsupported",
        ),
        (keys(json!([okp, okp])), "/jwks/keys/0/kid", "required"),
    ];
    for (change, pointer, code) in cases {
        let refused = tool.post(CLIENTS, with(&change)).await;
        let problem = refused.problem(422, "validation_failed");
        let error = json!({ "pointer": pointer, "code": code });
        assert!(problem["errors"].as_array().unwrap().contains(&error), "{change}: {problem}");
    }
    assert_eq!(count!(app, clients), 1, "only the tool itself");
}

#[actix_web::test]
async fn grants_need_what_they_rest_on() {
    let app = TestApp::start();
    let tool = tool(&app).await;
    let own = with(&json!({
        "grant_types": ["client_credentials"], "scope": "openid users:read",
    }));
    tool.post(CLIENTS, own).await.fields(&[
        ("/redirect_uris", "needs_authorization_code"),
        ("/scope", "needs_authorization_code"),
    ]);
    let public = with(&json!({ "token_endpoint_auth_method": "none" }));
    tool.post(CLIENTS, public).await.fields(&[("/grant_types", "needs_authentication")]);
    let refresh = with(&json!({
        "grant_types": ["refresh_token", "client_credentials"],
        "scope": "users:read", "redirect_uris": [],
    }));
    tool.post(CLIENTS, refresh).await.fields(&[("/grant_types", "needs_authorization_code")]);
    let nothing = with(&json!({ "grant_types": [], "scope": "users:read", "redirect_uris": [] }));
    tool.post(CLIENTS, nothing)
        .await
        .fields(&[("/grant_types", "required"), ("/scope", "needs_client_credentials")]);
    tool.post(CLIENTS, with(&json!({ "surprise": 1 }))).await.fields(&[("/surprise", "invalid")]);
}

#[actix_web::test]
async fn the_registry_is_not_handed_on() {
    let app = TestApp::start();
    let tool = tool(&app).await;
    let made = tool.post(CLIENTS, with(&json!({}))).await.ok(201);
    let path = format!("{CLIENTS}/{}", made["client"]["id"].as_str().unwrap());
    let greedy =
        with(&json!({ "scope": "openid profile offline_access users:read clients:manage" }));
    tool.put(&path, greedy).await.fields(&[("/scope", "scope_not_grantable")]);
}

#[actix_web::test]
async fn a_stolen_token_of_a_tool_becomes_nothing_that_lasts() {
    let app = TestApp::start();
    let (tool, other) = (tool(&app).await, tool(&app).await);
    for id in [tool.id, other.id] {
        let path = format!("{CLIENTS}/{id}");
        let mut own = tool.get(&path).await.ok(200)["metadata"].clone();
        own["client_name"] = json!("运维工具");
        let state = json!({ "state": "disabled" });
        for refused in [
            tool.put(&path, own).await,
            // Without the scope it would be an ordinary one, that may be changed.
            tool.put(&path, with(&json!({}))).await,
            tool.post(&format!("{path}/secret"), json!({})).await,
            tool.put(&format!("{path}/state"), state).await,
        ] {
            refused.fields(&[("/scope", "operator_only")]);
        }
        assert_eq!(recorded(&app, &json!(id)).await, Vec::<String>::new());
    }
}

#[actix_web::test]
async fn whoever_saw_masked_numbers_asks_anew_before_it_sees_whole_ones() {
    let app = TestApp::start();
    let tool = tool(&app).await;
    let (system, other) = (System::usual(&app).await, System::usual(&app).await);
    let (client, theirs) = (app.client(), app.client());
    client.join(&person("王小明"), "zhangsan").await;
    let asked = system.asks("openid realname offline_access");
    let tokens = theirs.redeem(&system, &client.code_for(&asked).await).await;
    client.code_for(&other.asks("openid realname")).await;
    let access = tokens["access_token"].as_str().unwrap();
    let seen = theirs.get_with(access, "/oauth2/userinfo").await.ok(200);
    assert_eq!(seen["document_number_masked"], true);
    let path = format!("{CLIENTS}/{}", system.id);
    // Less, or something else, needs no new consent.
    let mut next = tool.get(&path).await.ok(200)["metadata"].clone();
    next["owner"] = json!("别人");
    tool.put(&path, next.clone()).await.ok(200);
    theirs.get_with(access, "/oauth2/userinfo").await.ok(200);
    next["document_number"] = json!("full");
    tool.put(&path, next.clone()).await.ok(200);
    theirs.get_with(access, "/oauth2/userinfo").await.oauth(401, "invalid_token");
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    theirs.ask((&system, "/oauth2/token"), &fields).await.oauth(400, "invalid_grant");
    let items = client.get("/api/v1/account/authorized-systems").await.ok(200)["items"].clone();
    assert_eq!(items.as_array().unwrap().len(), 1, "the other system's");
    let history = client.get("/api/v1/account/history").await.ok(200)["items"].clone();
    assert!(history.as_array().unwrap().iter().any(|one| one["kind"] == "consent_withdrawn"));
    let silent = system.asks_with("openid realname", &[("prompt", "none")]);
    client.authorize(&silent).await.sends_error(&app, "consent_required");
    // Somebody who has read it sees what he let it see; back is no change.
    let tokens = theirs.redeem(&system, &client.code_for(&asked).await).await;
    let access = tokens["access_token"].as_str().unwrap();
    let seen = theirs.get_with(access, "/oauth2/userinfo").await.ok(200);
    assert_eq!(seen["document_number_masked"], false);
    next["document_number"] = json!("masked");
    tool.put(&path, next).await.ok(200);
    theirs.get_with(access, "/oauth2/userinfo").await.ok(200);
}

#[actix_web::test]
async fn strangers_share_no_names_of_their_users() {
    let app = TestApp::start();
    let sector = async |change: Value| {
        let hr = app.hr_with("openid", change).await;
        let id = hr.id;
        let client = app.core.db.read(move |conn| shiming::clients::find(conn, id)).await;
        let sector = client.unwrap().unwrap().sector();
        (sector.clone(), sector == id.to_string())
    };
    for uri in [
        "http://localhost/callback",
        "http://127.0.0.1:8000/callback",
        "https://localhost/callback",
        "cn.gov.example.app:/callback",
        "cn.gov.example.app://callback",
        "https://public/callback",
    ] {
        assert!(sector(json!({ "redirect_uris": [uri] })).await.1, "{uri}");
    }
    for uri in ["https://HR.example.gov.cn/cb", "https://hr.example.gov.cn:8443/other"] {
        assert_eq!(sector(json!({ "redirect_uris": [uri] })).await.0, "hr.example.gov.cn");
    }
}

#[actix_web::test]
async fn metadata_is_replaced_but_users_keep_their_names() {
    let app = TestApp::start();
    let tool = tool(&app).await;
    let made = tool.post(CLIENTS, with(&json!({}))).await.ok(201);
    let path = format!("{CLIENTS}/{}", made["client"]["id"].as_str().unwrap());
    app.pass(5);
    let changed = with(&json!({ "client_name": "人事系统二", "access_token_seconds": 300 }));
    let shown = tool.put(&path, changed.clone()).await.ok(200);
    assert_eq!(shown["metadata"]["access_token_seconds"], 300);
    assert!(shown["updated_at"].as_str() > shown["created_at"].as_str());
    assert_eq!(shown["secrets"], made["client"]["secrets"]);
    // The same again changes nothing.
    assert_eq!(tool.put(&path, changed).await.ok(200), shown);
    for change in [
        json!({ "redirect_uris": ["https://other.example.gov.cn/callback"] }),
        json!({ "sector_identifier": "other.example.gov.cn" }),
        json!({ "subject_type": "public" }),
    ] {
        let refused = tool.put(&path, with(&change)).await;
        refused.fields(&[("/sector_identifier", "sector_changed")]);
    }
    // A new host is welcome when the sector is named.
    let moved = with(&json!({
        "redirect_uris": ["https://other.example.gov.cn/callback"],
        "sector_identifier": "hr.example.gov.cn",
    }));
    tool.put(&path, moved).await.ok(200);
    let trail = recorded(&app, &made["client"]["id"]).await;
    assert_eq!(trail, ["client_created", "client_changed", "client_changed"]);
}

#[actix_web::test]
async fn secrets_follow_each_other_with_an_overlap() {
    let app = TestApp::start();
    let mut tool = tool(&app).await;
    let made = tool.post(CLIENTS, with(&json!({}))).await.ok(201);
    let path = format!("{CLIENTS}/{}", made["client"]["id"].as_str().unwrap());
    let secret = format!("{path}/secret");
    let rotated = tool.post(&secret, json!({ "overlap_seconds": 3600 })).await.ok(201);
    assert_ne!(rotated["client_secret"], made["client_secret"]);
    let held = tool.get(&path).await.ok(200)["secrets"].clone();
    assert_eq!(held.as_array().unwrap().len(), 2);
    assert_eq!(held[0]["expires_at"], Value::Null);
    assert_eq!(held[1]["expires_at"], rotated["previous_expires_at"]);
    app.pass(3601);
    tool.renew().await;
    let held = tool.get(&path).await.ok(200)["secrets"].clone();
    assert_eq!(held.as_array().unwrap().len(), 1);
    // At once, when one has leaked.
    tool.post(&secret, json!({ "overlap_seconds": 0 })).await.ok(201);
    assert_eq!(tool.get(&path).await.ok(200)["secrets"].as_array().unwrap().len(), 1);
    let refused = tool.post(&secret, json!({ "overlap_seconds": 2_592_001 })).await;
    refused.fields(&[("/overlap_seconds", "out_of_range")]);
}

#[actix_web::test]
async fn a_disabled_system_can_do_nothing_from_this_moment() {
    let app = TestApp::start();
    let tool = tool(&app).await;
    let hr = app.hr("openid users:read").await;
    hr.get("/api/v1/changes").await.ok(200);
    let path = format!("{CLIENTS}/{}/state", hr.id);
    let shown = tool.put(&path, json!({ "state": "disabled" })).await.ok(200);
    assert_eq!(shown["state"], "disabled");
    hr.get("/api/v1/changes").await.problem(401, "token_invalid");
    tool.put(&path, json!({ "state": "disabled" })).await.ok(200);
    tool.put(&path, json!({ "state": "enabled" })).await.ok(200);
    hr.get("/api/v1/changes").await.ok(200);
    let id = json!(hr.id.to_string());
    assert_eq!(recorded(&app, &id).await, ["client_state_changed", "client_state_changed"]);
    tool.put(&path, json!({ "state": "gone" })).await.fields(&[("/state", "invalid")]);
}

#[actix_web::test]
async fn the_list_is_read_page_by_page() {
    let app = TestApp::start();
    let tool = tool(&app).await;
    for number in 0..4 {
        app.pass(1);
        let named = with(&json!({ "client_name": format!("系统{number}") }));
        tool.post(CLIENTS, named).await.ok(201);
    }
    let (mut names, mut path) = (Vec::new(), format!("{CLIENTS}?limit=2"));
    loop {
        let page = tool.get(&path).await.ok(200);
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 2);
        names.extend(items.iter().map(|one| one["metadata"]["client_name"].clone()));
        let Some(next) = page["next_cursor"].as_str() else {
            assert_eq!(page["has_more"], false);
            break;
        };
        path = format!("{CLIENTS}?limit=2&cursor={next}");
    }
    assert_eq!(json!(names), json!(["人事系统", "系统0", "系统1", "系统2", "系统3"]));
    // Each with its own secrets, on each page.
    let second = tool.get(&path).await.ok(200);
    for one in second["items"].as_array().unwrap() {
        let alone = tool.get(&format!("{CLIENTS}/{}", one["id"].as_str().unwrap())).await;
        assert_eq!(alone.ok(200), *one);
        assert_eq!(one["secrets"].as_array().unwrap().len(), 1, "{one}");
    }
    tool.get(&format!("{CLIENTS}?cursor=nonsense")).await.problem(422, "cursor_invalid");
    tool.get(&format!("{CLIENTS}?limit=many")).await.problem(400, "malformed_request");
}

#[actix_web::test]
async fn a_repeated_registration_makes_one_system() {
    let app = TestApp::start();
    let tool = tool(&app).await;
    let body = with(&json!({}));
    let (one, other) =
        join!(tool.post_once(CLIENTS, &body, KEY), tool.post_once(CLIENTS, &body, KEY));
    let answers = [one, other];
    assert!(answers.iter().any(|answer| answer.status == 201));
    let again = tool.post_once(CLIENTS, &body, KEY).await.ok(201);
    for answer in answers.iter().filter(|answer| answer.status == 201) {
        assert_eq!(answer.json(), again);
    }
    assert_eq!(count!(app, clients), 2);
    let other = with(&json!({ "owner": "别人" }));
    tool.post_once(CLIENTS, &other, KEY).await.problem(422, "idempotency_key_reused");
}

#[actix_web::test]
async fn only_the_scope_opens_the_registry() {
    let app = TestApp::start();
    let hr = app.hr("openid users:read identity:check webhooks:manage").await;
    let id = "0193e0c0-0000-7000-8000-000000000000";
    let body = with(&json!({}));
    for answer in [
        hr.get(CLIENTS).await,
        hr.post(CLIENTS, body.clone()).await,
        hr.get(&format!("{CLIENTS}/{id}")).await,
        hr.put(&format!("{CLIENTS}/{id}"), body.clone()).await,
        hr.post(&format!("{CLIENTS}/{id}/secret"), json!({})).await,
        hr.put(&format!("{CLIENTS}/{id}/state"), json!({ "state": "disabled" })).await,
    ] {
        assert_eq!(answer.problem(403, "scope_insufficient")["scope"], "clients:manage");
    }
    let tool = tool(&app).await;
    for id in [id, "nonsense"] {
        for answer in [
            tool.get(&format!("{CLIENTS}/{id}")).await,
            tool.put(&format!("{CLIENTS}/{id}"), body.clone()).await,
            tool.post(&format!("{CLIENTS}/{id}/secret"), json!({})).await,
            tool.put(&format!("{CLIENTS}/{id}/state"), json!({ "state": "disabled" })).await,
        ] {
            answer.problem(404, "client_not_found");
        }
    }
}

#[actix_web::test]
async fn requests_are_counted_and_the_headers_say_so() {
    let app = TestApp::with(|all| all.integration.requests_per_client_minute = 3);
    let (hr, other) = (app.hr("openid users:read").await, app.hr("openid users:read").await);
    for left in [2, 1, 0] {
        let answer = hr.get("/api/v1/changes").await;
        answer.ok(200);
        assert_eq!(answer.header("ratelimit-policy"), "\"client\";q=3;w=60");
        let standing = answer.header("ratelimit").to_owned();
        assert!(standing.starts_with(&format!("\"client\";r={left};t=")), "{standing}");
    }
    let refused = hr.get("/api/v1/changes").await;
    refused.problem(429, "too_many_requests");
    assert!(refused.retry_after().is_some_and(|seconds| (1..=61).contains(&seconds)));
    assert!(refused.header("ratelimit").starts_with("\"client\";r=0;"));
    // Refusals of other kinds say it, too, and everybody has an own count.
    let answer = other.get(CLIENTS).await;
    answer.problem(403, "scope_insufficient");
    assert!(answer.header("ratelimit").starts_with("\"client\";r=2;"));
    app.pass(61);
    hr.get("/api/v1/changes").await.ok(200);
    let nobody = app.client().get("/api/v1/changes").await;
    nobody.problem(401, "token_invalid");
    assert_eq!(nobody.header("ratelimit"), "");
}
