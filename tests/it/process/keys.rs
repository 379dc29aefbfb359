//! Other keys sign tokens while the service runs: nobody who holds a token, and
//! nobody who has fetched the key set, notices.

use std::{
    collections::BTreeSet,
    fs,
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{
    CHEAP_HASHING,
    operator::said,
    partner::{Partner, answered},
    program::{Engine, Server, Visitor},
    runtime,
};

/// Nodes read the key file every two seconds.
const NODES_FOLLOW: Duration = Duration::from_secs(20);

/// A node, and a system that talks to it.
struct Node {
    server: Server,
    system: Partner,
}

/// Two nodes with one database and one key file.
fn nodes() -> [Node; 2] {
    let server = Server::start(Engine::of_tests(), &CHEAP_HASHING);
    let system = Partner::register(&server, &["--scope", "webhooks:manage"]);
    let mut other = server.sibling();
    other.run();
    let other = Node { system: system.at(&other), server: other };
    [Node { server, system }, other]
}

impl Node {
    /// The names of the keys that it publishes.
    async fn published(&self) -> BTreeSet<String> {
        let visitor = Visitor::new(&self.server.base);
        let set = answered(|| visitor.get("/.well-known/jwks.json")).await.ok(200);
        let keys = set["keys"].as_array().unwrap().iter();
        keys.map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    }

    /// Whether it takes a token.
    async fn takes(&self, token: &str) -> bool {
        let asked = answered(|| self.system.get(token, "/api/v1/webhooks")).await;
        assert!([200, 401].contains(&asked.status), "{}", asked.body);
        asked.status == 200
    }
}

/// The name of the key that has signed a token.
fn signed_by(token: &str) -> String {
    let header = jsonwebtoken::decode_header(token).unwrap();
    header.kid.unwrap()
}

/// Waits until every node publishes these keys, and no others.
async fn publish(nodes: &[Node], keys: impl Fn(&BTreeSet<String>) -> bool) {
    let began = Instant::now();
    for node in nodes {
        while !keys(&node.published().await) {
            assert!(began.elapsed() < NODES_FOLLOW, "a node does not follow");
            sleep(Duration::from_millis(50)).await;
        }
    }
}

/// A token from each node.
async fn tokens(nodes: &[Node]) -> Vec<String> {
    let mut tokens = Vec::new();
    for node in nodes {
        tokens.push(node.system.own_token().await);
    }
    tokens
}

/// Every node takes every token.
async fn good_everywhere(nodes: &[Node], tokens: &[String]) {
    for node in nodes {
        for token in tokens {
            assert!(node.takes(token).await, "a token of one node is none at another");
        }
    }
}

/// Lets the keys of a file grow older.
pub fn age(server: &Server, by: TimeDelta) {
    let path = server.key_file();
    let mut file: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    for (kind, moments) in
        [("data_keys", &["created_at"][..]), ("signing_keys", &["created_at", "signs_from"])]
    {
        for key in file[kind].as_array_mut().unwrap() {
            for moment in moments {
                let then: DateTime<Utc> = key[moment].as_str().unwrap().parse().unwrap();
                key[moment] = json!(then - by);
            }
        }
    }
    // Whole or not at all, for the nodes are reading.
    let beside = path.with_extension("new");
    fs::write(&beside, file.to_string()).unwrap();
    fs::rename(beside, path).unwrap();
}

/// Waits until every node signs with another key than these.
async fn sign_with_others(nodes: &[Node], than: &BTreeSet<String>) {
    let began = Instant::now();
    for node in nodes {
        loop {
            let token = node.system.own_token().await;
            // Whoever signs with it first is believed by all.
            good_everywhere(nodes, std::slice::from_ref(&token)).await;
            if !than.contains(&signed_by(&token)) {
                break;
            }
            assert!(began.elapsed() < NODES_FOLLOW, "a node does not follow");
            sleep(Duration::from_millis(50)).await;
        }
    }
}

#[test]
fn other_keys_sign_and_no_token_is_refused_before_its_time() {
    let nodes = nodes();
    let server = &nodes[0].server;
    let rotate = || said(server, &["keys", "rotate-signing"]);
    runtime().block_on(async {
        let first = nodes[0].published().await;
        let old = tokens(&nodes).await;
        good_everywhere(&nodes, &old).await;
        assert!(rotate().contains("sign in 60 minutes; 0 dropped"));
        publish(&nodes, |keys| keys.len() == 2 * first.len() && keys.is_superset(&first)).await;
        // Published, and no more than that.
        for token in tokens(&nodes).await {
            assert!(first.contains(&signed_by(&token)));
        }
        age(server, TimeDelta::minutes(61));
        sign_with_others(&nodes, &first).await;
        let new = tokens(&nodes).await;
        good_everywhere(&nodes, &[old.clone(), new.clone()].concat()).await;
        // The last tokens of the old keys may be an hour old.
        assert!(rotate().contains("; 0 dropped"));
        good_everywhere(&nodes, &old).await;
        age(server, TimeDelta::minutes(61));
        assert!(rotate().contains(&format!("; {} dropped", first.len())));
        publish(&nodes, |keys| keys.is_disjoint(&first)).await;
        good_everywhere(&nodes, &new).await;
        for node in &nodes {
            for token in &old {
                assert!(!node.takes(token).await, "a key that was dropped is believed");
            }
        }
    });
}
