//! What a decision lets a journal do. No SQL, no HTTP, no clock.

use chrono::NaiveDate;
use domain::{CommitteeId, DecisionId, FundId, JournalId, Pence, ProposalId};
use serde::Serialize;
use web::{Problem, Row, problems};

/// A decision of a committee about this fund's money.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct FundDecisionBody {
    pub(super) id: DecisionId,
    /// Whose it is.
    pub(super) committee: CommitteeId,
    #[schema(example = "Community services, April")]
    pub(super) title: String,
    /// The most it lets a journal move. In pence.
    pub(super) amount_pence: Pence,
    /// The proposal it answers.
    pub(super) proposal: Option<ProposalId>,
    /// The first day a journal may name it.
    pub(super) effective_on: NaiveDate,
    /// The journal that spent it.
    pub(super) spent_by: Option<JournalId>,
}

impl Row for FundDecisionBody {
    const COLUMNS: &'static [&'static str] =
        &["id", "committee", "title", "amount_pence", "proposal", "effective_on", "spent_by"];
}

/// A decision, as far as a journal that names it is concerned.
#[derive(Debug, Clone)]
pub(crate) struct Decision {
    pub(crate) fund: FundId,
    pub(super) amount: Pence,
    pub(super) effective_on: NaiveDate,
    pub(super) spent_by: Option<JournalId>,
}

impl Decision {
    /// Rule 53: it moves money once, from its day on, up to its amount.
    pub(crate) fn lets(&self, size: Pence, today: NaiveDate) -> Result<(), Problem> {
        if let Some(journal) = self.spent_by {
            return Err(spent(Some(journal)));
        }
        if today < self.effective_on {
            let detail = format!("This decision is not yet in effect: it is from {} on.", self.effective_on);
            return Err(Problem::of_fault(&problems::DECISION_REQUIRED, "/decision_id", detail)
                .with("effective_on", self.effective_on.to_string()));
        }
        if size > self.amount {
            let detail = format!("This journal moves {size}. The decision it names allows {}.", self.amount);
            return Err(Problem::of_fault(&problems::DECISION_EXCEEDED, "/decision_id", detail)
                .with("amount_pence", size.0)
                .with("allowed_pence", self.amount.0));
        }
        Ok(())
    }
}

/// A decision moves money once, also when what it moved was taken back.
pub(crate) fn spent(by: Option<JournalId>) -> Problem {
    let detail = "This decision has moved its money already. For more, ask for another decision.";
    let problem = Problem::of_fault(&problems::DECISION_SPENT, "/decision_id", detail);
    by.into_iter().fold(problem, |problem, journal| problem.with("spent_by", journal.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2019, 4, day).expect("a day")
    }

    #[test]
    fn rule_53_a_decision_moves_money_once_from_its_day_on_up_to_its_amount() {
        let id = "01890a5d-ac96-774b-bcce-b302099a8057".parse().expect("an id");
        let decision = Decision { fund: FundId(id), amount: Pence(100), effective_on: day(8), spent_by: None };
        let refused =
            |decision: &Decision, pence, on| decision.lets(Pence(pence), day(on)).expect_err("refused").kind().slug;
        assert!(decision.lets(Pence(100), day(8)).is_ok());
        assert_eq!(refused(&decision, 101, 8), "decision-exceeded");
        assert_eq!(refused(&decision, 100, 7), "decision-required");
        let spent = Decision { spent_by: Some(JournalId(id)), ..decision };
        assert_eq!(refused(&spent, 1, 9), "decision-spent");
    }
}
