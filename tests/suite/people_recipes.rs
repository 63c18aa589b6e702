//! What operations on people need to be asked for: a provider, a member or an invitation of each kind of owner.

use std::collections::HashMap;

use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::{
    people::{
        exchange::{invited, joins, registered},
        stub::Stub,
    },
    recipes::Operation,
    running::{running, testford},
};

/// One provider an owner, at which its members join.
async fn provider(keeper: &tenfold::client::Client, home: &str) -> Stub {
    static MADE: Mutex<Option<HashMap<String, Stub>>> = Mutex::const_new(None);
    let mut made = MADE.lock().await;
    let made = made.get_or_insert_default();
    if let Some(stub) = made.get(home) {
        return stub.clone();
    }
    let (stub, _) = registered(keeper, home, json!([])).await;
    made.insert(home.to_owned(), stub.clone());
    stub
}

pub(crate) async fn fill(operation: &Operation, path: String, body: &mut Option<Value>) -> String {
    if operation.id.starts_with("register") && operation.id.ends_with("Issuer") {
        body.as_mut().expect("a body")["issuer"] = Stub::new().issuer.into();
    }
    let about = ["{issuer}", "{member}", "{invitation}"].into_iter().find(|name| operation.template.contains(name));
    let Some(about) = about.filter(|_| operation.service == 0) else { return path };
    testford().await;
    let (keeper, role) = match operation.template.split('/').nth(2) {
        Some("boroughs") => ("testford-admin", "member"),
        Some("regions") => ("platform-officer", "analyst"),
        Some("partners") => ("platform-officer", "partner_finance"),
        _ => ("platform-officer", "officer"),
    };
    let keeper = running().as_(keeper);
    let path = path.replace("{borough}", "testford");
    let list = path.split(&format!("/{about}")).next().unwrap();
    let home = list.rsplit_once('/').unwrap().0;
    let id = match about {
        "{issuer}" => registered(&keeper, home, json!([])).await.1["id"].as_str().unwrap().to_owned(),
        "{invitation}" => invited(&keeper, home, role).await["id"].as_str().unwrap().to_owned(),
        _ => joins(&keeper, home, &provider(&keeper, home).await, role).await.id,
    };
    if operation.id.starts_with("handOver") {
        let other = joins(&keeper, home, &provider(&keeper, home).await, role).await;
        body.as_mut().expect("a body")["to"] = other.id.into();
    }
    path.replace(about, &id)
}
