//! Trading codes for tokens, and a client's credentials for its own.

use diesel::prelude::*;
use serde_json::{Value, json};
use shiming::tools::db::schema::audit_events;

use crate::support::{
    Client, TestApp,
    jose::parts,
    oauth::{ISSUER, SignIn, System, VERIFIER, exchange},
    person,
};

/// Somebody with an account, and a system to sign in to.
async fn ready(app: &TestApp) -> (Client<'_>, System, Value) {
    let client = app.client();
    let account = client.register(&person("王小明"), "zhangsan").await;
    client.clear_cookies();
    (client, app.system(json!({})).await, account)
}

/// How often the trail says that a sign-in was ended because something came
/// twice.
async fn reuses(app: &TestApp) -> i64 {
    app.query(|conn| {
        audit_events::table.filter(audit_events::kind.eq("grant_reused")).count().get_result(conn)
    })
    .await
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_code_is_traded_for_tokens_that_say_who_signed_in() {
    let app = TestApp::start();
    let (client, system, account) = ready(&app).await;
    let code = app.code(&system, &account).await;
    let answer = client.exchange(&system, &code).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    let tokens = answer.ok(200);
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 600);
    assert_eq!(tokens["scope"], "openid profile phone realname");
    let (header, access, _) = parts(tokens["access_token"].as_str().unwrap());
    assert_eq!((&header["typ"], &header["alg"]), (&json!("at+jwt"), &json!("RS256")));
    let (header, id, _) = parts(tokens["id_token"].as_str().unwrap());
    assert_eq!((&header["typ"], &header["alg"]), (&json!("JWT"), &json!("RS256")));
    let subject = &client.userinfo(&tokens).await.ok(200)["sub"];
    for claims in [&access, &id] {
        assert_eq!(claims["iss"], ISSUER);
        assert_eq!(&claims["sub"], subject);
        assert_eq!(claims["acr"], "urn:shiming:acr:l3");
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 600);
        assert_eq!(claims["auth_time"].as_i64().unwrap(), app.now().timestamp());
    }
    assert_eq!(access["aud"], ISSUER);
    assert_eq!(access["client_id"], system.id.as_str());
    assert_eq!(access["scope"], tokens["scope"]);
    assert_eq!((&id["aud"], &id["nonce"]), (&json!(system.id), &json!("a-nonce")));
    assert!(id["sid"].as_str().is_some_and(|sid| sid.len() == 64), "{id}");
    // Nothing of the person stands in a token unless it was asked for.
    for claims in [access, id] {
        assert!(!claims.to_string().contains("王小明"), "{claims}");
        assert!(claims.get("phone_number").is_none() && claims.get("name").is_none());
        assert_ne!(claims["sub"], account["id"]);
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_code_that_comes_twice_takes_its_tokens_with_it() {
    let app = TestApp::start();
    let (client, system, account) = ready(&app).await;
    let code = app.code(&system, &account).await;
    let tokens = client.exchange(&system, &code).await.ok(200);
    client.userinfo(&tokens).await.ok(200);
    client.exchange(&system, &code).await.oauth(400, "invalid_grant");
    client.userinfo(&tokens).await.oauth(401, "invalid_token");
    client.refresh(&system, &tokens).await.oauth(400, "invalid_grant");
    let seen = client.introspect(&system, &tokens["access_token"]).await.ok(200);
    assert_eq!(seen, json!({ "active": false }));
    assert_eq!(reuses(&app).await, 1);
    client.exchange(&system, &code).await.oauth(400, "invalid_grant");
    assert_eq!(reuses(&app).await, 1, "there was nothing left to end");
    // Another sign-in of the same person goes on.
    let code = app.code(&system, &account).await;
    client.exchange(&system, &code).await.ok(200);
}

/// Of two requests one gets tokens; the other one shows that the code is in
/// two hands, so they are worth nothing when both have been answered.
#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn of_two_exchanges_at_once_one_wins_and_its_tokens_die() {
    let app = TestApp::start();
    let (client, system, account) = ready(&app).await;
    for _ in 0..5 {
        let code = app.code(&system, &account).await;
        let (one, other) =
            tokio::join!(client.exchange(&system, &code), client.exchange(&system, &code));
        let (won, lost) = if one.status == 200 { (one, other) } else { (other, one) };
        lost.oauth(400, "invalid_grant");
        client.userinfo(&won.ok(200)).await.oauth(401, "invalid_token");
    }
    assert_eq!(reuses(&app).await, 5);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn whoever_has_only_the_code_gets_nothing() {
    let app = TestApp::start();
    let (client, system, account) = ready(&app).await;
    let other = app.system(json!({})).await;
    let wrong = "b".repeat(43);
    let at_fault = [
        ("wrong verifier", &system, Some(("code_verifier", wrong.as_str()))),
        ("wrong address", &system, Some(("redirect_uri", "https://rp.example/callback/"))),
        ("another client", &other, None),
    ];
    for (what, who, change) in at_fault {
        let code = app.code(&system, &account).await;
        let mut fields = exchange(&code).to_vec();
        fields.retain(|(field, _)| change.is_none_or(|(name, _)| name != *field));
        fields.extend(change);
        let answer = client.form_of(who, "/oauth2/token", &fields).await;
        assert_eq!(answer.oauth(400, "invalid_grant")["error"], "invalid_grant", "{what}");
        // There is no second try, not even for the right one.
        client.exchange(&system, &code).await.oauth(400, "invalid_grant");
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_is_missing_or_malformed_does_not_use_a_code_up() {
    let app = TestApp::start();
    let (client, system, account) = ready(&app).await;
    let code = app.code(&system, &account).await;
    for missing in ["code", "redirect_uri", "code_verifier", "grant_type"] {
        let mut fields = exchange(&code).to_vec();
        fields.retain(|(field, _)| *field != missing);
        client.form_of(&system, "/oauth2/token", &fields).await.oauth(400, "invalid_request");
    }
    let long = "a".repeat(129);
    let plain = format!("{}!", "a".repeat(43));
    for verifier in ["short", &"a".repeat(42), &long, &plain, &"é".repeat(43)] {
        let mut fields = exchange(&code).to_vec();
        fields[3].1 = verifier;
        client.form_of(&system, "/oauth2/token", &fields).await.oauth(400, "invalid_request");
    }
    let mut twice = exchange(&code).to_vec();
    twice.push(("code_verifier", VERIFIER));
    client.form_of(&system, "/oauth2/token", &twice).await.oauth(400, "invalid_request");
    client.exchange(&system, &code).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_code_lasts_a_minute() {
    let app = TestApp::start();
    let (client, system, account) = ready(&app).await;
    let code = app.code(&system, &account).await;
    app.pass(58);
    client.exchange(&system, &code).await.ok(200);
    let code = app.code(&system, &account).await;
    app.pass(60);
    client.exchange(&system, &code).await.oauth(400, "invalid_grant");
    for wrong in ["x", "\u{0}", &"0".repeat(64), &"x".repeat(5000)] {
        client.exchange(&system, wrong).await.oauth(400, "invalid_grant");
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_code_without_a_challenge_is_worthless() {
    let app = TestApp::start();
    let (client, system, account) = ready(&app).await;
    for challenge in [None, Some(VERIFIER.to_owned())] {
        let sign_in = SignIn { challenge, ..SignIn::to("openid") };
        let code = app.code_for(&system, &account, sign_in).await;
        client.exchange(&system, &code).await.oauth(400, "invalid_grant");
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn each_client_is_told_another_name_unless_they_share_a_sector() {
    let app = TestApp::start();
    let (client, system, account) = ready(&app).await;
    let elsewhere = json!({ "sector_identifier": "other.example" });
    let systems = [
        system,
        app.system(json!({})).await,
        app.system(elsewhere).await,
        app.system(json!({ "subject_type": "public" })).await,
    ];
    let mut names = Vec::new();
    for system in &systems {
        let code = app.code(system, &account).await;
        let tokens = client.exchange(system, &code).await.ok(200);
        names.push(client.userinfo(&tokens).await.ok(200)["sub"].as_str().unwrap().to_owned());
    }
    assert_eq!(names[0], names[1]);
    assert!(names[0] != names[2] && names[0] != names[3] && names[2] != names[3]);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn tokens_are_signed_as_the_client_wants_and_anybody_can_check_them() {
    let app = TestApp::start();
    let (client, _, account) = ready(&app).await;
    let keys = client.get("/.well-known/jwks.json").await.ok(200);
    for (alg, hashed) in [("RS256", true), ("ES256", true), ("EdDSA", false)] {
        let system = app.system(json!({ "id_token_signed_response_alg": alg })).await;
        let code = app.code(&system, &account).await;
        let tokens = client.exchange(&system, &code).await.ok(200);
        for (name, audience) in [("access_token", ISSUER), ("id_token", &system.id)] {
            let token = tokens[name].as_str().unwrap();
            let header = jsonwebtoken::decode_header(token).unwrap();
            let mut published = keys["keys"].as_array().unwrap().iter();
            let key = published.find(|key| key["kid"] == header.kid.clone().unwrap()).unwrap();
            assert_eq!(key["alg"], alg);
            let key: jsonwebtoken::jwk::Jwk = serde_json::from_value(key.clone()).unwrap();
            let mut rules = jsonwebtoken::Validation::new(alg.parse().unwrap());
            rules.set_issuer(&[ISSUER]);
            rules.set_audience(&[audience]);
            rules.validate_exp = false;
            let key = jsonwebtoken::DecodingKey::from_jwk(&key).unwrap();
            let claims = jsonwebtoken::decode::<Value>(token, &key, &rules).unwrap().claims;
            if name == "id_token" {
                assert_eq!(claims.get("at_hash").is_some(), hashed, "{alg}");
            }
        }
        client.userinfo(&tokens).await.ok(200);
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_system_gets_a_token_for_itself() {
    let app = TestApp::start();
    let (client, system, _) = ready(&app).await;
    let tokens = client.credentials(&system).await.ok(200);
    assert_eq!(tokens["scope"], "users:read identity:check");
    assert!(tokens.get("refresh_token").is_none() && tokens.get("id_token").is_none());
    let (_, claims, _) = parts(tokens["access_token"].as_str().unwrap());
    assert_eq!((&claims["sub"], &claims["client_id"]), (&json!(system.id), &json!(system.id)));
    assert!(claims.get("gid").is_none() && claims.get("auth_time").is_none());
    let with = async |scope: &str| {
        let fields = [("grant_type", "client_credentials"), ("scope", scope)];
        client.form_of(&system, "/oauth2/token", &fields).await
    };
    assert_eq!(with("users:read").await.ok(200)["scope"], "users:read");
    for scope in ["openid", "users:read profile", "clients:manage", "nonsense", "users:read x"] {
        with(scope).await.oauth(400, "invalid_scope");
    }
    let modest = app.system(json!({ "scope": "openid" })).await;
    client.credentials(&modest).await.oauth(400, "invalid_scope");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_token_is_for_the_api_that_was_asked_for() {
    let app = TestApp::start();
    let (client, _, account) = ready(&app).await;
    let api = "https://api.rp.example";
    let system = app.system(json!({ "resources": [api, "https://other.example"] })).await;
    let code = app.code(&system, &account).await;
    let mut fields = exchange(&code).to_vec();
    fields.push(("resource", api));
    let tokens = client.form_of(&system, "/oauth2/token", &fields).await.ok(200);
    let (_, claims, _) = parts(tokens["access_token"].as_str().unwrap());
    assert_eq!(claims["aud"], api);
    client.userinfo(&tokens).await.oauth(401, "invalid_token");
    let wrong: [&[&str]; 3] = [&["https://elsewhere.example"], &[api, ISSUER], &[api, api]];
    for resources in wrong {
        let mut fields = vec![("grant_type", "client_credentials")];
        fields.extend(resources.iter().map(|one| ("resource", *one)));
        client.form_of(&system, "/oauth2/token", &fields).await.oauth(400, "invalid_target");
    }
    let fields = [("grant_type", "client_credentials"), ("resource", ISSUER)];
    client.form_of(&system, "/oauth2/token", &fields).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_client_does_what_it_is_registered_for() {
    let app = TestApp::start();
    let (client, _, account) = ready(&app).await;
    let only = app.system(json!({ "grant_types": ["authorization_code"] })).await;
    client.credentials(&only).await.oauth(400, "unauthorized_client");
    let code = app.code(&only, &account).await;
    let tokens = client.exchange(&only, &code).await.ok(200);
    assert!(tokens.get("refresh_token").is_none(), "{tokens}");
    let fields = [("grant_type", "password"), ("username", "zhangsan"), ("password", "x")];
    let answer = client.form_of(&only, "/oauth2/token", &fields).await;
    answer.oauth(400, "unsupported_grant_type");
    let quick = json!({ "access_token_seconds": 60, "refresh_token_days": 1 });
    let quick = app.system(quick).await;
    let code = app.code(&quick, &account).await;
    let tokens = client.exchange(&quick, &code).await.ok(200);
    assert_eq!(tokens["expires_in"], 60);
    app.pass(60);
    client.userinfo(&tokens).await.oauth(401, "invalid_token");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn an_app_without_a_secret_is_protected_by_its_verifier() {
    let app = TestApp::start();
    let (client, _, account) = ready(&app).await;
    let public = json!({
        "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
    });
    let system = app.system(public).await;
    let code = app.code(&system, &account).await;
    let mut fields = exchange(&code).to_vec();
    fields.push(("client_id", &system.id));
    let tokens = client.form("/oauth2/token", &fields).await.ok(200);
    client.userinfo(&tokens).await.ok(200);
    let credentials = [("grant_type", "client_credentials"), ("client_id", &*system.id)];
    client.form("/oauth2/token", &credentials).await.oauth(400, "unauthorized_client");
    let refresh = [
        ("grant_type", "refresh_token"),
        ("client_id", &system.id),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
    ];
    client.form("/oauth2/token", &refresh).await.ok(200);
}
