//! What operations of the ledger need to be asked for.

use serde_json::{Value, json};

use crate::{
    recipes::Operation,
    running::{journal, key, new_fund, running, testford, write},
};

/// An order of £100.00 in Testford's fund.
pub(crate) fn order(reference: &str, pence: i64) -> Value {
    json!({"reference": reference, "kind": "order", "supplier": "Equipment supplier", "narrative": "Beds", "scheme": "ICES",
        "account": "5100", "contra": "9000", "amount_pence": pence, "effective_on": "2026-09-01", "period": 6})
}

/// Fills in what these operations need.
pub(crate) async fn fill(operation: &Operation, path: String, body: &mut Option<Value>) -> String {
    let testford = testford().await;
    let finance = running().as_("testford-finance");
    let in_fund = format!("/v1/boroughs/testford/funds/{}", testford.fund);
    let mut set = |field: &str, value: Value| body.as_mut().expect("a body")[field] = value;
    match operation.id.as_str() {
        "postJournal" => set("external_reference", key().into()),
        "postJournals" => body.as_mut().expect("a body")["journals"][0]["external_reference"] = key().into(),
        "correctJournal" => {
            let made = write(&finance, &format!("{in_fund}/journals"), &journal(100)).await;
            return path.replace("{journal}", made.body["id"].as_str().unwrap());
        }
        "listAccountVersions" | "createAccountVersion" | "getStatement" => {
            let account = json!({"code": format!("V{}", key()), "name": "To be looked at", "kind": "balance"});
            let made = write(&finance, &format!("{in_fund}/accounts"), &account).await;
            let path = path.replace("{account}", made.body["id"].as_str().unwrap());
            return if operation.id == "getStatement" { format!("{path}?year=2026-27") } else { path };
        }
        "setControl" => {
            let fund = new_fund("testford", &testford.council, &format!("For controls {}", key())).await;
            return path.replace("{fund}", &fund);
        }
        "createCommitment" => set("reference", key().into()),
        "getCommitment"
        | "listCommitmentEntries"
        | "matchCommitment"
        | "releaseCommitment"
        | "carryCommitmentForward" => {
            let fund = new_fund("testford", &testford.council, &format!("For orders {}", key())).await;
            let in_fund = format!("/v1/boroughs/testford/funds/{fund}");
            if operation.id == "carryCommitmentForward" {
                write(&finance, &format!("{in_fund}/years"), &json!({"year": "2027-28"})).await;
            }
            let made = write(&finance, &format!("{in_fund}/commitments"), &order(&key(), 1_000_000)).await;
            assert_eq!(made.status, 201, "{}", made.body);
            if operation.id == "matchCommitment" {
                let spent = write(&finance, &format!("{in_fund}/journals"), &journal(100)).await;
                set("journal", spent.body["id"].clone());
            }
            return path.replace("{fund}", &fund).replace("{commitment}", made.body["id"].as_str().unwrap());
        }
        _ => {}
    }
    path
}
