//! What services tell of a borough that is being set up: facts of theirs that its checklist asks for.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::Event;

/// Something a borough does before it goes live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// A section 75 agreement is recorded.
    Agreement,
    /// The codes of a ledger are mapped to schemes.
    SchemeCodes,
    /// The constitution of a committee is entered.
    Constitution,
    /// A month was soft-closed with every payment explained.
    Reconciliation,
}

impl Step {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agreement => "agreement",
            Self::SchemeCodes => "scheme_codes",
            Self::Constitution => "constitution",
            Self::Reconciliation => "reconciliation",
        }
    }
}

/// A step was taken. Told each time; the first counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepTaken {
    /// Which.
    pub step: Step,
    /// The path of what was done, below the borough.
    pub path: String,
    /// When.
    pub taken_at: DateTime<Utc>,
}

impl StepTaken {
    /// A step, taken by making what is at a path below the borough.
    #[must_use]
    pub fn of(step: Step, path: String, taken_at: DateTime<Utc>) -> Self {
        Self { step, path, taken_at }
    }
}

impl Event for StepTaken {
    const KIND: &'static str = "set-up-step-taken.v1";
    const CONSUMERS: &'static [&'static str] = &["tenants"];
    fn aggregate(&self) -> String {
        format!("set-up/{}", self.step.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_told_as_ever() {
        crate::golden::<StepTaken>(include_str!("../golden/set-up-step-taken.v1.json"));
    }
}
