//! A client of the API: what the demonstration, the command line and the tests speak through.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::personas::Credentials;

/// An API client with its own credentials; gets tokens as it needs them.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    credentials: Credentials,
    token: Arc<Mutex<Option<(String, Instant)>>>,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: reqwest::header::HeaderMap,
    /// Its JSON; null where it was something else.
    pub body: Value,
}

impl Client {
    /// A client of the API at `base`.
    #[must_use]
    pub fn new(base: &str, credentials: Credentials) -> Self {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(60))
            .no_proxy()
            .build()
            .expect("a client without TLS can be built");
        Self { http, base: base.to_owned(), credentials, token: Arc::default() }
    }

    /// A client that asks with a token it was given, as long as that lives: a person's.
    ///
    /// # Errors
    /// When it is no token of ours.
    pub fn of_token(base: &str, token: &str) -> anyhow::Result<Self> {
        let claims = token.split('.').nth(1).and_then(|part| BASE64_URL_SAFE_NO_PAD.decode(part).ok());
        let claims: Value = serde_json::from_slice(&claims.unwrap_or_default()).unwrap_or_default();
        let client_id = claims["sub"].as_str().context("that is no access token: ./dev sign-in prints one")?.to_owned();
        let client = Self::new(base, Credentials { client_id, client_secret: String::new() });
        let until = Instant::now() + Duration::from_secs(600);
        *client.token.lock().expect("no holder panics") = Some((token.to_owned(), until));
        Ok(client)
    }

    /// What it says who it is with.
    #[must_use]
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// An access token, the last one as long as it is good for a minute yet.
    ///
    /// # Errors
    /// When none is given.
    pub async fn token(&self) -> anyhow::Result<String> {
        let kept = self.token.lock().expect("no holder panics").clone();
        if let Some((token, until)) = kept
            && until > Instant::now()
        {
            return Ok(token);
        }
        let answer = self
            .http
            .post(format!("{}/oauth2/token", self.base))
            .basic_auth(&self.credentials.client_id, Some(&self.credentials.client_secret))
            .header("content-type", "application/x-www-form-urlencoded")
            .body("grant_type=client_credentials")
            .send()
            .await
            .with_context(|| format!("nothing answers at {}. Is the stack up (./dev up)?", self.base))?;
        let status = answer.status();
        let body: Value = answer.json().await.unwrap_or_default();
        let Some(token) = body["access_token"].as_str() else {
            bail!("no token was given ({status}): {}", body["error_description"].as_str().unwrap_or("no reason"));
        };
        let lives = body["expires_in"].as_u64().unwrap_or(600).saturating_sub(60);
        let until = Instant::now() + Duration::from_secs(lives);
        *self.token.lock().expect("no holder panics") = Some((token.to_owned(), until));
        Ok(token.to_owned())
    }

    /// Sends a request with a token, whatever the answer.
    ///
    /// # Errors
    /// When no token or no answer is to be had.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> anyhow::Result<Answer> {
        let token = self.token().await?;
        let mut request = self.http.request(method, format!("{}{path}", self.base)).bearer_auth(token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.with_context(|| format!("{path} was not answered"))?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let bytes = answer.bytes().await?;
        Ok(Answer { status, headers, body: serde_json::from_slice(&bytes).unwrap_or_default() })
    }

    /// Reads.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn get(&self, path: &str) -> anyhow::Result<Answer> {
        self.settled(Method::GET, path, &[], None).await
    }

    /// Writes, once, under a key. Waits for facts that other services are still to hear of.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn post(&self, path: &str, key: &str, body: &Value) -> anyhow::Result<Answer> {
        self.settled(Method::POST, path, &[("idempotency-key", key)], Some(body)).await
    }

    /// Sets a thing at a version, as its ETag names it.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn put(&self, path: &str, version: &str, body: &Value) -> anyhow::Result<Answer> {
        self.settled(Method::PUT, path, &[("if-match", version)], Some(body)).await
    }

    /// Moves a thing to a state, from whatever version it is at.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn transition(&self, path: &str, key: &str, to: &str, reason: &str) -> anyhow::Result<Answer> {
        self.move_by(path, key, &serde_json::json!({"to": to, "reason": reason})).await
    }

    /// Moves a thing by a move of its own shape, from whatever version it is at.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn move_by(&self, path: &str, key: &str, to: &Value) -> anyhow::Result<Answer> {
        let path = format!("{path}/transitions");
        let at = self.get(&path).await?;
        let tag = at.headers.get("etag").and_then(|tag| tag.to_str().ok()).unwrap_or_default().to_owned();
        self.settled(Method::POST, &path, &[("idempotency-key", key), ("if-match", &tag)], Some(to)).await
    }

    /// Fetches a file, for as long as that takes.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn fetch(&self, path: &str) -> anyhow::Result<reqwest::Response> {
        let request = self.http.get(format!("{}{path}", self.base)).bearer_auth(self.token().await?);
        let answer = request.timeout(Duration::from_secs(24 * 60 * 60)).send().await;
        let answer = answer.with_context(|| format!("{path} was not answered"))?;
        if !answer.status().is_success() {
            let status = answer.status();
            let body: Value = answer.json().await.unwrap_or_default();
            bail!("GET {path} was refused ({status}): {}", body["detail"]);
        }
        Ok(answer)
    }

    /// Sends a body as it is, for as long as that takes, whatever the answer.
    ///
    /// # Errors
    /// When no token or no answer is to be had.
    pub async fn send_content(
        &self,
        path: &str,
        (version, kind): (&str, &str),
        bytes: u64,
        content: reqwest::Body,
    ) -> anyhow::Result<Answer> {
        let request = self.http.put(format!("{}{path}", self.base)).bearer_auth(self.token().await?);
        let request = request.header("if-match", version).header("content-type", kind).header("content-length", bytes);
        let day = Duration::from_secs(24 * 60 * 60);
        let answer = request.timeout(day).body(content).send().await;
        let answer = answer.with_context(|| format!("{path} was not answered"))?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let bytes = answer.bytes().await?;
        Ok(Answer { status, headers, body: serde_json::from_slice(&bytes).unwrap_or_default() })
    }

    async fn settled(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> anyhow::Result<Answer> {
        for _ in 0..100 {
            let answer = self.send(method.clone(), path, headers, body).await?;
            if answer.status.is_success() {
                return Ok(answer);
            }
            let kind = answer.body["type"].as_str().unwrap_or_default();
            let passes = answer.status == StatusCode::SERVICE_UNAVAILABLE
                || answer.status == StatusCode::TOO_MANY_REQUESTS
                || kind == "/problems/reference-pending";
            if !passes {
                bail!("{method} {path} was refused ({}): {}", answer.status, answer.body["detail"]);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        bail!("{method} {path} could not be done in ten seconds")
    }
}

/// An Idempotency-Key that no other run has.
#[must_use]
pub fn fresh_key() -> String {
    use std::hash::{BuildHasher, RandomState};
    let mut bytes = [0; 16];
    for half in bytes.chunks_mut(8) {
        half.copy_from_slice(&RandomState::new().hash_one(std::process::id()).to_be_bytes());
    }
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}
