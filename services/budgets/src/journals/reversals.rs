//! Reversing a journal: the same lines on the other side, linked to it.

use auth::can;
use chrono::NaiveDate;
use domain::{DecisionId, FinancialYear, FundId, JournalId, Period, SchemeId};
use serde::Deserialize;
use tenancy::{Borough, Handled, InBorough, Tx};
use web::{At, Created, Problem, SentOnce, problems};

use super::{
    draft::{check_narrative, year_of},
    http::{JournalBody, JournalPath, PostedJournalBody},
    journal::Journal,
    posting::{Also, Poster, Posting, Ready},
    reading,
    store::hold_open,
};
use crate::commitments::{self, Undone};

/// A reversal to post.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"effective_on": "2026-09-30", "period": 6, "narrative": "Posted to the wrong scheme"}))]
pub(crate) struct ReversalDraft {
    /// The day it takes effect.
    pub(super) effective_on: NaiveDate,
    /// The open period it is posted in.
    pub(super) period: Period,
    /// Why.
    #[schema(min_length = 1, max_length = 500)]
    narrative: String,
    /// The decision of a committee that lets it move its money, as for a journal.
    #[serde(default)]
    decision_id: Option<DecisionId>,
}

/// What is to be reversed, read and found fit for it.
pub(super) struct Reversal {
    pub(super) journal: Journal,
    /// What becomes of orders and contracts that it committed or drew down.
    undone: Vec<Undone>,
}

impl ReversalDraft {
    /// The year it is posted in, where its own words are sound.
    pub(super) fn check(&self) -> Result<FinancialYear, Problem> {
        check_narrative(&self.narrative)?;
        year_of(self.effective_on, self.period)
    }

    /// The journal that reverses the first, which must be there and not be reversed.
    pub(super) async fn reversal(
        &self,
        tx: &mut Tx<Borough>,
        fund: FundId,
        journal: JournalId,
        year: FinancialYear,
    ) -> Result<Reversal, Problem> {
        let first = reading::find(tx, fund, journal).await?.ok_or_else(|| Problem::not_found("journal"))?;
        if first.reverses.is_some() || first.reversed_by.is_some() {
            return Err(already_reversed());
        }
        if self.effective_on < first.effective_on || (year, self.period) < (first.year, first.period) {
            let detail = format!(
                "A reversal comes after what it reverses: effective from {}, in period {} of {} or later.",
                first.effective_on, first.period, first.year
            );
            return Err(Problem::of_fault(&problems::WRONG_YEAR, "/effective_on", detail));
        }
        let undone = commitments::may_be_undone(tx, fund, journal, year).await?;
        let lines = reading::other_side(tx, fund, journal).await?;
        let journal = Journal {
            id: JournalId::at(tx.now()),
            fund,
            year,
            period: self.period,
            effective_on: self.effective_on,
            posted_at: tx.now(),
            narrative: self.narrative.trim().to_owned(),
            source: None,
            decision: self.decision_id,
            reference: None,
            metadata: None,
            reverses: Some(journal),
            corrects: None,
            region: None,
            lines: lines.ok_or_else(|| Problem::internal("a posting has an amount without an opposite"))?,
            drawn: Vec::new(),
        };
        Ok(Reversal { journal, undone })
    }
}

impl Reversal {
    /// The schemes it takes something of.
    pub(super) fn spends_of(&self) -> Vec<(FinancialYear, SchemeId)> {
        let takes = self.journal.takes().into_iter().filter(|(_, asked)| *asked > 0);
        takes.map(|(scheme, _)| (self.journal.year, scheme)).collect()
    }

    /// Takes it into books that were opened for it. What may not be posted without a decision may not be taken back
    /// without one.
    pub(super) async fn admit(
        self,
        posting: &mut Posting<'_>,
    ) -> Result<Result<Vec<Undone>, super::delegated::Refused>, Problem> {
        let Self { mut journal, undone } = self;
        posting.books.check_period(journal.year, journal.period)?;
        journal.region.clone_from(&posting.books.region);
        let subject = format!("funds/{}/journals/{}", journal.fund, journal.reverses.unwrap_or(journal.id));
        Ok(posting.admit(journal, subject).await?.map(|_| undone).map_err(|(refused, _)| refused))
    }
}

/// Reverse a journal
///
/// Posts its lines on the other side, in an open period, not before what it reverses; above your role's delegated
/// limit it needs a decision of its own, as posting did. The decision that what it reverses spent stays spent. What it
/// drew of orders and contracts is outstanding again. A journal is reversed once; a reversal is not reversed.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/funds/{fund}/journals/{journal}/reversals", operation_id = "reverseJournal",
    tag = "journals",
    params(JournalPath, web::Keyed),
    request_body = ReversalDraft,
    responses((status = 201, body = PostedJournalBody)),
    security(("bearer" = ["journals:post"])),
)]
pub(crate) async fn reverse_journal(
    scope: InBorough<can::PostJournals>,
    At(path): At<JournalPath>,
    SentOnce(draft, request): SentOnce<ReversalDraft>,
) -> Handled {
    let year = draft.check()?;
    let mut tx = scope.write(&request).await?;
    hold_open(&mut tx, path.fund, &[(year, draft.period)]).await?;
    let reversal = draft.reversal(&mut tx, path.fund, path.journal, year).await?;
    let poster = Poster::of(&scope);
    let also = Also { periods: &[(year, draft.period)], spends_of: &reversal.spends_of() };
    let mut posting = Posting::open(tx, &poster, path.fund, &[], also).await?;
    let undone = match reversal.admit(&mut posting).await? {
        Ok(undone) => undone,
        Err(refused) => return Err(refused.answer(posting.tx).await),
    };
    let (mut tx, mut ready) = posting.write().await?;
    let Ready { journal, over, .. } = ready.pop().ok_or_else(|| Problem::internal("a reversal got lost"))?;
    commitments::undo(&mut tx, path.fund, journal.id, &undone).await?;
    let location = format!("/v1/boroughs/{}/funds/{}/journals/{}", scope.borough().slug, path.fund, journal.id);
    let journal = JournalBody::of(&journal, &scope.caller().client_id, false);
    let body = PostedJournalBody { journal, over_available: over };
    Ok(tx.answer(Created { location, version: None, body }).await?)
}

pub(super) fn already_reversed() -> Problem {
    Problem::new(&problems::ALREADY_REVERSED, "It has been reversed already, or is itself a reversal.")
}
