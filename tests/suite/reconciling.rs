//! The reconciliation and a month's file, by the API.

use serde_json::{Value, json};

use crate::{
    contribution_recipes::{Fund, cash, refused},
    running::{pointer, refusal},
};

fn receipt(fund: &Fund, on: &str, pence: i64, document: Option<&str>) -> Value {
    json!({"paid_on": on, "amount_pence": pence, "payer": fund.council, "document_number": document,
        "payee_as_published": "NHS CCG", "source": "A test"})
}

/// The findings, and the total's three sums.
async fn reconciled(fund: &Fund) -> (Vec<String>, [i64; 3], Value) {
    let body = fund.get("reconciliation").await;
    let lines = body["data"].as_array().unwrap();
    let findings = lines.iter().map(|line| line["finding"].as_str().unwrap().to_owned()).collect();
    let total =
        ["expected_pence", "received_pence", "difference_pence"].map(|sum| body["total"][sum].as_i64().unwrap());
    for (at, sum) in ["expected_pence", "received_pence", "difference_pence"].iter().enumerate() {
        for of in ["data", "findings"] {
            let added: i64 = body[of].as_array().unwrap().iter().map(|line| line[*sum].as_i64().unwrap()).sum();
            assert_eq!(added, total[at], "{sum} of {of}");
        }
    }
    assert_eq!(total[0] - total[1], -total[2]);
    (findings, total, body)
}

#[tokio::test]
async fn a_persons_match_settles_what_could_not_be_found_out() {
    let fund = Fund::new("Matched").await;
    let two = json!({"kind": "dates", "dates": ["2026-04-05", "2026-05-05"]});
    let mut body = cash(&fund.council, 2_000_000);
    body["profile"] = two;
    fund.made("contributions", &body).await;
    fund.made("receipts", &receipt(&fund, "2026-04-07", 1_000_000, Some("A"))).await;
    let over = fund.made("receipts", &receipt(&fund, "2026-05-06", 1_345_678, None)).await;
    let (findings, total, told) = reconciled(&fund).await;
    assert_eq!((findings, total), (vec!["agreed".to_owned(), "over".to_owned()], [2_000_000, 2_345_678, 345_678]));
    assert_eq!(told["data"][1]["flags"], json!(["no_document_number", "paid_late"]));
    let states = |body: Value| {
        let all = body["data"].as_array().unwrap().clone();
        all.iter().map(|one| (one["state"].clone(), one["paid_pence"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(
        states(fund.get("instalments").await),
        [(json!("paid"), json!(1_000_000)), (json!("overdue"), json!(0))]
    );

    let may = told["data"][1]["instalments"][0]["id"].clone();
    let word = |receipt: &Value, instalment: &Value, pence: i64| json!({"receipt": receipt, "instalment": instalment, "amount_pence": pence, "reason": "By letter"});
    let nobody = json!("01890a5d-ac96-774b-bcce-b302099a8057");
    let over = json!(over);
    for (body, wanted, at) in [
        (word(&nobody, &may, 5), "422 unknown-reference", "/receipt"),
        (word(&over, &nobody, 5), "422 unknown-reference", "/instalment"),
        (word(&over, &may, 1_345_679), "422 content-invalid", "/amount_pence"),
        (word(&over, &may, -5), "422 content-invalid", "/amount_pence"),
        (word(&over, &may, 0), "422 content-invalid", "/amount_pence"),
    ] {
        let answer = fund.post("reconciliation/matches", &body).await;
        assert_eq!((refusal(&answer).as_str(), pointer(&answer)), (wanted, at), "{body}: {}", answer.body);
    }
    // A wrong match is taken back once, and the payment is free again.
    let wrong = fund.made("reconciliation/matches", &word(&over, &may, 999_999)).await;
    let back = format!("reconciliation/matches/{wrong}/withdrawals");
    let withdrawn = fund.post(&back, &json!({"reason": "Not all of it"})).await;
    assert_eq!((withdrawn.status.as_u16(), &withdrawn.body["withdrawn_reason"]), (200, &json!("Not all of it")));
    assert_eq!(refusal(&fund.post(&back, &json!({"reason": "Again"})).await), "409 conflict");
    let nowhere = format!("reconciliation/matches/{}/withdrawals", nobody.as_str().unwrap());
    assert_eq!(fund.post(&nowhere, &json!({"reason": "Not there"})).await.status, 404);
    assert_eq!(reconciled(&fund).await.0, ["agreed", "over"]);
    fund.made("reconciliation/matches", &word(&over, &may, 1_000_000)).await;
    let again = fund.post("reconciliation/matches", &word(&over, &may, 5)).await;
    assert_eq!((refusal(&again).as_str(), pointer(&again)), ("422 content-invalid", "/amount_pence"), "no more is due");
    let (findings, total, told) = reconciled(&fund).await;
    assert_eq!((findings, total[2]), (vec!["agreed".to_owned(), "confirmed".to_owned()], 345_678), "still in sight");
    assert!(told["data"][1]["suggestion"].as_str().unwrap().contains("£3,456.78"));
    assert_eq!(states(fund.get("instalments").await)[1], (json!("paid"), json!(1_000_000)));
    let listed = fund.get("reconciliation/matches").await;
    let standing: Vec<bool> =
        listed["data"].as_array().unwrap().iter().map(|one| one["withdrawn_at"].is_null()).collect();
    assert_eq!((standing, &listed["data"][1]["receipt"]), (vec![false, true], &over));
}

#[tokio::test]
async fn of_matches_at_once_no_more_is_matched_than_was_paid() {
    let fund = Fund::new("Matched at once").await;
    fund.made("contributions", &cash(&fund.council, 1_200)).await;
    let paid = fund.made("receipts", &receipt(&fund, "2026-05-06", 250, Some("A"))).await;
    let all = fund.get("instalments").await["data"].as_array().unwrap().clone();
    let tried = all.iter().map(|one| {
        let body = json!({"receipt": paid, "instalment": one["id"], "amount_pence": 100, "reason": "A test"});
        let fund = &fund;
        async move { fund.post("reconciliation/matches", &body).await.status.as_u16() }
    });
    let answers = futures_util::future::join_all(tried).await;
    assert_eq!(answers.iter().filter(|status| **status == 201).count(), 2, "{answers:?}");
}

#[tokio::test]
async fn rule_59_a_months_file_is_taken_whole_or_not_at_all() {
    let fund = Fund::new("File").await;
    let file = |month: &str, csv: &str| json!({"month": month, "payer": fund.council, "source": "Published spending", "csv": csv});
    let head = "\u{feff}Payment Date,Document No,Net Amount (£),Supplier\r\n";
    let rows = "07/09/2026,A1,\"£1,000.00\",NHS\r\n07/09/2026,A1,\"£1,000.00\",NHS\r\n30/09/2026,,(12.50),NHS\r\n";
    let wrong = fund.post("receipts/imports", &file("2026-09", &format!("{head}{rows}01/10/2026,A2,5,NHS\r\n"))).await;
    assert_eq!(refused(&wrong), ("422 rule-broken".to_owned(), "/csv".to_owned(), json!(59)));
    assert_eq!(wrong.body["line"], 5);
    let shape = fund.post("receipts/imports", &file("2026-09", "a,b\n1,2\n")).await;
    assert_eq!((refused(&shape).2, &shape.body["line"]), (json!(59), &json!(1)));
    assert!(fund.get("receipts").await["data"].as_array().unwrap().is_empty(), "nothing of it was recorded");
    for (month, at) in [("2027-04", "/month"), ("2026-13", "/month"), ("2026-9", "/month"), ("+026-09", "/month")] {
        let answer = fund.post("receipts/imports", &file(month, head)).await;
        assert_eq!((answer.status.as_u16(), pointer(&answer)), (422, at), "{month}: {}", answer.body);
    }
    let taken = fund.post("receipts/imports", &file("2026-09", &format!("{head}{rows}"))).await;
    assert_eq!((&taken.body["recorded"], &taken.body["duplicates"]), (&json!(3), &json!(0)), "{}", taken.body);
    let more = fund.post("receipts/imports", &file("2026-09", &format!("{head}{rows}29/09/2026,A3,7,NHS\r\n"))).await;
    assert_eq!((&more.body["recorded"], &more.body["duplicates"]), (&json!(1), &json!(3)), "{}", more.body);
    let outcomes: Vec<_> = more.body["lines"].as_array().unwrap().iter().map(|l| l["outcome"].clone()).collect();
    assert_eq!(outcomes, ["duplicate", "duplicate", "duplicate", "recorded"]);
    let receipts = fund.get("receipts").await;
    let sum: i64 = receipts["data"].as_array().unwrap().iter().map(|r| r["amount_pence"].as_i64().unwrap()).sum();
    assert_eq!(sum, 200_000 - 1_250 + 700);
}
