//! The keys tokens are signed with: rotated under load, shared by replicas, kept sealed.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use auth::{Claims, KeyEncryptionKey, Signer};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tenfold::client::Client;

use crate::{running::refusal, world::World};

const KEYS: &str = "/v1/platform/signing-keys";
const ROTATIONS: &str = "/v1/platform/signing-keys/rotations";

fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

async fn published(url: &str) -> Vec<String> {
    let set: Value = http().get(format!("{url}/.well-known/jwks.json")).send().await.unwrap().json().await.unwrap();
    set["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

/// Waits until the newest key signs; gives back its name.
async fn newest_signs(world: &World) -> String {
    let list = world.until("officer", KEYS, |keys| keys["data"][0]["state"] == "active").await;
    list["data"][0]["id"].as_str().unwrap().to_owned()
}

fn kid_of(token: &str) -> String {
    let header = base64::Engine::decode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, token.split('.').next().unwrap());
    let header: Value = serde_json::from_slice(&header.unwrap()).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

/// Refusal 7, first half: calls go on all the while, with tokens new and old, through the gateway, at each service and at
/// another replica; none is answered 401.
#[tokio::test]
async fn keys_rotate_twice_under_load_without_a_401() {
    let mut world = World::in_real_time(Duration::from_secs(6)).await;
    world.region("north", "North").await;
    world.borough("wigan", "E08000010", "Wigan", "north").await;
    let replica = world.second_tenants().await;
    let doors = vec![
        format!("{}/v1/boroughs/wigan/funds", world.url),
        format!("{}/v1/boroughs/wigan/funds", world.services[1]),
        format!("{}/v1/boroughs/wigan/committees", world.services[2]),
        format!("{}/v1/boroughs/wigan", world.services[0]),
        format!("{replica}/v1/boroughs/wigan"),
    ];
    let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let first = world.as_("wigan-finance").token().await.unwrap();
    let mut callers = Vec::new();
    for caller in 0..4 {
        let (stop, answered, doors, first) = (stop.clone(), answered.clone(), doors.clone(), first.clone());
        let persona = world.as_("wigan-finance");
        let credentials = persona.credentials().clone();
        let issuers = [world.url.clone(), replica.clone()];
        callers.push(tokio::spawn(async move {
            let http = http();
            let mut kids = std::collections::BTreeSet::new();
            while !stop.load(Ordering::Relaxed) {
                // A new token of either replica each time, and the first one of all.
                let token = Client::new(&issuers[caller % 2], credentials.clone()).token().await.unwrap();
                kids.insert(kid_of(&token));
                for (door, token) in doors.iter().flat_map(|door| [(door, &token), (door, &first)]) {
                    let status = http.get(door).bearer_auth(token).send().await.unwrap().status();
                    assert!(status == StatusCode::OK || status == StatusCode::TOO_MANY_REQUESTS, "{door}: {status}");
                    answered.fetch_add(1, Ordering::Relaxed);
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            kids
        }));
    }
    let mut made = vec![kid_of(&first)];
    for turn in 0..2 {
        let pending = world.done("officer", ROTATIONS, json!({"reason": "A test"})).await;
        assert_eq!(pending["state"], "pending");
        assert_eq!(refusal(&world.post("officer", ROTATIONS, &json!({"reason": "Again"})).await), "409 conflict");
        made.push(newest_signs(&world).await);
        assert_eq!(made[turn + 1], pending["id"].as_str().unwrap());
        tokio::time::sleep(Duration::from_secs(3)).await;
    }
    stop.store(true, Ordering::Relaxed);
    for caller in callers {
        let kids = caller.await.expect("no call was refused");
        assert!(made.iter().all(|kid| kids.contains(kid)), "each key signed: {kids:?}");
    }
    assert!(answered.load(Ordering::Relaxed) > 200);
    for door in [&world.url, &replica] {
        let there = published(door).await;
        assert!(made.iter().all(|kid| there.contains(kid)), "what was signed in the last ten minutes is still taken");
    }
    let states: Vec<Value> =
        world.read("officer", KEYS).await["data"].as_array().unwrap().iter().map(|key| key["state"].clone()).collect();
    assert_eq!(states, ["active", "retiring", "retiring"]);
}

/// Refusal 7, second half; and the first key is the one of the file, so that nobody's token was lost as keys moved.
#[tokio::test]
async fn a_retired_key_is_refused_and_keys_rotate_by_themselves() {
    let mut world = World::rotating("2026-09-01T09:00:00Z").await;
    world.region("north", "North").await;
    world.borough("wigan", "E08000010", "Wigan", "north").await;
    let old = Signer::load_or_create(&world.signing.token_key).unwrap();
    let token = world.as_("wigan-finance").token().await.unwrap();
    assert_eq!(kid_of(&token), old.public().kid);
    world.done("officer", ROTATIONS, json!({"reason": "A test"})).await;
    let kid = world.read("officer", KEYS).await["data"][0]["id"].as_str().unwrap().to_owned();
    world.becomes("2026-09-01T09:00:59Z");
    assert_eq!(
        kid_of(&world.as_("wigan-finance").token().await.unwrap()),
        old.public().kid,
        "not before it has spread"
    );
    world.becomes("2026-09-01T09:01:00Z");
    until_signed_with(&world, &kid).await;
    let payload = base64::Engine::decode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, token.split('.').nth(1).unwrap());
    let payload = payload.unwrap();
    let forged = |now: i64| {
        let mut claims: Claims = serde_json::from_slice(&payload).unwrap();
        (claims.iat, claims.exp) = (now - 10, now + 590);
        old.sign(&claims).unwrap()
    };
    let ask = async |door: &str, token: &str| http().get(door).bearer_auth(token).send().await.unwrap().status();
    let doors = [
        format!("{}/v1/boroughs/wigan/funds", world.url),
        format!("{}/v1/boroughs/wigan/committees", world.services[2]),
        format!("{}/v1/boroughs/wigan", world.services[0]),
    ];
    // The last second in which it is published: its tokens are taken.
    world.becomes("2026-09-01T09:11:59Z");
    assert!(published(&world.services[0]).await.contains(&old.public().kid));
    let still = forged(world.clock.now().timestamp());
    assert_eq!(ask(&doors[2], &still).await, 200);
    world.becomes("2026-09-01T09:12:00Z");
    assert!(!published(&world.services[0]).await.contains(&old.public().kid));
    let began = Instant::now();
    for door in &doors {
        while ask(door, &still).await != StatusCode::UNAUTHORIZED {
            assert!(began.elapsed() < Duration::from_secs(60), "{door} takes a retired key after a minute");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
    // Ninety days later the next one comes by itself.
    world.becomes("2026-11-30T09:00:01Z");
    let list = world.until_longer("officer", KEYS, |keys| keys["data"].as_array().unwrap().len() == 3).await;
    assert_eq!(list["data"][0]["made_by"], "service.tenants");
    assert!(!list.to_string().contains("sealed") && !list.to_string().contains("PRIVATE"));
}

async fn until_signed_with(world: &World, kid: &str) {
    for _ in 0..600 {
        if kid_of(&world.as_("wigan-finance").token().await.unwrap()) == kid {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the new key never signed");
}

#[tokio::test]
async fn a_service_that_cannot_open_its_keys_says_which_setting_and_does_not_serve() {
    let world = World::beginning("2026-09-01T09:00:00Z").await;
    let settings = |key: &str| tenants::Settings {
        access: world.database.access(),
        own_cluster: true,
        public_url: world.url.clone(),
        signing: tenants::SigningSettings { key_encryption_key: world.folder.join(key), ..world.signing.clone() },
        audit_key: None,
        audit_keys_before: Vec::new(),
        papers_url: format!("file://{}", world.folder.join("papers").display()),
        exports_url: format!("file://{}", world.folder.join("exports").display()),
        calls_a_day: tenants::CALLS_A_DAY,
        allow_private_addresses: false,
        clock: world.clock.clone(),
    };
    KeyEncryptionKey::make_where_missing(&world.folder.join("another.key")).unwrap();
    for (key, expected) in [("missing.key", "cannot be opened"), ("another.key", "sealed with another key")] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let served = tenants::serve(listener, settings(key), tokio_util::sync::CancellationToken::new());
        let refused = tokio::time::timeout(Duration::from_secs(20), served).await.expect("it gives up");
        let said = format!("{:#}", refused.expect_err("it does not serve"));
        assert!(said.contains(expected) && said.contains("TENFOLD_KEY_ENCRYPTION_KEY_FILE"), "{said}");
    }
    // What lies in the database is of no use without that key.
    let mut owner = <sqlx::PgConnection as sqlx::Connection>::connect_with(&world.database.owner()).await.unwrap();
    let sealed: Vec<u8> =
        sqlx::query_scalar("select sealed from tenants.signing_key").fetch_one(&mut owner).await.unwrap();
    assert!(!sealed.windows(7).any(|w| w == b"PRIVATE"));
}
