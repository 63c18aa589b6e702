//! What operations on webhooks need to be asked for: a webhook, and a delivery of it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    recipes::Operation,
    running::{key, running, send, testford},
};

const HOOKS: &str = "/v1/boroughs/testford/webhooks";

/// A webhook of Testford at an address where nobody listens.
async fn webhook() -> String {
    testford().await;
    let admin = running().as_("testford-admin");
    let draft = json!({"url": "http://127.0.0.1:9/hooks", "description": "A test", "services": ["governance"],
        "actions": ["nothing."]});
    let made = send(&admin, Method::POST, HOOKS, &[("idempotency-key", &key())], Some(&draft)).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let id = made.body["webhook"]["id"].as_str().unwrap().to_owned();
    // No more of them than a borough may have.
    tokio::spawn({
        let (admin, thing) = (admin, format!("{HOOKS}/{id}"));
        async move {
            tokio::time::sleep(std::time::Duration::from_secs(20)).await;
            admin.transition(&thing, &key(), "deleted", "A test").await.ok();
        }
    });
    id
}

pub(crate) async fn fill(operation: &Operation, path: String, _: &mut Option<Value>) -> String {
    if !path.contains("{webhook}") {
        return path;
    }
    let id = webhook().await;
    let path = path.replace("{webhook}", &id);
    if !path.contains("{delivery}") {
        return path;
    }
    let admin = running().as_("testford-admin");
    let tests = format!("{HOOKS}/{id}/tests");
    let sent = send(&admin, Method::POST, &tests, &[("idempotency-key", &key())], Some(&json!({}))).await;
    assert_eq!(sent.status, 201, "{}: {}", operation.id, sent.body);
    path.replace("{delivery}", sent.body["id"].as_str().unwrap())
}
