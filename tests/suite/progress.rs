//! What the region sees of governance: phases, days and counts.

use governance::progress::{self, CountedDecision};
use serde_json::{Value, json};

use crate::{
    public::{db, tenant},
    running::{key, running, testford, write},
};

async fn seen() -> Value {
    running().as_("ts-analyst").get("/v1/regions/testshire/governance?year=2026-27").await.unwrap().body
}

fn testford_row(body: &Value) -> Option<&Value> {
    body["data"].as_array().unwrap().iter().find(|row| row["borough"]["slug"] == "testford")
}

#[tokio::test]
async fn the_region_sees_phases_and_counts_and_no_sandbox() {
    testford().await;
    let clerk = running().as_("testford-clerk");
    let committee = json!({"name": format!("Unnamed to the region {}", key()), "basis": "joint_committee",
        "access_regime": "none", "parents": ["Testford Council", "NHS Testford CCG"], "source": "A test"});
    let made = write(&clerk, "/v1/boroughs/testford/committees", &committee).await;
    let id: domain::CommitteeId = made.body["id"].as_str().unwrap().parse().unwrap();
    let path = format!("/v1/boroughs/testford/committees/{id}");
    clerk.transition(&path, &key(), "shadow", "Preparing").await.unwrap();

    let before = seen().await;
    let count = |body: &Value, field: &str| {
        testford_row(body).and_then(|row| row.pointer(field)).and_then(Value::as_i64).unwrap_or_default()
    };
    let db = db();
    let decision =
        CountedDecision { decided_on: "2026-12-17".parse().unwrap(), outcome: "approved", key_decision: true };
    for mode in ["live", "sandbox"] {
        let mut tx = db.for_work_in(tenant("testford", mode).await).await.unwrap();
        progress::note_committee(&mut tx, id).await.unwrap();
        progress::note_committee(&mut tx, id).await.unwrap();
        progress::count_decision(&mut tx, decision).await.unwrap();
        progress::count_decision(&mut tx, CountedDecision { key_decision: false, ..decision }).await.unwrap();
        progress::count_call_in(&mut tx, decision).await.unwrap();
        progress::count_papers(&mut tx, true).await.unwrap();
        progress::count_papers(&mut tx, false).await.unwrap();
        tx.commit().await.unwrap();
    }
    db.close().await;

    let after = seen().await;
    for (field, more) in [("/decisions/approved", 2), ("/key_decisions", 1), ("/called_in", 1)] {
        assert_eq!(count(&after, field), count(&before, field) + more, "{field}: the sandbox counts for nothing");
    }
    assert_eq!(after["coverage"]["reported"], 1);
    assert!(!after["coverage"]["missing"].to_string().contains("\"testford\""));
    let row = testford_row(&after).unwrap();
    let noted = |c: &Value| {
        let milestone = &c["milestones"][0];
        c["phase"] == "shadow"
            && c["basis"] == "joint_committee"
            && milestone["reached_on"].is_string()
            && milestone["planned_on"] == json!([])
    };
    assert!(row["committees"].as_array().unwrap().iter().any(noted), "{row}");
    assert!(!after.to_string().contains("Unnamed to the region"), "{after}");
    let elsewhere = running().as_("gm-analyst").get("/v1/regions/greater-manchester/governance").await.unwrap().body;
    assert!(testford_row(&elsewhere).is_none());
    assert_eq!(elsewhere["coverage"]["expected"], 10);
}
