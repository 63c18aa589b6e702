//! The versions of an agreement: its drafts until it is signed, its variations after. No SQL, no HTTP, no clock.

use chrono::{DateTime, NaiveDate, Utc};
use domain::Pence;
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row, drafts};

use super::{
    agreement::{AgreementBody, AgreementState, check_flexibilities},
    terms::{Flexibility, Terms},
};
use crate::{journals::MOVES_MAX, rules};

/// How a version came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MadeBy {
    /// By the partners, each of which approves it.
    Partners,
    /// By an officer under delegated powers: it may change no budget (practice at Salford).
    Officer,
}

/// A variation to record.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"in_force_from": "2026-10-01", "made_by": "partners", "reason": "A new scheme joins the pool",
    "budget_effect_pence": 25_000_000, "flexibilities": ["pooled_fund"],
    "terms": {"aims": "Care closer to home", "variation": "By both partners in writing"}}))]
pub(crate) struct AgreementVersionDraft {
    /// From when it holds: after the version before, in the agreement's term.
    pub(super) in_force_from: NaiveDate,
    pub(super) made_by: MadeBy,
    #[schema(min_length = 1, max_length = 1000)]
    pub(super) reason: String,
    /// By how much it changes what the partners put in over a year. Nil for one made by an officer.
    pub(super) budget_effect_pence: Pence,
    #[schema(max_items = 3)]
    pub(super) flexibilities: Vec<Flexibility>,
    /// All terms, as they are from then on.
    pub(super) terms: Terms,
}

/// A version of an agreement. It never changes.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct AgreementVersionBody {
    #[schema(example = 1)]
    pub(crate) number: i16,
    pub(crate) in_force_from: NaiveDate,
    pub(crate) made_by: MadeBy,
    pub(crate) reason: String,
    pub(crate) budget_effect_pence: Pence,
    pub(crate) flexibilities: Vec<Flexibility>,
    pub(crate) terms: Terms,
    /// Whether it counts from its day on: an officer's does, any other once every partner has approved it.
    pub(crate) stands: bool,
    pub(crate) recorded_at: DateTime<Utc>,
}

impl Row for AgreementVersionBody {
    const COLUMNS: &'static [&'static str] = &[
        "number",
        "in_force_from",
        "made_by",
        "reason",
        "budget_effect_pence",
        "flexibilities",
        "stands",
        "recorded_at",
    ];
}

impl AgreementVersionDraft {
    /// Holds a new version to the one before it. Until the agreement is signed it is another draft of it; from then on
    /// a variation, which follows the method the version before states (rule 11).
    pub(super) fn check(&self, of: &AgreementBody, before: &AgreementVersionBody) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/reason", &self.reason, 1000);
        drafts::known_day(&mut faults, "/in_force_from", self.in_force_from);
        let effect = self.budget_effect_pence.0.unsigned_abs() <= MOVES_MAX.0.unsigned_abs();
        faults.unless(effect, "/budget_effect_pence", format_args!("At most {MOVES_MAX}."));
        check_flexibilities(&mut faults, &self.flexibilities);
        self.terms.check(&mut faults);
        let (signed, day) = (of.state.is_signed(), self.in_force_from);
        let (later, from) = match signed {
            true => (day > before.in_force_from, before.in_force_from),
            false => (day >= of.starts_on, of.starts_on),
        };
        faults.unless(
            later,
            "/in_force_from",
            format_args!("Not before {from}, nor on it once the agreement is signed."),
        );
        let inside = of.ends_on.is_none_or(|end| day <= end);
        faults.unless(inside, "/in_force_from", "The agreement's term has ended by then; it cannot be varied after.");
        faults.none()?;
        if matches!(of.state, AgreementState::Expired | AgreementState::Terminated) {
            return Err(rules::VARIATION.broken("/in_force_from", "The agreement has ended; make another."));
        }
        if self.made_by == MadeBy::Officer {
            self.is_an_officers(signed, before)?;
        }
        if signed && (before.terms.variation.is_none() || self.terms.variation.is_none()) {
            let detail = "A variation follows the method the agreement states, and states one to be followed after it.";
            return Err(rules::VARIATION.broken("/terms/variation", detail));
        }
        Ok(())
    }

    /// What an officer may vary alone: of a signed agreement, and nothing that the partners must agree to.
    fn is_an_officers(&self, signed: bool, before: &AgreementVersionBody) -> Result<(), Problem> {
        let refused = |pointer: String, detail: &str| Err(rules::VARIATION.broken(pointer, detail));
        if !signed {
            return refused(
                "/made_by".into(),
                "Until it is signed the partners make it; an officer varies what is signed.",
            );
        }
        if self.budget_effect_pence != Pence::ZERO {
            let detail =
                "An officer's variation changes no budget. Have the partners make it, or leave the budget as it is.";
            return refused("/budget_effect_pence".into(), detail);
        }
        if self.flexibilities != before.flexibilities {
            return refused("/flexibilities".into(), "An officer's variation leaves the flexibilities as they are.");
        }
        match self.terms.takes_out_of(&before.terms) {
            None => Ok(()),
            Some(field) => {
                let detail =
                    "An officer's variation takes no statutory item out, and changes no function and no notice.";
                refused(format!("/terms/{field}"), detail)
            }
        }
    }
}

/// The version that a new one follows: of an agreement that is signed the last that stands, of another the last draft.
pub(super) fn followed<'a>(
    of: &AgreementBody,
    versions: &'a [AgreementVersionBody],
) -> Option<&'a AgreementVersionBody> {
    match of.state.is_signed() {
        true => versions.iter().filter(|one| one.stands).max_by_key(|one| (one.in_force_from, one.number)),
        false => versions.last(),
    }
}

/// The version in force on a day: the latest that stands by then.
pub(crate) fn in_force(versions: &[AgreementVersionBody], day: NaiveDate) -> Option<&AgreementVersionBody> {
    let standing = versions.iter().filter(|version| version.stands && version.in_force_from <= day);
    standing.max_by_key(|version| (version.in_force_from, version.number))
}

#[cfg(test)]
mod tests {
    use super::{
        super::{agreement::an_agreement, terms::whole},
        *,
    };

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn version(number: i16, from: &str, stands: bool) -> AgreementVersionBody {
        AgreementVersionBody {
            number,
            in_force_from: day(from),
            made_by: MadeBy::Partners,
            reason: "A test".into(),
            budget_effect_pence: Pence::ZERO,
            flexibilities: vec![Flexibility::PooledFund],
            terms: whole(),
            stands,
            recorded_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn rule_11_a_variation_follows_the_method_and_an_officers_changes_no_budget() {
        let (of, first) = (an_agreement(AgreementState::Operating), version(1, "2020-04-01", true));
        let draft = |made_by, effect| AgreementVersionDraft {
            in_force_from: day("2020-10-01"),
            made_by,
            reason: "A test".into(),
            budget_effect_pence: Pence(effect),
            flexibilities: vec![Flexibility::PooledFund],
            terms: whole(),
        };
        assert!(draft(MadeBy::Partners, 5).check(&of, &first).is_ok());
        assert!(draft(MadeBy::Officer, 0).check(&of, &first).is_ok());
        let gutted = AgreementVersionDraft { terms: Terms { aims: None, ..whole() }, ..draft(MadeBy::Officer, 0) };
        assert_eq!(gutted.check(&of, &first).expect_err("it takes out an item").kind().slug, "rule-broken");
        let unsigned = an_agreement(AgreementState::Draft);
        assert!(draft(MadeBy::Officer, 0).check(&unsigned, &first).is_err(), "nothing is signed yet");
        let same_day = AgreementVersionDraft { in_force_from: day("2020-04-01"), ..draft(MadeBy::Partners, 0) };
        assert!(same_day.check(&unsigned, &first).is_ok(), "another draft of it");
        assert!(draft(MadeBy::Partners, 0).check(&an_agreement(AgreementState::Terminated), &first).is_err());
        let refused = draft(MadeBy::Officer, 5).check(&of, &first).expect_err("an officer moves no money");
        assert_eq!(refused.kind().slug, "rule-broken");
        let silent = AgreementVersionBody { terms: Terms { variation: None, ..whole() }, ..first.clone() };
        assert_eq!(draft(MadeBy::Partners, 0).check(&of, &silent).expect_err("no method").kind().slug, "rule-broken");
        let late = AgreementVersionDraft { in_force_from: day("2021-04-01"), ..draft(MadeBy::Partners, 0) };
        assert!(late.check(&of, &first).is_err(), "its term has ended");
        let early = AgreementVersionDraft { in_force_from: day("2020-04-01"), ..draft(MadeBy::Partners, 0) };
        assert!(early.check(&of, &first).is_err());
    }

    #[test]
    fn rule_02_the_version_in_force_is_the_latest_that_stands_by_that_day() {
        let versions =
            [version(1, "2020-04-01", true), version(2, "2020-07-01", false), version(3, "2020-10-01", true)];
        let number = |on: &str| in_force(&versions, day(on)).map(|version| version.number);
        assert_eq!(number("2020-03-31"), None);
        assert_eq!(number("2020-09-30"), Some(1), "an unapproved variation changes nothing");
        assert_eq!(number("2020-10-01"), Some(3));
    }
}
