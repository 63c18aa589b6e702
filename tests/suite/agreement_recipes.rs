//! What agreements, hosts, schedules, risk shares, virements and payments need before they can be asked for. On Testford.

use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::{
    recipes::Operation,
    running::{journal, key, new_fund, running, send, testford, write},
};

pub(crate) const HERE: &str = "/v1/boroughs/testford";

/// Makes something as a finance officer, and gives back what was answered.
pub(crate) async fn make(path: &str, body: &Value) -> Value {
    let answer = write(&running().as_("testford-finance"), &format!("{HERE}/{path}"), body).await;
    assert_eq!(answer.status, 201, "{path}: {}", answer.body);
    answer.body
}

async fn made(path: &str, body: &Value) -> String {
    make(path, body).await["id"].as_str().unwrap().to_owned()
}

/// Testford's trust, an NHS body.
pub(crate) async fn trust() -> String {
    static TRUST: OnceCell<String> = OnceCell::const_new();
    let found = TRUST.get_or_init(|| async {
        testford().await;
        let all = running().as_("testford-admin").get(&format!("{HERE}/organisations?limit=500")).await.unwrap().body;
        let trust = all["data"].as_array().unwrap().iter().find(|body| body["ods"] == "TST").unwrap();
        trust["id"].as_str().unwrap().to_owned()
    });
    found.await.clone()
}

/// All statutory items, and seven months of notice.
pub(crate) fn terms(council: &str, trust: &str) -> Value {
    json!({"aims": "Care closer to home", "contributions": "As in schedule 2", "contributions_varied": "In writing",
        "functions": [{"function": "adult_social_care", "owner": council}, {"function": "community_health", "owner": trust}],
        "client_groups": "Adults", "services": "Community services", "resources": "As in schedule 4", "duration": "One year",
        "review": "Each autumn", "variation": "By both partners in writing", "termination": "By notice",
        "management": "By the pool manager, reported quarterly", "improvement": "Fewer people wait in hospital",
        "notice_months": 6})
}

/// An agreement, or with `terms` left out what its example says.
pub(crate) async fn agreement() -> String {
    let (council, trust) = (testford().await.council.clone(), trust().await);
    let body = json!({"title": format!("Agreement {}", key()), "legal_basis": "s75_reg7", "flexibilities": ["pooled_fund"],
        "starts_on": "2026-04-01", "ends_on": "2027-03-31", "parties": [council, trust], "terms": terms(&council, &trust),
        "source": "A test"});
    made("agreements", &body).await
}

pub(crate) async fn fund() -> String {
    let council = &testford().await.council;
    new_fund("testford", council, &format!("For an agreement {}", key())).await
}

/// A fund whose lead bears all, and overspent by a pound.
async fn overspent() -> String {
    let fund = fund().await;
    let council = &testford().await.council;
    let rule = json!({"in_force_from": "2026-04-01", "reference": "A test", "kind": "lead_bears", "basis": "revised",
        "parties": [council], "lead": council});
    make(&format!("funds/{fund}/risk-rules"), &rule).await;
    make(&format!("funds/{fund}/journals"), &journal(100)).await;
    fund
}

async fn calculation(fund: &str) -> String {
    made(&format!("funds/{fund}/years/2026-27/risk-share/calculations"), &json!({"basis": "revised"})).await
}

/// Sets a schedule at a version, and gives back what was answered.
pub(crate) async fn schedule(fund: &str, scheme: &str, version: &str, body: &Value) -> tenfold::client::Answer {
    let path = format!("{HERE}/funds/{fund}/schemes/{scheme}/schedule");
    let headers = [("idempotency-key", key()), ("if-match", version.to_owned())];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    send(&running().as_("testford-finance"), Method::PUT, &path, &headers, Some(body)).await
}

/// A schedule of a revenue scheme that the council leads and delivers.
pub(crate) fn plain_schedule(council: &str) -> Value {
    json!({"kind": "pooled", "functions": [{"function": "adult_social_care", "owner": council}], "client_group": "Adults",
        "services": "Equipment", "lead": council, "delivering": council, "accounting_treatment": "joint_operation",
        "capital": false, "recurrent": true})
}

pub(crate) async fn scheme_of(fund: &str) -> String {
    let all = running().as_("testford-finance").get(&format!("{HERE}/funds/{fund}/schemes")).await.unwrap();
    all.body["data"][0]["id"].as_str().unwrap().to_owned()
}

/// Fills an operation's path and body.
pub(crate) async fn fill(operation: &Operation, path: String, body: &mut Option<Value>) -> String {
    let council = testford().await.council.clone();
    let mut set = |field: &str, value: Value| body.as_mut().expect("a body")[field] = value;
    match operation.id.as_str() {
        "createAgreement" => {
            set("parties", json!([council, trust().await]));
            path
        }
        "getAgreement"
        | "checkAgreement"
        | "listAgreementVersions"
        | "getAgreementTransitions"
        | "moveAgreement"
        | "listAgreementConsultations"
        | "recordAgreementConsultation"
        | "listAgreementApprovals"
        | "listAgreementNotices"
        | "listGovernedFunds"
        | "varyAgreement" => path.replace("{agreement}", &agreement().await),
        "approveAgreement" => {
            let agreement = agreement().await;
            let consultation = json!({"consulted": "Users", "joint": true, "opens_on": "2025-10-01", "closes_on": "2025-12-12",
                "outcome": "Support"});
            made(&format!("agreements/{agreement}/consultations"), &consultation).await;
            set("organisation", council.into());
            path.replace("{agreement}", &agreement)
        }
        "giveAgreementNotice" => {
            set("organisation", council.into());
            path.replace("{agreement}", &agreement().await)
        }
        "governFund" => {
            set("fund", fund().await.into());
            path.replace("{agreement}", &agreement().await)
        }
        "recordEstimate" => path.replace("{fund}", &fund().await),
        "changeHost" => {
            set("organisation", trust().await.into());
            path.replace("{fund}", &fund().await)
        }
        "appointPoolManager" => {
            set("employer", council.into());
            path.replace("{fund}", &fund().await)
        }
        "getSchedule" | "setSchedule" => {
            let fund = fund().await;
            let scheme = scheme_of(&fund).await;
            if operation.id == "getSchedule" {
                assert_eq!(schedule(&fund, &scheme, "\"0\"", &plain_schedule(&council)).await.status, 200);
            } else {
                let whole = plain_schedule(&council);
                *body = Some(whole);
            }
            path.replace("{fund}", &fund).replace("{scheme}", &scheme)
        }
        "recordRiskRule" => {
            set("parties", json!([council, trust().await]));
            path.replace("{fund}", &fund().await)
        }
        "getRiskShare" | "listCalculations" | "keepCalculation" => path.replace("{fund}", &overspent().await),
        "getCalculation" | "agreeCalculation" | "settleCalculation" => {
            let fund = overspent().await;
            let calculation = calculation(&fund).await;
            if operation.id == "agreeCalculation" {
                set("party", council.into());
                set("agreed_on", today().into());
            } else if operation.id == "settleCalculation" {
                let agreed = json!({"party": council, "agreed_on": today(), "reference": "A test"});
                let path = format!("funds/{fund}/years/2026-27/risk-share/calculations/{calculation}/agreements");
                make(&path, &agreed).await;
                close_the_months(&fund).await;
            }
            path.replace("{fund}", &fund).replace("{calculation}", &calculation)
        }
        "makeVirement" => {
            let fund = fund().await;
            let scheme =
                json!({"code": "REABLEMENT", "name": "Reablement", "category": "social_care", "source": "council"});
            make(&format!("funds/{fund}/schemes"), &scheme).await;
            make(&format!("funds/{fund}/journals"), &budget(10_000_000)).await;
            path.replace("{fund}", &fund)
        }
        "recordPayment" => {
            let fund = fund().await;
            let scheme = scheme_of(&fund).await;
            assert_eq!(schedule(&fund, &scheme, "\"0\"", &plain_schedule(&council)).await.status, 200);
            path.replace("{fund}", &fund)
        }
        _ => path,
    }
}

/// Today, as a calculation made now may be agreed.
pub(crate) fn today() -> String {
    domain::day_in_england(domain::Clock::System.now()).to_string()
}

/// Soft-closes the twelve months of a fund's year.
pub(crate) async fn close_the_months(fund: &str) {
    for period in 1..=12 {
        let path = format!("{HERE}/funds/{fund}/years/2026-27/periods/{period}");
        running().as_("testford-finance").transition(&path, &key(), "soft_closed", "The year is over").await.unwrap();
    }
}

/// A journal that gives ICES a budget.
pub(crate) fn budget(pence: i64) -> Value {
    json!({"effective_on": "2026-04-01", "period": 1, "narrative": "Budget", "postings": [
        {"account": "5100", "scheme": "ICES", "layer": "budget", "amount_pence": pence},
        {"account": "9000", "layer": "budget", "amount_pence": -pence}]})
}
