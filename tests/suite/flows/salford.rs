//! Salford 2019/20: the council's payments to the penny, and spending that is not known.

use crate::running::running;

#[tokio::test]
async fn salfords_payments_reconcile_to_the_penny() {
    let auditor = running().as_("salford-auditor");
    let funds = auditor.get("/v1/boroughs/salford/funds").await.unwrap().body;
    assert_eq!(funds["data"].as_array().unwrap().len(), 1, "exactly one fund");
    assert_eq!(funds["data"][0]["host_name"], "NHS Salford CCG");
    let fund = funds["data"][0]["id"].as_str().unwrap();
    let receipts =
        auditor.get(&format!("/v1/boroughs/salford/funds/{fund}/years/2019-20/receipts")).await.unwrap().body;
    let paid: Vec<(&str, i64)> = receipts["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["paid_on"].as_str().unwrap(), r["amount_pence"].as_i64().unwrap()))
        .collect();
    assert_eq!(paid.len(), 10);
    let (old, new) = (675_842_600, 1_352_012_767);
    assert_eq!(paid[0], ("2019-04-05", old));
    assert_eq!(paid[3], ("2019-07-08", 4 * new - 3 * old), "the catch-up of July, exact");
    assert_eq!(paid[9].1 - new, 34_976_475, "December is £349,764.75 above the rate");
    assert_eq!(receipts["data"][7]["document_number"], serde_json::Value::Null, "October has no document number");
    let position =
        auditor.get(&format!("/v1/boroughs/salford/funds/{fund}/years/2019-20/position")).await.unwrap().body;
    assert_eq!(position["total"]["budget_pence"], 12 * new);
    assert!(position["total"]["actual_pence"].is_null(), "unknown, not nil");
    assert_eq!(position["total"]["completeness"], "partial");
}
