//! The notice of a key decision, and what stands in for it: rules 41, 43, 44. No SQL, no HTTP, no clock.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{ExceptionId, latest_day_with_clear_days};
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, problems};

use crate::{
    drafts,
    meetings::{KEY_DECISION_DAYS, key_decision_notice_by, working_days},
};

/// Clear days between telling scrutiny and a decision by general exception (SI 2012/2089 reg 10(1)(c)).
const GENERAL_EXCEPTION_DAYS: u32 = 5;

/// What may stand in for the notice of a key decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ExceptionKind {
    /// The chair of scrutiny was told, and five clear days went by (SI 2012/2089 reg 10).
    GeneralException,
    /// The chair of scrutiny agreed that it cannot wait (SI 2012/2089 reg 11).
    SpecialUrgency,
}

/// What satisfies the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SatisfiedBy {
    Notice,
    GeneralException,
    SpecialUrgency,
}

/// An exception to record.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "special_urgency", "told": "Chair of the Health Scrutiny Committee",
    "told_on": "2025-11-03", "reason": "The provider gave notice last week"}))]
pub(crate) struct ExceptionDraft {
    pub(super) kind: ExceptionKind,
    /// The office of the person told, or who agreed.
    #[schema(min_length = 1, max_length = 200)]
    pub(super) told: String,
    /// The day they were told, or agreed; not after the meeting, nor after today.
    pub(super) told_on: NaiveDate,
    #[schema(min_length = 1, max_length = 1000)]
    pub(super) reason: String,
}

impl ExceptionDraft {
    pub(super) fn check(&self, meeting_on: NaiveDate, today: NaiveDate) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/told", &self.told, 200);
        faults.text("/reason", &self.reason, 1000);
        drafts::day(&mut faults, "/told_on", self.told_on);
        faults.unless(self.told_on <= today, "/told_on", "It is recorded once they have been told.");
        faults.unless(self.told_on <= meeting_on, "/told_on", format_args!("The meeting is on {meeting_on}."));
        faults.none()
    }
}

/// What stands in for notice.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct ExceptionBody {
    pub(crate) id: ExceptionId,
    pub(crate) kind: ExceptionKind,
    /// The office of the person told, or who agreed.
    pub(crate) told: String,
    pub(crate) told_on: NaiveDate,
    pub(crate) reason: String,
    pub(crate) recorded_at: DateTime<Utc>,
}

/// How an item stands to the rules of notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct NoticeStanding {
    /// Whether notice is required: of a key decision.
    pub(crate) required: bool,
    /// The last day on which a notice would have been in time.
    pub(crate) due_by: Option<NaiveDate>,
    /// The day the notice was published, with all its particulars.
    pub(crate) published_on: Option<NaiveDate>,
    /// What satisfies the rule; null where nothing does, or nothing need.
    pub(crate) satisfied_by: Option<SatisfiedBy>,
}

impl NoticeStanding {
    /// How a key decision of a meeting on that day stands; `published_on` is of a notice, which has all particulars.
    pub(super) fn of(
        key_decision: bool,
        meeting_on: NaiveDate,
        published_on: Option<NaiveDate>,
        exceptions: &[ExceptionBody],
    ) -> Self {
        let due_by = key_decision_notice_by(meeting_on);
        let scrutiny_by = latest_day_with_clear_days(working_days(), meeting_on, GENERAL_EXCEPTION_DAYS);
        let excepted = |kind: ExceptionKind, by: Option<NaiveDate>| {
            exceptions.iter().any(|one| one.kind == kind && by.is_some_and(|by| one.told_on <= by))
        };
        let satisfied_by = if !key_decision {
            None
        } else if published_on.zip(due_by).is_some_and(|(on, by)| on <= by) {
            Some(SatisfiedBy::Notice)
        } else if excepted(ExceptionKind::GeneralException, scrutiny_by) {
            Some(SatisfiedBy::GeneralException)
        } else if excepted(ExceptionKind::SpecialUrgency, Some(meeting_on)) {
            Some(SatisfiedBy::SpecialUrgency)
        } else {
            None
        };
        Self { required: key_decision, due_by: due_by.filter(|_| key_decision), published_on, satisfied_by }
    }

    /// Goes on where none is required, or the rule is satisfied.
    pub(crate) fn holds(&self) -> Result<(), Problem> {
        if !self.required || self.satisfied_by.is_some() {
            return Ok(());
        }
        let due = self.due_by.map(|by| by.to_string()).unwrap_or_default();
        let detail = format!(
            "Notice of this key decision was due by {due}: {KEY_DECISION_DAYS} clear days before the meeting. Put the \
             meeting off; or tell the chair of scrutiny {GENERAL_EXCEPTION_DAYS} clear working days before it; or have \
             their agreement that it is urgent, and record it as an exception of the item."
        );
        Err(Problem::new(&problems::NOTICE_TOO_SHORT, detail).with("due_by", due))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn told(kind: ExceptionKind, on: &str) -> ExceptionBody {
        ExceptionBody {
            id: ExceptionId(uuid::Uuid::nil()),
            kind,
            told: "Chair of scrutiny".into(),
            told_on: day(on),
            reason: "A test".into(),
            recorded_at: DateTime::default(),
        }
    }

    fn by(published: Option<&str>, exceptions: &[ExceptionBody]) -> Option<SatisfiedBy> {
        NoticeStanding::of(true, day("2027-01-14"), published.map(day), exceptions).satisfied_by
    }

    #[test]
    fn rule_41_a_key_decision_needs_28_clear_days_unless_an_exception_is_recorded() {
        assert_eq!(by(Some("2026-12-16"), &[]), Some(SatisfiedBy::Notice));
        assert_eq!(by(Some("2026-12-17"), &[]), None);
        let standing = NoticeStanding::of(true, day("2027-01-14"), None, &[]);
        assert_eq!(standing.due_by, Some(day("2026-12-16")));
        let refused = standing.holds().expect_err("no notice");
        assert_eq!((refused.kind().slug, refused.kind().status), ("notice-too-short", 409));
        assert!(NoticeStanding::of(false, day("2027-01-14"), None, &[]).holds().is_ok(), "not a key decision");
        let other = NoticeStanding::of(true, day("2027-04-01"), Some(day("2027-03-03")), &[]);
        assert_eq!(other.satisfied_by, Some(SatisfiedBy::Notice));
    }

    #[test]
    fn rule_43_general_exception_needs_five_clear_days() {
        let general = |on: &str| by(Some("2026-12-20"), &[told(ExceptionKind::GeneralException, on)]);
        assert_eq!(general("2027-01-06"), Some(SatisfiedBy::GeneralException));
        assert_eq!(general("2027-01-07"), None, "four clear working days");
    }

    #[test]
    fn rule_44_special_urgency_stores_who_agreed_and_when() {
        let urgent = |on: &str| by(None, &[told(ExceptionKind::SpecialUrgency, on)]);
        assert_eq!(urgent("2027-01-14"), Some(SatisfiedBy::SpecialUrgency));
        assert_eq!(urgent("2027-01-15"), None, "after the decision");
        let draft = |told: &str, on: &str| ExceptionDraft {
            kind: ExceptionKind::SpecialUrgency,
            told: told.into(),
            told_on: day(on),
            reason: "It cannot wait".into(),
        };
        let check = |told: &str, on: &str| draft(told, on).check(day("2027-01-14"), day("2027-01-13"));
        assert!(check("Chair of scrutiny", "2027-01-13").is_ok());
        assert!(check(" ", "2027-01-13").is_err(), "somebody agreed");
        assert!(check("Chair of scrutiny", "2027-01-14").is_err(), "not yet");
    }
}
