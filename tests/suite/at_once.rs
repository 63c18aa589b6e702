//! What is asked for by many at once is done once, or no more often than there is for it: virements, settlements,
//! variations of an agreement, approvals, returns.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    agreement_recipes::{
        HERE, agreement, budget, close_the_months, fund, make, plain_schedule, schedule, scheme_of, terms, today, trust,
    },
    contribution_recipes::cash,
    running::{journal, key, pointer, refusal, running, send, testford, write},
};

/// How many there were of each refusal, or status.
fn told(answers: &[tenfold::client::Answer]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for answer in answers {
        let what = if answer.status.is_success() { answer.status.as_u16().to_string() } else { refusal(answer) };
        *counts.entry(what).or_default() += 1;
    }
    counts
}

async fn all_at_once(persona: &str, path: &str, bodies: Vec<Value>) -> BTreeMap<String, usize> {
    let client = running().as_(persona);
    client.token().await.unwrap();
    let asked = bodies.iter().map(|body| write(&client, path, body));
    told(&join_all(asked).await)
}

#[tokio::test]
async fn rule_28_virements_at_once_never_give_more_than_there_is() {
    let fund = fund().await;
    let scheme = json!({"code": "REABLEMENT", "name": "Reablement", "category": "social_care", "source": "council"});
    make(&format!("funds/{fund}/schemes"), &scheme).await;
    make(&format!("funds/{fund}/journals"), &budget(1_000)).await;
    let virement = json!({"from_scheme": "ICES", "to_scheme": "REABLEMENT", "amount_pence": 300, "account": "5100",
        "effective_on": "2026-09-30", "period": 6, "reason": "A test", "authority": "A test"});
    let path = format!("{HERE}/funds/{fund}/years/2026-27/virements");
    let counts = all_at_once("testford-finance", &path, vec![virement; 8]).await;
    assert_eq!(counts, BTreeMap::from([("201".into(), 3), ("422 rule-broken".into(), 5)]));
    let position = running().as_("testford-auditor");
    let position =
        position.get(&format!("{HERE}/funds/{fund}/years/2026-27/position?group_by=scheme")).await.unwrap().body;
    let budgets: Vec<_> = position["data"].as_array().unwrap().iter().map(|row| &row["budget_pence"]).collect();
    assert_eq!(budgets, [&json!(100), &json!(900)]);
    assert_eq!(position["total"]["budget_pence"], 1_000, "it nets to nothing");
}

#[tokio::test]
async fn rule_23_a_year_is_settled_once_by_the_share_that_all_agreed() {
    let (fund, council, trust) = (fund().await, testford().await.council.clone(), trust().await);
    let year = format!("funds/{fund}/years/2026-27");
    let rule = json!({"in_force_from": "2026-04-01", "reference": "A test", "kind": "proportional", "basis": "revised",
        "parties": [trust, council]});
    make(&format!("funds/{fund}/risk-rules"), &rule).await;
    let shares = format!("{HERE}/{year}/risk-share");
    let finance = running().as_("testford-finance");
    make(&format!("funds/{fund}/journals"), &journal(100)).await;
    let bare = send(&finance, Method::GET, &shares, &[], None).await;
    assert_eq!((refusal(&bare).as_str(), &bare.body["unmet"][0]["rule"]), ("409 rule-unmet", &json!(24)), "no ratio");
    for (payer, pence) in [(&council, 1_200), (&trust, 2_400)] {
        make(&format!("{year}/contributions"), &cash(payer, pence)).await;
    }
    let share = finance.get(&shares).await.unwrap().body;
    let amounts: Vec<_> =
        share["shares"].as_array().unwrap().iter().map(|one| one["amount_pence"].as_i64().unwrap()).collect();
    assert_eq!(amounts, [67, 33], "2,400 to 1,200 of 100, the trust declared first");

    let other = write(&finance, &format!("{shares}/calculations"), &json!({"basis": "original"})).await;
    assert_eq!((refusal(&other).as_str(), &other.body["rule"]), ("422 rule-broken", &json!(24)));
    let kept = make(&format!("{year}/risk-share/calculations"), &json!({"basis": "revised"})).await;
    let of = |calculation: &Value| format!("{shares}/calculations/{}", calculation["id"].as_str().unwrap());
    let settlement =
        json!({"effective_on": "2027-03-31", "period": 13, "income_account": "4000", "balance_account": "9000"});
    let agreed = |party: &str| json!({"party": party, "agreed_on": today(), "reference": format!("Minute of {party}")});
    let early =
        write(&running().as_("testford-pool-manager"), &format!("{}/settlements", of(&kept)), &settlement).await;
    assert_eq!((refusal(&early).as_str(), early.body["unmet"].as_array().map(Vec::len)), ("409 rule-unmet", Some(2)));
    for party in [&council, &trust] {
        assert_eq!(write(&finance, &format!("{}/agreements", of(&kept)), &agreed(party)).await.status, 201);
    }

    // The books move: what was agreed no longer holds.
    make(&format!("funds/{fund}/journals"), &journal(200)).await;
    close_the_months(&fund).await;
    let manager = "testford-pool-manager";
    let stale = all_at_once(manager, &format!("{}/settlements", of(&kept)), vec![settlement.clone(); 2]).await;
    assert_eq!(stale, BTreeMap::from([("409 conflict".into(), 2)]));
    let again = make(&format!("{year}/risk-share/calculations"), &json!({"basis": "revised"})).await;
    for party in [&council, &trust] {
        assert_eq!(write(&finance, &format!("{}/agreements", of(&again)), &agreed(party)).await.status, 201);
    }
    let mut crossed = settlement.clone();
    crossed["income_account"] = "9000".into();
    let crossed = write(&running().as_(manager), &format!("{}/settlements", of(&again)), &crossed).await;
    assert_eq!((refusal(&crossed).as_str(), pointer(&crossed)), ("422 content-invalid", "/income_account"));
    let counts = all_at_once(manager, &format!("{}/settlements", of(&again)), vec![settlement.clone(); 8]).await;
    assert_eq!(counts, BTreeMap::from([("201".into(), 1), ("409 conflict".into(), 7)]));
    let settled = finance.get(&of(&again)).await.unwrap().body;
    let journal = settled["settled_by"].as_str().unwrap();
    let journal = finance.get(&format!("{HERE}/funds/{fund}/journals/{journal}")).await.unwrap().body;
    let lines: Vec<_> = journal["postings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (line["account"].as_str().unwrap().to_owned(), line["amount_pence"].as_i64().unwrap()))
        .collect();
    let line = |account: &str, pence: i64| (account.to_owned(), pence);
    assert_eq!(lines, [line("9000", 200), line("4000", -200), line("9000", 100), line("4000", -100)]);

    // A mistake is reversed in the ledger, and the year settled anew.
    let reversal = json!({"effective_on": "2027-03-31", "period": 13, "narrative": "A mistake"});
    let path = format!("{HERE}/funds/{fund}/journals/{}/reversals", settled["settled_by"].as_str().unwrap());
    assert_eq!(write(&finance, &path, &reversal).await.status, 201);
    assert_eq!(finance.get(&of(&again)).await.unwrap().body["settled_by"], Value::Null);
    let anew = write(&running().as_(manager), &format!("{}/settlements", of(&again)), &settlement).await;
    assert_eq!(anew.status, 201, "{}", anew.body);
}

#[tokio::test]
async fn rule_12_a_partner_approves_a_version_once_and_variations_take_their_numbers_in_turn() {
    let (council, trust) = (testford().await.council.clone(), trust().await);
    let path = format!("{HERE}/agreements/{}", agreement().await);
    let consultation = json!({"consulted": "Users", "joint": true, "opens_on": "2025-10-01", "closes_on": "2025-12-12",
        "outcome": "Support"});
    let finance = running().as_("testford-finance");
    assert_eq!(write(&finance, &format!("{path}/consultations"), &consultation).await.status, 201);
    let approval = json!({"organisation": council, "approved_on": "2026-02-11", "reference": "Cabinet"});
    let counts = all_at_once("testford-finance", &format!("{path}/approvals"), vec![approval; 8]).await;
    assert_eq!(counts, BTreeMap::from([("201".into(), 1), ("409 conflict".into(), 7)]));
    let variation = |day: u32| {
        json!({"in_force_from": format!("2026-10-{day:02}"), "made_by": "partners", "reason": "A test", "budget_effect_pence": 0,
            "flexibilities": ["pooled_fund"], "terms": terms(&council, &trust)})
    };
    let counts = all_at_once("testford-finance", &format!("{path}/versions"), (1..=6).map(variation).collect()).await;
    assert_eq!(counts, BTreeMap::from([("201".into(), 6)]), "each is another draft");
    let versions = finance.get(&format!("{path}/versions")).await.unwrap().body;
    let numbers: Vec<_> =
        versions["data"].as_array().unwrap().iter().map(|one| one["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=7).collect::<Vec<_>>(), "no gap");
}

#[tokio::test]
async fn a_schedule_set_by_many_at_once_is_set_by_one() {
    let (fund, council) = (fund().await, testford().await.council.clone());
    let scheme = scheme_of(&fund).await;
    let body = plain_schedule(&council);
    let answers = join_all((0..6).map(|_| schedule(&fund, &scheme, "\"0\"", &body))).await;
    assert_eq!(told(&answers), BTreeMap::from([("200".into(), 1), ("412 version-stale".into(), 5)]));
}

#[tokio::test]
async fn a_return_is_submitted_approved_and_published_once_however_many_ask() {
    let fund = fund().await;
    for period in 1..=3 {
        let path = format!("{HERE}/funds/{fund}/years/2026-27/periods/{period}");
        let client = running().as_("testford-finance");
        client.transition(&path, &key(), "soft_closed", "Quarter end").await.unwrap();
    }
    let draft = json!({"fund": fund, "year": "2026-27", "kind": "quarterly", "quarter": 1});
    let path = format!("{HERE}/returns");
    let counts = all_at_once("testford-finance", &path, vec![draft; 6]).await;
    assert_eq!(counts, BTreeMap::from([("201".into(), 1), ("409 conflict".into(), 5)]));
    let all = running().as_("testford-auditor").get(&format!("{path}?limit=500")).await.unwrap().body;
    let id = all["data"].as_array().unwrap().iter().find(|one| one["fund"] == json!(fund)).unwrap()["id"].clone();
    let path = format!("{path}/{}/transitions", id.as_str().unwrap());
    for (version, to, persona) in [
        ("\"1\"", "submitted", "testford-finance"),
        ("\"2\"", "approved", "testford-pool-manager"),
        ("\"3\"", "published", "testford-pool-manager"),
    ] {
        let client = running().as_(persona);
        client.token().await.unwrap();
        let body = json!({"to": to, "reason": "A test"});
        let keys: Vec<String> = (0..6).map(|_| key()).collect();
        let headers: Vec<[(&str, &str); 2]> =
            keys.iter().map(|key| [("idempotency-key", key.as_str()), ("if-match", version)]).collect();
        let asked = headers.iter().map(|headers| send(&client, Method::POST, &path, headers, Some(&body)));
        let counts = told(&join_all(asked).await);
        assert_eq!(counts, BTreeMap::from([("200".into(), 1), ("412 version-stale".into(), 5)]), "{to}");
    }
}
