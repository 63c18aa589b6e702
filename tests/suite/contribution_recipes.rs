//! What operations on contributions, instalments, awards, budgets and the reconciliation need to be asked for.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    recipes::Operation,
    running::{key, new_fund, running, send, testford, write},
};

/// A contribution of Testford's council in cash, in twelve equal parts on the 5th.
pub(crate) fn cash(payer: &str, pence: i64) -> Value {
    json!({"payer": payer, "amount_pence": pence, "funding_source": "council", "form": "cash", "recurrent": true,
        "profile": {"kind": "monthly", "day": 5}, "source": "A test"})
}

/// Where the year 2026-27 of Testford's fund is.
async fn year() -> String {
    format!("/v1/boroughs/testford/funds/{}/years/2026-27", testford().await.fund)
}

async fn contribution() -> String {
    let finance = running().as_("testford-finance");
    let path = format!("{}/contributions", year().await);
    let made = write(&finance, &path, &cash(&testford().await.council, 1_200)).await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.body["id"].as_str().unwrap().to_owned()
}

/// An instalment of a contribution of its own.
async fn instalment() -> String {
    let path = format!("{}/contributions/{}/versions", year().await, contribution().await);
    let versions = running().as_("testford-finance").get(&path).await.unwrap().body;
    versions["data"][0]["instalments"][0]["id"].as_str().unwrap().to_owned()
}

/// Fills in what these operations need.
pub(crate) async fn fill(operation: &Operation, path: String, body: &mut Option<Value>) -> String {
    let council = &testford().await.council;
    let mut set = |field: &str, value: &str| body.as_mut().expect("a body")[field] = value.into();
    match operation.id.as_str() {
        "recordContribution" | "recordAward" => set("payer", council),
        "getContribution" | "listContributionVersions" | "varyContribution" => {
            return path.replace("{contribution}", &contribution().await);
        }
        "recordInvoice" => {
            set("invoice_number", &key());
            return path.replace("{instalment}", &instalment().await);
        }
        "setYearBudget" => {
            let fund = new_fund("testford", council, &format!("For a budget {}", key())).await;
            set_budget(&format!("/v1/boroughs/testford/funds/{fund}/years/2026-27"), "\"0\"", 0).await;
            return path.replace("{fund}", &fund);
        }
        _ => {}
    }
    path
}

/// Sets a budget with that contingency, from a version on.
async fn set_budget(year: &str, version: &str, contingency: i64) {
    let body = json!({"contingency_pence": contingency, "brought_forward_pence": 0, "other_income_pence": 0,
        "uncommitted_pence": 0, "overspend_threshold_bp": 100});
    let finance = running().as_("testford-finance");
    let set = send(&finance, Method::PUT, &format!("{year}/budget"), &[("if-match", version)], Some(&body)).await;
    assert_eq!(set.status, 200, "{}", set.body);
}
