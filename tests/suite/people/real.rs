//! The whole way with a real provider: a browser's part, the code, the ID token, the exchange, a call.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use reqwest::Method;
use serde_json::json;
use tenfold::{
    client::Client,
    sign_in::{Wanted, sign_in},
};

use super::{
    exchange::{ask, exchange, invited},
    provider::{Provider, follow},
};
use crate::running::{running, testford, write};

/// Registers the provider's client for a borough.
async fn registers(provider: &Provider, slug: &str, audience: &str) {
    let mapping =
        json!({"claim": "groups", "value": "pooled-fund-finance", "role": "finance", "office": "Finance officer"});
    let draft = json!({"name": "A real one", "issuer": provider.issuer, "audience": audience, "mappings": [mapping]});
    let made = write(&running().as_(&format!("{slug}-admin")), &format!("/v1/boroughs/{slug}/issuers"), &draft).await;
    assert_eq!(made.status, 201, "{}", made.body);
}

#[tokio::test]
async fn people_sign_in_at_a_real_provider_that_two_boroughs_share() {
    testford().await;
    let (provider, url) = (Provider::start().await, &running().url);
    registers(&provider, "wigan", "tenfold-wigan").await;
    registers(&provider, "salford", "tenfold-salford").await;
    // RS256 for one, ES256 for the other.
    for (client, slug, other) in [("tenfold-wigan", "wigan", "salford"), ("tenfold-salford", "salford", "wigan")] {
        let given = exchange(url, &provider.signs_in(client, "finance-1").await, &[("audience", slug)]).await;
        assert_eq!(given.status, 200, "{}", given.body);
        assert_eq!((&given.claims()["borough"]["slug"], &given.claims()["role"]), (&json!(slug), &json!("finance")));
        let funds = ask(url, given.token(), Method::GET, &format!("/v1/boroughs/{slug}/funds"), None).await;
        assert_eq!(funds.status, 200, "{}", funds.body);
        let theirs = ask(url, given.token(), Method::GET, &format!("/v1/boroughs/{other}/funds"), None).await;
        assert_eq!(theirs.status, 404);
        let crossed = exchange(url, &provider.signs_in(client, "finance-1").await, &[("audience", other)]).await;
        assert_eq!(crossed.refusal(), "400 invalid_target", "{}", crossed.body);
        let stranger = exchange(url, &provider.signs_in(client, "somebody").await, &[]).await;
        assert!(stranger.says().contains("Nobody here knows you"), "{}", stranger.body);
        let invitation =
            invited(&running().as_(&format!("{slug}-admin")), &format!("/v1/boroughs/{slug}"), "clerk").await;
        let code = [("invitation", invitation["code"].as_str().unwrap())];
        let joined = exchange(url, &provider.signs_in(client, "somebody").await, &code).await;
        assert_eq!(joined.claims()["role"], "clerk", "{}", joined.body);
    }
    // The same person at the same provider is another member of another borough.
    let token = provider.signs_in("tenfold-wigan", "finance-1").await;
    assert_eq!(exchange(url, &token, &[]).await.status, 200);
    let replayed = exchange(url, &token, &[]).await;
    assert!(replayed.says().contains("exchanged before"), "{}", replayed.body);
}

/// As from the command line: the address is opened in a browser, which is sent back to this machine.
#[tokio::test]
async fn somebody_signs_in_from_the_command_line() {
    testford().await;
    let (provider, url) = (Provider::start().await, &running().url);
    registers(&provider, "tameside", "tenfold-wigan").await;
    let wanted = Wanted {
        borough: "tameside".into(),
        sandbox: false,
        invitation: None,
        issuer: Some(provider.issuer.clone()),
        port: 0,
    };
    let opens = |who: &'static str| {
        let issuer = provider.issuer.clone();
        move |address: &str| {
            let address = format!("{address}&login_hint={who}");
            tokio::spawn(async move {
                let back = follow(&issuer, address, |address| address.contains("/callback?")).await;
                // Whoever else knocks is sent away, and waited past.
                let port = back.split('/').nth(2).unwrap();
                for other in [format!("http://{port}/favicon.ico"), format!("http://{port}/callback?state=x&code=y")] {
                    assert_eq!(super::exchange::http().get(other).send().await.unwrap().status(), 404);
                }
                let told = super::exchange::http().get(back).send().await.unwrap().text().await.unwrap();
                assert!(told.contains("You are signed in"), "{told}");
            });
        }
    };
    let given = sign_in(url, &wanted, opens("finance-3")).await.unwrap();
    let funds =
        ask(url, given["access_token"].as_str().unwrap(), Method::GET, "/v1/boroughs/tameside/funds", None).await;
    assert_eq!(funds.status, 200, "{}", funds.body);
    let refused = sign_in(url, &wanted, opens("somebody")).await.unwrap_err().to_string();
    assert!(refused.contains("Nobody here knows you"), "{refused}");
    let admin = running().as_("tameside-admin");
    let invitation = invited(&admin, "/v1/boroughs/tameside", "auditor").await;
    let invitation = invitation["code"].as_str().map(str::to_owned);
    let given = sign_in(url, &Wanted { invitation, ..wanted.clone() }, opens("somebody")).await.unwrap();
    // The token serves other commands, which know from it whose it is.
    let client = Client::of_token(url, given["access_token"].as_str().unwrap()).unwrap();
    assert!(client.credentials().client_id.starts_with("borough.tameside.live.member-"));
    let members = client.get("/v1/boroughs/tameside/members").await.unwrap().body;
    assert!(members["data"].as_array().unwrap().iter().any(|one| one["role"] == "auditor"), "{members}");
    assert!(Client::of_token(url, "nonsense").is_err());
    let nowhere = Wanted { borough: "nowhere".into(), ..wanted };
    let refused = sign_in(url, &nowhere, |_| panic!("there is nothing to open")).await.unwrap_err().to_string();
    assert!(refused.contains("an administrator registers one"), "{refused}");
}

/// The provider rotates its keys, announced and not, while people keep signing in: nobody is turned away.
#[tokio::test]
async fn people_sign_in_while_the_provider_rotates_its_keys() {
    testford().await;
    let (provider, url) = (Arc::new(Provider::start().await), running().url.clone());
    registers(&provider, "bury", "tenfold-salford").await;
    let (stop, signed_in) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let people = tokio::spawn({
        let (provider, stop, signed_in) = (provider.clone(), stop.clone(), signed_in.clone());
        async move {
            while !stop.load(Ordering::Relaxed) {
                let given = exchange(&url, &provider.signs_in("tenfold-salford", "finance-2").await, &[]).await;
                assert_eq!(given.status, 200, "{}", given.body);
                signed_in.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    let some_more = async || {
        let wanted = signed_in.load(Ordering::Relaxed) + 5;
        for _ in 0..600 {
            assert!(!people.is_finished(), "somebody was turned away");
            if signed_in.load(Ordering::Relaxed) >= wanted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("nobody signs in any more");
    };
    some_more().await;
    let before = provider.test("fetched").await["/jwks"].as_u64().unwrap();
    for step in ["announce", "rotate", "retire"] {
        provider.test(step).await;
        some_more().await;
    }
    let after = provider.test("fetched").await["/jwks"].as_u64().unwrap();
    assert_eq!(after - before, 1, "the new key was asked for once");
    stop.store(true, Ordering::Relaxed);
    people.await.unwrap();
}
