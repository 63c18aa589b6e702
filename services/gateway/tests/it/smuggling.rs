//! Refusal 12: a request that two readers would end in different places ends here.

use std::time::Duration;

use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::{
    house::{House, rest_of, status_of},
    personas::wigan,
};

const HIDDEN: &str = "GET /v1/public/boroughs/hidden/decisions HTTP/1.1\r\nHost: a\r\n\r\n";

async fn refused_alone(what: &str, request: &str) {
    let house = House::open().await;
    let request = request.replace("BEARER", &format!("Authorization: Bearer {}", house.token(&wigan())));
    for at_once in [true, false] {
        let mut stream = TcpStream::connect(house.address).await.unwrap();
        let all = format!("{request}{HIDDEN}");
        if at_once {
            stream.write_all(all.as_bytes()).await.unwrap();
        } else {
            for piece in all.as_bytes().chunks(7) {
                // The gateway may have answered and closed before the last piece.
                stream.write_all(piece).await.ok();
                tokio::task::yield_now().await;
            }
        }
        let answer = rest_of(&mut stream, Duration::from_secs(1)).await;
        if at_once {
            assert_eq!(status_of(&answer), 400, "{what}: {answer}");
        }
        assert_eq!(answer.matches("HTTP/1.1 ").count(), usize::from(!answer.is_empty()), "{what}: {answer}");
        assert!(house.backstage.received().is_empty(), "{what}: {:?}", house.backstage.received());
    }
}

#[tokio::test]
async fn two_lengths() {
    refused_alone(
        "a length and chunks",
        "POST /v1/boroughs/wigan/funds/1/journals HTTP/1.1\r\nHost: a\r\nBEARER\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    )
    .await;
    refused_alone(
        "chunks and a length",
        "POST /v1/boroughs/wigan/funds/1/journals HTTP/1.1\r\nHost: a\r\nBEARER\r\nTransfer-Encoding: chunked\r\nContent-Length: 60\r\n\r\n0\r\n\r\n",
    )
    .await;
    refused_alone(
        "two lengths",
        "POST /v1/boroughs/wigan/funds/1/journals HTTP/1.1\r\nHost: a\r\nBEARER\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n",
    )
    .await;
    refused_alone(
        "an odd coding",
        "POST /v1/boroughs/wigan/funds/1/journals HTTP/1.1\r\nHost: a\r\nBEARER\r\nTransfer-Encoding: xchunked\r\n\r\n",
    )
    .await;
}

#[tokio::test]
async fn odd_lines() {
    refused_alone("a bare line feed", "GET /v1/boroughs/wigan HTTP/1.1\r\nHost: a\nBEARER\r\n\r\n").await;
    refused_alone("a bare end", "GET /v1/boroughs/wigan HTTP/1.1\r\nHost: a\r\nBEARER\n\n").await;
    refused_alone("a folded line", "GET /v1/boroughs/wigan HTTP/1.1\r\nHost: a\r\nBEARER\r\nX-A: 1\r\n X-B: 2\r\n\r\n")
        .await;
    refused_alone("a space before the colon", "GET /v1/boroughs/wigan HTTP/1.1\r\nHost : a\r\nBEARER\r\n\r\n").await;
}

#[tokio::test]
async fn hosts_and_addresses() {
    let house = House::open().await;
    let bearer = house.token(&wigan());
    for (what, line, hosts) in [
        ("two hosts", "/v1/boroughs/wigan", "Host: a\r\nHost: b\r\n"),
        ("the same host twice", "/v1/boroughs/wigan", "Host: a\r\nHost: a\r\n"),
        ("no host", "/v1/boroughs/wigan", ""),
        ("a whole address", "http://a/v1/boroughs/wigan", "Host: a\r\n"),
    ] {
        let request =
            format!("GET {line} HTTP/1.1\r\n{hosts}Authorization: Bearer {bearer}\r\nConnection: close\r\n\r\n");
        assert_eq!(house.raw_status(request).await, 400, "{what}");
    }
    assert!(house.backstage.received().is_empty());
}

#[tokio::test]
async fn requests_in_a_row_stay_apart() {
    let house = House::open().await;
    let one = format!(
        "GET /v1/boroughs/wigan HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\n\r\n",
        house.token(&wigan())
    );
    let post = one.replace("GET /v1/boroughs/wigan ", "POST /v1/boroughs/wigan/funds/1/journals ");
    let chunked = post.replace(
        "\r\n\r\n",
        "\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\n\n\n\n\n\r\n0\r\nX-Tenfold-Address: 6\r\n\r\n",
    );
    let sized = post.replace("\r\n\r\n", "\r\nContent-Length: 3\r\n\r\n\n\n\n");
    let answers = house.raw(format!("{chunked}{sized}{one}{chunked}{one}")).await;
    assert_eq!(answers.matches("HTTP/1.1 200").count(), 5, "{answers}");
    let received: Vec<_> = house.backstage.received().iter().map(|r| (r.method.clone(), r.body)).collect();
    let (get, chunked) = (("GET".into(), Some(0)), ("POST".into(), Some(4)));
    assert_eq!(received, [chunked.clone(), ("POST".into(), Some(3)), get.clone(), chunked, get]);
}
