//! Contributions and awards: what is taken, what is refused, and what the instalments come to.

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::{
    contribution_recipes::{Fund, cash, refused},
    running::{journal, key, pointer, refusal, running, send, write},
};

fn with(mut body: Value, change: Value) -> Value {
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    body
}

#[tokio::test]
async fn rule_18_what_falls_due_adds_up_to_the_contribution() {
    let fund = Fund::new("Adds up").await;
    let id = fund.made("contributions", &cash(&fund.council, 100_000_001)).await;
    let amounts = fund.amounts().await;
    assert_eq!((amounts.len(), amounts.iter().sum::<i64>()), (12, 100_000_001));
    let one = fund.get(&format!("contributions/{id}")).await;
    assert_eq!((&one["amount_pence"], &one["version"]), (&json!(100_000_001), &json!(1)));
    // Refused whole: nothing of these is there afterwards.
    for (change, wanted, at) in [
        (json!({"amount_pence": 0}), "422 content-invalid", "/amount_pence"),
        (json!({"amount_pence": i64::MAX}), "422 content-invalid", "/amount_pence"),
        (json!({"profile": null}), "422 content-invalid", "/profile"),
        (json!({"profile": {"kind": "monthly", "day": 32}}), "422 content-invalid", "/profile/day"),
        (json!({"profile": {"kind": "dates", "dates": []}}), "422 content-invalid", "/profile/dates"),
        (json!({"profile": {"kind": "dates", "dates": ["2026-03-31"]}}), "422 wrong-year", "/profile/dates/0"),
        (json!({"scheme": "NOPE"}), "422 unknown-reference", "/scheme"),
        (json!({"award": "01890a5d-ac96-774b-bcce-b302099a8057"}), "422 unknown-reference", "/award"),
        (json!({"payer": "01890a5d-ac96-774b-bcce-b302099a8057"}), "409 reference-pending", "/payer"),
    ] {
        let answer = fund.post("contributions", &with(cash(&fund.council, 5), change.clone())).await;
        assert_eq!((refusal(&answer).as_str(), pointer(&answer)), (wanted, at), "{change}: {}", answer.body);
    }
    assert_eq!(fund.get("contributions").await["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn rule_19_a_variation_brings_a_true_up_and_every_version_stays() {
    let fund = Fund::new("Varied").await;
    let (old, new) = (675_842_600_i64, 1_352_012_767_i64);
    let id = fund.made("contributions", &cash(&fund.council, 12 * old)).await;
    let versions = format!("contributions/{id}/versions");
    let variation = |pence: i64, on: &str| json!({"amount_pence": pence, "effective_on": on, "reason": "The rate agreed", "reference": "Minute 12"});
    let varied = fund.post(&versions, &variation(12 * new, "2026-07-01")).await;
    assert_eq!(varied.status, 201, "{}", varied.body);
    assert_eq!(varied.body["instalments"][0]["amount_pence"], 4 * new - 3 * old);
    assert_eq!(varied.body["instalments"][0]["true_up_pence"], 3 * (new - old));
    let amounts = fund.amounts().await;
    assert_eq!(amounts[..3], [old; 3], "what was due before stays");
    assert_eq!(amounts[3], 3_380_523_268);
    assert_eq!(amounts[4..], [new; 8]);
    assert_eq!(amounts.iter().sum::<i64>(), 12 * new);
    // A cut, so that the next instalment is a credit; shown, and it still adds up.
    assert_eq!(fund.post(&versions, &variation(12_000, "2027-03-01")).await.status, 201);
    let amounts = fund.amounts().await;
    assert!(amounts[11] < 0);
    assert_eq!(amounts.iter().sum::<i64>(), 12_000);
    let told = fund.get(&versions).await;
    let counts: Vec<usize> =
        told["data"].as_array().unwrap().iter().map(|v| v["instalments"].as_array().unwrap().len()).collect();
    assert_eq!(counts, [12, 9, 1], "each version keeps what it wrote");
    for (body, wanted, at, rule) in [
        (variation(1, "2027-04-01"), "422 wrong-year", "/effective_on", Value::Null),
        (variation(1, "2026-07-02"), "409 conflict", "/effective_on", Value::Null),
        (variation(1, "2027-03-06"), "422 rule-broken", "/effective_on", json!(19)),
        (variation(12_000, "2027-03-01"), "422 content-invalid", "/amount_pence", Value::Null),
        (variation(-1, "2027-03-01"), "422 content-invalid", "/amount_pence", Value::Null),
    ] {
        let answer = fund.post(&versions, &body).await;
        assert_eq!(refused(&answer), (wanted.to_owned(), at.to_owned(), rule), "{body}");
    }
}

#[tokio::test]
async fn of_two_variations_at_once_one_is_told_that_it_has_changed() {
    let fund = Fund::new("At once").await;
    let id = fund.made("contributions", &cash(&fund.council, 1_200)).await;
    let versions = format!("contributions/{id}/versions");
    let vary = |pence: i64| {
        let body = json!({"amount_pence": pence, "effective_on": "2026-07-01", "reason": "A test"});
        let (fund, versions) = (&fund, &versions);
        async move { fund.post(versions, &body).await }
    };
    let answers = futures_util::future::join_all((1..=6).map(|n| vary(n * 12_000))).await;
    assert!(answers.iter().all(|a| ["201", "412"].contains(&a.status.as_str())), "{answers:?}");
    let done = answers.iter().filter(|a| a.status == 201).count();
    assert_eq!(fund.get(&versions).await["data"].as_array().unwrap().len(), 1 + done);
    let one = fund.get(&format!("contributions/{id}")).await;
    assert_eq!(fund.amounts().await.iter().sum::<i64>(), one["amount_pence"].as_i64().unwrap());
}

#[tokio::test]
async fn rule_13_a_body_that_ended_contributes_only_what_it_left_behind() {
    let fund = Fund::new("Run-off").await;
    let ccg = json!({"kind": "ccg", "name": "NHS Testford East CCG", "ods": "98X", "valid_from": "2013-04-01",
        "valid_to": "2022-06-30", "source": "A test"});
    let admin = running().as_("testford-admin");
    let ccg = admin.post("/v1/boroughs/testford/organisations", "ccg-98x", &ccg).await.unwrap().body;
    let body = cash(ccg["id"].as_str().unwrap(), 1_200);
    let mut answer = fund.post("contributions", &body).await;
    for _ in 0..100 {
        if refusal(&answer) != "409 reference-pending" {
            break;
        }
        tokio::task::yield_now().await;
        answer = fund.post("contributions", &body).await;
    }
    assert_eq!((refusal(&answer).as_str(), pointer(&answer)), ("422 party-ended", "/payer"));
    let paid = json!({"paid_on": "2026-09-07", "amount_pence": 100, "payer": ccg["id"], "payee_as_published": "X", "source": "A test"});
    let file = json!({"month": "2026-09", "payer": ccg["id"], "source": "A test", "csv": "date,amount,payee\n2026-09-08,1.00,X\n"});
    for (below, body) in [("receipts", &paid), ("receipts/imports", &file)] {
        let early = fund.post(below, body).await;
        assert_eq!((refusal(&early).as_str(), pointer(&early)), ("422 party-ended", "/payer"), "{below}");
    }
    fund.made("contributions", &with(body, json!({"run_off": true, "recurrent": false}))).await;
    for (below, body) in [("receipts", &paid), ("receipts/imports", &file)] {
        assert_eq!(fund.post(below, body).await.status, 201, "what it left behind is paid: {below}");
    }
    let council =
        fund.post("contributions", &with(cash(&fund.council, 5), json!({"run_off": true, "recurrent": false}))).await;
    assert_eq!(refused(&council), ("422 rule-broken".to_owned(), "/run_off".to_owned(), json!(13)));
}

#[tokio::test]
async fn rule_20_what_is_in_kind_has_a_basis_and_never_enters_cash() {
    let fund = Fund::new("In kind").await;
    let in_kind = |change: Value| {
        let body = json!({"payer": fund.council, "amount_pence": 5_000_000, "funding_source": "council", "form": "in_kind",
            "valuation_basis": "Rent of the offices at market value", "recurrent": true, "source": "A test"});
        with(body, change)
    };
    let of_kind = "422 rule-broken".to_owned();
    let monthly = json!({"kind": "monthly", "day": 1});
    for (body, at) in [
        (in_kind(json!({"valuation_basis": null})), "/valuation_basis"),
        (in_kind(json!({"profile": monthly})), "/profile"),
        (with(cash(&fund.council, 5), json!({"valuation_basis": "x"})), "/valuation_basis"),
    ] {
        let answer = fund.post("contributions", &body).await;
        assert_eq!(refused(&answer), (of_kind.clone(), at.to_owned(), json!(20)), "{body}");
    }
    let id = fund.made("contributions", &in_kind(json!({}))).await;
    let variation = json!({"amount_pence": 6_000_000, "effective_on": "2027-03-31", "reason": "Revalued"});
    let varied = fund.post(&format!("contributions/{id}/versions"), &variation).await;
    assert_eq!((varied.status.as_u16(), &varied.body["instalments"]), (201, &json!([])));
    assert!(fund.amounts().await.is_empty(), "nothing of it falls due");
}

#[tokio::test]
async fn an_instalment_is_invoiced_under_a_number_of_its_own() {
    let fund = Fund::new("Invoiced").await;
    fund.made("contributions", &cash(&fund.council, 1_200)).await;
    let last = fund.get("instalments").await["data"][11].clone();
    let path = format!("instalments/{}/invoices", last["id"].as_str().unwrap());
    let invoice =
        |number: &str, pence: i64| json!({"invoice_number": number, "issued_on": "2027-02-20", "amount_pence": pence});
    fund.made(&path, &invoice("A-1", 60)).await;
    fund.made(&path, &invoice("A-2", 30)).await;
    let again = fund.post(&path, &invoice("A-1", 5)).await;
    assert_eq!((refusal(&again).as_str(), pointer(&again)), ("409 conflict", "/invoice_number"));
    assert_eq!(refusal(&fund.post(&path, &invoice("A-3", 0)).await), "422 content-invalid");
    let nobody = "instalments/01890a5d-ac96-774b-bcce-b302099a8057/invoices";
    assert_eq!(fund.post(nobody, &invoice("A-4", 1)).await.status, 404);
    let told = fund.get("instalments").await["data"][11].clone();
    assert_eq!((&told["invoiced_pence"], &told["paid_pence"]), (&json!(90), &json!(0)));
}

fn award(payer: &str, years: Value, total: i64) -> Value {
    json!({"title": "Transformation fund", "payer": payer, "funding_source": "grant", "amount_pence": total, "years": years,
        "source": "A test"})
}

#[tokio::test]
async fn rule_34_an_award_is_its_years_and_nothing_takes_more_than_a_years_part() {
    let fund = Fund::new("Award").await;
    let years = json!([{"year": "2027-28", "amount_pence": 400}, {"year": "2026-27", "amount_pence": 600}]);
    let awards = format!("{}/awards", fund.path);
    let short = write(&fund.finance, &awards, &award(&fund.council, years.clone(), 1_001)).await;
    assert_eq!(refused(&short), ("422 rule-broken".to_owned(), "/years".to_owned(), json!(34)));
    let huge = json!([{"year": "2026-27", "amount_pence": i64::MAX}, {"year": "2027-28", "amount_pence": i64::MAX}]);
    assert_eq!(refusal(&write(&fund.finance, &awards, &award(&fund.council, huge, 5)).await), "422 content-invalid");
    let made = write(&fund.finance, &awards, &award(&fund.council, years, 1_000)).await;
    assert_eq!((made.status.as_u16(), &made.body["years"][0]["year"]), (201, &json!("2026-27")), "in order");
    let id = made.body["id"].clone();
    let from = |pence: i64| with(cash(&fund.council, pence), json!({"award": id, "recurrent": false}));
    let first = fund.made("contributions", &from(500)).await;
    let above = fund.post("contributions", &from(101)).await;
    assert_eq!(refused(&above), ("422 rule-broken".to_owned(), "/amount_pence".to_owned(), json!(34)));
    fund.made("contributions", &from(100)).await;
    let more = json!({"amount_pence": 501, "effective_on": "2026-07-01", "reason": "A test"});
    let more = fund.post(&format!("contributions/{first}/versions"), &more).await;
    assert_eq!(refused(&more), ("422 rule-broken".to_owned(), "/amount_pence".to_owned(), json!(34)));
    let again = fund.post("contributions", &with(from(1), json!({"recurrent": true}))).await;
    assert_eq!(refused(&again), ("422 rule-broken".to_owned(), "/recurrent".to_owned(), json!(33)));
    let year = json!({"year": "2029-30"});
    assert_eq!(write(&fund.finance, &format!("{}/years", fund.path), &year).await.status, 201);
    let late = with(from(1), json!({"profile": {"kind": "annual", "day": 1}}));
    let late = write(&fund.finance, &format!("{}/years/2029-30/contributions", fund.path), &late).await;
    assert_eq!(refused(&late), ("422 rule-broken".to_owned(), "/award".to_owned(), json!(34)), "nothing for that year");
}

/// Gives Testford's scheme ICES of a fund a schedule that goes on for good.
async fn goes_on(fund: &Fund) {
    let running = running();
    let mut owner = PgConnection::connect_with(&running.database.owner()).await.unwrap();
    let here: uuid::Uuid =
        sqlx::query_scalar("select borough_id from tenants.borough where slug = 'testford' and mode = 'live'")
            .fetch_one(&mut owner)
            .await
            .unwrap();
    let mut login = PgConnection::connect_with(&running.database.login("budgets_borough")).await.unwrap();
    let opening = AssertSqlSafe(format!("begin; set local tenfold.borough = '{here}'"));
    let mut tx = login.begin_with(opening).await.unwrap();
    let id: uuid::Uuid = fund.path.rsplit('/').next().unwrap().parse().unwrap();
    sqlx::query(
        "insert into budgets.scheme_schedule (borough_id, fund_id, scheme_id, version, kind, functions, client_group, services,
           lead_id, delivering_id, accounting_treatment, capital, recurrent, set_at)
         select platform.borough(), fund_id, scheme_id, 1, 'pooled', '[]', 'Adults', 'Equipment', $2, $2, 'joint_operation',
           false, true, created_at from budgets.scheme where fund_id = $1 and code = 'ICES'",
    )
    .bind(id)
    .bind(fund.council.parse::<uuid::Uuid>().unwrap())
    .execute(&mut *tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn rule_33_money_that_ends_backs_nothing_that_goes_on_but_with_an_exit_plan() {
    let fund = Fund::new("Cliff").await;
    goes_on(&fund).await;
    let one_off = with(cash(&fund.council, 100), json!({"recurrent": false, "scheme": "ICES"}));
    let refusal = refused(&fund.post("contributions", &one_off).await);
    assert_eq!(refusal, ("422 rule-broken".to_owned(), "/scheme".to_owned(), json!(33)));
    fund.made("contributions", &with(cash(&fund.council, 900), json!({"scheme": "ICES"}))).await;
    let years = json!([{"year": "2026-27", "amount_pence": 100}, {"year": "2027-28", "amount_pence": 60}]);
    let awards = format!("{}/awards", fund.path);
    let mut ids = Vec::new();
    for plan in [Value::Null, json!("Part of the core contract from April 2028.")] {
        let body = with(award(&fund.council, years.clone(), 160), json!({"exit_plan": plan}));
        ids.push(write(&fund.finance, &awards, &body).await.body["id"].clone());
    }
    let unplanned = fund.post("contributions", &with(one_off.clone(), json!({"award": ids[0]}))).await;
    assert_eq!(refused(&unplanned).1, "/scheme");
    fund.made("contributions", &with(one_off, json!({"award": ids[1]}))).await;
    let cliff = fund.finance.get(&format!("{}/funding-cliff", fund.path)).await.unwrap().body;
    let of =
        |field: &str| cliff["years"].as_array().unwrap().iter().map(|y| y[field].as_i64().unwrap()).collect::<Vec<_>>();
    assert_eq!(of("recurrent_pence"), [900, 0, 0]);
    assert_eq!(of("one_off_pence"), [100, 0, 0]);
    assert_eq!(of("awarded_pence"), [200, 120, 0], "and nothing in the year after");
    let planned = cliff["awards"].as_array().unwrap().iter().find(|one| one["award"] == ids[1]).unwrap();
    assert_eq!((&planned["last_year"], &planned["ends_pence"]), (&json!("2027-28"), &json!(60)));
    assert_eq!((&planned["exit_plan"], &planned["backs"]), (&json!(true), &json!(["ICES"])));
}

#[tokio::test]
async fn rule_17_a_budget_is_agreed_once_both_sides_are_the_same() {
    let fund = Fund::new("Balance").await;
    let path = format!("{}/budget", fund.year());
    let first = fund.finance.get(&path).await.unwrap();
    assert_eq!((first.headers["etag"].to_str().unwrap(), &first.body["balanced"]), ("\"0\"", &json!(true)));
    fund.made("contributions", &cash(&fund.council, 10_000)).await;
    let in_kind = json!({"payer": fund.council, "amount_pence": 777, "funding_source": "council", "form": "in_kind",
        "valuation_basis": "Rent", "recurrent": true, "source": "A test"});
    fund.made("contributions", &in_kind).await;
    let mut budget = journal(10_500);
    for line in budget["postings"].as_array_mut().unwrap() {
        line["layer"] = "budget".into();
    }
    assert_eq!(write(&fund.finance, &format!("{}/journals", fund.path), &budget).await.status, 201);
    let set = |version: &'static str, contingency: i64, agreed: Value| {
        let body = json!({"contingency_pence": contingency, "brought_forward_pence": 900, "other_income_pence": 100,
            "uncommitted_pence": 0, "overspend_threshold_bp": 100, "agreed_on": agreed});
        let (finance, path) = (&fund.finance, &path);
        async move { send(finance, Method::PUT, path, &[("if-match", version)], Some(&body)).await }
    };
    let early = set("\"0\"", 499, json!("2026-02-28")).await;
    assert_eq!(refusal(&early), "409 rule-unmet", "{}", early.body);
    assert_eq!((&early.body["unmet"][0]["rule"], early.body["unmet"].as_array().unwrap().len()), (&json!(17), 1));
    let kept = set("\"0\"", 499, Value::Null).await;
    assert_eq!((kept.status.as_u16(), &kept.body["difference_pence"]), (200, &json!(-1)), "{}", kept.body);
    assert_eq!((&kept.body["in_kind_pence"], &kept.body["cash_contributions_pence"]), (&json!(777), &json!(10_000)));
    assert_eq!(refusal(&set("\"0\"", 500, Value::Null).await), "412 version-stale");
    let agreed = set("\"1\"", 500, json!("2026-02-28")).await;
    assert_eq!((agreed.status.as_u16(), &agreed.body["balanced"]), (200, &json!(true)), "{}", agreed.body);
    assert_eq!(refusal(&set("\"2\"", -1, Value::Null).await), "422 content-invalid");
    // A contribution that changes afterwards is seen at once.
    fund.made("contributions", &cash(&fund.council, 12)).await;
    assert_eq!(fund.finance.get(&path).await.unwrap().body["difference_pence"], -12);
}

#[tokio::test]
async fn contributions_are_money_so_a_repeat_is_not_another() {
    let fund = Fund::new("Twice").await;
    let path = format!("{}/contributions", fund.year());
    let body = cash(&fund.council, 1_200);
    let key = key();
    for again in [false, true] {
        let answer = send(&fund.finance, Method::POST, &path, &[("idempotency-key", key.as_str())], Some(&body)).await;
        assert_eq!((answer.status.as_u16(), answer.headers.contains_key("idempotency-replayed")), (201, again));
    }
    assert_eq!(fund.get("contributions").await["data"].as_array().unwrap().len(), 1);
}
