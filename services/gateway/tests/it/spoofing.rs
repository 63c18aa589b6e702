//! Refusal 11: nobody but the gateway says who is asking.

use reqwest::Method;

use crate::{
    house::{House, status_of},
    personas::wigan,
};

#[tokio::test]
async fn the_service_sees_the_truth() {
    let house = House::open().await;
    let spoofed = [
        "X-Tenfold-Address",
        "x_tenfold_address",
        "X-Tenfold_Address",
        "X-Tenfold-Borough",
        "X-Forwarded-For",
        "X_Forwarded_For",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "Forwarded",
        "X-Real-IP",
        "X_Real_IP",
        "X-Original-URL",
        "X-Rewrite-URL",
        "Proxy-Authorization",
        "Authorization_",
        "X-Request_Id",
    ];
    let mut request = house.request(Method::GET, "/v1/boroughs/wigan", Some(&wigan()));
    for name in spoofed {
        request = request.header(name, "spoofed").header(name, "spoofed");
    }
    assert_eq!(request.send().await.unwrap().status(), 200);
    let received = house.backstage.last();
    assert_eq!(received.headers["x-tenfold-address"], "127.0.0.1");
    assert_eq!(received.headers.get_all("x-tenfold-address").iter().count(), 1);
    for (name, value) in &received.headers {
        assert_ne!(value, "spoofed", "{name}");
    }
    assert_ne!(received.headers["host"], house.address.to_string());
}

#[tokio::test]
async fn a_proxy_of_ours_says_who_asked_it_and_nobody_else_does() {
    let trusting = House::with(|settings| settings.proxies = gateway::Proxies::of(&["127.0.0.0/8".into()]).unwrap());
    let house = trusting.await;
    for (forwarded, seen) in
        [("6.6.6.6, 203.0.113.7", "203.0.113.7"), ("203.0.113.7, 127.0.0.9", "203.0.113.7"), ("nonsense", "127.0.0.1")]
    {
        let request = house.request(Method::GET, "/v1/boroughs/wigan", Some(&wigan()));
        assert_eq!(request.header("X-Forwarded-For", forwarded).send().await.unwrap().status(), 200);
        let received = house.backstage.last();
        assert_eq!(received.headers["x-tenfold-address"], seen, "{forwarded}");
        assert!(!received.headers.contains_key("x-forwarded-for"));
    }
}

#[tokio::test]
async fn a_connection_header_takes_away_only_what_is_of_the_connection() {
    let house = House::open().await;
    let bearer = house.token(&wigan());
    let ask = |connection: &str| {
        format!(
            "GET /v1/boroughs/wigan HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {bearer}\r\nX-Other: spoofed\r\n\
             X-Tenfold-Address: 6.6.6.6\r\nConnection: close, {connection}\r\n\r\n"
        )
    };
    for kept in ["authorization", "Host", "Content-Length", "Idempotency-Key", "if-match", "X-Request-ID"] {
        assert_eq!(house.raw_status(ask(kept)).await, 400, "{kept}");
    }
    assert!(house.backstage.received().is_empty());
    assert_eq!(status_of(&house.raw(ask("x-other, x-tenfold-address")).await), 200);
    let received = house.backstage.last();
    assert!(!received.headers.contains_key("x-other") && !received.headers.contains_key("connection"));
    assert_eq!(received.headers["x-tenfold-address"], "127.0.0.1");
    assert!(received.headers.contains_key("authorization"));
}
