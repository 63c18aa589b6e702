//! The rules of a committee's phases. No SQL, no HTTP, no clock.

use serde::{Deserialize, Serialize};
use web::{Fault, Problem};

/// What a committee is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Basis {
    /// A joint committee of the partners (SI 2000/617 reg 10(2)).
    JointCommittee,
    /// Committees of each body that meet together; each must carry.
    CommitteesInCommon,
    /// A committee of the council's executive.
    Executive,
    /// It advises.
    Advisory,
}

/// Under which rules the public may see its papers; a mixed committee is not of itself an executive one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AccessRegime {
    /// SI 2012/2089.
    Executive,
    /// Local Government Act 1972, Part VA.
    #[serde(rename = "local_government_act_1972")]
    LocalGovernmentAct1972,
    /// Public Bodies (Admission to Meetings) Act 1960.
    Nhs,
    /// None applies.
    None,
}

/// How far a committee has come. What follows the shadow phase takes each parent's approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Phase {
    /// Planned.
    Proposed,
    /// Preparing; it may recommend and decides nothing (rule 50).
    Shadow,
    /// It decides.
    Live,
    /// It has ended.
    Dissolved,
}

impl Phase {
    /// A plan is never a state: a phase changes when somebody says so, whatever date was planned.
    pub(crate) fn allowed(self) -> &'static [Self] {
        match self {
            Self::Proposed => &[Self::Shadow, Self::Dissolved],
            Self::Shadow => &[Self::Live, Self::Dissolved],
            Self::Live => &[Self::Dissolved],
            Self::Dissolved => &[],
        }
    }
}

impl Basis {
    /// Whether a committee of this basis can bind anybody once it is live; an advisory one never does.
    pub(crate) fn can_decide(self) -> bool {
        self != Self::Advisory
    }
}

/// A committee to record.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Integrated Commissioning Committee", "basis": "joint_committee",
    "access_regime": "local_government_act_1972", "parents": ["Wigan Council", "NHS Wigan Borough CCG"],
    "source": "Cabinet report"}))]
pub(crate) struct CommitteeDraft {
    #[schema(min_length = 1, max_length = 200)]
    pub(super) name: String,
    pub(super) basis: Basis,
    pub(super) access_regime: AccessRegime,
    /// The bodies it is a committee of.
    #[schema(min_items = 1, max_items = 20)]
    pub(super) parents: Vec<String>,
    /// Where this is known from.
    #[schema(min_length = 1, max_length = 500)]
    pub(super) source: String,
}

impl CommitteeDraft {
    pub(super) fn check(&self) -> Result<(), Problem> {
        let mut faults = Vec::new();
        let mut length = |pointer: String, text: &str, most: usize| {
            if !(1..=most).contains(&text.trim().chars().count()) {
                faults.push(Fault { pointer, detail: format!("It has 1 to {most} characters.") });
            }
        };
        length("/name".into(), &self.name, 200);
        length("/source".into(), &self.source, 500);
        for (at, parent) in self.parents.iter().enumerate() {
            length(format!("/parents/{at}"), parent, 200);
        }
        let fewest = if matches!(self.basis, Basis::JointCommittee | Basis::CommitteesInCommon) { 2 } else { 1 };
        if !(fewest..=20).contains(&self.parents.len()) {
            let detail = format!("A committee of this basis has {fewest} to 20 parent bodies.");
            faults.push(Fault { pointer: "/parents".into(), detail });
        }
        for (at, parent) in self.parents.iter().enumerate() {
            if self.parents[..at].iter().any(|before| before.trim().eq_ignore_ascii_case(parent.trim())) {
                faults.push(Fault { pointer: format!("/parents/{at}"), detail: "It is named already.".into() });
            }
        }
        Problem::unless_none(faults)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_joint_committee_has_two_parents_at_least() {
        let draft = |basis, parents: &[&str]| CommitteeDraft {
            name: "A committee".into(),
            basis,
            access_regime: AccessRegime::None,
            parents: parents.iter().map(|p| (*p).to_owned()).collect(),
            source: "a test".into(),
        };
        assert!(draft(Basis::JointCommittee, &["Council", "CCG"]).check().is_ok());
        assert!(draft(Basis::JointCommittee, &["Council"]).check().is_err());
        assert!(draft(Basis::Advisory, &["Council"]).check().is_ok());
        assert!(draft(Basis::Advisory, &[""]).check().is_err());
    }
}
