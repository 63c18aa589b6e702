//! What a period holds, account by account: the leaves of its seal.

use auth::{Hash, Hashing};
use std::collections::BTreeMap;

use domain::Pence;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{journals::Layer, postings::LedgerLine};

/// What was debited and credited. Neither is below zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct Sides {
    pub(crate) debits_pence: Pence,
    pub(crate) credits_pence: Pence,
}

impl Sides {
    fn add(&mut self, amount: Pence) -> Option<()> {
        if amount > Pence::ZERO {
            self.debits_pence = self.debits_pence.checked_add(amount)?;
        } else {
            self.credits_pence = self.credits_pence.checked_sub(amount)?;
        }
        Some(())
    }
}

/// What a period holds of one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct SealedAccount {
    #[schema(example = "5100")]
    pub(crate) account: String,
    /// How many lines it has.
    pub(crate) postings: i64,
    pub(crate) budget: Sides,
    pub(crate) committed: Sides,
    pub(crate) actual: Sides,
    /// Over its lines, in the order of journals.
    pub(crate) hash: Hash,
}

impl SealedAccount {
    /// The leaf it is in the tree.
    pub(super) fn leaf(&self) -> Hash {
        let layers = [self.budget, self.committed, self.actual];
        let begun = Hashing::of("tenfold account 1").text(&self.account).number(self.postings);
        let summed =
            layers.iter().fold(begun, |hash, layer| hash.number(layer.debits_pence.0).number(layer.credits_pence.0));
        summed.hash(&self.hash).done()
    }
}

/// The hash of one line: of every field it has.
pub(super) fn hash_of(line: &LedgerLine) -> Hash {
    Hashing::of("tenfold posting 1")
        .id(line.journal.0)
        .number(line.line.into())
        .number(line.year.start().into())
        .number(line.period.number().into())
        .number(line.posted_at.timestamp_micros())
        .text(&line.effective_on.to_string())
        .text(&line.account)
        .text_or_none(line.scheme.as_deref())
        .text(word(line.layer))
        .number(line.amount_pence.0)
        .id_or_none(line.party.map(|id| id.0))
        .text_or_none(line.category.as_deref())
        .text_or_none(line.source.as_deref())
        .text_or_none(line.nature.as_deref())
        .text(&line.narrative)
        .text_or_none(line.journal_source.as_deref())
        .text_or_none(line.external_reference.as_deref())
        .text_or_none(line.metadata.as_deref())
        .text(&line.posted_by)
        .id_or_none(line.reverses.map(|id| id.0))
        .id_or_none(line.corrects.map(|id| id.0))
        .id_or_none(line.import)
        .done()
}

fn word(layer: Layer) -> &'static str {
    match layer {
        Layer::Budget => "budget",
        Layer::Committed => "committed",
        Layer::Actual => "actual",
    }
}

/// What of a line goes in the tally: little enough to keep a million of them.
pub(super) struct Entry {
    pub(super) account: String,
    pub(super) key: (Uuid, i16),
    layer: Layer,
    amount: Pence,
    hash: Hash,
}

impl Entry {
    pub(super) fn of(line: &LedgerLine) -> Self {
        Self {
            account: line.account.clone(),
            key: (line.journal.0, line.line),
            layer: line.layer,
            amount: line.amount_pence,
            hash: hash_of(line),
        }
    }
}

/// Why lines cannot be tallied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Untallied {
    #[error("line {1} of journal {0} is there twice, or out of order")]
    OutOfOrder(Uuid, i16),
    #[error("the amounts of account {0} are too large to add up")]
    TooLarge(String),
}

/// Lines added up and hashed as they come, in the order of journals and lines. Keeps no line.
#[derive(Default)]
pub(crate) struct Tally {
    accounts: BTreeMap<String, Account>,
    last: Option<(Uuid, i16)>,
    pub(super) journals: i64,
    pub(super) postings: i64,
}

struct Account {
    postings: i64,
    layers: [Sides; 3],
    hash: Hashing,
}

impl Default for Account {
    fn default() -> Self {
        Self { postings: 0, layers: Default::default(), hash: Hashing::of("tenfold postings 1") }
    }
}

impl Tally {
    /// Adds the next line.
    pub(super) fn add(&mut self, entry: &Entry) -> Result<(), Untallied> {
        if self.last.is_some_and(|last| last >= entry.key) {
            return Err(Untallied::OutOfOrder(entry.key.0, entry.key.1));
        }
        if self.last.is_none_or(|(journal, _)| journal != entry.key.0) {
            self.journals += 1;
        }
        self.last = Some(entry.key);
        self.postings += 1;
        if !self.accounts.contains_key(&entry.account) {
            self.accounts.insert(entry.account.clone(), Account::default());
        }
        let account = self.accounts.get_mut(&entry.account).expect("put there if it was not");
        account.postings += 1;
        let layer = match entry.layer {
            Layer::Budget => 0,
            Layer::Committed => 1,
            Layer::Actual => 2,
        };
        account.layers[layer].add(entry.amount).ok_or_else(|| Untallied::TooLarge(entry.account.clone()))?;
        account.hash.add(&entry.hash);
        Ok(())
    }

    /// Lines in any order.
    pub(super) fn of(mut entries: Vec<Entry>) -> Result<Self, Untallied> {
        entries.sort_by_key(|entry| entry.key);
        let mut tally = Self::default();
        entries.iter().try_for_each(|entry| tally.add(entry))?;
        Ok(tally)
    }

    /// The accounts, in the order of their codes' bytes.
    pub(super) fn accounts(self) -> Vec<SealedAccount> {
        let accounts = self.accounts.into_iter().map(|(code, account)| {
            let [budget, committed, actual] = account.layers;
            let hash = account.hash.done();
            SealedAccount { account: code, postings: account.postings, budget, committed, actual, hash }
        });
        accounts.collect()
    }
}
