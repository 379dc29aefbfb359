//! Who a client is (RFC 6749 §2.3, RFC 7523, OpenID Connect Core §9).
//!
//! A client proves itself in the one way it is registered with. Whatever is
//! wrong, the answer is the same, and failures are counted by address and client.

use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::TimeDelta;
use serde::Deserialize;
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use super::{AuthMethod, Client, store, use_assertion};
use crate::{
    capabilities::{
        core::{Core, Ctx, Tx},
        limits::{self, Charge, HOUR, Rule},
    },
    kernel::{Timestamp, ids::ClientId},
    tools::{
        crypto::{
            blind::token_hash,
            jws::{self, PublicKey},
        },
        db::DbFault,
        web::{Form, OauthError},
    },
};

/// RFC 7523 §2.2.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// What assertions may call themselves, if anything.
const ASSERTION_TYPES: [&str; 3] = ["", "jwt", "client-authentication+jwt"];
/// How long an assertion may live: it must be remembered for as long.
const LONGEST_ASSERTION: TimeDelta = TimeDelta::minutes(10);
/// How far a client's clock may be ahead of ours.
const SKEW: TimeDelta = TimeDelta::seconds(60);

/// What a request holds to prove its client.
pub struct Credentials {
    /// The client, as the request calls it.
    client: Option<String>,
    proof: Proof,
}

enum Proof {
    Nothing,
    Secret(AuthMethod, Zeroizing<String>),
    Assertion(Zeroizing<String>),
}

impl Credentials {
    /// Reads the header `Authorization` and the form; more than one proof is
    /// refused (RFC 6749 §2.3).
    pub fn read(authorization: Option<&str>, form: &Form) -> Result<Self, OauthError> {
        let basic = authorization.map(|header| basic(header).ok_or(header)).transpose();
        let basic = basic.map_err(|_| OauthError::invalid_client(true))?;
        let posted = form.get("client_secret");
        let asserted = form.get("client_assertion");
        if usize::from(basic.is_some())
            + usize::from(posted.is_some())
            + usize::from(asserted.is_some())
            > 1
        {
            return Err(OauthError::invalid("The client proves itself in more than one way."));
        }
        let named = form.get("client_id").map(str::to_owned);
        if let Some((id, secret)) = basic {
            if named.is_some_and(|named| named != id) {
                return Err(OauthError::invalid("The client has two names."));
            }
            let proof = Proof::Secret(AuthMethod::ClientSecretBasic, secret);
            return Ok(Self { client: Some(id), proof });
        }
        if let Some(assertion) = asserted {
            if form.get("client_assertion_type") != Some(ASSERTION_TYPE) {
                return Err(OauthError::invalid("The client_assertion_type is not supported."));
            }
            let subject = unproved_subject(assertion);
            if named.is_some() && named != subject {
                return Err(OauthError::invalid_client(false));
            }
            let proof = Proof::Assertion(Zeroizing::new(assertion.to_owned()));
            return Ok(Self { client: subject, proof });
        }
        let proof = match posted {
            Some(secret) => {
                Proof::Secret(AuthMethod::ClientSecretPost, Zeroizing::new(secret.to_owned()))
            }
            None => Proof::Nothing,
        };
        Ok(Self { client: named, proof })
    }

    fn id(&self) -> Option<ClientId> {
        self.client.as_deref().and_then(|id| id.parse().ok())
    }

    /// Whether the secret is one with these hashes. All of them are compared, so
    /// that time tells nothing about which was right.
    fn is_one_of(&self, hashes: &[String]) -> bool {
        let Proof::Secret(_, secret) = &self.proof else { return false };
        let hash = token_hash(secret);
        let right = hashes
            .iter()
            .fold(Choice::from(0), |right, one| right | one.as_bytes().ct_eq(hash.as_bytes()));
        right.into()
    }

    fn method(&self) -> AuthMethod {
        match &self.proof {
            Proof::Nothing => AuthMethod::None,
            Proof::Secret(method, _) => *method,
            Proof::Assertion(_) => AuthMethod::PrivateKeyJwt,
        }
    }
}

/// Name and secret of `Basic`, each of them encoded like a form (RFC 6749
/// §2.3.1).
fn basic(header: &str) -> Option<(String, Zeroizing<String>)> {
    let (scheme, rest) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = Zeroizing::new(BASE64_STANDARD.decode(rest.trim()).ok()?);
    let (name, secret) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    let part = |text: &str| {
        // As the value of a form of one parameter; `&` ends none here.
        let text = Zeroizing::new(format!("v={}", text.replace('&', "%26")));
        form_urlencoded::parse(text.as_bytes()).next().map(|(_, value)| value.into_owned())
    };
    Some((part(name)?, Zeroizing::new(part(secret)?)))
}

/// What an assertion says of itself; whether that is true is seen from its
/// signature.
#[derive(Deserialize)]
struct Assertion {
    iss: String,
    sub: String,
    aud: Audience,
    exp: i64,
    jti: String,
    iat: Option<i64>,
    nbf: Option<i64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Some(Vec<String>),
}

impl Audience {
    /// An assertion that is for others as well could be used by them.
    fn is_only(&self, own: &[&str]) -> bool {
        match self {
            Self::One(audience) => own.contains(&audience.as_str()),
            Self::Some(audiences) => {
                !audiences.is_empty() && audiences.iter().all(|one| own.contains(&one.as_str()))
            }
        }
    }
}

/// Whose keys the signature is to be checked with.
fn unproved_subject(assertion: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Subject {
        sub: String,
    }
    let claims = jsonwebtoken::dangerous::insecure_decode_claims::<Subject>(assertion);
    claims.ok().map(|claims| claims.sub)
}

/// What looking at credentials comes to.
enum Verdict {
    Proved(Box<Client>),
    /// As long as the assertion was not used before: its id, and its end.
    ProvedOnce(Box<Client>, String, Timestamp),
    Refused,
    /// There were too many failures; seconds until the next try.
    TooMany(i64),
}

/// The client that a request comes from; `path` is where it was sent to.
pub async fn authenticate(
    ctx: &Ctx,
    credentials: Credentials,
    path: &str,
) -> Result<Client, OauthError> {
    let used_header = credentials.method() == AuthMethod::ClientSecretBasic;
    let issuer = ctx.core.settings.server.public_url.clone();
    let own = [format!("{issuer}{path}"), format!("{issuer}/oauth2/token"), issuer];
    let address = ctx.origin.limit_subject();
    let (verdict, failures) = ctx
        .read(move |tx| -> Result<(Verdict, Charge), DbFault> {
            let Applicant { client, secrets, failures, wait } =
                applicant(tx, &credentials, &address)?;
            // Who has nothing to prove guesses nothing.
            if let Some(seconds) = wait
                && credentials.method() != AuthMethod::None
            {
                return Ok((Verdict::TooMany(seconds), failures));
            }
            let has_secret = credentials.is_one_of(&secrets);
            let verdict = look((client, has_secret), &credentials, (&own, tx.now));
            Ok((verdict, failures))
        })
        .await?;
    match verdict {
        Verdict::Proved(client) => return Ok(*client),
        Verdict::TooMany(seconds) => return Err(OauthError::too_many(seconds)),
        Verdict::Refused => {}
        Verdict::ProvedOnce(client, jti, until) => {
            let id = client.id;
            if ctx.write(move |tx| use_assertion(tx.conn, (id, &jti), until)).await? {
                return Ok(*client);
            }
        }
    }

    ctx.write(move |tx| limits::count(tx, &[failures])).await?;
    Err(OauthError::invalid_client(used_header))
}

/// Whose failures are counted together. Behind one address there may be a whole
/// campus: what one client gets wrong must not stop the others. Those that there
/// are not are counted together, or invented names would be rows without end.
fn failures(core: &Core, address: &str, client: Option<ClientId>) -> Charge {
    let rule = Rule {
        name: "client_authentication_address",
        most: core.settings.oauth.failures_per_address_hour,
        window_seconds: HOUR,
    };
    let subject = match client {
        Some(client) => format!("{address} {client}"),
        None => address.to_owned(),
    };
    Charge { rule, subject }
}

/// Who wants to prove itself, as the database knows it.
struct Applicant {
    client: Option<Client>,
    /// Hashes of the secrets that hold.
    secrets: Vec<String>,
    /// Where a failure is counted.
    failures: Charge,
    /// Seconds until the next try, after too many failures.
    wait: Option<i64>,
}

fn applicant(
    tx: &mut Tx<'_>,
    credentials: &Credentials,
    address: &str,
) -> Result<Applicant, DbFault> {
    let id = credentials.id();
    let [of_client, of_strangers] = [id, None].map(|id| failures(tx.core, address, id));
    let rule = of_client.rule;
    let counters = store::Failures {
        of_client: limits::key(tx.core, &of_client),
        of_strangers: limits::key(tx.core, &of_strangers),
        most: rule.most.into(),
    };
    let id = id.map(|id| id.to_string()).unwrap_or_default();
    let rows = store::applicant(tx.conn, (&id, &counters), tx.now)?;
    let first = rows.first();
    let client = first.and_then(store::Applicant::row).map(super::Row::client).transpose()?;
    let blocked_until = first.and_then(|row| row.blocked_until);
    let wait = match blocked_until {
        _ if rule.most == 0 => Some(rule.window_seconds.into()),
        Some(until) => Some((until - tx.now.naive_utc()).num_seconds().max(0) + 1),
        None => None,
    };
    let failures = if client.is_some() { of_client } else { of_strangers };
    let secrets = rows.into_iter().filter_map(|row| row.secret_hash).collect();
    Ok(Applicant { client, secrets, failures, wait })
}

fn look(
    (client, has_secret): (Option<Client>, bool),
    credentials: &Credentials,
    (own, now): (&[String], Timestamp),
) -> Verdict {
    let Some(client) = client else { return Verdict::Refused };
    let right_way = client.metadata.token_endpoint_auth_method == credentials.method();
    if !right_way || !client.is_enabled() {
        return Verdict::Refused;
    }
    match &credentials.proof {
        Proof::Nothing => Verdict::Proved(Box::new(client)),
        Proof::Secret(..) if has_secret => Verdict::Proved(Box::new(client)),
        Proof::Secret(..) => Verdict::Refused,
        Proof::Assertion(assertion) => match check(&client, assertion, (own, now)) {
            Some((jti, until)) => Verdict::ProvedOnce(Box::new(client), jti, until),
            None => Verdict::Refused,
        },
    }
}

/// Id and end of an assertion that is the client's, for us, and valid now.
fn check(
    client: &Client,
    assertion: &str,
    (own, now): (&[String], Timestamp),
) -> Option<(String, Timestamp)> {
    let keys = PublicKey::of_set(client.metadata.jwks.as_ref()?);
    let claims: Assertion = jws::open(assertion, &ASSERTION_TYPES, &keys)?;
    let id = client.id.to_string();
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    let until = Timestamp::from_timestamp(claims.exp, 0)?;
    let begun = |at: Option<i64>| at.is_none_or(|at| at <= (now + SKEW).timestamp());
    let in_time = now < until
        && until <= now + LONGEST_ASSERTION + SKEW
        && begun(claims.iat)
        && begun(claims.nbf);
    let ours = claims.iss == id && claims.sub == id && claims.aud.is_only(&own);
    (ours && in_time && !claims.jti.is_empty()).then_some((claims.jti, until))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: Option<&str>, form: &str) -> Result<Credentials, OauthError> {
        Credentials::read(header, &Form::parse(form.as_bytes()).unwrap())
    }

    #[test]
    fn name_and_secret_are_encoded_like_a_form() {
        // "a b:c%26d+e" stands for the secret "c&d e" of "a b".
        let encoded = BASE64_STANDARD.encode("a+b:c%26d+e%3A:");
        let (name, secret) = basic(&format!("basic {encoded}")).unwrap();
        assert_eq!((name.as_str(), secret.as_str()), ("a b", "c&d e::"));
        for wrong in ["Basic", "Basic !", "Bearer YTpi", "Basic YWI="] {
            assert!(basic(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn one_proof_is_enough() {
        let header = format!("Basic {}", BASE64_STANDARD.encode("a:b"));
        let code = |result: Result<Credentials, OauthError>| {
            result.err().map(|error| error.code().as_str())
        };
        assert_eq!(code(read(Some(&header), "client_id=a")), None);
        for (header, form) in [
            (Some(header.as_str()), "client_id=a&client_secret=b"),
            (Some(header.as_str()), "client_id=other"),
            (Some(header.as_str()), "client_assertion=x"),
            (None, "client_id=a&client_secret=b&client_assertion=x"),
            (None, "client_assertion=x&client_assertion_type=saml"),
        ] {
            assert_eq!(code(read(header, form)), Some("invalid_request"), "{form}");
        }
        assert_eq!(code(read(Some("Bearer x"), "client_id=a")), Some("invalid_client"));
    }
}
