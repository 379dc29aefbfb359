//! SIGKILL while people sign in to a business system: a decision has done all
//! that it does, or nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    thread,
    time::{Duration, Instant},
};

use diesel::prelude::*;
use serde_json::json;
use shiming::{
    kernel::{Clock, OsEntropy, SystemClock, ids::ClientId},
    tools::db::{Db, DbFault, schema},
};
use tokio::time::sleep;

use super::{
    CHEAP_HASHING,
    crash::random_below,
    partner::{CALLBACK, code_for},
    program::{Engine, Person, Server, Visitor},
    query, runtime,
};

const PEOPLE: u32 = 12;
/// Sign-ins of each of them.
const SIGN_INS: u32 = 15;
const KILLS: u32 = 15;
const PATIENCE: Duration = Duration::from_secs(180);

/// Registers a business system behind the server's back.
async fn register(server: &Server) -> String {
    let now = SystemClock.now();
    let id = ClientId::new(now, &OsEntropy).unwrap().to_string();
    let metadata = json!({
        "client_name": "考生服务系统", "owner": "深圳市考试院",
        "grant_types": ["authorization_code"], "token_endpoint_auth_method": "none",
        "scope": "openid phone", "redirect_uris": [CALLBACK],
    });
    let (row, db) = (id.clone(), Db::connect(&server.database_url, 1).unwrap());
    db.write(move |conn| -> Result<(), DbFault> {
        use schema::clients::dsl;
        diesel::insert_into(dsl::clients)
            .values((
                dsl::id.eq(row),
                dsl::metadata.eq(metadata.to_string()),
                dsl::state.eq("enabled"),
                dsl::created_at.eq(now.naive_utc()),
                dsl::updated_at.eq(now.naive_utc()),
            ))
            .execute(conn)?;
        Ok(())
    })
    .await
    .unwrap();
    id
}

/// Signs in again and again, whatever happens; the codes that have come.
async fn busy(visitor: Visitor, client: String) -> BTreeSet<String> {
    let (began, mut codes) = (Instant::now(), BTreeSet::new());
    while codes.len() < SIGN_INS as usize {
        assert!(began.elapsed() < PATIENCE, "never came to an end");
        match code_for(&visitor, (&client, "openid phone")).await {
            Ok(Some(code)) => assert!(codes.insert(code), "a code came twice"),
            Ok(None) | Err(_) => sleep(Duration::from_millis(20)).await,
        }
    }
    codes
}

#[test]
fn a_decision_is_whole_or_has_not_been_made() {
    let mut server = Server::start(Engine::of_tests(), &CHEAP_HASHING);
    let runtime = runtime();
    let mut people = Vec::new();
    let client = runtime.block_on(async {
        for number in 0..PEOPLE {
            let (person, visitor) = (Person::new(number), Visitor::new(&server.base));
            let username = format!("citizen{number}");
            visitor.introduce(&person).await.unwrap();
            visitor.register(&person, &username).await.unwrap();
            let login = visitor.login_body(&username).await.unwrap();
            visitor.post("/api/v1/sessions", &login).await.unwrap().ok(201);
            people.push(visitor);
        }
        register(&server).await
    });
    let people: Vec<_> =
        people.into_iter().map(|visitor| runtime.spawn(busy(visitor, client.clone()))).collect();
    let killer = thread::spawn(move || {
        for _ in 0..KILLS {
            thread::sleep(Duration::from_millis(20 + random_below(200)));
            server.kill();
            server.run();
        }
        server
    });
    let codes = runtime.block_on(async {
        let mut codes = BTreeSet::new();
        for one in people {
            codes.extend(one.await.unwrap());
        }
        codes
    });
    let server = killer.join().unwrap();
    assert_eq!(codes.len(), (PEOPLE * SIGN_INS) as usize);
    runtime.block_on(whole(&server.database_url, codes));
}

/// As many codes and traces as sign-ins, each code that came among them, and
/// for every person one consent that was noted once.
async fn whole(url: &str, codes: BTreeSet<String>) {
    let kept: Vec<(String, String)> = query(url, |conn| {
        use schema::authorization_codes::dsl;
        dsl::authorization_codes.select((dsl::code_hash, dsl::grant_id)).load(conn)
    })
    .await;
    let grants: Vec<String> = query(url, |conn| {
        use schema::grants::dsl;
        dsl::grants.select(dsl::id).load(conn)
    })
    .await;
    let of: BTreeSet<&String> = kept.iter().map(|(_, grant)| grant).collect();
    assert_eq!(of, grants.iter().collect(), "a code for each sign-in, and no other");
    assert_eq!(kept.len(), grants.len());
    let hashes: BTreeSet<&String> = kept.iter().map(|(hash, _)| hash).collect();
    for code in &codes {
        assert!(
            hashes.contains(&shiming::tools::crypto::blind::token_hash(code)),
            "a code was lost"
        );
    }
    let kinds: Vec<String> = query(url, |conn| {
        use schema::audit_events::dsl;
        dsl::audit_events.select(dsl::kind).load(conn)
    })
    .await;
    let mut events = BTreeMap::new();
    for kind in &kinds {
        *events.entry(kind.as_str()).or_insert(0) += 1;
    }
    assert_eq!(events["signed_in_to_client"], grants.len());
    assert_eq!(events["consent_given"], PEOPLE as usize);
    assert_eq!(super::rows!(url, client_consents), i64::from(PEOPLE));
}
