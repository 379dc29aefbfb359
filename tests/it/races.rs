//! Two requests at the same time: one effect, and never half of one.

use std::collections::BTreeMap;

use serde_json::json;
use tokio::join;

use crate::support::{ANSWERS, Answer, Client, PASSWORD, Person, TestApp, count, people, person};

const ROUNDS: usize = 6;

/// People with debit cards, each for one round.
fn everybody() -> impl Iterator<Item = &'static Person> {
    people().iter().filter(|one| one.card_kind == "debit")
}

/// How often each answer came: `201`, or the problem's code.
fn tally(answers: &[Answer]) -> BTreeMap<String, usize> {
    let mut tally = BTreeMap::new();
    for answer in answers {
        let name = if answer.status < 400 {
            answer.status.to_string()
        } else {
            answer.any_problem()["code"].as_str().unwrap().to_owned()
        };
        *tally.entry(name).or_default() += 1;
    }
    tally
}

#[track_caller]
fn assert_tally(answers: &[Answer], expected: &[(&str, usize)]) {
    let expected: BTreeMap<String, usize> =
        expected.iter().map(|(name, times)| ((*name).to_owned(), *times)).collect();
    assert_eq!(tally(answers), expected);
}

/// An account has all of its rows, and no row is without its account.
async fn assert_whole(app: &TestApp, accounts: i64) {
    let rows = (count!(app, accounts), count!(app, username_claims), count!(app, document_claims));
    assert_eq!(rows, (accounts, accounts, accounts));
    assert_eq!(count!(app, consents), accounts * 3);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn of_two_registrations_of_one_document_one_wins() {
    let app = TestApp::with(|settings| settings.limits.sms_per_address_hour = 99);
    for (round, person) in everybody().take(ROUNDS).enumerate() {
        let (one, other) = (app.client(), app.client());
        let first = one.up_to_code(person, &format!("first{round}")).await;
        let second = other.up_to_code(person, &format!("second{round}")).await;
        let (a, b) = join!(one.confirm(&first), other.confirm(&second));
        assert_tally(&[a, b], &[("201", 1), ("document_in_use", 1)]);
        assert_whole(&app, i64::try_from(round + 1).unwrap()).await;
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn of_two_registrations_of_one_username_both_come_to_an_end() {
    let app = TestApp::with(|settings| settings.limits.sms_per_address_hour = 99);
    let mut people = everybody();
    for round in 0..ROUNDS {
        let (mine, his) = (people.next().unwrap(), people.next().unwrap());
        let (one, other) = (app.client(), app.client());
        let name = format!("wanted{round}");
        let first = one.up_to_code(mine, &name).await;
        let second = other.up_to_code(his, &name.to_uppercase()).await;
        let (a, b) = join!(one.confirm(&first), other.confirm(&second));
        assert_tally(&[a.clone(), b], &[("201", 1), ("username_taken", 1)]);
        let accounts = i64::try_from(round * 2 + 1).unwrap();
        assert_whole(&app, accounts).await;
        // The loser keeps all but the name, the proof of his phone too.
        let loser = if a.status == 201 { &other } else { &one };
        let draft = loser.draft().await;
        assert_eq!((&draft["stage"], &draft["code"]["proved"]), (&json!("code"), &json!(true)));
        let body = loser.credentials_body(&format!("second{round}"), PASSWORD).await;
        loser.put(&loser.step("credentials"), body).await.ok(200);
        loser.confirm("").await.ok(201);
        assert_whole(&app, accounts + 1).await;
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_code_entered_twice_at_once_creates_one_account() {
    let app = TestApp::with(|settings| settings.limits.sms_per_address_hour = 99);
    for (round, person) in everybody().take(ROUNDS).enumerate() {
        let client = app.client();
        let code = client.up_to_code(person, &format!("candidate{round}")).await;
        let (a, b, c) = join!(client.confirm(&code), client.confirm(&code), client.confirm(&code));
        let answers = [a, b, c];
        // The others find it done, or are told to come again; nobody is told
        // that a right code is wrong after the account exists.
        for answer in &answers {
            if answer.status != 201 {
                let code = answer.any_problem()["code"].as_str().unwrap().to_owned();
                assert!(["request_in_progress", "code_dead"].contains(&code.as_str()), "{code}");
            }
        }
        assert!(answers.iter().any(|answer| answer.status == 201));
        client.confirm(&code).await.ok(201);
        assert_whole(&app, i64::try_from(round + 1).unwrap()).await;
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn wrong_codes_at_once_are_all_counted() {
    let app = TestApp::start();
    for (round, person) in everybody().take(3).enumerate() {
        let client = app.client();
        let code = client.up_to_code(person, &format!("guesser{round}")).await;
        let wrong = if code == "111111" { "222222" } else { "111111" };
        for _ in 0..2 {
            join!(client.confirm(wrong), client.confirm(wrong), client.confirm(wrong));
        }
        client.confirm(&code).await.problem(422, "code_dead");
    }
    assert_whole(&app, 0).await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_captcha_used_twice_at_once_works_once() {
    let app = TestApp::start();
    for round in 0..ROUNDS {
        let client = app.client();
        let body = client.start_body(&format!("candidate{round}")).await;
        let start = || client.post("/api/v1/registrations", body.clone());
        let (a, b, c) = join!(start(), start(), start());
        assert_tally(&[a, b, c], &[("201", 1), ("validation_failed", 2)]);
    }
    assert_eq!(count!(app, flows), i64::try_from(ROUNDS).unwrap());
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_refresh_token_used_twice_at_once_ends_the_session() {
    let app = TestApp::start();
    app.client().register(&person("王小明"), "zhangsan").await;
    for _ in 0..ROUNDS {
        let client = app.client();
        let tokens = client.tokens("zhangsan").await;
        let body = json!({ "refresh_token": tokens["refresh_token"] });
        let refresh = || client.post("/api/v1/tokens/refresh", body.clone());
        let (a, b) = join!(refresh(), refresh());
        assert_tally(&[a.clone(), b.clone()], &[("200", 1), ("refresh_token_reused", 1)]);
        let winner = if a.status == 200 { a } else { b }.json();
        let mut app_client = app.client();
        app_client.bearer = winner["access_token"].as_str().map(str::to_owned);
        app_client.get("/api/v1/account").await.problem(401, "not_signed_in");
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn one_request_sent_twice_at_once_has_one_effect() {
    let app = TestApp::start();
    for (round, person) in everybody().take(ROUNDS).enumerate() {
        let client = app.client();
        client.up_to_bank(person, &format!("candidate{round}")).await;
        let key = format!("one-action-of-round-{round}");
        let path = client.step("bank-verification");
        let ask = || client.post_once(&key, &path, person.bank());
        let (a, b) = join!(ask(), ask());
        for answer in [a, b] {
            if answer.status != 200 {
                answer.problem(409, "request_in_progress");
                assert!(answer.retry_after().is_some());
            }
        }
        ask().await.ok(200);
        let checks = i64::try_from(round + 1).unwrap();
        assert_eq!((count!(app, bank_checks), count!(app, otp_challenges)), (checks, checks));
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn checks_of_one_draft_at_once_are_one_check_at_a_time() {
    let app = TestApp::start();
    let client = app.client();
    let person = person("王小明");
    client.up_to_bank(&person, "zhangsan").await;
    client.behaviour("bank", json!({ "mode": "slow", "delay_ms": 600 })).await;
    let (a, b, c) = join!(client.bank(&person), client.bank(&person), client.bank(&person));
    assert_tally(&[a, b, c], &[("200", 1), ("request_in_progress", 2)]);
    assert_eq!(count!(app, bank_checks), 1);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn failures_of_one_card_at_once_are_all_counted() {
    let app = TestApp::start();
    let card = person("王小明");
    let names = ["张伟", "刘洋", "杨柳青", "赵建国", "黄海燕"];
    let clients = names.map(|_| app.client());
    for (number, (client, name)) in clients.iter().zip(names).enumerate() {
        client.up_to_bank(&person(name), &format!("stranger{number}")).await;
    }
    clients[0].behaviour("bank", json!({ "mode": "slow", "delay_ms": 60 })).await;
    let ask = |client: &'_ Client<'_>| {
        let request = client.request(reqwest::Method::POST, &client.step("bank-verification"));
        request.json(&card.bank())
    };
    let [a, b, c, d, e] = &clients;
    let answers =
        join!(a.send(ask(a)), b.send(ask(b)), c.send(ask(c)), d.send(ask(d)), e.send(ask(e)));
    let answers = [answers.0, answers.1, answers.2, answers.3, answers.4];
    assert_tally(&answers, &[("bank_mismatch", 3), ("bank_attempts_exceeded", 2)]);
    assert_eq!(count!(app, bank_checks), 3);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn the_first_uses_of_a_limit_at_once_are_all_allowed() {
    let app = TestApp::with(|settings| settings.captcha.per_address_hour = 3);
    for round in 0..ROUNDS * 2 {
        let client = app.client_at(&format!("203.0.113.{round}"));
        let issue = || client.send(client.request(reqwest::Method::POST, "/api/v1/captchas"));
        let (a, b, c) = join!(issue(), issue(), issue());
        assert_tally(&[a, b, c], &[("201", 3)]);
        issue().await.problem(429, "too_many_requests");
        // The same when a new hour begins.
        app.pass(3601);
        let (a, b, c) = join!(issue(), issue(), issue());
        assert_tally(&[a, b, c], &[("201", 3)]);
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn passwords_tried_at_once_are_all_counted() {
    let app = TestApp::start();
    app.client().register(&person("王小明"), "zhangsan").await;
    let client = app.client_at("203.0.113.1");
    for _ in 0..4 {
        let wrong = || client.try_sign_in("zhangsan", "wrong password");
        join!(wrong(), wrong(), wrong(), wrong());
        app.pass(6);
    }
    client.try_sign_in("zhangsan", PASSWORD).await.problem(429, "login_locked");
    app.client_at("203.0.113.2").sign_in("zhangsan").await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn giving_up_while_the_bank_thinks_leaves_nothing() {
    let app = TestApp::start();
    let client = app.client();
    let person = person("王小明");
    client.up_to_bank(&person, "zhangsan").await;
    client.behaviour("bank", json!({ "mode": "slow", "delay_ms": 2500 })).await;
    let give_up = async {
        while count!(app, bank_checks) == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        let request = client.request(reqwest::Method::DELETE, &client.step(""));
        client.send(request).await
    };
    let (answer, given_up) = join!(client.bank(&person), give_up);
    given_up.ok(204);
    answer.problem(404, "flow_not_found");
    assert_eq!((count!(app, flows), app.run_outbox().await), (0, 0));
    assert_eq!(count!(app, otp_challenges), 0);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_is_changed_while_the_bank_thinks_is_not_proved_by_its_answer() {
    let app = TestApp::start();
    let client = app.client();
    let right = person("王小明");
    client.up_to_bank(&right, "zhangsan").await;
    client.behaviour("bank", json!({ "mode": "slow", "delay_ms": 2500 })).await;
    let change = async {
        while count!(app, bank_checks) == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        client.identity(&person("张伟")).await
    };
    let (answer, changed) = join!(client.bank(&right), change);
    changed.ok(200);
    answer.problem(409, "request_in_progress");
    let draft = client.draft().await;
    assert_eq!((&draft["stage"], &draft["identity"]["name"]), (&json!("bank"), &json!("张*")));
    assert_eq!(app.run_outbox().await, 0);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn two_workers_send_a_message_once() {
    let app = TestApp::start();
    for (round, person) in everybody().take(ROUNDS).enumerate() {
        let client = app.client();
        client.up_to_bank(person, &format!("candidate{round}")).await;
        client.bank(person).await.ok(200);
        let (one, other) = join!(app.run_outbox(), app.run_outbox());
        assert_eq!(one + other, 1);
    }
    assert_eq!(count!(app, sandbox_messages), i64::try_from(ROUNDS).unwrap());
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_campus_behind_one_address_signs_in_at_the_same_time() {
    let app = TestApp::with(|settings| settings.password.failures.per_address = 1);
    let mut students = everybody();
    let mut bodies = Vec::new();
    for number in 0..4 {
        let (student, username) = (app.client(), format!("student{number}"));
        student.register(students.next().unwrap(), &username).await;
        bodies.push(student.login_body(&username, PASSWORD).await);
    }
    let client = app.client_at("203.0.113.1");
    let sign_in = |at: usize| client.post("/api/v1/tokens", bodies[at].clone());
    let (a, b, c, d) = join!(sign_in(0), sign_in(1), sign_in(2), sign_in(3));
    assert_tally(&[a, b, c, d], &[("201", 4)]);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_reset_and_logins_at_the_same_moment_never_wait_for_each_other_in_a_circle() {
    let app = TestApp::with(|settings| settings.password.failures.per_address = 999);
    app.client().register(&person("王小明"), "zhangsan").await;
    app.choose_questions("zhangsan").await;
    let passwords = [PASSWORD, "mango bridge rain 42"];
    for round in 0..18 {
        app.pass(6);
        let (present, next) = (passwords[round % 2], passwords[(round + 1) % 2]);
        let client = app.client();
        client.find_password("zhangsan").await;
        client.choose("security_questions").await.ok(200);
        client.answer(ANSWERS).await.ok(200);
        let (one, other) = (app.client(), app.client());
        let first = one.login_body("zhangsan", present).await;
        let second = other.login_body("zhangsan", present).await;
        let later = async {
            one.post("/api/v1/sessions", first).await;
            other.post("/api/v1/sessions", second).await
        };
        let now = app.client();
        let (reset, login, after) =
            join!(client.reset(next), now.try_sign_in("zhangsan", present), later);
        for answer in [&login, &after] {
            assert!(answer.status < 500, "{}", answer.text());
        }
        reset.ok(200);
    }
}
