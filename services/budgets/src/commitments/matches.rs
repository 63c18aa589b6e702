//! Matching spending that was posted without naming its order or contract.

use auth::can;
use chrono::NaiveDate;
use domain::{DecisionId, JournalId, Pence, Period};
use serde::Deserialize;
use tenancy::{Act, Handled, InBorough};
use web::{At, Created, Faults, Problem, SentOnce, drafts::unknown, problems};

use super::{
    commitment::{CommitmentBody, EntryKind, check_amount},
    http::{CommitmentPath, find},
    releases::hold,
    store::{self, Entry},
};
use crate::journals::{Posted, Poster, hold_open, post, year_of};

/// Spending that is of an order or contract.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"journal": "01890a5d-ac96-774b-bcce-b302099a8057", "effective_on": "2026-09-30", "period": 6}))]
pub(crate) struct CommitmentMatchDraft {
    /// The journal that spent it.
    journal: JournalId,
    /// The day the match takes effect.
    effective_on: NaiveDate,
    /// The open period it is posted in.
    period: Period,
    /// How much of what the journal spent on the scheme; all that is not matched yet when left out. What goes beyond what
    /// is outstanding draws only that.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 10_000_000_000_000i64)]
    amount_pence: Option<Pence>,
    /// The decision that lets the journal be posted, where your role may not by itself.
    #[serde(default)]
    decision_id: Option<DecisionId>,
}

/// Match spending with an order or contract
///
/// Draws it down by a journal of its own, so that the order and its invoice are not counted twice. Reversing that journal
/// takes the match back.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/funds/{fund}/commitments/{commitment}/matches", operation_id = "matchCommitment",
    tag = "commitments",
    params(CommitmentPath, web::Keyed),
    request_body = CommitmentMatchDraft,
    responses((status = 201, body = CommitmentBody)),
    security(("bearer" = ["journals:post"])),
)]
pub(crate) async fn match_commitment(
    scope: InBorough<can::PostJournals>,
    At(path): At<CommitmentPath>,
    SentOnce(draft, request): SentOnce<CommitmentMatchDraft>,
) -> Handled {
    let mut faults = Faults::default();
    if let Some(amount) = draft.amount_pence {
        check_amount(&mut faults, amount);
    }
    faults.none()?;
    let year = year_of(draft.effective_on, draft.period)?;
    let mut tx = scope.write(&request).await?;
    hold_open(&mut tx, path.fund, &[(year, draft.period)]).await?;
    let (first, mut held) = hold(&mut tx, &path).await?;
    store::hold_matches(&mut tx, draft.journal).await?;
    let spending = store::spending(&mut tx, path.fund, draft.journal, held.scheme).await?;
    let spending = spending.ok_or_else(|| unknown("/journal", "journal"))?;
    let matched = store::matched(&mut tx, path.fund, draft.journal, Some(held.scheme)).await?;
    let meant = spending.to_match((year, draft.effective_on), matched, draft.amount_pence)?;
    let drawn = held.draw(year, meant);
    if drawn == Pence::ZERO {
        let detail = format!("Nothing of {} is outstanding in {year}.", first.reference);
        return Err(Problem::of_fault(&problems::CONFLICT, "/effective_on", detail).into());
    }
    let narrative = format!("Match of {} with journal {}", first.reference, draft.journal);
    let journal = held.release(drawn, (draft.effective_on, draft.period), &narrative, draft.decision_id)?;
    let Posted { mut tx, journal, .. } = post(tx, &Poster::of(&scope), path.fund, &journal).await?;
    let entry = Entry {
        commitment: path.commitment,
        year,
        kind: EntryKind::Drawn,
        amount: Pence(drawn.0.saturating_neg()),
        journal: journal.id,
        spending: Some(draft.journal),
        reason: None,
    };
    store::enter(&mut tx, path.fund, &[entry]).await?;
    let subject = format!("funds/{}/commitments/{}", path.fund, path.commitment);
    tx.record(Act::new("commitment.matched", subject.clone()).after(draft.journal.to_string()));
    let body = find(&mut tx, path.fund, path.commitment).await?;
    let location = format!("/v1/boroughs/{}/{subject}", scope.borough().slug);
    Ok(tx.answer(Created { location, version: Some(body.version), body }).await?)
}
