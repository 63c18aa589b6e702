//! A joint committee in a world: its people, seats and rules, and the steps of its meetings.

use serde_json::{Value, json};

use crate::world::World;

/// A committee of a borough.
pub(crate) struct Committee<'a> {
    pub(crate) world: &'a World,
    /// `/v1/boroughs/wigan`.
    pub(crate) here: String,
    pub(crate) clerk: String,
    pub(crate) id: String,
    pub(crate) parents: [String; 2],
    pub(crate) seats: Vec<Seat>,
}

/// A seat and who sits in it.
#[derive(Clone, Debug)]
pub(crate) struct Seat {
    pub(crate) id: String,
    pub(crate) person: String,
}

/// Rules under which four make a quorum, two of them of each partner, and each partner must carry.
pub(crate) fn rules(parents: &[String; 2]) -> Value {
    let two = |partner: &String| json!({"partner": partner, "fewest": {"count": 2}});
    json!({
        "quorum": {"total": {"count": 4}, "by_class": [], "by_partner": [two(&parents[0]), two(&parents[1])],
            "conflicted_seats_leave_base": false},
        "voting": {"rule": "majority_within_each_partner"}, "casting_vote": "none",
        "chair": {"rule": "elected_each_meeting"}, "notice": {"days": 5, "counted": "clear_working_days"},
        "call_in": {"applies_to": "key_decisions", "working_days": 5, "fewest_members": 3,
            "who": "members of the council who are not on its cabinet"},
        "limit_pence": 500_000_000})
}

impl<'a> Committee<'a> {
    /// A committee of two parents, with six voting seats, three of councillors and three of clinicians, all filled.
    pub(crate) async fn new(world: &'a World, slug: &str, name: &str, parents: [&str; 2], from: &str) -> Self {
        let (here, clerk) = (format!("/v1/boroughs/{slug}"), format!("{slug}-clerk"));
        let parents = parents.map(str::to_owned);
        let draft = json!({"name": name, "basis": "joint_committee", "access_regime": "local_government_act_1972",
            "parents": parents, "source": "A test"});
        let made = world.done(&clerk, &format!("{here}/committees"), draft).await;
        let id = made["id"].as_str().unwrap().to_owned();
        let mut committee = Self { world, here, clerk, id, parents, seats: Vec::new() };
        for number in 0..6 {
            let (class, parent) = if number < 3 { ("councillor", 0) } else { ("clinician", 1) };
            let seat = json!({"title": format!("{class} {number}"), "class": class, "partner": committee.parents[parent],
                "voting": true, "valid_from": from});
            let seat = committee.made(&format!("committees/{}/seats", committee.id), seat).await;
            let person = committee.person(&format!("Holder of seat {number}")).await;
            committee.sits(&seat, &person, "member", from).await;
            committee.seats.push(Seat { id: seat, person });
        }
        committee
    }

    /// Posts below the borough as the clerk, and gives back the id of what was made.
    pub(crate) async fn made(&self, path: &str, body: Value) -> String {
        let made = self.world.done(&self.clerk, &format!("{}/{path}", self.here), body).await;
        made["id"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) async fn person(&self, name: &str) -> String {
        self.made("people", json!({"name": name})).await
    }

    pub(crate) async fn sits(&self, seat: &str, person: &str, capacity: &str, from: &str) -> String {
        let body = json!({"seat": seat, "person": person, "capacity": capacity, "valid_from": from});
        self.made(&format!("committees/{}/memberships", self.id), body).await
    }

    pub(crate) fn path(&self) -> String {
        format!("{}/committees/{}", self.here, self.id)
    }

    pub(crate) async fn rules_from(&self, day: &str, rules: Value) -> Value {
        let body = json!({"in_force_from": day, "rules": rules, "source": "Terms of reference"});
        self.world.done(&self.clerk, &format!("{}/constitutions", self.path()), body).await
    }

    /// Everything it needs to go live: a consultation reported, both approvals, a signed agreement.
    pub(crate) async fn prepared(&self, consulted: [&str; 2], reported: &str, approved: &str, signed: &str) {
        let consultation = json!({"committee": self.id, "subject": "Single commissioning",
            "audience": "The public and key stakeholders", "opens_on": consulted[0], "closes_on": consulted[1],
            "source": "A test"});
        let consultation = self.made("consultations", consultation).await;
        let report = json!({"kind": "final", "reported_to": "Cabinet", "reported_on": reported, "response_count": 120,
            "summary": "Positive feedback.", "outcome": "supportive"});
        self.made(&format!("consultations/{consultation}/reports"), report).await;
        for parent in &self.parents {
            let approval = json!({"parent": parent, "approved_on": approved, "reference": "Minute 12"});
            self.made(&format!("committees/{}/approvals", self.id), approval).await;
        }
        let agreement = json!({"reference": "Section 75 agreement", "signed_on": signed, "source": "A test"});
        self.made(&format!("committees/{}/agreements", self.id), agreement).await;
    }

    /// A meeting, called for an instant.
    pub(crate) async fn meeting(&self, starts_at: &str) -> String {
        let body = json!({"committee": self.id, "title": "A meeting", "starts_at": starts_at, "place": "Town Hall"});
        self.made("meetings", body).await
    }

    pub(crate) async fn item(&self, meeting: &str, more: Value) -> String {
        let mut body = json!({"label": "5", "title": "Community services", "purpose": "decision", "verbal": false});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.made(&format!("meetings/{meeting}/agenda-items"), body).await
    }

    /// Brings a meeting forward through states.
    pub(crate) async fn brings(&self, meeting: &str, states: &[&str]) {
        for state in states {
            self.world.moved(&self.clerk, &format!("{}/meetings/{meeting}", self.here), state, "In its course").await;
        }
    }

    /// Those of some seats come.
    pub(crate) async fn come(&self, meeting: &str, seats: &[usize]) {
        for seat in seats {
            let Seat { id, person } = &self.seats[*seat];
            self.comes(meeting, id, person, "member").await;
        }
    }

    pub(crate) async fn comes(&self, meeting: &str, seat: &str, person: &str, capacity: &str) -> String {
        let body = json!({"person": person, "seat": seat, "capacity": capacity});
        self.made(&format!("meetings/{meeting}/attendances"), body).await
    }

    pub(crate) async fn motion(&self, meeting: &str, item: &str, more: Value) -> String {
        let mut body = json!({"meeting": meeting, "agenda_item": item, "text": "That it be approved.",
            "outcome": "approved", "mover": self.seats[0].person});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.made("motions", body).await
    }

    /// Opens a vote on a motion, and gives back its path.
    pub(crate) async fn opens(&self, motion: &str) -> String {
        let event = self.made(&format!("motions/{motion}/vote-events"), json!({"method": "roll_call"})).await;
        format!("{}/motions/{motion}/vote-events/{event}", self.here)
    }

    pub(crate) async fn votes(&self, event: &str, votes: &[(usize, &str)]) {
        let votes: Vec<Value> =
            votes.iter().map(|(seat, choice)| json!({"seat": self.seats[*seat].id, "choice": choice})).collect();
        self.world.done(&self.clerk, &format!("{event}/votes"), json!({"votes": votes})).await;
    }

    /// Closes a vote, and gives back its result.
    pub(crate) async fn closes(&self, event: &str) -> Value {
        self.world.done_to(&self.clerk, event, "closings", json!({"reason": "All have voted"})).await
    }

    /// A vote of seats on a motion, from opening to result.
    pub(crate) async fn decides(&self, motion: &str, votes: &[(usize, &str)]) -> Value {
        let event = self.opens(motion).await;
        self.votes(&event, votes).await;
        self.closes(&event).await
    }

    /// What is recorded of a carried motion.
    pub(crate) fn decision_of(motion: &str) -> Value {
        json!({"motion": motion, "reasons": "It gives the neighbourhoods what the agreement promises.",
            "options_rejected": ["To go on as before"]})
    }
}
