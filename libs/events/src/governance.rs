//! What the governance service tells.

use chrono::NaiveDate;
use domain::{CommitteeId, DecisionId, DelegationId, FundId, Pence, ProposalId};
use serde::{Deserialize, Serialize};

use crate::Event;

/// The scheme of delegation has a new limit for a role, from a day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DelegationRecorded {
    /// This version of the limit.
    pub delegation_id: DelegationId,
    /// Whose limit.
    pub role: String,
    /// The fund it is of; of every fund that has none of its own where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fund_id: Option<FundId>,
    /// `spend` where it is of spending only; of every kind of act that has none of its own where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The most that role may post in one journal without a decision.
    pub limit_pence: Pence,
    /// The first day it is in force.
    pub in_force_from: NaiveDate,
}

impl Event for DelegationRecorded {
    const KIND: &'static str = "delegation-recorded.v1";
    const CONSUMERS: &'static [&'static str] = &["budgets"];
    fn aggregate(&self) -> String {
        format!("delegation/{}", self.role)
    }
}

/// A decision of a committee is in effect from a day on. It lets one journal of the fund move up to its amount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionEffective {
    /// The decision.
    pub decision_id: DecisionId,
    /// Whose it is.
    pub committee_id: CommitteeId,
    /// The fund whose money it lets move.
    pub fund_id: FundId,
    /// The most it lets move, in pence.
    pub amount_pence: Pence,
    /// What was decided.
    pub title: String,
    /// The proposal it answers.
    pub proposal_id: Option<ProposalId>,
    /// The first day it is in effect.
    pub effective_on: NaiveDate,
}

impl Event for DecisionEffective {
    const KIND: &'static str = "decision-effective.v1";
    const CONSUMERS: &'static [&'static str] = &["budgets"];
    fn aggregate(&self) -> String {
        format!("decision/{}", self.decision_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden;

    #[test]
    fn shapes_stay_as_they_were_sent() {
        golden::<DelegationRecorded>(include_str!("../golden/delegation-recorded.v1.json"));
        golden::<DecisionEffective>(include_str!("../golden/decision-effective.v1.json"));
    }
}
