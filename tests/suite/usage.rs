//! What a borough's clients ask for is counted where answers leave; a day's quota holds until midnight.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tenfold::client::Client;

use crate::{
    running::{key, refusal, send},
    world::World,
};

const SEFTON: &str = "/v1/boroughs/sefton";

async fn world() -> World {
    let mut world = World::beginning("2026-11-22T23:30:00Z").await;
    world.region("liverpool-city-region", "Liverpool City Region").await;
    world.borough("sefton", "E08000014", "Sefton", "liverpool-city-region").await;
    world.borough("wirral", "E08000015", "Wirral", "liverpool-city-region").await;
    world
}

async fn of_client(world: &World, client: &Client) -> Value {
    let id = client.credentials().client_id.clone();
    let all = world.read("sefton-auditor", &format!("{SEFTON}/usage")).await;
    all["data"].as_array().unwrap().iter().find(|line| line["client_id"] == id).cloned().unwrap_or_default()
}

#[tokio::test]
async fn calls_rows_and_errors_are_counted_by_client_and_day() {
    let world = world().await;
    let finance = world.as_("sefton-finance");
    let organisations = format!("{SEFTON}/organisations");
    for _ in 0..3 {
        assert_eq!(finance.get(&organisations).await.unwrap().body["data"].as_array().unwrap().len(), 1);
    }
    assert_eq!(send(&finance, Method::GET, &organisations, &[("accept", "text/csv")], None).await.status, 200);
    assert_eq!(send(&finance, Method::GET, &format!("{SEFTON}/nothing"), &[], None).await.status, 404);
    assert_eq!(send(&finance, Method::GET, &format!("{SEFTON}/clients"), &[], None).await.status, 403);
    let mut counted = Value::Null;
    for _ in 0..200 {
        counted = of_client(&world, &finance).await;
        if counted["calls"].as_i64() >= Some(5) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // A path where nothing is has no caller: nobody looked at the token.
    assert_eq!(
        (&counted["calls"], &counted["rows"], &counted["errors"], &counted["day"]),
        (&json!(5), &json!(4), &json!(1), &json!("2026-11-22")),
        "{counted}"
    );
    // The day is England's.
    world.becomes("2026-11-23T00:10:00Z");
    world.read("sefton-finance", &organisations).await;
    let tomorrow = format!("{SEFTON}/usage?from=2026-11-23");
    let id = &finance.credentials().client_id;
    let told = |found: &Value| found["data"].as_array().unwrap().iter().any(|line| line["client_id"] == **id);
    let days = world.until("sefton-auditor", &tomorrow, told).await;
    assert!(days["data"].as_array().unwrap().iter().all(|line| line["day"] == "2026-11-23"));
    // Its own, and nobody else's.
    let wirral = world.read("wirral-auditor", "/v1/boroughs/wirral/usage").await;
    for line in wirral["data"].as_array().unwrap() {
        assert!(line["client_id"].as_str().unwrap().starts_with("borough.wirral."), "{line}");
    }
    let backwards = format!("{SEFTON}/usage?from=2026-12-01&to=2026-11-01");
    let wrong = send(&world.as_("sefton-auditor"), Method::GET, &backwards, &[], None).await;
    assert_eq!(refusal(&wrong), "400 query-invalid");
}

#[tokio::test]
async fn a_quota_that_is_used_up_answers_429_until_midnight_in_england() {
    let world = world().await;
    let officer = world.as_("officer");
    let patch = async |body: Value| {
        let tag = officer.get(SEFTON).await.unwrap().headers["etag"].to_str().unwrap().to_owned();
        let headers = [("if-match", tag.as_str()), ("idempotency-key", &key())];
        officer.send(Method::PATCH, SEFTON, &headers, Some(&body)).await.unwrap()
    };
    assert_eq!(refusal(&patch(json!({"calls_a_day": 1})).await), "422 content-invalid");
    assert_eq!(refusal(&patch(json!({})).await), "422 content-invalid");
    assert_eq!(patch(json!({"calls_a_day": 1000})).await.status, 200);
    let auditor = world.as_("sefton-auditor");
    let quota = auditor.get(&format!("{SEFTON}/usage/quota")).await.unwrap().body;
    assert_eq!((&quota["calls_a_day"], &quota["begins_anew_at"]), (&json!(1000), &json!("2026-11-23T00:00:00Z")));
    assert_eq!(quota["left"].as_i64().unwrap(), 1000 - quota["calls"].as_i64().unwrap());

    let mut over = None;
    for _ in 0..20_000 {
        let answer = auditor.send(Method::GET, SEFTON, &[], None).await.unwrap();
        if answer.status == 429 && answer.body["detail"].as_str().unwrap().contains("quota of 1000 calls") {
            over = Some(answer);
            break;
        }
    }
    let over = over.expect("it is used up");
    assert_eq!(over.headers["retry-after"], "1800");
    // Another borough is none the poorer; and tomorrow is another day.
    assert_eq!(send(&world.as_("wirral-auditor"), Method::GET, "/v1/boroughs/wirral", &[], None).await.status, 200);
    world.becomes("2026-11-23T00:00:01Z");
    assert_eq!(send(&world.as_("sefton-auditor"), Method::GET, SEFTON, &[], None).await.status, 200);
}
