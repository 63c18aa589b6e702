//! Bodies: as long as they may be, and no longer; refusal 16.

use std::time::Duration;

use reqwest::Method;
use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::{
    house::{House, assert_problem, rest_of, status_of},
    personas::wigan,
};

const JOURNALS: &str = "/v1/boroughs/wigan/funds/1/journals";
const BULK: &str = "/v1/boroughs/wigan/funds/1/journals/bulk";
const FILE: &str = "/v1/boroughs/wigan/funds/1/imports/1/file";
const MB: usize = 1024 * 1024;

#[tokio::test]
async fn a_body_passes_whole_up_to_its_limit() {
    let house = House::open().await;
    for (path, length) in [(JOURNALS, 0), (JOURNALS, 1), (JOURNALS, 2 * MB), (BULK, 8 * MB)] {
        let request = house.request(Method::POST, path, Some(&wigan())).body(vec![b' '; length]);
        assert_eq!(request.send().await.unwrap().status(), 200);
        assert_eq!(house.backstage.last().body, Some(length));
    }
    assert!(house.request(Method::POST, JOURNALS, Some(&wigan())).send().await.unwrap().status().is_success());
    assert!(!house.backstage.last().headers.contains_key("transfer-encoding"));
}

#[tokio::test]
async fn a_body_that_says_it_is_too_large_is_refused_at_once() {
    let house = House::open().await;
    for (path, length) in [(JOURNALS, 2 * MB + 1), (BULK, 8 * MB + 1), (JOURNALS, 999_999_999_999)] {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\nContent-Length: {length}\r\n\r\n",
            house.token(&wigan())
        );
        assert_eq!(house.raw_status(head).await, 413, "{length}");
    }
    assert!(house.backstage.received().is_empty());
}

#[tokio::test]
async fn a_ledgers_file_passes_as_it_comes_up_to_its_own_limit() {
    let house = House::with(|settings| {
        settings.file_bytes_max = 12 * MB as u64;
        settings.forward_deadline = Duration::from_millis(500);
    })
    .await;
    let whole = house.request(Method::PUT, FILE, Some(&wigan())).body(vec![b' '; 9 * MB]);
    assert_eq!(whole.send().await.unwrap().status(), 200);
    assert_eq!(house.backstage.last().body, Some(9 * MB));
    let large = house.request(Method::PUT, FILE, Some(&wigan())).body(vec![b' '; 12 * MB + 1]);
    assert_problem(large.send().await.unwrap(), 413, "too-large").await;
    // One that takes longer than a service may take to answer, and does come.
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    let head = format!(
        "PUT {FILE} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        house.token(&wigan()),
        10 * MB / 8
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    for _ in 0..10 {
        stream.write_all(&vec![b' '; MB / 8]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let answer = rest_of(&mut stream, Duration::from_secs(2)).await;
    assert_eq!(status_of(&answer), 200, "{answer}");
    assert_eq!(house.backstage.last().body, Some(10 * MB / 8));
}

#[tokio::test]
async fn a_refusal_reaches_whoever_is_still_sending() {
    let house = House::open().await;
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    let head = format!(
        "POST {JOURNALS} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\nContent-Length: {}\r\n\r\n",
        house.token(&wigan()),
        6 * MB
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    for _ in 0..4 {
        // The refusal was given after the first piece; a reset now would take it away.
        stream.write_all(&vec![b' '; MB]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let answer = rest_of(&mut stream, Duration::from_secs(2)).await;
    assert_eq!(status_of(&answer), 413, "{answer}");
    assert!(answer.to_ascii_lowercase().contains("connection: close"), "{answer}");
}

#[tokio::test]
async fn after_an_unread_body_the_caller_is_told_that_the_connection_ends() {
    let house = House::open().await;
    let refused = house.request(Method::POST, JOURNALS, None).body(vec![b' '; MB]).send().await.unwrap();
    assert_eq!((refused.status().as_u16(), &refused.headers()["connection"]), (401, &"close".parse().unwrap()));
    // One that was read keeps its connection.
    let read = house.request(Method::POST, JOURNALS, Some(&wigan())).body("{}").send().await.unwrap();
    assert!(!read.headers().contains_key("connection"));
    // So the next request of the same client never goes into a connection that is closing.
    for _ in 0..40 {
        let large = house.request(Method::POST, JOURNALS, Some(&wigan())).body(vec![b' '; 2 * MB + 1]);
        assert_problem(large.send().await.expect("an answer"), 413, "too-large").await;
        let small = house.request(Method::POST, JOURNALS, Some(&wigan())).body("{}");
        assert_eq!(small.send().await.expect("an answer").status(), 200);
    }
}

#[tokio::test]
async fn a_body_that_grows_too_large_is_cut() {
    let house = House::open().await;
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    let head = format!(
        "POST {JOURNALS} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\nTransfer-Encoding: chunked\r\n\r\n",
        house.token(&wigan())
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    for _ in 0..32 {
        stream.write_all(chunk.as_bytes()).await.unwrap();
    }
    stream.write_all(b"1\r\n \r\n").await.unwrap();
    let answer = rest_of(&mut stream, Duration::from_secs(2)).await;
    assert_eq!(status_of(&answer), 413, "{answer}");
    assert!(answer.contains("/problems/too-large"));
    assert!(house.backstage.received().iter().all(|r| r.body.is_none()), "no service took it for whole");
}

#[tokio::test]
async fn what_is_compressed_is_refused() {
    let house = House::open().await;
    for coding in ["gzip", "br", "gzip, identity", "deflate"] {
        let request = house.request(Method::POST, JOURNALS, Some(&wigan())).header("content-encoding", coding);
        assert_problem(request.body(vec![0x1f, 0x8b, 8, 0]).send().await.unwrap(), 415, "media-type").await;
    }
    assert!(house.backstage.received().is_empty());
    let plain = house.request(Method::POST, JOURNALS, Some(&wigan())).header("content-encoding", "identity").body("{}");
    assert_eq!(plain.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_read_brings_no_body() {
    let house = House::open().await;
    for method in [Method::GET, Method::DELETE] {
        let request = house.request(method, "/v1/boroughs/wigan/funds/1", Some(&wigan())).body("{\"a\": 1}");
        assert_eq!(request.send().await.unwrap().status(), 200);
        let received = house.backstage.last();
        assert_eq!(received.body, Some(0));
        assert!(!received.headers.contains_key("transfer-encoding"));
    }
}

#[tokio::test]
async fn headers_may_be_32_kilobytes() {
    let house = House::open().await;
    let ask = |length: usize| {
        let head = format!(
            "GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Long: {}\r\n\r\n",
            "a".repeat(length)
        );
        house.raw(head)
    };
    assert_eq!(status_of(&ask(30_000).await), 200);
    assert_eq!(status_of(&ask(40_000).await), 431);
}
