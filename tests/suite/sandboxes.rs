//! A borough's sandbox is there from the first minute, with something to try things out on, and counts nowhere.

use serde_json::{Value, json};

use crate::world::World;

const SEFTON: &str = "/v1/boroughs/sefton";

#[tokio::test]
async fn a_sandbox_is_filled_by_itself_and_never_in_the_regions_figures() {
    let mut world = World::beginning("2026-09-01T09:00:00Z").await;
    world.region("liverpool-city-region", "Liverpool City Region").await;
    world.borough("sefton", "E08000014", "Sefton", "liverpool-city-region").await;
    let admin = "sefton-sandbox-admin";
    for role in ["finance", "clerk"] {
        let made = world.done(admin, &format!("{SEFTON}/clients"), json!({"name": role, "role": role})).await;
        world.keep(&format!("sefton-sandbox-{role}"), &made);
    }
    let some = |found: &Value| found["data"].as_array().is_some_and(|all| !all.is_empty());
    let committees = world.until(admin, &format!("{SEFTON}/committees"), some).await;
    assert_eq!(committees["data"][0]["name"], "Sandbox joint committee");
    let funds = world.until(admin, &format!("{SEFTON}/funds"), some).await;
    let fund = format!("{SEFTON}/funds/{}", funds["data"][0]["id"].as_str().unwrap());
    world.until("sefton-sandbox-finance", &format!("{fund}/years"), some).await;
    let position = format!("{fund}/years/2026-27/position");
    let filled = |found: &Value| {
        found["data"].as_array().is_some_and(|rows| rows.iter().any(|row| row["actual_pence"] == 16_930_575))
    };
    let position = world.until("sefton-sandbox-finance", &position, filled).await;
    assert_eq!(position["data"][0]["budget_pence"], 200_000_000);
    // It can be worked in at once.
    let journal = json!({"effective_on": "2026-09-01", "period": 6, "narrative": "Mine", "postings": [
        {"account": "5100", "scheme": "ICES", "layer": "actual", "amount_pence": 100},
        {"account": "9000", "layer": "actual", "amount_pence": -100}]});
    world.done("sefton-sandbox-finance", &format!("{fund}/journals"), journal).await;
    // Who did it is on record.
    let trail = world.until(admin, &format!("{SEFTON}/audit?client=sandbox.seed"), some).await;
    assert!(trail["data"].as_array().unwrap().len() >= 3, "{trail}");
    let seats = format!("{SEFTON}/committees/{}/seats", committees["data"][0]["id"].as_str().unwrap());
    world
        .until("sefton-sandbox-clerk", &seats, |found| found["data"].as_array().is_some_and(|all| all.len() == 2))
        .await;

    // The live borough is empty, and the region sees nothing of either.
    assert_eq!(world.read("sefton-finance", &format!("{SEFTON}/funds")).await["data"], json!([]));
    let region = "/v1/regions/liverpool-city-region";
    let expected = world.read("liverpool-city-region-analyst", &format!("{region}/boroughs")).await;
    assert_eq!(expected["data"].as_array().unwrap().len(), 1);
    let figures = world.read("liverpool-city-region-analyst", &format!("{region}/positions?year=2026-27")).await;
    assert_eq!((&figures["data"], &figures["coverage"]["reported"]), (&json!([]), &json!(0)), "{figures}");
}

#[tokio::test]
async fn what_was_set_up_in_the_sandbox_is_copied_to_the_live_borough_once() {
    let mut world = World::beginning("2026-09-01T09:00:00Z").await;
    world.region("liverpool-city-region", "Liverpool City Region").await;
    world.borough("sefton", "E08000014", "Sefton", "liverpool-city-region").await;
    world.at_rest().await;
    let organisations = format!("{SEFTON}/organisations");
    let group = json!({"kind": "ccg", "name": "NHS South Sefton CCG", "ods": "01T", "valid_from": "2013-04-01",
        "valid_to": "2022-06-30", "source": "NHS Organisation Data Service"});
    let group = world.done("sefton-sandbox-admin", &organisations, group).await;
    let board = json!({"kind": "icb", "name": "NHS Cheshire and Merseyside ICB", "ods": "QYG", "valid_from": "2022-07-01",
        "predecessors": [group["id"]], "source": "NHS Organisation Data Service"});
    let board = world.done("sefton-sandbox-admin", &organisations, board).await;
    let alias = json!({"name": "NHS C&M", "source": "Published spending"});
    let aliases = format!("{organisations}/{}/aliases", board["id"].as_str().unwrap());
    world.done("sefton-sandbox-admin", &aliases, alias).await;
    // The newest contact counts: not of the same instant as the one that is made up.
    world.becomes("2026-09-01T09:01:00Z");
    let contact = json!({"office": "Information security", "email": "security@sefton.gov.example.org"});
    world.done("sefton-sandbox-admin", &format!("{SEFTON}/security-contacts"), contact).await;

    let copies = format!("{SEFTON}/settings-copies");
    let other_way = world.post("sefton-sandbox-admin", &copies, &json!({})).await;
    assert_eq!(other_way.status, 409, "{}", other_way.body);
    let copied = world.done("sefton-admin", &copies, json!({})).await;
    assert_eq!(copied["organisations"], json!(["NHS South Sefton CCG", "NHS Cheshire and Merseyside ICB"]));
    assert_eq!((&copied["aliases"], &copied["security_contact"]), (&json!(1), &json!(true)));
    assert_eq!(copied["left"].as_array().unwrap().len(), 2, "what is made up stays: {copied}");
    let live = world.read("sefton-admin", &organisations).await;
    let find = |name: &str| live["data"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap().clone();
    let (here, before) = (find("NHS Cheshire and Merseyside ICB"), find("NHS South Sefton CCG"));
    assert_eq!((&here["predecessors"][0]["id"], &here["aliases"]), (&before["id"], &json!(["NHS C&M"])));
    assert_ne!(here["id"], board["id"], "a body of its own");
    // A second time there is nothing left to copy.
    let again = world.done("sefton-admin", &copies, json!({})).await;
    assert_eq!((&again["organisations"], &again["security_contact"]), (&json!([]), &json!(false)));
    assert_eq!(again["left"].as_array().unwrap().len(), 5);
}
