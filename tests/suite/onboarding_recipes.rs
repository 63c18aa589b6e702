//! Boroughs on their way to going live: what operations on them need to be asked for.

use serde_json::{Value, json};
use tenfold::client::Client;

use crate::{
    recipes::Operation,
    running::{key, running, testford, write},
};

/// An officer beside the first: who asks for a borough does not bring it live.
pub(crate) async fn second_officer() -> Client {
    static MADE: tokio::sync::OnceCell<()> = tokio::sync::OnceCell::const_new();
    MADE.get_or_init(|| async {
        testford().await;
        let client = json!({"name": "Second officer", "role": "officer"});
        let made = write(&running().as_("platform-officer"), "/v1/platform/clients", &client).await;
        running().keep("platform-officer-2", &made.body);
    })
    .await;
    running().as_("platform-officer-2")
}

/// A borough in setup that the second officer asked for; its administrator is the persona `{slug}-admin`.
pub(crate) async fn borough_in_setup() -> String {
    let slug = key();
    let gss = format!("E06{:06}", slug.trim_start_matches("key-").parse::<u32>().unwrap());
    let borough = json!({"slug": slug, "gss": gss, "name": slug, "region": "newshire", "expected_from": "2020-04-01"});
    let officer = second_officer().await;
    // A region of their own: what newcomers record is not for the region others count in.
    static MADE: tokio::sync::OnceCell<()> = tokio::sync::OnceCell::const_new();
    MADE.get_or_init(|| async {
        officer.post("/v1/regions", "newshire", &json!({"slug": "newshire", "name": "Newshire"})).await.unwrap();
    })
    .await;
    let made = write(&officer, "/v1/boroughs", &borough).await;
    assert_eq!(made.status, 201, "{}", made.body);
    running().keep(&format!("{slug}-admin"), &made.body["administrators"][0]);
    slug
}

/// Waives all that a borough lacks.
pub(crate) async fn waive_all(officer: &Client, slug: &str) {
    let path = format!("/v1/boroughs/{slug}/onboarding");
    let checklist = officer.get(&path).await.unwrap().body;
    let tasks = checklist["data"].as_array().unwrap();
    for task in tasks.iter().filter(|task| task["state"] == "missing") {
        let waiver = json!({"task": task["task"], "reason": "A test", "illustrative": true});
        let waived = write(officer, &format!("{path}/waivers"), &waiver).await;
        assert_eq!(waived.status, 201, "{}", waived.body);
    }
}

/// A borough that has handed itself in and lacks nothing that is not waived, at version 2.
pub(crate) async fn borough_in_review() -> String {
    let slug = borough_in_setup().await;
    let admin = running().as_(&format!("{slug}-admin"));
    admin.transition(&format!("/v1/boroughs/{slug}"), &key(), "in_review", "A test").await.unwrap();
    waive_all(&second_officer().await, &slug).await;
    slug
}

pub(crate) async fn fill(operation: &Operation, path: String, body: &mut Option<Value>, permission: &str) -> String {
    match operation.id.as_str() {
        "moveBorough" if permission == "boroughs:onboard" => {
            body.as_mut().expect("a body")["to"] = "live".into();
            path.replace("{borough}", &borough_in_review().await)
        }
        "endOrganisation" | "nameOrganisation" => {
            let body = json!({"kind": "provider", "name": key(), "valid_from": "2020-04-01", "source": "A test"});
            let made = write(&running().as_("testford-admin"), "/v1/boroughs/testford/organisations", &body).await;
            path.replace("{organisation}", made.body["id"].as_str().unwrap())
        }
        "waiveTask" => path.replace("{borough}", &borough_in_setup().await),
        _ => path,
    }
}
