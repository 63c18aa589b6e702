//! Salford 2019/20: the council's payments to the penny, and spending that is not known.

use serde_json::{Value, json};

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

/// As people write it: `£33,805,232.68`.
fn pounds(of: &Value) -> String {
    domain::Pence(of.as_i64().unwrap()).to_string()
}

#[tokio::test]
async fn rule_19_salfords_year_is_reconciled_line_by_line() {
    let auditor = running().as_("salford-auditor");
    let funds = auditor.get("/v1/boroughs/salford/funds").await.unwrap().body;
    let year = format!("/v1/boroughs/salford/funds/{}/years/2019-20", funds["data"][0]["id"].as_str().unwrap());
    let told = auditor.get(&format!("{year}/reconciliation")).await.unwrap().body;
    let lines = told["data"].as_array().unwrap();
    println!("{:8} {:10} {:>18} {:>18} {:>18}  suggestion", "month", "finding", "expected", "received", "difference");
    for line in lines {
        println!(
            "{:8} {:10} {:>18} {:>18} {:>18}  {}",
            line["month"].as_str().unwrap(),
            line["finding"].as_str().unwrap(),
            pounds(&line["expected_pence"]),
            pounds(&line["received_pence"]),
            pounds(&line["difference_pence"]),
            line["arithmetic"].as_str().or(line["suggestion"].as_str()).unwrap()
        );
    }
    println!(
        "{:19} {:>18} {:>18} {:>18}",
        "",
        pounds(&told["total"]["expected_pence"]),
        pounds(&told["total"]["received_pence"]),
        pounds(&told["total"]["difference_pence"])
    );
    let findings: Vec<(&str, &str)> =
        lines.iter().map(|line| (line["month"].as_str().unwrap(), line["finding"].as_str().unwrap())).collect();
    assert_eq!(
        findings,
        [
            ("2019-04", "agreed"),
            ("2019-05", "agreed"),
            ("2019-06", "agreed"),
            ("2019-07", "true_up"),
            ("2019-07", "unmatched"),
            ("2019-08", "agreed"),
            ("2019-09", "agreed"),
            ("2019-10", "agreed"),
            ("2019-11", "agreed"),
            ("2019-12", "over"),
            ("2020-01", "not_seen"),
            ("2020-02", "not_seen"),
            ("2020-03", "not_seen"),
        ]
    );
    assert_eq!(lines[3]["arithmetic"], "4 × £13,520,127.67 − 3 × £6,758,426.00 = £33,805,232.68");
    assert_eq!(lines[3]["difference_pence"], 0, "exact");
    assert_eq!((&lines[4]["received_pence"], &lines[4]["instalments"]), (&json!(20_000_000), &json!([])));
    assert!(lines[4]["suggestion"].as_str().unwrap().contains("Public Health"));
    assert_eq!(
        (&lines[4]["receipts"][0]["directorate"], &lines[6]["receipts"][0]["directorate"]),
        (&json!("Public Health"), &json!("Public Health"))
    );
    assert!(lines[7]["flags"].as_array().unwrap().contains(&json!("no_document_number")), "October");
    assert_eq!(lines[9]["difference_pence"], 34_976_475, "December is £349,764.75 too much");
    let (new, received) = (1_352_012_767_i64, told["total"]["received_pence"].as_i64().unwrap());
    assert_eq!(told["total"]["expected_pence"], 12 * new);
    assert_eq!(told["total"]["difference_pence"], received - 12 * new);
    assert_eq!(received - 12 * new, 20_000_000 + 34_976_475 - 3 * new, "every penny of it is in a line");
    // The day each was paid is not the day it was due, and no month is owed twice.
    let instalments = auditor.get(&format!("{year}/instalments")).await.unwrap().body;
    let states: Vec<&str> =
        instalments["data"].as_array().unwrap().iter().map(|one| one["state"].as_str().unwrap()).collect();
    assert_eq!((&states[..8], &states[8..]), (&["paid"; 8][..], &["overdue"; 4][..]), "December waits for a person");
    let analyst = running().as_("gm-analyst");
    let region = analyst.get("/v1/regions/greater-manchester/contributions?year=2019-20&group_by=borough,payer").await;
    let region = region.unwrap().body;
    let row = &region["data"][0];
    assert_eq!((&row["borough"]["slug"], &row["payer"]["kind"]), (&json!("salford"), &json!("council")));
    assert_eq!((&row["planned_pence"], &row["paid_pence"]), (&json!(12 * new), &json!(received)));
    assert!(row["overdue_pence"].is_null(), "the year is partly known: nobody is called overdue for it");
    assert_eq!(region["total"]["planned_pence"], 0);
    assert_eq!(region["coverage"]["left_out_of_total"][0]["slug"], "salford");
    assert_eq!((&region["coverage"]["reported"], &region["coverage"]["expected"]), (&json!(1), &json!(10)));
}
