//! Cutting tokens off, and what the token endpoint refuses.

use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::json;
use tenfold::client::Client;

use crate::{
    onboarding_recipes::{second_officer, waive_all},
    running::{key, running, send, testford, write},
};

/// Asks with one token until it is refused; panics after a minute.
async fn refused_within_a_minute(url: &str, token: &str, path: &str) -> Duration {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let began = Instant::now();
    loop {
        let answer = http.get(format!("{url}{path}")).bearer_auth(token).send().await.unwrap();
        if answer.status() == StatusCode::UNAUTHORIZED {
            return began.elapsed();
        }
        assert!(answer.status() == StatusCode::OK || answer.status() == StatusCode::TOO_MANY_REQUESTS);
        assert!(began.elapsed() < Duration::from_secs(60), "still answered after a minute");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test]
async fn a_revoked_client_is_cut_off_at_the_gateway_and_at_the_service() {
    testford().await;
    let running = running();
    let admin = running.as_("testford-admin");
    let made =
        write(&admin, "/v1/boroughs/testford/clients", &json!({"name": "To be revoked", "role": "finance"})).await;
    running.keep("to-be-revoked", &made.body);
    let (client, id) = (running.as_("to-be-revoked"), made.body["id"].as_str().unwrap());
    let token = client.token().await.unwrap();
    let path = "/v1/boroughs/testford/funds";
    assert_eq!(client.get(path).await.unwrap().status, 200);
    admin.transition(&format!("/v1/boroughs/testford/clients/{id}"), &key(), "revoked", "A test").await.unwrap();
    tokio::join!(
        refused_within_a_minute(&running.url, &token, path),
        refused_within_a_minute(&running.services[1], &token, path),
    );
    let again = Client::new(&running.url, running.credentials("to-be-revoked")).token().await;
    assert!(again.is_err_and(|error| error.to_string().contains("401")), "it gets no new token");
}

#[tokio::test]
async fn a_suspended_borough_is_cut_off_and_resumes_with_its_data() {
    testford().await;
    let running = running();
    let officer = running.as_("platform-officer");
    let borough = json!({"slug": "suspendable", "gss": "E08999998", "name": "Suspendable", "region": "testshire", "expected_from": "2020-04-01"});
    let made = write(&officer, "/v1/boroughs", &borough).await;
    running.keep("suspendable-admin", &made.body["administrators"][0]);
    let (admin, path) = (running.as_("suspendable-admin"), "/v1/boroughs/suspendable");
    let council = json!({"kind": "council", "name": "Suspendable Council", "gss": "E08999998", "valid_from": "1974-04-01", "source": "A test"});
    write(&admin, &format!("{path}/organisations"), &council).await;
    admin.transition(path, &key(), "in_review", "A test").await.unwrap();
    waive_all(&officer, "suspendable").await;
    second_officer().await.transition(path, &key(), "live", "A test").await.unwrap();
    let before = admin.get(&format!("{path}/organisations")).await.unwrap().body;
    let token = admin.token().await.unwrap();
    officer.transition(path, &key(), "suspended", "A test").await.unwrap();
    refused_within_a_minute(&running.url, &token, path).await;
    let fresh = || Client::new(&running.url, running.credentials("suspendable-admin"));
    assert!(fresh().token().await.is_err(), "no new token while it is suspended");
    officer.transition(path, &key(), "live", "A test").await.unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    let admin = fresh();
    assert_eq!(admin.get(&format!("{path}/organisations")).await.unwrap().body, before);
    assert!(
        refused_within_a_minute(&running.url, &token, path).await < Duration::from_secs(2),
        "the old token stays cut off"
    );
}

#[tokio::test]
async fn the_token_endpoint_refuses_in_the_words_of_oauth() {
    let running = running();
    let real = running.credentials("bury-clerk");
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let ask = async |basic: Option<(&str, &str)>, form: &str, kind: &str| {
        let mut request =
            http.post(format!("{}/oauth2/token", running.url)).header("content-type", kind).body(form.to_owned());
        if let Some((id, secret)) = basic {
            request = request.basic_auth(id, Some(secret));
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.headers()["cache-control"], "no-store");
        let status = answer.status().as_u16();
        (status, answer.json::<serde_json::Value>().await.unwrap()["error"].as_str().unwrap_or("").to_owned())
    };
    let form = "application/x-www-form-urlencoded";
    let own = Some((real.client_id.as_str(), real.client_secret.as_str()));
    let grant = "grant_type=client_credentials";
    assert_eq!(ask(own, grant, form).await, (200, String::new()));
    assert_eq!(ask(own, "grant_type=password", form).await, (400, "unsupported_grant_type".into()));
    assert_eq!(ask(own, "", form).await, (400, "unsupported_grant_type".into()));
    assert_eq!(ask(own, &format!("{grant}&{grant}"), form).await, (400, "invalid_request".into()));
    assert_eq!(ask(own, grant, "application/json").await, (400, "invalid_request".into()));
    assert_eq!(ask(own, &format!("{grant}&scope=journals%3Apost"), form).await, (400, "invalid_scope".into()));
    assert_eq!(ask(own, &format!("{grant}&scope=everything"), form).await, (400, "invalid_scope".into()));
    assert_eq!(ask(Some((&real.client_id, "wrong")), grant, form).await, (401, "invalid_client".into()));
    assert_eq!(ask(Some(("nobody", "wrong")), grant, form).await, (401, "invalid_client".into()));
    assert_eq!(ask(None, grant, form).await, (401, "invalid_client".into()));
    let narrow = ask(own, &format!("{grant}&scope=committees%3Aread"), form).await;
    assert_eq!(narrow.0, 200);
}

#[tokio::test]
async fn metadata_and_keys_are_where_the_standards_say() {
    let running = running();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let get = async |path: &str| {
        http.get(format!("{}{path}", running.url)).send().await.unwrap().json::<serde_json::Value>().await.unwrap()
    };
    let metadata = get("/.well-known/oauth-authorization-server").await;
    assert_eq!(metadata["issuer"], running.url.as_str());
    let grants = ["client_credentials", "urn:ietf:params:oauth:grant-type:token-exchange"];
    assert_eq!(metadata["grant_types_supported"], json!(grants));
    assert_eq!(metadata["jwks_uri"], format!("{}/.well-known/jwks.json", running.url));
    let keys = get("/.well-known/jwks.json").await;
    assert_eq!(keys["keys"][0]["alg"], "ES256");
    assert!(keys["keys"][0]["d"].is_null(), "the private part is not published");
}

#[tokio::test]
async fn bootstrap_is_refused_once_there_is_an_officer() {
    let running = running();
    assert!(tenants::bootstrap(&running.database.owner(), &domain::Clock::System).await.unwrap().is_none());
}

#[tokio::test]
async fn secrets_are_shown_once() {
    testford().await;
    let admin = running().as_("testford-admin");
    let (body, once) = (json!({"name": "Shown once", "role": "member"}), key());
    let headers = [("idempotency-key", once.as_str())];
    let path = "/v1/boroughs/testford/clients";
    let first = send(&admin, Method::POST, path, &headers, Some(&body)).await;
    let again = send(&admin, Method::POST, path, &headers, Some(&body)).await;
    assert!(first.body["client_secret"].as_str().unwrap().starts_with("tfl_live_"));
    assert_eq!((again.status, again.body["id"].clone()), (first.status, first.body["id"].clone()));
    assert!(again.body["client_secret"].is_null());
    let listed = admin.get(&format!("{path}?limit=500")).await.unwrap();
    assert!(!listed.body.to_string().contains(first.body["client_secret"].as_str().unwrap()));
}
