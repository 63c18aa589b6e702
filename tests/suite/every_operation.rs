//! Every operation of the API description × everyone who may not ask for it, through the gateway and straight
//! at the service; each refusal paired with the same request answered 2xx to its owner.

use std::collections::HashMap;

use auth::{Claims, OwnerKind, Signer};
use futures_util::future::join_all;
use reqwest::{Method, StatusCode};

use crate::{
    recipes::{Operation, Request, operations, owner_of, request},
    running::{Running, running, testford},
};

/// A token of each persona, asked for once: these tests are over long before it ends.
#[derive(Default)]
struct Tokens(HashMap<&'static str, String>);

impl Tokens {
    async fn of(&mut self, persona: &'static str) -> String {
        if let Some(token) = self.0.get(persona) {
            return token.clone();
        }
        let token = running().as_(persona).token().await.unwrap();
        self.0.insert(persona, token.clone());
        token
    }
}

fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// A request by a bearer, or by nobody, at an address.
async fn ask(
    http: &reqwest::Client,
    base: &str,
    operation: &Operation,
    request: &Request,
    token: Option<&str>,
) -> StatusCode {
    for _ in 0..50 {
        let mut sent = http.request(operation.method.clone(), format!("{base}{}", request.path));
        for (name, value) in &request.headers {
            sent = sent.header(name, value);
        }
        if let Some(token) = token {
            sent = sent.bearer_auth(token);
        }
        if let Some(body) = &request.body {
            sent = sent.json(body);
        }
        if let Some(content) = &request.content {
            sent = sent.header("content-type", "application/octet-stream").body(content.clone());
        }
        let status = sent.send().await.unwrap().status();
        if status != StatusCode::TOO_MANY_REQUESTS {
            return status;
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    panic!("the limiter never let {} through", operation.id);
}

/// Everyone who is refused, and how.
fn refused(operation: &Operation, permission: &str) -> Vec<(&'static str, &'static [u16])> {
    let kinds: Vec<OwnerKind> = operation
        .permissions
        .iter()
        .map(|slug| auth::permissions().find(|p| p.slug == *slug).expect("ours").kind)
        .collect();
    let names_tenant = ["{borough}", "{region}", "{ods}"].iter().any(|t| operation.template.contains(t));
    let other_tenant: &[u16] = if names_tenant { &[404] } else { &[403] };
    let mut all = Vec::new();
    // Another borough, in every role that might have the right.
    if names_tenant || !kinds.contains(&OwnerKind::Borough) {
        for persona in ["salford-admin", "salford-finance", "salford-pool-manager", "salford-clerk", "salford-auditor"]
        {
            all.push((persona, other_tenant));
        }
    }
    for (kind, others) in [
        (OwnerKind::Region, &["gm-analyst", "ts-analyst"][..]),
        (OwnerKind::Partner, &["icb-finance", "tst-finance"]),
        (OwnerKind::Platform, &["platform-officer"]),
    ] {
        if kinds.contains(&kind) {
            // One's own kind, of another tenant.
            let foreign = others[0];
            if kind != OwnerKind::Platform && names_tenant {
                all.push((foreign, other_tenant));
            }
        } else {
            for persona in others {
                // At its own tenant's path it is told that it may not; elsewhere, nothing.
                let own = match *persona {
                    "ts-analyst" => operation.template.contains("{region}"),
                    "tst-finance" => operation.template.contains("{ods}"),
                    _ => false,
                };
                all.push((persona, if own { &[403] } else { other_tenant }));
            }
        }
    }
    // One's own tenant, without the right.
    let found = auth::permissions().find(|p| p.slug == permission).expect("ours");
    let lacking: &[&str] = match found.kind {
        OwnerKind::Borough => {
            &["testford-funds-only", "testford-committees-only", "testford-auditor", "testford-member"]
        }
        OwnerKind::Region => &["ts-figures-only", "ts-boroughs-only"],
        OwnerKind::Platform => &["regions-only", "boroughs-only"],
        OwnerKind::Partner => &[],
    };
    for persona in lacking {
        let scopes = match *persona {
            "testford-funds-only" => "funds:read",
            "testford-committees-only" => "committees:read",
            "ts-figures-only" => "region-figures:read",
            "ts-boroughs-only" => "region-boroughs:read",
            "regions-only" => "regions:read",
            "boroughs-only" => "boroughs:read",
            _ if found.roles.iter().any(|role| persona.ends_with(role.as_str())) => continue,
            _ => "",
        };
        if scopes != permission {
            all.push((persona, &[403]));
        }
    }
    all
}

async fn expired_token(running: &Running, persona: &str) -> String {
    let signer = Signer::load_or_create(&running.folder.join("token-signing.pem")).unwrap();
    let token = running.as_(persona).token().await.unwrap();
    let payload = token.split('.').nth(1).unwrap();
    let payload = base64::Engine::decode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, payload).unwrap();
    let mut claims: Claims = serde_json::from_slice(&payload).unwrap();
    (claims.iat, claims.exp) = (claims.iat - 1_000, claims.iat - 400);
    signer.sign(&claims).unwrap()
}

#[tokio::test]
async fn every_operation_answers_its_owner_and_nobody_else() {
    let running = running();
    testford().await;
    let (mut tried, mut tokens, http) = (0, Tokens::default(), http());
    for operation in operations() {
        for permission in &operation.permissions {
            let owner = owner_of(&operation, permission);
            let request = request(&operation, permission).await;
            let expired = expired_token(running, owner).await;
            let doors = [running.url.as_str(), running.services[operation.service].as_str()];
            let mut by: Vec<(&str, Option<String>, &[u16])> =
                vec![("nobody", None, &[401]), ("an expired token", Some(expired), &[401])];
            for (persona, statuses) in refused(&operation, permission) {
                by.push((persona, Some(tokens.of(persona).await), statuses));
            }
            for door in doors {
                let asked = by.iter().map(|(_, token, _)| ask(&http, door, &operation, &request, token.as_deref()));
                for ((who, _, statuses), status) in by.iter().zip(join_all(asked).await) {
                    let told = format!("{} ({permission}) at {door} by {who}", operation.id);
                    assert!(statuses.contains(&status.as_u16()), "{told}: {status}, not {statuses:?}");
                    tried += 1;
                }
            }
            let token = tokens.of(owner).await;
            let status = ask(&http, &running.url, &operation, &request, Some(&token)).await;
            assert!(
                status.is_success(),
                "{} ({permission}) by its owner {owner}: {status} for {request:?}",
                operation.id
            );
        }
    }
    assert!(tried > 500, "only {tried} refusals were tried");
}

#[tokio::test]
async fn operations_open_to_all_need_no_token() {
    let running = running();
    let open: Vec<Operation> = operations().into_iter().filter(|o| o.permissions.is_empty()).collect();
    let mut names: Vec<&str> = open.iter().map(|o| o.id.as_str()).collect();
    names.sort_unstable();
    // Grows by what the law opens to everybody, and by nothing else.
    let by_law = [
        "getPublicCalendar",
        "getPublicDecision",
        "getPublicDecisionFeed",
        "getPublicMeeting",
        "listPublicDecisions",
        "listPublicForwardPlan",
        "listPublicMeetings",
        "listPublicMinutes",
    ];
    let public: Vec<&str> =
        open.iter().filter(|o| o.template.starts_with("/v1/public/")).map(|o| o.id.as_str()).collect();
    // What a third party needs to check us by, hashes and keys; and an app, before anybody has signed in.
    let by_us = ["listPublicAuditKeys", "listPublicIssuers", "listPublicSealKeys", "listPublicSeals"];
    let listed = by_law.iter().chain(&by_us);
    assert!(listed.clone().all(|id| public.contains(id)) && public.len() == listed.count(), "{public:?}");
    // This list may only shrink.
    names.retain(|id| !by_law.contains(id) && !by_us.contains(id));
    assert_eq!(names, ["getKeySet", "getMetadata", "issueToken", "revokeToken"]);
    let http = http();
    for operation in open.iter().filter(|o| o.method == Method::GET) {
        let path = crate::public::path(operation).await;
        let request = Request { path, headers: Vec::new(), body: None, content: None };
        let doors = [running.url.as_str(), running.services[operation.service].as_str()];
        for door in doors {
            assert_eq!(ask(&http, door, operation, &request, None).await, 200, "{} at {door}", operation.id);
            // A token is not looked at, whosever it is.
            let nonsense = ask(&http, door, operation, &request, Some("nonsense")).await;
            assert_eq!(nonsense, 200, "{} at {door}", operation.id);
        }
    }
    // The token endpoint is asked by every persona there is.
    assert!(running.as_("gm-analyst").token().await.is_ok());
}

#[tokio::test]
async fn a_writer_never_lacks_a_required_key_or_version() {
    let running = running();
    testford().await;
    let (mut tokens, http) = (Tokens::default(), http());
    for operation in operations().iter().filter(|o| o.keyed || o.versioned) {
        let permission = &operation.permissions[0];
        let mut request = request(operation, permission).await;
        let token = tokens.of(owner_of(operation, permission)).await;
        let full = request.headers.clone();
        if operation.keyed {
            request.headers.retain(|(name, _)| name != "idempotency-key");
            assert_eq!(
                ask(&http, &running.url, operation, &request, Some(&token)).await,
                400,
                "{} without a key",
                operation.id
            );
        }
        request.headers = full;
        if operation.versioned {
            request.headers.retain(|(name, _)| name != "if-match");
            assert_eq!(
                ask(&http, &running.url, operation, &request, Some(&token)).await,
                428,
                "{} without a version",
                operation.id
            );
            request.headers.push(("if-match".into(), "\"999\"".into()));
            assert_eq!(
                ask(&http, &running.url, operation, &request, Some(&token)).await,
                412,
                "{} with a stale version",
                operation.id
            );
        }
    }
}

/// The extremes of a token's life, at the running stack (refusal 4).
#[tokio::test]
async fn a_token_is_good_within_thirty_seconds_of_its_bounds() {
    let running = running();
    let signer = Signer::load_or_create(&running.folder.join("token-signing.pem")).unwrap();
    let token = running.as_("oldham-finance").token().await.unwrap();
    let payload =
        base64::Engine::decode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, token.split('.').nth(1).unwrap()).unwrap();
    let now = domain::Clock::System.now().timestamp();
    let shape = |iat: i64, exp: i64| {
        let mut claims: Claims = serde_json::from_slice(&payload).unwrap();
        (claims.iat, claims.exp) = (iat, exp);
        signer.sign(&claims).unwrap()
    };
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    for (token, wanted) in [
        (shape(now - 600, now - 25), 200),
        (shape(now - 600, now - 33), 401),
        (shape(now + 25, now + 600), 200),
        (shape(now + 40, now + 600), 401),
        (shape(now - 10, now - 10 + 3601), 401),
    ] {
        let answer =
            http.get(format!("{}/v1/boroughs/oldham/funds", running.url)).bearer_auth(token).send().await.unwrap();
        assert_eq!(answer.status(), wanted);
    }
}
