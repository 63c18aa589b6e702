//! The common manners: keys, versions, pages, CSV, rehearsals, headers.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::running::{journal, key, new_fund, pointer, refusal, running, send, testford, write};

#[tokio::test]
async fn the_same_key_is_done_once() {
    let testford = testford().await;
    let client = running().as_("testford-finance");
    let path = format!("/v1/boroughs/testford/funds/{}/journals", testford.fund);
    let once = key();
    let headers = [("idempotency-key", once.as_str())];
    let first = send(&client, Method::POST, &path, &headers, Some(&journal(777))).await;
    assert_eq!(first.status, 201);
    assert!(!first.headers.contains_key("idempotency-replayed"));
    let again = send(&client, Method::POST, &path, &headers, Some(&journal(777))).await;
    assert_eq!(
        (again.status, &again.body, &again.headers["location"]),
        (first.status, &first.body, &first.headers["location"])
    );
    assert_eq!(again.headers["idempotency-replayed"], "true");
    let other = send(&client, Method::POST, &path, &headers, Some(&journal(778))).await;
    assert_eq!(refusal(&other), "422 idempotency-key-reused");
    // Another client's key is another key.
    let elsewhere =
        send(&running().as_("testford-finance-2"), Method::POST, &path, &headers, Some(&journal(779))).await;
    assert_eq!(elsewhere.status, 201);
}

#[tokio::test]
async fn one_key_sent_fifty_times_at_once_is_done_once() {
    let testford = testford().await;
    let council = &testford.council;
    let fund = new_fund("testford", council, &format!("Once {}", key())).await;
    let (client, path) = (running().as_("testford-finance"), format!("/v1/boroughs/testford/funds/{fund}/journals"));
    client.token().await.unwrap();
    let once = key();
    let all = (0..50).map(|_| {
        let (client, path, once) = (client.clone(), path.clone(), once.clone());
        tokio::spawn(async move {
            send(&client, Method::POST, &path, &[("idempotency-key", &once)], Some(&journal(100))).await
        })
    });
    let mut ids = std::collections::BTreeSet::new();
    for sent in all.collect::<Vec<_>>() {
        let answer = sent.await.unwrap();
        match answer.status.as_u16() {
            201 => drop(ids.insert(answer.body["id"].to_string())),
            409 => {
                assert_eq!(refusal(&answer), "409 request-in-progress");
                assert!(answer.headers.contains_key("retry-after"));
            }
            other => panic!("{other}: {}", answer.body),
        }
    }
    assert_eq!(ids.len(), 1);
    let there = client.get(&path).await.unwrap();
    assert_eq!(there.body["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_rehearsal_answers_in_full_and_writes_nothing() {
    let testford = testford().await;
    let fund = new_fund("testford", &testford.council, &format!("Rehearsal {}", key())).await;
    let (client, path) = (running().as_("testford-finance"), format!("/v1/boroughs/testford/funds/{fund}/journals"));
    let once = key();
    let headers = [("idempotency-key", once.as_str())];
    let tried = send(&client, Method::POST, &format!("{path}?validate_only=true"), &headers, Some(&journal(100))).await;
    assert_eq!((tried.status, tried.body["postings"].as_array().unwrap().len()), (StatusCode::OK, 2));
    assert!(!tried.headers.contains_key("location"));
    assert!(client.get(&path).await.unwrap().body["data"].as_array().unwrap().is_empty());
    // The key is still free.
    assert_eq!(send(&client, Method::POST, &path, &headers, Some(&journal(100))).await.status, 201);
    let wrong =
        send(&client, Method::POST, &format!("{path}?validate_only=perhaps"), &headers, Some(&journal(1))).await;
    assert_eq!(refusal(&wrong), "400 query-invalid");
}

#[tokio::test]
async fn pages_follow_one_another_without_gap_or_repeat() {
    let testford = testford().await;
    let fund = new_fund("testford", &testford.council, &format!("Pages {}", key())).await;
    let (client, path) = (running().as_("testford-finance"), format!("/v1/boroughs/testford/funds/{fund}/journals"));
    for pence in 1..=7 {
        assert_eq!(write(&client, &path, &journal(pence)).await.status, 201);
    }
    let (mut seen, mut next) = (Vec::new(), format!("{path}?limit=3"));
    loop {
        let page = client.get(&next).await.unwrap().body;
        seen.extend(
            page["data"].as_array().unwrap().iter().map(|j| j["postings"][0]["amount_pence"].as_i64().unwrap()),
        );
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        next = format!("{path}?limit=3&cursor={cursor}");
    }
    assert_eq!(seen, [7, 6, 5, 4, 3, 2, 1]);
    let page = client.get(&format!("{path}?limit=3")).await.unwrap().body;
    let elsewhere = format!("/v1/boroughs/testford/funds?cursor={}", page["next_cursor"].as_str().unwrap());
    assert_eq!(refusal(&send(&client, Method::GET, &elsewhere, &[], None).await), "400 cursor-invalid");
    for wrong in ["limit=0", "limit=501", "limit=x", "colour=blue", "cursor=!"] {
        let answer = send(&client, Method::GET, &format!("{path}?{wrong}"), &[], None).await;
        assert_eq!(answer.status, 400, "{wrong}: {}", answer.body);
    }
}

#[tokio::test]
async fn lists_come_as_csv_with_their_next_page() {
    let running = running();
    let token = running.as_("salford-auditor").token().await.unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let path = format!("{}/v1/boroughs/salford/organisations?limit=2", running.url);
    let answer = http.get(path).bearer_auth(&token).header("accept", "text/csv").send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/csv; charset=utf-8; header=present");
    assert_eq!(answer.headers()["x-row-count"], "2");
    assert!(answer.headers()["link"].to_str().unwrap().ends_with("; rel=\"next\""));
    let text = answer.text().await.unwrap();
    assert!(text.starts_with("id,kind,name,ods,gss,valid_from,valid_to,source\n"), "{text}");
    assert_eq!(text.lines().count(), 3);
    let html = http
        .get(format!("{}/v1/boroughs/salford/funds", running.url))
        .bearer_auth(&token)
        .header("accept", "text/html");
    assert_eq!(html.send().await.unwrap().status(), 406);
}

#[tokio::test]
async fn a_formula_in_a_name_is_held_in_csv() {
    let testford = testford().await;
    let name = format!("=HYPERLINK(\"http://{}\")", key());
    new_fund("testford", &testford.council, &name).await;
    let token = running().as_("testford-finance").token().await.unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let asked = http.get(format!("{}/v1/boroughs/testford/funds?limit=500", running().url)).bearer_auth(token);
    let text = asked.header("accept", "text/csv").send().await.unwrap().text().await.unwrap();
    assert!(text.contains("\"'=HYPERLINK("), "{text}");
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let running = running();
    let client = running.as_("oldham-member");
    for path in ["/v1/boroughs/oldham", "/v1/boroughs/oldham/funds"] {
        let first = client.get(path).await.unwrap();
        let tag = first.headers["etag"].to_str().unwrap();
        assert!(tag.starts_with('"'), "a strong tag: {tag}");
        let again = send(&client, Method::GET, path, &[("if-none-match", tag)], None).await;
        assert_eq!((again.status, &again.body), (StatusCode::NOT_MODIFIED, &Value::Null));
        let other = send(&client, Method::GET, path, &[("if-none-match", "\"other\"")], None).await;
        assert_eq!(other.status, 200);
    }
}

#[tokio::test]
async fn every_answer_says_its_request_and_where_the_time_went() {
    let client = running().as_("oldham-member");
    let answer =
        send(&client, Method::GET, "/v1/boroughs/oldham/funds", &[("x-request-id", "my-own.id_1")], None).await;
    assert_eq!(answer.headers["x-request-id"], "my-own.id_1");
    let timings: Vec<&str> = answer.headers.get_all("server-timing").iter().map(|t| t.to_str().unwrap()).collect();
    assert!(timings.join(", ").contains("db;dur="), "{timings:?}");
    assert!(!timings.join(", ").contains("db;dur=0.000"), "{timings:?}");
    let refused = send(&client, Method::GET, "/v1/boroughs/bury/funds", &[("x-request-id", "my-own.id_2")], None).await;
    assert_eq!(refused.body["request_id"], "my-own.id_2");
    assert_eq!(refused.body["instance"], "/v1/boroughs/bury/funds");
    assert_eq!(refused.headers["content-type"], "application/problem+json");
    assert!(answer.headers.contains_key("ratelimit") && answer.headers.contains_key("ratelimit-policy"));
}

#[tokio::test]
async fn lists_answer_without_any_parameter() {
    testford().await;
    for operation in crate::recipes::operations() {
        let lists = operation.method == Method::GET
            && operation.permissions.len() == 1
            && operation.template.matches('{').count() == 1
            // One thing, of a region or the platform.
            && !["getRag", "getPlatformClient", "getPlatformInvitation", "getPlatformIssuer", "getPlatformMember"]
                .contains(&operation.id.as_str())
            // Streams of all of them, and what is said of all of them.
            && !operation.template.contains("/entries.")
            && !operation.template.ends_with("/proof")
            && !operation.template.ends_with("/quota")
            // These go on by their numbers.
            && !operation.template.ends_with("/changes");
        if !lists {
            continue;
        }
        let request = crate::recipes::request(&operation, &operation.permissions[0]).await;
        let client = running().as_(crate::recipes::owner_of(&operation, &operation.permissions[0]));
        let body = client.get(&request.path).await.unwrap().body;
        assert!(body["data"].is_array(), "{}: {body}", operation.id);
        assert!(body.as_object().unwrap().contains_key("next_cursor"), "{}", operation.id);
    }
}

#[tokio::test]
async fn a_gss_code_in_a_path_is_the_borough_too() {
    let client = running().as_("wigan-member");
    let by_slug = client.get("/v1/boroughs/wigan/funds").await.unwrap();
    let by_code = client.get("/v1/boroughs/E08000010/funds").await.unwrap();
    assert_eq!(by_slug.body, by_code.body);
    assert_eq!(send(&client, Method::GET, "/v1/boroughs/E08000009/funds", &[], None).await.status, 404);
}

#[tokio::test]
async fn what_was_done_is_in_the_audit_trail() {
    let testford = testford().await;
    let (client, admin) = (running().as_("testford-finance"), running().as_("testford-admin"));
    let path = format!("/v1/boroughs/testford/funds/{}/journals", testford.fund);
    let made = write(&client, &path, &journal(4_242)).await;
    let id = made.body["id"].as_str().unwrap();
    let trail = admin.get("/v1/boroughs/testford/audit?limit=500").await.unwrap().body;
    let entry = trail["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|e| e["subject"].as_str().unwrap().ends_with(id))
        .expect("an entry");
    assert_eq!(entry["action"], "journal.posted");
    assert_eq!(entry["by"], running().credentials("testford-finance").client_id);
    assert_eq!(entry["address"], "127.0.0.1");
    assert_eq!(entry["request_id"], made.headers["x-request-id"].to_str().unwrap());
    let body = json!({"to": "soft_closed", "reason": "x"});
    let stale = send(
        &client,
        Method::POST,
        &format!("{}/years/2026-27/periods/1/transitions", path.trim_end_matches("/journals")),
        &[("idempotency-key", &key()), ("if-match", "\"7\"")],
        Some(&body),
    )
    .await;
    assert_eq!(refusal(&stale), "412 version-stale");
    assert_eq!(pointer(&stale), "");
}

#[tokio::test]
async fn a_large_body_that_is_refused_early_hears_why() {
    let running = running();
    testford().await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let body = format!("{{\"text\": \"{}\"}}", "a".repeat(1_500_000));
    let (clerk, member) =
        (running.as_("testford-clerk").token().await.unwrap(), running.as_("testford-member").token().await.unwrap());
    // Without a key; by a role that may not; about a fund that is not there.
    let nowhere = "/v1/boroughs/testford/funds/01890a5d-ac96-774b-bcce-b302099a8057/schemes";
    for (path, token, wanted) in [
        ("/v1/boroughs/testford/motions", &clerk, 400),
        ("/v1/boroughs/testford/motions", &member, 403),
        (nowhere, &member, 403),
    ] {
        for _ in 0..12 {
            let sent = http.post(format!("{}{path}", running.url)).bearer_auth(token);
            let answer = sent.header("content-type", "application/json").body(body.clone()).send().await.unwrap();
            if answer.status() == 429 {
                continue;
            }
            assert_eq!(answer.status(), wanted, "{path}: {}", answer.text().await.unwrap());
        }
    }
}
