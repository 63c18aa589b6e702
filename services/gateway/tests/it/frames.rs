//! HTTP/2: the same door, and the two floods it is known for.

use std::time::Duration;

use axum::{body::Body, http::Request};
use http_body_util::BodyExt;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{house::House, personas::wigan};

/// `GET / http` with an authority of `a`, as HPACK writes it.
const HEADERS: [u8; 6] = [0x82, 0x84, 0x86, 0x41, 0x01, b'a'];

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend_from_slice(&stream.to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}

/// Sends frames until the gateway hangs up; `false` where it takes them all.
async fn is_cut_off(house: &House, frames: impl Iterator<Item = Vec<u8>>) -> bool {
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
    stream.write_all(&frame(4, 0, 0, &[])).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    let closed = tokio::spawn(async move {
        let mut piece = [0; 65536];
        while reader.read(&mut piece).await.is_ok_and(|read| read > 0) {}
    });
    for frame in frames {
        if writer.write_all(&frame).await.is_err() {
            return true;
        }
    }
    tokio::time::timeout(Duration::from_secs(3), closed).await.is_ok()
}

#[tokio::test]
async fn it_speaks_http_2_by_the_same_rules() {
    let house = House::open().await;
    let client: Client<_, Body> = Client::builder(TokioExecutor::new()).http2_only(true).build_http();
    let ask = async |method: &str, path: &str, body: Vec<u8>| {
        let request = Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", house.address))
            .header("authorization", format!("Bearer {}", house.token(&wigan())))
            .header("x-tenfold-address", "6.6.6.6")
            .body(Body::from(body));
        let answer = client.request(request.unwrap()).await.unwrap();
        let status = answer.status().as_u16();
        answer.into_body().collect().await.unwrap();
        status
    };
    assert_eq!(ask("GET", "/v1/boroughs/wigan", vec![]).await, 200);
    assert_eq!(house.backstage.last().headers["x-tenfold-address"], "127.0.0.1");
    assert_eq!(ask("POST", "/v1/boroughs/wigan/funds/1/journals", b"{}".to_vec()).await, 200);
    assert_eq!(house.backstage.last().body, Some(2));
    let reached = house.backstage.received().len();
    assert_eq!(ask("GET", "/v1/boroughs/salford", vec![]).await, 404);
    assert_eq!(ask("GET", "/v1/boroughs/salford/..;/wigan", vec![]).await, 400);
    assert_eq!(ask("POST", "/v1/boroughs/wigan/funds/1/journals", vec![b' '; 2_097_153]).await, 413);
    assert_eq!(house.backstage.received().len(), reached);
}

#[tokio::test]
async fn endless_headers_are_cut_off() {
    let house = House::open().await;
    let begun = std::iter::once(frame(1, 0, 1, &HEADERS));
    let endless = std::iter::repeat_with(|| frame(9, 0, 1, &[0x00; 16_000])).take(2_000);
    assert!(is_cut_off(&house, begun.chain(endless)).await);
    assert_eq!(house.get("/health/live", None).await.status(), 200);
}

#[tokio::test]
async fn requests_called_off_as_fast_as_they_are_made_are_cut_off() {
    let house = House::open().await;
    let pairs = (0..20_000_u32).map(|n| {
        let stream = 2 * n + 1;
        [frame(1, 5, stream, &HEADERS), frame(3, 0, stream, &[0, 0, 0, 8])].concat()
    });
    assert!(is_cut_off(&house, pairs).await);
    assert_eq!(house.get("/health/live", None).await.status(), 200);
}
