//! What everybody may read, as the writers publish it: agendas, decisions, minutes and notices; and what nobody may.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    committee::{Committee, rules},
    world::World,
};

const CANARY: &str = "canary-7d02e6-the-bidder-is-called";

/// Everything that is answered without a token, and to the region, in every format.
async fn everything_told(world: &World) -> Vec<(String, String)> {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let public = "/v1/public/boroughs/wigan";
    let mut paths = vec![format!("{public}/meetings.ics"), format!("{public}/decisions.atom")];
    for list in ["meetings", "decisions", "minutes", "forward-plan"] {
        paths.push(format!("{public}/{list}"));
        let answer = http.get(format!("{}{public}/{list}", world.url)).send().await.unwrap();
        let body: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        for one in body["data"].as_array().unwrap().iter().filter(|_| matches!(list, "meetings" | "decisions")) {
            paths.push(format!("{public}/{list}/{}", one["id"].as_str().unwrap()));
        }
    }
    let mut told = Vec::new();
    for path in paths {
        for accept in ["application/json", "text/csv"] {
            let answer = http.get(format!("{}{path}", world.url)).header("accept", accept).send().await.unwrap();
            told.push((format!("{path} as {accept}"), answer.text().await.unwrap()));
        }
    }
    let token = world.as_("greater-manchester-analyst").token().await.unwrap();
    let region = "/v1/regions/greater-manchester";
    for path in
        [format!("{region}/governance"), format!("{region}/positions?year=2026-27"), format!("{region}/boroughs")]
    {
        for accept in ["application/json", "text/csv"] {
            let request = http.get(format!("{}{path}", world.url)).bearer_auth(&token).header("accept", accept);
            told.push((format!("{path} as {accept}"), request.send().await.unwrap().text().await.unwrap()));
        }
    }
    told
}

#[tokio::test]
async fn rule_46_what_is_published_as_it_happens_never_holds_exempt_text() {
    let mut world = World::beginning("2026-09-01T09:00:00Z").await;
    world.region("greater-manchester", "Greater Manchester").await;
    world.borough("wigan", "E08000010", "Wigan", "greater-manchester").await;
    let parents = ["Wigan Council", "NHS Greater Manchester"];
    let committee = Committee::new(&world, "wigan", "Integrated Commissioning Committee", parents, "2026-04-01").await;
    committee.rules_from("2026-04-01", rules(&committee.parents)).await;
    world.moved("wigan-clerk", &committee.path(), "shadow", "It prepares").await;
    committee.prepared(["2026-05-01", "2026-05-31"], "2026-06-10", "2026-06-20", "2026-06-30").await;
    world.moved("wigan-clerk", &committee.path(), "live", "Both have signed").await;

    // An open item and a private one, each with a paper, a motion that is carried, and a decision that is published.
    let meeting = committee.meeting("2026-09-22T13:00:00Z").await;
    let open = committee.item(&meeting, json!({"label": "5", "title": "Community equipment"})).await;
    let private = json!({"label": "6", "title": format!("Tender: {CANARY}"), "exempt_text": format!("It is {CANARY}."),
        "private": {"paragraph": 3, "public_interest_reason": "It would weaken our hand in a tender."}});
    let private = committee.item(&meeting, private).await;
    for (item, title, exempt) in [(&open, "Business case", false), (&private, CANARY, true)] {
        let content = b"%PDF-1.7 a paper";
        let sum: String = <sha2::Sha256 as sha2::Digest>::digest(content).iter().map(|b| format!("{b:02x}")).collect();
        let paper = json!({"item": item, "title": title, "file_name": format!("{title}.pdf"), "media_type": "application/pdf",
            "bytes": content.len(), "sha256": sum, "exempt": exempt});
        let paper = committee.made(&format!("meetings/{meeting}/papers"), paper).await;
        let token = world.as_("wigan-clerk").token().await.unwrap();
        let path = format!("{}{}/meetings/{meeting}/papers/{paper}/content", world.url, committee.here);
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let put = http.request(Method::PUT, path).bearer_auth(token).header("if-match", "\"1\"");
        let stored =
            put.header("content-type", "application/octet-stream").body(content.to_vec()).send().await.unwrap();
        assert!(stored.status().is_success(), "{}", stored.text().await.unwrap());
    }
    assert!(
        world
            .read("wigan-clerk", &format!("{}/meetings/{meeting}/agenda-items", committee.here))
            .await
            .to_string()
            .contains(CANARY)
    );
    committee.brings(&meeting, &["notified"]).await;
    world.becomes("2026-09-22T13:00:00Z");
    committee.brings(&meeting, &["in_session"]).await;
    committee.come(&meeting, &[0, 1, 3, 4]).await;
    let mut decisions = Vec::new();
    for (item, text) in [(&open, "That the equipment be bought."), (&private, CANARY)] {
        let motion = committee.motion(&meeting, item, json!({"text": text})).await;
        committee.decides(&motion, &[(0, "for"), (1, "for"), (3, "for"), (4, "abstain")]).await;
        let mut body = Committee::decision_of(&motion);
        if item == &private {
            body["reasons"] = CANARY.into();
            body["options_rejected"] = json!([CANARY]);
        }
        let decision = committee.made("decisions", body).await;
        let path = format!("{}/decisions/{decision}", committee.here);
        world.moved("wigan-clerk", &path, "published", "Agreed with the chair").await;
        decisions.push(decision);
    }
    committee.brings(&meeting, &["closed"]).await;
    let minutes = format!("meetings/{meeting}/minutes");
    committee.made(&minutes, json!({"text": format!("A draft with {CANARY}"), "kind": "draft"})).await;
    let next = committee.meeting("2026-10-20T13:00:00Z").await;
    committee.brings(&next, &["notified"]).await;
    world.becomes("2026-10-20T13:00:00Z");
    committee.brings(&next, &["in_session"]).await;
    let approved = json!({"text": "5. The equipment was agreed.", "kind": "approved", "approved_at_meeting": next});
    committee.made(&minutes, approved).await;
    let entry = json!({"committee": committee.id, "matter": "Community services", "decision_on": "2026-12-01", "particulars":
        {"key_decision": true, "decision_maker": {"kind": "body", "name": "The committee", "members": ["Six members"]},
        "documents": ["Business case"], "copies_from": "Town Hall", "others_may_follow": true, "how_to_ask": "Write"}});
    let entry = committee.made("forward-plan", entry).await;
    world.done_to("wigan-clerk", &format!("{}/forward-plan/{entry}", committee.here), "publications", json!({})).await;

    let told = everything_told(&world).await;
    assert!(told.len() > 20);
    for (path, text) in &told {
        assert!(!text.contains(CANARY), "{path}: {text}");
    }
    let all: String = told.into_iter().map(|(_, text)| text).collect();
    for wanted in [
        "Community equipment",
        "Business case",
        "That the equipment be bought.",
        "5. The equipment was agreed.",
        "Community services",
        "Exempt item",
        "It would weaken our hand in a tender.",
        "Holder of seat 0",
    ] {
        assert!(all.contains(wanted), "{wanted} is open and was not told");
    }
    // What was taken in private is told to those entitled to it, and hidden from an officer who is not.
    let path = format!("{}/decisions/{}", committee.here, decisions[1]);
    assert!(world.read("wigan-member", &path).await.to_string().contains(CANARY));
    let hidden = world.read("wigan-finance", &path).await;
    assert_eq!(hidden["record"]["reasons"], "Taken in private.");
    assert!(!hidden["record"].to_string().contains(CANARY));
    let region = world.read("greater-manchester-analyst", "/v1/regions/greater-manchester/governance").await;
    assert_eq!(region["data"][0]["decisions"]["approved"], 2, "{region}");
}
