//! By which day notice of a meeting, its agenda and its key decisions is due. No SQL, no HTTP, no clock.

use std::sync::LazyLock;

use chrono::NaiveDate;
use domain::{Calendar, latest_day_with_clear_days};
use serde::Serialize;

use crate::constitutions::{Counted, NoticeRule};

/// Clear days of notice of a key decision (SI 2012/2089 reg 9(2)); every day counts.
pub(crate) const KEY_DECISION_DAYS: u32 = 28;

/// The working days of England and Wales.
pub(crate) fn working_days() -> &'static Calendar {
    static WORKING: LazyLock<Calendar> = LazyLock::new(Calendar::england_and_wales);
    &WORKING
}

impl Default for NoticeRule {
    /// Five clear days (Local Government Act 1972 s100A(6), s100B(3)), of working days to be safe.
    fn default() -> Self {
        Self { days: 5, counted: Counted::ClearWorkingDays }
    }
}

impl NoticeRule {
    /// The rule of the constitution in force; the default where there is none, or it does not say.
    pub(super) fn of(constitution: Option<serde_json::Value>) -> Self {
        constitution.and_then(|rule| serde_json::from_value(rule).ok()).unwrap_or_default()
    }
}

/// By when what is due. A day that was not met can be seen here and is not moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct Deadlines {
    /// The last day for the notice of the meeting.
    pub(crate) notice_by: Option<NaiveDate>,
    /// The last day for the agenda and its papers.
    pub(crate) agenda_by: Option<NaiveDate>,
    /// The last day for the notice of a key decision; always in calendar days.
    pub(crate) key_decision_notice_by: Option<NaiveDate>,
    /// Which days count for the first two: "clear working" or "clear calendar".
    #[schema(example = "clear working")]
    pub(crate) days: &'static str,
    /// Why a day is not given.
    pub(crate) note: Option<&'static str>,
}

impl Deadlines {
    pub(super) fn of(meeting_on: NaiveDate, rule: NoticeRule) -> Self {
        let (calendar, days) = match rule.counted {
            Counted::ClearWorkingDays => (working_days(), "clear working"),
            Counted::ClearCalendarDays => (&Calendar::AllDays, "clear calendar"),
        };
        let by = latest_day_with_clear_days(calendar, meeting_on, rule.days.into());
        Self {
            notice_by: by,
            agenda_by: by,
            key_decision_notice_by: key_decision_notice_by(meeting_on),
            days,
            note: by.is_none().then_some("The bank holidays of that year are not published yet."),
        }
    }
}

/// The last day for the notice of a key decision (rule 41).
pub(crate) fn key_decision_notice_by(decided_on: NaiveDate) -> Option<NaiveDate> {
    latest_day_with_clear_days(&Calendar::AllDays, decided_on, KEY_DECISION_DAYS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn agenda_and_key_notice_are_due_on_these_days() {
        let calendar = NoticeRule { days: 5, counted: Counted::ClearCalendarDays };
        for (meeting, working, every, key) in [
            ("2027-01-14", "2027-01-06", "2027-01-08", "2026-12-16"),
            ("2027-04-01", "2027-03-22", "2027-03-26", "2027-03-03"),
        ] {
            let by = Deadlines::of(day(meeting), NoticeRule::default());
            assert_eq!((by.agenda_by, by.days), (Some(day(working)), "clear working"));
            assert_eq!(by.key_decision_notice_by, Some(day(key)));
            let by = Deadlines::of(day(meeting), calendar);
            assert_eq!((by.notice_by, by.days), (Some(day(every)), "clear calendar"));
        }
    }

    #[test]
    fn where_holidays_are_not_published_nothing_is_guessed() {
        let by = Deadlines::of(day("2035-01-11"), NoticeRule::default());
        assert!(by.notice_by.is_none() && by.note.is_some() && by.key_decision_notice_by.is_some());
    }

    #[test]
    fn a_constitution_says_how_days_are_counted() {
        let rule = serde_json::json!({"days": 7, "counted": "clear_calendar_days"});
        assert_eq!(NoticeRule::of(Some(rule)), NoticeRule { days: 7, counted: Counted::ClearCalendarDays });
        assert_eq!(NoticeRule::of(None), NoticeRule::default());
        assert_eq!(NoticeRule::of(Some(serde_json::Value::Null)), NoticeRule::default());
    }
}
