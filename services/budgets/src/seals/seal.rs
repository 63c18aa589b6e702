//! What a seal says, and how its parts make its head. No SQL, no HTTP, no clock.

use auth::{Hash, Hashing, PublicSealKey, SealKey, Signature};
use chrono::{DateTime, SubsecRound, Utc};
use domain::{BoroughId, FinancialYear, FundId, Pence, Period};
use serde::{Deserialize, Serialize};

use super::{
    merkle,
    tally::{SealedAccount, Tally},
};

/// What signatures of seals say they are of.
pub(super) const SIGNED: &str = "tenfold seal 1";

/// A seal of a period as it was closed once: a link in its borough's chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct PeriodSeal {
    pub(crate) borough_id: BoroughId,
    /// Its place in the borough's chain, from 1.
    #[schema(minimum = 1)]
    pub(crate) position: i64,
    pub(crate) fund_id: FundId,
    pub(crate) year: FinancialYear,
    pub(crate) period: Period,
    /// The move that closed the period: closed again, it has another seal.
    pub(crate) closing: i64,
    /// How many accounts have lines in it.
    pub(crate) accounts: i64,
    pub(crate) journals: i64,
    pub(crate) postings: i64,
    /// What was debited in each layer, which is what was credited.
    pub(crate) budget_pence: Pence,
    pub(crate) committed_pence: Pence,
    pub(crate) actual_pence: Pence,
    /// Over the accounts.
    pub(crate) root: Hash,
    /// Over the root and the counts.
    pub(crate) content: Hash,
    /// The head of the seal before it in the chain; of the first, all zeros.
    pub(crate) previous: Hash,
    /// Over everything above, what it follows and when it was made: what is signed and published.
    pub(crate) head: Hash,
    pub(crate) sealed_at: DateTime<Utc>,
    pub(crate) key: PublicSealKey,
    /// Ed25519, over `tenfold seal 1`, a line break and the head's bytes.
    pub(crate) signature: Signature,
}

/// A seal with what each account had in the period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct SealBody {
    pub(crate) seal: PeriodSeal,
    /// In the order of their codes' bytes.
    pub(crate) accounts: Vec<SealedAccount>,
}

/// What is sealed: a period, as it was closed once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Closed {
    pub(super) borough: BoroughId,
    pub(super) fund: FundId,
    pub(super) year: FinancialYear,
    pub(super) period: Period,
    pub(super) closing: i64,
}

/// The end of a chain: the position of the last seal, and its head.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ChainEnd {
    pub(crate) position: i64,
    pub(super) head: Hash,
}

/// Seals what was tallied, behind the end of its borough's chain. `None` where the sums leave `i64`.
pub(super) fn seal(closed: Closed, tally: Tally, end: ChainEnd, now: DateTime<Utc>, key: &SealKey) -> Option<SealBody> {
    let (journals, postings) = (tally.journals, tally.postings);
    let accounts = tally.accounts();
    let sum = |layer: fn(&SealedAccount) -> Pence| Pence::sum(accounts.iter().map(layer));
    let mut seal = PeriodSeal {
        borough_id: closed.borough,
        position: end.position.checked_add(1)?,
        fund_id: closed.fund,
        year: closed.year,
        period: closed.period,
        closing: closed.closing,
        accounts: i64::try_from(accounts.len()).ok()?,
        journals,
        postings,
        budget_pence: sum(|account| account.budget.debits_pence)?,
        committed_pence: sum(|account| account.committed.debits_pence)?,
        actual_pence: sum(|account| account.actual.debits_pence)?,
        root: root(&accounts),
        content: Hash::NONE,
        previous: end.head,
        head: Hash::NONE,
        // As the database keeps it.
        sealed_at: now.trunc_subsecs(6),
        key: key.public().clone(),
        signature: Signature::of(&[]),
    };
    seal.content = content(seal.accounts, &seal.root, &seal.totals());
    seal.head = seal.own_head();
    seal.signature = key.sign(SIGNED, &seal.head);
    Some(SealBody { seal, accounts })
}

/// The root over accounts.
pub(super) fn root(accounts: &[SealedAccount]) -> Hash {
    merkle::root(&leaves(accounts))
}

pub(super) fn leaves(accounts: &[SealedAccount]) -> Vec<Hash> {
    accounts.iter().map(SealedAccount::leaf).collect()
}

/// What a period holds, in one hash.
pub(super) fn content(accounts: i64, root: &Hash, totals: &Hash) -> Hash {
    Hashing::of("tenfold content 1").number(accounts).hash(root).hash(totals).done()
}

/// What a head is made of: all that anybody may see of a seal.
pub(super) struct Link<'a> {
    pub(super) borough: BoroughId,
    pub(super) position: i64,
    pub(super) previous: &'a Hash,
    pub(super) fund: FundId,
    pub(super) year: FinancialYear,
    pub(super) period: Period,
    pub(super) closing: i64,
    pub(super) content: &'a Hash,
    pub(super) sealed_at: DateTime<Utc>,
    pub(super) key_id: &'a str,
}

impl Link<'_> {
    pub(super) fn head(&self) -> Hash {
        Hashing::of("tenfold head 1")
            .id(self.borough.0)
            .number(self.position)
            .hash(self.previous)
            .id(self.fund.0)
            .number(self.year.start().into())
            .number(self.period.number().into())
            .number(self.closing)
            .hash(self.content)
            .number(self.sealed_at.timestamp_micros())
            .text(self.key_id)
            .done()
    }
}

impl PeriodSeal {
    /// Counts and sums, in one hash: a proof of one account shows no more of them.
    pub(super) fn totals(&self) -> Hash {
        Hashing::of("tenfold totals 1")
            .number(self.journals)
            .number(self.postings)
            .number(self.budget_pence.0)
            .number(self.committed_pence.0)
            .number(self.actual_pence.0)
            .done()
    }

    /// The head that its parts make.
    pub(super) fn own_head(&self) -> Hash {
        let link = Link {
            borough: self.borough_id,
            position: self.position,
            previous: &self.previous,
            fund: self.fund_id,
            year: self.year,
            period: self.period,
            closing: self.closing,
            content: &self.content,
            sealed_at: self.sealed_at,
            key_id: &self.key.kid,
        };
        link.head()
    }

    /// What does not hold in it by itself: its content, its head, its key and its signature.
    pub(super) fn faults(&self) -> Vec<&'static str> {
        let signed = self.key.signed(SIGNED, &self.head, &self.signature);
        let checks = [
            (
                self.content == content(self.accounts, &self.root, &self.totals()),
                "its counts, sums or root were altered",
            ),
            (self.head == self.own_head(), "its head is not the one its parts make"),
            (self.key.sound().is_some(), "its key does not go by its own name"),
            (signed, "its signature is not of its key over its head"),
        ];
        checks.into_iter().filter(|(holds, _)| !holds).map(|(_, what)| what).collect()
    }

    /// Whether it comes right after another.
    pub(crate) fn follows(&self, end: &ChainEnd) -> bool {
        self.previous == end.head && self.position == end.position + 1
    }

    /// What the next one comes after.
    pub(crate) fn end(&self) -> ChainEnd {
        ChainEnd { position: self.position, head: self.head }
    }

    /// What it is a seal of.
    pub(crate) fn closed(&self) -> Closed {
        Closed {
            borough: self.borough_id,
            fund: self.fund_id,
            year: self.year,
            period: self.period,
            closing: self.closing,
        }
    }

    /// Where it is: `period 6 of 2026-27`.
    pub(super) fn named(&self) -> String {
        format!("period {} of {}", self.period, self.year)
    }
}

impl ChainEnd {
    /// Before the first.
    pub(crate) const NONE: Self = Self { position: 0, head: Hash::NONE };
}

impl SealBody {
    /// What does not hold in it by itself, with its accounts.
    pub(crate) fn faults(&self) -> Vec<&'static str> {
        let mut faults = self.seal.faults();
        let many = i64::try_from(self.accounts.len()).ok() == Some(self.seal.accounts);
        if !many || root(&self.accounts) != self.seal.root {
            faults.push("its accounts do not make its root");
        }
        let lines: Option<i64> = self.accounts.iter().try_fold(0i64, |sum, account| sum.checked_add(account.postings));
        if lines != Some(self.seal.postings) {
            faults.push("its accounts have another number of lines");
        }
        faults
    }
}

#[cfg(test)]
#[path = "seal_tests.rs"]
mod tests;
