//! Paths and methods: refusals 13 and 14, and what there is not.

use reqwest::Method;

use crate::{
    house::{House, assert_problem, status_of},
    personas::wigan,
};

#[tokio::test]
async fn a_path_that_could_be_read_in_two_ways_is_refused() {
    let house = House::open().await;
    let bearer = house.token(&wigan());
    let ask = async |target: &str| {
        let request =
            format!("GET {target} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {bearer}\r\nConnection: close\r\n\r\n");
        house.raw_status(request).await
    };
    for wrong in [
        "/v1/boroughs/salford/%2e%2e/wigan",
        "/v1/boroughs/wigan%2ffunds/1",
        "/v1/boroughs/wigan%5cfunds",
        "/v1/boroughs/wigan%00",
        "/v1//boroughs/wigan",
        "//v1/boroughs/wigan",
        "/v1/boroughs/wigan;x=y",
        "/v1/boroughs/salford/../wigan",
        "/v1/./boroughs/wigan",
        "/v1/boroughs/wigan/",
        "/v1/boroughs/wigan%252f",
        "/v1\\boroughs\\wigan",
        "http://a/v1/boroughs/wigan",
        "v1/boroughs/wigan",
        "*",
        "/v1/boroughs/wig\u{e4}n",
    ] {
        assert_eq!(ask(wrong).await, 400, "{wrong}");
    }
    assert_eq!(ask(&format!("/{}", "a".repeat(9000))).await, 414);
    assert!(house.backstage.received().is_empty());
    assert_eq!(ask("/v1/boroughs/wigan?a=%2e%2e%2f&b=//").await, 200);
    assert_eq!(house.backstage.last().target, "/v1/boroughs/wigan?a=%2e%2e%2f&b=//");
}

#[tokio::test]
async fn what_is_not_described_is_not_there() {
    let house = House::open().await;
    for path in ["/internal/epochs", "/v1", "/v1/nothing", "/health", "/metrics", "/V1/boroughs", "/internal"] {
        for caller in [None, Some(wigan())] {
            assert_problem(house.get(path, caller.as_ref()).await, 404, "not-found").await;
        }
    }
    assert!(house.backstage.received().is_empty());
}

#[tokio::test]
async fn other_methods_are_refused_with_a_list_of_those_there_are() {
    let house = House::open().await;
    let allowed = [
        (Method::DELETE, "/v1/boroughs/wigan", "GET, HEAD, PATCH"),
        (Method::OPTIONS, "/v1/boroughs/wigan", "GET, HEAD, PATCH"),
        (Method::TRACE, "/v1/boroughs/wigan", "GET, HEAD, POST, PUT, PATCH, DELETE"),
        (Method::from_bytes(b"PURGE").unwrap(), "/v1/boroughs/wigan", "GET, HEAD, PATCH"),
        (Method::GET, "/oauth2/token", "POST"),
        (Method::POST, "/openapi.json", "GET, HEAD"),
        (Method::POST, "/", "GET, HEAD"),
    ];
    for (method, path, allow) in allowed {
        let answer = house.request(method, path, Some(&wigan())).send().await.unwrap();
        assert_eq!(answer.headers()["allow"], allow, "{path}");
        assert_problem(answer, 405, "method-not-allowed").await;
    }
    for connect in
        ["CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: a\r\n\r\n", "CONNECT /v1/boroughs HTTP/1.1\r\nHost: a\r\n\r\n"]
    {
        let answer = house.raw(connect).await;
        assert_eq!(status_of(&answer), 405, "{answer}");
    }
    assert!(house.backstage.received().is_empty());
    let head = house.request(Method::HEAD, "/v1/boroughs/wigan", Some(&wigan())).send().await.unwrap();
    assert_eq!((head.status().as_u16(), house.backstage.last().method.as_str()), (200, "HEAD"));
}

#[tokio::test]
async fn a_header_does_not_make_a_read_a_write() {
    let house = House::open().await;
    for name in ["x-http-method-override", "x-http-method", "x-method-override", "X_HTTP_METHOD_OVERRIDE"] {
        let request = house.request(Method::GET, "/v1/boroughs/wigan/funds/1", Some(&wigan())).header(name, "DELETE");
        assert_eq!(request.send().await.unwrap().status(), 200);
        let received = house.backstage.last();
        assert_eq!(received.method, "GET");
        assert!(!received.headers.iter().any(|(_, value)| value == "DELETE"), "{name}");
    }
}
