//! A journal, ready to be written. No SQL, no HTTP, no clock.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    AccountId, CommitmentId, DecisionId, FinancialYear, FundId, JournalId, OrganisationId, Pence, Period, SchemeId,
};
use serde_json::{Map, Value};

use super::draft::{Layer, Nature};

/// A line, its codes resolved and every dimension filled in.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) account: AccountId,
    pub(crate) account_code: String,
    pub(crate) scheme: Option<SchemeId>,
    pub(crate) scheme_code: Option<String>,
    pub(crate) layer: Layer,
    pub(crate) amount: Pence,
    pub(crate) party: Option<OrganisationId>,
    pub(crate) category: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) nature: Option<Nature>,
    /// Whether it is of an expenditure account.
    pub(crate) expenditure: bool,
    /// Whether the region counts it: expenditure that is not in view.
    pub(crate) counted: bool,
}

impl Line {
    /// Whether it debits an expenditure account.
    pub(super) fn spends(&self) -> bool {
        self.expenditure && self.amount > Pence::ZERO
    }
}

/// What the region is told of a journal: one sum.
pub(super) struct Region<'l> {
    pub(super) category: &'l str,
    pub(super) source: &'l str,
    pub(super) layer: Layer,
    pub(super) amount: Pence,
}

/// A journal, ready to be written.
#[derive(Debug)]
pub(crate) struct Journal {
    pub(crate) id: JournalId,
    pub(crate) fund: FundId,
    pub(crate) year: FinancialYear,
    pub(crate) period: Period,
    pub(crate) effective_on: NaiveDate,
    pub(crate) posted_at: DateTime<Utc>,
    pub(super) narrative: String,
    pub(super) source: Option<String>,
    pub(super) decision: Option<DecisionId>,
    /// Its sender's name for it, and the fingerprint of what was sent.
    pub(super) reference: Option<(String, [u8; 32])>,
    pub(super) metadata: Option<Map<String, Value>>,
    pub(super) reverses: Option<JournalId>,
    pub(super) corrects: Option<JournalId>,
    /// Where it is rolled up; none for a sandbox or an illustration.
    pub(super) region: Option<String>,
    pub(super) lines: Vec<Line>,
    /// What it draws of which orders and contracts.
    pub(super) drawn: Vec<(CommitmentId, Pence)>,
}

impl Journal {
    /// What it takes of what each scheme has available; below zero where it gives. Only schemes for which that is not nil.
    pub(super) fn takes(&self) -> BTreeMap<SchemeId, i128> {
        let mut takes: BTreeMap<SchemeId, i128> = BTreeMap::new();
        for line in self.lines.iter().filter(|line| line.expenditure) {
            let Some(scheme) = line.scheme else { continue };
            let amount = i128::from(line.amount.0);
            *takes.entry(scheme).or_default() += if line.layer == Layer::Budget { -amount } else { amount };
        }
        takes.retain(|_, amount| *amount != 0);
        takes
    }

    /// What it spends on each scheme, in the end; nothing where it gives back.
    pub(super) fn spends(&self) -> BTreeMap<SchemeId, Pence> {
        let mut spends: BTreeMap<SchemeId, Pence> = BTreeMap::new();
        for line in self.lines.iter().filter(|line| line.expenditure && line.layer == Layer::Actual) {
            let Some(scheme) = line.scheme else { continue };
            let sum = spends.entry(scheme).or_default();
            *sum = Pence(sum.0.saturating_add(line.amount.0));
        }
        spends
    }

    /// What the region is told: sums of what it counts, by category, source and layer.
    pub(super) fn rolled_up(&self) -> Vec<Region<'_>> {
        let mut sums: BTreeMap<(&str, &str, Layer), Pence> = BTreeMap::new();
        for line in self.lines.iter().filter(|line| line.counted && self.region.is_some()) {
            let (Some(category), Some(source)) = (&line.category, &line.source) else { continue };
            let sum = sums.entry((category, source, line.layer)).or_default();
            // A sum of some lines of a journal whose layers add up may still leave i64.
            *sum = Pence(sum.0.saturating_add(line.amount.0));
        }
        sums.into_iter().map(|((category, source, layer), amount)| Region { category, source, layer, amount }).collect()
    }
}
