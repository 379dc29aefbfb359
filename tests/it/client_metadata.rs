//! What business systems are registered with: what makes sense, and what a change
//! of it means for the people who use them.

use serde_json::{Value, json};

use crate::{
    clients::{CLIENTS, recorded, tool, with},
    support::{TestApp, count, person, systems::System},
};

#[actix_web::rt::test(system = "crate::support::Runtime")]
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

#[actix_web::rt::test(system = "crate::support::Runtime")]
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
    // The same key as a SubjectPublicKeyInfo (RFC 8410), which is no "x".
    let info = format!("MCowBQYDK2VwAyEA{point}");
    let okp_of_info = json!({ "kty": "OKP", "crv": "Ed25519", "x": info });
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
        (json!({ "resource_server_for": ["http://a.cn"] }), "/resource_server_for/0", "uri_scheme"),
        (
            json!({ "resource_server_for": ["http://localhost:8080/"] }),
            "/resource_server_for/0",
            "reserved",
        ),
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
        (keys(json!([okp_of_info])), "/jwks/keys/0", "key_unsupported"),
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

#[actix_web::rt::test(system = "crate::support::Runtime")]
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

#[actix_web::rt::test(system = "crate::support::Runtime")]
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

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn strangers_share_no_names_of_their_users() {
    let app = TestApp::start();
    let sector = async |change: Value| {
        let hr = app.hr_with("openid", change).await;
        let id = hr.id;
        let client =
            app.core.db.read(move |conn| shiming::capabilities::clients::find(conn, id)).await;
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

#[actix_web::rt::test(system = "crate::support::Runtime")]
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

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn an_api_that_does_nothing_else_gets_no_tokens() {
    let app = TestApp::start();
    let tool = tool(&app).await;
    let api = json!({
        "resource_server_for": ["https://api.example"], "redirect_uris": [],
        "grant_types": [], "scope": "",
    });
    let made = tool.post(CLIENTS, with(&api)).await.ok(201);
    let known = &made["client"]["metadata"];
    assert_eq!(known["resource_server_for"], json!(["https://api.example"]));
    assert_eq!(made["client_secret"].as_str().map(str::len), Some(64));
    let mut greedy = api.clone();
    greedy["scope"] = json!("users:read");
    let refused = tool.post(CLIENTS, with(&greedy)).await;
    refused.fields(&[("/scope", "needs_client_credentials")]);
    let mut open = api.clone();
    open["token_endpoint_auth_method"] = json!("none");
    let refused = tool.post(CLIENTS, with(&open)).await;
    refused.fields(&[("/resource_server_for", "needs_authentication")]);
}
