//! Who may pass where: each kind of caller at each kind of door.

use std::{sync::atomic::Ordering, time::Duration};

use reqwest::Method;

use crate::{
    house::{House, assert_problem},
    personas::{analyst, icb, officer, salford, wigan},
};

#[tokio::test]
async fn each_caller_passes_its_own_tenants_doors_only() {
    let house = House::open().await;
    let callers =
        [("wigan", wigan()), ("salford", salford()), ("analyst", analyst()), ("icb", icb()), ("officer", officer())];
    // For wigan, salford, the analyst, the board's finance officer and the platform's officer.
    let doors = [
        (Method::GET, "/v1/boroughs/wigan/funds/1", [200, 404, 404, 404, 404]),
        (Method::GET, "/v1/boroughs/E08000010/funds/1", [200, 404, 404, 404, 404]),
        (Method::GET, "/v1/boroughs/%77igan/funds/1", [404, 404, 404, 404, 404]),
        (Method::GET, "/v1/boroughs/nowhere/funds/1", [404, 404, 404, 404, 404]),
        (Method::GET, "/v1/boroughs/wigan", [200, 404, 404, 404, 200]),
        (Method::PATCH, "/v1/boroughs/wigan", [200, 404, 404, 404, 404]),
        (Method::POST, "/v1/boroughs/wigan/transitions", [403, 404, 404, 404, 200]),
        (Method::GET, "/v1/regions/greater-manchester/positions", [404, 404, 200, 404, 404]),
        (Method::GET, "/v1/regions/elsewhere/positions", [404, 404, 404, 404, 404]),
        (Method::GET, "/v1/partners/QOP/contributions", [404, 404, 404, 200, 404]),
        (Method::GET, "/v1/partners/01W/contributions", [404, 404, 404, 404, 404]),
        (Method::GET, "/v1/partners/QOP/clients", [404, 404, 404, 403, 200]),
        (Method::GET, "/v1/boroughs", [200, 200, 200, 200, 200]),
        (Method::GET, "/v1/platform/clients", [403, 403, 403, 403, 200]),
        (Method::GET, "/v1/public/boroughs/wigan/decisions", [200, 200, 200, 200, 200]),
    ];
    let (mut let_in, mut elsewhere) = (0, 0);
    for (method, path, expected) in doors {
        for ((name, caller), expected) in callers.iter().zip(expected) {
            let answer = house.request(method.clone(), path, Some(caller)).send().await.unwrap();
            assert_eq!(answer.status().as_u16(), expected, "{name}: {method} {path}");
            let_in += usize::from(expected == 200);
            elsewhere += usize::from(expected == 404);
        }
    }
    assert_eq!(house.backstage.received().len(), let_in, "what was refused reached nobody");
    let told = || house.backstage.refusals.load(Ordering::SeqCst);
    for _ in 0..200 {
        if told() == elsewhere {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(told(), elsewhere, "each refusal at another's door is told for the record");
}

#[tokio::test]
async fn without_a_token_only_open_doors_open() {
    let house = House::open().await;
    for closed in ["/v1/boroughs", "/v1/boroughs/wigan/funds/1", "/v1/regions/greater-manchester/positions"] {
        let answer = house.get(closed, None).await;
        assert!(answer.headers()["www-authenticate"].to_str().unwrap().starts_with("Bearer"));
        assert_problem(answer, 401, "unauthenticated").await;
    }
    assert!(house.backstage.received().is_empty());
    let open = house.get("/v1/public/boroughs/wigan/decisions?year=2019-20", None).await;
    assert_eq!(open.status(), 200);
    let received = house.backstage.last();
    assert_eq!((received.service, received.method.as_str()), ("governance", "GET"));
    assert_eq!(received.target, "/v1/public/boroughs/wigan/decisions?year=2019-20");
}

#[tokio::test]
async fn a_bad_token_reaches_nobody() {
    let house = House::open().await;
    let good = house.token(&wigan());
    let mut spoilt = good.clone();
    spoilt.replace_range(good.len() - 4.., "AAAA");
    let of_another_key = auth::Signer::from_pem(&auth::Signer::new_pem()).unwrap();
    let foreign = crate::personas::token(&of_another_key, &wigan());
    let long = format!("{good}{}", "a".repeat(9000));
    for bad in ["x", "", "a.b.c", &spoilt, &foreign, &long, "eyJhbGciOiJub25lIn0.e30."] {
        let answer = house.request(Method::GET, "/v1/boroughs/wigan", None).bearer_auth(bad).send().await.unwrap();
        assert_problem(answer, 401, "unauthenticated").await;
    }
    let twice = house.request(Method::GET, "/v1/boroughs/wigan", Some(&wigan())).header("authorization", "Bearer x");
    assert_problem(twice.send().await.unwrap(), 401, "unauthenticated").await;
    assert!(house.backstage.received().is_empty());
}

#[tokio::test]
async fn a_request_says_where_its_time_went_and_keeps_its_id() {
    let house = House::open().await;
    let request = house.request(Method::GET, "/v1/boroughs/wigan", Some(&wigan())).header("x-request-id", "mine-1");
    let answer = request.send().await.unwrap();
    assert_eq!(answer.headers()["x-request-id"], "mine-1");
    assert_eq!(house.backstage.last().headers["x-request-id"], "mine-1");
    let timings: Vec<_> = answer.headers().get_all("server-timing").iter().map(|t| t.to_str().unwrap()).collect();
    assert_eq!(timings[0], "app;dur=1.000, db;dur=0.500");
    assert!(timings[1].starts_with("gateway;dur="), "{timings:?}");
    assert!(!answer.headers().contains_key("x-hop"), "what the service said of its connection ends here");
}
