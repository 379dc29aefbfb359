//! What happens to people, as the systems that they use are told.

use diesel::prelude::*;
use serde_json::{Value, json};
use shiming::{
    capabilities::{accounts::NotDecided, core::Stop},
    capabilities::{
        accounts::{self, UnitState},
        events::{self, EventKind},
    },
    compose::worker,
    kernel::ids::{AccountId, EventId},
    tools::db::{DbFault, schema::client_events},
};

use crate::{
    account_unit::join_as_unit,
    support::{
        Client, Person, TestApp, count,
        hr::{ALL_SCOPES, Hr},
        person,
    },
};

const CHANGES: &str = "/api/v1/changes";
const DAY: u64 = 86_400;

/// Everything that the list shows once it shows it: kind and name.
async fn changes(app: &TestApp, hr: &mut Hr<'_>) -> Vec<(String, String)> {
    app.pass(16);
    hr.renew().await;
    let page = hr.get(CHANGES).await.ok(200);
    let text = |item: &Value, name: &str| item[name].as_str().unwrap().to_owned();
    let items = page["items"].as_array().unwrap().iter();
    let mut told: Vec<_> = items.map(|item| (text(item, "kind"), text(item, "sub"))).collect();
    // What happens in one moment has no order.
    told.sort();
    told
}

/// Changes the account of somebody who is signed in.
async fn change(client: &Client<'_>, new: &Person, body: Value) {
    client.introduce(new).await;
    client.post("/api/v1/account/change", body).await.ok(200);
    let code = json!({ "code": client.last_sms(&new.phone).await });
    client.post("/api/v1/account/change/confirmation", code).await.ok(200);
}

fn told(kinds: &[&str], sub: &str) -> Vec<(String, String)> {
    kinds.iter().map(|kind| ((*kind).to_owned(), sub.to_owned())).collect()
}

/// Something happens to an account.
async fn emit(app: &TestApp, account: &Value, kind: EventKind) {
    let account: AccountId = account["id"].as_str().unwrap().parse().unwrap();
    app.ctx().write(move |tx| events::emit(tx, account, kind)).await.unwrap();
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_system_is_told_of_what_it_sees_and_of_nothing_else() {
    let app = TestApp::start();
    let mut sees_all = app.hr(ALL_SCOPES).await;
    let mut sees_phone = app.hr(ALL_SCOPES).await;
    let mut sees_nothing = app.hr(ALL_SCOPES).await;
    let mut unknown = app.hr(ALL_SCOPES).await;
    let client = app.client();
    let somebody = person("王小明");
    let account = client.join(&somebody, "zhangsan").await;
    let sub = app.consent(&sees_all, &account, "openid profile phone realname").await;
    app.consent(&sees_phone, &account, "openid phone").await;
    app.consent(&sees_nothing, &account, "openid").await;
    let new = Person { name: "王晓明".into(), phone: "13900139000".into(), ..somebody };
    change(&client, &new, json!({ "name": new.name, "phone": new.phone })).await;
    let all = changes(&app, &mut sees_all).await;
    assert_eq!(all, told(&["name.changed", "phone.changed"], &sub));
    assert_eq!(changes(&app, &mut sees_phone).await, told(&["phone.changed"], &sub));
    assert_eq!(changes(&app, &mut sees_nothing).await, []);
    assert_eq!(changes(&app, &mut unknown).await, []);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn another_card_and_another_agent_are_told_of() {
    let app = TestApp::start();
    let mut hr = app.hr(ALL_SCOPES).await;
    let client = app.client();
    let somebody = person("王小明");
    let account = client.join(&somebody, "zhangsan").await;
    let sub = app.consent(&hr, &account, "openid realname").await;
    let card = "6217000000000000038";
    let new = Person { card_number: card.into(), bank_code: "CCB".into(), ..somebody };
    change(&client, &new, json!({ "bank_code": "CCB", "card_number": card })).await;
    assert_eq!(changes(&app, &mut hr).await, told(&["account.changed"], &sub));
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_decision_about_a_unit_is_told() {
    let app = TestApp::start();
    let mut hr = app.hr(ALL_SCOPES).await;
    let account = join_as_unit(&app.client(), &person("王小明"), "company").await;
    let sub = app.consent(&hr, &account, "openid unit").await;
    // As `shiming units approve` does it, which tests/it/process does.
    let id: AccountId = account["id"].as_str().unwrap().parse().unwrap();
    let ctx = app.ctx();
    let decided = ctx.write(move |tx| -> Result<(), Stop<NotDecided>> {
        accounts::decide_unit(tx, id, UnitState::Approved, None)?;
        Ok(events::emit(tx, id, EventKind::UnitChanged)?)
    });
    decided.await.unwrap();
    assert_eq!(changes(&app, &mut hr).await, told(&["unit.changed"], &sub));
    let user = hr.get(&format!("/api/v1/users/{sub}")).await.ok(200);
    assert_eq!(user["claims"]["unit"]["state"], "approved");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_this_version_does_not_know_keeps_nobody_from_reading_on() {
    let app = TestApp::start();
    let mut hr = app.hr(ALL_SCOPES).await;
    let client = app.client();
    let account = client.join(&person("王小明"), "zhangsan").await;
    let sub = app.consent(&hr, &account, "openid profile phone realname").await;
    for _ in 0..3 {
        emit(&app, &account, EventKind::NameChanged).await;
        app.pass(1);
    }
    emit(&app, &account, EventKind::PhoneChanged).await;
    app.query(|conn| {
        let newer = client_events::table.filter(client_events::kind.eq("name.changed"));
        diesel::update(newer).set(client_events::kind.eq("from.a.newer.node")).execute(conn)
    })
    .await;
    app.pass(16);
    hr.renew().await;
    let (mut path, mut pages, mut kinds) = (format!("{CHANGES}?limit=1"), 0, Vec::new());
    loop {
        let page = hr.get(&path).await.ok(200);
        pages += 1;
        kinds.extend(page["items"].as_array().unwrap().iter().map(|one| one["kind"].clone()));
        if page["has_more"] == false {
            break;
        }
        path = format!("{CHANGES}?limit=1&cursor={}", page["next_cursor"].as_str().unwrap());
    }
    assert_eq!((pages, json!(kinds)), (4, json!(["phone.changed"])));
    assert!(!sub.is_empty());
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_closing_is_told_of_to_everybody_who_knew_the_person() {
    let app = TestApp::with(|all| all.account.closing_days = 0);
    let mut hr = app.hr(ALL_SCOPES).await;
    let client = app.client();
    let account = client.join(&person("王小明"), "zhangsan").await;
    let sub = app.consent(&hr, &account, "openid").await;
    client.post("/api/v1/account/closure", json!({})).await.ok(200);
    worker::forget(&app.core).await;
    assert_eq!(changes(&app, &mut hr).await, told(&["account.closed"], &sub));
    assert_eq!((count!(app, subjects), count!(app, client_consents)), (0, 0));
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_withdrawal_is_told_of_to_the_system_it_concerns() {
    let app = TestApp::start();
    let (mut hr, mut other) = (app.hr(ALL_SCOPES).await, app.hr(ALL_SCOPES).await);
    let client = app.client();
    let account = client.join(&person("王小明"), "zhangsan").await;
    let sub = app.consent(&hr, &account, "openid").await;
    app.consent(&other, &account, "openid").await;
    let path = format!("/api/v1/account/authorized-systems/{}", hr.id);
    client.delete(&path).await.ok_status(204);
    client.delete(&path).await.ok_status(204);
    assert_eq!(changes(&app, &mut hr).await, told(&["consent.withdrawn"], &sub));
    assert_eq!(changes(&app, &mut other).await, []);
    hr.get(&format!("/api/v1/users/{sub}")).await.problem(404, "user_not_found");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_happened_this_moment_is_held_back_so_that_nothing_is_passed_over() {
    let app = TestApp::start();
    let hr = app.hr(ALL_SCOPES).await;
    let account = app.client().register(&person("王小明"), "zhangsan").await;
    let sub = app.consent(&hr, &account, "openid realname").await;
    emit(&app, &account, EventKind::NameChanged).await;
    let page = hr.get(CHANGES).await.ok(200);
    assert_eq!((&page["items"], &page["has_more"]), (&json!([]), &json!(false)));
    // Another node's transaction commits ten seconds late, with an id from before
    // the one that is there already.
    app.pass(10);
    let late = EventId::earliest(app.now() - chrono::TimeDelta::seconds(11));
    let (client, name) = (hr.id.to_string(), sub.clone());
    let happened_at = app.now().naive_utc();
    let insert = move |conn: &mut shiming::tools::db::Conn| -> Result<usize, DbFault> {
        Ok(diesel::insert_into(client_events::table)
            .values((
                client_events::id.eq(late.to_string()),
                client_events::client_id.eq(client),
                client_events::subject.eq(name),
                client_events::kind.eq("phone.changed"),
                client_events::happened_at.eq(happened_at),
            ))
            .execute(conn)?)
    };
    app.core.db.write(insert).await.unwrap();
    app.pass(6);
    let cursor = page["next_cursor"].as_str().unwrap();
    let page = hr.get(&format!("{CHANGES}?cursor={cursor}")).await.ok(200);
    let kinds: Vec<_> = page["items"].as_array().unwrap().iter().map(|one| &one["kind"]).collect();
    assert_eq!(kinds, ["phone.changed", "name.changed"]);
    let cursor = page["next_cursor"].as_str().unwrap();
    let page = hr.get(&format!("{CHANGES}?cursor={cursor}")).await.ok(200);
    assert_eq!(page["items"], json!([]));
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn the_list_is_read_page_by_page_and_goes_on_where_it_ended() {
    let app = TestApp::start();
    let mut hr = app.hr(ALL_SCOPES).await;
    let account = app.client().register(&person("王小明"), "zhangsan").await;
    app.consent(&hr, &account, "openid profile phone realname").await;
    let kinds = [EventKind::NameChanged, EventKind::PhoneChanged, EventKind::AccountChanged];
    for kind in kinds {
        emit(&app, &account, kind).await;
        app.pass(1);
    }
    app.pass(20);
    let first = hr.get(&format!("{CHANGES}?limit=2")).await.ok(200);
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    assert_eq!(first["has_more"], true);
    let next = |page: &Value| format!("{CHANGES}?cursor={}", page["next_cursor"].as_str().unwrap());
    let second = hr.get(&next(&first)).await.ok(200);
    assert_eq!(second["items"][0]["kind"], "account.changed");
    assert_eq!(second["has_more"], false);
    let mut seen: Vec<_> =
        first["items"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    seen.push(&second["items"][0]["id"]);
    seen.dedup();
    assert_eq!(seen.len(), 3);
    // For weeks nothing happens, and whoever keeps asking misses nothing.
    let mut page = second;
    for _ in 0..3 {
        app.pass(20 * DAY);
        worker::forget(&app.core).await;
        hr.renew().await;
        page = hr.get(&next(&page)).await.ok(200);
        assert_eq!(page["items"], json!([]));
    }
    emit(&app, &account, EventKind::NameChanged).await;
    app.pass(16);
    let page = hr.get(&next(&page)).await.ok(200);
    assert_eq!(page["items"][0]["kind"], "name.changed");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_cursor_from_before_what_is_kept_says_that_something_may_be_missing() {
    let app = TestApp::start();
    let mut hr = app.hr(ALL_SCOPES).await;
    let account = app.client().register(&person("王小明"), "zhangsan").await;
    app.consent(&hr, &account, "openid realname").await;
    let page = hr.get(CHANGES).await.ok(200);
    emit(&app, &account, EventKind::NameChanged).await;
    app.pass(31 * DAY);
    worker::forget(&app.core).await;
    assert_eq!(count!(app, client_events), 0);
    hr.renew().await;
    let path = format!("{CHANGES}?cursor={}", page["next_cursor"].as_str().unwrap());
    hr.get(&path).await.problem(422, "cursor_invalid");
    for cursor in ["nonsense", "", "Y2xpZW50czox", "%00", "🙂"] {
        let answer = hr.get(&format!("{CHANGES}?cursor={cursor}")).await;
        answer.problem(422, "cursor_invalid");
    }
    hr.renew_with("identity:check").await;
    let answer = hr.get(CHANGES).await;
    assert_eq!(answer.problem(403, "scope_insufficient")["scope"], "users:read");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_system_reads_its_own_list_only() {
    let app = TestApp::start();
    let (mut hr, mut other) = (app.hr(ALL_SCOPES).await, app.hr(ALL_SCOPES).await);
    let account = app.client().register(&person("王小明"), "zhangsan").await;
    app.consent(&hr, &account, "openid realname").await;
    let before = hr.get(CHANGES).await.ok(200);
    emit(&app, &account, EventKind::NameChanged).await;
    assert_eq!(changes(&app, &mut hr).await.len(), 1);
    assert_eq!(changes(&app, &mut other).await, []);
    // With the cursor of the other one, too.
    let path = format!("{CHANGES}?cursor={}", before["next_cursor"].as_str().unwrap());
    assert_eq!(other.get(&path).await.ok(200)["items"], json!([]));
}
