//! What the budgets service tells.

use chrono::{DateTime, Utc};
use domain::{FinancialYear, FundId, JournalId, Pence, ProposalId};
use serde::{Deserialize, Serialize};

use crate::Event;

/// A fund was set up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FundRecorded {
    /// The fund.
    pub fund_id: FundId,
    /// Its name.
    pub name: String,
    /// `pooled`, `aligned` or `in_view`.
    pub kind: String,
}

impl Event for FundRecorded {
    const KIND: &'static str = "fund-recorded.v1";
    const CONSUMERS: &'static [&'static str] = &["governance"];
    fn aggregate(&self) -> String {
        format!("fund/{}", self.fund_id)
    }
}

/// A journal above its role's limit was refused for want of a decision. Told again at each refusal of the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionWanted {
    /// What waits for a decision: the same at each refusal of the same.
    pub proposal_id: ProposalId,
    /// The fund whose money would move.
    pub fund_id: FundId,
    /// The financial year of the journal.
    pub year: FinancialYear,
    /// How much it would move, in pence.
    pub amount_pence: Pence,
    /// The most its role may post without a decision, in pence.
    pub limit_pence: Pence,
    /// Whose limit.
    pub role: String,
    /// What the journal says it is.
    pub narrative: String,
    /// When it was refused.
    pub wanted_at: DateTime<Utc>,
}

impl Event for DecisionWanted {
    const KIND: &'static str = "decision-wanted.v1";
    const CONSUMERS: &'static [&'static str] = &["governance"];
    fn aggregate(&self) -> String {
        format!("proposal/{}", self.proposal_id)
    }
}

/// Journals, each within its role's limit, are together above it. Nothing was blocked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitSuspected {
    /// The fund.
    pub fund_id: FundId,
    /// The code of the scheme they spend on; none where they spend on no scheme.
    pub scheme: Option<String>,
    /// Whose limit.
    pub role: String,
    /// The journal that took the sum above the limit.
    pub journal_id: JournalId,
    /// What they move together, in pence.
    pub sum_pence: Pence,
    /// The limit then in force, in pence.
    pub limit_pence: Pence,
    /// They, newest first, `journal_id` among them; at most 100.
    pub journals: Vec<JournalId>,
    /// When it was noticed.
    pub suspected_at: DateTime<Utc>,
}

impl Event for SplitSuspected {
    const KIND: &'static str = "split-suspected.v1";
    const CONSUMERS: &'static [&'static str] = &["governance"];
    fn aggregate(&self) -> String {
        format!("fund/{}", self.fund_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden;

    #[test]
    fn shapes_stay_as_they_were_sent() {
        golden::<FundRecorded>(include_str!("../golden/fund-recorded.v1.json"));
        golden::<DecisionWanted>(include_str!("../golden/decision-wanted.v1.json"));
        golden::<SplitSuspected>(include_str!("../golden/split-suspected.v1.json"));
    }
}
