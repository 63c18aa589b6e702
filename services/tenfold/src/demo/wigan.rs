//! Wigan: a fund that is only an estimate yet, a committee in its shadow phase, a limit that holds.

use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{Loader, id_of, oldham::postings, organisation};

const ESTIMATE: &str = "Leigh Journal, December 2018: initial analysis suggested approximately £350m, pooled and aligned. The host is not named there; the council is assumed.";
const COMMITTEE: &str = "Leigh Journal, December 2018; local.gov.uk, Wigan health and wellbeing board";

pub(super) async fn load(loader: &Loader<'_>) -> anyhow::Result<()> {
    let (clerk, finance) = (loader.client("wigan-clerk")?, loader.client("wigan-finance")?);
    let committee = json!({"name": "Shadow Joint Commissioning Committee", "basis": "joint_committee",
        "access_regime": "local_government_act_1972",
        "parents": ["Wigan Metropolitan Borough Council", "NHS Wigan Borough CCG"], "source": COMMITTEE});
    let committee = id_of(&clerk.post("/v1/boroughs/wigan/committees", "demo-wigan-committee", &committee).await?)?;
    let path = format!("/v1/boroughs/wigan/committees/{committee}");
    clerk
        .transition(&path, "demo-wigan-shadow", "shadow", "Preparing single commissioning; decides nothing yet")
        .await?;
    for (number, planned_on, source) in
        [(1, "2018-04-01", "Wigan press reports, late 2017"), (2, "2019-04-01", "Leigh Journal, December 2018")]
    {
        let plan = json!({"phase": "live", "planned_on": planned_on, "source": source});
        clerk.post(&format!("{path}/planned-dates"), &format!("demo-wigan-plan-{number}"), &plan).await?;
    }
    let consultation = json!({"committee": committee, "subject": "Single commissioning of health and care",
        "audience": "The public and key stakeholders", "opens_on": "2018-10-01", "closes_on": "2018-11-30",
        "source": "Leigh Journal, December 2018: reported to cabinet in December, a final report in February. Its days are illustrative"});
    let consultation =
        id_of(&clerk.post("/v1/boroughs/wigan/consultations", "demo-wigan-consultation", &consultation).await?)?;
    let report = json!({"kind": "interim", "reported_to": "Cabinet", "reported_on": "2018-12-13",
        "summary": "Positive feedback.", "outcome": "supportive"});
    let reports = format!("/v1/boroughs/wigan/consultations/{consultation}/reports");
    clerk.post(&reports, "demo-wigan-consultation-interim", &report).await?;
    for role in ["finance", "system"] {
        let limit = json!({"role": role, "limit_pence": 50_000_000, "in_force_from": "2019-04-01",
            "source": "Illustrative: no published scheme of delegation was found"});
        clerk.post("/v1/boroughs/wigan/delegations", &format!("demo-wigan-limit-{role}"), &limit).await?;
    }

    let host = organisation(&finance, "wigan", "council").await?;
    let fund = json!({"name": "Wigan single commissioning fund", "local_label": "Pooled and aligned", "kind": "pooled",
        "legal_basis": "s75_reg7", "host": host, "indicative_pence": 35_000_000_000_i64, "source": ESTIMATE});
    let fund = id_of(&finance.post("/v1/boroughs/wigan/funds", "demo-wigan-fund", &fund).await?)?;
    let fund = format!("/v1/boroughs/wigan/funds/{fund}");
    finance.post(&format!("{fund}/years"), "demo-wigan-year", &json!({"year": "2019-20"})).await?;
    let scheme = json!({"code": "COMMUNITY", "name": "Community services", "category": "community_health", "source": "not_analysed"});
    finance.post(&format!("{fund}/schemes"), "demo-wigan-scheme", &scheme).await?;
    for (code, name, kind) in super::salford::ACCOUNTS {
        let account = json!({"code": code, "name": name, "kind": kind});
        finance.post(&format!("{fund}/accounts"), &format!("demo-wigan-account-{code}"), &account).await?;
    }
    // Above the limit nothing moves without a decision: try it, and go on only where it is refused.
    let journal = json!({"effective_on": "2019-04-30", "period": 1, "narrative": "Illustrative: above the delegated limit",
        "postings": postings("COMMUNITY", "actual", 100_000_000)});
    for _ in 0..100 {
        let path = format!("{fund}/journals?validate_only=true");
        let headers = [("idempotency-key", "demo-wigan-above-limit")];
        let tried = finance.send(Method::POST, &path, &headers, Some(&journal)).await?;
        if tried.status == StatusCode::CONFLICT && tried.body["type"] == "/problems/decision-required" {
            finance.send(Method::POST, &format!("{fund}/journals"), &headers, Some(&journal)).await?;
            return Ok(());
        }
        // The limit is on its way from governance.
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    anyhow::bail!("a journal above the delegated limit was not refused")
}
