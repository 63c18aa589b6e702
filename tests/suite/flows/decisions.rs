//! What a decision is held to: the vote it came of, the rules of its day, and what its record says.

use serde_json::{Value, json};

use crate::{
    committee::{Committee, rules},
    running::refusal,
    world::World,
};

const PARENTS: [&str; 2] = ["Wigan Council", "NHS Greater Manchester"];

async fn world() -> World {
    let mut world = World::beginning("2026-04-13T09:00:00Z").await;
    world.region("greater-manchester", "Greater Manchester").await;
    world.borough("wigan", "E08000010", "Wigan", "greater-manchester").await;
    world
}

/// A shadow committee with rules, and what it needs to go live.
async fn shadow(world: &World) -> (Committee<'_>, Value) {
    let committee = Committee::new(world, "wigan", "A committee", PARENTS, "2026-04-01").await;
    let first = committee.rules_from("2026-04-01", rules(&committee.parents)).await;
    world.moved("wigan-clerk", &committee.path(), "shadow", "A test").await;
    committee.prepared(["2026-01-01", "2026-01-31"], "2026-02-10", "2026-03-10", "2026-03-31").await;
    (committee, first)
}

/// A meeting in session with an item, four seats taken.
async fn sitting(committee: &Committee<'_>, more: Value) -> (String, String) {
    let meeting = committee.meeting("2026-04-13T09:00:00Z").await;
    let item = committee.item(&meeting, more).await;
    committee.brings(&meeting, &["notified", "in_session"]).await;
    committee.come(&meeting, &[0, 1, 3, 4]).await;
    (meeting, item)
}

const FOR: [(usize, &str); 4] = [(0, "for"), (1, "for"), (3, "for"), (4, "for")];

#[tokio::test]
async fn rule_50_what_a_shadow_committee_carried_stays_advice() {
    let world = world().await;
    let (committee, _) = shadow(&world).await;
    let (meeting, item) = sitting(&committee, json!({})).await;
    let advice = committee.motion(&meeting, &item, json!({})).await;
    let late = committee.motion(&meeting, &item, json!({})).await;
    committee.decides(&advice, &FOR).await;
    // A vote that was opened by the shadow and closed once it was live is the shadow's.
    let event = committee.opens(&late).await;
    committee.votes(&event, &FOR).await;
    world.moved("wigan-clerk", &committee.path(), "live", "A test").await;
    assert_eq!(committee.closes(&event).await["outcome"], "carried");
    for motion in [advice, late] {
        let decisions = format!("{}/decisions", committee.here);
        let refused = world.post("wigan-clerk", &decisions, &Committee::decision_of(&motion)).await;
        assert_eq!(refusal(&refused), "409 advisory-only", "{}", refused.body);
        let advice = json!({"motion": motion, "made_to": "Cabinet", "reasons": "A test"});
        let advice = world.done("wigan-clerk", &format!("{}/recommendations", committee.here), advice).await;
        assert_eq!(advice["binding"], false);
    }
}

#[tokio::test]
async fn rule_51_a_decision_says_why_what_else_and_who_was_conflicted() {
    let world = world().await;
    let (committee, _) = shadow(&world).await;
    world.moved("wigan-clerk", &committee.path(), "live", "A test").await;
    let (meeting, item) = sitting(&committee, json!({})).await;
    committee.come(&meeting, &[2, 5]).await;
    for (seat, nature) in [(2, "A practice"), (5, "A provider")] {
        let person = &committee.seats[seat].person;
        let declared = json!({"item": item, "person": person, "nature": nature, "action": "speak"});
        let declared = committee.made(&format!("meetings/{meeting}/declarations"), declared).await;
        if seat == 5 {
            let ruling = json!({"kind": "dispensation", "may": "vote", "by_whom": "Monitoring officer", "reason": "All share it"});
            committee.made(&format!("meetings/{meeting}/declarations/{declared}/rulings"), ruling).await;
        }
    }
    let motion = committee.motion(&meeting, &item, json!({})).await;
    committee.decides(&motion, &[(0, "for"), (1, "for"), (3, "for"), (4, "for"), (5, "for")]).await;
    let decisions = format!("{}/decisions", committee.here);
    for (field, value) in [("reasons", json!(" ")), ("options_rejected", json!([])), ("options_rejected", json!([""]))]
    {
        let mut body = Committee::decision_of(&motion);
        body[field] = value;
        assert_eq!(refusal(&world.post("wigan-clerk", &decisions, &body).await), "422 content-invalid", "{field}");
    }
    let record = world.done("wigan-clerk", &decisions, Committee::decision_of(&motion)).await["record"].clone();
    assert_eq!(
        (&record["resolution"], &record["options_rejected"]),
        (&json!("That it be approved."), &json!(["To go on as before"]))
    );
    let mut told: Vec<_> =
        record["conflicts"].as_array().unwrap().iter().map(|c| (&c["nature"], &c["dispensation"])).collect();
    told.sort_by_key(|(nature, _)| nature.to_string());
    assert_eq!(told, [(&json!("A practice"), &json!(false)), (&json!("A provider"), &json!(true))]);
}

#[tokio::test]
async fn rule_53_a_decision_cites_the_rules_it_was_taken_by() {
    let world = world().await;
    let (committee, first) = shadow(&world).await;
    world.moved("wigan-clerk", &committee.path(), "live", "A test").await;
    let (meeting, item) = sitting(&committee, json!({})).await;
    // Other rules from tomorrow on: today's vote is by today's, and nothing is changed for a day that has begun.
    committee.rules_from("2026-04-14", rules(&committee.parents)).await;
    let backwards = json!({"in_force_from": "2026-04-12", "rules": rules(&committee.parents), "source": "A test"});
    let backwards = world.post("wigan-clerk", &format!("{}/constitutions", committee.path()), &backwards).await;
    assert_eq!(refusal(&backwards), "409 conflict");
    let motion = committee.motion(&meeting, &item, json!({})).await;
    committee.decides(&motion, &FOR).await;
    let decisions = format!("{}/decisions", committee.here);
    let decision = world.done("wigan-clerk", &decisions, Committee::decision_of(&motion)).await;
    assert_eq!((&decision["constitution"], &decision["delegation"]), (&first["id"], &Value::Null));
}
