//! What becomes of orders and contracts when a journal that made, drew or released them is reversed.

use domain::{FinancialYear, FundId, JournalId, Pence};
use tenancy::{Act, Borough, Tx};
use web::{Problem, problems};

use super::{
    commitment::{CommitmentEntryBody, EntryKind},
    outstanding::Outstanding,
    store::{self, Entry},
};

/// An entry that is taken back with the journal that made it.
pub(crate) struct Undone {
    outstanding: Outstanding,
    entry: CommitmentEntryBody,
}

/// Holds the orders and contracts that a journal made entries of, and others that are named, in one go: two that hold some
/// of the same never wait for one another.
pub(crate) async fn hold_all(
    tx: &mut Tx<Borough>,
    fund: FundId,
    journal: JournalId,
    named: impl Iterator<Item = String>,
) -> Result<(), Problem> {
    let made = store::made_by(tx, fund, journal).await?;
    let references: Vec<String> = made.into_iter().map(|(reference, _)| reference).chain(named).collect();
    store::hold(tx, fund, &references).await?;
    Ok(())
}

/// What a journal's reversal, posted in `year`, takes back of orders and contracts; holds them until the transaction ends.
pub(crate) async fn may_be_undone(
    tx: &mut Tx<Borough>,
    fund: FundId,
    journal: JournalId,
    year: FinancialYear,
) -> Result<Vec<Undone>, Problem> {
    store::hold_matches(tx, journal).await?;
    let made = store::made_by(tx, fund, journal).await?;
    if store::matched(tx, fund, journal, None).await? > Pence::ZERO {
        let detail = "Its spending is matched with an order or contract. Reverse the journal of the match first.";
        return Err(Problem::new(&problems::CONFLICT, detail));
    }
    if made.is_empty() {
        return Ok(Vec::new());
    }
    let references: Vec<String> = made.iter().map(|(reference, _)| reference.clone()).collect();
    let mut held = store::hold(tx, fund, &references).await?;
    let mut undone = Vec::new();
    for (reference, entry) in made {
        let outstanding =
            held.get_mut(&reference).ok_or_else(|| Problem::internal("a commitment of an entry is gone"))?;
        may_be(&reference, outstanding, &entry, year)?;
        undone.push(Undone { outstanding: outstanding.clone(), entry });
    }
    Ok(undone)
}

/// Whether an entry may be taken back in a year, and what is outstanding afterwards.
fn may_be(
    reference: &str,
    outstanding: &mut Outstanding,
    entry: &CommitmentEntryBody,
    year: FinancialYear,
) -> Result<(), Problem> {
    if matches!(entry.kind, EntryKind::CarriedOut | EntryKind::CarriedIn) {
        let detail =
            format!("It carried {reference} into another year. Release what was carried in, and commit it anew.");
        return Err(Problem::new(&problems::CONFLICT, detail));
    }
    if entry.year != year {
        let detail = format!("{reference} speaks for money of {}: reverse it in that year.", entry.year);
        return Err(Problem::of_fault(&problems::WRONG_YEAR, "/effective_on", detail));
    }
    let left = outstanding.by_year.entry(entry.year).or_default();
    let after = left.checked_sub(entry.amount_pence).ok_or_else(crate::positions::http::too_large)?;
    if after < Pence::ZERO {
        let detail = format!(
            "{reference} was drawn down, released or carried on since: {left} of it is outstanding. Take that back first."
        );
        return Err(Problem::new(&problems::CONFLICT, detail));
    }
    *left = after;
    Ok(())
}

/// Takes the entries back with the reversal, which is written.
pub(crate) async fn undo(
    tx: &mut Tx<Borough>,
    fund: FundId,
    reversal: JournalId,
    undone: &[Undone],
) -> Result<(), Problem> {
    if undone.is_empty() {
        return Ok(());
    }
    let entry = |one: &Undone| {
        Some(Entry {
            commitment: one.outstanding.id,
            year: one.entry.year,
            kind: EntryKind::Reversed,
            amount: one.entry.amount_pence.checked_neg()?,
            journal: reversal,
            spending: one.entry.spending,
            reason: None,
        })
    };
    let entries: Option<Vec<Entry>> = undone.iter().map(entry).collect();
    for one in undone {
        let subject = format!("funds/{fund}/commitments/{}", one.outstanding.id);
        tx.record(Act::new("commitment.reversed", subject).after(reversal.to_string()));
    }
    Ok(store::enter(tx, fund, &entries.ok_or_else(crate::positions::http::too_large)?).await?)
}
