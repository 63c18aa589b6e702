//! What votes and decisions need before something can be asked of them: a live committee in session. All on Testford.

use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::{
    committee::{Committee, rules},
    meeting_recipes::{HERE, bring, item, make, meeting_of, noon_today, person},
    recipes::Operation,
    running::{key, running, send},
};

/// As the examples of the API description name them.
const PARENTS: [&str; 2] = ["Wigan Council", "NHS Wigan Borough CCG"];

/// A committee that is only proposed, with the parents of the examples.
pub(crate) async fn proposed() -> String {
    let body = json!({"name": format!("Committee {}", key()), "basis": "joint_committee", "access_regime": "none",
        "parents": PARENTS, "source": "A test"});
    make("committees", &body).await
}

async fn seat(committee: &str, number: usize) -> String {
    let body = json!({"title": format!("Seat {number}"), "class": "councillor", "partner": PARENTS[number % 2],
        "voting": true, "valid_from": "2019-04-01"});
    make(&format!("committees/{committee}/seats"), &body).await
}

async fn member(committee: &str, seat: &str) -> (String, String) {
    let person = person().await;
    let body = json!({"seat": seat, "person": person, "capacity": "member", "valid_from": "2019-04-01"});
    (make(&format!("committees/{committee}/memberships"), &body).await, person)
}

/// A committee in session, with four seats taken; what it decides can be called in by one.
struct Sitting {
    meeting: String,
    item: String,
    seats: Vec<(String, String)>,
}

impl Sitting {
    async fn of(committee: &str) -> Self {
        let mut body = rules(&PARENTS.map(str::to_owned));
        body["call_in"]["applies_to"] = "all_decisions".into();
        body["call_in"]["fewest_members"] = 1.into();
        let constitution = json!({"in_force_from": "2019-04-01", "rules": body, "source": "A test"});
        make(&format!("committees/{committee}/constitutions"), &constitution).await;
        let mut seats = Vec::new();
        for number in 0..4 {
            let seat = seat(committee, number).await;
            let (_, person) = member(committee, &seat).await;
            seats.push((seat, person));
        }
        let meeting = meeting_of(committee, &noon_today()).await;
        let item = item(&meeting, json!({"late_reason": null})).await;
        bring(&meeting, &["notified", "in_session"]).await;
        for (seat, person) in &seats {
            let arrival = json!({"person": person, "seat": seat, "capacity": "member"});
            make(&format!("meetings/{meeting}/attendances"), &arrival).await;
        }
        Self { meeting, item, seats }
    }

    /// The one of a committee that is live.
    async fn live() -> &'static Self {
        static LIVE: OnceCell<Sitting> = OnceCell::const_new();
        LIVE.get_or_init(|| async {
            let committee = proposed().await;
            let sitting = Self::of(&committee).await;
            let clerk = running().as_("testford-clerk");
            let path = format!("{HERE}/committees/{committee}");
            clerk.transition(&path, &key(), "shadow", "A test").await.unwrap();
            let consultation = json!({"committee": committee, "subject": "A committee", "audience": "Everybody",
                "opens_on": "2019-01-01", "closes_on": "2019-01-31", "source": "A test"});
            let consultation = make("consultations", &consultation).await;
            let report = json!({"kind": "final", "reported_to": "Cabinet", "reported_on": "2019-02-14", "response_count": 1,
                "summary": "Positive.", "outcome": "supportive"});
            make(&format!("consultations/{consultation}/reports"), &report).await;
            for parent in PARENTS {
                let approval = json!({"parent": parent, "approved_on": "2019-02-26", "reference": "Minute 12"});
                make(&format!("committees/{committee}/approvals"), &approval).await;
            }
            let agreement = json!({"reference": "Agreement", "signed_on": "2019-03-25", "source": "A test"});
            make(&format!("committees/{committee}/agreements"), &agreement).await;
            clerk.transition(&path, &key(), "live", "A test").await.unwrap();
            sitting
        })
        .await
    }

    /// The one of a committee that is only proposed.
    async fn advising() -> &'static Self {
        static ADVISING: OnceCell<Sitting> = OnceCell::const_new();
        ADVISING.get_or_init(|| async { Self::of(&proposed().await).await }).await
    }

    async fn motion(&self) -> String {
        let body = json!({"meeting": self.meeting, "agenda_item": self.item, "text": "That it be approved.",
            "outcome": "approved", "mover": self.seats[0].1});
        make("motions", &body).await
    }

    /// An open vote on a motion of its own: the motion, and the vote.
    async fn vote(&self) -> (String, String) {
        let motion = self.motion().await;
        let event = make(&format!("motions/{motion}/vote-events"), &json!({"method": "roll_call"})).await;
        (motion, event)
    }

    async fn close(&self, (motion, event): &(String, String)) {
        let votes: Vec<Value> = self.seats.iter().map(|(seat, _)| json!({"seat": seat, "choice": "for"})).collect();
        make(&format!("motions/{motion}/vote-events/{event}/votes"), &json!({"votes": votes})).await;
        let path = format!("{HERE}/motions/{motion}/vote-events/{event}/closings");
        let key = key();
        let headers = [("idempotency-key", key.as_str()), ("if-match", "\"1\"")];
        let body = json!({"reason": "All have voted"});
        let closed = send(&running().as_("testford-clerk"), Method::POST, &path, &headers, Some(&body)).await;
        assert_eq!(closed.body["outcome"], "carried", "{}", closed.body);
    }

    async fn carried(&self) -> String {
        let vote = self.vote().await;
        self.close(&vote).await;
        vote.0
    }

    async fn decision(&self) -> String {
        make("decisions", &Committee::decision_of(&self.carried().await)).await
    }
}

/// Fills in what operations on votes and decisions need.
pub(crate) async fn fill(operation: &Operation, path: String, body: &mut Option<Value>) -> String {
    let mut path = path;
    let mut put = |name: &str, id: &str| path = path.replace(&format!("{{{name}}}"), id);
    let mut set = |field: &str, value: &str| body.as_mut().expect("a body")[field] = value.into();
    match operation.id.as_str() {
        "getConstitution" => {
            let committee = proposed().await;
            let rules = rules(&PARENTS.map(str::to_owned));
            let version = json!({"in_force_from": "2019-04-01", "rules": rules, "source": "A test"});
            put("constitution", &make(&format!("committees/{committee}/constitutions"), &version).await);
            put("committee", &committee);
        }
        "getSeat" | "endSeat" => {
            let committee = proposed().await;
            put("seat", &seat(&committee, 0).await);
            put("committee", &committee);
        }
        "createMembership" | "endMembership" => {
            let committee = proposed().await;
            let seat = seat(&committee, 0).await;
            if operation.id == "endMembership" {
                put("membership", &member(&committee, &seat).await.0);
            } else {
                set("seat", &seat);
                set("person", &person().await);
            }
            put("committee", &committee);
        }
        "getQuorum" => put("meeting", &Sitting::live().await.meeting),
        "recordMotion" => {
            let sitting = Sitting::live().await;
            set("meeting", &sitting.meeting);
            set("agenda_item", &sitting.item);
            set("mover", &sitting.seats[0].1);
        }
        "getMotion" | "withdrawMotion" | "listVoteEvents" | "openVote" => {
            put("motion", &Sitting::live().await.motion().await);
        }
        "getVoteEvent" | "listVotes" | "castVotes" | "closeVote" | "getVoteResult" => {
            let sitting = Sitting::live().await;
            let vote = sitting.vote().await;
            if operation.id == "getVoteResult" {
                sitting.close(&vote).await;
            }
            if operation.id == "castVotes" {
                body.as_mut().expect("a body")["votes"][0]["seat"] = sitting.seats[0].0.clone().into();
            }
            put("motion", &vote.0);
            put("vote_event", &vote.1);
        }
        "recordDecision" => set("motion", &Sitting::live().await.carried().await),
        "getDecision" | "getDecisionTransitions" | "moveDecision" => {
            put("decision", &Sitting::live().await.decision().await);
        }
        "callIn" => {
            let decision = Sitting::live().await.decision().await;
            let clerk = running().as_("testford-clerk");
            clerk.transition(&format!("{HERE}/decisions/{decision}"), &key(), "published", "A test").await.unwrap();
            set("decision", &decision);
        }
        "recordRecommendation" => set("motion", &Sitting::advising().await.carried().await),
        "getRecommendation" => {
            let body =
                json!({"motion": Sitting::advising().await.carried().await, "made_to": "Cabinet", "reasons": "A test"});
            put("recommendation", &make("recommendations", &body).await);
        }
        _ if operation.template.contains("/committees/{committee}/")
            && !operation.id.starts_with("getCommitteeT")
            && operation.id != "moveCommittee" =>
        {
            put("committee", &proposed().await)
        }
        _ => {}
    }
    path
}
