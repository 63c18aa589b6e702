//! Moving and paying out pooled money: what a virement may not cross, whose VAT the pool bears, and who is not named.

use serde_json::{Value, json};
use tenfold::client::Answer;

use crate::{
    pool::{Pool, group},
    running::{pointer, refusal},
    world::World,
};

const YEAR: &str = "years/2019-20";

async fn world() -> World {
    let mut world = World::beginning("2019-06-10T09:00:00Z").await;
    world.region("greater-manchester", "Greater Manchester").await;
    world.borough("oldham", "E08000004", "Oldham", "greater-manchester").await;
    world
}

async fn pool(world: &World) -> Pool<'_> {
    Pool::of(world, "oldham", &group("NHS Oldham CCG", "00Y"), "2019-20").await
}

/// A scheme with a schedule and a budget of £1,000.
async fn scheme(pool: &Pool<'_>, code: &str, change: &Value) {
    let scheme = pool.scheme(code, "other", "not_analysed").await;
    let set = pool.schedule(&scheme, change).await;
    assert_eq!(set.status, 200, "{}", set.body);
    pool.posts(code, "budget", 100_000, "2019-04-01", 1).await;
}

async fn post(pool: &Pool<'_>, below: &str, body: &Value) -> Answer {
    pool.world.post(&pool.finance(), &format!("{}/{YEAR}/{below}", pool.path()), body).await
}

/// What a refusal is, the rule it names, and where it points.
fn broken(answer: &Answer) -> (String, Value, String) {
    (refusal(answer), answer.body["rule"].clone(), pointer(answer).to_owned())
}

fn breaks(rule: u8, at: &str) -> (String, Value, String) {
    ("422 rule-broken".into(), json!(rule), at.into())
}

fn virement(from: &str, to: &str, pence: i64) -> Value {
    json!({"from_scheme": from, "to_scheme": to, "amount_pence": pence, "account": "5000", "effective_on": "2019-06-03",
        "period": 3, "reason": "A test", "authority": "Scheme of delegation"})
}

async fn budgets(pool: &Pool<'_>) -> Vec<(String, i64)> {
    let position = pool.read(&format!("{YEAR}/position?group_by=scheme")).await;
    let rows = position["data"].as_array().unwrap().iter();
    rows.map(|row| (row["scheme"].as_str().unwrap().to_owned(), row["budget_pence"].as_i64().unwrap())).collect()
}

#[tokio::test]
async fn rule_29_a_virement_leaves_capital_and_grants_where_they_are() {
    let world = world().await;
    let pool = pool(&world).await;
    let grant = "Disabled Facilities Grant";
    scheme(&pool, "CARE", &json!({})).await;
    scheme(&pool, "EQUIPMENT", &json!({})).await;
    scheme(&pool, "WORKS", &json!({"capital": true})).await;
    scheme(&pool, "DFG", &json!({"capital": true, "ring_fence": grant})).await;
    scheme(&pool, "DFG-LARGE", &json!({"capital": true, "ring_fence": grant})).await;
    for (from, to) in [("CARE", "WORKS"), ("WORKS", "CARE"), ("WORKS", "DFG"), ("DFG", "WORKS"), ("DFG", "CARE")] {
        let refused = post(&pool, "virements", &virement(from, to, 1)).await;
        assert_eq!(broken(&refused), breaks(29, "/to_scheme"), "{from} to {to}");
        assert_eq!(refused.body["source"], "Grant conditions; Local Government Act 2003 s16");
    }
    let more = post(&pool, "virements", &virement("CARE", "EQUIPMENT", 100_001)).await;
    assert_eq!(broken(&more), breaks(28, "/amount_pence"), "more than there is");
    assert!(pool.read(&format!("{YEAR}/virements")).await["data"].as_array().unwrap().is_empty());

    for (from, to, pence) in [("CARE", "EQUIPMENT", 100_000), ("DFG", "DFG-LARGE", 40_000)] {
        let made = post(&pool, "virements", &virement(from, to, pence)).await;
        assert_eq!(made.status, 201, "{}", made.body);
    }
    let emptied = post(&pool, "virements", &virement("CARE", "EQUIPMENT", 1)).await;
    assert_eq!(broken(&emptied), breaks(28, "/amount_pence"), "what a scheme gave it no longer has");
    let mut after = budgets(&pool).await;
    after.sort();
    let after: Vec<(&str, i64)> = after.iter().map(|(code, pence)| (code.as_str(), *pence)).collect();
    assert_eq!(
        after,
        [("CARE", 0), ("DFG", 60_000), ("DFG-LARGE", 140_000), ("EQUIPMENT", 200_000), ("WORKS", 100_000)]
    );
}

#[tokio::test]
async fn rule_28_a_virement_above_the_delegated_limit_waits_for_a_decision() {
    let world = world().await;
    let pool = pool(&world).await;
    scheme(&pool, "CARE", &json!({})).await;
    scheme(&pool, "EQUIPMENT", &json!({})).await;
    let limit = json!({"role": "finance", "limit_pence": 50_000, "in_force_from": "2019-04-01", "source": "A test"});
    world.done("oldham-clerk", "/v1/boroughs/oldham/delegations", limit).await;
    let mut refused = None;
    for _ in 0..200 {
        // The limit is on its way from governance.
        let tried = post(&pool, "virements?validate_only=true", &virement("CARE", "EQUIPMENT", 50_001)).await;
        if !tried.status.is_success() {
            refused = Some(tried);
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let refused = refused.expect("the limit never arrived");
    assert_eq!(refusal(&refused), "409 decision-required");
    assert_eq!((&refused.body["limit_pence"], &refused.body["amount_pence"]), (&json!(50_000), &json!(50_001)));
    let refused = post(&pool, "virements", &virement("CARE", "EQUIPMENT", 50_001)).await;
    assert_eq!(refusal(&refused), "409 decision-required");
    let within = post(&pool, "virements", &virement("CARE", "EQUIPMENT", 50_000)).await;
    assert_eq!(within.status, 201, "{}", within.body);
    let made = pool.read(&format!("{YEAR}/virements")).await;
    let amounts: Vec<&Value> = made["data"].as_array().unwrap().iter().map(|one| &one["amount_pence"]).collect();
    assert_eq!(amounts, [50_000], "what waits has moved nothing");
    // Governance has what was refused among what it is to decide.
    let wanted = refused.body["proposal_id"].clone();
    let told = world
        .until("oldham-clerk", "/v1/boroughs/oldham/proposals", |told| !told["data"].as_array().unwrap().is_empty())
        .await;
    assert_eq!(told["data"][0]["id"], wanted, "{told}");
}

/// A payment of £1,200 with £200 of VAT.
fn payment(scheme: &str, change: &Value) -> Value {
    let mut body = json!({"scheme": scheme, "account": "5000", "balance_account": "9000", "paid_on": "2019-06-03", "period": 3,
        "gross_pence": 120_000, "vat_pence": 20_000, "department": "Integrated commissioning",
        "beneficiary": "A care provider", "purpose": "Care in May", "merchant_category": "Social care",
        "document_number": format!("DOC-{scheme}")});
    for (field, value) in change.as_object().unwrap() {
        match value {
            Value::Null => body.as_object_mut().unwrap().remove(field),
            value => body.as_object_mut().unwrap().insert(field.clone(), value.clone()),
        };
    }
    body
}

#[tokio::test]
async fn rule_32_the_pool_bears_the_vat_that_who_delivers_cannot_recover() {
    let world = world().await;
    let pool = pool(&world).await;
    let body =
        json!({"kind": "provider", "name": "A home care company", "valid_from": "2010-01-01", "source": "A test"});
    let company = world.post("oldham-admin", "/v1/boroughs/oldham/organisations", &body).await;
    let nhs =
        json!({"functions": [{"function": "community_health", "owner": pool.partner}], "delivering": pool.partner});
    scheme(&pool, "COUNCIL", &json!({})).await;
    scheme(&pool, "NHS", &nhs).await;
    pool.scheme("UNSET", "other", "nhs").await;
    let mut sum = 0;
    for (code, change, charged, section) in [
        ("COUNCIL", json!({}), 100_000, "s33"),
        ("NHS", json!({}), 120_000, "no contracted-out service"),
        ("NHS", json!({"contracted_out": true, "document_number": "DOC-COS"}), 100_000, "s41"),
    ] {
        let paid = post(&pool, "payments", &payment(code, &change)).await;
        assert_eq!(paid.status, 201, "{}", paid.body);
        assert_eq!(paid.body["charged_pence"], charged, "{code} {change}");
        assert_eq!(paid.body["irrecoverable_vat_pence"], charged - 100_000);
        assert!(paid.body["vat_basis"].as_str().unwrap().contains(section), "{}", paid.body);
        let journal = pool.read(&format!("journals/{}", paid.body["journal"].as_str().unwrap())).await;
        let amounts: Vec<&Value> =
            journal["postings"].as_array().unwrap().iter().map(|line| &line["amount_pence"]).collect();
        assert_eq!(amounts, [&json!(charged), &json!(-charged)]);
        sum += charged;
    }
    assert_eq!(company.status, 201, "{}", company.body);
    scheme(&pool, "COMPANY", &json!({"delivering": company.body["id"]})).await;
    let paid = post(&pool, "payments", &payment("COMPANY", &json!({}))).await;
    assert_eq!(paid.body["charged_pence"], 120_000, "neither council nor NHS body: {}", paid.body);
    let unset = post(&pool, "payments", &payment("UNSET", &json!({}))).await;
    assert_eq!(broken(&unset), breaks(32, "/scheme"), "nobody knows who delivers it");
    let position = pool.read(&format!("{YEAR}/position")).await;
    assert_eq!(position["total"]["actual_pence"], sum + 120_000);
}

#[tokio::test]
async fn rule_58_a_payment_above_500_pounds_says_all_and_an_individual_is_named_nowhere() {
    const NAME: &str = "Somebody of Chadderton";
    let world = world().await;
    let pool = pool(&world).await;
    scheme(&pool, "CARE", &json!({})).await;
    for field in ["department", "beneficiary", "purpose", "merchant_category"] {
        let refused = post(&pool, "payments", &payment("CARE", &json!({field: null}))).await;
        assert_eq!(broken(&refused), breaks(58, &format!("/{field}")));
    }
    let bare = json!({"department": null, "beneficiary": null, "purpose": null, "merchant_category": null,
        "gross_pence": 50_000, "vat_pence": 0, "document_number": "SMALL"});
    assert_eq!(post(&pool, "payments", &payment("CARE", &bare)).await.status, 201, "£500 itself says nothing more");

    let named = post(&pool, "payments", &payment("CARE", &json!({"individual": true, "beneficiary": NAME}))).await;
    assert_eq!(broken(&named), breaks(58, "/beneficiary"));
    assert!(!named.body.to_string().contains(NAME), "{}", named.body);
    let direct = json!({"individual": true, "beneficiary": null, "purpose": "Direct payment", "vat_pence": 0});
    let paid = post(&pool, "payments", &payment("CARE", &direct)).await;
    assert_eq!((paid.status.as_u16(), &paid.body["beneficiary"]), (201, &json!("Redacted: an individual")));

    let path = format!("{}/{YEAR}/payments", pool.path());
    let above = world.read("oldham-member", &format!("{path}?above_pence=50000")).await;
    let documents: Vec<&Value> = above["data"].as_array().unwrap().iter().map(|one| &one["document_number"]).collect();
    assert_eq!(documents, ["DOC-CARE"]);
    let token = world.as_("oldham-member").token().await.unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let csv = http.get(format!("{}{path}", world.url)).bearer_auth(token).header("accept", "text/csv");
    let csv = csv.send().await.unwrap().text().await.unwrap();
    let rows: Vec<&str> = csv.lines().collect();
    assert_eq!((rows.len(), csv.matches("Redacted: an individual").count()), (3, 1), "{csv}");
    let audit = world.read("oldham-auditor", "/v1/boroughs/oldham/audit?limit=500").await;
    assert!(audit["data"].as_array().unwrap().iter().any(|entry| entry["action"] == "payment.recorded"));
    for (told, what) in [(csv, "the file"), (audit.to_string(), "the audit trail"), (above.to_string(), "the list")] {
        assert!(!told.contains(NAME), "{what} names an individual");
    }
}

#[tokio::test]
async fn rule_22_what_a_scheme_has_in_view_is_no_business_of_the_region() {
    let mut world = World::beginning("2026-05-20T09:00:00Z").await;
    world.region("greater-manchester", "Greater Manchester").await;
    world.borough("bury", "E08000002", "Bury", "greater-manchester").await;
    let board =
        json!({"kind": "icb", "name": "The board", "ods": "QOP", "valid_from": "2022-07-01", "source": "A test"});
    let pool = Pool::of(&world, "bury", &board, "2026-27").await;
    for (code, change) in [("POOLED", json!({})), ("VIEWED", json!({"kind": "in_view"}))] {
        let scheme = pool.scheme(code, "social_care", "council").await;
        assert_eq!(pool.schedule(&scheme, &change).await.status, 200);
    }
    for (scheme, pence) in [("POOLED", 1_000), ("VIEWED", 7_000)] {
        pool.posts(scheme, "budget", pence, "2026-04-01", 1).await;
        pool.posts(scheme, "actual", pence, "2026-04-30", 1).await;
    }
    // How its money is held stays, once it has moved: nothing that was left out comes in afterwards, or goes.
    let viewed = pool.read("schemes").await["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["code"] == "VIEWED")
        .unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let again = json!({"kind": "pooled", "functions": [{"function": "adult_social_care", "owner": pool.council}],
        "client_group": "Adults", "services": "Care", "lead": pool.council, "delivering": pool.council,
        "accounting_treatment": "joint_operation", "capital": false, "recurrent": true});
    let again = pool.put(&format!("schemes/{viewed}/schedule"), "\"1\"", &again).await;
    assert_eq!((refusal(&again).as_str(), pointer(&again)), ("409 conflict", "/kind"));
    world.moved(&pool.finance(), &format!("{}/years/2026-27/periods/1", pool.path()), "soft_closed", "Month end").await;
    let region =
        world.read("greater-manchester-analyst", "/v1/regions/greater-manchester/positions?year=2026-27").await;
    assert_eq!((&region["total"]["budget_pence"], &region["total"]["actual_pence"]), (&json!(1_000), &json!(1_000)));
    assert_eq!(region["data"][0]["actual_pence"], 1_000);
    let position = pool.read("years/2026-27/position").await;
    assert_eq!(position["total"]["actual_pence"], 8_000, "the borough sees all of it");
}
