//! SIGKILL while people use business systems: what was acknowledged holds, what
//! was ended stays ended, and whoever is to be told is told.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
        mpsc::{Receiver as Signals, RecvTimeoutError, Sender, channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{
    CHEAP_HASHING,
    crash::{drained, random_below},
    maintain::{self, Mover},
    partner::{Partner, answered, code_for},
    program::{Engine, Server},
    runtime,
    webhooks::INTO_THIS_MACHINE,
};
use crate::support::receiver::Receiver;

const PEOPLE: u32 = 8;
/// Sign-ins of each of them to the system, each of which is ended in some way:
/// as many at least, and on until the process has been killed so often.
const SIGN_INS: u32 = 8;
const KILLS: u32 = 12;
/// Nobody waits longer than this.
const PATIENCE: Duration = Duration::from_secs(240);

const SETTINGS: [(&str, &str); 3] = [
    ("SHIMING__WEBHOOKS__TIMEOUT_MILLISECONDS", "1000"),
    ("SHIMING__INTEGRATION__REQUESTS_PER_CLIENT_MINUTE", "1000000"),
    // Logins that died count as wrong ones.
    ("SHIMING__PASSWORD__FAILURES__LOCK_SECONDS", "1"),
];
const SCOPE: &str = "openid phone";
const BYE: &str = "https://ks.example.gov.cn/bye";

/// Somebody who signs in to a system again and again.
struct Citizen {
    person: Mover,
    partner: Partner,
    told: Told,
    /// Says that something is asked for that is done now or never.
    acts: Sender<()>,
    /// How often the process was killed.
    kills: Arc<AtomicU32>,
}

/// What was acknowledged.
#[derive(Default)]
struct Told {
    /// Tokens that were given last, and are good.
    good: Vec<Value>,
    /// Tokens that were ended.
    ended: Vec<Value>,
    /// Sessions that were ended, by the names that the system knows them by.
    signed_out: Vec<String>,
    /// How often the consent was taken back.
    withdrawn: usize,
}

/// The payload of a token.
fn payload(token: &Value) -> Value {
    let part = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// Nobody can do anything with these tokens any more.
async fn is_over(partner: &Partner, tokens: &Value) {
    assert!(!partner.sees(tokens).await, "what was ended works");
    assert_eq!(answered(|| partner.refresh(tokens)).await.status, 400);
}

impl Citizen {
    /// Signs in, unless he is signed in.
    async fn sign_in(&self) {
        let began = Instant::now();
        while answered(|| self.person.visitor.get("/api/v1/account")).await.status == 401 {
            assert!(began.elapsed() < PATIENCE, "{} is locked out", self.person.number);
            let Ok(body) =
                self.person.visitor.login_body(&maintain::username(self.person.number)).await
            else {
                sleep(Duration::from_millis(20)).await;
                continue;
            };
            match self.person.visitor.post("/api/v1/sessions", &body).await {
                Ok(reply) if reply.status == 201 => {}
                // Or the captcha was used up by a login that died.
                Ok(reply) => {
                    assert!([422, 429, 503].contains(&reply.status), "{}", reply.body);
                    sleep(Duration::from_millis(200)).await;
                }
                Err(_) => sleep(Duration::from_millis(20)).await,
            }
        }
    }

    /// Comes from the system and goes back, until it has got tokens for it.
    async fn tokens(&self) -> Value {
        let began = Instant::now();
        loop {
            assert!(began.elapsed() < PATIENCE, "{} never gets in", self.person.number);
            let Ok(Some(code)) = code_for(&self.person.visitor, (&self.partner.id, SCOPE)).await
            else {
                sleep(Duration::from_millis(20)).await;
                continue;
            };
            let mut lost = false;
            self.acts.send(()).unwrap();
            let tokens = loop {
                match self.partner.exchange(&code).await {
                    Ok(reply) if reply.status == 200 => break Some(reply.body),
                    Ok(reply) if reply.status == 400 => {
                        assert!(lost, "a new code is refused: {}", reply.body);
                        break None;
                    }
                    _ => lost = true,
                }
                sleep(Duration::from_millis(20)).await;
            };
            if let Some(tokens) = tokens {
                assert!(self.partner.sees(&tokens).await, "tokens that are good for nothing");
                return tokens;
            }
        }
    }

    /// Trades a refresh token; nothing, when the answer was lost and the next
    /// try has ended it all.
    async fn refreshed(&self, tokens: &Value) -> Option<Value> {
        let mut lost = false;
        self.acts.send(()).unwrap();
        loop {
            match self.partner.refresh(tokens).await {
                Ok(reply) if reply.status == 200 => {
                    assert!(self.partner.sees(&reply.body).await, "tokens good for nothing");
                    return Some(reply.body);
                }
                Ok(reply) if reply.status == 400 => {
                    assert!(lost, "an unused token is refused: {}", reply.body);
                    return None;
                }
                _ => lost = true,
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ends a sign-in in one of four ways.
    async fn end(&mut self, number: u32, used: &Value, tokens: &Value) {
        self.acts.send(()).unwrap();
        match number % 4 {
            // Somebody else has a copy.
            0 => assert_eq!(answered(|| self.partner.refresh(used)).await.status, 400),
            1 => {
                let token = tokens["refresh_token"].as_str().unwrap();
                let fields = [("token", token)];
                answered(|| self.partner.form("/oauth2/revoke", &fields)).await.ok(200);
            }
            2 => {
                let hint = tokens["id_token"].as_str().unwrap();
                let path =
                    format!("/oauth2/logout?id_token_hint={hint}&post_logout_redirect_uri={BYE}");
                assert_eq!(answered(|| self.person.visitor.get(&path)).await.status, 303);
                let session = payload(&tokens["id_token"])["sid"].as_str().unwrap().to_owned();
                self.told.signed_out.push(session);
            }
            _ => {
                let path = format!("/api/v1/account/authorized-systems/{}", self.partner.id);
                let ask = || self.person.visitor.send((Method::DELETE, &path), None, None);
                answered(ask).await.ok(204);
                self.told.withdrawn += 1;
            }
        }
    }

    async fn live(mut self) -> Told {
        // The system sees the phone from now on, which then changes.
        self.tokens().await;
        self.person = self.person.walk().await;
        let mut number = 0;
        while number < SIGN_INS || self.kills.load(Ordering::Relaxed) < KILLS {
            number += 1;
            self.sign_in().await;
            let first = self.tokens().await;
            let Some(tokens) = self.refreshed(&first).await else {
                is_over(&self.partner, &first).await;
                self.told.ended.push(first);
                continue;
            };
            let mut tokens = tokens;
            // Only an exchange brings an ID token that was not seen before.
            tokens["id_token"] = first["id_token"].clone();
            self.end(number + self.person.number, &first, &tokens).await;
            is_over(&self.partner, &tokens).await;
            self.told.ended.extend([first, tokens]);
        }
        self.sign_in().await;
        let tokens = self.tokens().await;
        self.told.good.push(tokens);
        self.told
    }
}

/// Kills the process while something is done, again and again, until everybody
/// is done.
fn kill(mut server: Server, acts: Signals<()>, kills: Arc<AtomicU32>) -> JoinHandle<Server> {
    thread::spawn(move || {
        loop {
            thread::sleep(Duration::from_millis(50 + random_below(150)));
            while acts.try_recv().is_ok() {}
            if acts.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Disconnected) {
                return server;
            }
            thread::sleep(Duration::from_micros(random_below(10_000)));
            server.kill();
            server.run();
            kills.fetch_add(1, Ordering::Relaxed);
        }
    })
}

/// Registers the system, people, and where the system wants to be told.
async fn settle(
    server: &Server,
    partner: &Partner,
    receiver: &Receiver,
    (acts, kills): (Sender<()>, Arc<AtomicU32>),
) -> Vec<Citizen> {
    let token = partner.own_token().await;
    let address = json!({
        "url": receiver.url("/hook"), "kinds": ["phone.changed", "consent.withdrawn"],
    });
    partner.once(&token, ("/api/v1/webhooks", &address), "a-key-of-its-own").await.ok(201);
    let mut people = Vec::new();
    for person in maintain::settle(server, PEOPLE).await {
        let (partner, told) = (partner.clone(), Told::default());
        let (acts, kills) = (acts.clone(), kills.clone());
        people.push(Citizen { person, partner, told, acts, kills });
    }
    people
}

#[test]
fn what_was_acknowledged_to_people_and_systems_holds_whenever_the_process_dies() {
    let settings =
        [&CHEAP_HASHING[..], &maintain::SETTINGS, &INTO_THIS_MACHINE, &SETTINGS].concat();
    let server = Server::start(Engine::of_tests(), &settings);
    let (runtime, receiver) = (runtime(), Receiver::start());
    let partner = Partner::register(
        &server,
        &[
            "--redirect-uri",
            super::partner::CALLBACK,
            "--post-logout-redirect-uri",
            BYE,
            "--backchannel-logout-uri",
            &receiver.url("/logout"),
            "--scope",
            "openid phone users:read webhooks:manage",
            "--grant-type",
            "authorization_code",
            "--grant-type",
            "refresh_token",
            "--grant-type",
            "client_credentials",
        ],
    );
    let (acts, signals) = channel();
    let kills = Arc::new(AtomicU32::new(0));
    let people = settle(&server, &partner, &receiver, (acts, kills.clone()));
    let people = runtime.block_on(people);
    let people: Vec<_> = people.into_iter().map(|one| runtime.spawn(one.live())).collect();
    let killer = kill(server, signals, kills.clone());
    let told = runtime.block_on(async {
        let mut came = Vec::new();
        for one in people {
            came.push(one.await.unwrap());
        }
        came
    });
    let server = killer.join().unwrap();
    assert!(kills.load(Ordering::Relaxed) >= KILLS, "{kills:?}");
    runtime.block_on(async {
        for tokens in told.iter().flat_map(|one| &one.ended) {
            is_over(&partner, tokens).await;
        }
        for tokens in told.iter().flat_map(|one| &one.good) {
            assert!(partner.sees(tokens).await);
            partner.refresh(tokens).await.unwrap().ok(200);
        }
        drained(&server.database_url).await;
        everybody_is_told(&partner, &receiver, &told).await;
    });
}

/// Each acknowledged sign-out and change has arrived, and each change is in the
/// list once.
async fn everybody_is_told(partner: &Partner, receiver: &Receiver, told: &[Told]) {
    let received = receiver.received();
    let sent_to = |path: &'static str| received.iter().filter(move |one| one.line.ends_with(path));
    let notice = |body: &str| {
        let token = json!(body.strip_prefix("logout_token=").unwrap());
        payload(&token)["sid"].as_str().unwrap().to_owned()
    };
    let notices: BTreeSet<String> = sent_to("/logout").map(|one| notice(&one.body)).collect();
    for session in told.iter().flat_map(|one| &one.signed_out) {
        assert!(notices.contains(session), "the system was not told of a sign-out");
    }
    let messages: BTreeSet<String> =
        sent_to("/hook").map(|one| one.header("webhook-id").to_owned()).collect();
    let (people, withdrawn) = (told.len(), told.iter().map(|one| one.withdrawn).sum());
    let listed = changes(partner, people + withdrawn).await;
    let of = |kind: &str| listed.iter().filter(|(_, one)| one == kind).count();
    assert_eq!((of("phone.changed"), of("consent.withdrawn")), (people, withdrawn));
    assert_eq!(listed.into_iter().map(|(id, _)| id).collect::<BTreeSet<_>>(), messages);
}

/// Id and kind of all changes, once there are as many as expected.
async fn changes(partner: &Partner, expected: usize) -> Vec<(String, String)> {
    let (token, began) = (partner.own_token().await, Instant::now());
    loop {
        let (mut all, mut path) = (Vec::new(), "/api/v1/changes".to_owned());
        loop {
            let page = answered(|| partner.get(&token, &path)).await.ok(200);
            let text = |item: &Value, name: &str| item[name].as_str().unwrap().to_owned();
            let items = page["items"].as_array().unwrap().iter();
            all.extend(items.map(|item| (text(item, "id"), text(item, "kind"))));
            if page["has_more"] == false {
                break;
            }
            path = format!("/api/v1/changes?cursor={}", page["next_cursor"].as_str().unwrap());
        }
        // The newest are shown a while after they have happened.
        if all.len() >= expected || began.elapsed() > Duration::from_secs(30) {
            return all;
        }
        sleep(Duration::from_millis(200)).await;
    }
}
