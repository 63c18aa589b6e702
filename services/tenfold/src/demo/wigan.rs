//! Wigan: a fund that is only an estimate yet, an agreement that nobody has signed, a committee in its shadow phase, a
//! limit that holds.

use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{
    Loader,
    agreement::{self, Paper},
    fund::Fund,
    id_of,
    oldham::postings,
};

const ESTIMATE: &str = "Leigh Journal, December 2018: initial analysis suggested approximately £350m, pooled and aligned. The host is not named there; the council is assumed.";
const COMMITTEE: &str = "Leigh Journal, December 2018; local.gov.uk, Wigan health and wellbeing board";

pub(super) async fn load(loader: &Loader<'_>) -> anyhow::Result<()> {
    committee(loader).await?;
    fund(loader).await
}

async fn committee(loader: &Loader<'_>) -> anyhow::Result<()> {
    let clerk = loader.client("wigan-clerk")?;
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
    Ok(())
}

async fn fund(loader: &Loader<'_>) -> anyhow::Result<()> {
    let fund = json!({"local_label": "Pooled and aligned", "kind": "pooled", "legal_basis": "s75_reg7",
        "indicative_pence": 35_000_000_000_i64, "source": ESTIMATE});
    let fund = Fund::new(loader, "wigan", "Wigan single commissioning fund", fund).await?;
    fund.make("years", &json!({"year": "2019-20"})).await?;
    let scheme = json!({"code": "COMMUNITY", "name": "Community services", "category": "community_health", "source": "not_analysed"});
    fund.scheme(&scheme).await?;
    agreed(&fund).await?;
    limited(&fund).await
}

/// The agreement, to both approvals, and a variation of it that neither body has approved.
async fn agreed(fund: &Fund) -> anyhow::Result<()> {
    let paper = Paper {
        title: "Single commissioning agreement 2019/20",
        starts_on: "2019-04-01",
        ends_on: "2020-03-31",
        source: "Leigh Journal, December 2018: cabinet and governing body both approve it. That they did, days and terms are illustrative",
    };
    let path = agreement::draft(fund, &paper).await?;
    let consultation = json!({"consulted": "The public and key stakeholders", "joint": true, "opens_on": "2018-10-01",
        "closes_on": "2018-11-30", "outcome": "Positive feedback: Leigh Journal, December 2018. Its days are illustrative"});
    agreement::consult(fund, &path, &consultation).await?;
    agreement::approve(fund, &path, 1, "2019-02-28").await?;
    agreement::step(fund, &path, "approved", &json!("2019-02-28")).await?;
    let variation = json!({"in_force_from": "2019-10-01", "made_by": "partners", "reason": "Illustrative: a service joins the pool",
        "budget_effect_pence": 100_000_000, "flexibilities": ["pooled_fund"], "terms": agreement::terms(fund)});
    fund.finance.post(&format!("{path}/versions"), &fund.key(), &variation).await?;
    Ok(())
}

/// Above the limit nothing moves without a decision.
async fn limited(fund: &Fund) -> anyhow::Result<()> {
    let (finance, path) = (&fund.finance, fund.path());
    // Try it, and go on only where it is refused.
    let journal = json!({"effective_on": "2019-04-30", "period": 1, "narrative": "Illustrative: above the delegated limit",
        "postings": postings("COMMUNITY", "actual", 100_000_000)});
    for _ in 0..100 {
        let rehearsal = format!("{path}/journals?validate_only=true");
        let headers = [("idempotency-key", "demo-wigan-above-limit")];
        let tried = finance.send(Method::POST, &rehearsal, &headers, Some(&journal)).await?;
        if tried.status == StatusCode::CONFLICT && tried.body["type"] == "/problems/decision-required" {
            finance.send(Method::POST, &format!("{path}/journals"), &headers, Some(&journal)).await?;
            return Ok(());
        }
        // The limit is on its way from governance.
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    anyhow::bail!("a journal above the delegated limit was not refused")
}
