//! Many journals at once: all of them or none, or each for itself.

use auth::can;
use domain::JournalId;
use serde::{Deserialize, Serialize};
use tenancy::{Handled, InBorough};
use web::{At, Found, Problem, SentBulk};

use super::{
    delegated::Refused,
    draft::{JournalDraft, POSTINGS_MAX},
    posting::{Also, Poster, Posting, Ready, Verdict},
};
use crate::{controls::OverAvailable, funds::http::FundPath};

/// The most journals of one bulk.
const JOURNALS_MAX: usize = 1_000;

/// What becomes of the rest where one is refused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BulkMode {
    /// None is posted.
    #[default]
    Atomic,
    /// The others are posted, and the report says which were not and why.
    PerRow,
}

/// Journals to post together.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"mode": "per_row", "journals": [
    {"effective_on": "2026-09-30", "period": 6, "narrative": "Community equipment, September", "external_reference": "AP-2026-09-0418",
     "postings": [{"account": "5100", "scheme": "ICES", "layer": "actual", "amount_pence": 1_250_000},
                  {"account": "9000", "layer": "actual", "amount_pence": -1_250_000}]}]}))]
pub(crate) struct BulkDraft {
    #[serde(default)]
    mode: BulkMode,
    /// 1 to 1,000 journals, with up to 10,000 postings together.
    #[schema(min_items = 1, max_items = 1_000)]
    journals: Vec<JournalDraft>,
}

/// What became of a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BulkOutcome {
    /// It was posted.
    Posted,
    /// It was posted before, under its reference.
    There,
    /// It was not posted.
    Refused,
}

/// A row of the report.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct BulkRow {
    /// Which of the journals sent: the first is 0.
    index: usize,
    outcome: BulkOutcome,
    /// The journal that was posted, now or before.
    journal: Option<JournalId>,
    external_reference: Option<String>,
    split_suspected: bool,
    over_available: Vec<OverAvailable>,
    /// Why it was not posted: what would have been answered had it been sent alone, with pointers into this body.
    #[schema(value_type = Option<Object>)]
    problem: Option<Problem>,
}

/// What became of a bulk, in the order it was sent.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct BulkBody {
    mode: BulkMode,
    posted: usize,
    there: usize,
    refused: usize,
    data: Vec<BulkRow>,
}

impl BulkDraft {
    fn check(&self) -> Result<(), Problem> {
        if !(1..=JOURNALS_MAX).contains(&self.journals.len()) {
            let detail = format!("A bulk has 1 to {JOURNALS_MAX} journals; this one has {}.", self.journals.len());
            return Err(Problem::invalid("/journals", detail));
        }
        let postings: usize = self.journals.iter().map(|journal| journal.postings.len()).sum();
        if postings > POSTINGS_MAX {
            let detail =
                format!("A bulk has up to {POSTINGS_MAX} postings; this one has {postings}. Send it in parts.");
            return Err(Problem::invalid("/journals", detail));
        }
        Ok(())
    }
}

/// Post many journals
///
/// Each is held to what one journal is held to, in the order sent: what one takes of a scheme or an order is not there for the
/// next. `atomic`: all are posted, or none is and the errors name every one that could not be. `per_row`: the report says what
/// became of each. Either way it is safe to send again: with the same key, or with the same references.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/funds/{fund}/journals/bulk", operation_id = "postJournals", tag = "journals",
    params(FundPath, web::Keyed),
    request_body = BulkDraft,
    responses((status = 200, body = BulkBody)),
    security(("bearer" = ["journals:post"])),
)]
pub(crate) async fn post_journals(
    scope: InBorough<can::PostJournals>,
    At(path): At<FundPath>,
    SentBulk(draft, request): SentBulk<BulkDraft>,
) -> Handled {
    draft.check()?;
    let tx = scope.write(&request).await?;
    let poster = Poster::of(&scope);
    let mut posting = Posting::open(tx, &poster, path.fund, &draft.journals, Also::default()).await?;
    let mut verdicts = Vec::with_capacity(draft.journals.len());
    for (at, journal) in draft.journals.iter().enumerate() {
        verdicts.push(match posting.add(journal, None).await? {
            Verdict::Refused(refused) => Verdict::Refused(refused.under(&format!("/journals/{at}"))),
            other => other,
        });
    }
    if draft.mode == BulkMode::Atomic
        && let Some(refused) = all_refused(&verdicts)
    {
        return Err(refused.answer(posting.tx).await);
    }
    let (tx, mut ready) = posting.write().await?;
    let rows = draft.journals.iter().zip(verdicts).enumerate();
    let data: Vec<BulkRow> = rows.map(|(index, (draft, verdict))| row(index, draft, verdict, &mut ready)).collect();
    let count = |outcome| data.iter().filter(|row| row.outcome == outcome).count();
    let body = BulkBody {
        mode: draft.mode,
        posted: count(BulkOutcome::Posted),
        there: count(BulkOutcome::There),
        refused: count(BulkOutcome::Refused),
        data,
    };
    Ok(tx.answer(Found::of(body)).await?)
}

/// The refusal of a bulk of which nothing is posted: of its first journal that cannot be, with the faults of all of them.
fn all_refused(verdicts: &[Verdict]) -> Option<Refused> {
    let refused = verdicts.iter().filter_map(|verdict| match verdict {
        Verdict::Refused(refused) => Some(refused),
        _ => None,
    });
    let refused: Vec<&Refused> = refused.collect();
    let problems: Vec<&Problem> = refused.iter().map(|refused| refused.problem()).collect();
    let first = problems.first()?.detail();
    let counts = format!("{} of {} journals cannot be posted, so none was.", refused.len(), verdicts.len());
    let whole = Problem::together(&problems, format_args!("{counts} The first: {first}"))?;
    // What was asked for and is above a limit stays on record, and is proposed.
    let on_record = refused.iter().any(|refused| matches!(refused, Refused::OnRecord(_)));
    Some(if on_record { Refused::OnRecord(whole) } else { Refused::Plain(whole) })
}

fn row(index: usize, draft: &JournalDraft, verdict: Verdict, ready: &mut [Ready]) -> BulkRow {
    let mut row = BulkRow {
        index,
        outcome: BulkOutcome::Refused,
        journal: None,
        external_reference: draft.external_reference.clone(),
        split_suspected: false,
        over_available: Vec::new(),
        problem: None,
    };
    match verdict {
        Verdict::Taken(at) => {
            let ready = &mut ready[at];
            row.outcome = BulkOutcome::Posted;
            row.journal = Some(ready.journal.id);
            row.split_suspected = ready.split_suspected;
            row.over_available = std::mem::take(&mut ready.over);
        }
        Verdict::There(id) => {
            row.outcome = BulkOutcome::There;
            row.journal = Some(id);
        }
        Verdict::Refused(Refused::Plain(problem) | Refused::OnRecord(problem)) => row.problem = Some(problem),
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bulk_is_refused_with_the_faults_of_all_its_journals() {
        let refused = |at: usize| {
            let problem = Problem::invalid(format!("/postings/{at}/amount_pence"), "Not nil.");
            Verdict::Refused(Refused::Plain(problem.under(&format!("/journals/{at}"))))
        };
        let there = || Verdict::There(JournalId(uuid::Uuid::nil()));
        assert!(all_refused(&[there(), Verdict::Taken(0)]).is_none());
        let whole = all_refused(&[refused(0), there(), refused(2)]).expect("refused");
        let pointers: Vec<_> = whole.problem().faults().iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, ["/journals/0/postings/0/amount_pence", "/journals/2/postings/2/amount_pence"]);
        assert!(whole.problem().detail().starts_with("2 of 3 journals cannot be posted"));
    }
}
