//! Members and invitations: who is let in, once; and who is not let in any more.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{
    TESTFORD,
    exchange::{Given, ask, ask_at, exchange, http, invited, joins, read, registered},
    stub::Stub,
};
use crate::{
    running::{key, pointer, refusal, running, send, testford, write},
    world::World,
};

/// Asks at the gateway and at a service behind it until both refuse; panics after a minute.
pub(super) async fn refused_within_a_minute(token: &str) {
    let began = Instant::now();
    for (url, path) in [
        (&running().url, format!("{TESTFORD}/funds")),
        (&running().services[1], format!("{TESTFORD}/funds")),
        (&running().services[0], TESTFORD.to_owned()),
    ] {
        loop {
            let answer = http().get(format!("{url}{path}")).bearer_auth(token).send().await.unwrap();
            if answer.status() == StatusCode::UNAUTHORIZED {
                break;
            }
            assert!(began.elapsed() < Duration::from_secs(60), "still answered after a minute");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

#[tokio::test]
async fn a_suspended_members_token_dies_and_they_get_no_other() {
    testford().await;
    let admin = running().as_("testford-admin");
    let (stub, _) = registered(&admin, TESTFORD, json!([])).await;
    let person = joins(&admin, TESTFORD, &stub, "finance").await;
    let other = joins(&admin, TESTFORD, &stub, "finance").await;
    let path = format!("{TESTFORD}/members/{}", person.id);
    admin.transition(&path, &key(), "suspended", "Seconded elsewhere").await.unwrap();
    refused_within_a_minute(&person.token).await;
    let refused = exchange(&running().url, &stub.id_token("tenfold", &person.sub), &[]).await;
    assert!(refused.says().contains("You are suspended here"), "{}", refused.body);
    let still = ask(&running().url, &other.token, Method::GET, &format!("{TESTFORD}/funds"), None).await;
    assert_eq!(still.status, 200, "nobody else is cut off");
    admin.transition(&path, &key(), "active", "Back").await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let back = exchange(&running().url, &stub.id_token("tenfold", &person.sub), &[]).await;
    assert_eq!(back.member(), person.id);
    admin.transition(&path, &key(), "removed", "Retired").await.unwrap();
    refused_within_a_minute(back.token()).await;
    let refused = exchange(&running().url, &stub.id_token("tenfold", &person.sub), &[]).await;
    assert!(refused.says().contains("removed here"), "{}", refused.body);
    let history = read(&admin, &format!("{path}/transitions")).await;
    let moves: Vec<&str> =
        history["data"].as_array().unwrap().iter().map(|made| made["to"].as_str().unwrap()).collect();
    assert_eq!(moves, ["suspended", "active", "removed"]);
    let tag = admin.get(&path).await.unwrap().headers["etag"].to_str().unwrap().to_owned();
    let token = admin.token().await.unwrap();
    let late =
        ask_at(&running().url, &token, Method::PATCH, &path, &[("if-match", &tag)], Some(&json!({"office": "X"})))
            .await;
    assert_eq!(refusal(&late), "409 transition-refused");
}

/// A token is given before somebody is suspended, and cut off, or not at all.
#[tokio::test]
async fn no_token_slips_past_a_suspension() {
    testford().await;
    let admin = running().as_("testford-admin");
    let (stub, _) = registered(&admin, TESTFORD, json!([])).await;
    let person = joins(&admin, TESTFORD, &stub, "finance").await;
    let path = format!("{TESTFORD}/members/{}", person.id);
    let tokens: Vec<String> = (0..40).map(|_| stub.id_token("tenfold", &person.sub)).collect();
    let sign_ins = join_all(tokens.iter().map(|token| exchange(&running().services[0], token, &[])));
    let (answers, once) = (sign_ins, key());
    let (answers, suspended) = tokio::join!(answers, admin.transition(&path, &once, "suspended", "A test"));
    suspended.unwrap();
    for answer in &answers {
        if answer.status == 200 {
            refused_within_a_minute(answer.token()).await;
        } else {
            assert!(answer.says().contains("You are suspended here"), "{}", answer.body);
        }
    }
}

#[tokio::test]
async fn who_signs_out_hands_the_token_back() {
    testford().await;
    let admin = running().as_("testford-admin");
    let (stub, _) = registered(&admin, TESTFORD, json!([])).await;
    let (person, other) =
        (joins(&admin, TESTFORD, &stub, "finance").await, joins(&admin, TESTFORD, &stub, "finance").await);
    let hands_back = async |token: &str| {
        let request = http().post(format!("{}/oauth2/revoke", running().url)).body(format!("token={token}"));
        request.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap().status()
    };
    assert_eq!(hands_back(&person.token).await, 200);
    refused_within_a_minute(&person.token).await;
    let still = ask(&running().url, &other.token, Method::GET, &format!("{TESTFORD}/funds"), None).await;
    assert_eq!(still.status, 200);
    assert_eq!(exchange(&running().url, &stub.id_token("tenfold", &person.sub), &[]).await.status, 200);
    // A client's is not ended by whoever has it.
    assert_eq!(hands_back(&admin.token().await.unwrap()).await, 401);
}

#[tokio::test]
async fn fifty_people_with_one_invitation_are_one_member() {
    testford().await;
    let admin = running().as_("testford-admin");
    let (stub, _) = registered(&admin, TESTFORD, json!([])).await;
    let invitation = invited(&admin, TESTFORD, "clerk").await;
    let code = [("invitation", invitation["code"].as_str().unwrap())];
    let tokens: Vec<String> = (0..50).map(|n| stub.id_token("tenfold", &format!("person {n}"))).collect();
    let answers = join_all(tokens.iter().map(|token| exchange(&running().services[0], token, &code))).await;
    let members: Vec<&Given> = answers.iter().filter(|answer| answer.status == 200).collect();
    let refused =
        answers.iter().filter(|a| a.refusal() == "400 invalid_grant" && a.says().contains("accepted already"));
    assert_eq!((members.len(), refused.count()), (1, 49));
    // A refused one is not spent: with an invitation of its own it is taken.
    let at = answers.iter().position(|answer| answer.status != 200).unwrap();
    let other = invited(&admin, TESTFORD, "clerk").await;
    let taken = exchange(&running().services[0], &tokens[at], &[("invitation", other["code"].as_str().unwrap())]).await;
    assert_eq!(taken.status, 200, "{}", taken.body);
    // Whoever is a member needs none, and does not use it up.
    let third = invited(&admin, TESTFORD, "clerk").await;
    let person = joins(&admin, TESTFORD, &stub, "clerk").await;
    let more = [("invitation", third["code"].as_str().unwrap())];
    let already = exchange(&running().url, &stub.id_token("tenfold", &person.sub), &more).await;
    assert!(already.says().contains("already"), "{}", already.body);
    let found = read(&admin, &format!("{TESTFORD}/invitations/{}", third["id"].as_str().unwrap())).await;
    assert_eq!(found["state"], "pending");
}

#[tokio::test]
async fn an_invitation_that_is_not_good_says_why() {
    testford().await;
    let admin = running().as_("testford-admin");
    let (stub, _) = registered(&admin, TESTFORD, json!([])).await;
    let sends = async |code: &str| {
        let refused = exchange(&running().url, &stub.id_token("tenfold", &key()), &[("invitation", code)]).await;
        assert_eq!(refused.refusal(), "400 invalid_grant", "{}", refused.body);
        refused.says().to_owned()
    };
    let invitation = invited(&admin, TESTFORD, "clerk").await;
    let code = invitation["code"].as_str().unwrap();
    assert!(sends(&code[..code.len() - 1]).await.contains("lost or changed"));
    assert!(sends("hunter2").await.contains("no such invitation"));
    let path = format!("{TESTFORD}/invitations/{}", invitation["id"].as_str().unwrap());
    admin.transition(&path, &key(), "withdrawn", "Sent to the wrong office").await.unwrap();
    assert!(sends(code).await.contains("withdrawn"));
    let told = read(&admin, &format!("{path}/transitions")).await;
    assert_eq!((&told["state"], &told["data"][0]["reason"]), (&json!("withdrawn"), &json!("Sent to the wrong office")));
    for (body, at) in [
        (json!({"office": " ", "role": "clerk"}), "/office"),
        (json!({"office": "Ledger", "role": "system"}), "/role"),
        (json!({"office": "Analyst", "role": "analyst"}), "/role"),
        (json!({"office": "Clerk", "role": "clerk", "days": 31}), "/days"),
        (json!({"office": "Clerk", "role": "clerk", "days": 0}), "/days"),
    ] {
        let refused = write(&admin, &format!("{TESTFORD}/invitations"), &body).await;
        assert_eq!((refusal(&refused).as_str(), pointer(&refused)), ("422 content-invalid", at), "{body}");
    }
    // The code is shown once.
    let (body, once) = (json!({"office": "Clerk", "role": "clerk"}), key());
    let headers = [("idempotency-key", once.as_str())];
    let list = format!("{TESTFORD}/invitations");
    let first = send(&admin, Method::POST, &list, &headers, Some(&body)).await;
    let again = send(&admin, Method::POST, &list, &headers, Some(&body)).await;
    assert!(first.body["code"].is_string() && again.body["code"].is_null());
    assert_eq!(first.body["id"], again.body["id"]);
}

#[tokio::test]
async fn an_invitation_ends_by_the_clock() {
    let mut world = World::beginning("2026-09-01T12:00:00Z").await;
    world.region("north", "North").await;
    world.borough("wigan", "E08000010", "Wigan", "north").await;
    let (stub, home) = (Stub::new(), "/v1/boroughs/wigan");
    let draft = json!({"name": "Sign-in", "issuer": stub.issuer, "audience": "tenfold"});
    world.done("wigan-admin", &format!("{home}/issuers"), draft).await;
    let clerk = json!({"office": "Clerk", "role": "clerk"});
    let week = world.done("wigan-admin", &format!("{home}/invitations"), clerk.clone()).await;
    assert_eq!(week["expires_at"], "2026-09-08T12:00:00Z");
    let month = json!({"office": "Clerk", "role": "clerk", "days": 30});
    let month = world.done("wigan-admin", &format!("{home}/invitations"), month).await;
    world.becomes("2026-09-08T12:00:00Z");
    let sends = async |invitation: &Value| {
        let token = stub.signs(&stub.claims_at("tenfold", &key(), world.clock.now().timestamp()));
        exchange(&world.url, &token, &[("invitation", invitation["code"].as_str().unwrap())]).await
    };
    assert!(sends(&week).await.says().contains("has expired"));
    let found = world.read("wigan-admin", &format!("{home}/invitations/{}", week["id"].as_str().unwrap())).await;
    assert_eq!(found["state"], "expired");
    let joined = sends(&month).await;
    assert_eq!(joined.status, 200, "{}", joined.body);
    // An ID token of a quarter of an hour ago is too old.
    let old = stub.signs(&stub.claims_at("tenfold", "late", world.clock.now().timestamp() - 900));
    assert!(exchange(&world.url, &old, &[]).await.says().contains("sign in again"));
}

/// Who asks does not decide, whether they are a client or a person.
#[tokio::test]
async fn a_person_is_one_person_wherever_two_are_asked_for() {
    testford().await;
    let (officer, home) = (running().as_("platform-officer"), "/v1/platform");
    let (stub, _) = registered(&officer, home, json!([])).await;
    let (asks, decides) =
        (joins(&officer, home, &stub, "officer").await, joins(&officer, home, &stub, "officer").await);
    let url = &running().url;
    let slug = key();
    let gss = format!("E06{:06}", slug.trim_start_matches("key-").parse::<u32>().unwrap());
    let borough = json!({"slug": slug, "gss": gss, "name": slug, "region": "testshire", "expected_from": "2020-04-01"});
    let made = ask(url, &asks.token, Method::POST, "/v1/boroughs", Some(&borough)).await;
    assert_eq!(made.status, 201, "{}", made.body);
    running().keep(&format!("{slug}-admin"), &made.body["administrators"][0]);
    let path = format!("/v1/boroughs/{slug}");
    running().as_(&format!("{slug}-admin")).transition(&path, &key(), "in_review", "A test").await.unwrap();
    crate::onboarding_recipes::waive_all(&officer, &slug).await;
    let live = json!({"to": "live", "reason": "A test"});
    let moves = format!("{path}/transitions");
    // The same person, signed in anew, is the same person.
    let again = exchange(url, &stub.id_token("tenfold", &asks.sub), &[]).await;
    for token in [asks.token.as_str(), again.token()] {
        let refused = ask_at(url, token, Method::POST, &moves, &[("if-match", "\"2\"")], Some(&live)).await;
        assert_eq!(refused.status, 409, "{}", refused.body);
    }
    let done = ask_at(url, &decides.token, Method::POST, &moves, &[("if-match", "\"2\"")], Some(&live)).await;
    assert_eq!(done.status, 200, "{}", done.body);
    // A key of one person is not another's.
    let once = [("idempotency-key", "one-key")];
    let region = |name: &str| json!({"slug": key(), "name": name});
    let one = ask_at(url, &asks.token, Method::POST, "/v1/regions", &once, Some(&region("One"))).await;
    let other = ask_at(url, &decides.token, Method::POST, "/v1/regions", &once, Some(&region("Other"))).await;
    assert_eq!((one.status.as_u16(), other.status.as_u16()), (201, 201), "{} {}", one.body, other.body);
}
