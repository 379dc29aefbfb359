//! 找回密码 by security questions.

use serde_json::json;
use shiming::tools::config::QuestionsMode;
use tokio::join;

use crate::support::{ANSWERS, PASSWORD, TestApp, claim, count, moved, person};

const NEW: &str = "mango bridge rain 42";
const WRONG: [&str; 3] = ["布老虎", "外婆的红烧肉", "西湖"];

async fn with_questions(mode: QuestionsMode) -> TestApp {
    let app = TestApp::with(|settings| {
        settings.security_questions.mode = mode;
        settings.sms.resend_seconds = 0;
    });
    app.client().register(&person("王小明"), "zhangsan").await;
    app.choose_questions("zhangsan").await;
    app
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn three_right_answers_set_the_password_anew() {
    let app = with_questions(QuestionsMode::Guide).await;
    let client = app.client();
    client.find_password("zhangsan").await;
    let chosen = client.choose("security_questions").await.ok(200);
    assert_eq!(chosen["stage"], "questions");
    let questions = chosen["questions"].as_array().unwrap();
    assert_eq!(questions.len(), 3);
    assert_eq!(questions[0]["id"], "childhood_toy");
    assert!(questions[0]["text"].is_string() && questions[0]["text_en"].is_string());
    // Width, case, spaces and signs do not count.
    let proved = client.answer([" 布 老虎！", "外婆的红烧肉。", "罗湖口岸"]).await.ok(200);
    assert_eq!((&proved["stage"], &proved["questions"]), (&json!("reset"), &json!(null)));
    client.reset(NEW).await.ok(200);
    assert_eq!(count!(app, security_answers), 1, "whoever answered them has chosen them");
    assert!(client.opens("zhangsan", NEW).await && !client.opens_as_before("zhangsan").await);
    assert_eq!(client.told(&person("王小明").phone, "密码已重置").await, 1);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn whoever_has_none_is_told_what_nobody_is_told() {
    let told = async |app: &TestApp, username: &str| {
        let client = app.client();
        client.find_password(username).await;
        let answer = client.choose("security_questions").await;
        let mut problem = answer.problem(409, "security_questions_not_set");
        assert_eq!(client.current_recovery().await["stage"], "method");
        problem["request_id"].take();
        problem
    };
    let app = with_questions(QuestionsMode::Guide).await;
    app.client().register(&person("张伟"), "zhangwei").await;
    let unknown = told(&app, "nobody").await;
    assert_eq!(unknown["title"], "未设置密保，不能通过密保问题找回密码");
    assert_eq!(told(&app, "zhangwei").await, unknown);
    use_up(&app).await;
    assert_eq!(told(&app, "zhangsan").await, unknown);
    for mode in [QuestionsMode::SecondStep, QuestionsMode::Off] {
        let app = with_questions(mode).await;
        assert_eq!(told(&app, "zhangsan").await, unknown);
    }
}

/// Five sets of wrong answers.
async fn use_up(app: &TestApp) {
    let client = app.client();
    client.find_password("zhangsan").await;
    client.choose("security_questions").await.ok(200);
    for left in (0..5).rev() {
        let problem = client.answer(WRONG).await.problem(422, "answers_wrong");
        assert_eq!(problem["attempts_left"], left);
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn five_wrong_sets_end_the_use_of_the_questions_and_the_owner_is_told() {
    let app = with_questions(QuestionsMode::Guide).await;
    use_up(&app).await;
    let client = app.client();
    assert_eq!(client.told(&person("王小明").phone, "密保问题").await, 1);
    assert_eq!(
        (app.audited("answers_wrong").await, app.audited("questions_disabled").await),
        (5, 1)
    );
    client.find_password("zhangsan").await;
    client.choose("security_questions").await.problem(409, "security_questions_not_set");
    // Those who are at the questions already get no further, but may take the
    // other way.
    app.choose_questions("zhangsan").await;
    client.choose("security_questions").await.ok(200);
    use_up(&app).await;
    client.answer(ANSWERS).await.problem(409, "security_questions_not_set");
    client.reset(NEW).await.problem(409, "stage_conflict");
    client.choose("document_and_sms").await.ok(200);
    client.ask_code(claim(&person("王小明"))).await.ok(200);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn right_answers_start_the_count_anew() {
    let app = with_questions(QuestionsMode::Guide).await;
    for _ in 0..2 {
        let client = app.client();
        client.find_password("zhangsan").await;
        client.choose("security_questions").await.ok(200);
        for _ in 0..3 {
            client.answer(WRONG).await.problem(422, "answers_wrong");
        }
        client.answer(ANSWERS).await.ok(200);
    }
    assert_eq!(app.audited("questions_disabled").await, 0);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn the_last_try_uses_the_questions_up_even_when_it_is_right() {
    let app = with_questions(QuestionsMode::Guide).await;
    let client = app.client();
    client.find_password("zhangsan").await;
    client.choose("security_questions").await.ok(200);
    for _ in 0..4 {
        client.answer(WRONG).await.problem(422, "answers_wrong");
    }
    assert_eq!(client.answer(ANSWERS).await.ok(200)["stage"], "reset");
    // Told with the count, before anybody knew whether the answers are right.
    assert_eq!(client.told(&person("王小明").phone, "密保问题").await, 1);
    assert_eq!(app.audited("questions_disabled").await, 1);
    client.reset(NEW).await.ok(200);
    client.find_password("zhangsan").await;
    client.choose("security_questions").await.problem(409, "security_questions_not_set");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn answers_to_questions_that_are_no_longer_chosen_reset_nothing() {
    for mode in [QuestionsMode::Guide, QuestionsMode::SecondStep] {
        for chosen_again in [true, false] {
            let app = with_questions(mode).await;
            let (client, owner) = (app.client(), app.client());
            if mode == QuestionsMode::Guide {
                client.find_password("zhangsan").await;
                client.choose("security_questions").await.ok(200);
            } else {
                client.up_to_reset("zhangsan", &person("王小明")).await;
            }
            assert_eq!(client.answer(ANSWERS).await.ok(200)["stage"], "reset");
            app.pass(1);
            if chosen_again {
                app.choose_questions("zhangsan").await;
            } else {
                owner.sign_in("zhangsan").await;
                owner.delete("/api/v1/account/security-questions").await.ok(204);
            }
            client.reset(NEW).await.problem(409, "stage_conflict");
            assert!(client.opens_as_before("zhangsan").await);
        }
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_second_step_makes_the_first_one_no_younger() {
    let app = with_questions(QuestionsMode::SecondStep).await;
    let (slow, quick) = (app.client(), app.client());
    slow.up_to_reset("zhangsan", &person("王小明")).await;
    app.pass(1);
    quick.up_to_reset("zhangsan", &person("王小明")).await;
    quick.answer(ANSWERS).await.ok(200);
    app.pass(1);
    quick.reset(NEW).await.ok(200);
    app.pass(1);
    slow.answer(ANSWERS).await.ok(200);
    slow.reset("papaya tunnel snow 43").await.problem(409, "stage_conflict");
    assert!(slow.opens("zhangsan", NEW).await);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn no_answer_can_be_left_out_or_tried_alone() {
    let app = with_questions(QuestionsMode::Guide).await;
    let client = app.client();
    client.find_password("zhangsan").await;
    client.choose("security_questions").await.ok(200);
    let send = async |answers| {
        client.post(&client.recovery_step("answers"), json!({ "answers": answers })).await
    };
    send(json!([])).await.fields(&[
        ("/answers/0", "required"),
        ("/answers/1", "required"),
        ("/answers/2", "required"),
    ]);
    send(json!(["布老虎", "。", ""]))
        .await
        .fields(&[("/answers/1", "required"), ("/answers/2", "required")]);
    send(json!(["一", "二", "三", "四"])).await.fields(&[("/answers/3", "invalid")]);
    assert_eq!(app.audited("answers_wrong").await, 0);
    // In another order they are other answers.
    client.answer([ANSWERS[1], ANSWERS[0], ANSWERS[2]]).await.problem(422, "answers_wrong");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn of_many_guesses_at_once_only_as_many_are_looked_at_as_there_are_tries() {
    let app = with_questions(QuestionsMode::Guide).await;
    let mut guessers = Vec::new();
    for number in 0..4 {
        let guesser = app.client_at(&format!("203.0.113.{number}"));
        guesser.find_password("zhangsan").await;
        guesser.choose("security_questions").await.ok(200);
        guessers.push(guesser);
    }
    let [a, b, c, d] = guessers.as_slice() else { panic!() };
    let guess = || async {
        let answers = join!(a.answer(WRONG), b.answer(WRONG), c.answer(WRONG), d.answer(WRONG));
        [answers.0, answers.1, answers.2, answers.3]
    };
    let (first, second) = join!(guess(), guess());
    let mut looked_at = 0;
    for answer in first.into_iter().chain(second) {
        match answer.any_problem()["code"].as_str().unwrap() {
            "answers_wrong" => looked_at += 1,
            "security_questions_not_set" => {}
            other => panic!("{other}"),
        }
    }
    assert_eq!(looked_at, 5);
    a.answer(ANSWERS).await.problem(409, "security_questions_not_set");
    assert_eq!(a.told(&person("王小明").phone, "密保问题").await, 1, "told once");
    assert_eq!(
        (app.audited("answers_wrong").await, app.audited("questions_disabled").await),
        (5, 1)
    );
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_reset_by_questions_holds_the_phone_for_three_days() {
    let app = with_questions(QuestionsMode::Guide).await;
    let person = person("王小明");
    let (client, thief) = (app.client(), app.client());
    client.find_password("zhangsan").await;
    client.choose("security_questions").await.ok(200);
    client.answer(ANSWERS).await.ok(200);
    client.reset(NEW).await.ok(200);
    // The thief knows the answers, and has a card in the person's name.
    let moved = moved(&app, &person, 1).await;
    thief.find_username(&person).await;
    thief.replace_phone(&moved).await.ok(200);
    let code = thief.last_sms(&moved.phone).await;
    let problem = thief.enter_phone_code(&code).await.problem(409, "changes_held");
    assert!(problem["held_until"].as_str().unwrap().starts_with("2026-11-26T02:"), "{problem}");
    // Not even without a code.
    thief.enter_phone_code(&code).await.problem(409, "stage_conflict");
    assert_eq!(app.audited("phone_replaced").await, 0);
    app.pass(72 * 3600 + 60);
    let owner = app.client();
    owner.find_username(&person).await;
    owner.replace_phone(&moved).await.ok(200);
    let code = owner.last_sms(&moved.phone).await;
    owner.enter_phone_code(&code).await.ok(200);
    assert_eq!(app.audited("phone_replaced").await, 1);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn as_a_second_step_they_come_after_the_code() {
    let app = with_questions(QuestionsMode::SecondStep).await;
    let person = person("王小明");
    let client = app.client();
    let proved = client.up_to_reset("zhangsan", &person).await;
    assert_eq!(
        (&proved["stage"], &proved["questions"][2]["id"]),
        (&json!("questions"), &json!("places_lost"))
    );
    client.reset(NEW).await.problem(409, "stage_conflict");
    client.choose("document_and_sms").await.problem(409, "stage_conflict");
    client.answer(WRONG).await.problem(422, "answers_wrong");
    assert_eq!(client.answer(ANSWERS).await.ok(200)["stage"], "reset");
    client.reset(NEW).await.ok(200);
    assert_eq!(count!(app, security_answers), 1);
    assert!(client.opens("zhangsan", NEW).await);
    // Not by questions: nothing is held.
    let held = app
        .query(|conn| {
            use diesel::prelude::*;
            use shiming::tools::db::schema::accounts::dsl;
            dsl::accounts
                .filter(dsl::changes_held_until.is_not_null())
                .count()
                .get_result::<i64>(conn)
        })
        .await;
    assert_eq!(held, 0);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_second_step_is_not_passed_by_using_the_questions_up() {
    let app = with_questions(QuestionsMode::SecondStep).await;
    let person = person("王小明");
    let client = app.client();
    client.up_to_reset("zhangsan", &person).await;
    for _ in 0..5 {
        client.answer(WRONG).await.problem(422, "answers_wrong");
    }
    client.answer(ANSWERS).await.problem(409, "security_questions_not_set");
    let again = app.client();
    assert_eq!(again.up_to_reset("zhangsan", &person).await["stage"], "questions");
    again.reset(NEW).await.problem(409, "stage_conflict");
    assert!(again.opens("zhangsan", PASSWORD).await);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn whoever_has_none_needs_no_second_step() {
    let app = TestApp::with(|settings| {
        settings.security_questions.mode = QuestionsMode::SecondStep;
    });
    app.client().register(&person("王小明"), "zhangsan").await;
    let client = app.client();
    assert_eq!(client.up_to_reset("zhangsan", &person("王小明")).await["stage"], "reset");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn an_overloaded_service_uses_no_try_up() {
    let app = TestApp::with(|settings| {
        settings.password.permits = 1;
        settings.password.queue_milliseconds = 1;
    });
    app.client().register(&person("王小明"), "zhangsan").await;
    app.choose_questions("zhangsan").await;
    let client = app.client();
    client.find_password("zhangsan").await;
    client.choose("security_questions").await.ok(200);
    let ticket = app.core.hasher.admit().unwrap();
    client.answer(WRONG).await.problem(503, "overloaded");
    drop(ticket);
    let problem = client.answer(WRONG).await.problem(422, "answers_wrong");
    assert_eq!(problem["attempts_left"], 4);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_set_repeated_with_its_key_is_one_try() {
    let app = with_questions(QuestionsMode::Guide).await;
    let client = app.client();
    client.find_password("zhangsan").await;
    client.choose("security_questions").await.ok(200);
    let (key, path) = ("0193e0c0-one-set-of-answers", client.recovery_step("answers"));
    for _ in 0..7 {
        let answer = client.post_once(key, &path, json!({ "answers": WRONG })).await;
        assert_eq!(answer.problem(422, "answers_wrong")["attempts_left"], 4);
    }
    assert_eq!(count!(app, security_answers), 1);
}
