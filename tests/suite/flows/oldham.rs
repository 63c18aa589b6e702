//! Oldham 2019/20: a budget of £157.941m, an outturn of £163.970m.

use crate::running::running;

#[tokio::test]
async fn oldham_overspent_by_3_82_per_cent_and_the_position_says_so() {
    let auditor = running().as_("oldham-auditor");
    let funds = auditor.get("/v1/boroughs/oldham/funds").await.unwrap().body;
    let fund = funds["data"][0]["id"].as_str().unwrap();
    let position = auditor.get(&format!("/v1/boroughs/oldham/funds/{fund}/years/2019-20/position")).await.unwrap().body;
    let total = &position["total"];
    assert_eq!(total["budget_pence"], 15_794_100_000_i64);
    assert_eq!(total["actual_pence"], 16_397_000_000_i64);
    assert_eq!(total["variance_pence"], 602_900_000);
    assert_eq!(total["variance_bp"], 382);
    assert_eq!(position["status"], "provisional", "periods 1 to 12 are soft-closed");
    let journals = auditor.get(&format!("/v1/boroughs/oldham/funds/{fund}/journals")).await.unwrap().body;
    let of_2019 = |journal: &&serde_json::Value| journal["effective_on"] == "2020-03-31";
    let journals = journals["data"].as_array().unwrap().iter().filter(of_2019);
    assert_eq!(journals.clone().count(), 2);
    for journal in journals {
        assert_eq!(journal["period"], 12, "the source gives the year only");
        assert!(journal["source"].as_str().unwrap().contains("MId=7902"));
    }
    let path = format!("/v1/boroughs/oldham/funds/{fund}/years/2019-20/periods");
    let periods = auditor.get(&path).await.unwrap().body;
    let states: Vec<&str> = periods["data"].as_array().unwrap().iter().map(|p| p["state"].as_str().unwrap()).collect();
    assert_eq!(states, [vec!["soft_closed"; 12], vec!["open"]].concat());
    let history = auditor.get(&format!("{path}/12/transitions")).await.unwrap().body;
    assert_eq!((&history["data"][0]["from"], &history["data"][0]["to"]), (&"open".into(), &"soft_closed".into()));
}
