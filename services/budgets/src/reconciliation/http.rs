//! The reconciliation over HTTP.

use std::collections::{BTreeMap, HashMap};

use auth::can;
use chrono::{DateTime, NaiveDate, Utc};
use domain::{FinancialYear, FundId, InstalmentId, MatchId, Pence, day_in_england};
use serde::{Deserialize, Serialize};
use tenancy::{Act, Borough, Handled, InBorough, OnConstraint, Tx};
use uuid::Uuid;
use web::{At, Created, Found, Page, PageRequest, Paging, Problem, SentOnce, WithCsv, drafts::unknown, problems};

use super::{
    explain::{self, Evidence, explain},
    line::{Finding, ReconciliationLine},
    matches::{MatchBody, MatchDraft, MatchWithdrawalDraft},
    store,
};
use crate::{
    positions::http::too_large,
    years::{find_year, http::YearPath},
};

/// What is together.
#[derive(Debug, Clone, Copy, Serialize, utoipa::ToSchema)]
pub(crate) struct ReconciliationSums {
    #[schema(example = 21)]
    lines: usize,
    expected_pence: Pence,
    received_pence: Pence,
    /// Received less expected.
    difference_pence: Pence,
}

/// What is together of one finding.
#[derive(Debug, Clone, Copy, Serialize, utoipa::ToSchema)]
pub(crate) struct FindingSums {
    finding: Finding,
    #[serde(flatten)]
    sums: ReconciliationSums,
}

/// A fund-year, reconciled.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ReconciliationBody {
    /// By day: every instalment and every payment is in exactly one line.
    data: Vec<ReconciliationLine>,
    /// By finding: together they are the total.
    findings: Vec<FindingSums>,
    total: ReconciliationSums,
    as_of: DateTime<Utc>,
    next_cursor: Option<String>,
}

fn sums<'a>(lines: impl Iterator<Item = &'a ReconciliationLine> + Clone) -> Option<ReconciliationSums> {
    let sum = |of: fn(&ReconciliationLine) -> Pence| Pence::sum(lines.clone().map(of));
    Some(ReconciliationSums {
        lines: lines.clone().count(),
        expected_pence: sum(|line| line.expected_pence)?,
        received_pence: sum(|line| line.received_pence)?,
        difference_pence: sum(|line| line.difference_pence)?,
    })
}

/// Reconcile a fund-year
///
/// Sets the instalments in force beside the payments recorded, and explains every penny of the difference. Nothing is
/// corrected on its own: each line says what was found and what to do, and a person's match settles it.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/reconciliation", operation_id = "getReconciliation",
    tag = "contributions",
    params(YearPath),
    responses((status = 200, body = ReconciliationBody)),
    security(("bearer" = ["contributions:read"])),
)]
pub(crate) async fn get_reconciliation(
    scope: InBorough<can::ReadContributions>,
    At(path): At<YearPath>,
) -> Result<WithCsv<ReconciliationBody, ReconciliationLine>, Problem> {
    let mut tx = scope.read().await?;
    find_year(&mut tx, path.fund, path.year).await?.ok_or_else(|| Problem::not_found("year"))?;
    let (data, _) = reconciled(&mut tx, path.fund, path.year, day_in_england(scope.now())).await?;
    let mut by_finding: BTreeMap<Finding, Vec<&ReconciliationLine>> = BTreeMap::new();
    for line in &data {
        by_finding.entry(line.finding).or_default().push(line);
    }
    let findings = by_finding
        .into_iter()
        .map(|(finding, lines)| Some(FindingSums { finding, sums: sums(lines.into_iter())? }))
        .collect::<Option<Vec<_>>>();
    let body = ReconciliationBody {
        findings: findings.ok_or_else(too_large)?,
        total: sums(data.iter()).ok_or_else(too_large)?,
        as_of: scope.now(),
        data: data.clone(),
        next_cursor: None,
    };
    Ok(WithCsv { body, rows: data })
}

async fn reconciled(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    today: NaiveDate,
) -> Result<(Vec<ReconciliationLine>, HashMap<InstalmentId, Pence>), Problem> {
    let due = store::expected(tx, fund, year).await?;
    let paid = store::received(tx, fund, year).await?;
    let confirmed = store::confirmed(tx, fund, year).await?;
    // Explaining takes processor time, which must not hold other requests up.
    let explained = tokio::task::spawn_blocking(move || {
        let lines = explain(&Evidence { due: &due, paid: &paid, confirmed: &confirmed, today })?;
        let paid_of = explain::paid_of(&confirmed, &lines);
        Some((lines, paid_of))
    });
    explained.await.map_err(Problem::internal)?.ok_or_else(too_large)
}

/// Whether something was paid in a fund-year, and every payment and everything due is explained.
pub(crate) async fn explained_in_full(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    today: NaiveDate,
) -> bool {
    let Ok((lines, _)) = reconciled(tx, fund, year, today).await else { return false };
    let explains =
        |line: &ReconciliationLine| matches!(line.finding, Finding::Agreed | Finding::TrueUp | Finding::Confirmed);
    lines.iter().any(explains) && lines.iter().all(|line| explains(line) || line.finding == Finding::NotDue)
}

/// What the reconciliation finds was paid for each instalment of a fund-year.
pub(crate) async fn paid_of_instalments(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    today: NaiveDate,
) -> Result<HashMap<InstalmentId, Pence>, Problem> {
    Ok(reconciled(tx, fund, year, today).await?.1)
}

/// List what was matched by hand, in the order it was
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/reconciliation/matches", operation_id = "listMatches",
    tag = "contributions",
    params(YearPath, Paging),
    responses((status = 200, body = Page<MatchBody>)),
    security(("bearer" = ["contributions:read"])),
)]
pub(crate) async fn list_matches(
    scope: InBorough<can::ReadContributions>,
    At(path): At<YearPath>,
    page: PageRequest,
) -> Result<Page<MatchBody>, Problem> {
    let mut tx = scope.read().await?;
    find_year(&mut tx, path.fund, path.year).await?.ok_or_else(|| Problem::not_found("year"))?;
    let rows = store::matches(&mut tx, path.fund, path.year, None, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |one| one.id))
}

/// Match a payment with an instalment
///
/// A person's word that a payment, or a part of it, was for an instalment of the body that paid. No more of a payment is
/// matched than was paid, and no more of an instalment than was due; what is over stays in sight.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/reconciliation/matches", operation_id = "recordMatch",
    tag = "contributions",
    params(YearPath, web::Keyed),
    request_body = MatchDraft,
    responses((status = 201, body = MatchBody)),
    security(("bearer" = ["contributions:manage"])),
)]
pub(crate) async fn record_match(
    scope: InBorough<can::ManageContributions>,
    At(path): At<YearPath>,
    SentOnce(draft, request): SentOnce<MatchDraft>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    find_year(&mut tx, path.fund, path.year).await?.ok_or_else(|| Problem::not_found("year"))?;
    let (payer, paid, matched) = store::matched(&mut tx, path.fund, path.year, draft.receipt)
        .await?
        .ok_or_else(|| unknown("/receipt", "payment"))?;
    let owed = store::owed(&mut tx, path.fund, path.year, draft.instalment).await?;
    draft.of_instalment(payer, &owed.ok_or_else(|| unknown("/instalment", "instalment"))?)?;
    draft.within(paid, matched)?;
    let body = MatchBody {
        id: MatchId::at(scope.now()),
        receipt: draft.receipt,
        instalment: draft.instalment,
        amount_pence: draft.amount_pence,
        reason: draft.reason.trim().to_owned(),
        matched_by: scope.caller().client_id.clone(),
        matched_at: scope.now(),
        withdrawn_at: None,
        withdrawn_reason: None,
    };
    let there =
        store::insert(&mut tx, path.fund, path.year, &body).await.on_constraint("receipt_matched_once", || {
            Problem::of_fault(
                &problems::CONFLICT,
                "/instalment",
                "This payment is matched with this instalment already.",
            )
        })?;
    if !there {
        return Err(unknown("/instalment", "instalment").into());
    }
    let subject = format!("funds/{}/years/{}/reconciliation/matches/{}", path.fund, path.year, body.id);
    let act = Act::new("receipt.matched", subject).after(serde_json::json!(body));
    tx.record(both(path.fund, path.year, &body).into_iter().fold(act, Act::bumping));
    let slug = &scope.borough().slug;
    let location = format!("/v1/boroughs/{slug}/funds/{}/years/{}/reconciliation/matches", path.fund, path.year);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}

/// The payment and the instalment of a match, which change with it.
fn both(fund: FundId, year: FinancialYear, one: &MatchBody) -> [String; 2] {
    let year = format!("funds/{fund}/years/{year}");
    [format!("{year}/receipts/{}", one.receipt), format!("{year}/instalments/{}", one.instalment)]
}

/// A match in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct MatchPath {
    /// Slug or GSS code.
    #[param(example = "salford")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The fund.
    fund: FundId,
    /// The financial year.
    year: FinancialYear,
    /// The match.
    #[serde(rename = "match")]
    #[param(rename = "match")]
    one: MatchId,
}

/// Take a match back
///
/// It stays on record and counts for nothing any more; the payment may be matched again.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/reconciliation/matches/{match}/withdrawals",
    operation_id = "withdrawMatch", tag = "contributions",
    params(MatchPath, web::Keyed),
    request_body = MatchWithdrawalDraft,
    responses((status = 200, body = MatchBody)),
    security(("bearer" = ["contributions:manage"])),
)]
pub(crate) async fn withdraw_match(
    scope: InBorough<can::ManageContributions>,
    At(path): At<MatchPath>,
    SentOnce(draft, request): SentOnce<MatchWithdrawalDraft>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    let by = scope.caller().client_id.as_str();
    let stood = store::withdraw(&mut tx, path.fund, path.year, path.one, by, draft.reason.trim()).await?;
    let found = store::matches(&mut tx, path.fund, path.year, Some(path.one), None, 1).await?.pop();
    let body = found.ok_or_else(|| Problem::not_found("match"))?;
    if !stood {
        return Err(Problem::new(&problems::CONFLICT, "This match was taken back before.").into());
    }
    let subject = format!("funds/{}/years/{}/reconciliation/matches/{}", path.fund, path.year, path.one);
    let act = Act::new("receipt.match-withdrawn", subject).after(serde_json::json!(body)).deleting();
    tx.record(both(path.fund, path.year, &body).into_iter().fold(act, Act::bumping));
    Ok(tx.answer(Found::of(body)).await?)
}
