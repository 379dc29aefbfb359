//! Registration as a whole: who can register, and what the draft shows.

use serde_json::{Value, json};

use crate::support::{Client, PASSWORD, Person, TestApp, count, people, person};

/// Registers, looks at the account, signs out again.
async fn complete_flow(client: &Client<'_>, person: &Person, username: &str) {
    let registered = client.register(person, username).await;
    assert_eq!(registered["username"], username);
    let answer = client.try_sign_in(username, PASSWORD).await;
    answer.ok(201);
    let answer = client.get("/api/v1/account").await;
    let account = answer.ok(200);
    assert_eq!(account["id"], registered["id"], "{}", person.name);
    assert_eq!(account["document_type"], person.document_type.as_str());
    assert_eq!(account["issuing_country"], json!(person.issuing_country));
    assert_eq!(account["gender"], person.gender.as_str());
    assert_eq!(account["bank_code"], person.bank_code.as_str());
    assert_eq!(account["assurance_level"], 3);
    assert_masked(&account, person);
    client.delete("/api/v1/sessions/current").await.ok(204);
    client.get("/api/v1/account").await.problem(401, "not_signed_in");
}

/// Nothing personal is shown in full, but enough to recognise it.
fn assert_masked(shown: &Value, person: &Person) {
    let text = shown.to_string();
    let number = person.document_number.trim_end_matches('号');
    for secret in [number, &person.card_number, &person.phone, &person.birth_date] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    let first = person.name.chars().next().unwrap();
    let name = shown["name"].as_str().unwrap();
    assert!(name.starts_with(first) && name.contains('*'), "{name}");
    assert_eq!(name.chars().count(), person.name.chars().count());
    let card = &person.card_number[person.card_number.len() - 4..];
    assert_eq!(shown["card_number"], format!("**** {card}"));
    let (start, end) = (&person.phone[..3], &person.phone[7..]);
    assert_eq!(shown["phone"], format!("{start}****{end}"));
    assert_eq!(shown["birth_date"], format!("{}-**-**", &person.birth_date[..4]));
    assert!(shown["document_number"].as_str().unwrap().contains('*'));
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn everybody_with_a_debit_card_can_register_and_sign_in() {
    let app = TestApp::with(|settings| settings.password.permits = 2);
    let everybody = people().iter().filter(|one| one.card_kind == "debit");
    let mut types = std::collections::BTreeSet::new();
    for (number, person) in everybody.enumerate() {
        // One address may not have that many messages sent.
        let client = app.client_at(&format!("198.51.100.{number}"));
        complete_flow(&client, person, &format!("candidate{number}")).await;
        types.insert(&person.document_type);
    }
    assert_eq!(types.len(), 12, "every kind of document: {types:?}");
    let registered = i64::try_from(people().len()).unwrap() - 3;
    assert_eq!(count!(app, accounts), registered);
    assert_eq!(count!(app, consents), registered * 3);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn names_are_kept_as_the_bank_has_them() {
    let app = TestApp::start();
    // What people type differs from the bank's records in dots, width and
    // spaces, never in characters.
    for (username, typed, on_record) in [
        ("uyghur", "买买提•艾力", "买买提·艾力"),
        ("latin", "john  smith", "JOHN SMITH"),
        ("spaced", "欧阳 娜娜", "欧阳娜娜"),
        ("wide", "ＣＨＡＮ ＳＩＵ ＭＩＮＧ", "CHAN SIU MING"),
    ] {
        let person = Person { name: typed.into(), ..person(on_record) };
        let client = app.client();
        client.register(&person, username).await;
        client.sign_in(username).await;
        let account = client.get("/api/v1/account").await.ok(200);
        let length = account["name"].as_str().unwrap().chars().count();
        assert_eq!(length, typed.chars().count(), "{typed} is shown as it was typed");
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn the_draft_shows_each_step_masked() {
    let app = TestApp::start();
    let client = app.client();
    let person = person("王小明");
    let draft = client.start("wangxiaoming").await;
    assert_eq!(draft["stage"], "identity");
    assert_eq!(draft["remaining"], json!({ "documents": 3, "bank_checks": 5, "sms": 5 }));
    assert_eq!(
        (&draft["identity"], &draft["bank"], &draft["code"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    assert!(client.cookie("shiming_flow").is_some());

    let draft = client.identity(&person).await.ok(200);
    assert_eq!(draft["stage"], "bank");
    assert_eq!(
        draft["identity"],
        json!({
            "name": "王**", "document_type": "RESIDENT_ID", "document_number": "4403**********0014",
            "issuing_country": null, "gender": "male", "birth_date": "1990-**-**",
        })
    );
    assert_eq!(draft["remaining"]["documents"], 2);

    let draft = client.bank(&person).await.ok(200);
    assert_eq!(draft["stage"], "code");
    assert_eq!(
        draft["bank"],
        json!({ "bank_code": "CCB", "card_number": "**** 0004", "phone": "138****8000" })
    );
    assert_eq!(draft["code"]["phone_last4"], "8000");
    assert_eq!(draft["code"]["attempts_left"], 5);
    assert_eq!(draft["remaining"], json!({ "documents": 2, "bank_checks": 5, "sms": 4 }));
    assert_eq!(client.draft().await["code"]["phone"], "138****8000");
    let by_id = client.get(&client.step("")).await.ok(200);
    assert_eq!(by_id["id"], draft["id"]);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn an_app_carries_its_flow_token_in_a_header() {
    let app = TestApp::start();
    let mut client = app.client();
    client.origin = None;
    let body = client.start_body("appuser").await;
    let request = client.request(reqwest::Method::POST, "/api/v1/registrations");
    let answer = client.send(request.header("flow-client", "app").json(&body)).await;
    let draft = answer.ok(201);
    assert!(answer.headers.get("set-cookie").is_none());
    let token = draft["flow_token"].as_str().unwrap();
    client.get("/api/v1/registrations/current").await.problem(404, "flow_not_found");
    let path = "/api/v1/registrations/current";
    let request = client.request(reqwest::Method::GET, path).header("flow-token", token);
    let shown = client.send(request).await.ok(200);
    assert_eq!(shown["id"], draft["id"]);
    assert!(shown.get("flow_token").is_none());
    let path = format!("/api/v1/registrations/{}/identity", draft["id"].as_str().unwrap());
    let request = client.request(reqwest::Method::PUT, &path).header("flow-token", token);
    client.send(request.json(&person("王小明").identity())).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn people_are_sent_back_to_named_systems_only() {
    let app = TestApp::with(|settings| {
        settings.server.return_origins = vec!["https://ks.example.gov.cn".into()];
    });
    let client = app.client();
    for wrong in [
        "https://ks.example.gov.cn.evil.example/",
        "https://ks.example.gov.cn@evil.example/",
        "http://ks.example.gov.cn/",
        "//ks.example.gov.cn",
        "javascript:alert(1)",
    ] {
        let mut body = client.start_body("returning").await;
        body["return_to"] = json!(wrong);
        client.start_with(body).await.fields(&[("/return_to", "return_to_not_allowed")]);
    }
    let person = person("王小明");
    let back = "https://ks.example.gov.cn/exam?id=7";
    let mut body = client.start_body("returning").await;
    body["return_to"] = json!(back);
    assert_eq!(client.start_with(body).await.ok(201)["return_to"], back);
    client.identity(&person).await.ok(200);
    client.bank(&person).await.ok(200);
    let code = client.last_sms(&person.phone).await;
    assert_eq!(client.confirm(&code).await.ok(201)["return_to"], back);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn steps_cannot_be_skipped_or_repeated_after_the_end() {
    let app = TestApp::start();
    let client = app.client();
    let person = person("王小明");
    client.start("skipper").await;
    let stage =
        |answer: crate::support::Answer| answer.problem(409, "stage_conflict")["stage"].clone();
    assert_eq!(stage(client.bank(&person).await), "identity");
    assert_eq!(stage(client.confirm("123456").await), "identity");
    client.identity(&person).await.ok(200);
    assert_eq!(stage(client.confirm("123456").await), "bank");
    client.bank(&person).await.ok(200);
    let code = client.last_sms(&person.phone).await;
    let account = client.confirm(&code).await.ok(201);

    assert_eq!(client.draft().await["stage"], "completed");
    assert_eq!(stage(client.identity(&person).await), "completed");
    assert_eq!(stage(client.bank(&person).await), "completed");
    let credentials = client.credentials_body("another", PASSWORD).await;
    assert_eq!(stage(client.put(&client.step("credentials"), credentials).await), "completed");
    assert_eq!(
        stage(client.send(client.request(reqwest::Method::POST, &client.step("extension"))).await),
        "completed"
    );
    assert_eq!(client.confirm(&code).await.ok(201), account, "the answer is given again");
    assert_eq!(count!(app, accounts), 1);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn nothing_personal_stays_in_a_finished_draft() {
    let app = TestApp::start();
    let client = app.client();
    client.register(&person("王小明"), "finished").await;
    let draft = client.draft().await;
    assert_eq!(
        (&draft["identity"], &draft["bank"], &draft["code"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_username_that_was_lost_can_be_changed_at_every_step() {
    let app = TestApp::start();
    let client = app.client();
    let person = person("王小明");
    let code = client.up_to_code(&person, "first.choice").await;
    let body = client.credentials_body("second.choice", "harbour mist 42").await;
    let draft = client.put(&client.step("credentials"), body).await.ok(200);
    assert_eq!((&draft["stage"], &draft["username"]), (&json!("code"), &json!("second.choice")));
    client.confirm(&code).await.ok(201);
    client.try_sign_in("second.choice", "harbour mist 42").await.ok(201);
    client.try_sign_in("first.choice", PASSWORD).await.problem(401, "login_failed");
}
