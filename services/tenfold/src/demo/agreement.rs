//! Section 75 agreements of the demonstration. That there was one is reported; what it says is made up, and says so.

use serde_json::{Value, json};

use super::{fund::Fund, id_of};

/// What an agreement is, beside its terms.
pub(super) struct Paper<'a> {
    pub(super) title: &'a str,
    pub(super) starts_on: &'a str,
    pub(super) ends_on: &'a str,
    pub(super) source: &'a str,
}

/// All statutory items, none of them from a source.
pub(super) fn terms(fund: &Fund) -> Value {
    let item = |about: &str| format!("Illustrative: {about}. The source does not give it.");
    json!({"aims": item("aims and outcomes"), "contributions": item("what each partner puts in"),
        "contributions_varied": item("how that is varied"),
        "functions": [{"function": "adult_social_care", "owner": fund.council}, {"function": "community_health", "owner": fund.group}],
        "client_groups": item("for whom"), "services": item("what services"), "resources": item("staff and accommodation"),
        "duration": item("one year"), "review": item("each year"), "variation": item("in writing, by both partners"),
        "termination": item("by notice"), "management": item("quarterly reports by the pool manager"),
        "improvement": item("how services improve")})
}

/// Records an agreement of council and group that governs the fund, and gives back its path.
pub(super) async fn draft(fund: &Fund, paper: &Paper<'_>) -> anyhow::Result<String> {
    let body = json!({"title": paper.title, "legal_basis": "s75_reg7", "flexibilities": ["pooled_fund"],
        "starts_on": paper.starts_on, "ends_on": paper.ends_on, "parties": [fund.council, fund.group], "terms": terms(fund),
        "source": paper.source, "illustrative": true});
    let agreements = format!("{}/agreements", fund.borough());
    let path = format!("{agreements}/{}", id_of(&fund.finance.post(&agreements, &fund.key(), &body).await?)?);
    fund.finance.post(&format!("{path}/funds"), &fund.key(), &json!({"fund": fund.id()})).await?;
    Ok(path)
}

/// Records a joint consultation, and that it has closed.
pub(super) async fn consult(fund: &Fund, path: &str, consultation: &Value) -> anyhow::Result<()> {
    step(fund, path, "consulting", &consultation["opens_on"]).await?;
    fund.finance.post(&format!("{path}/consultations"), &fund.key(), consultation).await?;
    step(fund, path, "consulted", &consultation["closes_on"]).await
}

/// Records that both bodies approve a version, each by a decision of its own.
pub(super) async fn approve(fund: &Fund, path: &str, version: u8, on: &str) -> anyhow::Result<()> {
    for (organisation, body) in [(&fund.council, "Cabinet"), (&fund.group, "Governing body")] {
        let approval = json!({"organisation": organisation, "version": version, "approved_on": on,
            "reference": format!("{body}, version {version}. The day is illustrative")});
        fund.finance.post(&format!("{path}/approvals"), &fund.key(), &approval).await?;
    }
    Ok(())
}

/// Moves it on, on the day it happened.
pub(super) async fn step(fund: &Fund, path: &str, to: &str, on: &Value) -> anyhow::Result<()> {
    let made = json!({"to": to, "reason": "Demonstration; the day is illustrative", "on": on});
    fund.finance.move_by(path, &fund.key(), &made).await?;
    Ok(())
}
