//! Services that are gone, slow or break off; and when the gateway is ready.

use std::{
    sync::Arc,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use reqwest::Method;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::{
    house::{House, assert_problem},
    personas::wigan,
};

#[tokio::test]
async fn a_service_that_is_gone_is_503() {
    let house = House::unready(|settings| settings.budgets_url = "http://127.0.0.1:1".into()).await;
    let ready = house.get("/health/ready", None).await;
    let missing = assert_problem(ready, 503, "unavailable").await;
    assert!(missing["missing"].as_array().unwrap().contains(&"budgets".into()));
    tokio::time::sleep(Duration::from_millis(1200)).await;
    let missing = assert_problem(house.get("/health/ready", None).await, 503, "unavailable").await;
    assert_eq!(missing["missing"], serde_json::json!(["budgets"]));
    assert_eq!(house.get("/health/live", None).await.status(), 200);
    let answer = house.get("/v1/boroughs/wigan/funds/1", Some(&wigan())).await;
    assert_eq!(answer.headers()["retry-after"], "1");
    assert_problem(answer, 503, "unavailable").await;
    assert_eq!(house.get("/v1/boroughs/wigan", Some(&wigan())).await.status(), 200, "the others go on");
}

#[tokio::test]
async fn a_service_that_is_not_ready_is_named() {
    let house = House::open().await;
    house.backstage.ready.store(false, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let body = assert_problem(house.get("/health/ready", None).await, 503, "unavailable").await;
    assert_eq!(body["missing"], serde_json::json!(["tenants", "budgets", "governance"]));
}

#[tokio::test]
async fn nobody_is_let_in_before_keys_and_epochs_are_known() {
    let house = House::unready(|settings| settings.tenants_url = "http://127.0.0.1:1".into()).await;
    let body = assert_problem(house.get("/health/ready", None).await, 503, "unavailable").await;
    assert_eq!(body["missing"], serde_json::json!(["keys", "epochs", "tenants"]));
    let answer = house.get("/v1/boroughs/wigan/funds/1", Some(&wigan())).await;
    assert_problem(answer, 503, "unavailable").await;
    assert!(house.backstage.received().is_empty());
}

#[tokio::test]
async fn a_service_that_is_slow_is_504() {
    let house = House::with(|settings| settings.forward_deadline = Duration::from_millis(300)).await;
    assert_problem(house.get("/v1/boroughs/wigan?sleep=5000", Some(&wigan())).await, 504, "deadline").await;
}

/// A service that takes requests and hangs up on the first `times` of them.
async fn hangs_up(times: usize) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let taken = Arc::new(AtomicUsize::new(0));
    let count = taken.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 8192];
            let read = stream.read(&mut head).await.unwrap_or(0);
            if read == 0 || head.starts_with(b"GET /health") {
                continue;
            }
            if count.fetch_add(1, Ordering::SeqCst) >= times {
                let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
                stream.write_all(answer).await.ok();
            }
        }
    });
    (format!("http://{address}"), taken)
}

#[tokio::test]
async fn a_read_is_sent_a_second_time_a_write_never() {
    let path = "/v1/boroughs/wigan/funds/1/journals";
    let house = async |url: String| {
        let house = House::unready(|settings| settings.budgets_url = url).await;
        for _ in 0..100 {
            if house.get("/v1/boroughs/wigan", Some(&wigan())).await.status() == 200 {
                return house;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("nobody was let in");
    };
    let (url, taken) = hangs_up(1).await;
    assert_eq!(house(url).await.get(path, Some(&wigan())).await.status(), 200);
    assert_eq!(taken.load(Ordering::SeqCst), 2);

    let (url, taken) = hangs_up(usize::MAX).await;
    let there = house(url).await;
    assert_problem(there.get(path, Some(&wigan())).await, 502, "bad-gateway").await;
    assert_eq!(taken.swap(0, Ordering::SeqCst), 2);
    let write = there.request(Method::POST, path, Some(&wigan())).body("{}").send().await.unwrap();
    assert_problem(write, 502, "bad-gateway").await;
    assert_eq!(taken.load(Ordering::SeqCst), 1);
}
