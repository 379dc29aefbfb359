//! Whose a draft is, and how long it lives.

use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, Client, PASSWORD, TestApp, count, person};

const MINUTE: u64 = 60;

/// Every request that works on the draft `id`, as `client` sends it.
async fn every_step(client: &Client<'_>, id: &str) -> Vec<Answer> {
    let someone = person("张伟");
    let path = |step: &str| format!("/api/v1/registrations/{id}{step}");
    let credentials = client.credentials_body("somebody", PASSWORD).await;
    vec![
        client.get(&path("")).await,
        client.put(&path("/credentials"), credentials).await,
        client.put(&path("/identity"), someone.identity()).await,
        client.post(&path("/bank-verification"), someone.bank()).await,
        client.post(&path("/confirmation"), json!({ "code": "123456" })).await,
        client.send(client.request(Method::POST, &path("/extension"))).await,
        client.delete(&path("")).await,
    ]
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn somebody_elses_draft_does_not_exist() {
    let app = TestApp::start();
    let owner = app.client();
    owner.up_to_code(&person("王小明"), "zhangsan").await;
    let before = owner.draft().await;
    let (nobody, other) = (app.client(), app.client());
    other.start("other").await;
    for stranger in [&nobody, &other] {
        for answer in every_step(stranger, &owner.flow()).await {
            answer.problem(404, "flow_not_found");
        }
    }
    nobody.get("/api/v1/registrations/current").await.problem(404, "flow_not_found");
    assert_eq!(owner.draft().await, before);
    assert_eq!(count!(app, flows), 2);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn an_id_without_its_proof_opens_nothing() {
    let app = TestApp::start();
    let owner = app.client();
    owner.start("zhangsan").await;
    let cookie = owner.cookie("shiming_flow").unwrap();
    let (id, proof) = cookie.split_once('.').unwrap();
    let thief = app.client();
    let mut guess = proof.to_owned();
    let last = if guess.pop() == Some('0') { '1' } else { '0' };
    guess.push(last);
    let forged = [id.to_owned(), format!("{id}."), format!("{id}.{guess}"), format!(".{proof}")];
    for forged in forged {
        thief.set_cookie("shiming_flow", &forged);
        thief.get("/api/v1/registrations/current").await.problem(404, "flow_not_found");
        thief.get(&owner.step("")).await.problem(404, "flow_not_found");
    }
    thief.set_cookie("shiming_flow", &cookie);
    thief.get(&owner.step("")).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_draft_left_alone_for_half_an_hour_is_gone() {
    let app = TestApp::start();
    let client = app.client();
    client.up_to_code(&person("王小明"), "zhangsan").await;
    app.pass(30 * MINUTE - 1);
    client.draft().await;
    app.pass(1);
    client.get("/api/v1/registrations/current").await.problem(404, "flow_not_found");
    let answers = every_step(&client, &client.flow()).await;
    let (delete, others) = answers.split_last().unwrap();
    for answer in others {
        answer.problem(404, "flow_not_found");
    }
    // What nobody can see any more may still be erased at once.
    delete.ok(204);
    app.client().start("lisi").await;
    app.pass(30 * MINUTE);
    shiming::compose::worker::forget(&app.core).await;
    assert_eq!(count!(app, flows), 0, "and erased");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn looking_does_not_keep_a_draft_alive_but_working_does() {
    let app = TestApp::start();
    let client = app.client();
    let started = client.start("zhangsan").await;
    app.pass(20 * MINUTE);
    assert_eq!(client.draft().await["expires_at"], started["expires_at"]);
    client.identity(&person("王小明")).await.ok(200);
    app.pass(20 * MINUTE);
    client.bank(&person("王小明")).await.ok(200);
    app.pass(29 * MINUTE);
    let draft = client.draft().await;
    assert_eq!(draft["absolute_expires_at"], started["absolute_expires_at"]);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_draft_can_be_extended_but_not_beyond_a_day() {
    let app = TestApp::start();
    let client = app.client();
    let started = client.start("zhangsan").await;
    let extension = client.step("extension");
    let extend = async || client.send(client.request(Method::POST, &extension)).await;
    // 25 minutes at a time: 57 times is 23 hours and 45 minutes.
    let mut last = started["expires_at"].as_str().unwrap().to_owned();
    for _ in 0..57 {
        app.pass(25 * MINUTE);
        let draft = extend().await.ok(200);
        let expires_at = draft["expires_at"].as_str().unwrap().to_owned();
        assert!(expires_at > last, "{expires_at} is later than {last}");
        last = expires_at;
    }
    assert_eq!(last, started["absolute_expires_at"].as_str().unwrap());
    app.pass(14 * MINUTE);
    extend().await.ok(200);
    app.pass(MINUTE);
    extend().await.problem(404, "flow_not_found");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn giving_up_erases_everything() {
    let app = TestApp::start();
    let client = app.client();
    let code = client.up_to_code(&person("王小明"), "zhangsan").await;
    let path = client.step("");
    let cookie = client.cookie("shiming_flow").unwrap();
    client.delete(&path).await.ok(204);
    assert_eq!(client.cookie("shiming_flow"), None, "the cookie is taken away");
    assert_eq!(count!(app, flows), 0);
    client.set_cookie("shiming_flow", &cookie);
    client.get(&path).await.problem(404, "flow_not_found");
    client.confirm(&code).await.problem(404, "flow_not_found");
    client.delete(&path).await.problem(404, "flow_not_found");
    // Username and document are free.
    app.pass(61);
    app.client().register(&person("王小明"), "zhangsan").await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn an_account_is_created_at_the_end_or_not_at_all() {
    let app = TestApp::start();
    let client = app.client();
    let code = client.up_to_code(&person("王小明"), "zhangsan").await;
    for _ in 0..2 {
        assert_eq!((count!(app, accounts), count!(app, consents)), (0, 0));
        assert_eq!((count!(app, username_claims), count!(app, document_claims)), (0, 0));
        client.try_sign_in("zhangsan", PASSWORD).await.problem(401, "login_failed");
    }
    client.confirm(&code).await.ok(201);
    assert_eq!((count!(app, accounts), count!(app, consents)), (1, 3));
    assert_eq!((count!(app, username_claims), count!(app, document_claims)), (1, 1));
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn another_site_cannot_work_on_a_draft() {
    let app = TestApp::start();
    let mut client = app.client();
    client.up_to_bank(&person("王小明"), "zhangsan").await;
    for origin in [None, Some("https://evil.example".to_owned()), Some("null".to_owned())] {
        client.origin = origin;
        let id = client.flow();
        let answers = every_step(&client, &id).await;
        answers[0].ok(200);
        for answer in &answers[1..] {
            answer.problem(403, "cross_site_request");
        }
    }
    client.origin = Some(app.base.clone());
    assert_eq!(client.draft().await["stage"], "bank");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn personal_data_lies_in_the_database_sealed() {
    let app = TestApp::start();
    let someone = person("王小明");
    app.client().register(&someone, "zhangsan").await;
    app.pass(61);
    app.client().up_to_code(&person("张伟"), "zhangwei").await;
    let rows = app
        .query(|conn| {
            use diesel::prelude::*;
            use shiming::tools::db::schema::{accounts, flows, outbox, sandbox_messages};
            let accounts = accounts::table
                .select((
                    accounts::name_sealed,
                    accounts::document_number_sealed,
                    accounts::birth_date_sealed,
                    accounts::card_number_sealed,
                    accounts::phone_sealed,
                ))
                .load::<(Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>)>(conn)?;
            let mut rows: Vec<Vec<u8>> =
                accounts.into_iter().flat_map(|(a, b, c, d, e)| [a, b, c, d, e]).collect();
            rows.extend(flows::table.select(flows::answers_sealed).load(conn)?);
            rows.extend(outbox::table.select(outbox::payload_sealed).load::<Vec<u8>>(conn)?);
            let messages = sandbox_messages::table.select(sandbox_messages::message_sealed);
            rows.extend(messages.load::<Vec<u8>>(conn)?);
            Ok(rows)
        })
        .await;
    assert_eq!(rows.len(), 5 + 2 + 2);
    for secret in
        ["王小明", "440305199003070014", "1990-03-07", "6217000000000000004", "13800138000"]
    {
        let leaked =
            rows.iter().any(|row| row.windows(secret.len()).any(|part| part == secret.as_bytes()));
        assert!(!leaked, "{secret}");
    }
}
