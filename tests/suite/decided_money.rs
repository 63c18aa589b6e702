//! Money above a limit: a decision moves it, once; and what stays under the limit in pieces is flagged.

use std::time::Duration;

use chrono::{Days, NaiveDate};
use domain::{Clock, CommitteeId, DecisionId, EventId, Pence};
use events::{Event, governance::DecisionEffective};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use tenfold::client::{Answer, Client};
use uuid::Uuid;

use crate::running::{journal, key, new_fund, pointer, refusal, running, send, testford, write};

/// What a finance officer of Limitham may post without a decision, in pence.
const LIMIT: i64 = 10_000;

/// Limitham, a borough with a limit, which those of others must not feel.
struct Limitham {
    id: Uuid,
    council: String,
}

async fn owner() -> PgConnection {
    PgConnection::connect_with(&running().database.owner()).await.unwrap()
}

async fn limitham() -> &'static Limitham {
    static MADE: tokio::sync::OnceCell<Limitham> = tokio::sync::OnceCell::const_new();
    MADE.get_or_init(|| async {
        testford().await;
        let (running, here) = (running(), "/v1/boroughs/limitham");
        let borough = json!({"slug": "limitham", "gss": "E08999997", "name": "Limitham", "region": "testshire", "expected_from": "2020-04-01"});
        let made = running.as_("platform-officer").post("/v1/boroughs", "limitham", &borough).await.unwrap().body;
        let first = made["administrators"].as_array().unwrap().iter().find(|a| a["mode"] == "live").unwrap();
        running.keep("limitham-admin", first);
        let admin = running.as_("limitham-admin");
        for role in ["finance", "clerk", "auditor"] {
            let client = json!({"name": role, "role": role});
            let made = admin.post(&format!("{here}/clients"), role, &client).await.unwrap().body;
            running.keep(&format!("limitham-{role}"), &made);
        }
        let council = json!({"kind": "council", "name": "Limitham Council", "gss": "E08999997", "valid_from": "1974-04-01", "source": "A test"});
        let council = admin.post(&format!("{here}/organisations"), "council", &council).await.unwrap();
        let limit = json!({"role": "finance", "limit_pence": LIMIT, "in_force_from": "2019-04-01", "source": "A test"});
        running.as_("limitham-clerk").post(&format!("{here}/delegations"), "limit", &limit).await.unwrap();
        let id = sqlx::query_scalar("select borough_id from tenants.borough where slug = 'limitham' and mode = 'live'")
            .fetch_one(&mut owner().await)
            .await
            .unwrap();
        let limitham = Limitham { id, council: council.body["id"].as_str().unwrap().to_owned() };
        let fund = Fund::new_in(&limitham).await;
        // The limit is on its way from governance.
        for _ in 0..100 {
            let path = format!("{}/journals?validate_only=true", fund.path);
            if refusal(&write(&finance(), &path, &journal(LIMIT + 1)).await) == "409 decision-required" {
                return limitham;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the limit never arrived");
    })
    .await
}

fn finance() -> Client {
    running().as_("limitham-finance")
}

fn today() -> NaiveDate {
    Clock::System.now().date_naive()
}

/// A fund of Limitham.
struct Fund {
    borough: Uuid,
    id: String,
    path: String,
}

impl Fund {
    async fn new() -> Self {
        Self::new_in(limitham().await).await
    }

    async fn new_in(limitham: &Limitham) -> Self {
        let id = new_fund("limitham", &limitham.council, &format!("Decided {}", key())).await;
        Self { borough: limitham.id, path: format!("/v1/boroughs/limitham/funds/{id}"), id }
    }

    async fn read(&self, list: &str) -> Value {
        running().as_("limitham-auditor").get(&format!("{}/{list}", self.path)).await.unwrap().body
    }

    async fn spent_pence(&self) -> Value {
        self.read("years/2026-27/position").await["total"]["actual_pence"].clone()
    }

    /// A decision about this fund's money, as governance tells it, once it has arrived.
    async fn decide(&self, pence: i64, effective_on: NaiveDate) -> String {
        let now = Clock::System.now();
        let decided = DecisionEffective {
            decision_id: DecisionId::at(now),
            committee_id: CommitteeId::at(now),
            fund_id: self.id.parse().unwrap(),
            amount_pence: Pence(pence),
            title: "A test".into(),
            proposal_id: None,
            effective_on,
        };
        sqlx::query(
            "insert into platform.inbox (borough_id, consumer, event_id, position, kind, aggregate, payload, arrived_at)
             values ($1, 'budgets', $2, 0, $3, $4, $5, $6)",
        )
        .bind(self.borough)
        .bind(EventId::at(now).0)
        .bind(DecisionEffective::KIND)
        .bind(decided.aggregate())
        .bind(json!(decided))
        .bind(now)
        .execute(&mut owner().await)
        .await
        .unwrap();
        let id = decided.decision_id.to_string();
        for _ in 0..200 {
            if self.decision(&id).await.is_some() {
                return id;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the decision was never taken in");
    }

    async fn decision(&self, id: &str) -> Option<Value> {
        let all = self.read("decisions").await;
        all["data"].as_array().unwrap().iter().find(|decision| decision["id"] == id).cloned()
    }

    /// A journal that names a decision.
    async fn post(&self, pence: i64, decision: &str) -> Answer {
        write(&finance(), &format!("{}/journals", self.path), &by(decision, journal(pence))).await
    }

    async fn post_on_own(&self, pence: i64) -> Answer {
        let answer = write(&finance(), &format!("{}/journals", self.path), &journal(pence)).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer
    }

    async fn reverse(&self, journal: &Answer, decision: Option<&str>) -> Answer {
        let path = format!("{}/journals/{}/reversals", self.path, journal.body["id"].as_str().unwrap());
        let back = json!({"effective_on": "2026-09-30", "period": 6, "narrative": "A test"});
        write(&finance(), &path, &decision.map_or(back.clone(), |decision| by(decision, back))).await
    }
}

fn by(decision: &str, mut draft: Value) -> Value {
    draft["decision_id"] = decision.into();
    draft
}

/// The event of a kind that governance was told, where `field` has that value.
async fn told(kind: &str, field: &str, value: &Value) -> Option<Value> {
    sqlx::query_scalar(
        "select payload from platform.inbox where consumer = 'governance' and kind = $1 and payload -> $2 = $3 order by position limit 1",
    )
    .bind(kind)
    .bind(field)
    .bind(value)
    .fetch_optional(&mut owner().await)
    .await
    .unwrap()
}

async fn told_in_time(kind: &str, field: &str, value: &Value) -> Value {
    for _ in 0..200 {
        if let Some(event) = told(kind, field, value).await {
            return event;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{kind} was never told");
}

#[tokio::test]
async fn a_decision_moves_money_once_however_many_try() {
    let fund = Fund::new().await;
    let decision = fund.decide(2 * LIMIT, today()).await;
    let (client, path) = (finance(), format!("{}/journals", fund.path));
    client.token().await.unwrap();
    let writers: Vec<_> = (0..16)
        .map(|_| {
            let (client, path, body) = (client.clone(), path.clone(), by(&decision, journal(2 * LIMIT)));
            tokio::spawn(async move { write(&client, &path, &body).await })
        })
        .collect();
    let mut answers = Vec::new();
    for writer in writers {
        answers.push(writer.await.unwrap());
    }
    let (posted, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!((posted.len(), refused.len()), (1, 15));
    let journal = &posted[0].body["id"];
    assert_eq!(posted[0].body["decision_id"], decision);
    for answer in &refused {
        assert_eq!((refusal(answer).as_str(), pointer(answer)), ("409 decision-spent", "/decision_id"));
        assert_eq!(&answer.body["spent_by"], journal, "it says what spent it");
    }
    // Nothing is half written.
    assert_eq!(fund.spent_pence().await, 2 * LIMIT);
    let journals = fund.read("journals").await;
    assert_eq!(journals["data"].as_array().unwrap().len(), 1);
    assert_eq!(journals["data"][0]["decision_id"], decision);
    assert_eq!(&fund.decision(&decision).await.unwrap()["spent_by"], journal);
}

#[tokio::test]
async fn the_same_key_spends_a_decision_once_and_a_rehearsal_never() {
    let fund = Fund::new().await;
    let decision = fund.decide(2 * LIMIT, today()).await;
    let (client, body, path) = (finance(), by(&decision, journal(2 * LIMIT)), format!("{}/journals", fund.path));
    let rehearsed = write(&client, &format!("{path}?validate_only=true"), &body).await;
    assert_eq!((rehearsed.status.as_u16(), &rehearsed.body["decision_id"]), (200, &json!(decision)));
    assert_eq!(fund.decision(&decision).await.unwrap()["spent_by"], Value::Null);
    let key = key();
    let headers = [("idempotency-key", key.as_str())];
    let first = send(&client, reqwest::Method::POST, &path, &headers, Some(&body)).await;
    let again = send(&client, reqwest::Method::POST, &path, &headers, Some(&body)).await;
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 201), "{}", again.body);
    assert_eq!(first.body, again.body);
    assert_eq!(refusal(&write(&client, &path, &body).await), "409 decision-spent");
    assert_eq!(fund.spent_pence().await, 2 * LIMIT);
}

#[tokio::test]
async fn rule_53_a_decision_is_good_for_its_own_fund_amount_and_day() {
    let (fund, other) = (Fund::new().await, Fund::new().await);
    let decision = fund.decide(2 * LIMIT, today()).await;
    let unknown = fund.post(2 * LIMIT, &DecisionId::at(Clock::System.now()).to_string()).await;
    assert_eq!((refusal(&unknown).as_str(), pointer(&unknown)), ("409 reference-pending", "/decision_id"));
    assert!(unknown.headers.contains_key("retry-after"));
    let elsewhere = other.post(2 * LIMIT, &decision).await;
    assert_eq!((refusal(&elsewhere).as_str(), pointer(&elsewhere)), ("422 unknown-reference", "/decision_id"));
    let more = fund.post(2 * LIMIT + 1, &decision).await;
    assert_eq!((refusal(&more).as_str(), pointer(&more)), ("409 decision-exceeded", "/decision_id"));
    assert_eq!((&more.body["amount_pence"], &more.body["allowed_pence"]), (&json!(2 * LIMIT + 1), &json!(2 * LIMIT)));
    let later = fund.decide(2 * LIMIT, today() + Days::new(2)).await;
    let early = fund.post(2 * LIMIT, &later).await;
    assert_eq!((refusal(&early).as_str(), pointer(&early)), ("409 decision-required", "/decision_id"));
    assert_eq!(early.body["proposal_id"], Value::Null, "nobody need decide again");
    assert_eq!(fund.spent_pence().await, 0);
    // One that is named is spent, also where the role could have posted it on its own.
    assert_eq!(fund.post(LIMIT / 2, &decision).await.status, 201);
    assert_eq!(refusal(&fund.post(LIMIT / 2, &decision).await), "409 decision-spent");
    let trail = running().as_("limitham-auditor").get("/v1/boroughs/limitham/audit?limit=500").await.unwrap().body;
    for reason in ["decision-exceeded", "decision-required", "decision-spent"] {
        let on_record = |entry: &Value| entry["action"] == "journal.refused" && entry["after"]["reason"] == reason;
        assert!(trail["data"].as_array().unwrap().iter().any(on_record), "{reason} is on record");
    }
}

#[tokio::test]
async fn a_reversal_needs_a_decision_of_its_own_and_frees_none() {
    let fund = Fund::new().await;
    let (first, second) = (fund.decide(2 * LIMIT, today()).await, fund.decide(2 * LIMIT, today()).await);
    let posted = fund.post(2 * LIMIT, &first).await;
    assert_eq!(posted.status, 201, "{}", posted.body);
    assert_eq!(refusal(&fund.reverse(&posted, None).await), "409 decision-required");
    assert_eq!(refusal(&fund.reverse(&posted, Some(&first)).await), "409 decision-spent");
    let reversed = fund.reverse(&posted, Some(&second)).await;
    assert_eq!((reversed.status.as_u16(), &reversed.body["decision_id"]), (201, &json!(second)));
    assert_eq!(refusal(&fund.post(2 * LIMIT, &first).await), "409 decision-spent");
    assert_eq!(fund.spent_pence().await, 0);
}

#[tokio::test]
async fn a_refusal_tells_the_committee_what_waits_for_it() {
    let fund = Fund::new().await;
    let recorded = told_in_time("fund-recorded.v1", "fund_id", &json!(fund.id)).await;
    assert_eq!(recorded["kind"], "pooled");
    let path = format!("{}/journals", fund.path);
    // A rehearsal tells nobody.
    let rehearsed = write(&finance(), &format!("{path}?validate_only=true"), &journal(3 * LIMIT)).await;
    assert_eq!(refusal(&rehearsed), "409 decision-required");
    let refused = write(&finance(), &path, &journal(2 * LIMIT)).await;
    assert_eq!((refusal(&refused).as_str(), pointer(&refused)), ("409 decision-required", "/postings"));
    let proposal = &refused.body["proposal_id"];
    let wanted = told_in_time("decision-wanted.v1", "proposal_id", proposal).await;
    assert_eq!((&wanted["amount_pence"], &wanted["limit_pence"]), (&json!(2 * LIMIT), &json!(LIMIT)));
    assert_eq!((&wanted["role"], &wanted["year"]), (&json!("finance"), &json!("2026-27")));
    assert_eq!(told("decision-wanted.v1", "proposal_id", &rehearsed.body["proposal_id"]).await, None);
    let again = write(&finance(), &path, &journal(2 * LIMIT)).await;
    assert_eq!(&again.body["proposal_id"], proposal, "the same thing is one proposal");
    assert_ne!(&rehearsed.body["proposal_id"], proposal);
}

#[tokio::test]
async fn rule_54_splitting_to_stay_under_a_limit_is_flagged() {
    let fund = Fund::new().await;
    let first = fund.post_on_own(6_000).await;
    assert_eq!(first.body["split_suspected"], false);
    // Less than a tenth of the limit is no part of a split.
    for _ in 0..5 {
        assert_eq!(fund.post_on_own(999).await.body["split_suspected"], false);
    }
    assert_eq!(fund.post_on_own(4_000).await.body["split_suspected"], false, "together they are the limit");
    let over = fund.post_on_own(1_000).await;
    assert_eq!(over.body["split_suspected"], true, "flagged, and posted");
    let warnings = fund.read("split-warnings").await;
    let warning = &warnings["data"][0];
    assert_eq!((warnings["data"].as_array().unwrap().len(), &warning["journal"]), (1, &over.body["id"]));
    assert_eq!((&warning["scheme"], &warning["role"]), (&json!("ICES"), &json!("finance")));
    assert_eq!((&warning["sum_pence"], &warning["limit_pence"]), (&json!(11_000), &json!(LIMIT)));
    assert_eq!(warning["journals"].as_array().unwrap().len(), 3);
    assert!(warning["journals"].as_array().unwrap().contains(&first.body["id"]));
    let seen = fund.read(&format!("journals/{}", over.body["id"].as_str().unwrap())).await;
    assert_eq!(seen["split_suspected"], true);
    let suspected = told_in_time("split-suspected.v1", "journal_id", &over.body["id"]).await;
    assert_eq!((&suspected["scheme"], &suspected["sum_pence"]), (&json!("ICES"), &json!(11_000)));
    let trail = running().as_("limitham-auditor").get("/v1/boroughs/limitham/audit?limit=500").await.unwrap().body;
    let subject = format!("funds/{}/journals/{}", fund.id, over.body["id"].as_str().unwrap());
    let on_record = |entry: &Value| entry["action"] == "journal.split-suspected" && entry["subject"] == subject;
    assert!(trail["data"].as_array().unwrap().iter().any(on_record));
}

#[tokio::test]
async fn rule_54_what_was_taken_back_decided_or_only_ordered_is_no_part_of_a_split() {
    let fund = Fund::new().await;
    let first = fund.post_on_own(6_000).await;
    assert_eq!(fund.reverse(&first, None).await.status, 201);
    assert_eq!(fund.post_on_own(6_000).await.body["split_suspected"], false, "the first was reversed");
    let decision = fund.decide(LIMIT, today()).await;
    assert_eq!(fund.post(LIMIT, &decision).await.body["split_suspected"], false, "decided");
    let mut order = journal(6_000);
    for line in order["postings"].as_array_mut().unwrap() {
        line["layer"] = "committed".into();
    }
    let ordered = write(&finance(), &format!("{}/journals", fund.path), &order).await;
    assert_eq!(ordered.body["split_suspected"], false, "an order and its payment are not two parts");
    // Paid in over balance accounts, on no scheme.
    let mut paid_in = journal(6_000);
    paid_in["postings"][0] = json!({"account": "4000", "layer": "actual", "amount_pence": 6_000});
    for expected in [false, true] {
        let answer = write(&finance(), &format!("{}/journals", fund.path), &paid_in).await;
        assert_eq!(answer.body["split_suspected"], expected);
    }
    let warnings = fund.read("split-warnings").await;
    assert_eq!(warnings["data"].as_array().unwrap().len(), 1);
    assert_eq!(warnings["data"][0]["scheme"], Value::Null);
}

#[tokio::test]
async fn rule_54_parts_that_are_posted_at_once_see_one_another() {
    let fund = Fund::new().await;
    let (client, path) = (finance(), format!("{}/journals", fund.path));
    client.token().await.unwrap();
    let writers: Vec<_> = (0..20)
        .map(|_| {
            let (client, path) = (client.clone(), path.clone());
            tokio::spawn(async move { write(&client, &path, &journal(1_000)).await })
        })
        .collect();
    let mut flagged = 0;
    for writer in writers {
        let answer = writer.await.unwrap();
        assert_eq!(answer.status, 201, "{}", answer.body);
        flagged += i32::from(answer.body["split_suspected"] == true);
    }
    assert_eq!(flagged, 10, "ten come to the limit; each further one is flagged");
    let page = fund.read("split-warnings?limit=8").await;
    let next = fund.read(&format!("split-warnings?limit=8&cursor={}", page["next_cursor"].as_str().unwrap())).await;
    assert_eq!((page["data"].as_array().unwrap().len(), next["data"].as_array().unwrap().len()), (8, 2));
}
