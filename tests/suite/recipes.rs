//! How each operation is asked for, so that its owner is answered 2xx: on Testford, with the document's own
//! example as the body.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    agreement_recipes, audit_recipes, client_recipes, contribution_recipes, export_recipes, import_recipes,
    ledger_recipes, meeting_recipes, onboarding_recipes, people_recipes, registers, return_recipes,
    running::{journal, key, new_fund, running, testford, write},
    seal_recipes, vote_recipes, webhook_recipes,
};

/// An operation of the API description.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) method: Method,
    pub(crate) template: String,
    pub(crate) service: usize,
    /// Each alternative: a permission.
    pub(crate) permissions: Vec<String>,
    pub(crate) versioned: bool,
    pub(crate) keyed: bool,
    pub(crate) example: Option<Value>,
}

/// The merged document.
pub(crate) fn document() -> Value {
    serde_json::from_str(include_str!("../../openapi/gateway.json")).expect("the document is JSON")
}

/// Every operation of the merged document.
pub(crate) fn operations() -> Vec<Operation> {
    let document = document();
    let mut all = Vec::new();
    for (template, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let has = |name: &str| {
                operation["parameters"].as_array().unwrap().iter().any(|p| p["name"] == name && p["required"] == true)
            };
            let security = operation["security"].as_array().unwrap();
            all.push(Operation {
                id: operation["operationId"].as_str().unwrap().to_owned(),
                method: method.to_uppercase().parse().unwrap(),
                template: template.clone(),
                service: ["tenants", "budgets", "governance"]
                    .iter()
                    .position(|s| operation["x-service"] == *s)
                    .unwrap(),
                permissions: security.iter().map(|one| one["bearer"][0].as_str().unwrap().to_owned()).collect(),
                versioned: has("If-Match"),
                keyed: has("Idempotency-Key"),
                example: example(&document, operation),
            });
        }
    }
    all
}

fn example(document: &Value, operation: &Value) -> Option<Value> {
    let content = operation["requestBody"]["content"].as_object()?.values().next()?;
    let own = &content["example"];
    if !own.is_null() {
        return Some(own.clone());
    }
    let name = content["schema"]["$ref"].as_str()?.rsplit('/').next()?;
    let of_schema = &document["components"]["schemas"][name]["example"];
    Some(of_schema.clone()).filter(|example| !example.is_null())
}

/// A request that is ready to be sent by anyone.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Value>,
    /// A body that is no JSON, instead.
    pub(crate) content: Option<Vec<u8>>,
}

/// The request of an operation that its owner is answered 2xx; `permission` is the alternative that is tried.
pub(crate) async fn request(operation: &Operation, permission: &str) -> Request {
    let testford = testford().await;
    let (owner, fund) = (running().as_("testford-finance"), &testford.fund);
    let mut body = operation.example.clone();
    if operation.method == Method::POST {
        assert!(body.is_some(), "{} has no example", operation.id);
    }
    let mut set = |field: &str, value: Value| body.as_mut().expect("a body")[field] = value;
    let mut path = operation.template.replace("{region}", "testshire").replace("{ods}", "TST");
    let clerk = running().as_("testford-clerk");
    let here = "/v1/boroughs/testford";
    let in_fund = format!("{here}/funds/{fund}");
    match operation.id.as_str() {
        "createBorough" => {
            set("region", "testshire".into());
            let number = key();
            set("slug", number.clone().into());
            set("gss", format!("E07{:06}", number.trim_start_matches("key-").parse::<u32>().unwrap()).into());
        }
        "createRegion" => set("slug", format!("region-{}", key()).into()),
        // The sandbox of Testford is in setup, and the path means the tenant of the token.
        "getOrganisation" => path = path.replace("{organisation}", &testford.council),
        "createFund" => {
            set("host", testford.council.clone().into());
            set("name", format!("Fund {}", key()).into());
        }
        "openFundYear" => {
            let number: u32 = key().trim_start_matches("key-").parse().unwrap();
            let start = 2030 + number % 60;
            set("year", format!("{start}-{:02}", (start + 1) % 100).into());
            let fund = new_fund("testford", &testford.council, &format!("For years {}", key())).await;
            path = path.replace("{fund}", &fund);
        }
        "createScheme" | "createAccount" => set("code", format!("T{}", key()).into()),
        "getScheme" | "getAccount" => {
            let kind = if operation.id == "getScheme" { "scheme" } else { "account" };
            let all = owner.get(&format!("{in_fund}/{kind}s")).await.unwrap();
            path = path.replace(&format!("{{{kind}}}"), all.body["data"][0]["id"].as_str().unwrap());
        }
        "getJournal" | "reverseJournal" => {
            let made = write(&owner, &format!("{in_fund}/journals"), &journal(100)).await;
            path = path.replace("{journal}", made.body["id"].as_str().unwrap());
        }
        "recordReceipt" => set("payer", testford.council.clone().into()),
        "movePeriod" => {
            let fund = new_fund("testford", &testford.council, &format!("For periods {}", key())).await;
            path = path.replace("{fund}", &fund);
        }
        "createWebhook" => set("url", "http://127.0.0.1:9/hooks".into()),
        "createCommittee" => set("name", format!("Committee {}", key()).into()),
        "getCommittee" | "getCommitteeTransitions" | "moveCommittee" => {
            let committee = json!({"name": format!("Committee {}", key()), "basis": "advisory", "access_regime": "none",
                "parents": ["Testford Council"], "source": "A test"});
            let made = write(&clerk, &format!("{here}/committees"), &committee).await;
            path = path.replace("{committee}", made.body["id"].as_str().unwrap());
        }
        "recordDelegation" => {
            // Far ahead: nobody's limit changes.
            let number: i64 = key().trim_start_matches("key-").parse().unwrap();
            let day = chrono::NaiveDate::from_ymd_opt(2050, 1, 1).unwrap() + chrono::Duration::days(number);
            set("in_force_from", day.to_string().into());
        }
        _ => path = registers::path(&operation.id, path).await,
    }
    let (path, content) = meeting_recipes::fill(operation, path, &mut body).await;
    let path = vote_recipes::fill(operation, path, &mut body).await;
    let path = agreement_recipes::fill(operation, path, &mut body).await;
    let path = contribution_recipes::fill(operation, path, &mut body).await;
    let path = return_recipes::fill(operation, path, &mut body).await;
    let path = client_recipes::fill(operation, path, &mut body).await;
    let path = seal_recipes::fill(operation, path, &mut body).await;
    let path = onboarding_recipes::fill(operation, path, &mut body, permission).await;
    let path = ledger_recipes::fill(operation, path, &mut body).await;
    let path = webhook_recipes::fill(operation, path, &mut body).await;
    let path = export_recipes::fill(path).await;
    let path = audit_recipes::fill(operation, path, &mut body).await;
    let path = people_recipes::fill(operation, path, &mut body).await;
    let (path, content) = import_recipes::fill(operation, path, &mut body, content).await;
    let path = path
        .replace("{borough}", "testford")
        .replace("{fund}", fund)
        .replace("{year}", "2026-27")
        .replace("{period}", "6");
    assert!(!path.contains('{'), "{} needs a recipe: {path}", operation.id);
    let mut headers = Vec::new();
    if operation.method == Method::POST && operation.template.starts_with("/v1/") {
        headers.push(("idempotency-key".to_owned(), key()));
    }
    if operation.versioned {
        headers.push(("if-match".to_owned(), return_recipes::version(operation).await));
        if operation.id == "moveBorough" && permission == "boroughs:onboard" {
            headers.last_mut().unwrap().1 = "\"2\"".to_owned();
        }
    }
    Request { path, headers, body, content }
}

/// Who is answered 2xx: a persona with the permission.
pub(crate) fn owner_of(operation: &Operation, permission: &str) -> &'static str {
    let found = auth::permissions().find(|p| p.slug == permission).expect("a permission of ours");
    if operation.id == "moveBorough" && permission == "borough:submit" {
        return "testford-sandbox-admin";
    }
    match found.roles[0] {
        auth::Role::Admin => "testford-admin",
        auth::Role::Finance => "testford-finance",
        auth::Role::PoolManager => "testford-pool-manager",
        auth::Role::Clerk => "testford-clerk",
        auth::Role::Member => "testford-member",
        auth::Role::Auditor => "testford-auditor",
        auth::Role::System => "testford-system",
        auth::Role::Analyst => "ts-analyst",
        auth::Role::PartnerFinance => "tst-finance",
        auth::Role::Officer => "platform-officer",
    }
}
