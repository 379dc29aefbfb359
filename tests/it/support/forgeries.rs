//! JWTs that open nothing: one list, for every door that takes one (RFC 8725,
//! RFC 7515 §10, OWASP WSTG-SESS-10).

use std::sync::LazyLock;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use serde_json::{Value, json};
use shiming::tools::crypto::jws::{self, PublicKey};

use super::jose::{Key, RSA, hs256, parts, with, with_signature, without};

/// A door that takes a JWT, as somebody sees it who has a good one.
pub struct Door<'a> {
    /// What opens it.
    pub token: &'a str,
    /// The key that has signed it. With it, things are said in good form that
    /// are wrong, as only a fault of its owner could.
    pub key: &'a Key,
    /// What a good token calls itself, in lower case; empty, when it need not.
    pub types: &'a [&'a str],
    /// Claims that may say anything here, as long as they are well formed.
    pub free: &'a [&'a str],
    /// Good tokens for other doors.
    pub others: Vec<(&'static str, String)>,
}

/// Tokens, each with what is wrong with it.
type Tokens = Vec<(String, String)>;

/// Keys of the forger.
static FORGED_EC: LazyLock<Key> = LazyLock::new(Key::new_ec);
static FORGED_ED: LazyLock<Key> = LazyLock::new(Key::new_ed);

const EVIL: &str = "https://evil.example";

/// Names of keys that a careless reader would open, ask a database for, or
/// fetch (RFC 8725 §3.10).
const KIDS: [&str; 7] = [
    "",
    "unknown",
    "../../../../../../dev/null",
    "/proc/sys/kernel/randomize_va_space",
    "x' UNION SELECT 'AAAA'; --",
    "| /bin/true",
    "https://evil.example/key.pem",
];

/// More than a token may have.
const OVERSIZED: usize = 20_000;

impl Door<'_> {
    /// Tries everything that must not open it, and then the token that does.
    pub async fn holds(&self, refused: impl AsyncFn(&str, &str), opened: impl AsyncFn(&str)) {
        let signed = PublicKey::of_set(&json!({ "keys": [self.key.jwk(&self.kid())] }));
        let opens = |token: &str| jws::open::<Value>(token, self.types, &signed).is_some();
        assert!(opens(self.token), "the key is another one, and every wrong token is only forged");
        for (what, token) in [self.forged(), self.mangled()].concat() {
            assert!(!opens(&token), "{what}");
            refused(&what, &token).await;
        }
        for (what, token) in self.misplaced() {
            refused(&what, &token).await;
        }
        for (what, token) in &self.others {
            refused(what, token).await;
        }
        opened(self.token).await;
    }

    fn kid(&self) -> String {
        parts(self.token).0["kid"].as_str().unwrap().to_owned()
    }

    /// Signed by somebody else, or by nobody.
    fn forged(&self) -> Tokens {
        let (header, claims, signature) = parts(self.token);
        let mut all = Tokens::new();
        let mut add = |what: &str, token: String| all.push((what.to_owned(), token));
        let algorithms = ["none", "None", "NONE", "nOnE", "", "HS256", "PS256", "RS512"];
        for alg in algorithms.iter().map(|alg| json!(alg)).chain([json!(null), json!([])]) {
            let header = with(&header, "alg", alg.clone());
            add(&format!("alg {alg}, unsigned"), with_signature(&header, &claims, ""));
            add(&format!("alg {alg}"), with_signature(&header, &claims, &signature));
        }
        add("no alg", with_signature(&without(&header, "alg"), &claims, ""));
        let hmac = with(&header, "alg", json!("HS256"));
        let jwk = self.key.jwk(&self.kid()).to_string().into_bytes();
        let jwk_set = format!("{{\"keys\":[{}]}}", self.key.jwk(&self.kid())).into_bytes();
        let more = [("JWK", jwk), ("JWK set", jwk_set), ("nothing", Vec::new())];
        for (form, secret) in self.key.shown_as().into_iter().chain(more) {
            add(&format!("HMAC with the public key, {form}"), hs256(&hmac, &claims, &secret));
            let unnamed = without(&hmac, "kid");
            add(&format!("HMAC, no kid, {form}"), hs256(&unnamed, &claims, &secret));
        }
        let forger = match self.key {
            Key::Rsa(_) => &*RSA,
            Key::Ec(_) => &*FORGED_EC,
            Key::Ed(_) => &*FORGED_ED,
        };
        let own = forger.jwk("forged");
        add("forged", forger.sign(&header, &claims));
        let unnamed = without(&header, "kid");
        add("forged, no kid", forger.sign(&unnamed, &claims));
        for (name, value) in [
            ("jwk", own.clone()),
            ("jku", json!(format!("{EVIL}/jwks.json"))),
            ("x5u", json!(format!("{EVIL}/chain.pem"))),
            ("x5c", json!([BASE64.encode(forger.shown_as()[2].1.clone())])),
            ("x5t#S256", json!("AAAA")),
        ] {
            let injected = with(&unnamed, name, value.clone());
            add(&format!("key in {name}"), forger.sign(&injected, &claims));
            let injected = with(&with(&header, name, value), "kid", own["kid"].clone());
            add(&format!("key in {name}, and its kid"), forger.sign(&injected, &claims));
        }
        for kid in KIDS {
            let named = with(&header, "kid", json!(kid));
            add(&format!("forged, kid {kid:?}"), forger.sign(&named, &claims));
            let named = with(&hmac, "kid", json!(kid));
            add(&format!("empty HMAC, kid {kid:?}"), hs256(&named, &claims, b""));
        }
        for (alg, key) in
            [("RS256", &RSA), ("PS256", &RSA), ("ES256", &FORGED_EC), ("EdDSA", &FORGED_ED)]
        {
            let header = with(&header, "alg", json!(alg));
            add(&format!("forged as {alg}"), key.sign(&header, &claims));
        }
        all
    }

    /// The good token with something cut off, added or exchanged.
    fn mangled(&self) -> Tokens {
        let token = self.token;
        let (header, claims, signature) = parts(token);
        let (head, tail) = token.rsplit_once('.').unwrap();
        let (first, second) = head.split_once('.').unwrap();
        let mut all = Tokens::new();
        let mut add = |what: &str, token: String| all.push((what.to_owned(), token));
        for (name, value) in [
            ("sub", json!("somebody-else")),
            ("exp", json!(9_999_999_999_u64)),
            ("scope", json!("openid profile phone realname unit users:read clients:manage")),
            ("aud", json!(EVIL)),
        ] {
            let other = with(&claims, name, value);
            add(&format!("other {name}"), with_signature(&header, &other, &signature));
        }
        let (_, _, others) = parts(&self.key.sign(&header, &with(&claims, "x", json!("other"))));
        add("signature of another payload", format!("{head}.{others}"));
        let zeros = BASE64.encode(vec![0; BASE64.decode(tail).unwrap().len()]);
        add("signature of zeros", format!("{head}.{zeros}"));
        // The last character holds four bits that count for nothing.
        let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let last = letters.find(&tail[tail.len() - 1..]).unwrap();
        let respelled = &letters[last + 1..last + 2];
        add("bits that count for nothing", format!("{}{respelled}", &token[..token.len() - 1]));
        for cut in [1, 2, tail.len() / 2, tail.len(), tail.len() + 1] {
            add(&format!("{cut} characters cut off"), token[..token.len() - cut].to_owned());
        }
        for (what, other) in [
            ("no claims", format!("{first}..{tail}")),
            ("no header", format!(".{second}.{tail}")),
            ("header only", first.to_owned()),
            ("half of the header", format!("{}.{second}.{tail}", &first[..first.len() / 2])),
            ("claims before header", format!("{second}.{first}.{tail}")),
            ("dots", "..".to_owned()),
            ("empty objects", "e30.e30.e30".to_owned()),
            ("two empty objects", "e30.e30".to_owned()),
            ("a dot more", format!("{token}.")),
            ("a dot before", format!(".{token}")),
            ("four parts", format!("{token}.e30")),
            ("five parts, as if encrypted", format!("{token}.e30.e30")),
            ("twice", format!("{token}.{token}")),
            ("padded", format!("{token}=")),
            ("a character more", format!("{token}A")),
            ("a word before", format!("Bearer {token}")),
            ("oversized junk", "A".repeat(OVERSIZED)),
            ("oversized signature", format!("{token}{}", "A".repeat(OVERSIZED))),
        ] {
            add(what, other);
        }
        let flattened = json!({ "protected": first, "payload": second, "signature": tail });
        add("JSON serialization", flattened.to_string());
        let general = json!({
            "payload": second, "signatures": [{ "protected": first, "signature": tail }],
        });
        add("JSON serialization of several signatures", general.to_string());
        all
    }

    /// Signed with the right key, and wrong all the same.
    fn misplaced(&self) -> Tokens {
        let (header, claims, _) = parts(self.token);
        let mut all = Tokens::new();
        let mut headed = |what: String, header: Value| {
            all.push((what, self.key.sign(&header, &claims)));
        };
        for typ in ["", "jwt", "at+jwt", "logout+jwt", "secevent+jwt", "client-authentication+jwt"]
        {
            if !self.types.contains(&typ) {
                headed(format!("typ {typ:?}"), with(&header, "typ", json!(typ)));
            }
        }
        if !self.types.contains(&"") {
            headed("no typ".to_owned(), without(&header, "typ"));
        }
        for kid in KIDS {
            headed(format!("kid {kid:?}"), with(&header, "kid", json!(kid)));
        }
        for critical in [json!([]), json!(["exp"]), json!(["b64"]), json!(["evil"])] {
            let what = format!("crit {critical}");
            headed(what, with(&with(&header, "crit", critical), "b64", json!(false)));
        }
        headed("encrypted, it says".to_owned(), with(&header, "enc", json!("A128GCM")));
        headed("compressed, it says".to_owned(), with(&header, "zip", json!("DEF")));
        let mut said = |what: String, claims: Value| {
            all.push((what, self.key.sign(&header, &claims)));
        };
        let (issuer, begun) = (claims["iss"].as_str().unwrap(), claims["iat"].as_i64().unwrap());
        let audience = &claims["aud"];
        for (name, value) in [
            ("iss", json!(EVIL)),
            ("iss", json!(format!("{issuer}/"))),
            ("iss", json!(issuer.to_uppercase())),
            ("aud", json!(EVIL)),
            ("aud", json!("")),
            ("exp", json!(begun)),
            ("exp", json!(begun - 3600)),
            ("iat", json!(begun + 3600)),
            ("nbf", json!(begun + 3600)),
        ] {
            if !self.free.contains(&name) {
                said(format!("{name} {value}"), with(&claims, name, value));
            }
        }
        for (name, value) in [
            ("iss", json!(null)),
            ("iss", json!([issuer])),
            ("aud", json!(null)),
            ("aud", json!([])),
            ("aud", json!([audience, EVIL])),
            ("aud", json!({ "0": audience })),
            ("exp", json!(null)),
            ("exp", json!("tomorrow")),
            ("exp", json!("9999999999")),
            ("exp", json!([9_999_999_999_u64])),
            ("iat", json!("yesterday")),
            ("nbf", json!("yesterday")),
        ] {
            said(format!("{name} {value}"), with(&claims, name, value));
        }
        for name in ["iss", "aud", "exp", "sub"] {
            said(format!("no {name}"), without(&claims, name));
        }
        said("claims in a list".to_owned(), json!([claims]));
        said("no claims".to_owned(), json!(null));
        said("oversized".to_owned(), with(&claims, "x", json!("x".repeat(OVERSIZED))));
        all
    }
}
