//! What operations on the audit trail need to be asked for: an entry that has its place.

use serde_json::Value;

use crate::{
    recipes::Operation,
    running::{running, testford},
};

/// An entry of Testford's trail that has its place in the chain.
async fn placed_entry() -> String {
    testford().await;
    let auditor = running().as_("testford-auditor");
    for _ in 0..400 {
        let trail = auditor.get("/v1/boroughs/testford/audit?limit=500").await.unwrap();
        let placed = trail.body["data"].as_array().unwrap().iter().find(|entry| entry["position"].is_i64()).cloned();
        if let Some(entry) = placed {
            return entry["id"].as_str().unwrap().to_owned();
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("no entry got its place");
}

pub(crate) async fn fill(operation: &Operation, path: String, _: &mut Option<Value>) -> String {
    match operation.id.as_str() {
        "getAuditEntry" | "proveAuditEntry" => path.replace("{entry}", &placed_entry().await),
        _ => path,
    }
}
