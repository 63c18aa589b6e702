//! Reversing a journal: the same lines on the other side, linked to it.

use auth::can;
use chrono::NaiveDate;
use domain::{DecisionId, JournalId, Period};
use serde::Deserialize;
use tenancy::{Act, Handled, InBorough, OnConstraint};
use web::{At, Created, Problem, SentOnce, problems};

use super::{
    delegated,
    http::{JournalBody, JournalPath},
    journal::{Journal, check_narrative, year_of},
    posting::{Poster, no_such_year},
    store,
};

/// A reversal to post.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"effective_on": "2026-09-30", "period": 6, "narrative": "Posted to the wrong scheme"}))]
pub(crate) struct ReversalDraft {
    /// The day it takes effect.
    effective_on: NaiveDate,
    /// The open period it is posted in.
    period: Period,
    /// Why.
    #[schema(min_length = 1, max_length = 500)]
    narrative: String,
    /// The decision of a committee that lets it move its money, as for a journal.
    #[serde(default)]
    decision_id: Option<DecisionId>,
}

/// Reverse a journal
///
/// Posts its lines on the other side, in an open period, not before what it reverses; above your role's delegated
/// limit it needs a decision of its own, as posting did. The decision that what it reverses spent stays spent. A journal
/// is reversed once; a reversal is not reversed.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/funds/{fund}/journals/{journal}/reversals", operation_id = "reverseJournal",
    tag = "journals",
    params(JournalPath, web::Keyed),
    request_body = ReversalDraft,
    responses((status = 201, body = JournalBody)),
    security(("bearer" = ["journals:post"])),
)]
pub(crate) async fn reverse_journal(
    scope: InBorough<can::PostJournals>,
    At(path): At<JournalPath>,
    SentOnce(draft, request): SentOnce<ReversalDraft>,
) -> Handled {
    check_narrative(&draft.narrative)?;
    let year = year_of(draft.effective_on, draft.period)?;
    let mut tx = scope.write(&request).await?;
    store::hold_period_open(&mut tx, path.fund, year, draft.period).await?;
    let first = store::list(&mut tx, path.fund, Some(path.journal), None, 1).await?.pop();
    let first = first.ok_or_else(|| Problem::not_found("journal"))?;
    if first.reverses.is_some() || first.reversed_by.is_some() {
        return Err(already_reversed().into());
    }
    if draft.effective_on < first.effective_on || (year, draft.period) < (first.year, first.period) {
        let detail = format!(
            "A reversal comes after what it reverses: effective from {}, in period {} of {} or later.",
            first.effective_on, first.period, first.year
        );
        return Err(Problem::of_fault(&problems::WRONG_YEAR, "/effective_on", detail).into());
    }
    let books = store::open_books(&mut tx, path.fund, year, draft.period, (&[], &[]), scope.caller().role)
        .await?
        .ok_or_else(|| Problem::not_found("fund"))?
        .ok_or_else(|| no_such_year(year))?;
    books.check_period(draft.period)?;
    let mut lines = store::lines(&mut tx, path.fund, path.journal).await?;
    for line in &mut lines {
        let other_side = line.amount.checked_neg();
        line.amount = other_side.ok_or_else(|| Problem::internal("a posting has an amount without an opposite"))?;
    }
    let journal = Journal {
        id: JournalId::at(scope.now()),
        fund: path.fund,
        year,
        period: draft.period,
        effective_on: draft.effective_on,
        posted_at: scope.now(),
        narrative: draft.narrative.trim().to_owned(),
        source: None,
        reverses: Some(path.journal),
        region: books.region.clone(),
        lines,
    };
    // What may not be posted without a decision may not be taken back without one.
    let poster = Poster::of(&scope, draft.decision_id);
    let subject = format!("funds/{}/journals/{}", path.fund, path.journal);
    let mut tx = delegated::allow(tx, &poster, &books, &journal, subject).await?;
    let client_id = &scope.caller().client_id;
    store::insert(&mut tx, &journal, client_id).await.on_constraint("journal_reversed_once", already_reversed)?;
    delegated::settle(&mut tx, &poster, &books, &journal).await?;
    let subject = format!("funds/{}/journals/{}", path.fund, journal.id);
    tx.record(Act::new("journal.reversed", subject).before(path.journal.to_string()));
    let body = store::list(&mut tx, path.fund, Some(journal.id), None, 1).await?.pop();
    let body: JournalBody = body.ok_or_else(|| Problem::not_found("journal"))?;
    let location = format!("/v1/boroughs/{}/funds/{}/journals/{}", scope.borough().slug, path.fund, journal.id);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}

fn already_reversed() -> Problem {
    Problem::new(&problems::ALREADY_REVERSED, "It has been reversed already, or is itself a reversal.")
}
