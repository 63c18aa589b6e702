//! Limits, as one gateway keeps them.

use gateway::{Rate, Settings};

use crate::{
    house::{House, assert_problem},
    personas::{self, analyst, salford, wigan},
};

/// So slow that nothing comes back during a test.
pub(crate) fn strict(settings: &mut Settings) {
    settings.rates.client = Rate::new(1, 20);
    settings.rates.borough = Rate::new(1, 30);
    settings.rates.address = Rate::new(1, 20);
}

/// How many of `times` requests were let through; the rest were 429.
pub(crate) async fn let_through(house: &House, caller: &auth::Caller, times: usize) -> usize {
    let mut passed = 0;
    for _ in 0..times {
        match house.get("/v1/boroughs", Some(caller)).await.status().as_u16() {
            200 => passed += 1,
            429 => {}
            other => panic!("{other}"),
        }
    }
    passed
}

#[tokio::test]
async fn a_client_and_a_borough_have_their_allowances() {
    let house = House::with(strict).await;
    let passed = let_through(&house, &wigan(), 60).await;
    assert!((20..=26).contains(&passed), "{passed}");
    let over = house.get("/v1/boroughs", Some(&wigan())).await;
    assert_eq!(over.headers()["retry-after"], "1");
    assert!(over.headers()["ratelimit"].to_str().unwrap().starts_with("\"client\";r=0;t="));
    assert_problem(over, 429, "rate-limited").await;
    // Another client of the same borough finds what the first left of the borough's.
    let passed = let_through(&house, &personas::borough("wigan-2", "wigan", "E08000010", 1), 60).await;
    assert!((4..=16).contains(&passed), "{passed}");
    // Others notice nothing.
    assert_eq!(let_through(&house, &salford(), 20).await, 20);
    assert_eq!(let_through(&house, &analyst(), 20).await, 20);
}

#[tokio::test]
async fn every_answer_to_a_known_caller_says_what_is_left() {
    let house = House::open().await;
    let answer = house.get("/v1/boroughs/wigan", Some(&wigan())).await;
    assert_eq!(
        answer.headers()["ratelimit-policy"],
        "\"client\";q=200;w=1;burst=1000, \"borough\";q=1000;w=1;burst=2000"
    );
    assert_eq!(answer.headers()["ratelimit"], "\"client\";r=999;t=1, \"borough\";r=1999;t=1");
    let refused = house.get("/v1/boroughs/salford", Some(&wigan())).await;
    assert_eq!(refused.status(), 404);
    assert!(refused.headers().contains_key("ratelimit"));
    let regional = house.get("/v1/regions/greater-manchester/positions", Some(&analyst())).await;
    assert_eq!(regional.headers()["ratelimit-policy"], "\"client\";q=200;w=1;burst=1000");
    assert!(!house.get("/v1/boroughs", None).await.headers().contains_key("ratelimit"));
}

#[tokio::test]
async fn who_shows_no_token_is_limited_by_address() {
    let house = House::with(strict).await;
    let mut statuses = Vec::new();
    for _ in 0..40 {
        statuses.push(house.get("/v1/boroughs", None).await.status().as_u16());
    }
    assert!(statuses.starts_with(&[401; 20]) && statuses.contains(&429), "{statuses:?}");
    assert_eq!(house.get("/v1/public/boroughs/wigan/decisions", None).await.status(), 429);
    assert_eq!(house.get("/v1/boroughs", Some(&wigan())).await.status(), 200, "a known caller is not held to it");
    assert_eq!(house.get("/health/live", None).await.status(), 200);
}
