//! A proof of one account: what it had in a sealed period, shown to be under the signed head without showing the rest.

use auth::{Hash, PublicSealKey, Signature};
use chrono::{DateTime, Utc};
use domain::{BoroughId, FinancialYear, FundId, Period};
use serde::{Deserialize, Serialize};

use super::{
    merkle,
    seal::{Link, SIGNED, SealBody, content, leaves},
    tally::SealedAccount,
};

/// What one account had in a sealed period, and the way from there to the signed head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct SealProof {
    pub(crate) borough_id: BoroughId,
    #[schema(minimum = 1)]
    pub(crate) position: i64,
    pub(crate) fund_id: FundId,
    pub(crate) year: FinancialYear,
    pub(crate) period: Period,
    pub(crate) closing: i64,
    pub(crate) account: SealedAccount,
    /// Its place among the accounts, from 0.
    #[schema(minimum = 0)]
    pub(crate) place: i64,
    /// How many accounts there are.
    #[schema(minimum = 1)]
    pub(crate) accounts: i64,
    /// The hashes beside the way from the account up to the root, the lowest first.
    pub(crate) path: Vec<Hash>,
    pub(crate) root: Hash,
    /// Over the counts and sums of the whole period, which it does not show.
    pub(crate) totals: Hash,
    pub(crate) content: Hash,
    pub(crate) previous: Hash,
    pub(crate) head: Hash,
    pub(crate) sealed_at: DateTime<Utc>,
    pub(crate) key: PublicSealKey,
    pub(crate) signature: Signature,
}

impl SealProof {
    /// The proof of an account of a seal, where it has lines in it.
    pub(super) fn of(body: &SealBody, account: &str) -> Option<Self> {
        let place = body.accounts.iter().position(|sealed| sealed.account == account)?;
        let seal = &body.seal;
        Some(Self {
            borough_id: seal.borough_id,
            position: seal.position,
            fund_id: seal.fund_id,
            year: seal.year,
            period: seal.period,
            closing: seal.closing,
            account: body.accounts[place].clone(),
            place: i64::try_from(place).ok()?,
            accounts: seal.accounts,
            path: merkle::path(&leaves(&body.accounts), place),
            root: seal.root,
            totals: seal.totals(),
            content: seal.content,
            previous: seal.previous,
            head: seal.head,
            sealed_at: seal.sealed_at,
            key: seal.key.clone(),
            signature: seal.signature.clone(),
        })
    }

    /// What does not hold in it.
    pub(super) fn faults(&self) -> Vec<&'static str> {
        let climbed = usize::try_from(self.place)
            .ok()
            .zip(usize::try_from(self.accounts).ok())
            .and_then(|(place, count)| merkle::climb(self.account.leaf(), place, count, &self.path));
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
        let checks = [
            (climbed == Some(self.root), "the account and its path do not lead to the root"),
            (self.content == content(self.accounts, &self.root, &self.totals), "the root is not in the content"),
            (self.head == link.head(), "its head is not the one its parts make"),
            (self.key.sound().is_some(), "its key does not go by its own name"),
            (self.key.signed(SIGNED, &self.head, &self.signature), "its signature is not of its key over its head"),
        ];
        checks.into_iter().filter(|(holds, _)| !holds).map(|(_, what)| what).collect()
    }
}
