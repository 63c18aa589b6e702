//! What the region sees: totals of who has reported, the rest by name, and nothing made up.

use serde_json::{Value, json};

use crate::running::{journal, key, new_fund, running, testford, write};

async fn region(analyst: &str, region: &str, query: &str) -> Value {
    running().as_(analyst).get(&format!("/v1/regions/{region}/positions{query}")).await.unwrap().body
}

#[tokio::test]
async fn rule_56_the_region_counts_who_has_reported_and_names_who_has_not() {
    let body = region("gm-analyst", "greater-manchester", "?year=2019-20").await;
    assert_eq!((&body["coverage"]["reported"], &body["coverage"]["expected"]), (&json!(2), &json!(10)));
    let missing: Vec<&str> =
        body["coverage"]["missing"].as_array().unwrap().iter().map(|b| b["slug"].as_str().unwrap()).collect();
    assert_eq!(missing, ["bolton", "bury", "manchester", "rochdale", "stockport", "tameside", "trafford", "wigan"]);
    let rows = body["data"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!((&rows[0]["borough"]["slug"], &rows[0]["variance_bp"]), (&json!("oldham"), &json!(382)));
    assert_eq!((&rows[1]["borough"]["slug"], &rows[1]["completeness"]), (&json!("salford"), &json!("partial")));
    assert!(rows[1]["actual_pence"].is_null());
    assert_eq!(body["total"]["budget_pence"], 15_794_100_000_i64, "a partial year is left out of the total");
    assert_eq!(body["total"]["actual_pence"], 16_397_000_000_i64);
    assert_eq!(body["status"], "provisional");
    let now = region("gm-analyst", "greater-manchester", "").await;
    assert_eq!(now["coverage"]["reported"], 0, "nothing is imputed for a year nobody has reported");
    assert_eq!(now["coverage"]["missing"].as_array().unwrap().len(), 10);
}

#[tokio::test]
async fn the_region_sees_a_period_once_it_is_soft_closed_and_not_before() {
    let testford = testford().await;
    let finance = running().as_("testford-finance");
    let council = &testford.council;
    // A year of its own, so that other tests' periods are not in the way.
    let fund = new_fund("testford", council, &format!("Regional {}", key())).await;
    let path = format!("/v1/boroughs/testford/funds/{fund}");
    assert_eq!(write(&finance, &format!("{path}/years"), &json!({"year": "2027-28"})).await.status, 201);
    for (layer, pence) in [("budget", 500_000), ("actual", 123_456)] {
        let mut body = journal(pence);
        body["effective_on"] = "2027-04-30".into();
        body["period"] = 1.into();
        for line in body["postings"].as_array_mut().unwrap() {
            line["layer"] = layer.into();
        }
        assert_eq!(write(&finance, &format!("{path}/journals"), &body).await.status, 201);
    }
    let unseen = region("ts-analyst", "testshire", "?year=2027-28").await;
    assert!(unseen["data"].as_array().unwrap().is_empty(), "an open period is the borough's own: {unseen}");
    finance.transition(&format!("{path}/years/2027-28/periods/1"), &key(), "soft_closed", "A test").await.unwrap();
    let seen = region("ts-analyst", "testshire", "?year=2027-28").await;
    assert_eq!(seen["data"][0]["actual_pence"], 123_456);
    assert_eq!(seen["data"][0]["status"], "provisional");
    let by_category = region("ts-analyst", "testshire", "?year=2027-28&group_by=category,source").await;
    assert_eq!(
        (&by_category["data"][0]["category"], &by_category["data"][0]["source"]),
        (&json!("community_health"), &json!("nhs"))
    );
    running()
        .as_("testford-pool-manager")
        .transition(&format!("{path}/years/2027-28/periods/1"), &key(), "closed", "A test")
        .await
        .unwrap();
    let up_to_april = region("ts-analyst", "testshire", "?year=2027-28&period=1").await;
    assert_eq!(up_to_april["data"][0]["status"], "final");
    let year = region("ts-analyst", "testshire", "?year=2027-28").await;
    assert_eq!(year["data"][0]["status"], "provisional", "one closed period does not make a year final");
    let told = seen.to_string();
    for hidden in ["narrative", "journal", &fund, "5100", "ICES"] {
        assert!(!told.contains(hidden), "the region sees {hidden}");
    }
}

#[tokio::test]
async fn rule_22_aligned_money_without_a_basis_and_illustrations_stay_out_of_totals() {
    let testford = testford().await;
    let finance = running().as_("testford-finance");
    for (kind, basis, illustrative) in
        [("aligned", "none", false), ("in_view", "none", false), ("pooled", "s75_reg7", true)]
    {
        let fund = json!({"name": format!("{kind} {}", key()), "kind": kind, "legal_basis": basis, "host": testford.council,
            "source": "A test", "illustrative": illustrative});
        let fund = write(&finance, "/v1/boroughs/testford/funds", &fund).await.body["id"].as_str().unwrap().to_owned();
        let path = format!("/v1/boroughs/testford/funds/{fund}");
        write(&finance, &format!("{path}/years"), &json!({"year": "2028-29"})).await;
        write(
            &finance,
            &format!("{path}/schemes"),
            &json!({"code": "ICES", "name": "x", "category": "other", "source": "nhs"}),
        )
        .await;
        write(&finance, &format!("{path}/accounts"), &json!({"code": "5100", "name": "x", "kind": "expenditure"}))
            .await;
        write(&finance, &format!("{path}/accounts"), &json!({"code": "9000", "name": "x", "kind": "balance"})).await;
        let mut body = journal(1_000);
        body["effective_on"] = "2028-04-30".into();
        body["period"] = 1.into();
        assert_eq!(write(&finance, &format!("{path}/journals"), &body).await.status, 201);
        finance.transition(&format!("{path}/years/2028-29/periods/1"), &key(), "soft_closed", "A test").await.unwrap();
    }
    let body = region("ts-analyst", "testshire", "?year=2028-29").await;
    assert!(body["data"].as_array().unwrap().is_empty(), "{body}");
    assert_eq!(body["total"]["actual_pence"], 0);
    assert_eq!(body["coverage"]["reported"], 0);
    let by_kind = region("ts-analyst", "testshire", "?year=2028-29&group_by=kind").await;
    let kinds: Vec<&str> =
        by_kind["data"].as_array().unwrap().iter().map(|row| row["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["aligned", "in_view"], "asked for by kind they are shown, and not totalled");
    assert_eq!(by_kind["total"]["actual_pence"], 0);
}
