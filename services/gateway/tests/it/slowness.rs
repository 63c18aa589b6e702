//! Refusal 15: who is slow is let go, at the limits.

use std::time::Duration;

use gateway::Settings;
use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::{
    house::{House, rest_of, status_of},
    personas::wigan,
    services::LARGE,
};

const LONG: Duration = Duration::from_secs(8);

fn impatient(settings: &mut Settings) {
    settings.limits.header_time = Duration::from_millis(400);
    settings.limits.body_time = Duration::from_millis(400);
}

/// Sends some bytes and waits for the end of the connection; returns what came before it.
async fn until_let_go(house: &House, bytes: &str) -> String {
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    stream.write_all(bytes.as_bytes()).await.unwrap();
    let answer = tokio::time::timeout(LONG, rest_of(&mut stream, LONG * 2)).await;
    answer.unwrap_or_else(|_| panic!("still held after {bytes:?}"))
}

#[tokio::test]
async fn who_says_nothing_or_half_a_head_is_let_go() {
    let house = House::with(impatient).await;
    for said in ["", "P", "PRI * HTTP/2.0\r\n", "GET / HT", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX-A: "]
    {
        let answer = until_let_go(&house, said).await;
        assert!(answer.is_empty() || status_of(&answer) == 408, "{answer}");
    }
}

#[tokio::test]
async fn a_connection_left_idle_is_let_go() {
    let house = House::with(impatient).await;
    let answer = until_let_go(&house, "GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(status_of(&answer), 200);
}

#[tokio::test]
async fn a_body_that_stops_coming_is_answered_408() {
    let house = House::with(impatient).await;
    for framing in ["Content-Length: 10\r\n\r\n{\"a\"", "Transfer-Encoding: chunked\r\n\r\n4\r\n{\"a\""] {
        let request = format!(
            "POST /v1/boroughs/wigan/funds/1/journals HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\n{framing}",
            house.token(&wigan())
        );
        let answer = until_let_go(&house, &request).await;
        assert_eq!(status_of(&answer), 408, "{answer}");
        assert!(answer.contains("/problems/timed-out"));
    }
}

#[tokio::test]
async fn a_body_that_trickles_is_cut_at_the_deadline() {
    let house = House::with(|settings| settings.forward_deadline = Duration::from_millis(600)).await;
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    let head = format!(
        "POST /v1/boroughs/wigan/funds/1/journals HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\nContent-Length: 1000\r\n\r\n",
        house.token(&wigan())
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    for _ in 0..10 {
        stream.write_all(b" ").await.ok();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let answer = rest_of(&mut stream, Duration::from_secs(2)).await;
    assert_eq!(status_of(&answer), 408, "{answer}");
}

#[tokio::test]
async fn who_does_not_read_its_answer_is_let_go() {
    let house = House::with(impatient).await;
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    let request = "GET /v1/public/boroughs/wigan/decisions?large HTTP/1.1\r\nHost: a\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let answer = rest_of(&mut stream, Duration::from_secs(5)).await;
    assert_eq!(status_of(&answer), 200);
    assert!(answer.len() < LARGE, "it was all kept for who did not read");
}

#[tokio::test]
async fn who_breaks_off_harms_nobody() {
    let house = House::open().await;
    let request = format!(
        "POST /v1/boroughs/wigan/funds/1/journals HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\nContent-Length: 100\r\n\r\n{{",
        house.token(&wigan())
    );
    for _ in 0..5 {
        let mut stream = TcpStream::connect(house.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        drop(stream);
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(house.get("/v1/boroughs/wigan", Some(&wigan())).await.status(), 200);
    assert!(house.backstage.received().iter().all(|r| r.body != Some(100)));
}
