//! What operations on exports need to be asked for: one of Testford's that is made.

use serde_json::{Value, json};
use tenfold::client::Client;
use tokio::sync::OnceCell;

use crate::running::{running, testford, write};

/// Asks for one, and waits until it is made.
pub(crate) async fn made(admin: &Client, borough: &str) -> Value {
    let exports = format!("/v1/boroughs/{borough}/exports");
    let asked = write(admin, &exports, &json!({"reason": "A test"})).await;
    assert_eq!(asked.status, 202, "{}", asked.body);
    let path = asked.headers["location"].to_str().unwrap().to_owned();
    assert_eq!(path, format!("{exports}/{}", asked.body["id"].as_str().unwrap()));
    for _ in 0..1200 {
        let export = admin.get(&path).await.unwrap().body;
        match export["state"].as_str().unwrap() {
            "made" => return export,
            "waiting" | "making" => tokio::time::sleep(std::time::Duration::from_millis(100)).await,
            _ => panic!("{export}"),
        }
    }
    panic!("the export was never made");
}

pub(crate) async fn fill(path: String) -> String {
    static MADE: OnceCell<String> = OnceCell::const_new();
    if !path.contains("{export}") {
        return path;
    }
    let id = MADE.get_or_init(async || {
        testford().await;
        made(&running().as_("testford-admin"), "testford").await["id"].as_str().unwrap().to_owned()
    });
    path.replace("{export}", id.await)
}
