//! A provider that says what a test wants it to: for what no honest one does. The honest one is in `provider.rs`.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{Mutex, OnceLock},
};

use auth::{Signer, sign_assertion};
use serde_json::{Value, json};

use crate::running::key;

/// What is answered below a name instead of the truth.
#[derive(Clone)]
pub(crate) enum Lie {
    /// This document at the discovery address.
    Discovery(Value),
    /// This much, wherever it is asked.
    Large(usize),
    /// A redirect, wherever it is asked.
    Away,
    /// 500, wherever it is asked.
    Down,
}

#[derive(Default)]
struct State {
    keys: HashMap<String, Vec<Value>>,
    lies: HashMap<String, Lie>,
    asked: HashMap<String, usize>,
}

fn state() -> &'static Mutex<State> {
    static STATE: OnceLock<Mutex<State>> = OnceLock::new();
    STATE.get_or_init(Mutex::default)
}

/// Where it answers: for all tests, and as long as the process lives.
fn base() -> &'static str {
    static BASE: OnceLock<String> = OnceLock::new();
    BASE.get_or_init(|| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                std::thread::spawn(move || answer(stream));
            }
        });
        base
    })
}

fn answer(mut stream: TcpStream) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
    let Some(first) = lines.next() else { return };
    for _ in lines.by_ref().take_while(|line| !line.is_empty()) {}
    let path = first.split(' ').nth(1).unwrap_or_default();
    let (name, rest) = path.trim_start_matches('/').split_once('/').unwrap_or((path, ""));
    let (status, body) = {
        let mut state = state().lock().unwrap();
        *state.asked.entry(path.to_owned()).or_default() += 1;
        let issuer = format!("{}/{name}", base());
        match (state.lies.get(name), rest) {
            (Some(Lie::Large(bytes)), _) => ("200 OK", " ".repeat(*bytes)),
            (Some(Lie::Away), _) => ("302 Found\r\nlocation: http://127.0.0.1:1/", String::new()),
            (Some(Lie::Down), _) => ("500 Internal Server Error", String::new()),
            (Some(Lie::Discovery(document)), ".well-known/openid-configuration") => ("200 OK", document.to_string()),
            (_, ".well-known/openid-configuration") => ("200 OK", document(&issuer).to_string()),
            (_, "keys") => ("200 OK", json!({"keys": state.keys.get(name).cloned().unwrap_or_default()}).to_string()),
            _ => ("404 Not Found", String::new()),
        }
    };
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    stream.write_all((head + &body).as_bytes()).ok();
}

/// What a provider that can sign people in says of itself.
pub(crate) fn document(issuer: &str) -> Value {
    json!({"issuer": issuer, "jwks_uri": format!("{issuer}/keys"), "response_types_supported": ["code"],
        "id_token_signing_alg_values_supported": ["ES256"]})
}

/// A key pair of a provider.
#[derive(Clone)]
pub(crate) struct Pair {
    pub(crate) pem: String,
    pub(crate) jwk: Value,
}

impl Pair {
    pub(crate) fn new(kid: &str) -> Self {
        let pem = Signer::new_pem();
        let public = Signer::from_pem(&pem).unwrap().public().clone();
        let jwk = json!({"kty": "EC", "crv": "P-256", "x": public.x, "y": public.y, "kid": kid, "alg": "ES256", "use": "sig"});
        Self { pem, jwk }
    }
}

/// A provider of a name of its own.
#[derive(Clone)]
pub(crate) struct Stub {
    pub(crate) name: String,
    pub(crate) issuer: String,
    pub(crate) pair: Pair,
}

impl Stub {
    /// A new one, that tells the truth.
    pub(crate) fn new() -> Self {
        let (name, pair) = (key(), Pair::new("one"));
        let issuer = format!("{}/{name}", base());
        let stub = Self { name, issuer, pair };
        stub.publishes(&[&stub.pair]);
        stub
    }

    pub(crate) fn publishes(&self, pairs: &[&Pair]) {
        let keys = pairs.iter().map(|pair| pair.jwk.clone()).collect();
        state().lock().unwrap().keys.insert(self.name.clone(), keys);
    }

    pub(crate) fn says(&self, lie: Lie) {
        state().lock().unwrap().lies.insert(self.name.clone(), lie);
    }

    pub(crate) fn tells_the_truth(&self) {
        state().lock().unwrap().lies.remove(&self.name);
    }

    /// How often its keys were asked for.
    pub(crate) fn keys_asked(&self) -> usize {
        *state().lock().unwrap().asked.get(&format!("/{}/keys", self.name)).unwrap_or(&0)
    }

    /// What it says of a subject at an instant.
    pub(crate) fn claims_at(&self, audience: &str, sub: &str, now: i64) -> Value {
        json!({"iss": self.issuer, "aud": audience, "sub": sub, "iat": now, "exp": now + 300, "jti": key()})
    }

    pub(crate) fn signs(&self, claims: &Value) -> String {
        let header = json!({"alg": "ES256", "typ": "JWT", "kid": self.pair.jwk["kid"]});
        sign_assertion(&self.pair.pem, &header, claims).unwrap()
    }

    /// An ID token of a subject.
    pub(crate) fn id_token(&self, audience: &str, sub: &str) -> String {
        self.signs(&self.claims_at(audience, sub, domain::Clock::System.now().timestamp()))
    }
}
