//! Wirral, integration: another region, delegated functions, due diligence before pooling, and a report that is noted.
//!
//! Source: Wirral People Overview and Scrutiny Committee, March 2017. Days it does not give are made up for the test.

use serde_json::json;

use crate::{
    committee::{Committee, rules},
    running::refusal,
    world::World,
};

const PARENTS: [&str; 2] = ["Wirral Metropolitan Borough Council", "NHS Wirral CCG"];

#[tokio::test]
async fn wirral_looks_before_it_pools_and_scrutiny_notes_the_report() {
    let mut world = World::beginning("2017-03-01T09:00:00Z").await;
    world.region("greater-manchester", "Greater Manchester").await;
    world.region("liverpool-city-region", "Liverpool City Region").await;
    world.borough("wirral", "E08000015", "Wirral", "liverpool-city-region").await;
    let committee =
        Committee::new(&world, "wirral", "Joint Strategic Commissioning Board", PARENTS, "2017-03-01").await;
    committee.rules_from("2017-03-01", rules(&committee.parents)).await;
    world.moved("wirral-clerk", &committee.path(), "shadow", "It prepares the commissioning hub").await;

    // Due diligence on benefits and risks, before any pooling.
    let benefit = json!({"committee": committee.id, "subject": "Integrated assessment and support planning", "kind": "benefit",
        "description": "One assessment by one team.", "owner": "Director of care and health"});
    committee.made("due-diligence", benefit).await;
    let risk = json!({"committee": committee.id, "subject": "One-off money ends in 2020", "kind": "risk", "likelihood": 4,
        "impact": 4, "description": "£15m over three years is not recurrent; what follows is open.",
        "owner": "Section 151 officer", "treatment": "An exit plan by 2019"});
    let risk = committee.made("due-diligence", risk).await;
    let found = world.read("wirral-auditor", &format!("{}/due-diligence/{risk}", committee.here)).await;
    assert_eq!((&found["score"], &found["state"]), (&json!(16), &json!("open")));
    world
        .moved(
            "wirral-clerk",
            &format!("{}/due-diligence/{risk}", committee.here),
            "mitigated",
            "The exit plan is agreed",
        )
        .await;

    // Scrutiny: a verbal item, without papers, members' questions, and a report that is noted.
    world.becomes("2017-03-28T18:00:00Z");
    let scrutiny = json!({"body": "People Overview and Scrutiny Committee", "title": "Integration of health and care",
        "considered_on": "2017-03-28", "verbal": true, "questions": ["Who employs the staff that transfer?"],
        "resolution": "Resolved – That the report be noted.", "outcome": "noted",
        "source": "Wirral People Overview and Scrutiny Committee, March 2017"});
    committee.made("scrutiny-items", scrutiny).await;
    let items = world.read("wirral-member", &format!("{}/scrutiny-items", committee.here)).await;
    assert_eq!((&items["data"][0]["verbal"], &items["data"][0]["outcome"]), (&json!(true), &json!("noted")));

    // The committee goes live; at its meeting a verbal report is noted: a typed outcome that nobody calls in.
    committee.prepared(["2016-10-01", "2016-12-31"], "2017-02-10", "2017-03-10", "2017-03-27").await;
    world.moved("wirral-clerk", &committee.path(), "live", "Both bodies have signed").await;
    let meeting = committee.meeting("2017-03-28T18:00:00Z").await;
    let item = committee
        .item(&meeting, json!({"label": "3", "title": "Progress of integration", "purpose": "noting", "verbal": true}))
        .await;
    committee.brings(&meeting, &["notified", "in_session"]).await;
    committee.come(&meeting, &[0, 1, 3, 4]).await;
    let noted = json!({"text": "That the report be noted.", "outcome": "noted"});
    let motion = committee.motion(&meeting, &item, noted).await;
    let result = committee.decides(&motion, &[(0, "for"), (1, "for"), (3, "for"), (4, "abstain")]).await;
    assert_eq!((&result["outcome"], &result["total"]["abstain"]), (&json!("carried"), &json!(1)));
    let decision = committee.made("decisions", Committee::decision_of(&motion)).await;
    let path = format!("{}/decisions/{decision}", committee.here);
    let published = world.moved("wirral-clerk", &path, "published", "Minuted").await;
    assert_eq!((&published["state"], &published["allowed"]), (&json!("published"), &json!(["effective"])));
    let call_in = json!({"decision": decision, "requested_by": ["A", "B", "C"], "reason": "A test"});
    let refused = world.post("wirral-member", &format!("{}/call-ins", committee.here), &call_in).await;
    assert_eq!(refusal(&refused), "409 conflict", "what is noted is not called in");
    world.moved("wirral-clerk", &path, "effective", "Call-in does not apply to what is noted").await;
    let action = json!({"meeting": meeting, "decision": decision, "text": "Bring the exit plan", "owner": "Section 151 officer",
        "due_on": "2017-06-30"});
    let action = committee.made("actions", action).await;
    world.becomes("2017-07-01T09:00:00Z");
    let overdue = world.read("wirral-member", &format!("{}/actions?overdue=true", committee.here)).await;
    assert_eq!(overdue["data"][0]["id"], json!(action));

    // Its own region follows it; the other does not know it.
    let region =
        world.read("liverpool-city-region-analyst", "/v1/regions/liverpool-city-region/governance?year=2016-17").await;
    let row = &region["data"][0];
    assert_eq!((&row["decisions"]["noted"], &row["committees"][0]["phase"]), (&json!(1), &json!("live")), "{region}");
    assert!(!region.to_string().contains("Progress of integration"), "no titles: {region}");
    let other = world.read("greater-manchester-analyst", "/v1/regions/greater-manchester/governance").await;
    assert!(!other.to_string().contains("wirral"), "{other}");
    let feed = reqwest::Client::builder().no_proxy().build().unwrap();
    let atom = feed.get(format!("{}/v1/public/boroughs/wirral/decisions.atom", world.url)).send().await.unwrap();
    assert!(atom.text().await.unwrap().contains("That the report be noted."));
}
