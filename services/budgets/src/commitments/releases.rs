//! Releasing what is not needed of an order or contract.

use auth::can;
use chrono::NaiveDate;
use domain::{DecisionId, Pence, Period};
use serde::Deserialize;
use tenancy::{Act, Borough, Handled, InBorough, Tx};
use web::{At, Created, Faults, Problem, SentOnce};

use super::{
    commitment::{CommitmentBody, EntryKind, check_amount},
    http::{CommitmentPath, find},
    outstanding::{Outstanding, within},
    store::{self, Entry},
};
use crate::journals::{Posted, Poster, hold_open, post, year_of};

/// What is not needed any more.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"effective_on": "2026-11-30", "period": 8, "reason": "Four beds fewer were needed", "amount_pence": 400_000}))]
pub(crate) struct ReleaseDraft {
    /// The day it takes effect; decides the year of which it is released.
    effective_on: NaiveDate,
    /// The open period it is posted in.
    period: Period,
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
    /// Up to what is outstanding in the year; all of that when left out.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 10_000_000_000_000i64)]
    amount_pence: Option<Pence>,
    /// The decision that lets the journal be posted, where your role may not by itself.
    #[serde(default)]
    decision_id: Option<DecisionId>,
}

/// Release what is not needed of an order or contract
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/funds/{fund}/commitments/{commitment}/releases", operation_id = "releaseCommitment",
    tag = "commitments",
    params(CommitmentPath, web::Keyed),
    request_body = ReleaseDraft,
    responses((status = 201, body = CommitmentBody)),
    security(("bearer" = ["journals:post"])),
)]
pub(crate) async fn release_commitment(
    scope: InBorough<can::PostJournals>,
    At(path): At<CommitmentPath>,
    SentOnce(draft, request): SentOnce<ReleaseDraft>,
) -> Handled {
    let mut faults = Faults::default();
    faults.text("/reason", &draft.reason, 500);
    if let Some(amount) = draft.amount_pence {
        check_amount(&mut faults, amount);
    }
    faults.none()?;
    let year = year_of(draft.effective_on, draft.period)?;
    let mut tx = scope.write(&request).await?;
    hold_open(&mut tx, path.fund, &[(year, draft.period)]).await?;
    let (first, held) = hold(&mut tx, &path).await?;
    let left = held.by_year.get(&year).copied().unwrap_or_default();
    let amount = within(left, draft.amount_pence)?;
    let narrative = format!("Release of {}: {}", first.reference, draft.reason.trim());
    let journal = held.release(amount, (draft.effective_on, draft.period), &narrative, draft.decision_id)?;
    let Posted { mut tx, journal, .. } = post(tx, &Poster::of(&scope), path.fund, &journal).await?;
    let released = Entry {
        commitment: path.commitment,
        year,
        kind: EntryKind::Released,
        amount: Pence(amount.0.saturating_neg()),
        journal: journal.id,
        spending: None,
        reason: Some(draft.reason.trim().to_owned()),
    };
    store::enter(&mut tx, path.fund, &[released]).await?;
    let subject = format!("funds/{}/commitments/{}", path.fund, path.commitment);
    tx.record(Act::new("commitment.released", subject.clone()).after(amount.0));
    let body = find(&mut tx, path.fund, path.commitment).await?;
    let location = format!("/v1/boroughs/{}/{subject}", scope.borough().slug);
    Ok(tx.answer(Created { location, version: Some(body.version), body }).await?)
}

/// The order or contract of a path, held until the transaction ends.
pub(super) async fn hold(
    tx: &mut Tx<Borough>,
    path: &CommitmentPath,
) -> Result<(CommitmentBody, Outstanding), Problem> {
    let first = find(tx, path.fund, path.commitment).await?;
    let mut held = store::hold(tx, path.fund, std::slice::from_ref(&first.reference)).await?;
    let held = held.remove(&first.reference).ok_or_else(|| Problem::not_found("commitment"))?;
    Ok((first, held))
}
