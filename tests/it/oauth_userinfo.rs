//! What business systems learn of people: what was granted, and no more.

use reqwest::Method;
use serde_json::{Value, json};
use shiming::capabilities::accounts::UnitState;

use crate::support::{
    CREDIT_CODE, Client, TestApp,
    jose::parts,
    oauth::{ISSUER, SignIn, System},
    person,
};

async fn registered(app: &TestApp) -> (Client<'_>, Value) {
    let client = app.client();
    let account = client.register(&person("王小明"), "zhangsan").await;
    client.clear_cookies();
    (client, account)
}

/// Tokens of a sign-in.
async fn tokens(app: &TestApp, (system, account): (&System, &Value), sign_in: SignIn) -> Value {
    let code = app.code_for(system, account, sign_in).await;
    app.client().exchange(system, &code).await.ok(200)
}

fn names(claims: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = claims.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn each_scope_covers_its_claims() {
    let app = TestApp::start();
    let (client, account) = registered(&app).await;
    let system = app.system(json!({})).await;
    let seen = async |scope| {
        let tokens = tokens(&app, (&system, &account), SignIn::to(scope)).await;
        client.userinfo(&tokens).await.ok(200)
    };
    assert_eq!(names(&seen("openid").await), ["sub"]);
    let profile = seen("openid profile").await;
    assert_eq!(names(&profile), ["preferred_username", "sub", "updated_at", "user_type"]);
    assert_eq!(profile["preferred_username"], "zhangsan");
    assert_eq!(profile["user_type"], "person");
    let phone = seen("openid phone").await;
    assert_eq!(phone["phone_number"], format!("+86{}", person("王小明").phone));
    assert_eq!(phone["phone_number_verified"], true);
    let real = seen("openid realname unit").await;
    assert_eq!(
        names(&real),
        [
            "birthdate",
            "document_number",
            "document_number_masked",
            "document_type",
            "gender",
            "name",
            "sub",
            "verified_at",
        ]
    );
    let own = person("王小明");
    assert_eq!(real["name"], own.name.as_str());
    assert_eq!(real["birthdate"], own.birth_date.as_str());
    assert_eq!(real["gender"], own.gender.as_str());
    assert_eq!(real["document_type"], "RESIDENT_ID");
    assert_eq!(real["document_number"], "4403**********0014", "masked as everywhere");
    assert_eq!(real["document_number_masked"], true);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn the_whole_number_is_for_clients_that_may_see_it() {
    let app = TestApp::start();
    let (client, account) = registered(&app).await;
    let system = app.system(json!({ "document_number": "full" })).await;
    let tokens = tokens(&app, (&system, &account), SignIn::to("openid realname")).await;
    let seen = client.userinfo(&tokens).await.ok(200);
    assert_eq!(seen["document_number"], person("王小明").document_number.as_str());
    assert_eq!(seen["document_number_masked"], false);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_unit_shows_itself_and_its_agent() {
    let app = TestApp::start();
    let client = app.client();
    let account = client.register_unit(CREDIT_CODE, &person("王小明"), "company").await;
    app.decide_unit(&account, UnitState::Approved).await;
    client.clear_cookies();
    let masked = app.system(json!({})).await;
    let full = app.system(json!({ "document_number": "full" })).await;
    for (system, legal) in [(masked, "张*"), (full, "张三")] {
        let scope = "openid profile realname unit";
        let tokens = tokens(&app, (&system, &account), SignIn::to(scope)).await;
        let seen = client.userinfo(&tokens).await.ok(200);
        assert_eq!(seen["user_type"], "unit");
        assert_eq!(seen["name"], "王小明");
        assert_eq!(seen["unit"]["unified_social_credit_code"], CREDIT_CODE);
        assert_eq!(seen["unit"]["state"], "approved");
        assert_eq!(
            seen["unit"]["legal_representative"].as_str().unwrap().chars().next(),
            legal.chars().next()
        );
        let stars = seen["unit"]["legal_representative"].as_str().unwrap().contains('*');
        assert_eq!(stars, legal.contains('*'));
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn claims_stand_in_the_id_token_when_they_are_asked_for_by_name() {
    let app = TestApp::start();
    let (_, account) = registered(&app).await;
    let system = app.system(json!({})).await;
    let asked = json!({
        "id_token": { "name": null, "phone_number": { "essential": true }, "email": null, "sub": null,
            "iss": { "value": "https://evil.example" }, "aud": { "value": "x" } },
        "userinfo": { "gender": null },
    });
    let sign_in = SignIn { claims: Some(asked), ..SignIn::to("openid realname") };
    let tokens = tokens(&app, (&system, &account), sign_in).await;
    let (_, claims, _) = parts(tokens["id_token"].as_str().unwrap());
    assert_eq!(claims["name"], "王小明");
    assert!(claims.get("phone_number").is_none(), "its scope was not granted");
    assert!(claims.get("gender").is_none() && claims.get("email").is_none());
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!(ISSUER), &json!(system.id)));
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn verified_claims_name_the_bank_check_and_no_bank() {
    let app = TestApp::start();
    let (client, account) = registered(&app).await;
    let system = app.system(json!({})).await;
    let request = json!({
        "verification": {
            "trust_framework": { "value": "cn_bank_card_four_elements" },
            "assurance_level": null, "time": null,
            "evidence": [{ "type": { "value": "electronic_record" } }],
        },
        "claims": { "name": null, "birthdate": null, "email": null },
    });
    let asked = json!({ "userinfo": { "verified_claims": request }, "id_token": { "verified_claims": request } });
    let sign_in = SignIn { claims: Some(asked.clone()), ..SignIn::to("openid realname") };
    let granted = tokens(&app, (&system, &account), sign_in).await;
    let seen = client.userinfo(&granted).await.ok(200)["verified_claims"].clone();
    assert_eq!(names(&seen["claims"]), ["birthdate", "name"]);
    let verification = &seen["verification"];
    assert_eq!(verification["trust_framework"], "cn_bank_card_four_elements");
    assert_eq!(verification["assurance_level"], "l3");
    let evidence = &verification["evidence"][0];
    assert_eq!(evidence["type"], "electronic_record");
    assert_eq!(evidence["record"]["type"], "bank_account");
    assert_eq!(evidence["check_details"][0]["check_method"], "data");
    assert_eq!(evidence["check_details"][0]["time"], verification["time"]);
    let (_, id, _) = parts(granted["id_token"].as_str().unwrap());
    assert_eq!(id["verified_claims"], seen);
    let own = person("王小明");
    let told = seen.to_string();
    assert!(!told.contains(&own.card_number) && !told.contains(&own.bank_code), "{told}");
    // Without the scope there is nothing to tell.
    let sign_in = SignIn { claims: Some(asked), ..SignIn::to("openid profile") };
    let without = tokens(&app, (&system, &account), sign_in).await;
    assert!(client.userinfo(&without).await.ok(200).get("verified_claims").is_none());
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn verified_claims_are_as_they_are_asked_for_or_left_out() {
    let app = TestApp::start();
    let (client, account) = registered(&app).await;
    let system = app.system(json!({})).await;
    let named = json!({ "name": null });
    let fits = json!({ "trust_framework": null });
    for (request, given) in [
        (json!({ "verification": fits, "claims": named }), true),
        (json!({ "verification": { "trust_framework": null, "x": null }, "claims": named }), true),
        (
            json!([{ "verification": fits, "claims": named }, { "verification": { "x": { "value": 1 } }, "claims": named }]),
            true,
        ),
        (
            json!({ "verification": { "trust_framework": { "value": "de_aml" } }, "claims": named }),
            false,
        ),
        (
            json!({ "verification": { "trust_framework": null, "assurance_level": { "values": ["l4"] } }, "claims": named }),
            false,
        ),
        (
            json!({ "verification": { "trust_framework": null, "time": { "max_age": 60 } }, "claims": named }),
            false,
        ),
        (
            json!({ "verification": { "trust_framework": null, "evidence": [{ "type": { "value": "document" } }] }, "claims": named }),
            false,
        ),
        (json!({ "verification": fits, "claims": { "email": null } }), false),
        (json!({ "verification": fits, "claims": {} }), false),
        (json!({ "verification": fits }), false),
        (json!({ "claims": named }), false),
        (json!(null), false),
        (json!([]), false),
        (json!("verified_claims"), false),
    ] {
        let asked = json!({ "userinfo": { "verified_claims": request } });
        let sign_in = SignIn { claims: Some(asked), ..SignIn::to("openid realname") };
        let tokens = tokens(&app, (&system, &account), sign_in).await;
        app.pass(61);
        let seen = client.userinfo(&tokens).await.ok(200);
        assert_eq!(seen.get("verified_claims").is_some(), given, "{request}");
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_token_is_sent_in_one_way() {
    let app = TestApp::start();
    let (client, account) = registered(&app).await;
    let system = app.system(json!({})).await;
    let tokens = tokens(&app, (&system, &account), SignIn::to("openid")).await;
    let token = tokens["access_token"].as_str().unwrap();
    let path = "/oauth2/userinfo";
    let field = [("access_token", token)];
    client.form(path, &field).await.ok(200);
    client.send(client.request(Method::POST, path).bearer_auth(token)).await.ok(200);
    let json = client.request(Method::POST, path).bearer_auth(token).json(&json!({}));
    client.send(json).await.ok(200);
    let both = client.request(Method::POST, path).bearer_auth(token).form(&field);
    client.send(both).await.oauth(400, "invalid_request");
    let missing = client.get(path).await;
    missing.oauth(401, "invalid_token");
    assert_eq!(missing.header("www-authenticate"), r#"Bearer realm="shiming""#);
    let in_query = client.get(&format!("{path}?access_token={token}")).await;
    in_query.oauth(401, "invalid_token");
    let wrong = client.get_with("x", path).await;
    wrong.oauth(401, "invalid_token");
    let challenge = wrong.header("www-authenticate");
    assert!(challenge.contains(r#"error="invalid_token""#), "{challenge}");
    let request = client.request(Method::GET, path).basic_auth(&system.id, Some(&system.secret));
    client.send(request).await.oauth(401, "invalid_token");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn an_account_that_is_gone_tells_nothing() {
    let app = TestApp::start();
    let (client, account) = registered(&app).await;
    let system = app.system(json!({})).await;
    let tokens = tokens(&app, (&system, &account), SignIn::to("openid phone")).await;
    client.userinfo(&tokens).await.ok(200);
    let id = account["id"].as_str().unwrap().parse().unwrap();
    app.core.db.write(move |conn| shiming::capabilities::grants::erase(conn, id)).await.unwrap();
    client.userinfo(&tokens).await.oauth(401, "invalid_token");
    client.refresh(&system, &tokens).await.oauth(400, "invalid_grant");
}
