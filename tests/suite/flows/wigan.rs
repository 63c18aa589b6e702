//! Wigan: an estimate that is no figure, a committee that decides nothing yet, a limit that holds.

use reqwest::Method;
use serde_json::json;

use crate::running::{key, pointer, refusal, running, send, write};

#[tokio::test]
async fn wigans_estimate_is_shown_and_never_counted() {
    let member = running().as_("wigan-member");
    let funds = member.get("/v1/boroughs/wigan/funds").await.unwrap().body;
    let fund = &funds["data"][0];
    assert_eq!(fund["indicative_pence"], 35_000_000_000_i64);
    assert!(fund["source"].as_str().unwrap().contains("Leigh Journal"));
    let path = format!("/v1/boroughs/wigan/funds/{}/years/2019-20/position", fund["id"].as_str().unwrap());
    let position = member.get(&path).await.unwrap().body;
    assert!(!position.to_string().contains("35000000000"));
    assert_eq!(position["total"]["budget_pence"], 0);
    for group in ["borough", "kind", "borough,kind,category,source"] {
        let path = format!("/v1/regions/greater-manchester/positions?year=2019-20&group_by={group}");
        let region = running().as_("gm-analyst").get(&path).await.unwrap().body;
        assert!(!region.to_string().contains("35000000000"));
    }
}

#[tokio::test]
async fn rule_50_the_shadow_committee_stays_a_shadow() {
    let clerk = running().as_("wigan-clerk");
    let committees = clerk.get("/v1/boroughs/wigan/committees").await.unwrap().body;
    let committee = &committees["data"][0];
    assert_eq!(committee["phase"], "shadow");
    let path = format!("/v1/boroughs/wigan/committees/{}/transitions", committee["id"].as_str().unwrap());
    let at = clerk.get(&path).await.unwrap();
    assert_eq!(at.body["allowed"], json!(["live", "dissolved"]));
    let tag = at.headers["etag"].to_str().unwrap();
    // It was planned to be live long ago. It is not: nobody approved it, and nothing is signed.
    for (to, missing) in [("proposed", 0), ("live", 5)] {
        let key = key();
        let headers = [("idempotency-key", key.as_str()), ("if-match", tag)];
        let refused = send(&clerk, Method::POST, &path, &headers, Some(&json!({"to": to, "reason": "A test"}))).await;
        assert_eq!(refusal(&refused), "409 transition-refused");
        assert_eq!(refused.body["missing"].as_array().map_or(0, Vec::len), missing, "{}", refused.body);
    }
}

#[tokio::test]
async fn rule_54_above_the_delegated_limit_nothing_moves_without_a_decision() {
    let running = running();
    let finance = running.as_("wigan-finance");
    let funds = finance.get("/v1/boroughs/wigan/funds").await.unwrap().body;
    let path = format!("/v1/boroughs/wigan/funds/{}/journals", funds["data"][0]["id"].as_str().unwrap());
    let journal = |pence: i64| {
        json!({"effective_on": "2019-04-30", "period": 1, "narrative": "A test", "postings": [
            {"account": "5000", "scheme": "COMMUNITY", "layer": "actual", "amount_pence": pence},
            {"account": "9000", "layer": "actual", "amount_pence": -pence}]})
    };
    let refused = write(&finance, &path, &journal(50_000_001)).await;
    assert_eq!((refusal(&refused).as_str(), pointer(&refused)), ("409 decision-required", "/postings"));
    assert_eq!(refused.body["limit_pence"], 50_000_000);
    // A role the scheme of delegation does not name has nothing delegated to it.
    let manager = running.as_("wigan-pool-manager");
    assert_eq!(refusal(&write(&manager, &path, &journal(1)).await), "409 decision-required");
    // Up to the limit it is the officer's to post.
    let posted = write(&finance, &path, &journal(50_000_000)).await;
    assert_eq!(posted.status, 201);
    // And what is not delegated to a role it may not take back either.
    let back = json!({"effective_on": "2019-04-30", "period": 1, "narrative": "A test"});
    let reversals = format!("{path}/{}/reversals", posted.body["id"].as_str().unwrap());
    assert_eq!(refusal(&write(&manager, &reversals, &back).await), "409 decision-required");
    let trail = running.as_("wigan-auditor").get("/v1/boroughs/wigan/audit").await.unwrap().body;
    let refusals = trail["data"].as_array().unwrap().iter().filter(|e| e["action"] == "journal.refused").count();
    assert!(refusals >= 2, "each refusal is on record");
}
