//! 已授权的系统: what one has let business systems see, and taking it back.

use serde_json::json;

use crate::support::{
    TestApp, count, person,
    systems::{CALLBACK, System, VERIFIER},
};

const SYSTEMS: &str = "/api/v1/account/authorized-systems";

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn systems_are_listed_with_what_they_see() {
    let app = TestApp::start();
    let (one, two) = (System::usual(&app).await, System::usual(&app).await);
    let client = app.client();
    client.join(&person("王小明"), "zhangsan").await;
    assert_eq!(client.get(SYSTEMS).await.ok(200), json!({ "items": [] }));
    client.code_for(&one.asks("openid phone")).await;
    app.pass(60);
    client.code_for(&two.asks("openid realname offline_access")).await;
    app.pass(60);
    client.code_for(&one.asks("openid")).await;
    let items = client.get(SYSTEMS).await.ok(200)["items"].clone();
    assert_eq!(items.as_array().unwrap().len(), 2);
    assert_eq!(items[0]["client"]["id"], two.id.to_string());
    assert_eq!(items[0]["items"][0], "name");
    assert!(items[0]["items"].as_array().unwrap().contains(&json!("offline_access")));
    let old = &items[1];
    assert_eq!((&old["client"]["id"], &old["items"]), (&json!(one.id), &json!(["phone"])));
    assert_eq!(old["given_at"], old["updated_at"]);
    assert!(old["last_used_at"].as_str() > old["updated_at"].as_str(), "{old}");
    // Nobody else's.
    let other = app.client();
    other.join(&person("张伟"), "zhangwei").await;
    assert_eq!(other.get(SYSTEMS).await.ok(200), json!({ "items": [] }));
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_consent_is_taken_back_with_everything_that_hangs_on_it() {
    let app = TestApp::start();
    let (one, two) = (System::usual(&app).await, System::usual(&app).await);
    let (client, other) = (app.client(), app.client());
    client.join(&person("王小明"), "zhangsan").await;
    other.join(&person("张伟"), "zhangwei").await;
    for (client, system) in [(&client, &one), (&client, &two), (&other, &one)] {
        client.code_for(&system.asks("openid phone offline_access")).await;
    }
    let path = format!("{SYSTEMS}/{}", one.id);
    for _ in 0..2 {
        client.delete(&path).await.ok_status(204);
    }
    let items = client.get(SYSTEMS).await.ok(200)["items"].clone();
    assert_eq!(items.as_array().unwrap().len(), 1);
    let live = app
        .query(|conn| {
            use diesel::prelude::*;
            use shiming::tools::db::schema::grants::dsl;
            let live = dsl::grants.filter(dsl::ended_at.is_null());
            live.select(dsl::client_id).load::<String>(conn)
        })
        .await
        .into_iter()
        .collect::<std::collections::BTreeSet<_>>();
    assert_eq!(
        live,
        [one.id.to_string(), two.id.to_string()].into(),
        "the other person's, the other system's"
    );
    let history = client.get("/api/v1/account/history").await.ok(200)["items"].clone();
    let withdrawn =
        history.as_array().unwrap().iter().filter(|item| item["kind"] == "consent_withdrawn");
    assert_eq!(withdrawn.count(), 1);
    let silent = one.asks_with("openid", &[("prompt", "none")]);
    client.authorize(&silent).await.sends_error(&app, "consent_required");
    let id = client.come(&one.asks("openid phone")).await;
    assert_eq!(client.authorization(&id).await["new_items"], json!(["phone"]));
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_withdrawal_and_a_sign_in_at_once_leave_no_grant_without_consent() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let client = app.client();
    client.join(&person("王小明"), "zhangsan").await;
    client.code_for(&system.asks("openid phone")).await;
    let path = format!("{SYSTEMS}/{}", system.id);
    for _ in 0..10 {
        let id = client.come(&system.asks("openid phone")).await;
        let (decided, withdrawn) = tokio::join!(client.decide(&id, "allow"), client.delete(&path));
        withdrawn.ok_status(204);
        assert!([200, 409].contains(&decided.status), "{}", decided.text());
        let live = app
            .query(|conn| {
                use diesel::prelude::*;
                use shiming::tools::db::schema::grants::dsl;
                dsl::grants.filter(dsl::ended_at.is_null()).count().get_result::<i64>(conn)
            })
            .await;
        let consents = count!(app, client_consents);
        assert!(consents == 1 || live == 0, "{live} grants, {consents} consents");
        if consents == 0 {
            client.code_for(&system.asks("openid phone")).await;
        }
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn ids_that_are_none_are_not_found() {
    let app = TestApp::start();
    let client = app.client();
    client.join(&person("王小明"), "zhangsan").await;
    client.delete(&format!("{SYSTEMS}/nonsense")).await.problem(404, "not_found");
    let unknown = format!("{SYSTEMS}/0193e0c0-0000-7000-8000-000000000000");
    client.delete(&unknown).await.ok_status(204);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_a_system_has_in_hand_dies_with_the_consent() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let (client, theirs) = (app.client(), app.client());
    client.join(&person("王小明"), "zhangsan").await;
    let asked = system.asks("openid realname offline_access");
    let tokens = theirs.redeem(&system, &client.code_for(&asked).await).await;
    let unused = client.code_for(&asked).await;
    let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
    let (access, refresh) = (text("access_token"), text("refresh_token"));
    theirs.get_with(&access, "/oauth2/userinfo").await.ok(200);
    let path = format!("{SYSTEMS}/{}", system.id);
    client.delete(&path).await.ok_status(204);
    theirs.get_with(&access, "/oauth2/userinfo").await.oauth(401, "invalid_token");
    for token in [&access, &refresh] {
        let looked = theirs.ask((&system, "/oauth2/introspect"), &[("token", token)]).await;
        assert_eq!(looked.ok(200), json!({ "active": false }));
    }
    let refreshing = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    let answer = theirs.ask((&system, "/oauth2/token"), &refreshing).await;
    answer.oauth(400, "invalid_grant");
    let trading = [
        ("grant_type", "authorization_code"),
        ("code", unused.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    theirs.ask((&system, "/oauth2/token"), &trading).await.oauth(400, "invalid_grant");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn the_end_of_a_session_ends_its_tokens_but_those_for_offline() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let (client, theirs) = (app.client(), app.client());
    client.join(&person("王小明"), "zhangsan").await;
    let bound = theirs.redeem(&system, &client.code_for(&system.asks("openid")).await).await;
    let offline = system.asks("openid offline_access");
    let offline = theirs.redeem(&system, &client.code_for(&offline).await).await;
    client.delete("/api/v1/sessions/current").await.ok_status(204);
    let looked = async |tokens: &serde_json::Value| {
        theirs.get_with(tokens["access_token"].as_str().unwrap(), "/oauth2/userinfo").await.status
    };
    assert_eq!((looked(&bound).await, looked(&offline).await), (401, 200));
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn the_id_token_of_a_sign_in_signs_out_of_it() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let (client, theirs) = (app.client(), app.client());
    client.join(&person("王小明"), "zhangsan").await;
    let tokens = theirs.redeem(&system, &client.code_for(&system.asks("openid")).await).await;
    let hint = tokens["id_token"].as_str().unwrap();
    let silent = system.asks_with("openid", &[("prompt", "none"), ("id_token_hint", hint)]);
    assert!(client.authorize(&silent).await.sent("code").is_some());
    let path = format!(
        "/oauth2/logout?id_token_hint={hint}&post_logout_redirect_uri=https://ks.example.gov.cn/bye"
    );
    assert_eq!(client.get(&path).await.location(), "https://ks.example.gov.cn/bye");
    client.get("/api/v1/account").await.problem(401, "not_signed_in");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_ends_at_the_same_moment_waits_in_no_circle_and_leaves_nothing() {
    let app = TestApp::start();
    let system = System::usual(&app).await;
    let (client, other) = (app.client(), app.client());
    client.join(&person("王小明"), "zhangsan").await;
    other.sign_in("zhangsan").await;
    let path = format!("{SYSTEMS}/{}", system.id);
    for _ in 0..8 {
        client.code_for(&system.asks("openid phone")).await;
        let id = client.come(&system.asks("openid phone")).await;
        let sessions = client.get("/api/v1/sessions").await.ok(200)["items"].clone();
        let mut sessions = sessions.as_array().unwrap().iter();
        let mine = sessions.find(|session| session["current"] == true).unwrap();
        let ending = format!("/api/v1/sessions/{}", mine["id"].as_str().unwrap());
        let (decided, withdrawn, ended) =
            tokio::join!(client.decide(&id, "allow"), client.delete(&path), other.delete(&ending));
        ended.ok_status(204);
        assert!([200, 409].contains(&decided.status), "{}", decided.text());
        assert!([204, 401].contains(&withdrawn.status), "{}", withdrawn.text());
        let live = app
            .query(|conn| {
                use diesel::prelude::*;
                use shiming::tools::db::schema::grants::dsl;
                dsl::grants.filter(dsl::ended_at.is_null()).count().get_result::<i64>(conn)
            })
            .await;
        assert_eq!(live, 0, "{} {}", decided.status, withdrawn.status);
        client.sign_in("zhangsan").await;
    }
}
