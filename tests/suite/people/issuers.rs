//! Registering a provider: what it says of itself is read first, and every failure says what to do.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{
    TESTFORD,
    exchange::{ask_at, exchange, http, joins, read, registered},
    stub::{Lie, Stub, document},
};
use crate::{
    running::{key, pointer, refusal, running, send, testford, write},
    world::World,
};

fn draft(stub: &Stub) -> Value {
    json!({"name": "A test", "issuer": stub.issuer, "audience": "tenfold"})
}

#[tokio::test]
async fn a_provider_that_lies_or_cannot_is_refused_in_words() {
    testford().await;
    let admin = running().as_("testford-admin");
    let path = format!("{TESTFORD}/issuers");
    let with = |stub: &Stub, name: &str, value: Value| {
        let mut said = document(&stub.issuer);
        said[name] = value;
        Lie::Discovery(said)
    };
    let stubs: Vec<Stub> = (0..9).map(|_| Stub::new()).collect();
    let lies = [
        (with(&stubs[0], "issuer", json!("https://elsewhere.example")), "https://elsewhere.example"),
        (with(&stubs[1], "jwks_uri", json!("file:///etc/passwd")), "https://"),
        (with(&stubs[2], "jwks_uri", json!(null)), "jwks_uri"),
        (with(&stubs[3], "response_types_supported", json!(["token"])), "authorisation code"),
        (with(&stubs[4], "id_token_signing_alg_values_supported", json!(["HS256"])), "none of"),
        (Lie::Away, "redirects"),
        (Lie::Large(65_537), "more than 65536 bytes"),
        (Lie::Down, "answered 500"),
        (Lie::Discovery(json!("<html>")), "names no issuer"),
    ];
    for (stub, (lie, says)) in stubs.iter().zip(lies) {
        stub.says(lie);
        let refused = write(&admin, &path, &draft(stub)).await;
        assert_eq!((refusal(&refused).as_str(), pointer(&refused)), ("422 content-invalid", "/issuer"), "{says}");
        let told = refused.body["errors"][0]["detail"].as_str().unwrap();
        assert!(told.contains(says), "{says}: {told}");
    }
    // Keys that are none, and nobody there.
    let bare = Stub::new();
    bare.publishes(&[]);
    let refused = write(&admin, &path, &draft(&bare)).await;
    assert!(refused.body.to_string().contains("No keys can be had"), "{}", refused.body);
    for (issuer, says) in [
        ("http://127.0.0.1:9", "cannot be reached"),
        ("ftp://127.0.0.1", "https://"),
        ("login.example", "not an address"),
        ("http://a:b@127.0.0.1:9", "leave these out"),
    ] {
        let refused = write(&admin, &path, &json!({"name": "A test", "issuer": issuer, "audience": "tenfold"})).await;
        assert_eq!(refusal(&refused), "422 content-invalid", "{issuer}");
        assert!(refused.body.to_string().contains(says), "{issuer}: {}", refused.body);
    }
}

#[tokio::test]
async fn only_public_addresses_are_asked_where_that_is_the_rule() {
    let mut world = World::in_real_time(std::time::Duration::from_secs(60)).await;
    world.region("north", "North").await;
    world.borough("wigan", "E08000010", "Wigan", "north").await;
    let strict = world.second_tenants_for_public_addresses().await;
    let token = world.as_("wigan-admin").token().await.unwrap();
    let stub = Stub::new();
    for _ in 0..100 {
        if http().get(format!("{strict}/health/ready")).send().await.is_ok_and(|answer| answer.status() == 200) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    for issuer in [stub.issuer.as_str(), "https://127.0.0.1/", "https://169.254.169.254/", "https://localhost/"] {
        let body = json!({"name": "Inside", "issuer": issuer, "audience": "tenfold"});
        let refused =
            super::exchange::ask(&strict, &token, Method::POST, "/v1/boroughs/wigan/issuers", Some(&body)).await;
        assert_eq!(refusal(&refused), "422 content-invalid", "{issuer}: {}", refused.body);
    }
    assert_eq!(stub.keys_asked(), 0);
}

#[tokio::test]
async fn a_provider_is_rehearsed_registered_changed_and_removed() {
    testford().await;
    let admin = running().as_("testford-admin");
    let (stub, path) = (Stub::new(), format!("{TESTFORD}/issuers"));
    let rehearsed = write(&admin, &format!("{path}?validate_only=true"), &draft(&stub)).await;
    assert_eq!(rehearsed.status, 200, "{}", rehearsed.body);
    let made = write(&admin, &path, &draft(&stub)).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(made.body["jwks_uri"], format!("{}/keys", stub.issuer));
    let one = format!("{path}/{}", made.body["id"].as_str().unwrap());
    assert_eq!(made.headers["location"], one.as_str());
    let token = admin.token().await.unwrap();
    let patch = async |version: &str, body: Value| {
        ask_at(&running().url, &token, Method::PATCH, &one, &[("if-match", version)], Some(&body)).await
    };
    let admins = json!([{"claim": "groups", "value": "admins", "role": "admin", "office": "Administrator"}]);
    let refused = patch("\"1\"", json!({"mappings": admins})).await;
    assert_eq!(pointer(&refused), "/mappings/0/role");
    assert!(refused.body.to_string().contains("No claim makes an administrator"), "{}", refused.body);
    assert_eq!(refusal(&patch("\"1\"", json!({})).await), "422 content-invalid");
    // Its keys move: it is read again.
    let mut moved = document(&stub.issuer);
    let elsewhere = Stub::new();
    moved["jwks_uri"] = format!("{}/keys", elsewhere.issuer).into();
    stub.says(Lie::Discovery(moved));
    let changed = patch("\"1\"", json!({"discover": true, "name": "Since the move"})).await;
    assert_eq!(
        (changed.status, &changed.body["jwks_uri"]),
        (StatusCode::OK, &json!(format!("{}/keys", elsewhere.issuer)))
    );
    assert_eq!(patch("\"1\"", json!({"name": "Late"})).await.status, 412);

    admin.transition(&one, &key(), "suspended", "A test").await.unwrap();
    admin.transition(&one, &key(), "active", "A test").await.unwrap();
    admin.transition(&one, &key(), "removed", "A test").await.unwrap();
    let history = read(&admin, &format!("{one}/transitions")).await;
    assert_eq!(history["data"].as_array().unwrap().len(), 3);
    assert_eq!(history["allowed"], json!([]));
    assert_eq!(refusal(&patch("\"5\"", json!({"name": "Gone"})).await), "409 transition-refused");
    // The pair is free again.
    stub.tells_the_truth();
    assert_eq!(write(&admin, &path, &draft(&stub)).await.status, 201);
}

#[tokio::test]
async fn everybody_may_know_where_to_sign_in_and_no_more() {
    testford().await;
    let admin = running().as_("testford-admin");
    let (stub, made) = registered(&admin, TESTFORD, json!([])).await;
    let open = async |query: &str| {
        let answer = http().get(format!("{}/v1/public/sign-in{query}", running().url)).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    for name in ["testford", "E08999999"] {
        let (status, body) = open(&format!("?borough={name}")).await;
        let found = body["issuers"].as_array().unwrap().iter().find(|one| one["issuer"] == stub.issuer.as_str());
        assert_eq!(
            (status, found),
            (200, Some(&json!({"issuer": stub.issuer, "audience": "tenfold", "mode": "live"})))
        );
    }
    let one = format!("{TESTFORD}/issuers/{}", made["id"].as_str().unwrap());
    admin.transition(&one, &key(), "suspended", "A test").await.unwrap();
    let (_, body) = open("?borough=testford").await;
    assert!(!body.to_string().contains(&stub.issuer), "{body}");
    assert_eq!(open("?borough=nowhere").await, (200, json!({"issuers": []})));
    for wrong in ["?borough=testford&region=x", "?colour=blue", "?partner=not-a-code", "?borough=%00"] {
        assert_eq!(open(wrong).await.0, 400, "{wrong}");
    }
}

#[tokio::test]
async fn a_suspended_provider_lets_nobody_in_and_cuts_off_who_was() {
    testford().await;
    let admin = running().as_("testford-admin");
    let (stub, made) = registered(&admin, TESTFORD, json!([])).await;
    let (one, other) = (joins(&admin, TESTFORD, &stub, "finance").await, joins(&admin, TESTFORD, &stub, "clerk").await);
    let path = format!("{TESTFORD}/issuers/{}", made["id"].as_str().unwrap());
    admin.transition(&path, &key(), "suspended", "Broken into").await.unwrap();
    for person in [&one, &other] {
        super::members::refused_within_a_minute(&person.token).await;
        let refused = exchange(&running().url, &stub.id_token("tenfold", &person.sub), &[]).await;
        assert!(refused.says().contains("suspended here"), "{}", refused.body);
    }
    admin.transition(&path, &key(), "active", "Mended").await.unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    assert_eq!(exchange(&running().url, &stub.id_token("tenfold", &one.sub), &[]).await.status, 200);
    let list = send(&admin, Method::GET, &format!("{TESTFORD}/issuers?limit=500"), &[], None).await;
    assert!(list.body["data"].as_array().unwrap().len() > 1);
}
