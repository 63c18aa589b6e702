//! Keys, revocation, and guessing at secrets (refusal 9).

use std::{sync::atomic::Ordering, time::Duration};

use auth::{Epoch, Owner, Signer};
use reqwest::Method;

use crate::{
    house::{House, assert_problem},
    personas::{self, salford, wigan},
};

#[tokio::test]
async fn unknown_keys_cause_one_refresh_at_most() {
    let house = House::open().await;
    let before = house.backstage.keys_asked.load(Ordering::SeqCst);
    for _ in 0..20 {
        let unknown = Signer::from_pem(&Signer::new_pem()).unwrap();
        let token = personas::token(&unknown, &wigan());
        let answer = house.request(Method::GET, "/v1/boroughs/wigan", None).bearer_auth(token).send().await.unwrap();
        assert_problem(answer, 401, "unauthenticated").await;
    }
    assert!(house.backstage.keys_asked.load(Ordering::SeqCst) <= before + 1);
    assert!(house.backstage.received().is_empty());
}

async fn status_becomes(house: &House, caller: &auth::Caller, path: &str, wanted: u16) -> bool {
    for _ in 0..50 {
        if house.get(path, Some(caller)).await.status() == wanted {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    false
}

#[tokio::test]
async fn who_is_revoked_or_suspended_is_out_after_the_next_look() {
    let house = House::open().await;
    let (other, other_in_wigan) = (salford(), personas::borough("wigan-finance", "wigan", "E08000010", 1));
    for caller in [&wigan(), &other_in_wigan] {
        assert_eq!(house.get("/v1/boroughs/wigan", Some(caller)).await.status(), 200);
    }
    let revoked = Epoch { client_id: Some("wigan-system".into()), borough_id: None, not_before: wigan().issued_at + 1 };
    house.backstage.epochs.lock().unwrap().push(revoked);
    assert!(status_becomes(&house, &wigan(), "/v1/boroughs/wigan", 401).await);
    assert_eq!(house.get("/v1/boroughs/wigan", Some(&other_in_wigan)).await.status(), 200);

    let Owner::Borough(borough) = wigan().owner else { unreachable!("wigan is a borough") };
    let suspended = Epoch { client_id: None, borough_id: Some(borough.id), not_before: wigan().issued_at + 1 };
    house.backstage.epochs.lock().unwrap().push(suspended);
    assert!(status_becomes(&house, &other_in_wigan, "/v1/boroughs/wigan", 401).await);
    assert_eq!(house.get("/v1/boroughs/salford", Some(&other)).await.status(), 200);
}

async fn ask_for_token(house: &House, client: &str, secret: &str) -> u16 {
    let request = house.request(Method::POST, "/oauth2/token", None).basic_auth(client, Some(secret));
    request.body("grant_type=client_credentials").send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_thousand_wrong_secrets_hold_off_that_client_alone() {
    let house = House::with(|settings| settings.rates.address = gateway::Rate::new(100_000, 100_000)).await;
    let mut refused = 0;
    for _ in 0..1000 {
        match ask_for_token(&house, "abc", "wrong").await {
            401 => refused += 1,
            429 => {}
            other => panic!("{other}"),
        }
    }
    assert!((20..60).contains(&refused), "{refused} guesses were answered");
    assert_eq!(ask_for_token(&house, "abc", "right").await, 429, "nor is a right one found");
    assert_eq!(ask_for_token(&house, "def", "right").await, 200);
    assert_eq!(house.get("/v1/boroughs/wigan", Some(&wigan())).await.status(), 200);
    let answer =
        house.request(Method::POST, "/oauth2/token", None).basic_auth("abc", Some("wrong")).send().await.unwrap();
    assert!(answer.headers()["retry-after"].to_str().unwrap().parse::<u32>().unwrap() <= 60);
    assert_problem(answer, 429, "rate-limited").await;
}
