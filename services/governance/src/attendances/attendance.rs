//! The rules of attending: one stay a person, one person a seat (rule 49). No SQL, no HTTP, no clock.

use chrono::{DateTime, Utc};
use domain::{AttendanceId, MeetingId, PersonId, SeatId};
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row, problems};

/// As what somebody is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AttendingAs {
    /// In their own seat.
    Member,
    /// In the seat of a member they are named a substitute for.
    Substitute,
    /// In no seat: officers, guests.
    InAttendance,
}

/// An arrival.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"person": "01890a5d-ac96-774b-bcce-b302099a8057", "capacity": "in_attendance"}))]
pub(crate) struct ArrivalDraft {
    pub(super) person: PersonId,
    /// The seat they sit in, as a member or substitute.
    #[serde(default)]
    pub(super) seat: Option<SeatId>,
    pub(super) capacity: AttendingAs,
    /// When they came: now where left out, never in the future.
    #[serde(default)]
    pub(super) arrived_at: Option<DateTime<Utc>>,
}

impl ArrivalDraft {
    /// When they came.
    pub(super) fn check(&self, now: DateTime<Utc>) -> Result<DateTime<Utc>, Problem> {
        let mut faults = Faults::default();
        match self.capacity {
            AttendingAs::InAttendance => {
                faults.unless(self.seat.is_none(), "/seat", "Who is in attendance has no seat.")
            }
            _ => faults.unless(self.seat.is_some(), "/seat", "Name the seat they sit in."),
        }
        let arrived_at = self.arrived_at.unwrap_or(now);
        faults.unless(arrived_at <= now, "/arrived_at", "An arrival is recorded once they are there.");
        faults.unless(arrived_at > DateTime::UNIX_EPOCH, "/arrived_at", "An arrival is of this century.");
        faults.none().map(|()| arrived_at)
    }

    /// Whether they are free to come and the seat is free to take: a person is present once at a time, and so in one
    /// seat; a seat is taken by one person at a time, so that a substitute counts once (rule 49).
    pub(super) fn finds_room(&self, arrived_at: DateTime<Utc>, stays: &[AttendanceBody]) -> Result<(), Problem> {
        let there = || stays.iter().filter(|stay| stay.lasts_at(arrived_at));
        if there().any(|stay| stay.person == self.person) {
            return Err(Problem::of_fault(&problems::CONFLICT, "/person", "They are there already at that time."));
        }
        if self.seat.is_some() && there().any(|stay| stay.seat == self.seat) {
            return Err(Problem::of_fault(
                &problems::CONFLICT,
                "/seat",
                "Somebody else sits in that seat at that time.",
            ));
        }
        Ok(())
    }
}

/// A departure.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
pub(crate) struct DepartureDraft {
    /// When they left: now where left out, never in the future.
    #[serde(default)]
    pub(super) left_at: Option<DateTime<Utc>>,
}

impl DepartureDraft {
    /// When they left.
    pub(super) fn check(&self, arrived_at: DateTime<Utc>, now: DateTime<Utc>) -> Result<DateTime<Utc>, Problem> {
        let mut faults = Faults::default();
        let left_at = self.left_at.unwrap_or(now);
        faults.unless(left_at <= now, "/left_at", "A departure is recorded once they have left.");
        faults.unless(left_at >= arrived_at, "/left_at", format_args!("They came at {}.", arrived_at.to_rfc3339()));
        faults.none().map(|()| left_at)
    }
}

/// A stay at a meeting. Somebody who leaves and comes back has a second.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct AttendanceBody {
    pub(crate) id: AttendanceId,
    pub(crate) meeting: MeetingId,
    pub(crate) person: PersonId,
    /// What the person is called in the record.
    pub(crate) name: String,
    pub(crate) seat: Option<SeatId>,
    pub(crate) capacity: AttendingAs,
    pub(crate) arrived_at: DateTime<Utc>,
    /// Null as long as they are there.
    pub(crate) left_at: Option<DateTime<Utc>>,
    #[serde(skip)]
    pub(crate) version: i64,
}

impl AttendanceBody {
    /// Whether they are there at that time or come later, so that another stay from then on would overlap.
    fn lasts_at(&self, at: DateTime<Utc>) -> bool {
        self.left_at.is_none_or(|left_at| left_at > at)
    }
}

impl Row for AttendanceBody {
    const COLUMNS: &'static [&'static str] =
        &["id", "meeting", "person", "name", "seat", "capacity", "arrived_at", "left_at"];
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    fn id(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    fn stay(person: u128, seat: Option<u128>, left_at: Option<&str>) -> AttendanceBody {
        AttendanceBody {
            id: AttendanceId(id(99)),
            meeting: MeetingId(id(98)),
            person: PersonId(id(person)),
            name: "A person".into(),
            seat: seat.map(id).map(SeatId),
            capacity: if seat.is_some() { AttendingAs::Member } else { AttendingAs::InAttendance },
            arrived_at: at("2027-01-14T14:00:00Z"),
            left_at: left_at.map(at),
            version: 1,
        }
    }

    fn arrival(person: u128, seat: Option<u128>) -> ArrivalDraft {
        ArrivalDraft {
            person: PersonId(id(person)),
            seat: seat.map(id).map(SeatId),
            capacity: if seat.is_some() { AttendingAs::Substitute } else { AttendingAs::InAttendance },
            arrived_at: None,
        }
    }

    #[test]
    fn rule_49_a_seat_has_one_person_and_a_person_one_seat_at_a_time() {
        let later = at("2027-01-14T15:00:00Z");
        let (member, left) = (stay(1, Some(7), None), stay(1, Some(7), Some("2027-01-14T14:30:00Z")));
        let pointed =
            |draft: ArrivalDraft, there: &[AttendanceBody]| draft.finds_room(later, there).map_err(|p| p.kind().slug);
        assert_eq!(
            pointed(arrival(2, Some(7)), std::slice::from_ref(&member)),
            Err("conflict"),
            "the member sits there"
        );
        assert_eq!(pointed(arrival(2, Some(7)), std::slice::from_ref(&left)), Ok(()), "the member has left");
        assert_eq!(pointed(arrival(2, Some(8)), &[stay(2, Some(7), None)]), Err("conflict"), "in another seat already");
        assert_eq!(pointed(arrival(1, None), &[member]), Err("conflict"), "there already");
        assert_eq!(pointed(arrival(1, Some(7)), &[left]), Ok(()), "back again");
        let during = at("2027-01-14T14:10:00Z");
        let left = stay(1, Some(7), Some("2027-01-14T14:30:00Z"));
        assert!(arrival(2, Some(7)).finds_room(during, &[left]).is_err(), "the seat was taken at that time");
    }

    #[test]
    fn who_sits_has_a_seat_and_nobody_comes_in_the_future() {
        let now = at("2027-01-14T14:00:00Z");
        assert!(arrival(1, None).check(now).is_ok());
        assert!(ArrivalDraft { capacity: AttendingAs::Member, ..arrival(1, None) }.check(now).is_err());
        assert!(ArrivalDraft { capacity: AttendingAs::InAttendance, ..arrival(1, Some(7)) }.check(now).is_err());
        assert!(ArrivalDraft { arrived_at: Some(at("2027-01-14T14:00:01Z")), ..arrival(1, None) }.check(now).is_err());
        let left = |text: &str| DepartureDraft { left_at: Some(at(text)) }.check(at("2027-01-14T13:00:00Z"), now);
        assert!(left("2027-01-14T13:30:00Z").is_ok());
        assert!(left("2027-01-14T12:59:59Z").is_err() && left("2027-01-14T14:00:01Z").is_err());
    }
}
