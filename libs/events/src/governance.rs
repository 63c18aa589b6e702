//! What the governance service tells.

use chrono::NaiveDate;
use domain::{DelegationId, Pence};
use serde::{Deserialize, Serialize};

use crate::Event;

/// The scheme of delegation has a new limit for a role, from a day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DelegationRecorded {
    /// This version of the limit.
    pub delegation_id: DelegationId,
    /// Whose limit.
    pub role: String,
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

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn shapes_stay_as_they_were_sent() {
        let written: Value = serde_json::from_str(include_str!("../golden/delegation-recorded.v1.json")).expect("JSON");
        let event: DelegationRecorded = serde_json::from_value(written.clone()).expect("today's code reads it");
        assert_eq!(serde_json::to_value(&event).expect("plain data"), written);
    }
}
