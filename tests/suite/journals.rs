//! Journals many at once, under their senders' references, put right, and with what their accounts want to know.

use reqwest::Method;
use serde_json::{Value, json};
use tenfold::client::{Answer, Client};

use crate::running::{journal, key, new_fund, pointer, refusal, running, send, testford, write};

/// A fund of Testford's own.
pub(crate) struct Ledger {
    pub(crate) path: String,
    pub(crate) finance: Client,
}

impl Ledger {
    pub(crate) async fn new(purpose: &str) -> Self {
        let id = new_fund("testford", &testford().await.council, &format!("{purpose} {}", key())).await;
        Self { path: format!("/v1/boroughs/testford/funds/{id}"), finance: running().as_("testford-finance") }
    }

    pub(crate) async fn post(&self, below: &str, body: &Value) -> Answer {
        write(&self.finance, &format!("{}/{below}", self.path), body).await
    }

    /// Posts something that is right.
    pub(crate) async fn done(&self, below: &str, body: &Value) -> Value {
        let answer = self.post(below, body).await;
        assert!(answer.status.is_success(), "{below} {body}: {}", answer.body);
        answer.body
    }

    pub(crate) async fn get(&self, below: &str) -> Value {
        let answer = self.finance.get(&format!("{}/{below}", self.path)).await.unwrap();
        assert!(answer.status.is_success(), "{below}: {}", answer.body);
        answer.body
    }

    pub(crate) async fn total(&self, figure: &str) -> Value {
        self.get("years/2026-27/position").await["total"][figure].clone()
    }

    /// Gives the scheme ICES a budget.
    pub(crate) async fn budget(&self, pence: i64) {
        self.done("journals", &lines("budget", pence)).await;
    }
}

/// A journal of a layer, between 5100 and 9000.
pub(crate) fn lines(layer: &str, pence: i64) -> Value {
    let mut one = journal(pence);
    for line in one["postings"].as_array_mut().unwrap() {
        line["layer"] = layer.into();
    }
    one
}

fn under(reference: &str, pence: i64) -> Value {
    let mut one = journal(pence);
    one["external_reference"] = reference.into();
    one
}

#[tokio::test]
async fn a_bulk_is_posted_whole_or_not_at_all() {
    let ledger = Ledger::new("Bulk").await;
    let mut wrong = journal(3);
    wrong["postings"][1]["amount_pence"] = (-4).into();
    let mut unknown = journal(4);
    unknown["postings"][0]["scheme"] = "NONE".into();
    let bulk = json!({"journals": [journal(1), wrong, journal(2), unknown]});
    let refused = ledger.post("journals/bulk", &bulk).await;
    assert_eq!(refusal(&refused), "422 journal-unbalanced");
    let pointers: Vec<_> =
        refused.body["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers, ["/journals/1/postings", "/journals/3/postings/0/scheme"]);
    assert_eq!(ledger.total("actual_pence").await, 0, "the last row is wrong, so none is there");

    let bulk = json!({"mode": "per_row", "journals": bulk["journals"]});
    let report = ledger.done("journals/bulk", &bulk).await;
    assert_eq!((&report["posted"], &report["refused"]), (&json!(2), &json!(2)));
    let outcomes: Vec<_> =
        report["data"].as_array().unwrap().iter().map(|row| row["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["posted", "refused", "posted", "refused"]);
    assert_eq!(report["data"][1]["problem"]["type"], "/problems/journal-unbalanced");
    assert_eq!(report["data"][3]["problem"]["errors"][0]["pointer"], "/journals/3/postings/0/scheme");
    assert_eq!(ledger.total("actual_pence").await, 3);
    let one = report["data"][2]["journal"].as_str().unwrap();
    assert_eq!(ledger.get(&format!("journals/{one}")).await["postings"][0]["amount_pence"], 2);

    let rehearsed = ledger.post("journals/bulk?validate_only=true", &json!({"journals": [journal(9)]})).await;
    assert_eq!((rehearsed.status.as_u16(), &rehearsed.body["posted"]), (200, &json!(1)));
    assert_eq!(ledger.total("actual_pence").await, 3, "a dry run writes nothing");
}

#[tokio::test]
async fn a_bulk_has_up_to_ten_thousand_postings_and_a_journal_too() {
    let ledger = Ledger::new("Large").await;
    let many = |pairs: i64| {
        let mut one = journal(1);
        let pair = one["postings"].as_array().unwrap().clone();
        one["postings"] = (0..pairs).flat_map(|_| pair.clone()).collect();
        one
    };
    let whole = ledger.done("journals", &many(5_000)).await;
    assert_eq!((&whole["lines"], ledger.total("actual_pence").await), (&json!(10_000), json!(5_000)));
    let mut over = many(5_000);
    over["postings"].as_array_mut().unwrap().push(journal(1)["postings"][0].clone());
    let refused = ledger.post("journals", &over).await;
    assert_eq!((refusal(&refused), pointer(&refused)), ("422 content-invalid".into(), "/postings"));
    let refused = ledger.post("journals/bulk", &json!({"journals": [many(5_000), journal(1)]})).await;
    assert_eq!((refusal(&refused), pointer(&refused)), ("422 content-invalid".into(), "/journals"));
    let small: Vec<Value> = (0..1_000).map(|n| journal(n + 1)).collect();
    let report = ledger.done("journals/bulk", &json!({"journals": small})).await;
    assert_eq!((&report["posted"], ledger.total("actual_pence").await), (&json!(1_000), json!(5_000 + 500_500)));
}

#[tokio::test]
async fn what_is_sent_again_under_its_reference_is_the_same_journal() {
    let ledger = Ledger::new("References").await;
    let first = ledger.post("journals", &under("AP-1", 100)).await;
    let again = ledger.post("journals", &under("AP-1", 100)).await;
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 200));
    assert_eq!(first.body["id"], again.body["id"]);
    assert_eq!(again.headers["idempotency-replayed"], "true");
    let other = ledger.post("journals", &under("AP-1", 101)).await;
    assert_eq!((refusal(&other), &other.body["journal"]), ("409 reference-taken".into(), &first.body["id"]));
    let bulk = json!({"mode": "per_row", "journals": [under("AP-1", 100), under("AP-2", 7), under("AP-2", 7), under("AP-2", 8)]});
    let report = ledger.done("journals/bulk", &bulk).await;
    let outcomes: Vec<_> =
        report["data"].as_array().unwrap().iter().map(|row| row["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["there", "posted", "there", "refused"]);
    assert_eq!(report["data"][1]["journal"], report["data"][2]["journal"]);
    assert_eq!(ledger.total("actual_pence").await, 107);

    // Sixteen at once under one reference are one journal.
    let path = format!("{}/journals", ledger.path);
    let senders = (0..16).map(|_| {
        let (finance, path) = (ledger.finance.clone(), path.clone());
        tokio::spawn(async move { write(&finance, &path, &under("AP-3", 11)).await })
    });
    let mut ids = std::collections::HashSet::new();
    for sender in senders.collect::<Vec<_>>() {
        let answer = sender.await.unwrap();
        assert!(answer.status.is_success(), "{}", answer.body);
        ids.insert(answer.body["id"].as_str().unwrap().to_owned());
    }
    assert_eq!((ids.len(), ledger.total("actual_pence").await), (1, json!(118)));
}

#[tokio::test]
async fn a_correction_is_a_reversal_and_what_is_right_or_neither() {
    let ledger = Ledger::new("Corrections").await;
    let wrong = ledger.done("journals", &journal(1_000)).await;
    let below = format!("journals/{}/corrections", wrong["id"].as_str().unwrap());
    let reversal = json!({"effective_on": "2026-09-30", "period": 6, "narrative": "The wrong amount"});
    let mut unbalanced = journal(900);
    unbalanced["postings"][1]["amount_pence"] = (-901).into();
    let refused = ledger.post(&below, &json!({"reversal": reversal, "journal": unbalanced})).await;
    assert_eq!((refusal(&refused), pointer(&refused)), ("422 journal-unbalanced".into(), "/journal/postings"));
    assert_eq!(ledger.total("actual_pence").await, 1_000);
    let right = ledger.done(&below, &json!({"reversal": reversal, "journal": journal(900)})).await;
    assert_eq!(ledger.total("actual_pence").await, 900);
    let first = ledger.get(&format!("journals/{}", wrong["id"].as_str().unwrap())).await;
    assert_eq!((&first["reversed_by"], &first["corrected_by"]), (&right["reversal"]["id"], &right["journal"]["id"]));
    assert_eq!(right["journal"]["corrects"], wrong["id"]);
    let again = ledger.post(&below, &json!({"reversal": reversal, "journal": journal(800)})).await;
    assert_eq!(refusal(&again), "409 already-reversed");
    let of_reversal = format!("journals/{}/reversals", right["reversal"]["id"].as_str().unwrap());
    assert_eq!(
        refusal(&ledger.post(&of_reversal, &reversal).await),
        "409 already-reversed",
        "a reversal is not reversed"
    );
}

#[tokio::test]
async fn what_is_no_amount_is_refused_and_says_where() {
    let ledger = Ledger::new("Amounts").await;
    for (amount, status) in
        [(json!(1.5), 422), (json!("100"), 422), (json!(9_223_372_036_854_775_807_i64), 422), (json!(1e300), 422)]
    {
        let mut one = journal(1);
        one["postings"][0]["amount_pence"] = amount.clone();
        let refused = ledger.post("journals", &one).await;
        assert_eq!((refused.status.as_u16(), pointer(&refused)), (status, "/postings/0/amount_pence"), "{amount}");
    }
    let mut early = journal(1);
    early["effective_on"] = "2025-09-30".into();
    assert_eq!(refusal(&ledger.post("journals", &early).await), "422 wrong-year", "before the fund began");
}

#[tokio::test]
async fn an_account_wants_its_dimensions_from_a_year_on() {
    let ledger = Ledger::new("Chart").await;
    let council = testford().await.council.clone();
    let account = json!({"code": "5200", "name": "Placements", "kind": "expenditure", "requires": ["party", "source"]});
    let placed = ledger.done("accounts", &account).await;
    let on = |line: Value| {
        let mut one = journal(100);
        one["postings"][0]["account"] = "5200".into();
        one["postings"][0].as_object_mut().unwrap().extend(line.as_object().unwrap().clone());
        one
    };
    let refused = ledger.post("journals", &on(json!({}))).await;
    assert_eq!((refusal(&refused), pointer(&refused)), ("422 content-invalid".into(), "/postings/0/party"));
    let posted = ledger.done("journals", &on(json!({"party": council, "category": "mental_health"}))).await;
    let line = &posted["postings"][0];
    assert_eq!(
        (&line["source"], &line["category"], &line["nature"]),
        (&json!("nhs"), &json!("mental_health"), &json!("revenue"))
    );
    let by = ledger.get("years/2026-27/position?group_by=party,category,source,nature").await;
    assert_eq!(by["data"][0]["party"], council);
    assert_eq!(by["data"][0]["category"], "mental_health");
    assert_eq!(by["data"][0]["actual_pence"], 100);

    // A year's chart stands once something was posted by it.
    let versions = format!("accounts/{}/versions", placed["id"].as_str().unwrap());
    let version = |from: &str| json!({"from_year": from, "name": "Placements", "requires": [], "closed": true});
    let refused = ledger.post(&versions, &version("2026-27")).await;
    assert_eq!((refusal(&refused), pointer(&refused)), ("409 conflict".into(), "/from_year"));
    ledger.done(&versions, &version("2027-28")).await;
    assert_eq!(ledger.get(&versions).await["data"].as_array().unwrap().len(), 2);
    ledger.done("years", &json!({"year": "2027-28"})).await;
    let mut next = on(json!({"party": council}));
    next["effective_on"] = "2027-09-30".into();
    let refused = ledger.post("journals", &next).await;
    assert_eq!((refusal(&refused), pointer(&refused)), ("422 content-invalid".into(), "/postings/0/account"));
}

#[tokio::test]
async fn rule_13_nothing_is_posted_with_a_body_that_ended_unless_it_runs_off() {
    let admin = running().as_("testford-admin");
    let ods = format!("{:03}", key().trim_start_matches("key-").parse::<u32>().unwrap() % 1000);
    let ccg = json!({"kind": "ccg", "name": format!("NHS Testford CCG {}", key()), "ods": ods, "valid_from": "2013-04-01",
        "valid_to": "2022-06-30", "source": "A test"});
    let ccg = write(&admin, "/v1/boroughs/testford/organisations", &ccg).await;
    assert_eq!(ccg.status, 201, "{}", ccg.body);
    let ledger = Ledger::new("Run-off").await;
    let mut one = journal(100);
    one["postings"][0]["party"] = ccg.body["id"].clone();
    let mut refused = ledger.post("journals", &one).await;
    for _ in 0..100 {
        // Its record arrives from another service.
        if refusal(&refused) != "422 unknown-reference" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        refused = ledger.post("journals", &one).await;
    }
    assert_eq!((refusal(&refused), pointer(&refused)), ("422 party-ended".into(), "/postings/0/party"));
    assert_eq!(refused.body["rule"], 13);
    one["postings"][0]["run_off"] = true.into();
    ledger.done("journals", &one).await;
}

#[tokio::test]
async fn what_stood_is_answered_by_day_and_by_what_was_known() {
    let ledger = Ledger::new("As of").await;
    let on = |day: &str, period: i64, pence: i64| {
        let mut one = journal(pence);
        one["effective_on"] = day.into();
        one["period"] = period.into();
        one
    };
    let first = ledger.done("journals", &on("2026-04-10", 1, 1_000)).await;
    ledger.done("journals", &on("2026-05-31", 2, 200)).await;
    let last = ledger.done("journals", &on("2026-09-15", 6, 30)).await;
    let stamp = last["posted_at"].as_str().unwrap();
    // A late item: of April, posted in September after all of those.
    ledger.done("journals", &on("2026-04-20", 6, 4)).await;
    let position = async |query: String| {
        ledger.get(&format!("years/2026-27/position?{query}")).await["total"]["actual_pence"].clone()
    };
    for folded in [false, true] {
        assert_eq!(position("as_of=2026-04-09".into()).await, 0);
        assert_eq!(position("as_of=2026-04-10".into()).await, 1_000);
        assert_eq!(position("as_of=2026-04-30".into()).await, 1_004, "by the day it took effect");
        assert_eq!(position("period=1".into()).await, 1_000, "by the period it was posted in");
        assert_eq!(position("as_of=2026-05-31".into()).await, 1_204);
        assert_eq!(position("as_of=2027-03-31".into()).await, 1_234);
        assert_eq!(position(format!("known_at={stamp}")).await, 1_230);
        assert_eq!(position(format!("as_of=2026-04-30&known_at={stamp}")).await, 1_000);
        assert_eq!(position(format!("known_at={}", first["posted_at"].as_str().unwrap())).await, 1_000);
        let at = ledger.get(&format!("years/2026-27/trial-balance?as_of=2026-04-30&known_at={stamp}")).await;
        assert_eq!((&at["balances"], &at["debits_pence"]), (&json!(true), &json!(1_000)));
        if !folded {
            folded_away(&ledger.path).await;
        }
    }
    let both = format!("{}/years/2026-27/position?as_of=2026-04-30&period=1", ledger.path);
    let both = send(&ledger.finance, Method::GET, &both, &[], None).await;
    assert_eq!(refusal(&both), "400 query-invalid");
    for query in ["as_of=-5000-01-01", "as_of=2099-04-01", "known_at=-262143-01-01T00:00:00Z"] {
        let odd = format!("{}/years/2026-27/trial-balance?{query}", ledger.path);
        assert_eq!(refusal(&send(&ledger.finance, Method::GET, &odd, &[], None).await), "400 query-invalid", "{query}");
    }
    let now = ledger.get("years/2026-27/trial-balance").await;
    let accounts: Vec<_> = now["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["account"].as_str().unwrap(), r["actual_pence"].as_i64().unwrap()))
        .collect();
    assert_eq!(accounts, [("5100", 1_234), ("9000", -1_234)]);
}

/// Waits until nothing of a fund is left to be folded.
pub(crate) async fn folded_away(path: &str) {
    use sqlx::{Connection, PgConnection};
    let id: uuid::Uuid = path.rsplit('/').next().unwrap().parse().unwrap();
    let mut owner = PgConnection::connect_with(&running().database.owner()).await.unwrap();
    for _ in 0..200 {
        let left = sqlx::query_scalar("select count(*) from budgets.delta where fund_id = $1").bind(id);
        let left: i64 = left.fetch_one(&mut owner).await.unwrap();
        if left == 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the compactor left something of {path}");
}

#[tokio::test]
async fn a_statement_has_the_balance_after_every_line_on_every_page() {
    let ledger = Ledger::new("Statement").await;
    let days = ["2026-04-10", "2026-09-30", "2026-04-10", "2026-06-01", "2026-09-30", "2026-04-30", "2026-06-01"];
    for (at, day) in (1i64..).zip(days) {
        let mut one = journal(at * at);
        one["effective_on"] = day.into();
        ledger.done("journals", &one).await;
    }
    let accounts = ledger.get("accounts").await;
    let account =
        accounts["data"].as_array().unwrap().iter().find(|one| one["code"] == "9000").unwrap()["id"].as_str().unwrap();
    let (mut cursor, mut seen, mut sum) = (String::new(), Vec::new(), 0);
    loop {
        let page = ledger.get(&format!("accounts/{account}/statement?year=2026-27&limit=2{cursor}")).await;
        for row in page["data"].as_array().unwrap() {
            sum += row["amount_pence"].as_i64().unwrap();
            assert_eq!(row["balance_pence"], sum, "{row}");
            seen.push(row["effective_on"].as_str().unwrap().to_owned());
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let mut sorted = days.to_vec();
    sorted.sort_unstable();
    assert_eq!((seen, sum), (sorted.into_iter().map(str::to_owned).collect(), -140));
    let other = ledger.get(&format!("accounts/{account}/statement?year=2026-27&layer=budget")).await;
    assert_eq!(other["data"], json!([]));
    let nul = format!("{}/accounts/{account}/statement?year=2026-27&scheme=%00", ledger.path);
    assert_eq!(refusal(&send(&ledger.finance, Method::GET, &nul, &[], None).await), "400 query-invalid");
    let csv = send(
        &ledger.finance,
        Method::GET,
        &format!("{}/accounts/{account}/statement?year=2026-27", ledger.path),
        &[("accept", "text/csv")],
        None,
    )
    .await;
    assert!(csv.headers["content-type"].to_str().unwrap().starts_with("text/csv"));
}

#[tokio::test]
async fn sums_beyond_what_we_can_count_are_said_and_break_nothing_else() {
    use sqlx::{Connection, PgConnection};
    let council = testford().await.council.clone();
    let finance = running().as_("testford-finance");
    let fund = json!({"name": format!("Enormous {}", key()), "kind": "pooled", "legal_basis": "s75_reg7", "host": council,
        "source": "A test", "illustrative": true});
    let fund = write(&finance, "/v1/boroughs/testford/funds", &fund).await.body["id"].as_str().unwrap().to_owned();
    let ledger = Ledger { path: format!("/v1/boroughs/testford/funds/{fund}"), finance };
    ledger.done("years", &json!({"year": "2026-27"})).await;
    let scheme = json!({"code": "ICES", "name": "Equipment", "category": "other", "source": "nhs"});
    ledger.done("schemes", &scheme).await;
    for (code, kind) in [("5100", "expenditure"), ("9000", "balance")] {
        ledger.done("accounts", &json!({"code": code, "name": code, "kind": kind})).await;
    }
    let first: uuid::Uuid = ledger.done("journals", &journal(1)).await["id"].as_str().unwrap().parse().unwrap();
    // No journal may be so large; nine hundred thousand of the largest together are, which nobody waits for here.
    let mut owner = PgConnection::connect_with(&running().database.owner()).await.unwrap();
    for _ in 0..2 {
        let copy = sqlx::query(
            "with j as (
               insert into budgets.journal select (jsonb_populate_record(j, jsonb_build_object('journal_id', gen_random_uuid()))).*
               from budgets.journal j where journal_id = $1 returning *
             ), p as (
               insert into budgets.posting select (jsonb_populate_record(p, jsonb_build_object('journal_id', j.journal_id,
                 'amount_pence', p.amount_pence * 9000000000000000000))).*
               from budgets.posting p, j where p.journal_id = $1 returning *
             )
             insert into budgets.delta (borough_id, fund_id, year, journal_id, line, period, account_id, scheme_id, layer, amount_pence,
               category, source, nature, effective_on, posted_on)
             select p.borough_id, p.fund_id, p.year, p.journal_id, p.line, j.period, p.account_id,
               coalesce(p.scheme_id, '00000000-0000-0000-0000-000000000000'), p.layer, p.amount_pence, coalesce(p.category, ''),
               coalesce(p.source, ''), coalesce(p.nature, ''), p.effective_on, (j.posted_at at time zone 'UTC')::date
             from p join j using (journal_id)",
        );
        copy.bind(first).execute(&mut owner).await.unwrap();
    }
    let year = format!("{}/years/2026-27", ledger.path);
    for folded in [false, true] {
        for figure in ["position", "trial-balance", "position?as_of=2026-12-31"] {
            let beyond = send(&ledger.finance, Method::GET, &format!("{year}/{figure}"), &[], None).await;
            assert_eq!(refusal(&beyond), "409 sum-too-large", "{figure}");
        }
        if !folded {
            folded_away(&ledger.path).await;
        }
    }
    let other = Ledger::new("Beside the enormous").await;
    other.budget(6).await;
    folded_away(&other.path).await;
    assert_eq!(other.total("budget_pence").await, 6, "the compactor goes on with everybody else's");
}
