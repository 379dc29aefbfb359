//! 注销: asking for it, keeping the account after all, and being erased.

use serde_json::{Value, json};
use shiming::compose::worker;
use tokio::join;

use crate::support::{PASSWORD, TestApp, count, person};

const CLOSURE: &str = "/api/v1/account/closure";
const DAY: u64 = 86_400;

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn an_account_is_erased_after_the_time_to_think_it_over() {
    let app = TestApp::start();
    let somebody = person("王小明");
    let (client, mut mobile) = (app.client(), app.client());
    client.join(&somebody, "zhangsan").await;
    let asked = client.post(CLOSURE, json!({})).await.ok(200);
    assert_eq!(asked["closes_at"].as_str().unwrap()[..10], *"2026-12-08");
    let account = client.get("/api/v1/account").await.ok(200);
    assert_eq!(account["closes_at"], asked["closes_at"]);
    let news = client.notices(&somebody.phone).await;
    assert!(news.len() == 1 && news[0].contains("2026-12-08"), "{news:?}");
    // What was asked before stands, and is not told again.
    app.pass(60);
    assert_eq!(client.post(CLOSURE, json!({})).await.ok(200), asked);
    assert_eq!(client.notices(&somebody.phone).await.len(), 1);
    app.pass(15 * DAY - 62);
    worker::forget(&app.core).await;
    assert_eq!(count!(app, accounts), 1);
    client.sign_in("zhangsan").await;
    let tokens = mobile.tokens("zhangsan").await;
    mobile.bearer = tokens["access_token"].as_str().map(str::to_owned);
    mobile.get("/api/v1/account").await.ok(200);
    app.pass(3);
    worker::forget(&app.core).await;
    assert_eq!(count!(app, accounts), 0);
    // Cookie, token and refresh token are dead.
    client.get("/api/v1/account").await.problem(401, "not_signed_in");
    mobile.get("/api/v1/account").await.problem(401, "not_signed_in");
    let refresh = json!({ "refresh_token": tokens["refresh_token"] });
    let refreshed = mobile.post("/api/v1/tokens/refresh", refresh).await;
    refreshed.problem(401, "refresh_token_invalid");
    app.client().try_sign_in("zhangsan", PASSWORD).await.problem(401, "login_failed");
    let news = client.notices(&somebody.phone).await;
    assert!(news.len() == 1 && news[0].contains("已注销"), "{news:?}");
    // Username and document are free again.
    let again = app.client();
    again.join(&somebody, "zhangsan").await;
    let history = again.get("/api/v1/account/history").await.ok(200);
    assert_eq!(history["items"].as_array().unwrap().len(), 2, "another account, another history");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn whoever_changes_his_mind_keeps_the_account() {
    let app = TestApp::start();
    let client = app.client();
    client.join(&person("王小明"), "zhangsan").await;
    client.delete(CLOSURE).await.ok(204);
    client.post(CLOSURE, json!({})).await.ok(200);
    app.pass(10 * DAY);
    client.sign_in("zhangsan").await;
    app.pass(601);
    client.delete(CLOSURE).await.ok(204);
    assert_eq!(client.get("/api/v1/account").await.ok(200)["closes_at"], Value::Null);
    app.pass(10 * DAY);
    worker::forget(&app.core).await;
    client.sign_in("zhangsan").await;
    let history = client.get("/api/v1/account/history").await.ok(200);
    let kinds: Vec<&Value> =
        history["items"].as_array().unwrap().iter().map(|one| &one["kind"]).collect();
    assert!(kinds.contains(&&json!("closure_cancelled")), "{kinds:?}");
    assert_eq!(kinds.iter().filter(|kind| **kind == "closure_cancelled").count(), 1);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn asking_and_taking_back_tells_the_phone_a_few_times_only() {
    let app = TestApp::start();
    let somebody = person("王小明");
    let client = app.client();
    client.join(&somebody, "zhangsan").await;
    for _ in 0..5 {
        client.post(CLOSURE, json!({})).await.ok(200);
        client.delete(CLOSURE).await.ok(204);
    }
    let answer = client.post(CLOSURE, json!({})).await;
    answer.problem(429, "too_many_requests");
    assert!(answer.retry_after().is_some());
    assert_eq!(client.notices(&somebody.phone).await.len(), 5);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn closing_asked_for_twice_at_once_is_told_once() {
    let app = TestApp::start();
    let somebody = person("王小明");
    let client = app.client();
    client.join(&somebody, "zhangsan").await;
    let ask = || client.post(CLOSURE, json!({}));
    let (a, b, c) = join!(ask(), ask(), ask());
    let times = [a, b, c].map(|answer| answer.ok(200)["closes_at"].clone());
    assert!(times.iter().all(|time| *time == times[0]), "{times:?}");
    assert_eq!(client.notices(&somebody.phone).await.len(), 1);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn of_erasing_and_keeping_at_the_same_moment_one_happens_whole() {
    let app = TestApp::with(|settings| settings.account.closing_days = 0);
    let names = ["王小明", "张伟", "刘洋", "杨柳青"];
    for (round, name) in names.into_iter().enumerate() {
        let client = app.client();
        let username = format!("candidate{round}");
        client.join(&person(name), &username).await;
        client.post(CLOSURE, json!({})).await.ok(200);
        let (kept, _) = join!(client.delete(CLOSURE), worker::forget(&app.core));
        let account = client.get("/api/v1/account").await;
        if kept.status == 204 {
            assert_eq!(account.ok(200)["closes_at"], Value::Null);
            worker::forget(&app.core).await;
            client.get("/api/v1/account").await.ok(200);
        } else {
            kept.problem(401, "not_signed_in");
            account.problem(401, "not_signed_in");
        }
    }
    let rows = (count!(app, accounts), count!(app, username_claims), count!(app, document_claims));
    assert!(rows.0 == rows.1 && rows.1 == rows.2, "{rows:?}");
    assert_eq!(count!(app, consents), rows.0 * 3);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn two_nodes_erase_an_account_once() {
    let app = TestApp::with(|settings| settings.account.closing_days = 0);
    let somebody = person("王小明");
    let client = app.client();
    client.join(&somebody, "zhangsan").await;
    client.post(CLOSURE, json!({})).await.ok(200);
    join!(worker::forget(&app.core), worker::forget(&app.core));
    let news = client.notices(&somebody.phone).await;
    let closed = news.iter().filter(|text| text.contains("已注销")).count();
    assert_eq!((closed, count!(app, accounts)), (1, 0));
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn an_account_that_cannot_be_erased_keeps_none_of_the_others() {
    let app = TestApp::with(|settings| settings.account.closing_days = 0);
    let (broken, fine) = (app.client(), app.client());
    broken.join(&person("王小明"), "broken").await;
    broken.post(CLOSURE, json!({})).await.ok(200);
    fine.join(&person("张伟"), "zhangwei").await;
    fine.post(CLOSURE, json!({})).await.ok(200);
    app.core
        .db
        .write(|conn| -> Result<(), shiming::tools::db::DbFault> {
            use diesel::prelude::*;
            use shiming::tools::db::schema::accounts::dsl;
            let row = dsl::accounts.filter(dsl::username.eq("broken"));
            diesel::update(row).set(dsl::name_sealed.eq(vec![1_u8])).execute(conn)?;
            Ok(())
        })
        .await
        .unwrap();
    worker::forget(&app.core).await;
    assert_eq!((count!(app, accounts), count!(app, account_closures)), (1, 1));
    fine.get("/api/v1/account").await.problem(401, "not_signed_in");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_cannot_be_tidied_up_keeps_nothing_else_from_being() {
    let app = TestApp::with(|settings| settings.account.closing_days = 0);
    let client = app.client();
    client.join(&person("王小明"), "zhangsan").await;
    client.post(CLOSURE, json!({})).await.ok(200);
    let break_it =
        |conn: &mut shiming::tools::db::Conn| -> Result<(), shiming::tools::db::DbFault> {
            use diesel::prelude::*;
            diesel::sql_query("DROP TABLE captchas").execute(conn)?;
            Ok(())
        };
    app.core.db.write(break_it).await.unwrap();
    worker::forget(&app.core).await;
    assert_eq!(count!(app, accounts), 0);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn nothing_is_begun_for_an_account_that_is_erased_at_the_same_moment() {
    let app = TestApp::with(|settings| settings.account.closing_days = 0);
    let client = app.client();
    let account = client.join(&person("王小明"), "zhangsan").await;
    let id = account["id"].as_str().unwrap().parse().unwrap();
    let (erased, begun) = std::sync::mpsc::channel();
    let ctx = app.ctx();
    let erase = ctx.write(move |tx| -> Result<(), shiming::tools::db::DbFault> {
        let account = shiming::capabilities::accounts::find(tx, id)?.unwrap();
        shiming::capabilities::accounts::erase(tx, &account)?;
        erased.send(()).unwrap();
        // The change is on its way when this is committed.
        std::thread::sleep(std::time::Duration::from_millis(700));
        Ok(())
    });
    let change = async {
        while begun.try_recv().is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        client.post("/api/v1/account/change", json!({ "phone": "13900139000" })).await
    };
    let (erase, change) = join!(erase, change);
    erase.unwrap();
    change.problem(401, "not_signed_in");
    // The registration and its check, and no other.
    assert_eq!((count!(app, flows), count!(app, bank_checks)), (1, 1));
}
