//! The rules of minutes: what may follow what, and when they are approved. No SQL, no HTTP, no clock.

use chrono::{DateTime, Utc};
use domain::{MeetingId, MinutesId};
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row, problems};

use crate::meetings::MeetingBody;

/// How far minutes have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MinutesKind {
    /// Replaced by the next draft.
    Draft,
    /// Signed as a correct record at a later meeting (Local Government Act 1972, Schedule 12 para 41).
    Approved,
    /// Appended to what was approved.
    Correction,
}

/// Minutes to record.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "1. Apologies were received.", "kind": "draft"}))]
pub(crate) struct MinutesDraft {
    #[schema(min_length = 1, max_length = 100000)]
    pub(super) text: String,
    pub(super) kind: MinutesKind,
    /// The later meeting of the committee that approved them; of approved minutes only.
    #[serde(default)]
    pub(super) approved_at_meeting: Option<MeetingId>,
}

impl MinutesDraft {
    pub(super) fn check(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/text", &self.text, 100_000);
        let approved = self.kind == MinutesKind::Approved;
        let pointer = "/approved_at_meeting";
        faults.unless(!approved || self.approved_at_meeting.is_some(), pointer, "Name the meeting that approved them.");
        faults.unless(approved || self.approved_at_meeting.is_none(), pointer, "Only approved minutes were approved.");
        faults.none()
    }

    /// Whether it may come after what there is: drafts until something is approved, corrections from then on.
    pub(super) fn may_follow(&self, approved: bool) -> Result<(), Problem> {
        match self.kind {
            MinutesKind::Draft | MinutesKind::Approved if approved => Err(Problem::of_fault(
                &problems::CONFLICT,
                "/kind",
                "These minutes are approved and stand: append a correction.",
            )),
            MinutesKind::Correction if !approved => Err(Problem::of_fault(
                &problems::CONFLICT,
                "/kind",
                "These minutes are not approved yet: record another draft.",
            )),
            _ => Ok(()),
        }
    }
}

/// Whether a meeting may approve the minutes of another: a later one of the same committee, which was or is held.
pub(super) fn may_approve(approving: &MeetingBody, of: &MeetingBody) -> Result<(), Problem> {
    let mut faults = Faults::default();
    let pointer = "/approved_at_meeting";
    faults.unless(approving.committee == of.committee, pointer, "That is a meeting of another committee.");
    faults.unless(approving.starts_at > of.starts_at, pointer, "A later meeting approves them.");
    faults.unless(approving.state.was_held(), pointer, "That meeting is not in session yet.");
    faults.none()
}

/// A version of a meeting's minutes.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct MinutesBody {
    pub(crate) id: MinutesId,
    /// 1 for the first version, and so on.
    pub(crate) number: i32,
    pub(crate) kind: MinutesKind,
    #[schema(example = "1. Apologies were received.")]
    pub(crate) text: String,
    pub(crate) approved_at_meeting: Option<MeetingId>,
    pub(crate) recorded_at: DateTime<Utc>,
}

impl Row for MinutesBody {
    const COLUMNS: &'static [&'static str] = &["id", "number", "kind", "text", "approved_at_meeting", "recorded_at"];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn approved_minutes_stand_and_are_only_corrected() {
        let of = |kind| MinutesDraft { text: "1. Apologies".into(), kind, approved_at_meeting: None };
        let before: Vec<_> = [MinutesKind::Draft, MinutesKind::Approved, MinutesKind::Correction]
            .map(|kind| (of(kind).may_follow(false).is_ok(), of(kind).may_follow(true).is_ok()))
            .into();
        assert_eq!(before, [(true, false), (true, false), (false, true)]);
        assert!(of(MinutesKind::Approved).check().is_err(), "by whom?");
        assert!(of(MinutesKind::Draft).check().is_ok());
    }
}
