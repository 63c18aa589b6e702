//! Who may vote on an item at an instant. Pure: rows in, standings out.

use domain::{PersonId, SeatId};
use serde::{Deserialize, Serialize};

use crate::seats::{Capacity, Class};

/// A seat of the committee on the meeting's day.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) seat: SeatId,
    pub(crate) title: String,
    pub(crate) class: Class,
    pub(crate) partner: String,
    pub(crate) voting: bool,
}

/// Somebody who is at the meeting at the instant, in a seat.
#[derive(Debug, Clone)]
pub(crate) struct Sitting {
    pub(crate) seat: SeatId,
    pub(crate) person: PersonId,
    pub(crate) name: String,
    pub(crate) capacity: Capacity,
}

/// An interest declared on the item, and whether the ruling in force lets its holder vote.
#[derive(Debug, Clone)]
pub(crate) struct Declared {
    pub(crate) person: PersonId,
    pub(crate) name: String,
    /// The seat they sat in, where they are a member: one who left keeps it conflicted, not merely empty.
    pub(crate) seat: Option<SeatId>,
    pub(crate) may_vote: bool,
}

/// How a seat stands towards an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    /// Its holder counts and may vote.
    Entitled,
    /// Nobody sits in it.
    Absent,
    /// The seat has no vote.
    NonVoting,
    /// An interest is declared and no ruling lets its holder vote (rule 48).
    Conflicted,
    /// A substitute who counts in no seat here: the member is there, or they sit in another seat (rule 49).
    NotCounted,
}

/// A seat and how it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct SeatStanding {
    pub(crate) seat: SeatId,
    #[schema(example = "Leader of the council")]
    pub(crate) title: String,
    pub(crate) class: Class,
    #[schema(example = "Wigan Council")]
    pub(crate) partner: String,
    pub(crate) person: Option<PersonId>,
    #[schema(example = "A councillor")]
    pub(crate) name: Option<String>,
    pub(crate) capacity: Option<Capacity>,
    pub(crate) standing: Standing,
}

impl SeatStanding {
    /// Whether the seat counts and may vote.
    pub(crate) fn is_entitled(&self) -> bool {
        self.standing == Standing::Entitled
    }

    /// What it is called in an explanation: its title, and whether somebody sits in it for its member.
    pub(crate) fn called(&self) -> String {
        match self.capacity {
            Some(Capacity::Substitute) => format!("{} (a substitute)", self.title),
            _ => self.title.clone(),
        }
    }

    /// Whether the seat has a vote at all.
    pub(crate) fn is_voting(&self) -> bool {
        self.standing != Standing::NonVoting
    }
}

/// How every seat stands.
pub(crate) fn standings(places: &[Place], sittings: &[Sitting], declared: &[Declared]) -> Vec<SeatStanding> {
    let mut counted: Vec<PersonId> = Vec::new();
    let mut all = Vec::new();
    // Members before substitutes, so that somebody who is both counts in their own seat.
    let mut order: Vec<(usize, Option<&Sitting>)> = Vec::new();
    for (at, place) in places.iter().enumerate() {
        let mut here = sittings.iter().filter(|sitting| sitting.seat == place.seat);
        let sitting = here.clone().find(|s| s.capacity == Capacity::Member).or_else(|| here.next());
        order.push((at, sitting));
    }
    order.sort_by_key(|(at, sitting)| (sitting.is_some_and(|s| s.capacity == Capacity::Substitute), *at));
    for (at, sitting) in order {
        let place = &places[at];
        let conflicted = |person: PersonId| declared.iter().any(|d| d.person == person && !d.may_vote);
        let standing = match sitting {
            _ if !place.voting => Standing::NonVoting,
            Some(sitting) if conflicted(sitting.person) => Standing::Conflicted,
            Some(sitting) if counted.contains(&sitting.person) => Standing::NotCounted,
            Some(sitting) => {
                counted.push(sitting.person);
                Standing::Entitled
            }
            None if declared.iter().any(|d| d.seat == Some(place.seat) && !d.may_vote) => Standing::Conflicted,
            None => Standing::Absent,
        };
        let gone = declared.iter().find(|d| d.seat == Some(place.seat) && sitting.is_none());
        all.push((
            at,
            SeatStanding {
                seat: place.seat,
                title: place.title.clone(),
                class: place.class,
                partner: place.partner.clone(),
                person: sitting.map(|s| s.person).or(gone.map(|d| d.person)),
                name: sitting.map(|s| s.name.clone()).or(gone.map(|d| d.name.clone())),
                capacity: sitting.map(|s| s.capacity),
                standing,
            },
        ));
    }
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, standing)| standing).collect()
}
