//! Bad input: a problem with a pointer, and nothing written.

use reqwest::Method;
use serde_json::{Value, json};

use crate::running::{journal, key, new_fund, pointer, refusal, running, send, testford, write};

/// A fund that ought to stay empty, its journals' path, and how many journals it has.
async fn empty_fund(purpose: &str) -> (String, String) {
    let testford = testford().await;
    let fund = new_fund("testford", &testford.council, &format!("{purpose} {}", key())).await;
    (fund.clone(), format!("/v1/boroughs/testford/funds/{fund}/journals"))
}

fn with(change: impl FnOnce(&mut Value)) -> Value {
    let mut body = journal(100);
    change(&mut body);
    body
}

#[tokio::test]
async fn wrong_journals_are_refused_with_a_pointer_and_write_nothing() {
    let (_, path) = empty_fund("Refusals").await;
    let client = running().as_("testford-finance");
    for (body, refused, at) in [
        (with(|j| j["postings"][1]["amount_pence"] = json!(-99)), "422 journal-unbalanced", "/postings"),
        (with(|j| j["postings"][1]["layer"] = json!("budget")), "422 journal-unbalanced", "/postings"),
        (with(|j| j["postings"] = json!([])), "422 content-invalid", "/postings"),
        (with(|j| j["postings"][0]["amount_pence"] = json!(0)), "422 content-invalid", "/postings/0/amount_pence"),
        (with(|j| j["postings"][0]["amount_pence"] = json!(1.5)), "422 content-invalid", "/postings/0/amount_pence"),
        (with(|j| j["postings"][0]["amount_pence"] = json!("100")), "422 content-invalid", "/postings/0/amount_pence"),
        (with(|j| j["postings"][0]["amount_pence"] = json!(1e300)), "422 content-invalid", "/postings/0/amount_pence"),
        (
            with(|j| {
                let line = |pence: i64| json!({"account": "9000", "layer": "actual", "amount_pence": pence});
                j["postings"] = json!([line(i64::MAX), line(i64::MAX), line(-i64::MAX), line(-i64::MAX)]);
            }),
            "422 content-invalid",
            "/postings/0/amount_pence",
        ),
        (with(|j| j["postings"][0]["scheme"] = json!("NOPE")), "422 unknown-reference", "/postings/0/scheme"),
        (with(|j| j["postings"][0]["account"] = json!("NOPE")), "422 unknown-reference", "/postings/0/account"),
        (with(|j| j["postings"][0]["scheme"] = Value::Null), "422 content-invalid", "/postings/0/scheme"),
        (with(|j| j["effective_on"] = json!("2024-09-30")), "422 wrong-year", "/effective_on"),
        (with(|j| j["effective_on"] = json!("1999-09-30")), "422 wrong-year", "/effective_on"),
        (with(|j| j["period"] = json!(5)), "422 wrong-year", "/period"),
        (with(|j| j["period"] = json!(14)), "422 content-invalid", "/period"),
        (with(|j| j["period"] = json!("6")), "422 content-invalid", "/period"),
        (with(|j| j["effective_on"] = json!("30/09/2026")), "422 content-invalid", "/effective_on"),
        (with(|j| j["colour"] = json!("blue")), "422 content-invalid", "/colour"),
        (with(|j| j["postings"][0]["colour"] = json!("blue")), "422 content-invalid", "/postings/0/colour"),
        (with(|j| j["narrative"] = json!("a\u{0}b")), "422 content-invalid", "/narrative"),
        (with(|j| j["narrative"] = json!("  ")), "422 content-invalid", "/narrative"),
        (with(|j| j["narrative"] = json!("x".repeat(501))), "422 content-invalid", "/narrative"),
        (with(|j| j["source"] = json!("")), "422 content-invalid", "/source"),
        (json!([]), "422 content-invalid", ""),
        (json!({}), "422 content-invalid", ""),
    ] {
        let answer = write(&client, &path, &body).await;
        assert_eq!((refusal(&answer).as_str(), pointer(&answer)), (refused, at), "{body} → {}", answer.body);
        let told = answer.body.to_string();
        for inner in ["select ", "insert ", "budgets.", "sqlx", "panicked", "Draft"] {
            assert!(!told.contains(inner), "{inner} in {told}");
        }
    }
    let there = client.get(&path).await.unwrap();
    assert!(there.body["data"].as_array().unwrap().is_empty(), "nothing was written");
}

#[tokio::test]
async fn bodies_that_are_no_journal_at_all() {
    let (_, path) = empty_fund("Bodies").await;
    let running = running();
    let token = running.as_("testford-finance").token().await.unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let ask = async |body: Vec<u8>, headers: &[(&str, &str)]| {
        let mut request =
            http.post(format!("{}{path}", running.url)).bearer_auth(&token).header("idempotency-key", key());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.body(body).send().await.unwrap();
        let status = answer.status().as_u16();
        let kind =
            answer.json::<Value>().await.unwrap()["type"].as_str().unwrap().trim_start_matches("/problems/").to_owned();
        format!("{status} {kind}")
    };
    let json = [("content-type", "application/json")];
    assert_eq!(ask(b"{".to_vec(), &json).await, "400 bad-request");
    assert_eq!(ask(b"{} {}".to_vec(), &json).await, "422 content-invalid");
    assert_eq!(ask(b"\xff\xfe".to_vec(), &json).await, "400 bad-request");
    assert_eq!(ask(b"{\"narrative\":\"a\0b\"}".to_vec(), &json).await, "400 bad-request");
    assert_eq!(ask(vec![b'['; 10_000], &json).await, "422 content-invalid");
    assert_eq!(ask(vec![b' '; 2 * 1024 * 1024 + 1], &json).await, "413 too-large");
    assert_eq!(ask(b"{}".to_vec(), &[]).await, "415 media-type");
    assert_eq!(ask(b"{}".to_vec(), &[("content-type", "text/plain")]).await, "415 media-type");
    assert_eq!(
        ask(b"{}".to_vec(), &[("content-type", "application/json"), ("content-encoding", "gzip")]).await,
        "415 media-type"
    );
    let deep = format!("{{\"postings\":{}{}}}", "[".repeat(5_000), "]".repeat(5_000));
    assert_eq!(ask(deep.into_bytes(), &json).await, "422 content-invalid");
    let many: String = (0..100_000).map(|n| format!("\"k{n}\":1,")).collect();
    assert_eq!(ask(format!("{{{}}}", many.trim_end_matches(',')).into_bytes(), &json).await, "422 content-invalid");
}

#[tokio::test]
async fn rule_30_a_closed_period_takes_nothing_and_a_second_person_reopens_it() {
    let (fund, path) = empty_fund("Closing").await;
    let running = running();
    let (finance, manager) = (running.as_("testford-finance"), running.as_("testford-pool-manager"));
    let period = format!("/v1/boroughs/testford/funds/{fund}/years/2026-27/periods/6");
    finance.transition(&period, &key(), "soft_closed", "A test").await.unwrap();
    let refused = write(&finance, &path, &journal(100)).await;
    assert_eq!((refusal(&refused).as_str(), pointer(&refused)), ("409 period-closed", "/period"));
    let late = with(|j| j["period"] = json!(7));
    let posted = write(&finance, &path, &late).await;
    assert_eq!((posted.status.as_u16(), &posted.body["effective_on"]), (201, &json!("2026-09-30")));
    manager.transition(&period, &key(), "closed", "A test").await.unwrap();
    let tag = manager.get(&period).await.unwrap().headers["etag"].to_str().unwrap().to_owned();
    let headers = [("idempotency-key", &*key()), ("if-match", &*tag)].map(|(n, v)| (n, v.to_owned()));
    let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let again = send(
        &manager,
        Method::POST,
        &format!("{period}/transitions"),
        &headers,
        Some(&json!({"to": "reopened", "reason": "Mine"})),
    )
    .await;
    assert_eq!(refusal(&again), "409 transition-refused", "who closed it may not reopen it");
    assert_eq!(again.body["allowed"], json!([]));
}

#[tokio::test]
async fn wrong_funds_receipts_and_organisations() {
    let testford = testford().await;
    let running = running();
    let (finance, admin) = (running.as_("testford-finance"), running.as_("testford-admin"));
    let fund = |change: Value| {
        let mut body = json!({"name": format!("F {}", key()), "kind": "pooled", "legal_basis": "s75_reg7", "host": testford.council, "source": "A test"});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        body
    };
    let nobody = "01890a5d-ac96-774b-bcce-b302099a8057";
    for (body, refused, at) in [
        (fund(json!({"legal_basis": "none"})), "422 content-invalid", "/legal_basis"),
        (fund(json!({"kind": "in_view"})), "422 content-invalid", "/legal_basis"),
        (fund(json!({"host": nobody})), "409 reference-pending", "/host"),
        (fund(json!({"indicative_pence": -1})), "422 content-invalid", "/indicative_pence"),
        (fund(json!({"name": ""})), "422 content-invalid", "/name"),
        (fund(json!({"name": "testford FUND"})), "409 conflict", "/name"),
    ] {
        let answer = write(&finance, "/v1/boroughs/testford/funds", &body).await;
        assert_eq!((refusal(&answer).as_str(), pointer(&answer)), (refused, at), "{body}");
    }
    let receipts = format!("/v1/boroughs/testford/funds/{}/years/2026-27/receipts", testford.fund);
    let receipt = |day: &str, payer: &str| json!({"paid_on": day, "amount_pence": 1, "payer": payer, "payee_as_published": "X", "source": "A test"});
    for (body, refused, at) in [
        (receipt("2026-03-31", &testford.council), "422 wrong-year", "/paid_on"),
        (receipt("2026-04-01", nobody), "409 reference-pending", "/payer"),
    ] {
        let answer = write(&finance, &receipts, &body).await;
        assert_eq!((refusal(&answer).as_str(), pointer(&answer)), (refused, at), "{body}");
    }
    let body = |change: Value| {
        let mut body =
            json!({"kind": "icb", "name": "A board", "ods": "QXX", "valid_from": "2022-07-01", "source": "A test"});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        body
    };
    for (body, at) in [
        (body(json!({"ods": "qxx"})), "/ods"),
        (body(json!({"ods": null})), "/ods"),
        (body(json!({"valid_from": "2022-06-30"})), "/valid_from"),
        (body(json!({"kind": "ccg", "valid_from": "2013-04-01"})), "/valid_to"),
        (body(json!({"valid_to": "2020-01-01"})), "/valid_to"),
        (body(json!({"predecessors": [nobody]})), "/predecessors/0"),
        (body(json!({"predecessors": [testford.council]})), "/predecessors/0"),
    ] {
        let answer = write(&admin, "/v1/boroughs/testford/organisations", &body).await;
        assert_eq!((answer.status.as_u16(), pointer(&answer)), (422, at), "{body}: {}", answer.body);
    }
}

#[tokio::test]
async fn rule_13_a_body_that_ended_pays_nothing() {
    let testford = testford().await;
    let running = running();
    let (finance, admin) = (running.as_("testford-finance"), running.as_("testford-admin"));
    let ccg = json!({"kind": "ccg", "name": "NHS Testford CCG", "ods": "99X", "valid_from": "2013-04-01", "valid_to": "2022-06-30", "source": "A test"});
    let ccg = write(&admin, "/v1/boroughs/testford/organisations", &ccg).await;
    let receipts = format!("/v1/boroughs/testford/funds/{}/years/2026-27/receipts", testford.fund);
    let receipt = json!({"paid_on": "2026-09-07", "amount_pence": 1, "payer": ccg.body["id"], "payee_as_published": "X", "source": "A test"});
    let mut refused = write(&finance, &receipts, &receipt).await;
    for _ in 0..100 {
        if refusal(&refused) != "409 reference-pending" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        refused = write(&finance, &receipts, &receipt).await;
    }
    assert_eq!((refusal(&refused).as_str(), pointer(&refused)), ("422 party-ended", "/payer"));
}

#[tokio::test]
async fn reversals_are_linked_once_and_not_reversed_themselves() {
    let (fund, path) = empty_fund("Reversals").await;
    let client = running().as_("testford-finance");
    let first = write(&client, &path, &journal(12_345)).await;
    let id = first.body["id"].as_str().unwrap();
    let reversal = json!({"effective_on": "2026-10-01", "period": 7, "narrative": "Wrong scheme"});
    let back = write(&client, &format!("{path}/{id}/reversals"), &reversal).await;
    assert_eq!((back.status.as_u16(), back.body["reverses"].as_str()), (201, Some(id)));
    assert_eq!(back.body["postings"][0]["amount_pence"], -12_345);
    assert_eq!(client.get(&format!("{path}/{id}")).await.unwrap().body["reversed_by"], back.body["id"]);
    assert_eq!(refusal(&write(&client, &format!("{path}/{id}/reversals"), &reversal).await), "409 already-reversed");
    let early = write(&client, &path, &journal(5)).await;
    let before = json!({"effective_on": "2026-09-29", "period": 6, "narrative": "Before what it reverses"});
    let refused = write(&client, &format!("{path}/{}/reversals", early.body["id"].as_str().unwrap()), &before).await;
    assert_eq!((refusal(&refused).as_str(), pointer(&refused)), ("422 wrong-year", "/effective_on"));
    let of_reversal = format!("{path}/{}/reversals", back.body["id"].as_str().unwrap());
    assert_eq!(refusal(&write(&client, &of_reversal, &reversal).await), "409 already-reversed");
    let position = client.get(&format!("/v1/boroughs/testford/funds/{fund}/years/2026-27/position")).await.unwrap();
    assert_eq!(position.body["total"]["actual_pence"], 5);
}
