//! Asking the token endpoint to exchange an ID token, and what it says.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tenfold::client::{Answer, Client};

use super::stub::Stub;
use crate::running::{key, running, send, write};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// An answer of the token endpoint.
pub(crate) struct Given {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
}

impl Given {
    pub(crate) fn token(&self) -> &str {
        self.body["access_token"].as_str().unwrap_or_else(|| panic!("no token: {} {}", self.status, self.body))
    }

    /// `400 invalid_request`.
    pub(crate) fn refusal(&self) -> String {
        format!("{} {}", self.status.as_u16(), self.body["error"].as_str().unwrap_or("none"))
    }

    pub(crate) fn says(&self) -> &str {
        self.body["error_description"].as_str().or(self.body["detail"].as_str()).unwrap_or_default()
    }

    /// The claims of the token.
    pub(crate) fn claims(&self) -> Value {
        let part = self.token().split('.').nth(1).unwrap();
        let bytes = base64::Engine::decode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, part).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    /// Who it is of.
    pub(crate) fn member(&self) -> String {
        self.claims()["sub"].as_str().unwrap().to_owned()
    }
}

pub(crate) fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

/// Sends a form.
pub(crate) async fn form(url: &str, fields: &[(&str, &str)]) -> Given {
    let mut form = String::new();
    for (name, value) in fields {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'.' || b == b'-' || b == b'_';
        let coded = |b: u8| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") };
        let value: String = value.bytes().map(coded).collect();
        form.push_str(&format!("&{name}={value}"));
    }
    for _ in 0..100 {
        let request = http().post(format!("{url}/oauth2/token")).body(form.trim_start_matches('&').to_owned());
        let answer = request.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
        let status = answer.status();
        if status != StatusCode::TOO_MANY_REQUESTS {
            return Given { status, body: answer.json().await.unwrap_or_default() };
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("the limiter never let it through");
}

/// Exchanges an ID token, with more fields.
pub(crate) async fn exchange(url: &str, id_token: &str, more: &[(&str, &str)]) -> Given {
    let fields = [("grant_type", GRANT), ("subject_token_type", auth::ID_TOKEN_TYPE), ("subject_token", id_token)];
    form(url, &[&fields[..], more].concat()).await
}

/// Asks with a token, whatever the answer.
pub(crate) async fn ask(url: &str, token: &str, method: Method, path: &str, body: Option<&Value>) -> Answer {
    ask_at(url, token, method, path, &[], body).await
}

/// As `ask`, with headers.
pub(crate) async fn ask_at(
    url: &str,
    token: &str,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&Value>,
) -> Answer {
    for _ in 0..100 {
        let mut request = http().request(method.clone(), format!("{url}{path}")).bearer_auth(token);
        if !headers.iter().any(|(name, _)| *name == "idempotency-key") {
            request = request.header("idempotency-key", key());
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        if status != StatusCode::TOO_MANY_REQUESTS {
            return Answer { status, headers, body: answer.json().await.unwrap_or_default() };
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("{path}: the limiter never let it through");
}

/// A stub registered for an owner of the shared stack: `home` is `/v1/boroughs/testford`.
pub(crate) async fn registered(keeper: &Client, home: &str, mappings: Value) -> (Stub, Value) {
    let stub = Stub::new();
    let draft = json!({"name": "A test", "issuer": stub.issuer, "audience": "tenfold", "mappings": mappings});
    let made = write(keeper, &format!("{home}/issuers"), &draft).await;
    assert_eq!(made.status, 201, "{}", made.body);
    (stub, made.body)
}

/// An invitation's code.
pub(crate) async fn invited(keeper: &Client, home: &str, role: &str) -> Value {
    let made =
        write(keeper, &format!("{home}/invitations"), &json!({"office": format!("Office {}", key()), "role": role}))
            .await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.body
}

/// Somebody who has just joined: by an invitation, at a stub.
pub(crate) struct Person {
    pub(crate) sub: String,
    pub(crate) id: String,
    pub(crate) token: String,
}

/// Makes somebody a member of an owner of the shared stack.
pub(crate) async fn joins(keeper: &Client, home: &str, stub: &Stub, role: &str) -> Person {
    let invitation = invited(keeper, home, role).await;
    let sub = format!("subject {}", key());
    let code = invitation["code"].as_str().unwrap();
    let given = exchange(&running().services[0], &stub.id_token("tenfold", &sub), &[("invitation", code)]).await;
    assert_eq!(given.status, 200, "{}", given.body);
    Person { sub, id: given.member(), token: given.token().to_owned() }
}

/// Reads with a client of the shared stack.
pub(crate) async fn read(client: &Client, path: &str) -> Value {
    let found = send(client, Method::GET, path, &[], None).await;
    assert_eq!(found.status, 200, "{path}: {}", found.body);
    found.body
}
