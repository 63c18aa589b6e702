//! What a seat is, and who may sit in it. No SQL, no HTTP, no clock.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{MembershipId, PersonId, SeatId};
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row};

use crate::drafts;

/// What somebody is in a committee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Class {
    /// Elected to the council.
    Councillor,
    /// A doctor, nurse or other clinician.
    Clinician,
    /// Appointed from outside.
    Lay,
    /// An officer of a partner.
    Officer,
}

impl Class {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Councillor => "councillor",
            Self::Clinician => "clinician",
            Self::Lay => "lay",
            Self::Officer => "officer",
        }
    }
}

/// Whether somebody sits in a seat of their own or for its member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Capacity {
    /// In their own.
    Member,
    /// For its member, when they are away.
    Substitute,
}

/// A seat to make.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"title": "Leader of the council", "class": "councillor", "partner": "Wigan Council",
    "voting": true, "joint": false, "valid_from": "2019-04-01"}))]
pub(crate) struct SeatDraft {
    #[schema(min_length = 1, max_length = 200)]
    pub(super) title: String,
    pub(super) class: Class,
    /// On whose behalf it is held: a parent of the committee.
    #[schema(min_length = 1, max_length = 200)]
    pub(super) partner: String,
    pub(super) voting: bool,
    /// Whether its holder was appointed by the parents together; it votes on behalf of `partner` all the same.
    #[serde(default)]
    pub(super) joint: bool,
    /// Its first day.
    pub(super) valid_from: NaiveDate,
}

/// A seat of a committee.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct SeatBody {
    pub(crate) id: SeatId,
    pub(crate) title: String,
    pub(crate) class: Class,
    pub(crate) partner: String,
    pub(crate) voting: bool,
    pub(crate) joint: bool,
    pub(crate) valid_from: NaiveDate,
    /// Its last day, once that is known.
    pub(crate) valid_to: Option<NaiveDate>,
    pub(crate) created_at: DateTime<Utc>,
    #[serde(skip)]
    pub(crate) version: i64,
}

impl Row for SeatBody {
    const COLUMNS: &'static [&'static str] =
        &["id", "title", "class", "partner", "voting", "joint", "valid_from", "valid_to", "created_at"];
}

/// Somebody to put in a seat.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"seat": "01890a5d-ac96-774b-bcce-b302099a8057", "person": "01890a5d-ac96-774b-bcce-b302099a8058",
    "capacity": "member", "valid_from": "2019-04-01"}))]
pub(crate) struct MembershipDraft {
    pub(super) seat: SeatId,
    pub(super) person: PersonId,
    pub(super) capacity: Capacity,
    /// Their first day. The member before them leaves the day before.
    pub(super) valid_from: NaiveDate,
}

/// Somebody in a seat, for a time.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct MembershipBody {
    pub(crate) id: MembershipId,
    pub(crate) seat: SeatId,
    pub(crate) person: PersonId,
    pub(crate) name: String,
    pub(crate) class: Class,
    pub(crate) partner: String,
    pub(crate) capacity: Capacity,
    pub(crate) valid_from: NaiveDate,
    pub(crate) valid_to: Option<NaiveDate>,
    pub(crate) created_at: DateTime<Utc>,
    #[serde(skip)]
    pub(crate) version: i64,
}

impl Row for MembershipBody {
    const COLUMNS: &'static [&'static str] =
        &["id", "seat", "person", "name", "class", "partner", "capacity", "valid_from", "valid_to", "created_at"];
}

/// The last day of something.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"valid_to": "2022-06-30", "reason": "The partner ended"}))]
pub(crate) struct EndingDraft {
    /// The last day it holds.
    pub(super) valid_to: NaiveDate,
    #[schema(min_length = 1, max_length = 500)]
    pub(super) reason: String,
}

impl EndingDraft {
    /// An ending can be brought forward, never put off: somebody may have followed.
    pub(super) fn check(&self, valid_from: NaiveDate, valid_to: Option<NaiveDate>) -> Result<(), Problem> {
        let mut faults = Faults::default();
        drafts::day(&mut faults, "/valid_to", self.valid_to);
        faults.unless(self.valid_to >= valid_from, "/valid_to", format_args!("It began on {valid_from}."));
        let shortens = valid_to.is_none_or(|last| self.valid_to <= last);
        faults.unless(shortens, "/valid_to", "It ends before that already.");
        faults.text("/reason", &self.reason, 500);
        faults.none()
    }
}

impl SeatDraft {
    pub(super) fn check(&self, parents: &[String]) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/title", &self.title, 200);
        drafts::day(&mut faults, "/valid_from", self.valid_from);
        faults.unless(parents.contains(&self.partner), "/partner", "It is not a parent of the committee.");
        faults.none()
    }
}

impl MembershipDraft {
    /// Rule 49: a substitute is of the seat's own class. `others` are the person's memberships of the committee.
    pub(super) fn check(&self, seat: &SeatBody, others: &[MembershipBody]) -> Result<(), Problem> {
        let mut faults = Faults::default();
        drafts::day(&mut faults, "/valid_from", self.valid_from);
        let lasts = seat.valid_to.is_none_or(|last| self.valid_from <= last);
        let there = seat.valid_from <= self.valid_from && lasts;
        faults.unless(there, "/valid_from", "The seat is not there on that day.");
        let present = |m: &&MembershipBody| m.valid_to.is_none_or(|last| last >= self.valid_from);
        if let Some(other) = others.iter().filter(present).find(|m| m.class != seat.class) {
            let told = format_args!(
                "They sit as {}; a {} seat takes its own class only.",
                other.class.as_str(),
                seat.class.as_str()
            )
            .to_string();
            faults.unless(false, "/person", told);
        }
        let again = others.iter().filter(present).any(|m| m.seat == self.seat);
        faults.unless(!again, "/person", "They are in that seat already, as member or as substitute.");
        let second =
            self.capacity == Capacity::Member && others.iter().filter(present).any(|m| m.capacity == Capacity::Member);
        faults.unless(!second, "/person", "They have a seat of their own in this committee.");
        faults.none()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn seat(class: Class) -> SeatBody {
        SeatBody {
            id: SeatId(Uuid::nil()),
            title: "A seat".into(),
            class,
            partner: "Council".into(),
            voting: true,
            joint: false,
            valid_from: day("2019-04-01"),
            valid_to: None,
            created_at: DateTime::UNIX_EPOCH,
            version: 1,
        }
    }

    fn sits(class: Class, capacity: Capacity, seat: u128, valid_to: Option<&str>) -> MembershipBody {
        MembershipBody {
            id: MembershipId(Uuid::nil()),
            seat: SeatId(Uuid::from_u128(seat)),
            person: PersonId(Uuid::nil()),
            name: "A member".into(),
            class,
            partner: "Council".into(),
            capacity,
            valid_from: day("2019-04-01"),
            valid_to: valid_to.map(day),
            created_at: DateTime::UNIX_EPOCH,
            version: 1,
        }
    }

    #[test]
    fn rule_49_a_substitute_is_of_the_seats_own_class() {
        let draft = |capacity| MembershipDraft {
            seat: SeatId(Uuid::nil()),
            person: PersonId(Uuid::nil()),
            capacity,
            valid_from: day("2020-01-01"),
        };
        let clinician = [sits(Class::Clinician, Capacity::Member, 1, None)];
        let substitute = draft(Capacity::Substitute);
        assert!(substitute.check(&seat(Class::Clinician), &clinician).is_ok());
        assert!(substitute.check(&seat(Class::Councillor), &clinician).is_err());
        assert!(substitute.check(&seat(Class::Councillor), &[]).is_ok());
        let earlier = [sits(Class::Clinician, Capacity::Member, 1, Some("2019-12-31"))];
        assert!(substitute.check(&seat(Class::Councillor), &earlier).is_ok(), "what has ended binds nobody");
        assert!(draft(Capacity::Member).check(&seat(Class::Clinician), &clinician).is_err(), "one seat of one's own");
        let same = [sits(Class::Councillor, Capacity::Member, 0, None)];
        assert!(substitute.check(&seat(Class::Councillor), &same).is_err(), "nobody stands in for themselves");
    }
}
