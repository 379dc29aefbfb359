//! Every column is accounted for: key rotation, export and erasure.

use std::collections::{BTreeMap, BTreeSet};

use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::BigInt};
use reqwest::{Method, header::USER_AGENT};
use serde_json::{Value, json};
use shiming::{
    capabilities::{
        accounts::{self, UnitState},
        cases::{CaseBody, Topic},
        clients::{self, Scopes},
        core::{Stop, Tx},
        grants::{self, NewCode, Occasion, Terms},
        sessions,
    },
    compose::worker,
    kernel::ids::AccountId,
    tools::{
        crypto::Place,
        db::{
            DbFault,
            inventory::{Fate, TABLES, Tells},
            rotation::SEALED_COLUMNS,
        },
    },
};

use crate::{
    account_unit::join_as_unit,
    support::{Client, PASSWORD, Person, TestApp, hr::ALL_SCOPES, person},
};

/// Columns of which nobody may say that they tell nothing.
const TELLING: [&str; 9] = [
    "_sealed",
    "_index",
    "_hash",
    "account_id",
    "device",
    "ip_prefix",
    "username",
    "flow_id",
    "session_id",
];

#[test]
fn every_column_stands_in_the_inventory_and_no_other() {
    let schema = include_str!("../../api/src/tools/db/schema.rs");
    let mut tables = BTreeMap::<&str, BTreeSet<&str>>::new();
    let mut table = "";
    for line in schema.lines().map(str::trim) {
        if let Some((name, _)) = line.split_once(" -> ") {
            tables.entry(table).or_default().insert(name);
        } else if let Some((name, _)) = line.split_once(" (") {
            table = name;
        }
    }
    let known: BTreeMap<&str, BTreeSet<&str>> = TABLES
        .iter()
        .map(|table| (table.name, table.columns.iter().map(|(name, _)| *name).collect()))
        .collect();
    assert_eq!(tables, known);
}

#[test]
fn what_is_personal_is_not_called_nothing() {
    let sealed: BTreeSet<_> = SEALED_COLUMNS.iter().map(|one| (one.table, one.column)).collect();
    for table in TABLES {
        for (column, tells) in table.columns {
            let telling = TELLING.iter().any(|end| column.ends_with(end));
            assert!(!telling || *tells != Tells::Nothing, "{}.{column}", table.name);
            let rotated = sealed.contains(&(table.name, *column));
            assert_eq!(column.ends_with("_sealed"), rotated, "{}.{column}", table.name);
        }
        let personal = table.columns.iter().any(|(_, tells)| matches!(tells, Tells::Exported(_)));
        let leaves = matches!(table.fate, Fate::Erased(_) | Fate::Outlives(_));
        assert!(!personal || leaves, "{} is exported and never erased", table.name);
        if let Fate::Erased(by) = table.fate {
            assert!(table.columns.iter().any(|(name, _)| *name == by), "{}.{by}", table.name);
        }
    }
}

/// Runs a statement.
async fn execute(app: &TestApp, statement: String) {
    let work = move |conn: &mut shiming::tools::db::Conn| -> Result<(), DbFault> {
        sql_query(statement).execute(conn)?;
        Ok(())
    };
    app.core.db.write(work).await.unwrap();
}

/// A case written while signed in.
async fn write_case(app: &TestApp, account: &str) {
    let (core, account) = (app.core.clone(), account.to_owned());
    let write = move |conn: &mut shiming::tools::db::Conn| -> Result<(), DbFault> {
        use diesel::prelude::*;
        use shiming::tools::db::schema::support_cases::dsl;
        let number = format!("C20261124-{}", &account[30..]);
        let body = CaseBody {
            topic: Topic::Phone,
            name: Some("王小明".into()),
            document_number: Some("440305199003070014".into()),
            reply_to: "someone@example.com".into(),
            message: "我的手机号码停用了".into(),
        };
        let place = Place { table: "support_cases", column: "body_sealed", row: &number };
        let sealed = core.seal_json(place, &body)?;
        diesel::insert_into(dsl::support_cases)
            .values((
                dsl::number.eq(&number),
                dsl::account_id.eq(Some(account)),
                dsl::topic.eq("phone"),
                dsl::body_sealed.eq(sealed),
                dsl::created_at.eq(core.clock.now().naive_utc()),
            ))
            .execute(conn)?;
        Ok(())
    };
    app.core.db.write(write).await.unwrap();
}

/// Signs in to a system, which asks about the person besides.
async fn use_a_system(app: &TestApp, account: &Value, somebody: &Person) {
    let hr = app.hr(ALL_SCOPES).await;
    app.consent(&hr, account, "openid offline_access").await;
    let id: AccountId = account["id"].as_str().unwrap().parse().unwrap();
    let client = hr.id;
    let work = move |tx: &mut Tx<'_>| -> Result<(), DbFault> {
        let client = clients::find(tx.conn, client)?.unwrap();
        let (session, _) = sessions::held(tx.conn, id)?.remove(0);
        let occasion = Occasion {
            session: session.id,
            account: id,
            auth_time: tx.now,
            expires_at: session.expires_at,
        };
        let asked = || Terms {
            scopes: Scopes::parse("openid offline_access"),
            claims: Some("{}".to_owned()),
            resources: BTreeSet::from(["https://api.hr.example.gov.cn".to_owned()]),
        };
        let grant = grants::begin(tx, &client, &occasion, asked())?;
        let code = NewCode {
            redirect_uri: "https://hr.example.gov.cn/callback".into(),
            code_challenge: None,
            nonce: None,
        };
        grants::issue_code(tx, &grant, &code)?;
        grants::issue_refresh(tx, &grant, &client)?;
        let over = grants::begin(tx, &client, &occasion, asked())?;
        grants::end(tx.conn, over.id, tx.now)?;
        Ok(())
    };
    app.ctx().write(work).await.unwrap();
    let question = json!({
        "name": somebody.name, "document_type": somebody.document_type,
        "document_number": somebody.document_number,
        "issuing_country": somebody.issuing_country, "purpose": "资格审核",
    });
    hr.post("/api/v1/identity-checks", question).await.ok(200);
}

/// Leaves of an account everything that there can be, and returns its id.
async fn live(
    app: &TestApp,
    client: &Client<'_>,
    (registered, somebody): (Value, &Person),
) -> String {
    let id = registered["id"].as_str().unwrap().to_owned();
    let username = registered["username"].as_str().unwrap();
    let gone = app.client();
    let login = gone.login_body(username, PASSWORD).await;
    let request = gone.request(Method::POST, "/api/v1/sessions").header(USER_AGENT, "curl/8.0");
    gone.send(request.json(&login)).await.ok(201);
    gone.delete("/api/v1/sessions/current").await.ok(204);
    app.client().tokens(username).await;
    let questions = json!({ "answers": [
        { "question": "childhood_toy", "answer": "布老虎" },
        { "question": "family_dish", "answer": "外婆的红烧肉" },
        { "question": "places_lost", "answer": "罗湖口岸" },
    ]});
    client.put("/api/v1/account/security-questions", questions).await.ok(200);
    let password = format!("A dry harbour {}", somebody.phone.len());
    let password = json!({ "password": password, "password_confirmation": password });
    client.put("/api/v1/account/password", password).await.ok(204);
    app.client().try_sign_in(username, "wrong").await.problem(401, "login_failed");
    let moved = Person { phone: "13900139000".into(), ..somebody.clone() };
    client.introduce(&moved).await;
    app.pass(61);
    client.post("/api/v1/account/change", json!({ "phone": moved.phone })).await.ok(200);
    write_case(app, &id).await;
    use_a_system(app, &registered, somebody).await;
    let hold = "UPDATE accounts SET changes_held_until = '2027-01-01 00:00:00'";
    execute(app, hold.to_owned()).await;
    client.post("/api/v1/account/closure", json!({})).await.ok(200);
    id
}

/// A server that keeps earlier passwords, and erases without delay.
fn app_with_history() -> TestApp {
    TestApp::with(|settings| {
        settings.password.policy = shiming::tools::identity::PasswordPolicyKind::Djbh;
        settings.limits.sms_per_phone_hour = 99;
        settings.account.closing_days = 0;
    })
}

/// Somebody whose every column is filled.
async fn person_with_passport(app: &TestApp) -> (String, Client<'_>) {
    let client = app.client();
    let somebody = person("JOHN SMITH");
    let registered = client.join(&somebody, "john").await;
    let id = live(app, &client, (registered, &somebody)).await;
    (id, client)
}

/// An operator finds fault with whoever waits.
async fn reject_every_unit(app: &TestApp) {
    let ctx = app.ctx();
    let rejected = ctx.write(move |tx| -> Result<usize, Stop<accounts::NotDecided>> {
        let (units, why) = (accounts::list_units(tx, None)?, Some("no such certificate"));
        for unit in &units {
            accounts::decide_unit(tx, unit.account, UnitState::Rejected, why)?;
        }
        Ok(units.len())
    });
    assert!(rejected.await.unwrap() > 0);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn everything_is_handed_out_as_the_inventory_says() {
    let app = app_with_history();
    let (_, client) = person_with_passport(&app).await;
    let company = app.client();
    join_as_unit(&company, &person("王小明"), "company").await;
    reject_every_unit(&app).await;
    let export = client.post("/api/v1/account/export", json!({})).await.ok(200);
    let of_unit = company.post("/api/v1/account/export", json!({})).await.ok(200);
    for table in TABLES {
        for (column, tells) in table.columns {
            let Tells::Exported(pointer) = tells else { continue };
            // Lists are looked through: not every session has ended.
            let (list, member) = match pointer.split_once("/0/") {
                Some((list, member)) => (list, format!("/{member}")),
                None => ("", (*pointer).to_owned()),
            };
            let found = [&export, &of_unit].into_iter().any(|export| {
                let base = export.pointer(list).unwrap();
                let items = base.as_array().map_or_else(|| vec![base], |all| all.iter().collect());
                items.iter().any(|one| one.pointer(&member).is_some_and(|value| !value.is_null()))
            });
            assert!(found, "{}.{column} is not at {pointer}", table.name);
        }
    }
    assert_eq!(export["account"]["name"], "JOHN SMITH");
    assert_eq!(export["account"]["document_number"], "A30495867");
    assert_eq!(export["account"]["card_number"], "6222800658948113114");
    assert_eq!(export["change"]["phone"], "+8613900139000");
    assert_eq!(export["support_cases"][0]["message"], "我的手机号码停用了");
    assert_eq!(export["history"][0]["kind"], "exported");
    assert_eq!(of_unit["unit"]["legal_representative"], "张三");
    assert_eq!(of_unit["account"]["name"], "王小明");
    // Secrets stay here.
    for text in [export.to_string(), of_unit.to_string()] {
        assert!(!text.contains("argon2id") && !text.contains("布老虎"), "{text}");
    }
    let history = client.get("/api/v1/account/history?limit=1").await.ok(200);
    assert_eq!(history["items"][0]["kind"], "exported");
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    rows: i64,
}

/// In how many rows of each table one of these ids stands, in any column that
/// may hold one.
async fn traces(app: &TestApp, ids: &[String]) -> BTreeMap<&'static str, i64> {
    let mut traces = BTreeMap::new();
    let list: Vec<String> = ids.iter().map(|id| format!("'{id}'")).collect();
    let list = list.join(", ");
    for table in TABLES {
        let columns = table.columns.iter().map(|(name, _)| *name);
        let holds_ids = |name: &&str| {
            *name == "id" || name.ends_with("_id") || *name == "detail" || *name == "subject"
        };
        let conditions: Vec<String> =
            columns.filter(holds_ids).map(|name| format!("{name} IN ({list})")).collect();
        if conditions.is_empty() {
            continue;
        }
        let name = table.name;
        let ask = format!("SELECT COUNT(*) AS rows FROM {name} WHERE {}", conditions.join(" OR "));
        let found = app.query(move |conn| sql_query(ask).get_result::<Count>(conn)).await;
        if found.rows > 0 {
            traces.insert(name, found.rows);
        }
    }
    traces
}

/// The ids by which rows are linked to an account: its own and its sessions'.
async fn ids_of(app: &TestApp, account: &str) -> Vec<String> {
    let id = account.to_owned();
    let mut ids = app
        .query(move |conn| {
            use diesel::prelude::*;
            use shiming::tools::db::schema::sessions::dsl;
            dsl::sessions.filter(dsl::account_id.eq(id)).select(dsl::id).load::<String>(conn)
        })
        .await;
    let id = account.to_owned();
    // The registration that it came from.
    ids.extend(
        app.query(move |conn| {
            use diesel::prelude::*;
            use shiming::tools::db::schema::audit_events::dsl;
            let created = dsl::kind.eq("account_created").and(dsl::account_id.eq(id));
            let events = dsl::audit_events.filter(created);
            events.select(dsl::flow_id.assume_not_null()).load::<String>(conn)
        })
        .await,
    );
    let id: AccountId = account.parse().unwrap();
    let held = app.core.db.read(move |conn| grants::held(conn, id)).await.unwrap();
    ids.extend(held.iter().map(|grant| grant.id.to_string()));
    ids.push(account.to_owned());
    ids
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn of_an_erased_account_nothing_is_left_but_what_the_inventory_keeps() {
    let app = app_with_history();
    let (john, _) = person_with_passport(&app).await;
    let agent = person("王小明");
    let company = app.client();
    let registered = join_as_unit(&company, &agent, "company").await;
    let company = live(&app, &company, (registered, &agent)).await;
    // Of this one nothing may be lost.
    let bystander = app.client();
    let kept = bystander.join(&person("张伟"), "zhangwei").await;
    let kept = ids_of(&app, kept["id"].as_str().unwrap()).await;
    let kept_before = traces(&app, &kept).await;
    assert!(kept_before.contains_key("bank_checks") && kept_before.contains_key("otp_challenges"));

    let mut ids = ids_of(&app, &john).await;
    ids.extend(ids_of(&app, &company).await);
    let before = traces(&app, &ids).await;
    for table in TABLES {
        if let Fate::Erased(by) = table.fate {
            assert!(before.contains_key(table.name), "nobody has a row by {}.{by}", table.name);
        }
    }
    worker::forget(&app.core).await;
    let left: BTreeSet<&str> = traces(&app, &ids).await.into_keys().collect();
    let outlives = TABLES.iter().filter(|table| matches!(table.fate, Fate::Outlives(_)));
    assert_eq!(left, outlives.map(|table| table.name).collect());
    assert_eq!(traces(&app, &kept).await, kept_before);
    bystander.get("/api/v1/account").await.ok(200);
    // The trail ends with the erasure, which nobody asked for by a request.
    let last = app
        .query(move |conn| {
            use diesel::prelude::*;
            use shiming::tools::db::schema::audit_events::dsl;
            dsl::audit_events
                .filter(dsl::account_id.eq(john))
                .order(dsl::id.desc())
                .select((dsl::kind, dsl::request_id, dsl::ip_prefix))
                .first::<(String, String, String)>(conn)
        })
        .await;
    assert_eq!(last, ("account_closed".into(), "service".into(), String::new()));
}
