//! The integrated care board, which is the NHS partner in all ten boroughs since July 2022.

use reqwest::Method;

use crate::running::{running, send};

#[tokio::test]
async fn the_board_sees_its_own_record_in_each_borough_with_whom_it_followed() {
    let board = running().as_("icb-finance");
    let body = board.get("/v1/partners/QOP/organisations").await.unwrap().body;
    let records = body["data"].as_array().unwrap();
    assert_eq!(records.len(), 10);
    for record in records {
        assert_eq!((&record["ods"], &record["kind"]), (&"QOP".into(), &"icb".into()));
        assert_eq!(record["valid_from"], "2022-07-01");
        let predecessors = record["predecessors"].as_array().unwrap();
        assert_eq!(predecessors.len(), 1);
        assert_eq!(predecessors[0]["followed_on"], "2022-07-01");
    }
    let salford = records.iter().find(|r| r["borough"]["slug"] == "salford").unwrap();
    assert_eq!(salford["predecessors"][0]["ods"], "01G");
    // Its own code only: not a predecessor's, and no borough's list.
    assert_eq!(send(&board, Method::GET, "/v1/partners/01G/organisations", &[], None).await.status, 404);
    assert_eq!(send(&board, Method::GET, "/v1/boroughs/salford/organisations", &[], None).await.status, 404);
}

#[tokio::test]
async fn rule_14_the_board_follows_each_group_on_the_next_day() {
    for borough in ["manchester", "tameside"] {
        let body = running()
            .as_(&format!("{borough}-auditor"))
            .get(&format!("/v1/boroughs/{borough}/organisations"))
            .await
            .unwrap()
            .body;
        let of = |kind: &str| body["data"].as_array().unwrap().iter().find(|o| o["kind"] == kind).unwrap().clone();
        let (group, board) = (of("ccg"), of("icb"));
        assert_eq!(group["valid_to"], "2022-06-30");
        assert_eq!(group["successors"][0]["id"], board["id"]);
        assert_eq!(board["predecessors"][0]["id"], group["id"]);
    }
}
