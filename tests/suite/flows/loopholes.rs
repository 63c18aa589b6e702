//! Ways around the rules that were tried and are closed.

use serde_json::{Value, json};

use crate::{
    committee::{Committee, rules},
    running::{pointer, refusal},
    world::World,
};

const PARENTS: [&str; 2] = ["Wigan Council", "NHS Greater Manchester"];
const FOR: [(usize, &str); 4] = [(0, "for"), (1, "for"), (3, "for"), (4, "for")];

async fn live(world: &World) -> Committee<'_> {
    let committee = Committee::new(world, "wigan", "A committee", PARENTS, "2026-04-01").await;
    let mut rules = rules(&committee.parents);
    rules["key_decision_from_pence"] = 100_000_000.into();
    committee.rules_from("2026-04-01", rules).await;
    world.moved("wigan-clerk", &committee.path(), "shadow", "A test").await;
    committee.prepared(["2026-01-01", "2026-01-31"], "2026-02-10", "2026-03-10", "2026-03-31").await;
    world.moved("wigan-clerk", &committee.path(), "live", "A test").await;
    committee
}

async fn world() -> World {
    let mut world = World::beginning("2026-04-13T09:00:00Z").await;
    world.region("greater-manchester", "Greater Manchester").await;
    world.borough("wigan", "E08000010", "Wigan", "greater-manchester").await;
    world
}

#[tokio::test]
async fn days_gone_by_choose_no_other_rules() {
    let world = world().await;
    let committee = live(&world).await;
    let loose = json!({"in_force_from": "1990-01-01", "rules": rules(&committee.parents), "source": "A test"});
    let loose = world.post("wigan-clerk", &format!("{}/constitutions", committee.path()), &loose).await;
    assert_eq!(refusal(&loose), "409 conflict", "a live committee has no older rules made for it");
    let meetings = format!("{}/meetings", committee.here);
    let past = json!({"committee": committee.id, "title": "A", "starts_at": "1990-01-02T09:00:00Z", "place": "B"});
    let past = world.post("wigan-clerk", &meetings, &past).await;
    assert_eq!((refusal(&past).as_str(), pointer(&past)), ("422 content-invalid", "/starts_at"));
    let meeting = committee.meeting("2026-05-20T09:00:00Z").await;
    let back = json!({"starts_at": "2026-04-02T09:00:00Z", "place": "B", "reason": "A test"});
    let back = world.post_at("wigan-clerk", &format!("{meetings}/{meeting}/reschedulings"), "\"1\"", &back).await;
    assert_eq!((refusal(&back).as_str(), pointer(&back)), ("422 content-invalid", "/starts_at"));
    // Who has left a seat does not come back to it by a later ending.
    let path = format!("{}/memberships", committee.path());
    let member = world.read("wigan-clerk", &path).await["data"][0]["id"].as_str().unwrap().to_owned();
    let ending = |day: &str| json!({"valid_to": day, "reason": "A test"});
    let ended = world.post_at("wigan-clerk", &format!("{path}/{member}/endings"), "\"1\"", &ending("2026-06-30")).await;
    assert!(ended.status.is_success(), "{}", ended.body);
    let again = world.post_at("wigan-clerk", &format!("{path}/{member}/endings"), "\"2\"", &ending("2099-01-01")).await;
    assert_eq!((refusal(&again).as_str(), pointer(&again)), ("422 content-invalid", "/valid_to"));
}

#[tokio::test]
async fn an_amendment_is_of_its_motions_kind_and_large_money_is_a_key_decision() {
    let world = world().await;
    let committee = live(&world).await;
    let fund = world.read("wigan-clerk", &format!("{}/proposals", committee.here)).await;
    assert_eq!(fund["data"], json!([]));
    let meeting = committee.meeting("2026-04-13T09:00:00Z").await;
    let item = committee.item(&meeting, json!({})).await;
    let noting = committee.item(&meeting, json!({"label": "6", "purpose": "noting"})).await;
    committee.brings(&meeting, &["notified", "in_session"]).await;
    committee.come(&meeting, &[0, 1, 3, 4]).await;
    let noted = committee.motion(&meeting, &item, json!({"outcome": "noted"})).await;
    let motions = format!("{}/motions", committee.here);
    let amendment = |outcome: &str| {
        json!({"meeting": meeting, "agenda_item": item, "amends": noted, "text": "More",
        "outcome": outcome, "mover": committee.seats[1].person})
    };
    let other = world.post("wigan-clerk", &motions, &amendment("approved")).await;
    assert_eq!((refusal(&other).as_str(), pointer(&other)), ("422 content-invalid", "/outcome"));
    // An amendment falls with its motion, and cannot rewrite what was withdrawn.
    let falls = world.done("wigan-clerk", &motions, amendment("noted")).await["id"].as_str().unwrap().to_owned();
    world.done_to("wigan-clerk", &format!("{motions}/{noted}"), "withdrawals", json!({"reason": "A test"})).await;
    assert_eq!(world.read("wigan-clerk", &format!("{motions}/{falls}")).await["state"], "withdrawn");
    let approving = committee.motion(&meeting, &noting, json!({})).await;
    let path = format!("{motions}/{approving}/vote-events");
    let refused = world.post("wigan-clerk", &path, &json!({"method": "roll_call"})).await;
    assert_eq!(refusal(&refused), "409 conflict", "nothing is approved on an item for noting");
    // A finance team that has a fund would name it; what matters here is the sum.
    let host = world
        .until("wigan-finance", &format!("{}/organisations", committee.here), |f| f["data"][0]["id"].is_string())
        .await;
    let draft = json!({"name": "A fund", "kind": "pooled", "legal_basis": "s75_reg7", "host": host["data"][0]["id"], "source": "A test"});
    let mut made = world.post("wigan-finance", &format!("{}/funds", committee.here), &draft).await;
    while !made.status.is_success() {
        assert_eq!(refusal(&made), "409 reference-pending");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        made = world.post("wigan-finance", &format!("{}/funds", committee.here), &draft).await;
    }
    let money = |pence: i64| {
        json!({"meeting": meeting, "agenda_item": item, "text": "That it be spent.", "outcome": "approved",
        "mover": committee.seats[0].person, "money": {"fund": made.body["id"], "amount_pence": pence}})
    };
    let mut large = world.post("wigan-clerk", &motions, &money(100_000_000)).await;
    while !large.status.is_success() {
        assert_eq!(refusal(&large), "409 reference-pending");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        large = world.post("wigan-clerk", &motions, &money(100_000_000)).await;
    }
    let path = format!("{motions}/{}/vote-events", large.body["id"].as_str().unwrap());
    let refused = world.post("wigan-clerk", &path, &json!({"method": "roll_call"})).await;
    assert_eq!(refusal(&refused), "409 notice-too-short", "it was not announced as a key decision");
    let small = world.done("wigan-clerk", &motions, money(99_999_999)).await;
    committee.decides(small["id"].as_str().unwrap(), &FOR).await;
}

#[tokio::test]
async fn a_vote_is_of_those_who_sat_through_it_while_the_meeting_sat() {
    let world = world().await;
    let committee = live(&world).await;
    let meeting = committee.meeting("2026-04-13T09:00:00Z").await;
    let item = committee.item(&meeting, json!({})).await;
    committee.brings(&meeting, &["notified", "in_session"]).await;
    let mut stays = Vec::new();
    for seat in [0, 1, 3, 4] {
        let taken = &committee.seats[seat];
        stays.push(committee.comes(&meeting, &taken.id, &taken.person, "member").await);
    }
    let (first, second) =
        (committee.motion(&meeting, &item, json!({})).await, committee.motion(&meeting, &item, json!({})).await);
    world.becomes("2026-04-13T09:10:00Z");
    let event = committee.opens(&first).await;
    committee.votes(&event, &FOR).await;
    let path = format!("{}/meetings/{meeting}", committee.here);
    for to in ["adjourned", "closed", "inquorate"] {
        assert_eq!(
            refusal(&world.try_move("wigan-clerk", &path, to, "A test").await),
            "409 conflict",
            "a vote is open"
        );
    }
    // One goes out and comes back: they have not sat through it, and without them there was no quorum.
    world.becomes("2026-04-13T09:20:00Z");
    committee.made(&format!("meetings/{meeting}/attendances/{}/departures", stays[3]), json!({})).await;
    world.becomes("2026-04-13T09:30:00Z");
    committee.come(&meeting, &[4]).await;
    world.becomes("2026-04-13T09:40:00Z");
    assert_eq!(committee.closes(&event).await["outcome"], "void");
    let result = committee.decides(&first, &FOR).await;
    assert_eq!(result["outcome"], "carried", "void decides nothing, and it may be voted on again");
    // Who was there for a vote stays there on record.
    let before = json!({"left_at": "2026-04-13T09:05:00Z"});
    let before = world.post("wigan-clerk", &format!("{path}/attendances/{}/departures", stays[0]), &before).await;
    assert_eq!((refusal(&before).as_str(), pointer(&before)), ("409 conflict", "/left_at"));
    world.becomes("2026-04-13T10:00:00Z");
    committee.brings(&meeting, &["closed"]).await;
    let entered = |at: &str| json!({"method": "clerk_entered", "at": at});
    let votes = format!("{}/motions/{second}/vote-events", committee.here);
    for outside in ["2026-04-13T08:30:00Z", "2026-04-13T10:00:01Z", "2026-04-14T09:00:00Z"] {
        world.becomes("2026-04-27T03:00:00Z");
        let refused = world.post("wigan-clerk", &votes, &entered(outside)).await;
        assert_eq!((refusal(&refused).as_str(), pointer(&refused)), ("422 content-invalid", "/at"), "{outside}");
    }
    let within = world.post("wigan-clerk", &votes, &entered("2026-04-13T09:50:00Z")).await;
    assert!(within.status.is_success(), "{}", within.body);
    assert_eq!(within.body["seats"].as_array().unwrap().iter().filter(|s| s["standing"] == "entitled").count(), 4);
}

#[tokio::test]
async fn a_chairs_ruling_lifts_no_pecuniary_interest_and_a_part_shares_the_wholes_conflict() {
    let world = world().await;
    let committee = live(&world).await;
    let meeting = committee.meeting("2026-04-13T09:00:00Z").await;
    let item = committee.item(&meeting, json!({})).await;
    let part = committee.item(&meeting, json!({"label": "5a", "parent": item})).await;
    committee.brings(&meeting, &["notified", "in_session"]).await;
    committee.come(&meeting, &[0, 1, 2, 3, 4]).await;
    let person = &committee.seats[2].person;
    let interest = json!({"kind": "disclosable_pecuniary", "nature": "Shares", "arose_on": "2026-04-01"});
    let interest = committee.made(&format!("people/{person}/interests"), interest).await;
    let declared = json!({"item": part, "person": person, "interest": interest, "nature": "Shares", "action": "stay"});
    let declared = committee.made(&format!("meetings/{meeting}/declarations"), declared).await;
    let rulings = format!("{}/meetings/{meeting}/declarations/{declared}/rulings", committee.here);
    let ruling = |kind: &str| json!({"kind": kind, "may": "vote", "by_whom": "An office", "reason": "A test"});
    let chairs = world.post("wigan-clerk", &rulings, &ruling("chairs_ruling")).await;
    assert_eq!((refusal(&chairs).as_str(), pointer(&chairs)), ("409 conflict", "/kind"));
    let standing = async |item: &str| -> Value {
        let path = format!("{}/meetings/{meeting}/quorum?agenda_item={item}", committee.here);
        let found = world.read("wigan-member", &path).await;
        let seats = found["seats"].as_array().unwrap();
        seats.iter().find(|seat| seat["seat"] == committee.seats[2].id).unwrap()["standing"].clone()
    };
    assert_eq!((standing(&part).await, standing(&item).await), (json!("conflicted"), json!("conflicted")));
    world.becomes("2026-04-13T09:01:00Z");
    world.done("wigan-clerk", &rulings, ruling("dispensation")).await;
    assert_eq!(standing(&item).await, json!("entitled"));
}

#[tokio::test]
async fn the_limit_of_spending_comes_before_a_later_one_of_everything() {
    let world = world().await;
    let fund = crate::lawful::fund(&world).await;
    let here = "/v1/boroughs/wigan";
    for (kind, pence, from) in [(json!("spend"), 1_000, "2026-04-01"), (Value::Null, 100_000_000, "2026-04-02")] {
        let limit =
            json!({"role": "finance", "kind": kind, "limit_pence": pence, "in_force_from": from, "source": "A test"});
        world.done("wigan-clerk", &format!("{here}/delegations"), limit).await;
    }
    let asked = json!({"amount_pence": 90_000_000, "kind": "spend", "role": "finance"});
    let told = world.done("wigan-finance", &format!("{here}/authority-checks"), asked).await;
    assert_eq!(told["may"], false);
    // The limits are on their way to the ledger. A journal of a role that the scheme does not name tells when they are there.
    let journal = |pence: i64| {
        json!({"effective_on": "2026-04-13", "period": 1, "narrative": "A test", "postings": [
        {"account": "5100", "scheme": "ICES", "layer": "actual", "amount_pence": pence},
        {"account": "9000", "layer": "actual", "amount_pence": -pence}]})
    };
    let journals = format!("{here}/funds/{fund}/journals?validate_only=true");
    for _ in 0..200 {
        let tried = world.post("wigan-finance", &journals, &journal(90_000_000)).await;
        if refusal(&tried) == "409 decision-required" && tried.body["limit_pence"] == 1_000 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let refused = world.post("wigan-finance", &journals, &journal(90_000_000)).await;
    assert_eq!((refusal(&refused).as_str(), &refused.body["limit_pence"]), ("409 decision-required", &json!(1_000)));
    assert!(world.post("wigan-finance", &journals, &journal(1_000)).await.status.is_success());
}
