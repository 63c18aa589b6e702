//! The rules this service holds money to, each with what it says and where it comes from. A refusal names its rule.

use serde::Serialize;
use web::{Problem, problems};

/// A rule of pooled commissioning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct Rule {
    /// Its number in docs/rules.md.
    #[serde(rename = "rule")]
    #[schema(example = 8)]
    pub(crate) number: u8,
    /// What it asks.
    pub(crate) says: &'static str,
    /// Where it comes from.
    #[schema(example = "SI 2000/617 reg 5")]
    pub(crate) source: &'static str,
}

macro_rules! rules {
    ($($name:ident $number:literal $says:literal $source:literal;)*) => {
        $(#[doc = $says] pub(crate) const $name: Rule = Rule { number: $number, says: $says, source: $source };)*
        #[cfg(test)]
        const ALL: &[Rule] = &[$($name),*];
    };
}

rules! {
    WRITTEN_AGREEMENT 1 "A pooled fund has a written agreement with every statutory item." "SI 2000/617 reg 7(3)";
    ITEMS_IN_FORCE 2 "Each item says something in the version in force." "SI 2000/617 reg 7(3), reg 8, reg 9";
    BOTH_SIDES 3 "An agreement has an NHS body and a local authority." "NHS Act 2006 s75(1)";
    ONE_HOST 4 "A pooled fund has exactly one host at any time." "SI 2000/617 reg 7(4)";
    POOL_MANAGER 5 "The pool manager is employed by the host, without a gap." "SI 2000/617 reg 7(4)";
    CONSULTED 6 "A joint consultation has closed before any partner approves." "SI 2000/617 reg 4(2)";
    IMPROVEMENT 7 "The partners state how the arrangement is likely to improve services." "SI 2000/617 reg 4(1)";
    EXCLUDED_FUNCTION 8 "An excluded NHS function does not enter a pooled scheme; it may be aligned or in view." "SI 2000/617 reg 5";
    NAMED_FUNCTION 9 "A scheme names a health or local authority function and the body that owns it." "SI 2000/617 reg 7(3)(c)";
    CLIENT_GROUP 10 "The client group and the kinds of services are stated." "SI 2000/617 reg 7(3)(d)";
    VARIATION 11 "A variation follows the method the agreement states; one made by an officer changes no budget." "SI 2000/617 reg 7(3)(b), (f); practice at Salford";
    BOTH_APPROVE 12 "Every partner approves before the agreement is signed, each by a decision of its own." "Practice at Wigan";
    BODY_EXISTS 13 "A body takes part only while it exists, except in a labelled run-off." "SI 2022/634";
    REPORTS 15 "A fund-year has four quarterly reports and an annual return." "SI 2000/617 reg 7(4)";
    LEAD_REPORTS 16 "A lead arrangement reports quarterly and annually." "SI 2000/617 reg 8, reg 9";
    BUDGET_BALANCES 17 "Scheme budgets and contingency equal cash contributions, what was brought forward and other income." "SI 2000/617 reg 7(3)(b)";
    TRUE_UP 19 "A contribution that changes brings a true-up." "SI 2000/617 reg 7(3)(b); practice at Salford";
    IN_KIND 20 "A contribution in kind has a basis of valuation and never enters cash." "SI 2000/617 reg 7(3)(e)";
    ALIGNED_APART 21 "Aligned and in-view money never enters a risk share." "Practice at Oldham";
    EVERY_PENNY 23 "The parts of a risk share add up to the variance." "Model clause on overspends and underspends";
    BASIS_KEPT 24 "The basis of the ratio and the version of the rule stand with the result." "Model clause on overspends and underspends";
    RESIDUAL_OWNED 25 "Caps are honoured, and what is left over has an owner." "Model clause on overspends and underspends";
    RING_FENCE 26 "A ring-fenced underspend is not returned." "Grant conditions";
    ACTION_PLAN 27 "A forecast overspend above the threshold has an action plan." "Model clause on risk sharing";
    VIREMENT 28 "A virement nets to nothing and stays within its limit." "Scheme of delegation";
    VIREMENT_WALLS 29 "Capital never funds revenue, and a virement crosses neither that line nor a ring-fence." "Grant conditions; Local Government Act 2003 s16";
    CLOSED_PERIOD 30 "A closed period takes nothing; reopening takes a reason and a second person." "Practice";
    MEMORANDUM 31 "Opening and income less expenditure is closing, which is the sum of the shares." "SI 2000/617 reg 7(4); CIPFA, pooled budgets";
    VAT 32 "VAT that can be recovered is never charged to the pool; the body that delivers decides." "VAT Act 1994 s33, s41; HMRC VATGPB6640";
    ONE_OFF_ENDS 33 "One-off money backs no recurrent commitment beyond its last year." "Practice at Wirral";
    AWARD_ADDS_UP 34 "The years of an award add up to it." "Practice at Wirral";
    BCF_SOURCES 35 "The contributions of a Better Care Fund source equal the schemes it pays for." "Better Care Fund planning requirements";
    BCF_MINIMUM 36 "The NHS contribution and adult social care reach their published minimum." "Better Care Fund policy framework";
    BCF_SIGN_OFF 37 "The health and wellbeing board, both chief executives and the chief finance officer sign a plan off themselves." "Better Care Fund planning requirements; Local Government Act 1972 s151";
    BCF_DEADLINE 38 "The section 75 agreement is signed by the year's deadline." "Better Care Fund policy framework";
    CODES_OF_THE_YEAR 39 "A code belongs to the list of its year." "Better Care Fund planning template of the year";
    JOINT_SHARES 40 "The shares of joint commissioners add up to the whole." "Better Care Fund planning template";
    NEXT_TIER 54 "What is above a limit goes to the next tier." "Scheme of delegation";
    SPEND_FIELDS 58 "A payment above £500 says department, beneficiary, purpose and category; individuals are not named." "Local Government Transparency Code 2015";
    MONTHS_FILE 59 "A file of payments has the shape it is said to have, and days of its own month." "Local Government Transparency Code 2015";
    CUTS_STAND 60 "A published cut never changes; a restatement is a new one." "Practice";
}

impl Rule {
    /// The refusal of something that breaks it.
    pub(crate) fn broken(self, pointer: impl Into<String>, detail: impl std::fmt::Display) -> Problem {
        self.named_in(Problem::of_fault(&problems::RULE_BROKEN, pointer, detail))
    }

    /// The same, for a refusal of a kind of its own.
    pub(crate) fn named_in(self, problem: Problem) -> Problem {
        problem.with("rule", self.number).with("says", self.says).with("source", self.source)
    }

    /// That it does not hold yet, and why.
    pub(crate) fn unmet(self, missing: impl Into<String>) -> Unmet {
        Unmet { rule: self, missing: missing.into() }
    }
}

/// A rule that does not hold yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct Unmet {
    #[serde(flatten)]
    pub(crate) rule: Rule,
    /// What is missing, and what to do.
    pub(crate) missing: String,
}

/// Goes on where nothing is unmet.
pub(crate) fn all_met(unmet: Vec<Unmet>) -> Result<(), Problem> {
    if unmet.is_empty() { Ok(()) } else { Err(refused(unmet)) }
}

/// The refusal of what waits for these.
pub(crate) fn refused(unmet: Vec<Unmet>) -> Problem {
    let first = unmet.first().map_or("", |first| first.missing.as_str());
    let detail = match unmet.len() {
        0 | 1 => first.to_owned(),
        more => format!("{first} And {} more, under `unmet`.", more - 1),
    };
    Problem::new(&problems::RULE_UNMET, detail).with("unmet", serde_json::json!(unmet))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_its_own_number_and_a_source() {
        for (at, rule) in ALL.iter().enumerate() {
            assert!(!rule.says.is_empty() && !rule.source.is_empty());
            assert!(ALL[..at].iter().all(|before| before.number < rule.number), "{}", rule.number);
        }
    }

    #[test]
    fn what_is_unmet_is_named_with_its_source() {
        assert!(all_met(Vec::new()).is_ok());
        let refused = all_met(vec![CONSULTED.unmet("Consult."), IMPROVEMENT.unmet("State it.")]).expect_err("two");
        assert_eq!(refused.kind().slug, "rule-unmet");
    }
}
