//! What everybody may read without a token, and what never gets there.

use chrono::{DateTime, Utc};
use domain::{BoroughId, Clock, CommitteeId, DecisionId, MeetingId, PlanEntryId};
use governance::published::{
    self, DecisionFacts, ExemptReason, PublicDecision, PublicItem, PublicMeeting, PublicMinutes, PublicPlanEntry,
    PublicRecord, Published, PublishedKind,
};
use reqwest::{StatusCode, header::HeaderMap};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tenancy::Db;
use uuid::Uuid;

use crate::{
    recipes::{Operation, operations},
    running::{running, testford},
};

/// Stands in every exempt text, and nowhere that is open.
const CANARY: &str = "canary-5f1c09ab2e-the-bidder-is-called";

pub(crate) async fn owner() -> PgConnection {
    PgConnection::connect_with(&running().database.owner()).await.unwrap()
}

pub(crate) async fn tenant(slug: &str, mode: &str) -> BoroughId {
    testford().await;
    let id: Uuid = sqlx::query_scalar("select borough_id from tenants.borough where slug = $1 and mode = $2")
        .bind(slug)
        .bind(mode)
        .fetch_one(&mut owner().await)
        .await
        .unwrap();
    // Governance hears of a borough a moment after tenants has made it.
    for _ in 0..200 {
        let heard: bool = sqlx::query_scalar("select exists (select from governance.borough where borough_id = $1)")
            .bind(id)
            .fetch_one(&mut owner().await)
            .await
            .unwrap();
        if heard {
            return BoroughId(id);
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("governance has not heard of {slug}");
}

pub(crate) fn db() -> Db {
    Db::open(governance::ROLES, &running().database.access(), Clock::System).unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn facts(id: DecisionId, committee_id: CommitteeId, meeting_id: MeetingId) -> DecisionFacts {
    DecisionFacts {
        id,
        committee_id,
        committee: "Integrated Commissioning Committee".into(),
        meeting_id,
        outcome: "approved".into(),
        key_decision: true,
        decided_on: "2026-12-17".parse().unwrap(),
        published_on: "2026-12-22".parse().unwrap(),
        call_in_ends_on: Some("2026-12-31".parse().unwrap()),
        effective_on: None,
        state: "in_call_in".into(),
        votes: None,
    }
}

fn why() -> ExemptReason {
    ExemptReason { paragraph: 3, public_interest_reason: "It would weaken the partners in a tender.".into() }
}

/// What was published of one meeting.
#[derive(Clone, Copy)]
pub(crate) struct Made {
    committee: CommitteeId,
    meeting: MeetingId,
    open: DecisionId,
    private: DecisionId,
}

/// Publishes a meeting with an exempt item, two decisions, minutes and a notice, as their writers do.
async fn publish(borough: BoroughId, title: &str) -> Made {
    let now = Clock::System.now();
    let made = Made {
        committee: CommitteeId::at(now),
        meeting: MeetingId::at(now),
        open: DecisionId::at(now),
        private: DecisionId::at(now),
    };
    let committee = "Integrated Commissioning Committee".to_owned();
    let meeting = PublicMeeting {
        id: made.meeting,
        committee_id: made.committee,
        committee: committee.clone(),
        title: title.to_owned(),
        starts_at: at("2027-01-14T18:00:00Z"),
        place: "Town Hall, committee room 2".into(),
        state: "notified".into(),
        agenda: vec![
            PublicItem::open("1", "Community equipment", "decision", vec!["Options appraisal".into()]),
            PublicItem::exempt("2", why()),
        ],
        papers: vec!["Agenda".into()],
    };
    let record = PublicRecord {
        resolution: "That the equipment service be continued".into(),
        reasons: "Value for money".into(),
        options_rejected: "To end it".into(),
        conflicts: "None".into(),
        dispensations: "None".into(),
        call_in_waiver: None,
    };
    let minutes = PublicMinutes {
        meeting_id: made.meeting,
        committee_id: made.committee,
        committee: committee.clone(),
        title: title.to_owned(),
        held_on: "2027-01-14".parse().unwrap(),
        text: "Item 1 was considered and approved.".into(),
        corrections: Vec::new(),
    };
    let entry = PublicPlanEntry {
        id: PlanEntryId::at(now),
        committee_id: made.committee,
        committee,
        key_decision: true,
        matter: "Community equipment".into(),
        members: vec!["Executive member for health".into()],
        decision_on: "2027-01-14".parse().unwrap(),
        documents: vec!["Options appraisal".into()],
        copies_from: "The town hall".into(),
        other_documents: true,
        requests: "By letter to the clerk".into(),
    };
    let items: [Published; 5] = [
        meeting.into(),
        PublicDecision::open(facts(made.open, made.committee, made.meeting), "Community equipment", record).into(),
        PublicDecision::exempt(facts(made.private, made.committee, made.meeting), why()).into(),
        minutes.into(),
        entry.into(),
    ];
    let db = db();
    let mut tx = db.for_work_in(borough).await.unwrap();
    for item in &items {
        published::put(&mut tx, item).await.unwrap();
        // Said again it changes nothing.
        published::put(&mut tx, item).await.unwrap();
    }
    tx.commit().await.unwrap();
    db.close().await;
    made
}

async fn published() -> Made {
    static MADE: tokio::sync::OnceCell<Made> = tokio::sync::OnceCell::const_new();
    *MADE.get_or_init(|| async { publish(tenant("testford", "live").await, "Ordinary meeting").await }).await
}

/// The path of an open operation, with what Testford has published in it.
pub(crate) async fn path(operation: &Operation) -> String {
    let made = published().await;
    let path = operation.template.replace("{borough}", "testford");
    path.replace("{meeting}", &made.meeting.to_string()).replace("{decision}", &made.open.to_string())
}

struct Fetched {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

async fn fetch(path: &str, headers: &[(&str, &str)]) -> Fetched {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    for _ in 0..100 {
        let mut asked = http.get(format!("{}{path}", running().url));
        for (name, value) in headers {
            asked = asked.header(*name, *value);
        }
        let answer = asked.send().await.unwrap();
        if answer.status() != StatusCode::TOO_MANY_REQUESTS {
            let (status, headers) = (answer.status(), answer.headers().clone());
            return Fetched { status, headers, text: answer.text().await.unwrap() };
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("{path}: the limiter never let it through");
}

const HERE: &str = "/v1/public/boroughs/testford";

async fn json(path: &str) -> Value {
    let fetched = fetch(&format!("{HERE}{path}"), &[]).await;
    assert_eq!(fetched.status, 200, "{path}: {}", fetched.text);
    serde_json::from_str(&fetched.text).unwrap()
}

/// Puts a committee, a meeting, an item and a decision with exempt text in the tables of the borough's own.
async fn hide(borough: BoroughId, made: Made) {
    let (mut owner, now) = (owner().await, Clock::System.now());
    let (borough, person, rules, item, motion) = (
        borough.0,
        domain::PersonId::at(now).0,
        domain::ConstitutionId::at(now).0,
        domain::ItemId::at(now).0,
        domain::MotionId::at(now).0,
    );
    let exempt = r#"{"paragraph": 3, "public_interest_reason": "A tender"}"#;
    for statement in [
        format!("insert into governance.committee (borough_id, committee_id, name, basis, access_regime, parents, phase, source, created_at)
                 values ('{borough}', '{0}', '{CANARY} {0}', 'joint_committee', 'none', array['A', 'B'], 'shadow', 'A test', now())", made.committee),
        format!("insert into governance.person (borough_id, person_id, name, created_at) values ('{borough}', '{person}', '{CANARY}', now())"),
        format!("insert into governance.constitution (borough_id, committee_id, constitution_id, number, in_force_from, rules, source, recorded_at)
                 values ('{borough}', '{}', '{rules}', 1, '2020-01-01', '{{}}', 'A test', now())", made.committee),
        format!("insert into governance.meeting (borough_id, meeting_id, committee_id, title, starts_at, place, state, created_at)
                 values ('{borough}', '{}', '{}', 'Ordinary meeting', '2027-01-14T18:00:00Z', 'Town Hall', 'notified', now())", made.meeting, made.committee),
        format!("insert into governance.agenda_item (borough_id, meeting_id, item_id, label, title, purpose, verbal, key_decision, private, exempt_text, created_at)
                 values ('{borough}', '{}', '{item}', '2', '{CANARY}', 'decision', false, true, '{exempt}', '{CANARY}', now())", made.meeting),
        format!("insert into governance.paper (borough_id, meeting_id, paper_id, item_id, title, file_name, media_type, bytes, sha256, exempt, added_at)
                 values ('{borough}', '{}', '{item}', '{item}', '{CANARY}', '{CANARY}', 'application/pdf', 1, sha256(''), true, now())", made.meeting),
        format!("insert into governance.motion (borough_id, motion_id, meeting_id, item_id, text, outcome, mover_id, state, moved_at)
                 values ('{borough}', '{motion}', '{}', '{item}', '{CANARY}', 'approved', '{person}', 'carried', now())", made.meeting),
        format!("insert into governance.decision (borough_id, decision_id, committee_id, meeting_id, item_id, motion_id, constitution_id, title, outcome,
                   key_decision, decided_on, record, private, state, recorded_at)
                 values ('{borough}', '{}', '{}', '{}', '{item}', '{motion}', '{rules}', '{CANARY}', 'approved', true, '2026-12-17',
                   '{{\"reasons\": \"{CANARY}\"}}', '{exempt}', 'in_call_in', now())", made.private, made.committee, made.meeting),
        format!("insert into governance.minutes (borough_id, meeting_id, minutes_id, number, kind, text, recorded_at)
                 values ('{borough}', '{}', '{item}', 1, 'draft', '{CANARY}', now())", made.meeting),
    ] {
        sqlx::query(AssertSqlSafe(statement.clone())).execute(&mut owner).await.unwrap_or_else(|e| panic!("{statement}: {e}"));
    }
    let db = db();
    let mut tx = db.for_work_in(BoroughId(borough)).await.unwrap();
    governance::progress::note_committee(&mut tx, made.committee).await.unwrap();
    tx.commit().await.unwrap();
    db.close().await;
}

#[tokio::test]
async fn rule_46_exempt_text_never_appears_in_public_regional_or_search_output() {
    let (borough, made) = (tenant("testford", "live").await, published().await);
    hide(borough, made).await;
    let token = running().as_("ts-analyst").token().await.unwrap();
    let bearer = format!("Bearer {token}");
    let mut fetched = 0;
    for operation in operations() {
        let public = operation.template.starts_with("/v1/public/");
        let regional = operation.permissions.iter().any(|slug| slug.starts_with("region-"));
        if !(public || regional) {
            continue;
        }
        let mut paths = vec![path(&operation).await.replace("{region}", "testshire")];
        if operation.id == "getPublicDecision" {
            paths.push(format!("{HERE}/decisions/{}", made.private));
        }
        for path in paths {
            for accept in ["application/json", "text/csv", "text/calendar", "application/atom+xml"] {
                let mut headers = vec![("accept", accept)];
                if regional {
                    headers.push(("authorization", bearer.as_str()));
                }
                let answer = fetch(&path, &headers).await;
                assert!(answer.status.is_success() || answer.status == 406, "{path} as {accept}: {}", answer.text);
                assert!(!answer.text.contains(CANARY), "{path} as {accept}: {}", answer.text);
                fetched += usize::from(answer.status.is_success());
            }
        }
    }
    assert!(fetched >= 18, "only {fetched} answers");
    // It is there, and who may look finds it.
    let there: i64 = sqlx::query_scalar("select count(*) from governance.agenda_item where exempt_text = $1")
        .bind(CANARY)
        .fetch_one(&mut owner().await)
        .await
        .unwrap();
    assert_eq!(there, 1);
}

#[tokio::test]
async fn an_exempt_item_shows_its_label_and_why_and_a_private_decision_no_more() {
    let made = published().await;
    let meeting = json(&format!("/meetings/{}", made.meeting)).await;
    assert_eq!(meeting["agenda"][0]["papers"][0], "Options appraisal");
    let item = &meeting["agenda"][1];
    assert_eq!((item["label"].as_str(), item["title"].as_str()), (Some("2"), Some("Exempt item")));
    assert_eq!((&item["purpose"], item["exempt"]["paragraph"].as_i64()), (&Value::Null, Some(3)));
    let private = json(&format!("/decisions/{}", made.private)).await;
    assert_eq!((private["title"].as_str(), &private["record"]), (Some("Exempt item"), &Value::Null));
    let open = json(&format!("/decisions/{}", made.open)).await;
    assert_eq!(open["record"]["resolution"], "That the equipment service be continued");
    let entry = &json("/forward-plan").await["data"][0];
    for particular in
        ["key_decision", "matter", "members", "decision_on", "documents", "copies_from", "other_documents", "requests"]
    {
        assert!(!entry[particular].is_null(), "rule 42: {particular}");
    }
    assert_eq!(json("/minutes").await["data"][0]["text"], "Item 1 was considered and approved.");
}

#[tokio::test]
async fn caches_may_keep_what_is_public_and_ask_whether_it_changed() {
    published().await;
    for (path, kind) in [
        ("/meetings", "application/json"),
        ("/meetings.ics", "text/calendar; charset=utf-8"),
        ("/decisions.atom", "application/atom+xml; charset=utf-8"),
    ] {
        let first = fetch(&format!("{HERE}{path}"), &[]).await;
        assert_eq!((first.status.as_u16(), &first.headers["content-type"]), (200, &kind.parse().unwrap()), "{path}");
        assert_eq!(first.headers["cache-control"], "public, max-age=300");
        assert_eq!(first.headers["vary"], "Accept");
        let tag = first.headers["etag"].to_str().unwrap();
        let again = fetch(&format!("{HERE}{path}"), &[("if-none-match", tag)]).await;
        assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""), "{path}");
        assert_eq!(again.headers["cache-control"], "public, max-age=300");
    }
    let csv = fetch(&format!("{HERE}/decisions?limit=1"), &[("accept", "text/csv")]).await;
    assert_eq!(csv.headers["cache-control"], "public, max-age=300");
    assert!(csv.text.starts_with("id,committee_id,committee,meeting_id,title,outcome,"), "{}", csv.text);
    assert!(csv.headers["link"].to_str().unwrap().ends_with("; rel=\"next\""));
    let calendar = fetch(&format!("{HERE}/meetings.ics"), &[("accept", "text/calendar")]).await.text;
    assert!(calendar.contains("SUMMARY:Integrated Commissioning Committee: Ordinary meeting\r\n"), "{calendar}");
    assert!(calendar.contains("SEQUENCE:0\r\n"), "put twice and changed by neither: {calendar}");
}

#[tokio::test]
async fn a_sandbox_has_no_public_record() {
    published().await;
    let sandbox = tenant("testford", "sandbox").await;
    let made = publish(sandbox, "Only in the sandbox").await;
    for path in ["/meetings", "/meetings.ics", "/minutes"] {
        let answer = fetch(&format!("{HERE}{path}"), &[]).await;
        assert!(!answer.text.contains("Only in the sandbox"), "{path}: {}", answer.text);
    }
    assert_eq!(fetch(&format!("{HERE}/meetings/{}", made.meeting), &[]).await.status, 404);
    // Not even where the context says so.
    let mut login = PgConnection::connect_with(&running().database.login("governance_public")).await.unwrap();
    let opening = format!("begin; set local tenfold.borough = '{}'", sandbox.0);
    let mut tx = login.begin_with(AssertSqlSafe(opening)).await.unwrap();
    let seen: i64 = sqlx::query_scalar("select count(*) from governance.published").fetch_one(&mut *tx).await.unwrap();
    assert_eq!(seen, 0);
}

#[tokio::test]
async fn the_public_is_granted_two_tables_to_read_and_nothing_to_write() {
    published().await;
    let granted: Vec<String> = sqlx::query_scalar(
        "select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname in ('platform', 'tenants', 'budgets', 'governance') and c.relkind in ('r', 'p', 'v')
           and has_any_column_privilege('governance_public', c.oid, 'select') order by 1",
    )
    .fetch_all(&mut owner().await)
    .await
    .unwrap();
    assert_eq!(granted, ["governance.borough", "governance.published"]);
    let mut login = PgConnection::connect_with(&running().database.login("governance_public")).await.unwrap();
    let unset = sqlx::query("select count(*) from governance.published").execute(&mut login).await;
    assert!(unset.is_err(), "without a borough a row is an error");
    let own = tenant("testford", "live").await;
    for statement in ["delete from governance.published", "update governance.published set title = 'x'"] {
        let opening = format!("begin; set local tenfold.borough = '{}'", own.0);
        let mut tx = login.begin_with(AssertSqlSafe(opening)).await.unwrap();
        let done = sqlx::query(statement).execute(&mut *tx).await;
        assert!(done.is_err_and(|error| error.to_string().contains("permission denied")), "{statement}");
    }
}

#[tokio::test]
async fn what_is_withdrawn_is_gone_and_what_is_asked_wrongly_is_refused() {
    let borough = tenant("testford", "live").await;
    let made = publish(borough, "Published by mistake").await;
    let page = json(&format!("/meetings?committee={}", made.committee)).await;
    assert_eq!(page["data"].as_array().unwrap().len(), 1);
    let db = db();
    let mut tx = db.for_work_in(borough).await.unwrap();
    for (kind, id) in [
        (PublishedKind::Meeting, made.meeting.0),
        (PublishedKind::Minutes, made.meeting.0),
        (PublishedKind::Decision, made.open.0),
        (PublishedKind::Decision, made.private.0),
    ] {
        published::withdraw(&mut tx, kind, id).await.unwrap();
    }
    tx.commit().await.unwrap();
    db.close().await;
    let nowhere = "01890a5d-ac96-774b-bcce-b302099a8057";
    let cursor = json("/decisions?limit=1").await["next_cursor"].as_str().unwrap().to_owned();
    for (path, status) in [
        (format!("{HERE}/meetings/{}", made.meeting), 404),
        (format!("{HERE}/decisions/{nowhere}"), 404),
        (format!("{HERE}/meetings/not-an-id"), 404),
        ("/v1/public/boroughs/nowhere/meetings".to_owned(), 404),
        ("/v1/public/boroughs/E08999999/meetings".to_owned(), 200),
        (format!("{HERE}/meetings?limit=0"), 400),
        (format!("{HERE}/meetings?colour=blue"), 400),
        (format!("{HERE}/meetings?committee=blue"), 400),
        (format!("{HERE}/meetings?cursor={cursor}"), 400),
        (format!("{HERE}/decisions?limit=1&cursor={cursor}"), 200),
    ] {
        let answer = fetch(&path, &[]).await;
        assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.text);
        if status >= 400 {
            assert!(!answer.headers.contains_key("cache-control"), "{path}: a refusal is nobody's to keep");
        }
    }
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let posted = http.post(format!("{}{HERE}/meetings", running().url)).json(&Value::Null).send().await.unwrap();
    assert_eq!(posted.status(), 405);
}
