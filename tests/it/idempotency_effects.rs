//! `Idempotency-Key`: an effect that is one transaction is committed with its
//! answer, or not at all.

use std::collections::BTreeMap;

use actix_web::{FromRequest, http::StatusCode, test::TestRequest};
use diesel::{
    QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types::BigInt,
};
use serde_json::{Value, json};
use shiming::{
    capabilities::{
        core::{Ctx, Stop},
        idempotency::{Idempotency, Once, Reply, Settled},
    },
    tools::{
        db::{Conn, DbFault, inventory::TABLES, schema::captchas},
        web::{Problem, ProblemCode, RequestMeta, meta::WebContext},
    },
};
use tokio::{join, sync::oneshot};

use crate::{
    cases::letter,
    clients::{CLIENTS, tool, with},
    support::{Answer, Client, Person, TestApp, count, hr::ALL_SCOPES, person},
    webhooks::WEBHOOKS,
};

const KEY: &str = "0193e0c0-one-action-of-one-person";

#[derive(QueryableByName)]
struct Rows {
    #[diesel(sql_type = BigInt)]
    rows: i64,
}

/// How many rows each table has.
async fn everything(app: &TestApp) -> BTreeMap<&'static str, i64> {
    let of = |conn: &mut Conn, name: &'static str| {
        let counted = sql_query(format!("SELECT count(*) AS rows FROM {name}"));
        counted.get_result::<Rows>(conn).map(|found| (name, found.rows))
    };
    app.query(move |conn| TABLES.iter().map(|table| of(conn, table.name)).collect()).await
}

/// Lets the database refuse every answer that is to be kept.
async fn refuse_answers(app: &TestApp) {
    let refuse = |conn: &mut Conn| -> Result<(), DbFault> {
        Ok(match conn {
            Conn::Sqlite(conn) => conn.batch_execute(
                "CREATE TRIGGER refuse BEFORE UPDATE ON idempotency_keys \
                 BEGIN SELECT RAISE(ABORT, 'no answer is kept'); END",
            ),
            Conn::Postgres(conn) => conn.batch_execute(
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \
                 $$ BEGIN RAISE EXCEPTION 'no answer is kept'; END $$; \
                 CREATE TRIGGER refuse BEFORE UPDATE ON idempotency_keys \
                 FOR EACH ROW EXECUTE FUNCTION refuse()",
            ),
        }?)
    };
    app.core.db.write(refuse).await.unwrap();
}

/// Lets it take them again.
async fn take_answers(app: &TestApp) {
    let take = |conn: &mut Conn| -> Result<(), DbFault> {
        Ok(match conn {
            Conn::Sqlite(conn) => conn.batch_execute("DROP TRIGGER refuse"),
            Conn::Postgres(conn) => conn.batch_execute("DROP FUNCTION refuse CASCADE"),
        }?)
    };
    app.core.db.write(take).await.unwrap();
}

/// A request that is to be done once, and who makes it.
struct Action<'a> {
    by: &'a Client<'a>,
    path: String,
    body: Value,
    status: u16,
}

impl Action<'_> {
    async fn ask(&self) -> Answer {
        self.by.post_once(KEY, &self.path, self.body.clone()).await
    }
}

/// Asked with a key while no answer can be kept: nothing has happened. Asked
/// again when one can: it happens, once.
async fn whole(app: &TestApp, actions: &[Action<'_>]) {
    let before = everything(app).await;
    refuse_answers(app).await;
    for action in actions {
        action.ask().await.problem(500, "internal");
        assert_eq!(everything(app).await, before, "{}", action.path);
    }
    take_answers(app).await;
    for action in actions {
        let first = action.ask().await.ok(action.status);
        let after = everything(app).await;
        assert_ne!(after, before, "{}", action.path);
        assert_eq!(action.ask().await.ok(action.status), first, "{}", action.path);
        assert_eq!(everything(app).await, after, "{}", action.path);
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_a_system_does_happens_with_its_answer_or_not_at_all() {
    let app = TestApp::start();
    let (tool, hr) = (tool(&app).await, app.hr(ALL_SCOPES).await);
    let somebody = person("王小明");
    app.client().register(&somebody, "zhangsan").await;
    let made = tool.post(CLIENTS, with(&json!({}))).await.ok(201);
    let address = json!({ "url": "https://hr.example.gov.cn/hook", "kinds": ["name.changed"] });
    let told = hr.post(WEBHOOKS, address.clone()).await.ok(201);
    let (client, webhook) = (made["client"]["id"].as_str(), told["webhook"]["id"].as_str());
    let question = json!({
        "name": somebody.name, "document_type": somebody.document_type,
        "document_number": somebody.document_number, "purpose": "资格审核",
    });
    // So that what is counted by the hour or the day has its row.
    hr.post("/api/v1/identity-checks", question.clone()).await.ok(200);
    let action = |by, path: String, body| Action { by, path, body, status: 201 };
    let asked = action(&hr.http, "/api/v1/identity-checks".to_owned(), question);
    let secret = format!("{CLIENTS}/{}/secret", client.unwrap());
    let webhook_secret = format!("{WEBHOOKS}/{}/secret", webhook.unwrap());
    whole(
        &app,
        &[
            action(&tool.http, CLIENTS.to_owned(), with(&json!({}))),
            action(&tool.http, secret, json!({})),
            action(&hr.http, WEBHOOKS.to_owned(), address),
            action(&hr.http, webhook_secret, json!({})),
            Action { status: 200, ..asked },
        ],
    )
    .await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_a_person_does_happens_with_its_answer_or_not_at_all() {
    let app = TestApp::start();
    let (new, old, writer, lost) = (app.client(), app.client(), app.client(), app.client());
    old.join(&person("王小明"), "zhangsan").await;
    let moved = Person { phone: "13900139000".into(), ..person("王小明") };
    old.introduce(&moved).await;
    old.post("/api/v1/account/change", json!({ "phone": moved.phone })).await.ok(200);
    let changed = json!({ "code": old.last_sms(&moved.phone).await });
    let confirmed = json!({ "code": new.up_to_code(&person("张伟"), "zhangwei").await });
    let tokens = app.client().tokens("zhangsan").await;
    // So that what is counted by the hour has its row.
    writer.post("/api/v1/support-cases", letter(&writer, json!({})).await).await.ok(201);
    lost.find_password("zhangsan").await;
    let action = |by, path: &str, body| Action { by, path: path.to_owned(), body, status: 201 };
    let forgotten = json!({ "username": "zhangsan", "captcha": lost.captcha().await });
    let refresh = json!({ "refresh_token": tokens["refresh_token"] });
    let trade = action(&writer, "/api/v1/tokens/refresh", refresh);
    let change = action(&old, "/api/v1/account/change/confirmation", changed);
    whole(
        &app,
        &[
            action(&new, &new.step("confirmation"), confirmed),
            action(&writer, "/api/v1/support-cases", letter(&writer, json!({})).await),
            action(&lost, "/api/v1/recoveries/password", forgotten),
            Action { status: 200, ..trade },
            Action { status: 200, ..change },
        ],
    )
    .await;
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn of_two_at_once_both_have_the_answer_of_the_one_effect() {
    let app = TestApp::start();
    let tool = tool(&app).await;
    let before = count!(app, clients);
    for round in 1..=8 {
        let (body, key) = (with(&json!({})), format!("0193e0c0-action-{round}"));
        let ask = || tool.post_once(CLIENTS, &body, &key);
        let (a, b) = join!(ask(), ask());
        assert_eq!(a.ok(201), b.ok(201));
        assert_eq!(count!(app, clients), before + round);
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_refusal_that_has_changed_nothing_is_decided_anew() {
    let app = TestApp::start();
    let hr = app.hr(ALL_SCOPES).await;
    let address = json!({ "url": "https://hr.example.gov.cn/hook", "kinds": ["name.changed"] });
    for _ in 0..20 {
        hr.post(WEBHOOKS, address.clone()).await.ok(201);
    }
    let too_many = [("/url", "too_many")];
    hr.post_once(WEBHOOKS, &address, KEY).await.fields(&too_many);
    let listed = hr.get(WEBHOOKS).await.ok(200);
    let one = listed["items"][0]["id"].as_str().unwrap();
    hr.delete(&format!("{WEBHOOKS}/{one}")).await.ok_status(204);
    let registered = hr.post_once(WEBHOOKS, &address, KEY).await.ok(201);
    assert_eq!(hr.post_once(WEBHOOKS, &address, KEY).await.ok(201), registered);
}

/// A request with the key, as a handler has it.
async fn request(app: &TestApp) -> Once {
    let request = || TestRequest::post().insert_header(("idempotency-key", KEY));
    let context = WebContext {
        clock: app.core.clock.clone(),
        entropy: app.core.entropy.clone(),
        trusted_proxies: Vec::new(),
        public_origin: app.base.clone(),
    };
    let meta = RequestMeta::read(&request().to_srv_request(), &context).unwrap();
    let idempotency = Idempotency::extract(&request().to_http_request()).await.unwrap();
    idempotency.of(&Ctx::of_request(&app.core, &meta), "somebody", b"something")
}

/// What a request comes to that deletes all captchas and is then refused.
async fn refused(
    app: &TestApp,
    refusal: impl FnOnce() -> Settled + Send + 'static,
) -> (ProblemCode, i64) {
    let deleted = request(app).await.write(|tx| {
        diesel::delete(captchas::table).execute(tx.conn).map_err(DbFault::from)?;
        refusal()
    });
    (deleted.await.unwrap_err().code(), count!(app, captchas))
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_refusal_takes_everything_back_but_what_is_to_be_counted() {
    let app = TestApp::start();
    app.client().new_captcha().await;
    let busy = || Problem::new(ProblemCode::Overloaded);
    let wrong = || Problem::new(ProblemCode::CodeWrong);
    let never = || -> Settled { panic!("it is done a second time") };
    for (refusal, code) in [(busy(), ProblemCode::Overloaded), (wrong(), ProblemCode::CodeWrong)] {
        assert_eq!(refused(&app, move || Err(Stop::Undo(refusal))).await, (code, 1));
        assert_eq!(count!(app, idempotency_keys), 0);
    }
    assert_eq!(refused(&app, move || Err(Stop::Keep(wrong()))).await, (ProblemCode::CodeWrong, 0));
    assert_eq!(refused(&app, never).await, (ProblemCode::CodeWrong, 0));
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn whoever_is_late_spoils_nothing_of_who_took_over() {
    let app = TestApp::start();
    let (go_on, held) = oneshot::channel::<()>();
    let slow = request(&app).await.run(async {
        held.await.unwrap();
        Err(Problem::new(ProblemCode::Overloaded))
    });
    let slow = actix_web::rt::spawn(slow);
    while count!(app, idempotency_keys) == 0 {
        tokio::task::yield_now().await;
    }
    // Longer than a lease, with the queues that tests have.
    app.pass(600);
    let reply = || async { Reply::json(StatusCode::OK, &"done by who took over") };
    request(&app).await.run(reply()).await.unwrap();
    go_on.send(()).unwrap();
    let late = slow.await.unwrap().unwrap_err();
    assert_eq!(late.code(), ProblemCode::Overloaded);
    let never = async { panic!("it is done a third time") };
    let again = request(&app).await.run(never).await.unwrap();
    assert_eq!(again.status(), StatusCode::OK);
}
