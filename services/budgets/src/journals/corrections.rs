//! Putting a journal right: it is reversed and what is right is posted, linked to it, or neither is.

use std::slice;

use auth::can;
use serde::{Deserialize, Serialize};
use tenancy::{Handled, InBorough};
use web::{At, Created, Problem, SentOnce};

use super::{
    draft::JournalDraft,
    http::{JournalBody, JournalPath, PostedJournalBody},
    posting::{Also, Poster, Posting, Ready, Verdict},
    reversals::ReversalDraft,
    store::hold_open,
};
use crate::commitments;

/// What is taken back, and what is right.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "reversal": {"effective_on": "2026-09-30", "period": 6, "narrative": "Posted to the wrong scheme"},
    "journal": {"effective_on": "2026-09-30", "period": 6, "narrative": "Community equipment, September",
        "postings": [{"account": "5100", "scheme": "ICES", "layer": "actual", "amount_pence": 1_250_000},
                     {"account": "9000", "layer": "actual", "amount_pence": -1_250_000}]}}))]
pub(crate) struct CorrectionDraft {
    pub(super) reversal: ReversalDraft,
    pub(super) journal: JournalDraft,
}

/// A correction: the journal that took back what was wrong, and the one that is right.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CorrectionBody {
    reversal: JournalBody,
    journal: PostedJournalBody,
}

/// Correct a journal
///
/// Reverses it and posts what is right, in one go. Each of the two needs a decision of its own where it is above your
/// role's delegated limit. What the first drew of orders and contracts is outstanding again afterwards: what is right
/// draws only what was outstanding before.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/funds/{fund}/journals/{journal}/corrections", operation_id = "correctJournal",
    tag = "journals",
    params(JournalPath, web::Keyed),
    request_body = CorrectionDraft,
    responses((status = 201, body = CorrectionBody)),
    security(("bearer" = ["journals:post"])),
)]
pub(crate) async fn correct_journal(
    scope: InBorough<can::PostJournals>,
    At(path): At<JournalPath>,
    SentOnce(draft, request): SentOnce<CorrectionDraft>,
) -> Handled {
    let CorrectionDraft { reversal: taken_back, journal: right } = &draft;
    let year = taken_back.check().map_err(|problem| problem.under("/reversal"))?;
    let years = (year, right.check().map_err(|problem| problem.under("/journal"))?);
    let mut tx = scope.write(&request).await?;
    hold_open(&mut tx, path.fund, &[(years.0, taken_back.period), (years.1, right.period)]).await?;
    let named = right.postings.iter().filter_map(|line| line.commitment.clone());
    commitments::hold_all(&mut tx, path.fund, path.journal, named).await?;
    let reversal = taken_back.reversal(&mut tx, path.fund, path.journal, year).await?;
    let poster = Poster::of(&scope);
    let also = Also { periods: &[(year, taken_back.period)], spends_of: &reversal.spends_of() };
    let mut posting = Posting::open(tx, &poster, path.fund, slice::from_ref(right), also).await?;
    let undone = match reversal.admit(&mut posting).await? {
        Ok(undone) => undone,
        Err(refused) => return Err(refused.under("/reversal").answer(posting.tx).await),
    };
    match posting.add(right, Some(path.journal)).await? {
        Verdict::Taken(_) => {}
        Verdict::There(_) => return Err(super::posting::taken_reference().under("/journal").into()),
        Verdict::Refused(refused) => return Err(refused.under("/journal").answer(posting.tx).await),
    }
    let (mut tx, ready) = posting.write().await?;
    let Ok([reversed, righted]) = <[Ready; 2]>::try_from(ready) else {
        return Err(Problem::internal("a correction is two journals").into());
    };
    commitments::undo(&mut tx, path.fund, reversed.journal.id, &undone).await?;
    let slug = &scope.borough().slug;
    let location = format!("/v1/boroughs/{slug}/funds/{}/journals/{}", path.fund, righted.journal.id);
    let by = &scope.caller().client_id;
    let body = CorrectionBody {
        reversal: JournalBody::of(&reversed.journal, by, reversed.split_suspected),
        journal: PostedJournalBody {
            journal: JournalBody::of(&righted.journal, by, righted.split_suspected),
            over_available: righted.over,
        },
    };
    Ok(tx.answer(Created { location, version: None, body }).await?)
}
