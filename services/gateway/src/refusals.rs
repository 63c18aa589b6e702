//! Callers refused at another tenant's door never reach a service: the tenants service is told, for the record.

use std::time::Duration;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Method, Request, header},
};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::headers::{ADDRESS, REQUEST_ID};

/// What waits to be told at most; beyond it, a refusal is only in the log.
const WAITING_MAX: usize = 1_000;
const WITHIN: Duration = Duration::from_secs(5);

/// A refusal on its way. It goes with the caller's own token, so that nobody can be put down for what they did not ask.
pub(crate) struct RefusedElsewhere {
    pub(crate) method: Method,
    pub(crate) template: String,
    pub(crate) headers: HeaderMap,
}

impl RefusedElsewhere {
    /// What is told of a request.
    pub(crate) fn of(method: &Method, template: &str, sent: &HeaderMap, address: &str, id: &str) -> Self {
        let mut headers = HeaderMap::new();
        headers.extend(sent.get(header::AUTHORIZATION).map(|token| (header::AUTHORIZATION, token.clone())));
        headers.extend(HeaderValue::try_from(address).map(|address| (ADDRESS, address)));
        headers.extend(HeaderValue::try_from(id).map(|id| (REQUEST_ID, id)));
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Self { method: method.clone(), template: template.to_owned(), headers }
    }
}

/// Where refusals are told.
pub(crate) struct Refusals(Sender<RefusedElsewhere>);

impl Refusals {
    /// A way to tell, and what is to be told by [`keep_telling`].
    pub(crate) fn new() -> (Self, Receiver<RefusedElsewhere>) {
        let (sender, receiver) = channel(WAITING_MAX);
        (Self(sender), receiver)
    }

    /// Tells of a refusal, without waiting.
    pub(crate) fn tell(&self, refused: RefusedElsewhere) {
        if self.0.try_send(refused).is_err() {
            tracing::warn!("a refusal could not be told to the tenants service: too many wait");
        }
    }
}

/// Tells the tenants service of what was refused, one after the other, until the gateway is gone.
pub(crate) async fn keep_telling(tenants_url: &str, mut refused: Receiver<RefusedElsewhere>) {
    let client: Client<HttpConnector, Body> =
        Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build_http();
    let address = format!("{tenants_url}/internal/refusals");
    while let Some(one) = refused.recv().await {
        let body = serde_json::json!({"method": one.method.as_str(), "template": one.template}).to_string();
        let Ok(mut request) = Request::post(&address).body(Body::from(body)) else { continue };
        *request.headers_mut() = one.headers;
        match tokio::time::timeout(WITHIN, client.request(request)).await {
            Ok(Ok(answer)) if answer.status().is_success() => {}
            Ok(Ok(answer)) => tracing::warn!(status = %answer.status(), "a refusal was not kept on record"),
            Ok(Err(error)) => tracing::warn!(%error, "a refusal could not be told to the tenants service"),
            Err(_) => tracing::warn!("the tenants service did not take a refusal in time"),
        }
    }
}
