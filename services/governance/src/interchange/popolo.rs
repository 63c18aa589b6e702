//! Our committees as Popolo says them (<https://www.popoloproject.com/specs/>). Pure: plain values in, shapes out.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use uuid::Uuid;
use web::Row;

use super::store::{Membership, Motion, Organization, Person, Seat, Vote, VoteEvent};

/// An object of Popolo.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub(crate) enum PopoloObject {
    Organization(PopoloOrganization),
    Post(PopoloPost),
    Membership(PopoloMembership),
    Person(PopoloPerson),
    Motion(PopoloMotion),
    VoteEvent(PopoloVoteEvent),
}

impl Row for PopoloObject {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "name",
        "label",
        "organization_id",
        "person_id",
        "post_id",
        "motion_id",
        "role",
        "start_date",
        "end_date",
        "result",
    ];
}

impl PopoloObject {
    /// The key of its list.
    pub(super) fn id(&self) -> Uuid {
        match self {
            Self::Organization(one) => one.id,
            Self::Post(one) => one.id,
            Self::Membership(one) => one.id,
            Self::Person(one) => one.id,
            Self::Motion(one) => one.id,
            Self::VoteEvent(one) => one.id,
        }
    }
}

/// A committee.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct PopoloOrganization {
    id: Uuid,
    name: String,
    #[schema(example = "joint_committee")]
    classification: String,
    created_at: DateTime<Utc>,
}

pub(super) fn organization(of: Organization) -> PopoloObject {
    PopoloObject::Organization(PopoloOrganization {
        id: of.committee_id,
        name: of.name,
        classification: of.basis,
        created_at: of.created_at,
    })
}

/// A seat of a committee.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct PopoloPost {
    id: Uuid,
    label: String,
    /// The class of the seat.
    #[schema(example = "councillor")]
    role: String,
    organization_id: Uuid,
    start_date: NaiveDate,
    end_date: Option<NaiveDate>,
}

pub(super) fn post(of: Seat) -> PopoloObject {
    PopoloObject::Post(PopoloPost {
        id: of.seat_id,
        label: of.title,
        role: of.class,
        organization_id: of.committee_id,
        start_date: of.valid_from,
        end_date: of.valid_to,
    })
}

/// A person in a seat, for a time.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct PopoloMembership {
    id: Uuid,
    person_id: Uuid,
    organization_id: Uuid,
    post_id: Uuid,
    role: String,
    start_date: NaiveDate,
    end_date: Option<NaiveDate>,
}

pub(super) fn membership(of: &Membership) -> PopoloObject {
    PopoloObject::Membership(PopoloMembership {
        id: of.membership_id,
        person_id: of.person_id,
        organization_id: of.committee_id,
        post_id: of.seat_id,
        role: of.role(),
        start_date: of.valid_from,
        end_date: of.valid_to,
    })
}

/// A member of a committee.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct PopoloPerson {
    id: Uuid,
    name: String,
    created_at: DateTime<Utc>,
}

pub(super) fn person(of: Person) -> PopoloObject {
    PopoloObject::Person(PopoloPerson { id: of.person_id, name: of.name, created_at: of.created_at })
}

/// A motion.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct PopoloMotion {
    id: Uuid,
    organization_id: Uuid,
    creator_id: Uuid,
    /// Null where the item is exempt.
    text: Option<String>,
    /// What it would decide.
    #[schema(example = "approved")]
    classification: String,
    date: DateTime<Utc>,
    /// `pass` or `fail`; null where it was withdrawn or is still to be decided.
    #[schema(example = "pass")]
    result: Option<String>,
}

/// What Popolo calls the end of a motion.
fn result(state: &str) -> Option<String> {
    match state {
        "carried" => Some("pass".to_owned()),
        "lost" => Some("fail".to_owned()),
        _ => None,
    }
}

pub(super) fn motion(of: Motion) -> PopoloObject {
    PopoloObject::Motion(PopoloMotion {
        id: of.motion_id,
        organization_id: of.committee_id,
        creator_id: of.mover_id,
        text: of.open_text,
        classification: of.outcome,
        date: of.moved_at,
        result: result(&of.state),
    })
}

/// How many chose an option.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct PopoloCount {
    /// `yes`, `no` or `abstain`.
    #[schema(example = "yes")]
    option: String,
    value: i64,
}

/// A vote of a roll call.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct PopoloVote {
    voter_id: Uuid,
    #[schema(example = "yes")]
    option: String,
}

/// A vote on a motion. Who voted how is said of a closed roll call only.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct PopoloVoteEvent {
    id: Uuid,
    organization_id: Uuid,
    motion_id: Uuid,
    start_date: DateTime<Utc>,
    end_date: Option<DateTime<Utc>>,
    #[schema(example = "pass")]
    result: Option<String>,
    counts: Vec<PopoloCount>,
    votes: Vec<PopoloVote>,
}

/// What Popolo calls a choice.
fn option(choice: &str) -> &'static str {
    match choice {
        "for" => "yes",
        "against" => "no",
        _ => "abstain",
    }
}

pub(super) fn vote_event(of: VoteEvent, votes: &[Vote]) -> PopoloObject {
    let closed = of.closed_at.is_some();
    let own = || votes.iter().filter(|vote| vote.vote_event_id == of.vote_event_id && closed);
    let count = |choice: &str| PopoloCount {
        option: option(choice).to_owned(),
        value: i64::try_from(own().filter(|vote| vote.choice == choice).count()).unwrap_or(i64::MAX),
    };
    let named = own().filter(|_| of.method == "roll_call");
    PopoloObject::VoteEvent(PopoloVoteEvent {
        id: of.vote_event_id,
        organization_id: of.committee_id,
        motion_id: of.motion_id,
        start_date: of.opened_at,
        end_date: of.closed_at,
        result: if closed { result(&of.motion_state) } else { None },
        counts: if closed { ["for", "against", "abstain"].map(count).into() } else { Vec::new() },
        votes: named.map(|v| PopoloVote { voter_id: v.person_id, option: option(&v.choice).to_owned() }).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_voted_how_is_said_of_a_closed_roll_call_only() {
        let event = |method: &str, closed: bool| VoteEvent {
            vote_event_id: Uuid::from_u128(1),
            committee_id: Uuid::from_u128(2),
            motion_id: Uuid::from_u128(3),
            motion_state: "carried".into(),
            method: method.into(),
            opened_at: DateTime::UNIX_EPOCH,
            closed_at: closed.then_some(DateTime::UNIX_EPOCH),
        };
        let vote = |person, choice: &str| Vote {
            vote_event_id: Uuid::from_u128(1),
            person_id: Uuid::from_u128(person),
            choice: choice.into(),
        };
        let votes = [vote(4, "for"), vote(5, "for"), vote(6, "against")];
        let shown = |method, closed| serde_json::json!(vote_event(event(method, closed), &votes));
        let roll_call = shown("roll_call", true);
        assert_eq!((&roll_call["result"], roll_call["votes"].as_array().map(Vec::len)), (&"pass".into(), Some(3)));
        assert_eq!(roll_call["counts"][0], serde_json::json!({"option": "yes", "value": 2}));
        let hands = shown("show_of_hands", true);
        assert_eq!((&hands["counts"][1]["value"], hands["votes"].as_array().map(Vec::len)), (&1.into(), Some(0)));
        let open = shown("roll_call", false);
        assert_eq!((&open["counts"], &open["votes"]), (&serde_json::json!([]), &serde_json::json!([])));
    }
}
