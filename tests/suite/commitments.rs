//! Orders and contracts, and funds that are held to their budgets: one equation, whatever comes at once.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    journals::{Ledger, lines},
    ledger_recipes::order,
    running::{journal, pointer, refusal, running, write},
};

fn drawing(reference: &str, pence: i64) -> Value {
    let mut one = journal(pence);
    one["postings"][0]["commitment"] = reference.into();
    one
}

async fn figures(ledger: &Ledger) -> (i64, i64, i64) {
    let total = ledger.get("years/2026-27/position").await["total"].clone();
    let of = |name: &str| total[name].as_i64().unwrap();
    assert_eq!(of("available_pence"), of("budget_pence") - of("committed_pence") - of("actual_pence"), "one equation");
    (of("committed_pence"), of("actual_pence"), of("available_pence"))
}

async fn outstanding(ledger: &Ledger, order: &Value) -> i64 {
    let one = ledger.get(&format!("commitments/{}", order["id"].as_str().unwrap())).await;
    one["outstanding_pence"].as_i64().unwrap()
}

#[tokio::test]
async fn an_order_is_drawn_down_by_its_invoices_and_never_counted_twice() {
    let ledger = Ledger::new("Orders").await;
    ledger.budget(10_000).await;
    let order = ledger.done("commitments", &order("PO-1", 6_000)).await;
    assert_eq!(figures(&ledger).await, (6_000, 0, 4_000));
    let paid = ledger.done("journals", &drawing("PO-1", 2_500)).await;
    assert_eq!(paid["postings"].as_array().unwrap().len(), 4, "two lines release what was ordered");
    assert_eq!(figures(&ledger).await, (3_500, 2_500, 4_000), "an order and its invoice are one thing");
    // An invoice above what is outstanding draws all of it, and the rest is new spending.
    ledger.done("journals", &drawing("PO-1", 4_000)).await;
    assert_eq!(figures(&ledger).await, (0, 6_500, 3_500));
    let back = json!({"effective_on": "2026-09-30", "period": 6, "narrative": "Never delivered"});
    ledger.done(&format!("journals/{}/reversals", paid["id"].as_str().unwrap()), &back).await;
    assert_eq!(figures(&ledger).await, (2_500, 4_000, 3_500), "what was drawn is outstanding again");
    assert_eq!(outstanding(&ledger, &order).await, 2_500);
    let id = order["id"].as_str().unwrap();
    let kinds = ledger.get(&format!("commitments/{id}/entries")).await;
    let kinds: Vec<_> = kinds["data"].as_array().unwrap().iter().map(|e| e["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["committed", "drawn", "drawn", "reversed"]);

    let mut other = drawing("PO-1", 1);
    other["postings"][0]["layer"] = "budget".into();
    other["postings"][1]["layer"] = "budget".into();
    assert_eq!(pointer(&ledger.post("journals", &other).await), "/postings/0/commitment");
    assert_eq!(refusal(&ledger.post("journals", &drawing("PO-9", 1)).await), "422 unknown-reference");
    let again = ledger.post("commitments", &crate::ledger_recipes::order("PO-1", 1)).await;
    assert_eq!((refusal(&again), pointer(&again)), ("409 reference-taken".into(), "/reference"));
}

#[tokio::test]
async fn what_was_paid_without_its_order_is_matched_later_and_taken_back() {
    let ledger = Ledger::new("Matches").await;
    ledger.budget(10_000).await;
    let order = ledger.done("commitments", &order("PO-1", 6_000)).await;
    let paid = ledger.done("journals", &journal(2_000)).await;
    assert_eq!(figures(&ledger).await, (6_000, 2_000, 2_000), "counted twice until it is matched");
    let matches = format!("commitments/{}/matches", order["id"].as_str().unwrap());
    let matched = |pence: Option<i64>| json!({"journal": paid["id"], "effective_on": "2026-09-30", "period": 6, "amount_pence": pence});
    ledger.done(&matches, &matched(Some(500))).await;
    ledger.done(&matches, &matched(None)).await;
    assert_eq!(figures(&ledger).await, (4_000, 2_000, 4_000));
    let more = ledger.post(&matches, &matched(Some(1))).await;
    assert_eq!(refusal(&more), "409 conflict", "no more than was spent: {}", more.body);
    let back = json!({"effective_on": "2026-09-30", "period": 6, "narrative": "Another's invoice"});
    let reversals = format!("journals/{}/reversals", paid["id"].as_str().unwrap());
    let refused = ledger.post(&reversals, &back).await;
    assert_eq!(refusal(&refused), "409 conflict", "the matches first");
    let entries = ledger.get(&format!("commitments/{}/entries", order["id"].as_str().unwrap())).await;
    for entry in &entries["data"].as_array().unwrap()[1..] {
        assert_eq!(entry["spending"], paid["id"]);
        ledger.done(&format!("journals/{}/reversals", entry["journal"].as_str().unwrap()), &back).await;
    }
    ledger.done(&reversals, &back).await;
    assert_eq!(figures(&ledger).await, (6_000, 0, 4_000));
    assert_eq!(outstanding(&ledger, &order).await, 6_000);
}

#[tokio::test]
async fn what_is_not_needed_is_released_and_the_rest_goes_into_the_next_year() {
    let ledger = Ledger::new("Carried").await;
    ledger.budget(10_000).await;
    let order = ledger.done("commitments", &order("PO-1", 6_000)).await;
    let id = order["id"].as_str().unwrap();
    let release =
        |pence: i64| json!({"effective_on": "2026-12-31", "period": 9, "reason": "Fewer", "amount_pence": pence});
    ledger.done(&format!("commitments/{id}/releases"), &release(1_000)).await;
    assert_eq!(refusal(&ledger.post(&format!("commitments/{id}/releases"), &release(5_001)).await), "409 conflict");
    let carry = json!({"from_year": "2026-27", "from_period": 12, "reason": "Delivery is due in May"});
    let early = ledger.post(&format!("commitments/{id}/carry-forwards"), &carry).await;
    assert_eq!(refusal(&early), "422 wrong-year", "the fund has no next year yet");
    assert_eq!(outstanding(&ledger, &order).await, 5_000, "and nothing has left this one");
    ledger.done("years", &json!({"year": "2027-28"})).await;
    let carried = ledger.done(&format!("commitments/{id}/carry-forwards"), &carry).await;
    assert_eq!(carried["years"], json!([{"year": "2027-28", "outstanding_pence": 5_000}]));
    assert_eq!(figures(&ledger).await, (0, 0, 10_000));
    let next = ledger.get("years/2027-28/position").await;
    assert_eq!(next["total"]["committed_pence"], 5_000);
    // An invoice of the old year draws nothing any more; one of the new year does.
    ledger.done("journals", &drawing("PO-1", 100)).await;
    assert_eq!(outstanding(&ledger, &order).await, 5_000);
    let mut later = drawing("PO-1", 100);
    later["effective_on"] = "2027-05-20".into();
    later["period"] = 2.into();
    ledger.done("journals", &later).await;
    assert_eq!(outstanding(&ledger, &order).await, 4_900);
    let out = ledger.get(&format!("commitments/{id}/entries")).await;
    let out = out["data"].as_array().unwrap().iter().find(|e| e["kind"] == "carried_out").unwrap()["journal"].clone();
    let back = json!({"effective_on": "2027-03-31", "period": 12, "narrative": "A test"});
    let refused = ledger.post(&format!("journals/{}/reversals", out.as_str().unwrap()), &back).await;
    assert_eq!(refusal(&refused), "409 conflict");
    assert_eq!(ledger.get("commitments?outstanding=false").await["data"], json!([]));
}

#[tokio::test]
async fn invoices_at_once_draw_an_order_no_further_than_it_goes() {
    let ledger = Ledger::new("Drawn at once").await;
    ledger.budget(100_000).await;
    let order = ledger.done("commitments", &order("PO-1", 1_000)).await;
    let path = format!("{}/journals", ledger.path);
    let sent = (0..12).map(|_| {
        let path = path.clone();
        async move { write(&running().as_("testford-system"), &path, &drawing("PO-1", 150)).await.status.as_u16() }
    });
    assert_eq!(join_all(sent).await, [201; 12]);
    assert_eq!(figures(&ledger).await, (0, 1_800, 98_200));
    assert_eq!(outstanding(&ledger, &order).await, 0);
}

async fn stop(ledger: &Ledger) {
    let manager = running().as_("testford-pool-manager");
    let control = json!({"control": "stop", "reason": "The committee asked for it"});
    let set = write(&manager, &format!("{}/controls", ledger.path), &control).await;
    assert_eq!(set.status, 201, "{}", set.body);
}

#[tokio::test]
async fn a_fund_warns_of_what_a_fund_that_stops_refuses() {
    let ledger = Ledger::new("Held").await;
    ledger.budget(1_000).await;
    let warned = ledger.done("journals", &journal(1_100)).await;
    let over = &warned["over_available"][0];
    assert_eq!(over, &json!({"scheme": "ICES", "available_pence": 1_000, "asked_pence": 1_100}));
    stop(&ledger).await;
    let refused = ledger.post("journals", &journal(1)).await;
    assert_eq!(refusal(&refused), "409 over-available");
    assert_eq!((&refused.body["available_pence"], &refused.body["asked_pence"]), (&json!(-100), &json!(1)));
    ledger.budget(150).await;
    ledger.done("commitments", &order("PO-1", 50)).await;
    let refused = ledger.post("commitments", &order("PO-2", 1)).await;
    assert_eq!(refusal(&refused), "409 over-available", "an order takes of it as spending does");
    ledger.done("journals", &drawing("PO-1", 50)).await;
    let virement = lines("budget", -1);
    assert_eq!(refusal(&ledger.post("journals", &virement).await), "409 over-available", "so does giving budget away");
    let back = json!({"effective_on": "2026-09-30", "period": 6, "narrative": "A test"});
    ledger.done(&format!("journals/{}/reversals", warned["id"].as_str().unwrap()), &back).await;
    assert_eq!(figures(&ledger).await, (0, 50, 1_100));
    let bulk = json!({"mode": "per_row", "journals": [journal(600), journal(600), journal(500)]});
    let report = ledger.done("journals/bulk", &bulk).await;
    let outcomes: Vec<_> =
        report["data"].as_array().unwrap().iter().map(|row| row["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["posted", "refused", "posted"], "what one takes is not there for the next");
    assert_eq!(figures(&ledger).await.2, 0);
}

/// Whatever is sent at once, in whatever order: what was acknowledged never leaves a scheme below nothing.
#[tokio::test]
async fn limits_never_pass_under_many_writers() {
    use proptest::{
        strategy::{Strategy, ValueTree},
        test_runner::TestRunner,
    };
    const ROUNDS: usize = 12;
    let mut runner = TestRunner::deterministic();
    let sent = proptest::collection::vec((0u8..4, 1i64..400), 24);
    for round in 0..ROUNDS {
        let ledger = Ledger::new("Never passes").await;
        ledger.budget(2_000).await;
        stop(&ledger).await;
        let all = sent.new_tree(&mut runner).unwrap().current();
        let asked = all.iter().enumerate().map(|(at, (kind, pence))| {
            let path = ledger.path.clone();
            let (below, body) = match kind {
                0 => ("commitments", order(&format!("PO-{round}-{at}"), *pence)),
                1 => {
                    ("journals/bulk", json!({"mode": "per_row", "journals": [journal(*pence), journal(pence / 2 + 1)]}))
                }
                2 => ("journals", lines("budget", -*pence)),
                _ => ("journals", journal(*pence)),
            };
            async move { write(&running().as_("testford-system"), &format!("{path}/{below}"), &body).await }
        });
        let answers = join_all(asked).await;
        let refused = answers.iter().filter(|answer| !answer.status.is_success()).map(refusal).collect::<Vec<_>>();
        assert!(refused.iter().all(|refusal| refusal == "409 over-available"), "{refused:?}");
        let (_, _, available) = figures(&ledger).await;
        assert!(available >= 0, "round {round}: {available}");
        // Nothing was refused that would have fitted in the end.
        assert!(available < 400 || refused.is_empty(), "round {round}: {available} left and {} refused", refused.len());
    }
}

#[tokio::test]
async fn spending_is_matched_or_taken_back_and_never_both() {
    let back = json!({"effective_on": "2026-09-30", "period": 6, "narrative": "A test"});
    for _ in 0..8 {
        let ledger = Ledger::new("Matched or reversed").await;
        ledger.budget(1_000).await;
        let order = ledger.done("commitments", &order("PO-1", 100)).await;
        let paid = ledger.done("journals", &journal(100)).await;
        let id = paid["id"].as_str().unwrap();
        let matched = json!({"journal": id, "effective_on": "2026-09-30", "period": 6});
        let matches = format!("commitments/{}/matches", order["id"].as_str().unwrap());
        let reversals = format!("journals/{id}/reversals");
        let (one, other) = tokio::join!(ledger.post(&matches, &matched), ledger.post(&reversals, &back));
        assert_ne!(one.status.is_success(), other.status.is_success(), "{} {}", one.body, other.body);
        assert_eq!(figures(&ledger).await.2, 900, "the order or the spending is left, and not both or neither");
    }
}

#[tokio::test]
async fn what_a_refused_journal_would_have_drawn_is_there_for_the_next() {
    let ledger = Ledger::new("Put back").await;
    ledger.budget(10_000).await;
    let order = ledger.done("commitments", &order("PO-1", 1_000)).await;
    let mut wrong = drawing("PO-1", 800);
    let unknown =
        json!({"account": "5100", "scheme": "ICES", "layer": "actual", "amount_pence": 5, "commitment": "NONE"});
    wrong["postings"].as_array_mut().unwrap().push(unknown);
    wrong["postings"][1]["amount_pence"] = (-805).into();
    let bulk = json!({"mode": "per_row", "journals": [wrong, drawing("PO-1", 800)]});
    let report = ledger.done("journals/bulk", &bulk).await;
    assert_eq!((&report["posted"], &report["refused"]), (&json!(1), &json!(1)));
    assert_eq!(outstanding(&ledger, &order).await, 200);
    // Nothing spent in the end draws nothing.
    let mut round = drawing("PO-1", 150);
    round["postings"][1] = json!({"account": "5100", "scheme": "ICES", "layer": "actual", "amount_pence": -150});
    ledger.done("journals", &round).await;
    assert_eq!(outstanding(&ledger, &order).await, 200);
}

#[tokio::test]
async fn spending_is_matched_scheme_by_scheme_and_in_its_own_year() {
    let ledger = Ledger::new("Two schemes").await;
    let scheme = json!({"code": "B", "name": "B", "category": "other", "source": "nhs"});
    ledger.done("schemes", &scheme).await;
    ledger.done("years", &json!({"year": "2027-28"})).await;
    let first = ledger.done("commitments", &order("PO-A", 500)).await;
    let mut of_b = order("PO-B", 500);
    of_b["scheme"] = "B".into();
    let second = ledger.done("commitments", &of_b).await;
    let mut paid = journal(100);
    paid["postings"][1]["amount_pence"] = (-200).into();
    let line = json!({"account": "5100", "scheme": "B", "layer": "actual", "amount_pence": 100});
    paid["postings"].as_array_mut().unwrap().push(line);
    let paid = ledger.done("journals", &paid).await;
    let matched = |day: &str, period: i64| json!({"journal": paid["id"], "effective_on": day, "period": period});
    let matches = |order: &Value| format!("commitments/{}/matches", order["id"].as_str().unwrap());
    let early = ledger.post(&matches(&first), &matched("2026-09-29", 6)).await;
    assert_eq!((refusal(&early), pointer(&early)), ("422 wrong-year".into(), "/effective_on"));
    let late = ledger.post(&matches(&first), &matched("2027-04-30", 1)).await;
    assert_eq!(refusal(&late), "422 wrong-year", "another year's money");
    for order in [&first, &second] {
        ledger.done(&matches(order), &matched("2026-09-30", 6)).await;
        assert_eq!(outstanding(&ledger, order).await, 400);
    }
}

#[tokio::test]
async fn corrections_of_many_orders_at_once_do_not_wait_for_one_another_for_ever() {
    let ledger = Ledger::new("Corrected at once").await;
    let references = ["PO-A", "PO-B", "PO-C"];
    for reference in references {
        ledger.done("commitments", &order(reference, 10_000)).await;
    }
    let mut paid = Vec::new();
    for at in 0..9 {
        paid.push(ledger.done("journals", &drawing(references[at % 3], 100)).await["id"].as_str().unwrap().to_owned());
    }
    let reversal = json!({"effective_on": "2026-09-30", "period": 6, "narrative": "Another order's"});
    let asked = paid.iter().enumerate().map(|(at, id)| {
        let body = json!({"reversal": reversal, "journal": drawing(references[(at + 1) % 3], 100)});
        let path = format!("{}/journals/{id}/corrections", ledger.path);
        async move { write(&running().as_("testford-system"), &path, &body).await.status.as_u16() }
    });
    assert_eq!(join_all(asked).await, [201; 9]);
    assert_eq!(figures(&ledger).await.0, 30_000 - 900);
}
