//! What operations on API clients and signing keys need to be asked for: a client of each kind of owner, and its key.

use serde_json::{Value, json};

use crate::{
    recipes::Operation,
    running::{running, write},
};

pub(crate) async fn fill(operation: &Operation, path: String, _: &mut Option<Value>) -> String {
    match operation.id.as_str() {
        // Rehearsed: what all tests share goes on working.
        "revokeAllClients" | "rotateSigningKeys" => return path + "?validate_only=true",
        _ if !operation.template.contains("{client}") => return path,
        _ => {}
    }
    let (owner, role) = match operation.template.split('/').nth(2) {
        Some("boroughs") => ("testford-admin", "member"),
        Some("regions") => ("platform-officer", "analyst"),
        Some("partners") => ("platform-officer", "partner_finance"),
        _ => ("platform-officer", "officer"),
    };
    let owner = running().as_(owner);
    let path = path.replace("{borough}", "testford");
    let list = path.split("/{client}").next().unwrap();
    let made = write(&owner, list, &json!({"name": "To be looked at", "role": role})).await;
    let client = format!("{list}/{}", made.body["id"].as_str().unwrap());
    let keys = owner.get(&format!("{client}/keys")).await.unwrap();
    path.replace("{client}", made.body["id"].as_str().unwrap())
        .replace("{key}", keys.body["data"][0]["id"].as_str().unwrap())
}
