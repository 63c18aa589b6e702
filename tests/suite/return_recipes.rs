//! What operations on plans, monitoring, the Better Care Fund and returns need to be asked for.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    recipes::Operation,
    running::{key, new_fund, running, send, testford, write},
};

const HERE: &str = "/v1/boroughs/testford";

/// A fund of its own, and where its year 2026-27 is.
async fn fund() -> (String, String) {
    let fund = new_fund("testford", &testford().await.council, &format!("For returns {}", key())).await;
    let year = format!("{HERE}/funds/{fund}/years/2026-27");
    (fund, year)
}

/// The scheme of a fund.
async fn scheme(fund: &str) -> String {
    let schemes = running().as_("testford-finance").get(&format!("{HERE}/funds/{fund}/schemes")).await.unwrap();
    schemes.body["data"][0]["id"].as_str().unwrap().to_owned()
}

async fn put_first(path: &str, body: &Value) {
    let finance = running().as_("testford-finance");
    let put = send(&finance, Method::PUT, path, &[("if-match", "\"0\"")], Some(body)).await;
    assert_eq!(put.status, 200, "{path}: {}", put.body);
}

/// A draft of the first quarter's report of a fund whose first three periods are soft-closed.
pub(crate) async fn first_quarter(fund: &str, year: &str) -> String {
    let finance = running().as_("testford-finance");
    for period in 1..=3 {
        finance.transition(&format!("{year}/periods/{period}"), &key(), "soft_closed", "A test").await.unwrap();
    }
    let draft = json!({"fund": fund, "year": "2026-27", "kind": "quarterly", "quarter": 1});
    let made = write(&finance, &format!("{HERE}/returns"), &draft).await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.body["id"].as_str().unwrap().to_owned()
}

/// A return, submitted by a finance officer, approved and published by the pool manager.
async fn published() -> String {
    let (fund, year) = fund().await;
    let id = first_quarter(&fund, &year).await;
    for (persona, to) in [("finance", "submitted"), ("pool-manager", "approved"), ("pool-manager", "published")] {
        let client = running().as_(&format!("testford-{persona}"));
        client.transition(&format!("{HERE}/returns/{id}"), &key(), to, "A test").await.unwrap();
    }
    id
}

/// Fills in what these operations need.
pub(crate) async fn fill(operation: &Operation, path: String, body: &mut Option<Value>) -> String {
    match operation.id.as_str() {
        "getSchemePlan" => path.replace("{scheme}", &scheme(&testford().await.fund).await),
        "setSchemePlan" => {
            let (fund, _) = fund().await;
            let scheme = scheme(&fund).await;
            let path = path.replace("{fund}", &fund).replace("{scheme}", &scheme);
            put_first(&path.replace("{borough}", "testford").replace("{year}", "2026-27"), body.as_ref().unwrap())
                .await;
            path
        }
        "setBetterCareFund" => {
            let (fund, year) = fund().await;
            put_first(&format!("{year}/better-care-fund"), body.as_ref().unwrap()).await;
            path.replace("{fund}", &fund)
        }
        "signOffBetterCareFund" => {
            let (fund, year) = fund().await;
            let plan = json!({"nhs_minimum_pence": 1, "asc_minimum_pence": 0, "source": "Published allocations",
                "asc_planned_pence": 0, "conditions": [{"number": 1, "met": true}], "metrics": []});
            put_first(&format!("{year}/better-care-fund"), &plan).await;
            path.replace("{fund}", &fund)
        }
        "reportSaving" => {
            let (fund, year) = fund().await;
            let saving = json!({"title": "One contract", "target_pence": 100, "recurrent": true, "owner": "An office"});
            let made = write(&running().as_("testford-finance"), &format!("{year}/savings"), &saving).await;
            path.replace("{fund}", &fund).replace("{saving}", made.body["id"].as_str().unwrap())
        }
        "prepareReturn" => {
            body.as_mut().unwrap()["fund"] = fund().await.0.into();
            path
        }
        "getReturn"
        | "getReturnLines"
        | "getReturnWorkbook"
        | "getReturnTransitions"
        | "moveReturn"
        | "setReturnNarrative" => {
            let (fund, year) = fund().await;
            path.replace("{return}", &first_quarter(&fund, &year).await)
        }
        "restateReturn" => path.replace("{return}", &published().await),
        _ => path,
    }
}

/// The version an operation changes, where it is not 1: what counts as green belongs to the region all tests share.
pub(crate) async fn version(operation: &Operation) -> String {
    match operation.id.as_str() {
        "setRag" => {}
        // Set for the first time.
        "setSchedule" => return "\"0\"".to_owned(),
        _ => return "\"1\"".to_owned(),
    }
    testford().await;
    let there = running().as_("ts-analyst").get("/v1/regions/testshire/rag").await.unwrap();
    there.headers["etag"].to_str().unwrap().to_owned()
}
