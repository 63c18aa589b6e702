//! API clients that sign, rotate, expire and are revoked, against the running stack.

use std::{
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use auth::{ASSERTION_TYPE, Signer, sign_assertion};
use futures_util::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tenfold::client::Client;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::{
    running::{key, pointer, refusal, running, send, testford, write},
    world::World,
};

const CLIENTS: &str = "/v1/boroughs/testford/clients";

/// A pair of keys, as a client has it.
struct Pair {
    pem: String,
    jwk: Value,
}

fn pair() -> Pair {
    let pem = Signer::new_pem();
    let public = Signer::from_pem(&pem).unwrap().public().clone();
    Pair { pem, jwk: json!({"kty": "EC", "crv": "P-256", "x": public.x, "y": public.y}) }
}

fn now() -> i64 {
    domain::Clock::System.now().timestamp()
}

fn claims(client: &str, aud: &str) -> Value {
    json!({"iss": client, "sub": client, "aud": aud, "jti": key() + &now().to_string(), "iat": now(), "exp": now() + 60})
}

fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// What an OAuth endpoint answers: its status, its `error` and what it says.
async fn ask(url: &str, endpoint: &str, fields: &[(&str, &str)]) -> (u16, String, Value) {
    let mut form = String::new();
    for (name, value) in fields {
        let value: String = value.bytes().map(|b| format!("%{b:02X}")).collect();
        form.push_str(&format!("&{name}={value}"));
    }
    let request = http().post(format!("{url}/oauth2/{endpoint}")).body(form.trim_start_matches('&').to_owned());
    let answer = request.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap_or_default();
    (status, body["error"].as_str().unwrap_or_default().to_owned(), body)
}

async fn assert_with(url: &str, assertion: &str) -> (u16, String, Value) {
    let kind = ("client_assertion_type", ASSERTION_TYPE);
    ask(url, "token", &[("grant_type", "client_credentials"), kind, ("client_assertion", assertion)]).await
}

async fn with_secret(url: &str, id: &str, secret: &str) -> (u16, String, Value) {
    ask(url, "token", &[("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)]).await
}

fn says(answer: &(u16, String, Value)) -> &str {
    answer.2["error_description"].as_str().unwrap_or_default()
}

/// A client of Testford's that signs with these keys.
async fn signing(keys: &[&Pair]) -> String {
    testford().await;
    let keys: Vec<&Value> = keys.iter().map(|pair| &pair.jwk).collect();
    let body = json!({"name": "Signs", "role": "finance", "authentication": "private_key_jwt", "keys": keys});
    let made = write(&running().as_("testford-admin"), CLIENTS, &body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert!(made.body["client_secret"].is_null() && made.body["secret_hint"].is_null());
    made.body["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_client_that_signs_gets_a_token_that_works() {
    let pair = pair();
    let (id, url) = (signing(&[&pair]).await, &running().url);
    for aud in [url.clone(), format!("{url}/oauth2/token")] {
        let assertion = sign_assertion(&pair.pem, &json!({"alg": "ES256", "typ": "JWT"}), &claims(&id, &aud)).unwrap();
        let (status, _, body) = assert_with(url, &assertion).await;
        assert_eq!(status, 200, "{body}");
        let funds = http().get(format!("{url}/v1/boroughs/testford/funds"));
        let answer = funds.bearer_auth(body["access_token"].as_str().unwrap()).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }
    let keys = running().as_("testford-admin").get(&format!("{CLIENTS}/{id}/keys")).await.unwrap().body;
    assert_eq!((&keys["data"][0]["state"], &keys["data"][0]["kind"]), (&json!("active"), &json!("public_key")));
    assert!(keys["data"][0]["last_used_on"].is_string());
}

/// Refusal 8, without Redis in the way: the database decides.
#[tokio::test]
async fn the_same_assertion_fifty_times_at_once_is_taken_once() {
    let pair = pair();
    let (id, url) = (signing(&[&pair]).await, &running().services[0]);
    let assertion = sign_assertion(&pair.pem, &json!({"alg": "ES256"}), &claims(&id, &running().url)).unwrap();
    let answers = join_all((0..50).map(|_| assert_with(url, &assertion))).await;
    let taken = answers.iter().filter(|answer| answer.0 == 200).count();
    let refused = answers.iter().filter(|a| a.0 == 401 && a.1 == "invalid_client" && says(a).contains("used before"));
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.0).collect();
    assert_eq!((taken, refused.count()), (1, 49), "{statuses:?}");
    assert_eq!(assert_with(url, &assertion).await.0, 401, "and later");
}

#[tokio::test]
async fn what_is_no_good_assertion_is_refused_in_words() {
    let (pair, other) = (pair(), pair());
    let (id, url) = (signing(&[&pair]).await, running().services[0].clone());
    let issuer = &running().url;
    let es256 = json!({"alg": "ES256"});
    let with = |name: &str, value: Value| {
        let mut claims = claims(&id, issuer);
        claims[name] = value;
        claims
    };
    let wrong: Vec<(&Pair, Value, Value, &str)> = vec![
        (&pair, json!({"alg": "none"}), claims(&id, issuer), "alg"),
        (&pair, json!({"alg": "HS256"}), claims(&id, issuer), "alg"),
        (&pair, json!({"alg": "RS256"}), claims(&id, issuer), "not signed with one of its keys"),
        (&pair, json!({"alg": "ES256", "crit": ["exp"]}), claims(&id, issuer), "crit"),
        (&pair, json!({"alg": "ES256", "kid": "../x"}), claims(&id, issuer), "not signed with one of its keys"),
        (&pair, json!({"alg": "ES256", "typ": "at+jwt"}), claims(&id, issuer), "typ"),
        (&pair, json!({"alg": "ES256", "jku": "http://127.0.0.1/"}), claims(&id, issuer), "where to find one"),
        (&other, es256.clone(), claims(&id, issuer), "not signed with one of its keys"),
        (&pair, es256.clone(), claims("borough.nobody.live.0123456789", issuer), "There is no such client"),
        (&pair, es256.clone(), with("aud", json!("https://elsewhere.example")), issuer),
        (&pair, es256.clone(), with("aud", json!([issuer, "https://elsewhere.example"])), issuer),
        (&pair, es256.clone(), with("iss", json!("https://an.identity.provider")), "client_id"),
        (&pair, es256.clone(), with("exp", json!(now() - 60)), "exp has passed"),
        (&pair, es256.clone(), with("exp", json!(now() + 3600)), "5 minutes"),
        (&pair, es256.clone(), with("exp", json!(null)), "exp"),
        (&pair, es256.clone(), with("iat", json!(now() + 120)), "it is "),
        (&pair, es256.clone(), with("jti", json!(null)), "jti"),
    ];
    for (pair, header, claims, expected) in wrong {
        let assertion = sign_assertion(&pair.pem, &header, &claims).unwrap();
        let answer = assert_with(&url, &assertion).await;
        assert_eq!((answer.0, answer.1.as_str()), (401, "invalid_client"), "{header} {claims}");
        assert!(says(&answer).contains(expected), "{header} {claims}: {}", says(&answer));
    }
    // An access token of the client's own is no assertion, and an assertion is no access token.
    let good = sign_assertion(&pair.pem, &es256, &claims(&id, issuer)).unwrap();
    let as_token = http().get(format!("{issuer}/v1/boroughs/testford/funds")).bearer_auth(&good).send().await.unwrap();
    assert_eq!(as_token.status(), 401);
    let token = assert_with(&url, &good).await.2["access_token"].as_str().unwrap().to_owned();
    assert_eq!(assert_with(&url, &token).await.0, 401);
    // In one way, of the type there is.
    let both = [
        ("grant_type", "client_credentials"),
        ("client_id", &*id),
        ("client_secret", "x"),
        ("client_assertion", &good),
    ];
    assert_eq!(ask(&url, "token", &both).await.1, "invalid_request");
    let untyped = [("grant_type", "client_credentials"), ("client_assertion", &*good)];
    assert_eq!(ask(&url, "token", &untyped).await.1, "invalid_request");
}

#[tokio::test]
async fn a_secret_that_was_mistyped_is_told_from_a_wrong_one() {
    testford().await;
    let made = write(&running().as_("testford-admin"), CLIENTS, &json!({"name": "Typed", "role": "member"})).await.body;
    let (id, secret) = (made["id"].as_str().unwrap(), made["client_secret"].as_str().unwrap());
    let url = &running().services[0];
    assert_eq!(with_secret(url, id, secret).await.0, 200);
    let cut = with_secret(url, id, &secret[..secret.len() - 1]).await;
    assert!(cut.0 == 401 && says(&cut).contains("checksum"), "{}", says(&cut));
    let wrong = with_secret(url, id, auth::ClientSecret::new(auth::Mode::Live).reveal()).await;
    assert!(wrong.0 == 401 && !says(&wrong).contains("checksum"));
}

#[tokio::test]
async fn a_key_rotates_with_an_overlap_and_without_a_failed_call() {
    testford().await;
    let (admin, url) = (running().as_("testford-admin"), &running().services[0]);
    let made = write(&admin, CLIENTS, &json!({"name": "Rotates", "role": "member"})).await.body;
    let (id, first) = (made["id"].as_str().unwrap(), made["client_secret"].as_str().unwrap());
    let keys = format!("{CLIENTS}/{id}/keys");
    let second = write(&admin, &keys, &json!({"overlap_hours": 1})).await;
    assert_eq!(second.status, 201, "{}", second.body);
    let second = second.body["client_secret"].as_str().unwrap();
    assert_eq!((with_secret(url, id, first).await.0, with_secret(url, id, second).await.0), (200, 200));
    assert_eq!(refusal(&write(&admin, &keys, &json!({})).await), "409 conflict", "two at most");
    let listed = admin.get(&keys).await.unwrap().body;
    assert_eq!((&listed["data"][0]["state"], &listed["data"][1]["state"]), (&json!("retiring"), &json!("active")));
    assert!(!listed.to_string().contains(second), "shown once");
    let old = format!("{keys}/{}", listed["data"][0]["id"].as_str().unwrap());
    admin.transition(&old, &key(), "retired", "Nothing uses it").await.unwrap();
    let refused = with_secret(url, id, first).await;
    assert!(refused.0 == 401 && says(&refused).contains("retired"), "{}", says(&refused));
    let token = with_secret(url, id, second).await.2["access_token"].as_str().unwrap().to_owned();
    // Revoked: the tokens got before are cut off, the client goes on with its other key.
    let new = format!("{keys}/{}", listed["data"][1]["id"].as_str().unwrap());
    let third = write(&admin, &keys, &json!({})).await.body["client_secret"].as_str().unwrap().to_owned();
    let history = admin.transition(&new, &key(), "revoked", "Found in a log").await.unwrap().body;
    assert_eq!((&history["state"], &history["data"][0]["to"]), (&json!("revoked"), &json!("revoked")));
    assert!(says(&with_secret(url, id, second).await).contains("revoked"));
    cut_off(&token, "/v1/boroughs/testford/funds").await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(with_secret(url, id, &third).await.0, 200);
    for (body, at) in [
        (json!({"overlap_hours": 721}), "/overlap_hours"),
        (json!({"public_key": pair().jwk}), "/public_key"),
        (json!({"starts_at": "2020-01-01T00:00:00Z"}), "/starts_at"),
    ] {
        assert_eq!(pointer(&write(&admin, &keys, &body).await), at);
    }
}

/// Waits until a token is refused at the gateway and at a service; panics after a minute.
async fn cut_off(token: &str, path: &str) {
    let began = Instant::now();
    for door in [&running().url, &running().services[1]] {
        loop {
            let answer = http().get(format!("{door}{path}")).bearer_auth(token).send().await.unwrap();
            if answer.status() == StatusCode::UNAUTHORIZED {
                break;
            }
            assert!(began.elapsed() < Duration::from_secs(60), "still answered after a minute");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

#[tokio::test]
async fn several_public_keys_work_beside_each_other_and_none_comes_back() {
    let (one, two) = (pair(), pair());
    let (id, url) = (signing(&[&one]).await, &running().services[0]);
    let (admin, keys) = (running().as_("testford-admin"), format!("{CLIENTS}/{id}/keys"));
    let added = write(&admin, &keys, &json!({"public_key": two.jwk, "retire_others": false})).await;
    assert_eq!(added.status, 201, "{}", added.body);
    for pair in [&one, &two] {
        let assertion = sign_assertion(&pair.pem, &json!({"alg": "ES256"}), &claims(&id, &running().url)).unwrap();
        assert_eq!(assert_with(url, &assertion).await.0, 200);
    }
    let thing = format!("{keys}/{}", added.body["id"].as_str().unwrap());
    admin.transition(&thing, &key(), "revoked", "A laptop was lost").await.unwrap();
    let again = write(&admin, &keys, &json!({"public_key": two.jwk})).await;
    assert_eq!((refusal(&again).as_str(), pointer(&again)), ("409 conflict", "/public_key"));
    let assertion = sign_assertion(&two.pem, &json!({"alg": "ES256"}), &claims(&id, &running().url)).unwrap();
    assert_eq!(assert_with(url, &assertion).await.0, 401);
    for _ in 0..4 {
        let more = json!({"public_key": pair().jwk, "retire_others": false});
        assert_eq!(write(&admin, &keys, &more).await.status, 201);
    }
    let sixth = json!({"public_key": pair().jwk, "retire_others": false});
    assert_eq!(refusal(&write(&admin, &keys, &sixth).await), "409 conflict", "five at most");
}

#[tokio::test]
async fn keys_that_are_no_good_are_refused_with_a_pointer() {
    testford().await;
    let admin = running().as_("testford-admin");
    let private = {
        let mut jwk = pair().jwk;
        jwk["d"] = "AAAA".into();
        jwk
    };
    let weak = json!({"kty": "RSA", "n": "A".repeat(171), "e": "AQAB"});
    let twice = pair().jwk;
    for (keys, at, expected) in [
        (json!([private]), "/keys/0", "private key"),
        (json!(["-----BEGIN PRIVATE KEY-----\nAAAA"]), "/keys/0", "private key"),
        (json!([{"kty": "oct", "k": "AAAA"}]), "/keys/0", "shared secret"),
        (json!([pair().jwk, weak]), "/keys/1", "RSA"),
        (json!([twice, twice]), "/keys/1", "same key"),
        (json!([]), "/keys", "At least one"),
        (json!(vec![json!({}); 10_000]), "/keys", "At most 10"),
    ] {
        let body = json!({"name": "x", "role": "member", "authentication": "private_key_jwt", "keys": keys});
        let refused = write(&admin, CLIENTS, &body).await;
        assert_eq!((refused.status.as_u16(), pointer(&refused)), (422, at), "{}", refused.body);
        assert!(refused.body["errors"][0]["detail"].as_str().unwrap().contains(expected), "{}", refused.body);
    }
}

/// A place to publish keys at, whose answer can be changed, and how often it was asked.
struct Publishes {
    at: String,
    answer: Arc<Mutex<Vec<u8>>>,
    asked: Arc<Mutex<usize>>,
}

fn ok(body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len()).into_bytes()
}

async fn publishing(answer: Vec<u8>) -> Publishes {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = format!("http://{}/jwks.json", listener.local_addr().unwrap());
    let (answer, asked) = (Arc::new(Mutex::new(answer)), Arc::new(Mutex::new(0)));
    let (told, counted) = (answer.clone(), asked.clone());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            *counted.lock().unwrap() += 1;
            let answer = told.lock().unwrap().clone();
            let mut request = [0; 2048];
            if stream.read(&mut request).await.is_ok_and(|read| read > 0) {
                stream.write_all(&answer).await.ok();
            }
        }
    });
    Publishes { at, answer, asked }
}

#[tokio::test]
async fn a_client_may_publish_its_keys_and_a_new_one_is_found_once() {
    testford().await;
    let (one, two, url) = (pair(), pair(), &running().services[0]);
    let set = |pairs: &[&Pair]| ok(&json!({"keys": pairs.iter().map(|p| &p.jwk).collect::<Vec<_>>()}).to_string());
    let there = publishing(set(&[&one])).await;
    let admin = running().as_("testford-admin");
    let body =
        json!({"name": "Publishes", "role": "member", "authentication": "private_key_jwt", "jwks_uri": there.at});
    let made = write(&admin, CLIENTS, &body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let id = made.body["id"].as_str().unwrap().to_owned();
    let by = async |pair: &Pair, kid: Option<&str>| {
        let mut header = json!({"alg": "ES256"});
        if let Some(kid) = kid {
            header["kid"] = kid.into();
        }
        assert_with(url, &sign_assertion(&pair.pem, &header, &claims(&id, &running().url)).unwrap()).await
    };
    assert_eq!(by(&one, None).await.0, 200);
    assert_eq!(*there.asked.lock().unwrap(), 1, "what was fetched as the client was made is kept");
    // A key nobody has heard of is asked for again, not more than once in half a minute.
    *there.answer.lock().unwrap() = set(&[&one, &two]);
    let unknown = join_all((0..20).map(|_| by(&two, Some("unheard-of")))).await;
    assert!(unknown.iter().all(|answer| answer.0 == 401));
    assert!(*there.asked.lock().unwrap() <= 2, "asked {} times", there.asked.lock().unwrap());
    let refused = write(&admin, &format!("{CLIENTS}/{id}/keys"), &json!({"public_key": two.jwk})).await;
    assert_eq!(refusal(&refused), "409 conflict", "it publishes its keys");
}

#[tokio::test]
async fn an_address_of_keys_that_is_no_good_is_refused_with_a_reason() {
    testford().await;
    let admin = running().as_("testford-admin");
    let private = {
        let mut jwk = pair().jwk;
        jwk["d"] = "AAAA".into();
        json!({"keys": [jwk]}).to_string()
    };
    let many = json!({"keys": vec![pair().jwk; 10_000]}).to_string();
    let away = b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n".to_vec();
    let gone = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_vec();
    for (answer, expected) in [
        (away, "redirects"),
        (gone, "404"),
        (ok("<html>"), "not JSON"),
        (ok(&private), "private"),
        (ok(&many), "65536 bytes"),
        (ok(r#"{"keys":[]}"#), "no key we take"),
    ] {
        let there = publishing(answer).await;
        let body = json!({"name": "x", "role": "member", "authentication": "private_key_jwt", "jwks_uri": there.at});
        let refused = write(&admin, CLIENTS, &body).await;
        assert_eq!((refused.status.as_u16(), pointer(&refused)), (422, "/jwks_uri"), "{}", refused.body);
        assert!(refused.body["errors"][0]["detail"].as_str().unwrap().contains(expected), "{}", refused.body);
    }
    let nobody =
        json!({"name": "x", "role": "member", "authentication": "private_key_jwt", "jwks_uri": "http://127.0.0.1:1/"});
    let refused = write(&admin, CLIENTS, &nobody).await;
    assert!(refused.body["errors"][0]["detail"].as_str().unwrap().contains("cannot be reached"), "{}", refused.body);
}

#[tokio::test]
async fn a_token_handed_back_is_refused_everywhere_and_only_its_own_clients_is() {
    testford().await;
    let admin = running().as_("testford-admin");
    let url = &running().url;
    let mut made = Vec::new();
    for name in ["Hands back", "Stands by"] {
        let one = write(&admin, CLIENTS, &json!({"name": name, "role": "member"})).await.body;
        let (id, secret) = (one["id"].as_str().unwrap().to_owned(), one["client_secret"].as_str().unwrap().to_owned());
        let token = with_secret(url, &id, &secret).await.2["access_token"].as_str().unwrap().to_owned();
        made.push((id, secret, token));
    }
    let ((id, secret, own), (_, _, others)) = (&made[0], &made[1]);
    let hand_back = async |token: &str, secret: &str| {
        ask(url, "revoke", &[("token", token), ("client_id", id), ("client_secret", secret)]).await.0
    };
    assert_eq!(hand_back(own, "wrong").await, 401);
    assert_eq!((hand_back(others, secret).await, hand_back("no token", secret).await), (200, 200), "RFC 7009 §2.2");
    assert_eq!(hand_back(own, secret).await, 200);
    assert_eq!(hand_back(own, secret).await, 200, "again");
    cut_off(own, "/v1/boroughs/testford/funds").await;
    let funds = http().get(format!("{url}/v1/boroughs/testford/funds")).bearer_auth(others).send().await.unwrap();
    assert_eq!(funds.status(), 200, "another client's token is not touched");
    assert_eq!(with_secret(url, id, secret).await.0, 200, "nor what the client may get");
}

#[tokio::test]
async fn a_client_ends_on_its_day_after_three_warnings() {
    let mut world = World::beginning("2026-09-01T09:00:00Z").await;
    world.region("north", "North").await;
    world.borough("wigan", "E08000010", "Wigan", "north").await;
    let body = json!({"name": "Ends", "role": "finance", "expires_on": "2026-10-31"});
    let made = world.done("wigan-admin", "/v1/boroughs/wigan/clients", body).await;
    let (id, secret) = (made["id"].as_str().unwrap(), made["client_secret"].as_str().unwrap());
    assert_eq!(made["expires_on"], "2026-10-31");
    let warned = "select coalesce(array_agg((payload->>'days')::int order by at), '{}') from platform.outbox where kind = 'client-expiring.v1'";
    let mut owner = <sqlx::PgConnection as sqlx::Connection>::connect_with(&world.database.owner()).await.unwrap();
    let mut before = Vec::new();
    // Midnight in London at the end of October is in winter time already, or in summer time still.
    for (time, expected) in [
        ("2026-10-01T23:59:00Z", vec![]),
        ("2026-10-02T00:00:00Z", vec![30]),
        ("2026-10-25T01:00:00Z", vec![30, 7]),
        ("2026-10-31T00:00:00Z", vec![30, 7, 1]),
    ] {
        world.becomes(time);
        let began = Instant::now();
        loop {
            let days: Vec<i32> = sqlx::query_scalar(warned).fetch_one(&mut owner).await.unwrap();
            if days == expected {
                break;
            }
            assert_eq!(days, before, "at {time}");
            assert!(began.elapsed() < Duration::from_secs(60), "at {time}: {days:?}, not {expected:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        before = expected;
    }
    world.becomes("2026-10-31T23:58:00Z");
    let (status, _, token) = with_secret(&world.services[0], id, secret).await;
    assert_eq!((status, &token["expires_in"]), (200, &json!(120)), "no token outlives its client");
    world.becomes("2026-11-01T00:00:00Z");
    let over = with_secret(&world.services[0], id, secret).await;
    assert!(over.0 == 401 && says(&over).contains("last day is over"), "{}", says(&over));
    let client = format!("/v1/boroughs/wigan/clients/{id}");
    assert_eq!(world.read("wigan-admin", &client).await["state"], "expired");
    let headers = [("if-match", "\"1\"")];
    let longer = json!({"expires_on": "2027-03-31"});
    let changed = send(&world.as_("wigan-admin"), Method::PATCH, &client, &headers, Some(&longer)).await;
    assert_eq!((changed.status.as_u16(), &changed.body["state"]), (200, &json!("active")), "{}", changed.body);
    assert_eq!(with_secret(&world.services[0], id, secret).await.0, 200);
}

#[tokio::test]
async fn the_last_administrator_stays_and_all_at_once_leaves_a_new_one() {
    let mut world = World::in_real_time(Duration::from_secs(60)).await;
    world.region("north", "North").await;
    world.borough("wigan", "E08000010", "Wigan", "north").await;
    let clients = "/v1/boroughs/wigan/clients";
    let admin = world.as_("wigan-admin");
    let own = world.read("wigan-admin", clients).await["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|c| c["role"] == "admin")
        .unwrap()["id"]
        .clone();
    let own = format!("{clients}/{}", own.as_str().unwrap());
    assert_eq!(refusal(&world.try_move("wigan-admin", &own, "revoked", "Mine").await), "409 conflict");
    let keys = world.read("wigan-admin", &format!("{own}/keys")).await;
    let own_key = format!("{own}/keys/{}", keys["data"][0]["id"].as_str().unwrap());
    assert_eq!(refusal(&world.try_move("wigan-admin", &own_key, "retiring", "Mine").await), "409 conflict");
    // Two administrators revoke each other at once: one of them stays.
    let second = world.done("wigan-admin", clients, json!({"name": "Second", "role": "admin"})).await;
    world.keep("second-admin", &second);
    let other = format!("{clients}/{}", second["id"].as_str().unwrap());
    let (first, second) = (world.as_("wigan-admin"), world.as_("second-admin"));
    let (of_other, of_own) = (version(&second, &other).await, version(&first, &own).await);
    let revoked = json!({"to": "revoked", "reason": "Each other"});
    let each = async |client: &Client, path: &str, tag: &str| {
        let (headers, key) = ([("if-match", tag)], key());
        let headers = [headers[0], ("idempotency-key", &*key)];
        client.send(Method::POST, &format!("{path}/transitions"), &headers, Some(&revoked)).await.unwrap()
    };
    let (one, two) = tokio::join!(each(&first, &other, &of_other), each(&second, &own, &of_own));
    let done = [&one, &two].iter().filter(|answer| answer.status.is_success()).count();
    assert_eq!(done, 1, "{} {}", one.body, two.body);
    let left = if one.status.is_success() { "wigan-admin" } else { "second-admin" };
    // All but one's own.
    let all = format!("{clients}/revocations");
    let spared = world.done(left, &all, json!({"reason": "An incident", "except_own": true})).await;
    assert!(spared["revoked"].as_u64().unwrap() >= 5 && spared["administrator"].is_null(), "{spared}");
    let states = world.read(left, clients).await;
    let active = states["data"].as_array().unwrap().iter().filter(|client| client["state"] == "active").count();
    assert_eq!(active, 1);
    // All, with a new one in the answer.
    let everything = world.done(left, &all, json!({"reason": "An incident", "except_own": false})).await;
    world.keep("third-admin", &everything["administrator"]);
    assert!(world.as_(left).token().await.is_err(), "it is revoked too");
    // By the platform, which sees none of them.
    let by_platform = world.done("officer", &all, json!({"reason": "Nobody answers", "except_own": false})).await;
    world.keep("fourth-admin", &by_platform["administrator"]);
    assert!(world.as_("third-admin").token().await.is_err());
    tokio::time::sleep(Duration::from_secs(2)).await;
    let seen = world.read("fourth-admin", clients).await;
    let active: Vec<_> = seen["data"].as_array().unwrap().iter().filter(|client| client["state"] == "active").collect();
    assert_eq!(active.len(), 1, "{seen}");
    assert_eq!(active[0]["id"], by_platform["administrator"]["client_id"]);
    let old = admin.token().await.map(|token| http().get(format!("{}{clients}", world.url)).bearer_auth(token).send());
    if let Ok(asked) = old {
        let began = Instant::now();
        let mut status = asked.await.unwrap().status();
        while status != StatusCode::UNAUTHORIZED && began.elapsed() < Duration::from_secs(60) {
            tokio::time::sleep(Duration::from_millis(200)).await;
            let token = admin.token().await.unwrap();
            status = http().get(format!("{}{clients}", world.url)).bearer_auth(token).send().await.unwrap().status();
        }
        assert_eq!(status, StatusCode::UNAUTHORIZED, "tokens of before are cut off");
    }
}

#[tokio::test]
async fn an_offices_client_is_rotated_and_revoked_as_a_boroughs_is() {
    testford().await;
    let (officer, url) = (running().as_("platform-officer"), &running().services[0]);
    for (path, role) in [
        ("/v1/regions/testshire/clients", "analyst"),
        ("/v1/partners/TST/clients", "partner_finance"),
        ("/v1/platform/clients", "officer"),
    ] {
        let made = write(&officer, path, &json!({"name": "To go", "role": role})).await.body;
        let (id, first) = (made["id"].as_str().unwrap(), made["client_secret"].as_str().unwrap());
        let client = format!("{path}/{id}");
        let second = write(&officer, &format!("{client}/keys"), &json!({"overlap_hours": 0})).await.body;
        let second = second["client_secret"].as_str().unwrap();
        assert_eq!((with_secret(url, id, first).await.0, with_secret(url, id, second).await.0), (401, 200), "{path}");
        officer.transition(&client, &key(), "revoked", "No longer used").await.unwrap();
        assert_eq!(with_secret(url, id, second).await.0, 401);
        assert_eq!(officer.get(&client).await.unwrap().body["state"], "revoked");
        // Under another office's path it is not there.
        let elsewhere = format!("/v1/regions/greater-manchester/clients/{id}");
        assert_eq!(send(&officer, Method::GET, &elsewhere, &[], None).await.status, 404);
    }
}

/// A library of another language gets a token by the standards alone: metadata, assertion, revocation.
#[tokio::test]
async fn a_library_of_another_language_gets_a_token() {
    let pair = pair();
    let id = signing(&[&pair]).await;
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = std::env::var("TENFOLD_CLIENT_PYTHON").unwrap_or_else(|_| {
        let dev = here.parent().unwrap().join("dev");
        let made = Command::new(dev).arg("client-python").output().expect("./dev is there");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        String::from_utf8(made.stdout).unwrap().trim().to_owned()
    });
    let folder = testkit::scratch("python");
    std::fs::write(folder.join("key.pem"), &pair.pem).unwrap();
    let script = here.join("clients/private_key_jwt.py");
    let (url, pem) = (running().url.clone(), folder.join("key.pem"));
    let ran = tokio::task::spawn_blocking(move || {
        Command::new(python).arg(script).arg(url).arg(id).arg(pem).output().expect("it runs")
    });
    let ran = ran.await.unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    assert!(said.contains("a token, used and handed back"), "{said}");
}

/// The version of a thing, asked by a client that has its token from then on.
async fn version(client: &Client, path: &str) -> String {
    let found = client.get(path).await.unwrap();
    found.headers["etag"].to_str().unwrap().to_owned()
}
