//! Never fewer than two administrators on a live borough: people and clients, by whatever way one would go.

use reqwest::Method;
use serde_json::{Value, json};
use tenfold::client::{Answer, Client};

use super::{
    exchange::{Person, ask_at, joins, read, registered},
    stub::Stub,
};
use crate::{
    onboarding_recipes::borough_in_review,
    running::{key, refusal, running, testford, write},
};

/// A live borough with one administrator's client, and a provider.
struct Live {
    home: String,
    admin: Client,
    client: String,
    stub: Stub,
    issuer: String,
}

async fn live() -> Live {
    testford().await;
    let slug = borough_in_review().await;
    let home = format!("/v1/boroughs/{slug}");
    running().as_("platform-officer").transition(&home, &key(), "live", "A test").await.unwrap();
    let admin = running().as_(&format!("{slug}-admin"));
    let (stub, made) = registered(&admin, &home, json!([])).await;
    let client = format!("{home}/clients/{}", admin.credentials().client_id);
    let issuer = format!("{home}/issuers/{}", made["id"].as_str().unwrap());
    Live { home, admin, client, stub, issuer }
}

impl Live {
    async fn joins(&self, role: &str) -> Person {
        joins(&self.admin, &self.home, &self.stub, role).await
    }

    fn member(&self, person: &Person) -> String {
        format!("{}/members/{}", self.home, person.id)
    }

    async fn moves(&self, thing: &str, to: &str) -> Answer {
        let token = self.admin.token().await.unwrap();
        moves(&token, thing, to).await
    }

    async fn administrators(&self) -> i64 {
        let checklist = read(&self.admin, &format!("{}/onboarding", self.home)).await;
        let task =
            checklist["data"].as_array().unwrap().iter().find(|one| one["task"] == "administrators").unwrap().clone();
        let told = task["finding"].as_str().unwrap();
        told.split(' ').next().unwrap().parse().unwrap_or(i64::from(told.contains("one administrator")))
    }

    async fn change(&self, person: &Person, body: Value) -> Answer {
        let (token, path) = (self.admin.token().await.unwrap(), self.member(person));
        let tag = tag(&token, &path).await;
        ask_at(&running().url, &token, Method::PATCH, &path, &[("if-match", &tag)], Some(&body)).await
    }
}

async fn tag(token: &str, path: &str) -> String {
    let found = ask_at(&running().url, token, Method::GET, path, &[], None).await;
    found.headers["etag"].to_str().unwrap_or_else(|_| panic!("{path}")).to_owned()
}

async fn moves(token: &str, thing: &str, to: &str) -> Answer {
    let path = format!("{thing}/transitions");
    let tag = tag(token, &path).await;
    let body = json!({"to": to, "reason": "A test"});
    ask_at(&running().url, token, Method::POST, &path, &[("if-match", &tag)], Some(&body)).await
}

#[tokio::test]
async fn a_live_borough_keeps_two_people_or_clients() {
    let live = live().await;
    assert_eq!(live.administrators().await, 1, "the checklist was waived");
    assert_eq!(refusal(&live.moves(&live.client, "revoked").await), "409 conflict", "the last stays, waived or not");
    let one = live.joins("admin").await;
    assert_eq!(live.administrators().await, 2);
    let keys = read(&live.admin, &format!("{}/keys", live.client)).await;
    let own_key = format!("{}/keys/{}", live.client, keys["data"][0]["id"].as_str().unwrap());
    // By whatever way one of the two would go.
    for (thing, to) in [
        (live.client.as_str(), "revoked"),
        (&own_key, "revoked"),
        (&own_key, "retiring"),
        (&live.member(&one), "suspended"),
        (&live.member(&one), "removed"),
        (&live.issuer, "suspended"),
        (&live.issuer, "removed"),
    ] {
        let refused = live.moves(thing, to).await;
        assert_eq!(refusal(&refused), "409 conflict", "{thing} {to}: {}", refused.body);
        assert!(refused.body["detail"].as_str().unwrap().contains("two administrators"), "{}", refused.body);
    }
    assert_eq!(refusal(&live.change(&one, json!({"role": "finance"})).await), "409 conflict");
    assert_eq!(live.change(&one, json!({"office": "Director"})).await.status, 200, "another office takes nothing away");
    // Whoever is no administrator may go.
    let clerk = live.joins("clerk").await;
    assert_eq!(live.moves(&live.member(&clerk), "removed").await.status, 200);
    // With a third, one of them may.
    let two = live.joins("admin").await;
    assert_eq!(live.administrators().await, 3);
    assert_eq!(live.moves(&live.member(&two), "suspended").await.status, 200);
    assert_eq!(
        refusal(&live.moves(&live.member(&one), "suspended").await),
        "409 conflict",
        "a suspended one does not count"
    );
    assert_eq!(live.moves(&live.member(&two), "active").await.status, 200);
    assert_eq!(live.change(&two, json!({"role": "finance"})).await.status, 200);
    // An administrator's client with fewer scopes than it takes is none.
    let narrow = json!({"name": "Narrow", "role": "admin", "scopes": "clients:read"});
    assert_eq!(write(&live.admin, &format!("{}/clients", live.home), &narrow).await.status, 201);
    assert_eq!(live.administrators().await, 2);
}

#[tokio::test]
async fn of_two_who_take_each_others_role_at_once_one_is_refused() {
    let live = live().await;
    let mut one = live.joins("admin").await;
    for _ in 0..5 {
        // Three with the client: two may not both go.
        let two = live.joins("admin").await;
        assert_eq!(live.administrators().await, 3);
        let (of_one, of_two) = (live.member(&one), live.member(&two));
        let (first, second) =
            tokio::join!(moves(&one.token, &of_two, "suspended"), moves(&two.token, &of_one, "suspended"));
        let done = [&first, &second].iter().filter(|answer| answer.status == 200).count();
        assert_eq!(done, 1, "{} {}", first.body, second.body);
        assert_eq!(live.administrators().await, 2);
        one = if first.status == 200 { one } else { two };
    }
}

#[tokio::test]
async fn a_role_is_handed_over_in_one_step() {
    let live = live().await;
    let (one, other) = (live.joins("admin").await, live.joins("finance").await);
    assert_eq!(live.administrators().await, 2);
    let path = format!("{}/hand-overs", live.member(&one));
    let hands = async |body: Value| write(&live.admin, &path, &body).await;
    for (body, wanted) in [
        (json!({"to": one.id, "reason": "A test"}), "422 content-invalid"),
        (json!({"to": "borough.nowhere.live.member-0123456789", "reason": "A test"}), "422 unknown-reference"),
        (json!({"to": other.id, "reason": " "}), "422 content-invalid"),
        (json!({"to": other.id, "reason": "A test", "keeps": "system"}), "422 content-invalid"),
    ] {
        assert_eq!(refusal(&hands(body.clone()).await), wanted, "{body}");
    }
    // Two administrators before, and after.
    let done = hands(json!({"to": other.id, "reason": "A new head of finance", "keeps": "auditor"})).await;
    assert_eq!(done.status, 201, "{}", done.body);
    assert_eq!((&done.body["to"]["role"], &done.body["from"]["role"]), (&json!("admin"), &json!("auditor")));
    assert_eq!(live.administrators().await, 2);
    // Their tokens say what they were: these are cut off.
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let (url, members) = (&running().url, format!("{}/members", live.home));
    for _ in 0..300 {
        let answer = ask_at(url, &one.token, Method::GET, &members, &[], None).await;
        if answer.status == 401 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    assert_eq!(ask_at(url, &one.token, Method::GET, &members, &[], None).await.status, 401);
    let back = super::exchange::exchange(url, &live.stub.id_token("tenfold", &other.sub), &[]).await;
    assert_eq!(back.claims()["role"], "admin");
    assert_eq!(ask_at(url, back.token(), Method::GET, &members, &[], None).await.status, 200);
    // To one who is an administrator already it would leave one fewer.
    let third = live.joins("admin").await;
    let client = live.moves(&live.client, "revoked").await;
    assert_eq!(client.status, 200, "{}", client.body);
    let from = format!("{}/hand-overs", live.member(&other));
    let token = back.token();
    let body = json!({"to": third.id, "reason": "A test"});
    let refused = ask_at(url, token, Method::POST, &from, &[], Some(&body)).await;
    assert_eq!(refusal(&refused), "409 conflict", "{}", refused.body);
    // Whoever hands over and keeps nothing leaves.
    let clerk_path = format!("{}/members/{}", live.home, one.id);
    let body = json!({"to": one.id, "reason": "Retired"});
    let done = ask_at(url, token, Method::POST, &format!("{}/hand-overs", live.member(&third)), &[], Some(&body)).await;
    assert_eq!((done.status.as_u16(), &done.body["from"]["state"]), (201, &json!("removed")), "{}", done.body);
    let found = ask_at(url, token, Method::GET, &clerk_path, &[], None).await;
    assert_eq!(found.body["role"], "admin");
}
