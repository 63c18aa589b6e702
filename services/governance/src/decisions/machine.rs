//! The moves of a decision: who may make which, and on which day. No SQL, no HTTP, no clock.

use chrono::NaiveDate;
use domain::Calendar;
use serde::{Deserialize, Serialize};

use crate::{
    constitutions::{CallInApplies, Rules},
    motions::MotionOutcome,
};

/// How far a decision has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DecisionState {
    /// Written down, not yet published.
    Recorded,
    /// Published, and not open to call-in.
    Published,
    /// Published, and may be called in until the last day of call-in.
    InCallIn,
    /// Called in: suspended until scrutiny is done with it.
    CalledIn,
    /// Upheld after call-in.
    Confirmed,
    /// Sent back; what comes of it is another decision.
    ReferredBack,
    /// It may be carried out.
    Effective,
    /// It has been.
    Implemented,
}

impl DecisionState {
    /// All of them.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 8] = [
        Self::Recorded,
        Self::Published,
        Self::InCallIn,
        Self::CalledIn,
        Self::Confirmed,
        Self::ReferredBack,
        Self::Effective,
        Self::Implemented,
    ];

    /// Every move there is from here, whoever makes it: a clerk, a call-in, or the service on the day.
    pub(crate) fn moves(self) -> &'static [Self] {
        match self {
            Self::Recorded => &[Self::Published, Self::InCallIn],
            Self::Published => &[Self::Effective],
            Self::InCallIn => &[Self::CalledIn, Self::Effective],
            Self::CalledIn => &[Self::Confirmed, Self::ReferredBack],
            Self::Confirmed => &[Self::Effective],
            Self::Effective => &[Self::Implemented],
            Self::ReferredBack | Self::Implemented => &[],
        }
    }

    /// The moves a clerk may ask for. Out of call-in leads only a call-in, or its end (rule 52); publishing one that can
    /// be called in takes it into call-in by itself.
    pub(crate) fn by_hand(self) -> &'static [Self] {
        match self {
            Self::Recorded => &[Self::Published],
            Self::InCallIn => &[],
            other => other.moves(),
        }
    }
}

/// Whether a decision can be called in under the rules it was taken by.
pub(crate) fn can_be_called_in(rules: &Rules, key_decision: bool, outcome: MotionOutcome, waived: bool) -> bool {
    let kind = match rules.call_in.applies_to {
        CallInApplies::Nothing => false,
        CallInApplies::KeyDecisions => key_decision,
        CallInApplies::AllDecisions => true,
    };
    kind && outcome == MotionOutcome::Approved && !waived
}

/// The last day of call-in, and the working day after it on which the decision takes effect. `None` where the bank
/// holidays of the time are not published yet.
pub(crate) fn call_in_days(rules: &Rules, published: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
    let calendar = Calendar::england_and_wales();
    let ends = calendar.after(published, rules.call_in.working_days.into())?;
    Some((ends, calendar.after(ends, 1)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_52_nobody_moves_a_decision_out_of_call_in_by_hand() {
        use DecisionState::{CalledIn, Confirmed, Effective, InCallIn, Recorded, ReferredBack};
        assert!(InCallIn.by_hand().is_empty());
        assert_eq!(CalledIn.by_hand(), [Confirmed, ReferredBack], "a call-in suspends it");
        assert!(ReferredBack.by_hand().is_empty());
        assert!(!Recorded.by_hand().contains(&Effective));
        for state in DecisionState::ALL {
            assert!(state.by_hand().iter().all(|to| state.moves().contains(to)), "{state:?}");
        }
    }

    #[test]
    fn rule_55_call_in_counts_working_days_of_england_and_wales() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
        let rules = crate::constitutions::example();
        assert_eq!(call_in_days(&rules, day("2026-12-22")), Some((day("2026-12-31"), day("2027-01-04"))));
        assert_eq!(call_in_days(&rules, day("2035-12-22")), None, "those bank holidays are not published");
    }

    #[test]
    fn what_can_be_called_in_is_as_the_rules_say() {
        let mut rules = crate::constitutions::example();
        let can = |rules: &Rules, key, outcome, waived| can_be_called_in(rules, key, outcome, waived);
        assert!(can(&rules, true, MotionOutcome::Approved, false));
        assert!(!can(&rules, false, MotionOutcome::Approved, false), "key decisions only");
        assert!(!can(&rules, true, MotionOutcome::Noted, false));
        assert!(!can(&rules, true, MotionOutcome::Approved, true), "waived");
        rules.call_in.applies_to = CallInApplies::AllDecisions;
        assert!(can(&rules, false, MotionOutcome::Approved, false));
        rules.call_in.applies_to = CallInApplies::Nothing;
        assert!(!can(&rules, true, MotionOutcome::Approved, false));
    }
}
