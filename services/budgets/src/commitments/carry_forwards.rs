//! Carrying what is outstanding of an order or contract into the next year.

use auth::can;
use chrono::NaiveDate;
use domain::{DecisionId, FinancialYear, Pence, Period};
use serde::Deserialize;
use tenancy::{Act, Handled, InBorough};
use web::{At, Created, Faults, Problem, SentOnce, problems};

use super::{
    commitment::{CommitmentBody, EntryKind},
    http::{CommitmentPath, find},
    outstanding::within,
    releases::hold,
    store::{self, Entry},
};
use crate::journals::{Poster, hold_open, post_both};

/// What is outstanding at a year's end and goes on.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"from_year": "2026-27", "from_period": 12, "reason": "Delivery is due in May"}))]
pub(crate) struct CarryForwardDraft {
    /// The year it leaves, on its last day. It comes into the next on the first.
    from_year: FinancialYear,
    /// The open period it leaves in: 12, or 13 for adjustments.
    #[schema(value_type = i16, minimum = 12, maximum = 13)]
    from_period: Period,
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
    /// The decision that lets the journal of the next year be posted, where your role may not by itself.
    #[serde(default)]
    decision_id: Option<DecisionId>,
    /// The decision that lets the journal of the year it leaves be posted, where your role may not by itself.
    #[serde(default)]
    release_decision_id: Option<DecisionId>,
}

impl CarryForwardDraft {
    fn days(&self) -> Result<(NaiveDate, FinancialYear), Problem> {
        let mut faults = Faults::default();
        faults.text("/reason", &self.reason, 500);
        faults.unless(self.from_period.number() >= 12, "/from_period", "The last month, 12, or adjustments, 13.");
        faults.none()?;
        let last = self.from_year.last_day();
        let next = last.succ_opt().and_then(|first| FinancialYear::of(first).ok());
        let next = next.ok_or_else(|| Problem::invalid("/from_year", "No year that we keep comes after it."))?;
        Ok((last, next))
    }
}

/// Carry an order or contract forward
///
/// All that is outstanding of it in the year leaves it and speaks for money of the next, by a journal in each. Where the fund
/// is held to its budget, the next year's must be there.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/funds/{fund}/commitments/{commitment}/carry-forwards",
    operation_id = "carryCommitmentForward", tag = "commitments",
    params(CommitmentPath, web::Keyed),
    request_body = CarryForwardDraft,
    responses((status = 201, body = CommitmentBody)),
    security(("bearer" = ["journals:post"])),
)]
pub(crate) async fn carry_commitment_forward(
    scope: InBorough<can::PostJournals>,
    At(path): At<CommitmentPath>,
    SentOnce(draft, request): SentOnce<CarryForwardDraft>,
) -> Handled {
    let (last, next) = draft.days()?;
    let mut tx = scope.write(&request).await?;
    let period = Period::of(next.first_day());
    hold_open(&mut tx, path.fund, &[(draft.from_year, draft.from_period), (next, period)]).await?;
    let (first, held) = hold(&mut tx, &path).await?;
    let left = held.by_year.get(&draft.from_year).copied().unwrap_or_default();
    let amount = within(left, None).map_err(|_| {
        let detail = format!("Nothing of {} is outstanding in {}.", first.reference, draft.from_year);
        Problem::of_fault(&problems::CONFLICT, "/from_year", detail)
    })?;
    let narrative = format!("{} carried from {} to {next}", first.reference, draft.from_year);
    let out = held.release(amount, (last, draft.from_period), &narrative, draft.release_decision_id)?;
    let coming = held.commit(amount, (next.first_day(), period), narrative, draft.decision_id)?;
    let (mut tx, [leaves, comes]) = post_both(tx, &Poster::of(&scope), path.fund, [out, coming]).await?;
    let entry = |kind, year, amount, journal| Entry {
        commitment: path.commitment,
        year,
        kind,
        amount,
        journal,
        spending: None,
        reason: Some(draft.reason.trim().to_owned()),
    };
    let entries = [
        entry(EntryKind::CarriedOut, draft.from_year, Pence(amount.0.saturating_neg()), leaves),
        entry(EntryKind::CarriedIn, next, amount, comes),
    ];
    store::enter(&mut tx, path.fund, &entries).await?;
    let subject = format!("funds/{}/commitments/{}", path.fund, path.commitment);
    tx.record(Act::new("commitment.carried-forward", subject.clone()).after(amount.0));
    let body = find(&mut tx, path.fund, path.commitment).await?;
    let location = format!("/v1/boroughs/{}/{subject}", scope.borough().slug);
    Ok(tx.answer(Created { location, version: Some(body.version), body }).await?)
}
