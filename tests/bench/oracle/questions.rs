//! 密保问题. Whoever can answer some is shown them, as the guide has it; whoever
//! cannot, because there is no account, or it has none, or they are used up, is
//! told that there are none. And an answer that is right helps nobody to guess
//! the others.

use diesel::{ExpressionMethods, RunQueryDsl};
use reqwest::Method;
use serde_json::{Value, json};
use shiming::tools::db::{DbFault, schema::security_answers};

use super::{World, sides, username, walk::Walk};
use crate::support::Visitor;

const QUESTIONS: [&str; 3] = ["childhood_toy", "family_dish", "places_lost"];
const ANSWERS: [&str; 3] = ["布老虎", "外婆的红烧肉", "罗湖口岸"];
/// As long, and one right less than would do; or none.
const NEARLY: [&str; 3] = ["布老虎", "外婆的红烧肉", "南山书城"];
const WRONG: [&str; 3] = ["木陀螺", "妈妈的清蒸鱼", "南山书城"];

fn by_questions() -> Value {
    json!({ "method": "security_questions" })
}

/// Before and after an account has chosen questions; `owner` is signed in.
pub(super) async fn pair(world: &mut World, number: u32, owner: &Visitor) {
    for known in sides() {
        let mut walk = Walk::new(world);
        walk.forget_password("not looked at", &username(known, number)).await;
        walk.took.clear();
        let path = walk.at("method");
        let name = "somebody or nobody, find password: questions, none set";
        walk.step(name, (Method::PUT, &path), (by_questions(), 409)).await;
        let took = walk.took;
        world.keep((number, known), took);
    }
    let chosen = QUESTIONS.iter().zip(ANSWERS);
    let chosen: Vec<Value> = chosen
        .map(|(question, answer)| json!({ "question": question, "answer": answer }))
        .collect();
    let chosen = json!({ "answers": chosen });
    owner.put("/api/v1/account/security-questions", &chosen).await.unwrap().ok(200);
    Walk::new(world).settled().await;
    for known in sides() {
        let mut walk = Walk::new(world);
        walk.forget_password("not looked at", &username(known, number)).await;
        walk.took.clear();
        let path = walk.at("answers");
        let name = "somebody or nobody, find password: answers, none asked for";
        walk.step(name, (Method::POST, &path), (json!({ "answers": ANSWERS }), 409)).await;
        let took = walk.took;
        world.keep((number, known), took);
    }
    guess(world, number).await;
}

async fn guess(world: &mut World, number: u32) {
    let mut walk = Walk::new(world);
    walk.forget_password("not looked at", &username(true, number)).await;
    let path = walk.at("method");
    walk.step("not looked at", (Method::PUT, &path), (by_questions(), 200)).await;
    let path = walk.at("answers");
    let mut sides_took = Vec::new();
    for nearly in sides() {
        walk.took.clear();
        let answers = json!({ "answers": if nearly { NEARLY } else { WRONG } });
        let name = "two answers right or none, find password: answers";
        walk.step(name, (Method::POST, &path), (answers, 422)).await;
        sides_took.push((nearly, std::mem::take(&mut walk.took)));
    }
    for (nearly, took) in sides_took {
        world.keep((number, nearly), took);
    }
}

/// As five wrong sets of answers do, of everybody.
pub(super) async fn use_up(world: &World) {
    let all = world.database.write(|conn| -> Result<usize, DbFault> {
        let used_up = diesel::update(security_answers::table);
        Ok(used_up.set(security_answers::wrong_sets.eq(5)).execute(conn)?)
    });
    assert!(all.await.unwrap() > 0);
}

/// After an account's questions were used up.
pub(super) async fn pair_used_up(world: &mut World, number: u32) {
    for known in sides() {
        let mut walk = Walk::new(world);
        walk.forget_password("not looked at", &username(known, number)).await;
        walk.took.clear();
        let path = walk.at("method");
        let name = "somebody or nobody, find password: questions, used up";
        walk.step(name, (Method::PUT, &path), (by_questions(), 409)).await;
        let took = walk.took;
        world.keep((number, known), took);
    }
}
