//! What operations on contributions, instalments, awards, budgets and the reconciliation need to be asked for.

use reqwest::Method;
use serde_json::{Value, json};
use tenfold::client::{Answer, Client};

use crate::{
    recipes::Operation,
    running::{key, new_fund, pointer, refusal, running, send, testford, write},
};

/// A contribution of Testford's council in cash, in twelve equal parts on the 5th.
pub(crate) fn cash(payer: &str, pence: i64) -> Value {
    json!({"payer": payer, "amount_pence": pence, "funding_source": "council", "form": "cash", "recurrent": true,
        "profile": {"kind": "monthly", "day": 5}, "source": "A test"})
}

/// A fund of Testford's own, with the year 2026-27.
pub(crate) struct Fund {
    pub(crate) path: String,
    pub(crate) council: String,
    pub(crate) finance: Client,
}

impl Fund {
    pub(crate) async fn new(purpose: &str) -> Self {
        let council = testford().await.council.clone();
        let id = new_fund("testford", &council, &format!("{purpose} {}", key())).await;
        let finance = running().as_("testford-finance");
        Self { path: format!("/v1/boroughs/testford/funds/{id}"), council, finance }
    }

    pub(crate) fn year(&self) -> String {
        format!("{}/years/2026-27", self.path)
    }

    pub(crate) async fn post(&self, below: &str, body: &Value) -> Answer {
        write(&self.finance, &format!("{}/{below}", self.year()), body).await
    }

    /// Records something that is right, and gives back its id.
    pub(crate) async fn made(&self, below: &str, body: &Value) -> String {
        let answer = self.post(below, body).await;
        assert_eq!(answer.status, 201, "{below}: {}", answer.body);
        answer.body["id"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) async fn get(&self, below: &str) -> Value {
        self.finance.get(&format!("{}/{below}", self.year())).await.unwrap().body
    }

    /// The amounts of the instalments in force.
    pub(crate) async fn amounts(&self) -> Vec<i64> {
        let all = self.get("instalments").await;
        all["data"].as_array().unwrap().iter().map(|one| one["amount_pence"].as_i64().unwrap()).collect()
    }
}

/// What a refusal was, where it points, and the rule it names.
pub(crate) fn refused(answer: &Answer) -> (String, String, Value) {
    (refusal(answer), pointer(answer).to_owned(), answer.body["rule"].clone())
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

/// A payment of Testford's council of £1.00.
async fn receipt() -> String {
    let body = json!({"paid_on": "2026-09-07", "amount_pence": 100, "payer": testford().await.council,
        "payee_as_published": "X", "source": "A test"});
    let paid = write(&running().as_("testford-finance"), &format!("{}/receipts", year().await), &body).await;
    paid.body["id"].as_str().unwrap().to_owned()
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
            body.as_mut().expect("a body")["amount_pence"] = 1.into();
            return path.replace("{instalment}", &instalment().await);
        }
        "importReceipts" => set("payer", council),
        "recordMatch" => {
            set("receipt", &receipt().await);
            set("instalment", &instalment().await);
            body.as_mut().expect("a body")["amount_pence"] = 100.into();
        }
        "withdrawMatch" => {
            let one = json!({"receipt": receipt().await, "instalment": instalment().await, "amount_pence": 100, "reason": "A test"});
            let matches = format!("{}/reconciliation/matches", year().await);
            let made = write(&running().as_("testford-finance"), &matches, &one).await;
            return path.replace("{match}", made.body["id"].as_str().unwrap());
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
