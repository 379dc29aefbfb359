//! Work in a transaction that stops before its end: what is committed, and what
//! is rolled back.

use diesel::RunQueryDsl;
use shiming::{
    capabilities::{
        core::{Ctx, Stop, Tx},
        outbox::{self, Message},
    },
    tools::{
        db::{DbFault, schema::captchas},
        identity::Phone,
        ports::Notice,
        web::{Problem, ProblemCode},
    },
};

use crate::support::{TestApp, count};

/// Deletes every captcha.
fn delete_captchas(tx: &mut Tx<'_>) -> Result<(), DbFault> {
    diesel::delete(captchas::table).execute(tx.conn)?;
    Ok(())
}

/// A server with one captcha.
async fn app_with_captcha() -> TestApp {
    let app = TestApp::start();
    app.client().new_captcha().await;
    app
}

fn wrong() -> Problem {
    Problem::new(ProblemCode::CodeWrong)
}

fn busy() -> Problem {
    Problem::new(ProblemCode::RequestInProgress)
}

/// Runs work that stops, and tells how many captchas are left.
async fn left_after(
    app: &TestApp,
    work: impl FnOnce(&mut Tx<'_>) -> Result<(), Stop> + Send + 'static,
) -> i64 {
    let ctx: Ctx = app.ctx();
    ctx.write(work).await.unwrap_err();
    count!(app, captchas)
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_kept_refusal_commits_and_an_ordinary_one_rolls_back() {
    let app = app_with_captcha().await;
    let undone = left_after(&app, |tx| {
        delete_captchas(tx)?;
        Err(wrong().into())
    });
    assert_eq!(undone.await, 1);
    let kept = left_after(&app, |tx| {
        delete_captchas(tx)?;
        Err(Stop::keep(wrong()))
    });
    assert_eq!(kept.await, 0);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_kept_refusal_that_is_handled_commits_nothing_by_itself() {
    let app = app_with_captcha().await;
    let left = left_after(&app, |tx| {
        let refused: Result<(), Stop> =
            delete_captchas(tx).map_err(Stop::from).and_then(|()| Err(Stop::keep(wrong())));
        assert!(matches!(refused, Err(Stop::Keep(_))));
        Err(busy().into())
    });
    assert_eq!(left.await, 1);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_fault_rolls_back_whatever_was_refused_before() {
    let app = app_with_captcha().await;
    let left = left_after(&app, |tx| {
        delete_captchas(tx)?;
        let refused = Stop::<Problem>::keep(wrong());
        assert!(matches!(refused.map(|_| busy()), Stop::Keep(_)));
        Err(DbFault::Overloaded.into())
    });
    assert_eq!(left.await, 1);
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_refusal_in_a_savepoint_takes_back_only_the_savepoint() {
    let app = app_with_captcha().await;
    app.client().new_captcha().await;
    let (before, after) = (count!(app, captchas), count!(app, outbox));
    let left = left_after(&app, |tx| {
        let inner: Result<(), Stop> = tx.savepoint(|tx| {
            delete_captchas(tx)?;
            Err(Stop::keep(wrong()))
        });
        assert!(inner.is_err());
        let phone = Phone::parse("13800138000").unwrap();
        outbox::notify(tx, &phone, Notice::PasswordChanged)?;
        Err(Stop::keep(busy()))
    });
    assert_eq!((left.await, count!(app, outbox)), (before, after + 1));
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_message_of_a_kept_refusal_leaves_and_one_of_an_ordinary_refusal_does_not() {
    let app = TestApp::start();
    let notice = |tx: &mut Tx<'_>| {
        let phone = "13800138000".to_owned();
        outbox::enqueue(tx, &Message::SmsNotice { notice: Notice::PasswordChanged, phone })
    };
    left_after(&app, move |tx| {
        notice(tx)?;
        Err(busy().into())
    })
    .await;
    assert_eq!(app.run_outbox().await, 0);
    left_after(&app, move |tx| {
        notice(tx)?;
        Err(Stop::keep(wrong()))
    })
    .await;
    assert_eq!(app.run_outbox().await, 1);
}
