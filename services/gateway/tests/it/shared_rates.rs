//! Limits, as gateways keep them together; and refusal 21: Redis going away under load.

use std::time::{Duration, Instant};

use gateway::Settings;

use crate::{
    house::House,
    personas::{salford, wigan},
    rates::{let_through, strict},
    redis_server::RedisServer,
};

async fn linked(redis: &RedisServer, change: impl FnOnce(&mut Settings)) -> House {
    let house = House::with(|settings| {
        settings.redis_url = Some(redis.url());
        change(settings);
    })
    .await;
    // The link is made beside the start.
    tokio::time::sleep(Duration::from_millis(300)).await;
    house
}

/// A busy machine is not what is tried here.
fn patient(settings: &mut Settings) {
    strict(settings);
    settings.redis_answers_within = Duration::from_secs(2);
}

#[tokio::test]
async fn two_gateways_keep_one_count() {
    let Some(redis) = RedisServer::start().await else { return };
    let (one, two) = (linked(&redis, patient).await, linked(&redis, patient).await);
    let passed = let_through(&one, &wigan(), 15).await + let_through(&two, &wigan(), 30).await;
    assert!((20..=26).contains(&passed), "{passed}");
    assert_eq!(let_through(&two, &salford(), 5).await, 5);
    let keys = redis.keys().await;
    let wigan = "tenfold:{00000000-0000-0000-0000-000000000001}:rate:";
    assert!(
        keys.contains(&format!("{wigan}borough")) && keys.contains(&format!("{wigan}client:wigan-system")),
        "{keys:?}"
    );
}

#[tokio::test]
async fn redis_killed_under_load_fails_no_request() {
    let Some(mut redis) = RedisServer::start().await else { return };
    let house = linked(&redis, |_| {}).await;
    let deadline = Instant::now() + Duration::from_millis(900);
    let load = async {
        let mut statuses = Vec::new();
        while Instant::now() < deadline {
            statuses.push(house.get("/v1/boroughs", Some(&wigan())).await.status().as_u16());
        }
        statuses
    };
    let killing = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        redis.kill();
    };
    let (statuses, ()) = tokio::join!(load, killing);
    assert!(statuses.iter().all(|status| *status == 200 || *status == 429), "{statuses:?}");
    assert!(statuses.contains(&200));
}

#[tokio::test]
async fn without_redis_limits_still_hold_and_it_is_found_again() {
    let Some(mut redis) = RedisServer::start().await else { return };
    let house = linked(&redis, strict).await;
    assert_eq!(let_through(&house, &wigan(), 5).await, 5);
    redis.kill();
    let passed = let_through(&house, &wigan(), 60).await;
    assert!((15..=24).contains(&passed), "the local count went on: {passed}");
    redis.run().await;
    let back = Instant::now();
    loop {
        house.get("/v1/boroughs", Some(&salford())).await;
        if redis.keys().await.iter().any(|key| key.ends_with("salford-system")) {
            break;
        }
        assert!(back.elapsed() < Duration::from_secs(5), "Redis was not found again");
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

#[tokio::test]
async fn redis_that_does_not_answer_is_done_without() {
    let Some(redis) = RedisServer::start().await else { return };
    let house = linked(&redis, strict).await;
    redis.freeze(true);
    assert_eq!(let_through(&house, &wigan(), 10).await, 10);
    redis.freeze(false);
}
