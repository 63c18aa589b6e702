//! Posting a journal, whoever asks: a finance officer's own, or what follows of a virement, a payment or a settlement.

use auth::{Permission, Role};
use domain::{BoroughId, DecisionId, FinancialYear, FundId};
use tenancy::{Act, Borough, InBorough, Instead, Tx};
use web::{Problem, problems};

use super::{
    delegated,
    journal::{Journal, JournalDraft},
    store,
};

/// Who posts, and the decision they name.
pub(crate) struct Poster {
    pub(super) borough: BoroughId,
    pub(super) role: Role,
    pub(super) client_id: String,
    pub(super) decision: Option<DecisionId>,
}

impl Poster {
    pub(crate) fn of<P: Permission>(scope: &InBorough<P>, decision: Option<DecisionId>) -> Self {
        let caller = scope.caller();
        Self { borough: scope.borough().id, role: caller.role, client_id: caller.client_id.clone(), decision }
    }
}

/// A journal that is written, and the transaction it was written in.
pub(crate) struct Posted {
    pub(crate) tx: Tx<Borough>,
    pub(crate) journal: Journal,
    pub(crate) split_suspected: bool,
}

/// Posts a journal in the fund, where its period is open and its poster may move as much (rules 30, 53 and 54).
pub(crate) async fn post(
    mut tx: Tx<Borough>,
    poster: &Poster,
    fund: FundId,
    draft: &JournalDraft,
) -> Result<Posted, Instead> {
    let year = draft.check()?;
    store::hold_period_open(&mut tx, fund, year, draft.period).await?;
    let accounts: Vec<String> = draft.postings.iter().map(|line| line.account.clone()).collect();
    let schemes: Vec<String> = draft.postings.iter().filter_map(|line| line.scheme.clone()).collect();
    let books = store::open_books(&mut tx, fund, year, draft.period, (&accounts, &schemes), poster.role)
        .await?
        .ok_or_else(|| Problem::not_found("fund"))?
        .ok_or_else(|| no_such_year(year))?;
    let journal = Journal::post(&books, draft, tx.now())?;
    let mut tx = delegated::allow(tx, poster, &books, &journal, format!("funds/{fund}")).await?;
    store::insert(&mut tx, &journal, &poster.client_id).await?;
    let split_suspected = delegated::settle(&mut tx, poster, &books, &journal).await?;
    tx.record(Act::new("journal.posted", format!("funds/{fund}/journals/{}", journal.id)));
    Ok(Posted { tx, journal, split_suspected })
}

pub(super) fn no_such_year(year: FinancialYear) -> Problem {
    Problem::of_fault(
        &problems::WRONG_YEAR,
        "/effective_on",
        format_args!("The fund has no year {year}. Open it first, or mend the date."),
    )
}
