//! Attacks on recoveries, each of which must fail.

use serde_json::{Value, json};
use shiming::tools::db::{DbFault, schema::accounts};

use crate::support::{Client, Person, TestApp, claim, count, moved, person};

const NEW: &str = "mango bridge rain 42";

async fn with_account() -> TestApp {
    let app = TestApp::with(|settings| settings.sms.resend_seconds = 0);
    app.client().register(&person("王小明"), "zhangsan").await;
    app
}

/// Enters a code that must be as wrong as any other.
async fn refused(client: &Client<'_>, code: &str, right: &str) {
    // Two codes may have the same digits by chance.
    if code != right {
        client.enter_code(code).await.problem(422, "recovery_code_wrong");
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_code_of_one_flow_purpose_or_phone_is_worthless_in_another() {
    let app = with_account().await;
    let person = person("王小明");
    let new = moved(&app, &person, 1).await;
    let (username, password, other) = (app.client(), app.client(), app.client());
    username.find_username(&person).await;
    username.ask_code(json!({})).await.ok(200);
    let of_username = username.last_sms(&person.phone).await;
    password.up_to_recovery_code("zhangsan", &person).await;
    let of_password = password.last_sms(&person.phone).await;
    other.up_to_recovery_code("zhangsan", &person).await;
    let of_other = other.last_sms(&person.phone).await;
    refused(&password, &of_username, &of_password).await;
    refused(&password, &of_other, &of_password).await;
    refused(&username, &of_password, &of_username).await;
    // Within one flow: the code for the new phone does not recover, and the
    // one that recovers does not replace.
    password.replace_phone(&new).await.ok(200);
    let of_new = password.last_sms(&new.phone).await;
    refused(&password, &of_new, &of_password).await;
    if of_password != of_new {
        password.enter_phone_code(&of_password).await.problem(422, "code_wrong");
    }
    // Nor does a registration's.
    let registering = app.client();
    registering.up_to_code(&crate::support::person("张伟"), "zhangwei").await;
    let of_registration = registering.last_sms(&crate::support::person("张伟").phone).await;
    refused(&other, &of_registration, &of_other).await;
    other.enter_code(&of_other).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_claim_swapped_between_send_and_confirm_is_not_proved() {
    let app = with_account().await;
    let victim = person("王小明");
    // The attacker has an account, a phone and a code of his own.
    let attacker = person("张伟");
    app.client().register(&attacker, "zhangwei").await;
    let client = app.client();
    client.find_password("zhangsan").await;
    client.choose("document_and_sms").await.ok(200);
    client.ask_code(claim(&victim)).await.ok(200);
    let sent = client.last_sms(&victim.phone).await;
    // Another claim asks for another code, and the one sent is dead.
    client.ask_code(claim(&attacker)).await.ok(200);
    assert_eq!(client.inbox(&attacker.phone).await.len(), 1, "that of his registration");
    client.enter_code(&sent).await.problem(422, "recovery_code_wrong");
    // One that was refused changes nothing.
    let app = TestApp::start();
    app.client().register(&victim, "zhangsan").await;
    let client = app.client();
    client.up_to_recovery_code("zhangsan", &victim).await;
    let sent = client.last_sms(&victim.phone).await;
    client.ask_code(claim(&attacker)).await.problem(429, "sms_resend_too_soon");
    client.enter_code(&sent).await.ok(200);
    client.reset(NEW).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn an_account_swapped_between_send_and_confirm_is_not_told_or_reset() {
    let app = with_account().await;
    let person = person("王小明");
    let moved = moved(&app, &person, 1).await;
    let (username, password, owner) = (app.client(), app.client(), app.client());
    username.find_username(&person).await;
    username.ask_code(json!({})).await.ok(200);
    let of_username = username.last_sms(&person.phone).await;
    password.up_to_recovery_code("zhangsan", &person).await;
    let of_password = password.last_sms(&person.phone).await;
    owner.find_username(&person).await;
    owner.replace_phone(&moved).await.ok(200);
    let code = owner.last_sms(&moved.phone).await;
    owner.enter_phone_code(&code).await.ok(200);
    // Both codes are right; the phone is the account's no more. They are wrong
    // tries like any other.
    for left in (1..5).rev() {
        for (client, code) in [(&username, &of_username), (&password, &of_password)] {
            let problem = client.enter_code(code).await.problem(422, "recovery_code_wrong");
            assert_eq!(problem["attempts_left"], left);
        }
    }
    username.enter_code(&of_username).await.problem(422, "code_dead");
    assert_eq!(app.audited("username_recovered").await, 0);
    assert_eq!(owner.told(&person.phone, "zhangsan").await, 0);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn an_account_that_is_gone_is_not_reset() {
    let app = with_account().await;
    let client = app.client();
    client.up_to_reset("zhangsan", &person("王小明")).await;
    app.core
        .db
        .write(|conn| -> Result<(), DbFault> {
            use diesel::prelude::*;
            use shiming::tools::db::schema::username_claims;
            diesel::delete(username_claims::table).execute(conn)?;
            diesel::delete(accounts::table).execute(conn)?;
            Ok(())
        })
        .await
        .unwrap();
    client.reset(NEW).await.problem(409, "stage_conflict");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn one_phone_gets_few_messages_whatever_asks_for_them() {
    let app = with_account().await;
    let person = person("王小明");
    // Many flows, from many places, of both kinds: every answer is the same.
    for number in 0..4 {
        let client = app.client_at(&format!("203.0.113.{number}"));
        client.find_username(&person).await;
        client.ask_code(json!({})).await.ok(200);
        let client = app.client_at(&format!("203.0.114.{number}"));
        client.up_to_recovery_code("zhangsan", &person).await;
        app.run_outbox().await;
    }
    let client = app.client();
    assert_eq!(client.inbox(&person.phone).await.len(), 5, "an hour's messages");
    // Another hour, and then the day is over.
    app.pass(3601);
    for number in 0..5 {
        let client = app.client_at(&format!("203.0.115.{number}"));
        client.up_to_recovery_code("zhangsan", &person).await;
        app.run_outbox().await;
    }
    app.pass(3601);
    client.find_username(&person).await;
    client.ask_code(json!({})).await.ok(200);
    assert_eq!(client.inbox(&person.phone).await.len(), 10, "a day's");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn messages_for_one_claim_and_from_one_address_are_counted() {
    let app = with_account().await;
    let ask = async |username: &str, address: String| {
        let client = app.client_at(&address);
        client.find_password(username).await;
        client.choose("document_and_sms").await.ok(200);
        client.ask_code(claim(&person("王小明"))).await
    };
    // The same for a username that nobody has.
    for username in ["zhangsan", "nobody"] {
        for number in 0..5 {
            ask(username, format!("203.0.113.{number}")).await.ok(200);
        }
        let problem = ask(username, "203.0.113.9".into()).await.problem(429, "sms_limit_exceeded");
        assert_eq!(problem["scope"], "person");
        let upper = ask(&username.to_uppercase(), "203.0.113.9".into()).await;
        upper.problem(429, "sms_limit_exceeded");
    }
    for number in 0..20 {
        ask(&format!("student{number}"), "198.51.100.1".into()).await.ok(200);
    }
    let problem = ask("student99", "198.51.100.1".into()).await.problem(429, "sms_limit_exceeded");
    assert_eq!(problem["scope"], "address");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_gateway_that_is_tried_again_does_not_tell_that_there_is_somebody() {
    let app = TestApp::with(|settings| settings.sms.timeout_milliseconds = 30);
    app.client().register(&person("王小明"), "zhangsan").await;
    let (known, unknown) = (app.client(), app.client());
    known.behaviour("sms", json!({ "mode": "timeout" })).await;
    for (client, name) in [(&known, "王小明"), (&unknown, "张伟")] {
        client.find_username(&person(name)).await;
        client.ask_code(json!({})).await.ok(200);
    }
    let valid = |view: &Value| {
        let time = |name: &str| -> chrono::DateTime<chrono::Utc> {
            view["code"][name].as_str().unwrap().parse().unwrap()
        };
        (time("expires_at") - time("requested_at")).num_seconds()
    };
    for _ in 0..4 {
        app.run_outbox().await;
        app.pass(4);
        let (one, other) = (known.current_recovery().await, unknown.current_recovery().await);
        assert_eq!((valid(&one), valid(&other)), (120, 120));
    }
    known.behaviour("sms", json!({ "mode": "normal" })).await;
    let code = known.last_sms(&person("王小明").phone).await;
    app.pass(110);
    for client in [&known, &unknown] {
        client.enter_code(&code).await.problem(422, "code_expired");
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_change_that_a_thief_has_begun_ends_with_the_reset() {
    let app = with_account().await;
    let account = app
        .query(|conn| {
            use diesel::prelude::*;
            accounts::table.select(accounts::id).first::<String>(conn)
        })
        .await;
    let now = app.now().naive_utc();
    let begun = account.clone();
    app.core
        .db
        .write(move |conn| -> Result<(), DbFault> {
            use diesel::prelude::*;
            use shiming::tools::db::schema::flows::dsl;
            let until = now + chrono::TimeDelta::hours(1);
            diesel::insert_into(dsl::flows)
                .values((
                    (dsl::id.eq(begun), dsl::kind.eq("account_change"), dsl::stage.eq("code")),
                    (
                        dsl::revision.eq(0),
                        dsl::answers_sealed.eq(vec![0_u8]),
                        dsl::created_at.eq(now),
                    ),
                    (dsl::expires_at.eq(until), dsl::absolute_expires_at.eq(until)),
                ))
                .execute(conn)?;
            Ok(())
        })
        .await
        .unwrap();
    let client = app.client();
    client.up_to_reset("zhangsan", &person("王小明")).await;
    client.reset(NEW).await.ok(200);
    let left = app
        .query(move |conn| {
            use diesel::prelude::*;
            use shiming::tools::db::schema::flows::dsl;
            dsl::flows.find(account).count().get_result::<i64>(conn)
        })
        .await;
    assert_eq!(left, 0);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_a_thief_has_asked_for_ends_with_a_reset_by_code() {
    let app = with_account().await;
    let thief = app.client();
    thief.sign_in("zhangsan").await;
    thief.post("/api/v1/account/closure", json!({})).await.ok(200);
    app.choose_questions("zhangsan").await;
    let client = app.client();
    client.up_to_reset("zhangsan", &person("王小明")).await;
    client.reset(NEW).await.ok(200);
    assert_eq!((count!(app, account_closures), count!(app, security_answers)), (0, 0));
    let audited = (app.audited("closure_cancelled").await, app.audited("questions_removed").await);
    assert_eq!(audited, (1, 1));
    // Whoever has chosen the questions himself is told that they are gone.
    assert_eq!(client.told(&person("王小明").phone, "密保问题已删除").await, 1);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn whoever_knows_a_part_of_a_claim_does_not_use_its_messages_up() {
    let app = with_account().await;
    let right = person("王小明");
    // Alike for whoever there is and for whoever there is not.
    for (round, username) in ["zhangsan", "nobody"].into_iter().enumerate() {
        let wrong = [
            Person { document_number: person("张伟").document_number, ..right.clone() },
            Person { phone: person("张伟").phone, ..right.clone() },
        ];
        for (number, wrong) in wrong.iter().enumerate() {
            for address in 0..5 {
                let client = app.client_at(&format!("203.0.113.{address}"));
                client.up_to_recovery_code(username, wrong).await;
            }
            let owner = app.client_at(&format!("198.51.{round}.{number}"));
            owner.up_to_recovery_code(username, &right).await;
        }
    }
    for person in [right, person("杨柳青")] {
        let renamed = Person { name: "王大明".into(), ..person.clone() };
        for address in 0..6 {
            let client = app.client_at(&format!("203.0.114.{address}"));
            let whose = if address < 5 { &renamed } else { &person };
            client.find_username(whose).await;
            client.ask_code(json!({})).await.ok(200);
        }
    }
}
