//! The rules of a meeting: its states, what may be changed when. No SQL, no HTTP, no clock.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{CommitteeId, MeetingId, PersonId, day_in_england};
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row, problems};

use super::notice::Deadlines;
use crate::drafts;

/// How far a meeting has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MeetingState {
    /// Planned.
    Draft,
    /// Notice and agenda have gone out.
    Notified,
    InSession,
    Adjourned,
    Closed,
    Cancelled,
    /// Too few came, or stayed.
    Inquorate,
}

impl MeetingState {
    /// Where it may go from here.
    pub(crate) fn allowed(self) -> &'static [Self] {
        match self {
            Self::Draft => &[Self::Notified, Self::Cancelled],
            Self::Notified => &[Self::InSession, Self::Cancelled, Self::Inquorate],
            Self::InSession => &[Self::Adjourned, Self::Closed, Self::Inquorate],
            Self::Adjourned => &[Self::InSession, Self::Closed],
            Self::Closed | Self::Cancelled | Self::Inquorate => &[],
        }
    }

    /// Whether it is over, one way or another.
    pub(crate) fn is_over(self) -> bool {
        self.allowed().is_empty()
    }

    /// Whether people may come, declare and leave: notified, and not over.
    pub(crate) fn takes_people(self) -> bool {
        matches!(self, Self::Notified | Self::InSession | Self::Adjourned)
    }

    /// Whether it was held, or is being held.
    pub(crate) fn was_held(self) -> bool {
        matches!(self, Self::InSession | Self::Adjourned | Self::Closed)
    }
}

/// A meeting to call.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"committee": "01890a5d-ac96-774b-bcce-b302099a8057", "title": "January meeting",
    "starts_at": "2027-01-14T14:00:00Z", "place": "Town Hall, Committee Room 1"}))]
pub(crate) struct MeetingDraft {
    pub(super) committee: CommitteeId,
    #[schema(min_length = 1, max_length = 200)]
    pub(super) title: String,
    /// When it begins. Its day is the one in England.
    pub(super) starts_at: DateTime<Utc>,
    #[schema(min_length = 1, max_length = 300)]
    pub(super) place: String,
    /// Its id in the council's own committee system.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub(super) external_id: Option<String>,
}

impl MeetingDraft {
    pub(super) fn check(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/title", &self.title, 200);
        faults.text("/place", &self.place, 300);
        faults.optional_text("/external_id", self.external_id.as_deref(), 100);
        drafts::day(&mut faults, "/starts_at", self.starts_at.date_naive());
        faults.none()
    }
}

/// Another time or place for a meeting.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"starts_at": "2027-01-21T14:00:00Z", "place": "Town Hall, Council Chamber",
    "reason": "The room is too small"}))]
pub(crate) struct ReschedulingDraft {
    pub(super) starts_at: DateTime<Utc>,
    #[schema(min_length = 1, max_length = 300)]
    pub(super) place: String,
    #[schema(min_length = 1, max_length = 500)]
    pub(super) reason: String,
}

impl ReschedulingDraft {
    pub(super) fn check(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/place", &self.place, 300);
        faults.text("/reason", &self.reason, 500);
        drafts::day(&mut faults, "/starts_at", self.starts_at.date_naive());
        faults.none()
    }
}

/// Who presides.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"person": "01890a5d-ac96-774b-bcce-b302099a8057"}))]
pub(crate) struct ChairDraft {
    pub(super) person: PersonId,
}

/// A meeting.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct MeetingBody {
    pub(crate) id: MeetingId,
    pub(crate) committee: CommitteeId,
    #[schema(example = "January meeting")]
    pub(crate) title: String,
    pub(crate) starts_at: DateTime<Utc>,
    #[schema(example = "Town Hall, Committee Room 1")]
    pub(crate) place: String,
    pub(crate) state: MeetingState,
    /// By when notice, agenda and notices of key decisions are due.
    pub(crate) deadlines: Deadlines,
    /// When notice and agenda went out.
    pub(crate) notified_at: Option<DateTime<Utc>>,
    /// Whether that was after the day it was due.
    pub(crate) notice_late: bool,
    /// Why, where it was.
    pub(crate) notice_late_reason: Option<String>,
    /// Who presides, or presided.
    pub(crate) chair: Option<PersonId>,
    pub(crate) external_id: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
    #[serde(skip)]
    pub(crate) version: i64,
}

impl MeetingBody {
    /// The day of the meeting, in England.
    pub(crate) fn day(&self) -> NaiveDate {
        day_in_england(self.starts_at)
    }

    /// Goes on where the meeting is not over.
    pub(crate) fn not_over(&self) -> Result<(), Problem> {
        if self.state.is_over() { Err(self.refuses("that is over")) } else { Ok(()) }
    }

    /// Goes on where people may come, declare and leave.
    pub(crate) fn takes_people(&self) -> Result<(), Problem> {
        if self.state.takes_people() { Ok(()) } else { Err(self.refuses("that is not called or is over")) }
    }

    /// The refusal of what a meeting in this state does not take.
    pub(crate) fn refuses(&self, why: &str) -> Problem {
        let state = crate::words::word(self.state);
        Problem::new(&problems::CONFLICT, format_args!("The meeting is {state}; a meeting {why} does not take this."))
    }

    /// Whether what is added to the agenda on `today` comes after the agenda has gone out and was due.
    pub(crate) fn agenda_is_late_on(&self, today: NaiveDate) -> bool {
        self.state != MeetingState::Draft && self.deadlines.agenda_by.is_some_and(|by| today > by)
    }
}

/// Whether notice came after the day it was due.
pub(super) fn came_late(notified_at: Option<DateTime<Utc>>, deadlines: &Deadlines) -> bool {
    notified_at.zip(deadlines.notice_by).is_some_and(|(at, by)| day_in_england(at) > by)
}

impl Row for MeetingBody {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "committee",
        "title",
        "starts_at",
        "place",
        "state",
        "deadlines.notice_by",
        "deadlines.agenda_by",
        "deadlines.key_decision_notice_by",
        "notified_at",
        "notice_late",
        "chair",
        "external_id",
    ];
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::constitutions::NoticeRule;

    #[test]
    fn a_meeting_moves_one_way_but_for_adjournments() {
        use MeetingState::{Adjourned, Cancelled, Closed, Draft, InSession, Inquorate, Notified};
        let all = [Draft, Notified, InSession, Adjourned, Closed, Cancelled, Inquorate];
        let moves: Vec<_> = all.iter().flat_map(|from| from.allowed().iter().map(move |to| (*from, *to))).collect();
        assert_eq!(
            moves,
            [
                (Draft, Notified),
                (Draft, Cancelled),
                (Notified, InSession),
                (Notified, Cancelled),
                (Notified, Inquorate),
                (InSession, Adjourned),
                (InSession, Closed),
                (InSession, Inquorate),
                (Adjourned, InSession),
                (Adjourned, Closed),
            ]
        );
        assert!([Closed, Cancelled, Inquorate].iter().all(|end| end.is_over()));
    }

    #[test]
    fn notice_is_late_the_day_after_it_was_due() {
        let by = Deadlines::of("2027-01-14".parse().expect("a day"), NoticeRule::default());
        let at = |text: &str| Some(text.parse::<DateTime<Utc>>().expect("an instant"));
        assert!(!came_late(at("2027-01-06T23:59:59Z"), &by));
        assert!(came_late(at("2027-01-07T00:00:00Z"), &by));
        assert!(!came_late(None, &by));
    }
}
