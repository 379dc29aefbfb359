//! Requests to addresses that other people chose: they reach nobody whom only
//! we can reach (CWE-918).

use std::{
    io,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use shiming::{
    adapters::http_post::{GuardedHttp, Lookup, SystemLookup},
    tools::{
        config::Webhooks,
        ports::{HttpPost, HttpRequest, PostFault},
    },
};

use crate::support::receiver::{Behaviour, Receiver};

/// A name service that says what the test wants, and then something else.
#[derive(Debug)]
struct Names {
    answers: Vec<Vec<IpAddr>>,
    asked: AtomicUsize,
}

impl Names {
    fn say(answers: &[&[&str]]) -> Arc<Self> {
        let answers = answers
            .iter()
            .map(|answer| answer.iter().map(|address| address.parse().unwrap()).collect());
        Arc::new(Self { answers: answers.collect(), asked: AtomicUsize::new(0) })
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Lookup for Names {
    async fn lookup(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        let turn = self.asked.fetch_add(1, Ordering::SeqCst);
        Ok(self.answers[turn.min(self.answers.len() - 1)].clone())
    }
}

fn http(allowed: &[&str], lookup: &Arc<impl Lookup + 'static>) -> GuardedHttp {
    let lookup: Arc<dyn Lookup> = lookup.clone();
    let settings = Webhooks {
        timeout_milliseconds: 1000,
        give_up_hours: 1,
        allowed_networks: allowed.iter().map(|network| network.parse().unwrap()).collect(),
    };
    GuardedHttp::new(&settings, &lookup).unwrap()
}

async fn post(http: &GuardedHttp, url: &str) -> Result<u16, PostFault> {
    let request = HttpRequest {
        url: url.to_owned(),
        content_type: "application/json",
        headers: vec![("webhook-id", "evt_1".to_owned())],
        body: b"{\"a\":1}".to_vec(),
    };
    http.post(&request).await
}

const REFUSED: Result<u16, PostFault> = Err(PostFault::AddressRefused);

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn an_address_of_this_machine_or_its_neighbours_is_refused_in_every_spelling() {
    let http = http(&[], &Arc::new(SystemLookup));
    let port = Receiver::start().address.port();
    for host in [
        "127.0.0.1",
        "127.0.0.1.",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
        "127.0.0.2",
        "0.0.0.0",
        "0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b::169.254.169.254]",
        "[2002:7f00:1::]",
        "%31%32%37.0.0.1",
        "１２７.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "100.100.100.200",
        "169.254.169.254",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "224.0.0.1",
        "255.255.255.255",
        "203.0.113.1",
        "localhost",
        "LOCALHOST",
    ] {
        for scheme in ["http", "https"] {
            let url = format!("{scheme}://{host}:{port}/");
            assert_eq!(post(&http, &url).await, REFUSED, "{url}");
        }
    }
    // Some machines know this one, some do not.
    let answer = post(&http, &format!("https://localhost.:{port}/")).await;
    assert!(matches!(answer, REFUSED | Err(PostFault::Broken(_))), "{answer:?}");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_name_that_points_inside_is_refused() {
    for answer in [
        &["127.0.0.1"][..],
        &["169.254.169.254"],
        &["::ffff:10.0.0.1"],
        &["fd00::1"],
        // One of them would be enough.
        &["114.114.114.114", "127.0.0.1"],
    ] {
        let names = Names::say(&[answer]);
        let http = http(&[], &names);
        assert_eq!(post(&http, "https://hooks.example.com/").await, REFUSED, "{answer:?}");
        assert_eq!(names.asked(), 1);
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_name_that_changes_its_mind_is_checked_each_time_that_it_is_connected_to() {
    let receiver = Receiver::start();
    let names = Names::say(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let http = http(&["127.0.0.1/32"], &names);
    let url = format!("http://rebound.example.com:{}/", receiver.address.port());
    assert_eq!(post(&http, &url).await, Ok(204));
    assert_eq!(post(&http, &url).await, REFUSED);
    assert_eq!(names.asked(), 2);
    receiver.one();
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn an_allowed_network_is_reached_by_address_and_by_name() {
    let receiver = Receiver::start();
    let http = http(&["127.0.0.0/8"], &Arc::new(SystemLookup));
    assert_eq!(post(&http, &receiver.url("/hook?a=b")).await, Ok(204));
    let url = format!("http://localhost:{}/", receiver.address.port());
    // Where the machine has `::1` for the name, too, that one is not allowed.
    assert!(matches!(post(&http, &url).await, Ok(204) | Err(PostFault::AddressRefused)));
    let request = receiver.received()[0].clone();
    assert_eq!(request.line, "POST /hook?a=b");
    assert_eq!(request.header("content-type"), "application/json");
    assert_eq!(request.header("webhook-id"), "evt_1");
    assert_eq!(request.body, "{\"a\":1}");
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn the_public_internet_is_spoken_to_over_tls_only() {
    let http = http(&["127.0.0.0/8"], &Names::say(&[&["114.114.114.114"]]));
    assert_eq!(post(&http, "http://114.114.114.114/").await, REFUSED);
    assert_eq!(post(&http, "http://hooks.example.com/").await, REFUSED);
    for url in ["ftp://127.0.0.1/", "file:///etc/passwd", "gopher://127.0.0.1/", "nonsense", ""] {
        assert_eq!(post(&http, url).await, REFUSED, "{url}");
    }
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn what_speaks_no_tls_gets_nothing_over_https() {
    let receiver = Receiver::start();
    let http = http(&["127.0.0.0/8"], &Arc::new(SystemLookup));
    let answer = post(&http, &format!("https://{}/", receiver.address)).await;
    assert!(matches!(answer, Err(PostFault::Broken(_) | PostFault::Timeout)), "{answer:?}");
    assert!(receiver.received().is_empty());
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_redirect_is_an_answer_and_not_followed() {
    let (inside, outside) = (Receiver::start(), Receiver::start());
    outside.behave(Behaviour::Redirect(inside.url("/secret")));
    let http = http(&["127.0.0.0/8"], &Arc::new(SystemLookup));
    assert_eq!(post(&http, &outside.url("/")).await, Ok(307));
    outside.one();
    assert!(inside.received().is_empty());
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn whoever_does_not_answer_is_not_waited_for() {
    let receiver = Receiver::start();
    let http = http(&["127.0.0.0/8"], &Arc::new(SystemLookup));
    receiver.behave(Behaviour::Silence(Duration::from_secs(30)));
    let began = Instant::now();
    assert_eq!(post(&http, &receiver.url("/")).await, Err(PostFault::Timeout));
    receiver.behave(Behaviour::Flood);
    assert_eq!(post(&http, &receiver.url("/")).await, Ok(200));
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
}

#[actix_web::rt::test(system = "crate::support::Runtime")]
async fn a_fault_does_not_repeat_the_address() {
    let http = http(&["127.0.0.0/8"], &Arc::new(SystemLookup));
    let answer = post(&http, "http://127.0.0.1:9/hook/very-secret").await;
    let Err(PostFault::Broken(reason)) = answer else { panic!("{answer:?}") };
    assert!(!reason.contains("secret"), "{reason}");
}
