//! How many messages may be sent.

use serde_json::json;

use crate::support::{Answer, Client, Person, TestApp, claim, count, person};

/// Asks for one more code, a minute later.
async fn ask_again(app: &TestApp, client: &Client<'_>, name: &str) -> Answer {
    app.pass(61);
    client.bank(&person(name)).await
}

#[track_caller]
fn exceeded(answer: &Answer, scope: &str, most_seconds: i64) {
    assert_eq!(answer.problem(429, "sms_limit_exceeded")["scope"], scope);
    let wait = answer.retry_after().unwrap();
    assert!((1..=most_seconds + 1).contains(&wait), "{wait}");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_minute_must_pass_between_two_messages() {
    let app = TestApp::start();
    let client = app.client();
    let person = person("王小明");
    client.up_to_bank(&person, "zhangsan").await;
    let draft = client.bank(&person).await.ok(200);
    let answer = client.bank(&person).await;
    answer.problem(429, "sms_resend_too_soon");
    assert!(answer.retry_after().is_some_and(|seconds| (55..=61).contains(&seconds)));
    let times = ["requested_at", "resend_at", "expires_at"].map(|name| {
        let time = draft["code"][name].as_str().unwrap();
        chrono::DateTime::parse_from_rfc3339(time).unwrap()
    });
    assert_eq!((times[1] - times[0]).num_seconds(), 60);
    assert_eq!((times[2] - times[0]).num_seconds(), 120);
    app.pass(58);
    client.bank(&person).await.problem(429, "sms_resend_too_soon");
    app.pass(2);
    client.bank(&person).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn five_messages_end_a_registration() {
    let app = TestApp::with(|settings| settings.limits.sms_per_phone_hour = 99);
    let client = app.client();
    client.up_to_code(&person("王小明"), "zhangsan").await;
    for left in (0..4).rev() {
        let draft = ask_again(&app, &client, "王小明").await.ok(200);
        assert_eq!(draft["remaining"]["sms"], left);
    }
    exceeded(&ask_again(&app, &client, "王小明").await, "flow", 86_400);
    let code = client.last_sms(&person("王小明").phone).await;
    client.confirm(&code).await.ok(201);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_phone_gets_five_messages_an_hour_and_ten_a_day() {
    let app = TestApp::start();
    let holder = person("王小明");
    let mut sent = 0;
    for hour in 0..2 {
        let client = app.client_at(&format!("203.0.113.{hour}"));
        client.up_to_bank(&holder, &format!("zhangsan{hour}")).await;
        for _ in 0..5 {
            ask_again(&app, &client, "王小明").await.ok(200);
            sent += app.run_outbox().await;
        }
        let other = app.client_at("203.0.113.9");
        other.up_to_bank(&holder, &format!("lisi{hour}")).await;
        let wait = if hour == 0 { 3600 } else { 86_400 };
        exceeded(&ask_again(&app, &other, "王小明").await, "phone", wait);
        app.pass(3600);
    }
    assert_eq!(sent, 10);
    let client = app.client();
    client.up_to_bank(&holder, "zhangsan9").await;
    exceeded(&client.bank(&holder).await, "phone", 86_400);
    app.pass(86_400);
    app.client().register(&holder, "zhangsan9").await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn one_address_may_have_twenty_messages_sent_an_hour() {
    let app = TestApp::with(|settings| settings.limits.sms_per_address_hour = 3);
    let names = ["王小明", "张伟", "刘洋", "杨柳青"];
    for (number, name) in names.into_iter().enumerate() {
        let client = app.client_at("203.0.113.1");
        client.up_to_bank(&person(name), &format!("candidate{number}")).await;
        let answer = client.bank(&person(name)).await;
        if number < 3 {
            answer.ok(200);
        } else {
            exceeded(&answer, "address", 3600);
        }
    }
    let elsewhere = app.client_at("203.0.113.2");
    elsewhere.register(&person("杨柳青"), "elsewhere").await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn one_ipv6_customer_is_one_address() {
    let app = TestApp::with(|settings| settings.limits.sms_per_address_hour = 1);
    let first = app.client_at("2001:db8:1:2::1");
    first.up_to_code(&person("王小明"), "zhangsan").await;
    let second = app.client_at("2001:db8:1:2:ffff::9");
    second.up_to_bank(&person("张伟"), "zhangwei").await;
    exceeded(&second.bank(&person("张伟")).await, "address", 3600);
    let neighbour = app.client_at("2001:db8:1:3::1");
    neighbour.up_to_code(&person("刘洋"), "liuyang").await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn no_check_is_paid_for_when_no_message_could_be_sent() {
    let app = TestApp::with(|settings| settings.limits.sms_per_address_hour = 1);
    app.client().up_to_code(&person("王小明"), "zhangsan").await;
    let client = app.client();
    client.up_to_bank(&person("张伟"), "zhangwei").await;
    exceeded(&client.bank(&person("张伟")).await, "address", 3600);
    assert_eq!(count!(app, bank_checks), 1);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn messages_that_are_switched_off_cost_no_check() {
    for scope in ["address", "phone"] {
        let app = TestApp::with(|settings| match scope {
            "address" => settings.limits.sms_per_address_hour = 0,
            _ => settings.limits.sms_per_phone_hour = 0,
        });
        let client = app.client();
        let person = person("王小明");
        client.up_to_bank(&person, "zhangsan").await;
        exceeded(&client.bank(&person).await, scope, 3600);
        assert_eq!(count!(app, bank_checks), 0);
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn an_address_that_nobody_trusts_to_name_clients_is_the_client() {
    let app = TestApp::with(|settings| {
        settings.server.trusted_proxies.clear();
        settings.limits.sms_per_address_hour = 1;
    });
    app.client_at("203.0.113.1").up_to_code(&person("王小明"), "zhangsan").await;
    let liar = app.client_at("203.0.113.2");
    liar.up_to_bank(&person("张伟"), "zhangwei").await;
    exceeded(&liar.bank(&person("张伟")).await, "address", 3600);
}

/// Codes that have arrived in a phone.
async fn codes(app: &TestApp, phone: &str) -> usize {
    let inbox = app.client().inbox(phone).await;
    inbox.iter().filter(|message| message["code"].is_string()).count()
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn by_no_mixture_of_ways_does_a_phone_get_more() {
    let app = TestApp::start();
    let victim = person("王小明");
    app.client().register(&victim, "zhangsan").await;
    app.client().register(&person("张伟"), "zhangwei").await;
    app.client().register(&person("刘洋"), "liuyang").await;
    // Others for whom the bank holds the same phone now.
    let other = Person { phone: victim.phone.clone(), ..person("张伟") };
    let third = Person { phone: victim.phone.clone(), ..person("李静怡") };
    let fourth = Person { phone: victim.phone.clone(), ..person("刘洋") };
    for somebody in [&other, &third, &fourth] {
        app.client().introduce(somebody).await;
    }
    let mut arrived = vec![1];
    for hour in 0..4 {
        for round in 0..3 {
            let client = || app.client_at(&format!("203.0.{hour}.{round}"));
            // Whatever is refused, is refused.
            let (changes, replaces, username) = (client(), client(), client());
            changes.sign_in("zhangwei").await;
            changes.post("/api/v1/account/change", json!({ "phone": other.phone })).await;
            replaces.find_password("liuyang").await;
            replaces.choose("document_and_sms").await.ok(200);
            replaces.replace_phone(&fourth).await;
            username.find_username(&victim).await;
            username.ask_code(json!({})).await;
            let (password, registers) = (client(), client());
            password.find_password("zhangsan").await;
            password.choose("document_and_sms").await.ok(200);
            password.ask_code(claim(&victim)).await;
            registers.up_to_bank(&third, &format!("lijingyi{hour}{round}")).await;
            registers.bank(&third).await;
            app.run_outbox().await;
            app.pass(61);
        }
        arrived.push(codes(&app, &victim.phone).await);
        app.pass(3600);
    }
    assert_eq!(arrived, [1, 5, 10, 10, 10], "five in an hour, ten in a day");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_stranger_does_not_learn_that_a_phone_has_had_its_messages() {
    let app = TestApp::with(|settings| settings.limits.sms_per_phone_hour = 1);
    let victim = person("王小明");
    app.client().register(&victim, "zhangsan").await;
    let stranger = app.client();
    let own = person("张伟");
    stranger.up_to_bank(&own, "zhangwei").await;
    for phone in [victim.phone.as_str(), "13900139000"] {
        let mut body = own.bank();
        body["phone"] = phone.into();
        let answer = stranger.post(&stranger.step("bank-verification"), body).await;
        answer.problem(422, "bank_mismatch");
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_match_for_a_phone_that_has_had_its_messages_is_paid_for_once() {
    let app = TestApp::with(|settings| settings.limits.sms_per_phone_hour = 1);
    let holder = person("王小明");
    app.client().up_to_code(&holder, "zhangsan").await;
    let client = app.client();
    client.up_to_bank(&holder, "lisi").await;
    for _ in 0..2 {
        exceeded(&client.bank(&holder).await, "phone", 3600);
    }
    assert_eq!(count!(app, bank_checks), 2);
    assert_eq!(client.draft().await["remaining"]["bank_checks"], 5);
}
