//! Wigan, single commissioning: from a date that slipped to the journal that passes after the vote and the call-in.
//!
//! Sources: Wigan press reports, late 2017; Leigh Journal, December 2018; Wigan Council news, 2018. Days and sums that
//! those do not give are made up for the test.

use serde_json::{Value, json};

use crate::{
    committee::{Committee, rules},
    running::{pointer, refusal},
    world::World,
};

const PARENTS: [&str; 2] = ["Wigan Metropolitan Borough Council", "NHS Wigan Borough CCG"];

/// A fund of Wigan's with an open year, whose finance officers may post half a million pounds by themselves.
async fn fund(world: &World) -> String {
    let (finance, here) = ("wigan-finance", "/v1/boroughs/wigan");
    let host = world.until(finance, &format!("{here}/organisations"), |found| found["data"][0]["id"].is_string()).await;
    let fund = json!({"name": "Wigan single commissioning fund", "kind": "pooled", "legal_basis": "s75_reg7",
        "host": host["data"][0]["id"], "indicative_pence": 35_000_000_000_i64,
        "source": "Leigh Journal, December 2018: approximately £350m"});
    let mut made = Value::Null;
    // The council is on its way from tenants.
    for _ in 0..100 {
        let answer = world.post(finance, &format!("{here}/funds"), &fund).await;
        if answer.status.is_success() {
            made = answer.body;
            break;
        }
        assert_eq!(refusal(&answer), "409 reference-pending", "{}", answer.body);
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(made["indicative_pence"], 35_000_000_000_i64, "an estimate, with its source");
    let id = made["id"].as_str().unwrap().to_owned();
    let path = format!("{here}/funds/{id}");
    world.done(finance, &format!("{path}/years"), json!({"year": "2019-20"})).await;
    let scheme =
        json!({"code": "COMMUNITY", "name": "Community services", "category": "community_health", "source": "nhs"});
    world.done(finance, &format!("{path}/schemes"), scheme).await;
    for (code, kind) in [("5000", "expenditure"), ("9000", "balance")] {
        world.done(finance, &format!("{path}/accounts"), json!({"code": code, "name": code, "kind": kind})).await;
    }
    let limit =
        json!({"role": "finance", "limit_pence": 50_000_000, "in_force_from": "2019-04-01", "source": "A test"});
    world.done("wigan-clerk", &format!("{here}/delegations"), limit).await;
    id
}

fn journal(pence: i64, decision: Option<&str>) -> Value {
    let mut body = json!({"effective_on": "2019-07-01", "period": 4, "narrative": "Community services contract",
        "postings": [{"account": "5000", "scheme": "COMMUNITY", "layer": "actual", "amount_pence": pence},
            {"account": "9000", "layer": "actual", "amount_pence": -pence}]});
    if let Some(decision) = decision {
        body["decision_id"] = decision.into();
    }
    body
}

#[tokio::test]
async fn wigan_goes_from_a_slipped_date_to_a_decision_that_moves_its_money_once() {
    let mut world = World::beginning("2017-11-20T09:00:00Z").await;
    world.region("greater-manchester", "Greater Manchester").await;
    world.borough("wigan", "E08000010", "Wigan", "greater-manchester").await;
    let world = &mut world;
    let committee = Committee::new(world, "wigan", "Joint Commissioning Committee", PARENTS, "2017-11-01").await;
    let path = committee.path();

    // Planned for April 2018; meanwhile a shadow committee prepares.
    let plan = |day: &str, source: &str| json!({"phase": "live", "planned_on": day, "source": source});
    world.done("wigan-clerk", &format!("{path}/planned-dates"), plan("2018-04-01", "Press reports, late 2017")).await;
    world.moved("wigan-clerk", &path, "shadow", "It prepares, and decides nothing binding").await;
    committee.rules_from("2017-12-01", rules(&committee.parents)).await;

    // One accountable officer for both organisations; on retirement two people follow.
    let officer = committee.person("An accountable officer").await;
    for body in PARENTS {
        let tenure =
            json!({"office": "accountable_officer", "body": body, "person": officer, "valid_from": "2017-06-01"});
        committee.made("offices", tenure).await;
    }
    for body in PARENTS {
        let follower = committee.person(&format!("Who followed at {body}")).await;
        let tenure =
            json!({"office": "accountable_officer", "body": body, "person": follower, "valid_from": "2018-10-01"});
        committee.made("offices", tenure).await;
    }
    let held = world.read("wigan-auditor", "/v1/boroughs/wigan/offices?on=2018-09-30").await;
    let holders: Vec<&Value> = held["data"].as_array().unwrap().iter().map(|t| &t["person"]).collect();
    assert_eq!(holders, [&json!(officer), &json!(officer)], "one person, two offices, to the day before");
    let held = world.read("wigan-auditor", "/v1/boroughs/wigan/offices?on=2018-10-01").await;
    assert!(
        held["data"].as_array().unwrap().iter().all(|t| t["person"] != json!(officer)),
        "two follow, without a gap"
    );

    // April 2018 comes and goes: nothing is live because it was planned. The date slips a year; both plans stay.
    world.becomes("2018-12-10T09:00:00Z");
    assert_eq!(world.read("wigan-member", &path).await["phase"], "shadow");
    world
        .done("wigan-clerk", &format!("{path}/planned-dates"), plan("2019-04-01", "Leigh Journal, December 2018"))
        .await;
    let plans = world.read("wigan-member", &format!("{path}/planned-dates")).await;
    let told: Vec<_> =
        plans["data"].as_array().unwrap().iter().map(|p| (&p["planned_on"], &p["slipped_by_days"])).collect();
    assert_eq!(told, [(&json!("2018-04-01"), &Value::Null), (&json!("2019-04-01"), &json!(365))]);

    // The shadow committee agrees to pool: that is advice, whatever the meeting called it (rule 50).
    let meeting = committee.meeting("2018-12-10T13:00:00Z").await;
    let item = committee.item(&meeting, json!({"title": "Pooling of budgets"})).await;
    committee.brings(&meeting, &["notified", "in_session"]).await;
    committee.come(&meeting, &[0, 1, 3, 4]).await;
    let motion =
        committee.motion(&meeting, &item, json!({"text": "That a large part of the budgets be pooled."})).await;
    let result = committee.decides(&motion, &[(0, "for"), (1, "for"), (3, "for"), (4, "for")]).await;
    assert_eq!(result["outcome"], "carried");
    let refused = world.post("wigan-clerk", "/v1/boroughs/wigan/decisions", &Committee::decision_of(&motion)).await;
    assert_eq!((refusal(&refused).as_str(), &refused.body["phase"]), ("409 advisory-only", &json!("shadow")));
    let advice = json!({"motion": motion, "made_to": "Cabinet and the governing body", "reasons": "It has prepared the pooling."});
    let advice = world.done("wigan-clerk", "/v1/boroughs/wigan/recommendations", advice).await;
    assert_eq!((&advice["outcome"], &advice["binding"]), (&json!("approved"), &json!(false)));
    committee.brings(&meeting, &["closed"]).await;

    // It may not go live before the consultation is reported, both parents approved, and the agreement is signed.
    let early = world.try_move("wigan-clerk", &path, "live", "It was planned").await;
    assert_eq!(refusal(&early), "409 transition-refused");
    let missing: Vec<&str> =
        early.body["missing"].as_array().unwrap().iter().map(|m| m["item"].as_str().unwrap()).collect();
    assert_eq!(missing, ["consultation", "approval", "approval", "agreement"]);
    world.becomes("2019-03-29T09:00:00Z");
    committee.prepared(["2018-10-01", "2018-11-30"], "2019-02-14", "2019-02-26", "2019-03-25").await;
    assert_eq!(world.read("wigan-member", &format!("{path}/readiness")).await["ready"], true);
    world.becomes("2019-04-01T09:00:00Z");
    world.moved("wigan-clerk", &path, "live", "Both bodies have signed").await;

    // Money above the officers' limit: refused, and put before the committee.
    let fund = fund(world).await;
    let journals = format!("/v1/boroughs/wigan/funds/{fund}/journals");
    world.becomes("2019-05-10T09:00:00Z");
    let mut refused = world.post("wigan-finance", &journals, &journal(100_000_000, None)).await;
    for _ in 0..100 {
        if refusal(&refused) == "409 decision-required" {
            break;
        }
        // The limit is on its way from governance. What was posted before it came was nobody's to refuse.
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        refused = world.post("wigan-finance", &journals, &journal(100_000_000, None)).await;
    }
    assert_eq!((refusal(&refused).as_str(), pointer(&refused)), ("409 decision-required", "/postings"));
    let proposal = refused.body["proposal_id"].as_str().unwrap().to_owned();
    let waiting = world
        .until("wigan-clerk", "/v1/boroughs/wigan/proposals", |found| {
            found["data"].as_array().is_some_and(|d| !d.is_empty())
        })
        .await;
    assert_eq!(
        (&waiting["data"][0]["id"], &waiting["data"][0]["amount_pence"]),
        (&json!(proposal), &json!(100_000_000))
    );
    let asked = json!({"amount_pence": 100_000_000, "kind": "spend", "fund": fund, "role": "finance"});
    let who = world.done("wigan-finance", "/v1/boroughs/wigan/authority-checks", asked).await;
    assert_eq!((&who["may"], &who["decided_by"]), (&json!(false), &json!("committee")));

    // A key decision: notice of 28 clear days, with its eight particulars.
    let entry = json!({"committee": committee.id, "matter": "Community services contract", "decision_on": "2019-06-18",
        "particulars": {"key_decision": true, "decision_maker": {"kind": "body", "name": "Joint Commissioning Committee",
            "members": ["Six members"]}, "documents": ["Business case"], "copies_from": "Town Hall",
            "others_may_follow": true, "how_to_ask": "Write to the clerk"}});
    let entry = committee.made("forward-plan", entry).await;
    let meeting = committee.meeting("2019-06-18T13:00:00Z").await;
    let item = committee.item(&meeting, json!({"key_decision": true, "plan_entry": entry})).await;
    world.becomes("2019-05-20T09:00:00Z");
    world.done_to("wigan-clerk", &format!("/v1/boroughs/wigan/forward-plan/{entry}"), "publications", json!({})).await;
    world.becomes("2019-06-10T09:00:00Z");
    committee.brings(&meeting, &["notified"]).await;

    // The meeting: one member is conflicted and leaves, a substitute sits for another.
    world.becomes("2019-06-18T13:00:00Z");
    committee.brings(&meeting, &["in_session"]).await;
    committee.come(&meeting, &[0, 1, 2, 3, 5]).await;
    let substitute = committee.person("A named substitute").await;
    committee.sits(&committee.seats[4].id, &substitute, "substitute", "2019-04-01").await;
    committee.comes(&meeting, &committee.seats[4].id, &substitute, "substitute").await;
    let interest = json!({"item": item, "person": committee.seats[5].person, "action": "leave",
        "nature": "Partner in a practice that would hold the contract"});
    committee.made(&format!("meetings/{meeting}/declarations"), interest).await;
    let money = json!({"money": {"fund": fund, "amount_pence": 100_000_000, "proposal": proposal}});
    let motion = committee.motion(&meeting, &item, money).await;
    let event = committee.opens(&motion).await;
    let conflicted = json!({"votes": [{"seat": committee.seats[5].id, "choice": "for"}]});
    let blocked = world.post("wigan-clerk", &format!("{event}/votes"), &conflicted).await;
    assert_eq!((refusal(&blocked).as_str(), &blocked.body["standing"]), ("409 not-entitled", &json!("conflicted")));
    committee.votes(&event, &[(0, "for"), (1, "for"), (2, "against"), (3, "for"), (4, "for")]).await;
    let result = committee.closes(&event).await;
    println!("{}", serde_json::to_string_pretty(&result["explanation"]).unwrap());
    assert_eq!(
        (&result["outcome"], &result["total"]["for"], &result["total"]["against"]),
        (&json!("carried"), &json!(4), &json!(1))
    );
    let decision = world.done("wigan-clerk", "/v1/boroughs/wigan/decisions", Committee::decision_of(&motion)).await;
    assert_eq!(decision["record"]["conflicts"].as_array().unwrap().len(), 1, "rule 51: conflicts are in the record");
    assert!(decision["constitution"].is_string() && decision["delegation"].is_string(), "rule 53: it cites both");
    let id = decision["id"].as_str().unwrap().to_owned();

    // Published on Wednesday 19 June: call-in ends on the 26th, and it takes effect on the 27th.
    world.becomes("2019-06-19T09:00:00Z");
    let path = format!("/v1/boroughs/wigan/decisions/{id}");
    let moved = world.moved("wigan-clerk", &path, "published", "Agreed with the chair").await;
    assert_eq!((&moved["state"], &moved["allowed"]), (&json!("in_call_in"), &json!([])));
    let published = world.read("wigan-member", &path).await;
    assert_eq!(
        (&published["call_in_ends_on"], &published["effective_on"]),
        (&json!("2019-06-26"), &json!("2019-06-27"))
    );
    let by_hand = world.try_move("wigan-clerk", &path, "effective", "We cannot wait").await;
    assert_eq!(refusal(&by_hand), "409 transition-refused");

    // Not before: the ledger has not heard of it.
    world.becomes("2019-06-26T22:00:00Z");
    let early = world.post("wigan-finance", &journals, &journal(100_000_000, Some(&id))).await;
    assert_eq!(refusal(&early), "409 reference-pending");
    world.second_governance().await;
    world.becomes("2019-06-27T07:00:00Z");
    let effective = world.until("wigan-clerk", &path, |found| found["state"] == "effective").await;
    assert_eq!(effective["effective_on"], "2019-06-27");
    // Two processes keep time; one transition was made.
    tokio::time::sleep(std::time::Duration::from_millis(2_500)).await;
    let moves = world.read("wigan-clerk", &format!("{path}/transitions")).await;
    let made: Vec<_> = moves["data"].as_array().unwrap().iter().map(|m| (&m["from"], &m["to"], &m["by"])).collect();
    assert_eq!(made.len(), 2, "{made:?}");
    assert_eq!(made[1], (&json!("in_call_in"), &json!("effective"), &json!("service.governance")));

    // Then the journal passes, and once only.
    let mut posted = world.post("wigan-finance", &journals, &journal(100_000_000, Some(&id))).await;
    for _ in 0..100 {
        if posted.status.is_success() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        posted = world.post("wigan-finance", &journals, &journal(100_000_000, Some(&id))).await;
    }
    assert_eq!((posted.status.as_u16(), &posted.body["decision_id"]), (201, &json!(id)), "{}", posted.body);
    let again = world.post("wigan-finance", &journals, &journal(100_000_000, Some(&id))).await;
    assert_eq!(refusal(&again), "409 decision-spent");
    world.moved("wigan-clerk", &path, "implemented", "The contract is signed").await;
}

#[tokio::test]
async fn rule_52_a_call_in_suspends_a_decision_and_the_day_passes_it_by() {
    let mut world = World::beginning("2026-12-21T09:00:00Z").await;
    world.region("greater-manchester", "Greater Manchester").await;
    world.borough("wigan", "E08000010", "Wigan", "greater-manchester").await;
    let committee = Committee::new(&world, "wigan", "Joint Commissioning Committee", PARENTS, "2026-04-01").await;
    let mut all = rules(&committee.parents);
    all["call_in"]["applies_to"] = "all_decisions".into();
    committee.rules_from("2026-04-01", all).await;
    world.moved("wigan-clerk", &committee.path(), "shadow", "It prepares").await;
    committee.prepared(["2026-05-01", "2026-05-31"], "2026-06-10", "2026-06-20", "2026-06-30").await;
    world.moved("wigan-clerk", &committee.path(), "live", "Both have signed").await;
    let meeting = committee.meeting("2026-12-21T13:00:00Z").await;
    let mut decisions = Vec::new();
    for label in ["5", "6"] {
        decisions.push(committee.item(&meeting, json!({"label": label})).await);
    }
    committee.brings(&meeting, &["notified", "in_session"]).await;
    committee.come(&meeting, &[0, 1, 3, 4]).await;
    let mut ids = Vec::new();
    for item in decisions {
        let motion = committee.motion(&meeting, &item, json!({})).await;
        let carried = committee.decides(&motion, &[(0, "for"), (1, "for"), (3, "for"), (4, "for")]).await;
        assert_eq!(carried["outcome"], "carried");
        ids.push(committee.made("decisions", Committee::decision_of(&motion)).await);
    }
    world.becomes("2026-12-22T09:00:00Z");
    let path = |id: &str| format!("/v1/boroughs/wigan/decisions/{id}");
    for id in &ids {
        world.moved("wigan-clerk", &path(id), "published", "Agreed").await;
        let published = world.read("wigan-member", &path(id)).await;
        assert_eq!(
            (&published["call_in_ends_on"], &published["effective_on"]),
            (&json!("2026-12-31"), &json!("2027-01-04"))
        );
    }
    // Called in on the last evening, by as many as it takes; one fewer is too few.
    world.becomes("2026-12-31T23:00:00Z");
    let call_in = |names: &[&str]| json!({"decision": ids[0], "requested_by": names, "reason": "The consultation was passed over."});
    let few = world.post("wigan-member", "/v1/boroughs/wigan/call-ins", &call_in(&["A member", "Another"])).await;
    assert_eq!((refusal(&few).as_str(), pointer(&few)), ("422 content-invalid", "/requested_by"));
    world.done("wigan-member", "/v1/boroughs/wigan/call-ins", call_in(&["A member", "Another", "A third"])).await;
    world.becomes("2027-01-05T09:00:00Z");
    world.until("wigan-clerk", &path(&ids[1]), |found| found["state"] == "effective").await;
    let suspended = world.read("wigan-clerk", &path(&ids[0])).await;
    assert_eq!((&suspended["state"], &suspended["effective_on"]), (&json!("called_in"), &Value::Null));
    let late = json!({"decision": ids[1], "requested_by": ["A", "B", "C"], "reason": "Too late."});
    assert_eq!(refusal(&world.post("wigan-member", "/v1/boroughs/wigan/call-ins", &late).await), "409 conflict");
    world.moved("wigan-clerk", &path(&ids[0]), "confirmed", "Scrutiny upheld it").await;
    world.moved("wigan-clerk", &path(&ids[0]), "effective", "Confirmed after call-in").await;
    let upheld = world.read("wigan-clerk", &path(&ids[0])).await;
    assert_eq!(upheld["effective_on"], "2027-01-05");
}
