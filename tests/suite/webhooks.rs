//! Webhooks: what changes is told, signed, until it is taken; and only where anybody could be told.

use std::sync::{Arc, Mutex};

use axum::{Router, extract::State, http::HeaderMap, routing::post};
use base64::{Engine, prelude::BASE64_STANDARD};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{
    running::{key, send},
    world::World,
};

const HOOKS: &str = "/v1/boroughs/ford/webhooks";

#[derive(Clone, Debug)]
struct Got {
    id: String,
    timestamp: String,
    signatures: String,
    body: String,
}

/// A system of the borough's that answers as it is told to.
#[derive(Clone)]
struct Receiver {
    url: String,
    got: Arc<Mutex<Vec<Got>>>,
    answers: Arc<Mutex<StatusCode>>,
}

impl Receiver {
    async fn answering(status: StatusCode) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hooks", listener.local_addr().unwrap());
        let receiver = Self { url, got: Arc::default(), answers: Arc::new(Mutex::new(status)) };
        let app = Router::new().route("/hooks", post(Self::take)).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        receiver
    }

    async fn take(State(receiver): State<Self>, headers: HeaderMap, body: String) -> StatusCode {
        let header = |name: &str| headers[name].to_str().unwrap().to_owned();
        let got = Got {
            id: header("webhook-id"),
            timestamp: header("webhook-timestamp"),
            signatures: header("webhook-signature"),
            body,
        };
        receiver.got.lock().unwrap().push(got);
        *receiver.answers.lock().unwrap()
    }

    fn answers(&self, status: StatusCode) {
        *self.answers.lock().unwrap() = status;
    }

    fn all(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    async fn until(&self, many: usize) -> Vec<Got> {
        for _ in 0..400 {
            if self.all().len() >= many {
                return self.all();
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("only {} of {many} arrived", self.all().len());
    }
}

async fn ford() -> World {
    let mut world = World::beginning("2026-10-05T09:00:00Z").await;
    world.region("shire", "A shire").await;
    world.borough("ford", "E08999991", "Ford", "shire").await;
    // What was done before has its numbers: a webhook is told what is numbered after it.
    let last = |all: &Value| all["data"].as_array().unwrap().iter().any(|one| one["kind"] == "organisation");
    world.until("ford-admin", "/v1/boroughs/ford/tenants/changes?limit=500", last).await;
    world
}

async fn registered(world: &World, receiver: &Receiver) -> (String, Value) {
    let draft = json!({"url": receiver.url, "description": "A test", "services": ["tenants"], "actions": ["client."]});
    let made = world.done("ford-admin", HOOKS, draft).await;
    (format!("{HOOKS}/{}", made["webhook"]["id"].as_str().unwrap()), made)
}

async fn client(world: &World, name: &str) -> String {
    let client = json!({"name": name, "role": "member"});
    let made = world.done("ford-admin", "/v1/boroughs/ford/clients", client).await;
    made["id"].as_str().unwrap().to_owned()
}

/// How many of the secrets a delivery is signed with, by hand.
fn signed_by(got: &Got, secret: &Value) -> bool {
    let secret = BASE64_STANDARD.decode(&secret.as_str().unwrap()["whsec_".len()..]).unwrap();
    let signed = format!("{}.{}.{}", got.id, got.timestamp, got.body);
    let tag = hmac_sha256(&secret, signed.as_bytes());
    got.signatures.split(' ').any(|one| one.strip_prefix("v1,") == Some(&BASE64_STANDARD.encode(&tag)))
}

/// RFC 2104, with nothing of ours in it.
fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    use sha2::{Digest, Sha256};
    let pad = |with: u8| (0..64).map(|at| key.get(at).copied().unwrap_or(0) ^ with).collect::<Vec<u8>>();
    let inner = Sha256::digest([pad(0x36), message.to_vec()].concat());
    Sha256::digest([pad(0x5c), inner.to_vec()].concat()).to_vec()
}

#[tokio::test]
async fn what_changes_is_told_signed_and_in_order() {
    let world = ford().await;
    let receiver = Receiver::answering(StatusCode::NO_CONTENT).await;
    let (hook, made) = registered(&world, &receiver).await;
    let (first, second) = (client(&world, "first").await, client(&world, "second").await);
    let got = receiver.until(2).await;
    for (got, id) in got.iter().zip([&first, &second]) {
        let body: Value = serde_json::from_str(&got.body).unwrap();
        assert_eq!((&body["type"], &body["data"]["id"]), (&json!("client.created"), &json!(got.id)));
        assert_eq!(body["data"]["path"], format!("/v1/boroughs/ford/clients/{id}"));
        assert!(signed_by(got, &made["secret"]) && got.signatures.contains(" v1a,"));
        assert!(!got.body.contains("first") && !got.body.contains("member"), "nothing of the thing itself");
    }
    // A new secret: for a day both sign.
    let rotated = world.done("ford-admin", &format!("{hook}/secrets"), json!({})).await;
    assert_eq!(rotated["webhook"]["public_keys"].as_array().map(Vec::len), Some(2));
    world.done("ford-admin", &format!("{hook}/tests"), json!({})).await;
    let test = receiver.until(3).await.remove(2);
    assert!(
        test.body.contains("webhook.test") && signed_by(&test, &made["secret"]) && signed_by(&test, &rotated["secret"])
    );
    world.becomes("2026-10-06T09:00:01Z");
    world.done("ford-admin", &format!("{hook}/tests"), json!({})).await;
    let test = receiver.until(4).await.remove(3);
    assert!(!signed_by(&test, &made["secret"]) && signed_by(&test, &rotated["secret"]));
    // The log, and one of it again.
    let log = format!("{hook}/deliveries?state=delivered");
    let log = world.until("ford-admin", &log, |all| all["data"].as_array().unwrap().len() == 4).await;
    let one = log["data"].as_array().unwrap().iter().find(|one| one["event_id"] == got[0].id.as_str()).unwrap();
    let delivery = format!("{hook}/deliveries/{}", one["id"].as_str().unwrap());
    let detail = world.read("ford-admin", &delivery).await;
    assert_eq!((&detail["body"], &detail["attempts"][0]["status"]), (&json!(got[0].body), &json!(204)));
    world.done("ford-admin", &format!("{delivery}/replays"), json!({})).await;
    let again = receiver.until(5).await.remove(4);
    assert_eq!((&again.id, &again.body), (&got[0].id, &got[0].body));
}

#[tokio::test]
async fn what_is_not_taken_is_tried_again_and_a_gone_receiver_is_told_no_more() {
    let world = ford().await;
    let receiver = Receiver::answering(StatusCode::INTERNAL_SERVER_ERROR).await;
    let (hook, _) = registered(&world, &receiver).await;
    client(&world, "first").await;
    let first = receiver.until(1).await.remove(0);
    let one = |all: &Value| all["data"][0].clone();
    let pending = format!("{hook}/deliveries?state=pending");
    world.until("ford-admin", &pending, |all| one(all)["attempts"] == 1).await;
    world.becomes("2026-10-05T09:00:06Z");
    receiver.until(2).await;
    world.until("ford-admin", &pending, |all| one(all)["attempts"] == 2).await;
    // Killed meanwhile, it is still to be delivered.
    let mut world = world;
    world.killed(|_| {}).await;
    receiver.answers(StatusCode::OK);
    world.becomes("2026-10-05T09:06:00Z");
    let third = receiver.until(3).await.remove(2);
    assert_eq!(third.id, first.id, "the same event");
    let delivered = format!("{hook}/deliveries?state=delivered");
    world.until("ford-admin", &delivered, |all| one(all)["attempts"] == 3).await;
    // Paused, what changes waits; gone, it is told nothing more.
    world.moved("ford-admin", &hook, "paused", "The receiver is moved").await;
    client(&world, "second").await;
    world.moved("ford-admin", &hook, "active", "It is there").await;
    receiver.until(4).await;
    receiver.answers(StatusCode::GONE);
    client(&world, "third").await;
    receiver.until(5).await;
    world.until("ford-admin", &hook, |webhook| webhook["state"] == "disabled").await;
    let trail = world.read("ford-auditor", "/v1/boroughs/ford/audit?action=webhook.disabled").await;
    assert_eq!(trail["data"][0]["by"], "service.tenants");
}

#[tokio::test]
async fn an_address_that_is_nobody_elses_to_ask_is_refused() {
    let mut world = ford().await;
    // Where private addresses are allowed, a redirect is still no answer.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = format!("http://{}/hooks", listener.local_addr().unwrap());
    let inside = Receiver::answering(StatusCode::OK).await;
    let there = inside.url.clone();
    let app = Router::new().route("/hooks", post(async move || axum::response::Redirect::temporary(&there)));
    tokio::spawn(async move { axum::serve(listener, app).await });
    let draft = json!({"url": at, "description": "Leads inside", "services": ["tenants"]});
    let made = world.done("ford-admin", HOOKS, draft).await;
    let hook = format!("{HOOKS}/{}", made["webhook"]["id"].as_str().unwrap());
    let sent = world.done("ford-admin", &format!("{hook}/tests"), json!({})).await;
    let delivery = format!("{hook}/deliveries/{}", sent["id"].as_str().unwrap());
    let tried = world.until("ford-admin", &delivery, |one| one["attempts"][0]["number"] == 1).await;
    assert!(tried["attempts"][0]["failure"].as_str().unwrap().contains("redirects"), "{tried}");
    assert!(inside.all().is_empty());
    // A process that tells only public addresses.
    let door = world.second_tenants_for_public_addresses().await;
    let token = world.as_("ford-admin").token().await.unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    for url in [
        "http://example.org/hooks",
        "https://127.0.0.1/hooks",
        "https://10.1.2.3/hooks",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/hooks",
        "https://[::ffff:10.0.0.1]/hooks",
        "https://0x7f000001/hooks",
        "https://user:secret@example.org/hooks",
        "ftp://example.org/hooks",
        "not an address",
    ] {
        let draft = json!({"url": url, "description": "A test", "services": ["tenants"]});
        let asked = http.post(format!("{door}{HOOKS}")).bearer_auth(&token).header("idempotency-key", key());
        let answer = asked.json(&draft).send().await.unwrap();
        assert_eq!(answer.status(), 422, "{url}");
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["errors"][0]["pointer"], "/url", "{problem}");
    }
    let stranger = send(&world.as_("ford-clerk"), Method::GET, HOOKS, &[], None).await;
    assert_eq!(stranger.status, 403);
}
