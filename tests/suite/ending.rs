//! A process that is told to end: it says so, takes what has knocked, answers what it took, and ends in time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{Router, routing::get};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::CancellationToken;
use web::Limits;

use crate::world::World;

/// A server whose answers take a while, like those that ask a database.
async fn server(notice: Duration) -> (String, CancellationToken, tokio::task::JoinHandle<std::io::Result<()>>) {
    let app = Router::new()
        .route("/health/ready", get(async || "ready"))
        .route(
            "/work",
            get(async || {
                tokio::time::sleep(Duration::from_millis(30)).await;
                "done"
            }),
        )
        .route(
            "/long",
            get(async || {
                tokio::time::sleep(Duration::from_millis(1500)).await;
                "done"
            }),
        );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap().to_string();
    let stop = CancellationToken::new();
    let limits = Limits { notice_time: Some(notice), ..Limits::default() };
    let served = tokio::spawn(web::serve(listener, app, limits, stop.clone()));
    (at, stop, served)
}

/// One request on a connection of its own: nothing where the door was closed already.
async fn asks(at: &str, path: &str) -> Option<String> {
    asks_as(at, path, "").await
}

async fn asks_as(at: &str, path: &str, token: &str) -> Option<String> {
    let mut stream = TcpStream::connect(at).await.ok()?;
    let bearer = if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
    let asked = format!("GET {path} HTTP/1.1\r\nHost: {at}\r\n{bearer}\r\n");
    // Where it is cut off while it is sent it was not answered either.
    if stream.write_all(asked.as_bytes()).await.is_err() {
        return Some(String::new());
    }
    let mut answer = vec![0; 4096];
    let mut read = 0;
    while !answer[..read].windows(4).any(|four| four == b"\r\n\r\n") {
        match stream.read(&mut answer[read..]).await {
            Ok(0) | Err(_) => return Some(String::new()),
            Ok(more) => read += more,
        }
    }
    Some(String::from_utf8_lossy(&answer[..read]).into_owned())
}

#[tokio::test]
async fn what_was_taken_is_answered_and_first_of_all_it_says_that_it_ends() {
    let (at, stop, served) = server(Duration::from_secs(1)).await;
    let long = tokio::spawn({
        let at = at.clone();
        async move { asks(&at, "/long").await.expect("the door is open") }
    });
    let ready = asks(&at, "/health/ready").await.unwrap();
    assert!(ready.starts_with("HTTP/1.1 200") && ready.contains("tenfold-version: "), "{ready}");
    let (answered, over) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicBool::new(false)));
    let callers: Vec<_> = (0..8)
        .map(|_| {
            let (at, answered, over) = (at.clone(), answered.clone(), over.clone());
            tokio::spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    let Some(answer) = asks(&at, "/work").await else { return };
                    assert!(answer.starts_with("HTTP/1.1 200"), "what knocked was let in and answered: {answer:?}");
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    while answered.load(Ordering::Relaxed) < 20 {
        tokio::task::yield_now().await;
    }
    let told = Instant::now();
    stop.cancel();
    // Whoever looks hears it, and the door is still open.
    loop {
        let ready = asks(&at, "/health/ready").await.expect("the door is still open");
        if ready.starts_with("HTTP/1.1 503") {
            assert!(ready.contains("connection: close") && ready.contains("tenfold-ends: yes"), "{ready}");
            break;
        }
        assert!(told.elapsed() < Duration::from_secs(1));
    }
    let before = answered.load(Ordering::Relaxed);
    served.await.unwrap().unwrap();
    over.store(true, Ordering::Relaxed);
    for caller in callers {
        caller.await.expect("no request was dropped");
    }
    assert!(answered.load(Ordering::Relaxed) > before, "requests were taken after it had said so");
    assert!(long.await.unwrap().starts_with("HTTP/1.1 200"), "what was under way ended");
    assert!(asks(&at, "/work").await.is_none(), "the door is closed");
}

#[tokio::test]
async fn each_service_and_the_gateway_end_under_load_without_dropping_a_request() {
    let mut world = World::in_real_time(Duration::from_secs(60)).await;
    world.region("north", "North").await;
    world.borough("wigan", "E08000010", "Wigan", "north").await;
    let token = world.as_("wigan-finance").token().await.unwrap();
    let [tenants, budgets, governance] = world.services.clone();
    let doors = [
        (world.url.clone(), "/v1/boroughs/wigan/funds"),
        (tenants, "/v1/boroughs/wigan"),
        (budgets, "/v1/boroughs/wigan/funds"),
        (governance, "/v1/boroughs/wigan/committees"),
    ];
    let (answered, told): (Arc<[AtomicU32; 4]>, Arc<AtomicBool>) = Default::default();
    let callers: Vec<_> = (0..12)
        .map(|caller| {
            let door = caller % 4;
            let (url, path) = doors[door].clone();
            let (token, answered, told) = (token.clone(), answered.clone(), told.clone());
            tokio::spawn(async move {
                let at = url.trim_start_matches("http://");
                // Until whoever balances the load would send nobody here any more.
                while !told.load(Ordering::Relaxed)
                    && let Some(answer) = asks_as(at, path, &token).await
                {
                    let fine = answer.starts_with("HTTP/1.1 200") || answer.starts_with("HTTP/1.1 429");
                    assert!(fine, "{at}{path}: {answer:?}");
                    answered[door].fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    let began = Instant::now();
    while answered.iter().any(|door| door.load(Ordering::Relaxed) < 20) {
        assert!(began.elapsed() < Duration::from_secs(60), "they are not answered: {answered:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // Each caller has a request under way.
    told.store(true, Ordering::Relaxed);
    tokio::time::timeout(Duration::from_secs(40), world.ends()).await.expect("it ends in time");
    for caller in callers {
        caller.await.expect("what was taken was answered");
    }
}

#[tokio::test]
async fn work_that_does_not_end_is_given_up() {
    let began = Instant::now();
    let ends = tokio::spawn(async {});
    let never = tokio::spawn(std::future::pending());
    tokio::time::timeout(Duration::from_secs(30), web::wind_up([ends, never])).await.expect("it ends in time");
    assert!(began.elapsed() >= Duration::from_secs(10), "it was given time");
}

#[test]
fn only_a_base_of_addresses_is_taken_for_one() {
    for fine in
        ["http://127.0.0.1:8080", "https://tenfold.example.org", "https://example.org/tenfold", "http://[::1]:80/"]
    {
        assert!(web::check_base("X", fine).is_ok(), "{fine}");
    }
    for wrong in ["", "tenfold", "ftp://host", "http://", "https://user:secret@host", "https://host/?a=b", "//host"] {
        let said = web::check_base("X", wrong).unwrap_err().to_string();
        assert!(said.starts_with("X is not an address") && !said.contains("secret"), "{wrong}");
    }
}
