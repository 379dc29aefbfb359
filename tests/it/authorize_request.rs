//! Authorization requests: what is taken, what is told to the client, and what
//! is told to the person because nobody else may hear it.

use serde_json::json;

use crate::support::{
    Answer, TestApp,
    systems::{CALLBACK, CHALLENGE, System},
};

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_request_waits_in_the_browser_that_brought_it() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let client = app.client();
    let id = client.come(&system.asks("openid profile phone realname")).await;
    let view = client.authorization(&id).await;
    assert_eq!(view["id"], id);
    assert_eq!(view["state"], "sign_in");
    assert_eq!(view["reason"], json!(null));
    assert_eq!(view["client"]["name"], "考生服务系统");
    assert_eq!(view["client"]["owner_en"], "Shenzhen Examinations Authority");
    let all = json!([
        "username",
        "user_type",
        "phone",
        "name",
        "document_type",
        "document_number_masked",
        "gender",
        "birth_date",
        "verification"
    ]);
    assert_eq!((&view["items"], &view["new_items"]), (&all, &all));
    assert_eq!(view["account"], json!(null));
    let current = client.get("/api/v1/authorizations/current").await.ok(200);
    assert_eq!(current, view);
    let stranger = app.client();
    let path = format!("/api/v1/authorizations/{id}");
    stranger.get(&path).await.problem(404, "authorization_not_found");
    // With a cookie of his own, too.
    stranger.come(&system.asks("openid")).await;
    stranger.get(&path).await.problem(404, "authorization_not_found");
    stranger.decide(&id, "deny").await.problem(404, "authorization_not_found");
    client.authorization(&id).await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn two_requests_wait_side_by_side_in_one_browser() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let client = app.client();
    let first = client.come(&system.asks("openid")).await;
    let second = client.come(&system.asks("openid phone")).await;
    assert_ne!(first, second);
    assert_eq!(client.authorization(&first).await["items"], json!([]));
    assert_eq!(client.authorization(&second).await["items"], json!(["phone"]));
    let current = client.get("/api/v1/authorizations/current").await.ok(200);
    assert_eq!(current["id"], second);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_request_is_over_when_its_time_is() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let client = app.client();
    let id = client.come(&system.asks("openid")).await;
    app.pass(59 * 60);
    client.authorization(&id).await;
    app.pass(60);
    let path = format!("/api/v1/authorizations/{id}");
    client.get(&path).await.problem(404, "authorization_not_found");
    client.decide(&id, "deny").await.problem(404, "authorization_not_found");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_a_client_thinks_is_passed_on() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let client = app.client();
    let hints =
        [("login_hint", " zhangsan "), ("ui_locales", "fr-CA en-GB zh"), ("prompt", "create")];
    let asked = system.asks_with("openid", &hints);
    assert!(client.authorize(&asked).await.location().ends_with("?create=1"));
    let view = client.get("/api/v1/authorizations/current").await.ok(200);
    assert_eq!(view["login_hint"], "zhangsan");
    assert_eq!(view["ui_locale"], "en");
    assert_eq!(view["create"], true);
    // A hint that can be none is nothing to fail for.
    for hint in ["x".repeat(200), "a\u{7}b".to_owned(), "   ".to_owned()] {
        let asked = system.asks_with("openid", &[("login_hint", &hint)]);
        let id = client.come(&asked).await;
        assert_eq!(client.authorization(&id).await["login_hint"], json!(null), "{hint}");
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn faults_of_a_request_are_told_to_its_client() {
    let app = TestApp::start();
    let system = System::register(&app, json!({ "scope": "openid phone users:read" })).await;
    let client = app.client();
    let (long, other) = ("x".repeat(600), "y".repeat(9000));
    let cases: [(&str, &[(&str, &str)]); 38] = [
        ("invalid_request", &[("response_type", "")]),
        ("unsupported_response_type", &[("response_type", "token")]),
        ("unsupported_response_type", &[("response_type", "code id_token")]),
        ("invalid_request", &[("response_mode", "fragment")]),
        ("invalid_request", &[("response_mode", "form_post")]),
        ("invalid_scope", &[("scope", "")]),
        ("invalid_scope", &[("scope", "phone")]),
        ("invalid_scope", &[("scope", "openid realname")]),
        ("invalid_scope", &[("scope", "openid users:read")]),
        ("invalid_request", &[("code_challenge", "")]),
        ("invalid_request", &[("code_challenge_method", "")]),
        ("invalid_request", &[("code_challenge_method", "plain")]),
        ("invalid_request", &[("code_challenge_method", "s256")]),
        ("invalid_request", &[("code_challenge", &CHALLENGE[1..])]),
        ("invalid_request", &[("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM")]),
        ("invalid_request", &[("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM=")]),
        ("invalid_request", &[("nonce", &long)]),
        ("invalid_request", &[("nonce", "a\u{0}b")]),
        ("invalid_request", &[("prompt", "none login")]),
        ("invalid_request", &[("prompt", "always")]),
        ("invalid_request", &[("max_age", "-1")]),
        ("invalid_request", &[("max_age", "+1")]),
        ("invalid_request", &[("max_age", "1e3")]),
        ("invalid_request", &[("max_age", "99999999999")]),
        ("invalid_request", &[("claims", "{")]),
        ("invalid_request", &[("claims", "[]")]),
        ("invalid_request", &[("claims", "7")]),
        ("invalid_request", &[("claims", r#"{"id_token":7}"#)]),
        ("invalid_request", &[("claims", r#"{"userinfo":["name"]}"#)]),
        ("invalid_request", &[("claims", &other)]),
        ("request_not_supported", &[("request", "e30.e30.")]),
        ("invalid_request_uri", &[("request_uri", "https://evil.example/request")]),
        ("invalid_target", &[("resource", "https://api.example.com")]),
        ("invalid_request", &[("id_token_hint", "nonsense")]),
        ("invalid_request", &[("id_token_hint", "e30.e30.")]),
        (
            "unmet_authentication_requirements",
            &[(
                "claims",
                r#"{"id_token":{"acr":{"essential":true,"values":["urn:shiming:acr:l4"]}}}"#,
            )],
        ),
        (
            "unmet_authentication_requirements",
            &[("claims", r#"{"id_token":{"acr":{"essential":true,"value":"phr"}}}"#)],
        ),
        ("login_required", &[("prompt", "none")]),
    ];
    for (error, change) in cases {
        client.authorize(&system.asks_with("openid phone", change)).await.sends_error(&app, error);
    }
    assert_eq!(client.cookie("shiming_authorize"), None);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_is_voluntary_or_unknown_does_no_harm() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let client = app.client();
    let claims = r#"{"id_token":{"acr":{"essential":true,"values":["urn:shiming:acr:l3"]},"name":null},"userinfo":null,"x":1}"#;
    for change in [
        &[("acr_values", "urn:shiming:acr:l4 phr")][..],
        &[("display", "popup"), ("unknown", "1")],
        &[("scope", "openid email address unheard-of")],
        &[("claims", claims)],
        &[("response_mode", "query")],
        &[("max_age", "3600")],
        &[("state", "")],
        &[("nonce", "")],
        &[("state", "中文 & = # % 🀄")],
    ] {
        client.come(&system.asks_with("openid", change)).await;
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_client_with_other_grants_cannot_sign_people_in() {
    let app = TestApp::start();
    let machine = System::register(&app, json!({ "grant_types": ["client_credentials"] })).await;
    let answer = app.client().authorize(&machine.asks("openid")).await;
    answer.sends_error(&app, "unauthorized_client");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn offline_access_is_left_out_where_there_are_no_refresh_tokens() {
    let app = TestApp::start();
    let system = System::register(&app, json!({ "grant_types": ["authorization_code"] })).await;
    let client = app.client();
    let id = client.come(&system.asks("openid offline_access")).await;
    assert_eq!(client.authorization(&id).await["items"], json!([]));
}

/// Checks that the person is told, and nobody else.
#[track_caller]
fn stranded(answer: &Answer) {
    let html = answer.page(400);
    // The other language is at the same address; nothing else leads anywhere.
    let (head, main) = html.split_once("<main>").unwrap();
    assert!(html.contains("<html lang=\"zh-CN\">") && !main.contains("href"), "{html}");
    assert!(head.matches("href=\"http").count() == 0 && !main.contains("evil"), "{html}");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn nobody_is_sent_to_an_address_that_is_nearly_right() {
    let app = TestApp::start();
    let client = app.client();
    let registered = json!([CALLBACK, "http://127.0.0.1:8081/cb", "com.example.app:/cb"]);
    let system = System::register(&app, json!({ "redirect_uris": registered })).await;
    for uri in [
        "",
        "https://ks.example.gov.cn/callback/",
        "https://ks.example.gov.cn/Callback",
        "https://KS.example.gov.cn/callback",
        "HTTPS://ks.example.gov.cn/callback",
        "https://ks.example.gov.cn/callback?next=1",
        "https://ks.example.gov.cn/callback?",
        "https://ks.example.gov.cn/callback#",
        "https://ks.example.gov.cn/callback#x",
        "https://evil@ks.example.gov.cn/callback",
        "https://ks.example.gov.cn@evil.example/callback",
        "https://ks.example.gov.cn.evil.example/callback",
        "https://evil.ks.example.gov.cn/callback",
        "https://ks.example.gov.cn/callback/../callback",
        "https://ks.example.gov.cn/x/../callback",
        "https://ks.example.gov.cn/./callback",
        "https://ks.example.gov.cn//callback",
        "https://ks.example.gov.cn/%63allback",
        "https://ks.example.gov.cn/callback%20",
        " https://ks.example.gov.cn/callback",
        "https://ks.example.gov.cn/callback\n",
        "https://ks.example.gov.cn\\callback",
        "https://ks.example.gov.cn:443/callback",
        "https://ks.example.gov.cn:8443/callback",
        "https://ks.example.gov.cn./callback",
        "http://ks.example.gov.cn/callback",
        "//ks.example.gov.cn/callback",
        "/callback",
        "javascript:alert(1)",
        "data:text/html,evil",
        "http://127.0.0.1:8082/cb",
        "http://127.0.0.1/cb",
        "http://localhost:8081/cb",
        "com.example.app:/cb/x",
        "com.example.app://cb",
        "https://ks.example.gov.cn/callback,https://evil.example/",
    ] {
        let answer = client.authorize(&system.asks_with("openid", &[("redirect_uri", uri)])).await;
        stranded(&answer);
        // Nor for asking silently, nor with another fault.
        let silent = system.asks_with("openid", &[("redirect_uri", uri), ("prompt", "none")]);
        stranded(&client.authorize(&silent).await);
        let wrong = system.asks_with("openid", &[("redirect_uri", uri), ("scope", "")]);
        stranded(&client.authorize(&wrong).await);
    }
    assert_eq!(client.cookie("shiming_authorize"), None);
    for uri in [CALLBACK, "http://127.0.0.1:8081/cb", "com.example.app:/cb"] {
        client.come(&system.asks_with("openid", &[("redirect_uri", uri)])).await;
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_cannot_be_answered_is_told_to_the_person() {
    let app = TestApp::start();
    let client = app.client();
    let system = System::usual(&app).await;
    let long = "x".repeat(3000);
    for change in [
        &[("client_id", "")][..],
        &[("client_id", "nonsense")],
        &[("client_id", "a\u{0}b")],
        &[("client_id", "0193e0c0-0000-7000-8000-000000000000")],
        &[("state", &long)],
        &[("state", "a\r\nb")],
        &[("request_uri", "urn:ietf:params:oauth:request_uri:nonsense")],
    ] {
        stranded(&client.authorize(&system.asks_with("openid", change)).await);
    }
    // A parameter that comes twice has two meanings (RFC 6749 §3.1).
    for twice in ["client_id", "redirect_uri", "state", "scope", "code_challenge", "prompt"] {
        let mut asked = system.asks_with("openid", &[("prompt", "login")]);
        let value = asked.iter().find(|(name, _)| name == twice).unwrap().1.clone();
        asked.push((twice.to_owned(), value));
        stranded(&client.authorize(&asked).await);
    }
    stranded(&client.get("/oauth2/authorize").await);
    system.disable(&app).await;
    stranded(&client.authorize(&system.asks("openid")).await);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn the_page_speaks_the_language_of_the_person_and_shows_no_code_of_others() {
    let app = TestApp::start();
    let client = app.client();
    let evil = "<script>evil</script>\"'";
    let asked = vec![("client_id".to_owned(), evil.to_owned())];
    let html = client.authorize(&asked).await.page(400);
    assert!(!html.contains("evil</script>") && html.contains("lang=en"));
    let (_, rest) = html.split_once("<a href=\"").unwrap();
    let link = rest.split('"').next().unwrap().replace("&#38;", "&");
    assert!(client.get(&link).await.page(400).contains("<html lang=\"en\">"), "{link}");
    let request = client.request(reqwest::Method::GET, "/oauth2/authorize");
    let answer = client.send(request.header("accept-language", "en")).await;
    assert!(answer.page(400).contains("login request is not right"));
    assert_eq!(answer.header("content-language"), "en");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_request_may_come_as_a_form_of_another_site() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let mut client = app.client();
    client.register(&crate::support::person("王小明"), "zhangsan").await;
    client.sign_in("zhangsan").await;
    let mine = client.origin.clone();
    client.origin = Some("https://ks.example.gov.cn".to_owned());
    let asked = system.asks("openid phone");
    let fields: Vec<_> =
        asked.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let location = client.form("/oauth2/authorize", &fields).await.location();
    assert!(location.starts_with("/oauth2/authorize?client_id="), "{location}");
    assert!(!location.contains("af0ifjsldkj"), "{location}");
    client.origin = mine;
    let id = client.get(&location).await.location();
    let id = id.strip_prefix("/authorize/").unwrap();
    assert_eq!(client.state(id).await, "consent");
    // Once.
    stranded(&client.get(&location).await);
    // Faults are told at once.
    let wrong = [&fields[..], &[("prompt", "always")]].concat();
    client.form("/oauth2/authorize", &wrong).await.sends_error(&app, "invalid_request");
    stranded(&client.form("/oauth2/authorize", &[("client_id", "x")]).await);
    let json = b"{}".to_vec();
    let post = (reqwest::Method::POST, "/oauth2/authorize");
    stranded(&client.raw(post, "application/json", json).await);
}
