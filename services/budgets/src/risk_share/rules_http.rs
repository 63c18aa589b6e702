//! The rule of a fund's risk share over HTTP.

use auth::can;
use tenancy::{Act, Handled, InBorough, OnConstraint};
use web::{At, Created, Page, PageRequest, Paging, Problem, Sent, changed_meanwhile, drafts::unknown, problems};

use super::{
    rule::{RiskRuleBody, RiskRuleDraft},
    store,
};
use crate::{
    funds::{find_fund, http::FundPath},
    rules,
};

/// List the versions of a fund's rule for sharing a variance
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/risk-rules", operation_id = "listRiskRules", tag = "risk share",
    params(FundPath, Paging),
    responses((status = 200, body = Page<RiskRuleBody>)),
    security(("bearer" = ["risk-share:read"])),
)]
pub(crate) async fn list_risk_rules(
    scope: InBorough<can::ReadRiskShare>,
    At(path): At<FundPath>,
    page: PageRequest,
) -> Result<Page<RiskRuleBody>, Problem> {
    let mut tx = scope.read().await?;
    find_fund(&mut tx, path.fund).await?.ok_or_else(|| Problem::not_found("fund"))?;
    let rows = store::rules(&mut tx, path.fund, page.after()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |rule| rule.number))
}

/// Record how a fund's variance is shared
///
/// A new version; a year is shared by the one in force on its last day. A rule that leaves a part of a variance without
/// an owner is refused.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/funds/{fund}/risk-rules", operation_id = "recordRiskRule", tag = "risk share",
    params(FundPath),
    request_body = RiskRuleDraft,
    responses((status = 201, body = RiskRuleBody)),
    security(("bearer" = ["risk-share:manage"])),
)]
pub(crate) async fn record_risk_rule(
    scope: InBorough<can::ManageRiskShare>,
    At(path): At<FundPath>,
    Sent(draft, request): Sent<RiskRuleDraft>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    find_fund(&mut tx, path.fund).await?.ok_or_else(|| Problem::not_found("fund"))?;
    let known = store::named(&mut tx, &draft.parties).await?;
    for (at, party) in draft.parties.iter().enumerate() {
        let body = known.get(party).ok_or_else(|| unknown(&format!("/parties/{at}"), "organisation"))?;
        let day = draft.in_force_from;
        if body.valid_from > day || body.valid_to.is_some_and(|last| last < day) {
            let detail = format!("{} did not exist on {day}.", body.name);
            return Err(rules::BODY_EXISTS.broken(format!("/parties/{at}"), detail).into());
        }
    }
    let before = store::rules(&mut tx, path.fund, None, i64::from(i16::MAX)).await?;
    let last = before.last();
    if let Some(last) = last.filter(|last| last.rule.in_force_from >= draft.in_force_from) {
        let detail =
            format!("Version {} is in force from {}. A new one begins later.", last.number, last.rule.in_force_from);
        return Err(Problem::of_fault(&problems::CONFLICT, "/in_force_from", detail).into());
    }
    let number = last.map_or(Some(1), |last| last.number.checked_add(1)).filter(|number| *number < 1000);
    let body = RiskRuleBody {
        number: number.ok_or_else(|| Problem::invalid("/in_force_from", "A fund has at most 999 versions."))?,
        rule: draft,
        recorded_at: scope.now(),
    };
    store::insert_rule(&mut tx, path.fund, &body).await.on_constraint("risk_rule_pkey", changed_meanwhile)?;
    let subject = format!("funds/{}/risk-rules/{}", path.fund, body.number);
    tx.record(Act::new("risk-rule.recorded", subject).after(serde_json::json!(body)));
    let location = format!("/v1/boroughs/{}/funds/{}/risk-rules", scope.borough().slug, path.fund);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}
