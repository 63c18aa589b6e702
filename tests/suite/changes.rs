//! `/changes`: every committed change once, in order, without a gap, whoever writes and whoever numbers meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use domain::AuditId;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tenancy::Db;
use tenfold::client::Client;
use tokio_util::sync::CancellationToken;

use crate::{
    contribution_recipes::{Fund, cash},
    running::{journal, key, running, send, testford, write},
    seals::Books,
    world::World,
};

const WRITERS: usize = 6;
const EACH: usize = 12;

/// A page of changes, which is in order and goes on where the one before ended.
async fn page(client: &Client, path: &str, since: i64, limit: usize) -> (Vec<Value>, i64, bool) {
    let path = format!("{path}?since={since}&limit={limit}");
    let answer = send(client, Method::GET, &path, &[], None).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let data = answer.body["data"].as_array().unwrap().clone();
    let numbers: Vec<i64> = data.iter().map(|one| one["number"].as_i64().unwrap()).collect();
    let wanted: Vec<i64> = (since + 1..).take(numbers.len()).collect();
    assert_eq!(numbers, wanted, "ascending, without a gap, from the one after {since}");
    let next = answer.body["next_since"].as_i64().unwrap();
    assert_eq!(next, numbers.last().copied().unwrap_or(since));
    (data, next, answer.body["more"].as_bool().unwrap())
}

/// All there are after a number.
async fn all(client: &Client, path: &str, mut since: i64) -> Vec<Value> {
    let mut found = Vec::new();
    loop {
        let (data, next, more) = page(client, path, since, 500).await;
        assert!(!more || data.len() == 500, "a page that is not full has no next");
        (found, since) = ([found, data].concat(), next);
        if !more {
            return found;
        }
    }
}

/// Waits for a change to have its number.
async fn until(client: &Client, path: &str, subject: &str, action: &str) -> Value {
    for _ in 0..200 {
        let found = all(client, path, 0).await;
        if let Some(one) = found.into_iter().find(|one| one["subject"] == subject && one["action"] == action) {
            return one;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{action} of {subject} never had a number");
}

/// A transaction of the borough that has done something and is in no hurry to commit.
async fn slow(books: &Books, borough: &str, subject: &str) -> sqlx::Transaction<'static, sqlx::Postgres> {
    let options = books.world.database.login("budgets_borough");
    let pool = sqlx::postgres::PgPoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
    let opening =
        format!("begin; set local tenfold.borough = '{borough}'; set local idle_in_transaction_session_timeout = 0");
    let mut tx = pool.begin_with(AssertSqlSafe(opening)).await.unwrap();
    sqlx::query(
        "insert into platform.act_waiting (borough_id, audit_id, service, at, action, subject, deleted)
         values (platform.borough(), $1, 'budgets', now(), 'journal.posted', $2, false)",
    )
    .bind(AuditId::at(books.world.clock.now()).0)
    .bind(subject)
    .execute(&mut *tx)
    .await
    .unwrap();
    tx
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_sees_everything_committed_once_and_in_order_while_many_write_and_many_number() {
    let mut books = Books::of(World::beginning("2026-10-05T09:00:00Z").await).await;
    books.world.second_ledger().await;
    let stop = CancellationToken::new();
    for _ in 0..3 {
        let db = Db::open(budgets::ROLES, &books.world.database.access(), books.world.clock.clone()).unwrap();
        tokio::spawn(tenancy::number_changes(db, stop.clone()));
    }
    let ford: String =
        sqlx::query_scalar("select borough_id::text from tenants.borough where slug = 'ford' and mode = 'live'")
            .fetch_one(&mut books.owner().await)
            .await
            .unwrap();
    let late = slow(&books, &ford, "funds/slow/journals/committed-late").await;
    let undone = slow(&books, &ford, "funds/slow/journals/never-committed").await;

    let client = books.world.as_("ford-finance");
    client.token().await.unwrap();
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            let (client, path) = (client.clone(), books.path("journals"));
            tokio::spawn(async move {
                let mut posted = Vec::new();
                for number in 0..EACH {
                    let name = key();
                    let headers = [("idempotency-key", name.as_str())];
                    let body = journal(100 + i64::try_from(number).unwrap());
                    let answer = send(&client, Method::POST, &path, &headers, Some(&body)).await;
                    assert_eq!(answer.status, 201, "{}", answer.body);
                    posted.push(answer.body["id"].as_str().unwrap().to_owned());
                }
                posted
            })
        })
        .collect();

    let (reader, path) = (books.world.as_("ford-auditor"), "/v1/boroughs/ford/budgets/changes");
    let (mut seen, mut since, mut late, mut looked) = (Vec::new(), 0, Some(late), 0);
    let subjects = |seen: &[Value]| -> Vec<String> {
        seen.iter().map(|one: &Value| one["subject"].as_str().unwrap().to_owned()).collect()
    };
    while looked < 400 {
        let busy = writers.iter().any(|writer| !writer.is_finished());
        let (data, next, _) = page(&reader, path, since, 7).await;
        (seen, since) = ([seen, data].concat(), next);
        // The slow one commits when others, which began later, have long been seen.
        let others = seen.iter().filter(|one| one["action"] == "posted").count();
        if others >= WRITERS
            && let Some(tx) = late.take()
        {
            assert!(!subjects(&seen).iter().any(|one| one.ends_with("committed-late")), "it is not committed");
            tx.commit().await.unwrap();
        }
        let done = seen.iter().filter(|one| one["action"] == "posted").count() > WRITERS * EACH;
        if done && !busy {
            break;
        }
        looked += 1;
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    undone.rollback().await.unwrap();
    let mut wanted = BTreeSet::from(["funds/slow/journals/committed-late".to_owned()]);
    for writer in writers {
        let posted = writer.await.unwrap();
        wanted.extend(posted.into_iter().map(|id| format!("funds/{}/journals/{id}", books.fund)));
    }
    assert_eq!(wanted.len(), WRITERS * EACH + 1);
    let posted: Vec<&Value> = seen.iter().filter(|one| one["action"] == "posted").collect();
    let found: BTreeSet<String> = posted.iter().map(|one| one["subject"].as_str().unwrap().to_owned()).collect();
    assert_eq!((found, posted.len()), (wanted, WRITERS * EACH + 1), "each once, and nothing that was not committed");
    for one in &posted {
        let fund = one["subject"].as_str().unwrap().split("/journals/").next().unwrap();
        assert_eq!(
            (&one["kind"], &one["deleted"], &one["touched"]),
            (&json!("journal"), &json!(false), &json!([fund]))
        );
    }
    // A little later there is nothing more, and from the beginning there is the same again.
    tokio::time::sleep(std::time::Duration::from_millis(600)).await;
    assert_eq!(page(&reader, path, since, 500).await, (Vec::new(), since, false));
    assert_eq!(all(&reader, path, 0).await, seen);
    let acts: BTreeSet<&str> = seen.iter().map(|one| one["audit_id"].as_str().unwrap()).collect();
    assert_eq!(acts.len(), seen.len(), "no act has two numbers");
    let waiting: i64 = sqlx::query_scalar("select count(*) from platform.act_waiting where service = 'budgets'")
        .fetch_one(&mut books.owner().await)
        .await
        .unwrap();
    assert_eq!(waiting, 0);
    stop.cancel();
}

#[tokio::test]
async fn boroughs_and_services_count_on_their_own() {
    let mut books = Books::of(World::beginning("2026-10-05T09:00:00Z").await).await;
    books.world.borough("stead", "E08999992", "Stead", "shire").await;
    let posted = books.post(1_000).await;
    let subject = format!("funds/{}/journals/{}", books.fund, posted["id"].as_str().unwrap());
    let (ford, stead) = (books.world.as_("ford-auditor"), books.world.as_("stead-auditor"));
    until(&ford, "/v1/boroughs/ford/budgets/changes", &subject, "posted").await;
    let council = books.world.read("stead-admin", "/v1/boroughs/stead/organisations").await["data"][0]["id"].clone();
    let council = format!("organisations/{}", council.as_str().unwrap());
    until(&stead, "/v1/boroughs/stead/tenants/changes", &council, "recorded").await;
    books.world.at_rest().await;

    let mut seen: BTreeMap<(&str, &str), BTreeSet<String>> = BTreeMap::new();
    for (borough, client) in [("ford", &ford), ("stead", &stead)] {
        for service in ["tenants", "budgets", "governance"] {
            let found = all(client, &format!("/v1/boroughs/{borough}/{service}/changes"), 0).await;
            let acts = found.iter().map(|one| one["audit_id"].as_str().unwrap().to_owned());
            seen.insert((borough, service), acts.collect());
            assert!(found.iter().all(|one| borough == "ford" || !one.to_string().contains(&books.fund)));
        }
        let other = if borough == "ford" { "stead" } else { "ford" };
        let path = format!("/v1/boroughs/{other}/budgets/changes");
        assert_eq!(send(client, Method::GET, &path, &[], None).await.status, 404);
    }
    let acts: BTreeSet<&String> = seen.values().flatten().collect();
    assert_eq!(acts.len(), seen.values().map(BTreeSet::len).sum::<usize>(), "no act is in two of them");
    assert!(seen[&("stead", "budgets")].is_empty() && seen[&("stead", "tenants")].len() > 5);
    // What waits or is numbered is all there is in the trail, but for refusals, and every row is of the path it is read at.
    let left: i64 = sqlx::query_scalar(
        "select count(*) from platform.audit a where not exists (
           select from platform.change c where c.borough_id = a.borough_id and c.audit_id = a.audit_id)",
    )
    .fetch_one(&mut books.owner().await)
    .await
    .unwrap();
    assert_eq!(left, 0, "everything in the trail of acts that changed something");
}

#[tokio::test]
async fn what_is_withdrawn_leaves_a_tombstone_and_what_changed_with_it_is_touched() {
    let fund = Fund::new("Followed").await;
    let (below, path) =
        (fund.path.trim_start_matches("/v1/boroughs/testford/").to_owned(), "/v1/boroughs/testford/budgets/changes");
    let reader = running().as_("testford-auditor");
    let mut body = cash(&fund.council, 1_200);
    body["profile"] = json!({"kind": "dates", "dates": ["2026-04-05"]});
    let contribution = fund.made("contributions", &body).await;
    let year = format!("{below}/years/2026-27");
    let one = until(&reader, path, &format!("{year}/contributions/{contribution}"), "recorded").await;
    assert_eq!(
        (&one["touched"], &one["deleted"]),
        (&json!([below, year]), &json!(false)),
        "a child bumps what it is part of"
    );

    let receipt = json!({"paid_on": "2026-04-07", "amount_pence": 1_000, "payer": fund.council,
        "payee_as_published": "NHS", "source": "A test"});
    let receipt = fund.made("receipts", &receipt).await;
    let instalment = fund.get("instalments").await["data"][0]["id"].as_str().unwrap().to_owned();
    let matched = json!({"receipt": receipt, "instalment": instalment, "amount_pence": 1_000, "reason": "By letter"});
    let matched = fund.made("reconciliation/matches", &matched).await;
    let back = format!("reconciliation/matches/{matched}/withdrawals");
    assert_eq!(fund.post(&back, &json!({"reason": "A mistake"})).await.status, 200);
    let subject = format!("{year}/{}", back.trim_end_matches("/withdrawals"));
    for (action, deleted) in [("matched", false), ("match-withdrawn", true)] {
        let one = until(&reader, path, &subject, action).await;
        assert_eq!(one["deleted"], deleted, "{action}");
        let touched = one["touched"].as_array().unwrap();
        for path in [&below, &year, &format!("{year}/receipts/{receipt}"), &format!("{year}/instalments/{instalment}")]
        {
            assert!(touched.contains(&json!(path)), "{path} in {touched:?}");
        }
    }

    let journals = format!("{}/journals", fund.path);
    let first = write(&fund.finance, &journals, &journal(700)).await.body;
    let first = first["id"].as_str().unwrap();
    let reversal = json!({"effective_on": "2026-09-30", "period": 6, "narrative": "A mistake"});
    let reversal = write(&fund.finance, &format!("{journals}/{first}/reversals"), &reversal).await;
    assert_eq!(reversal.status, 201, "{}", reversal.body);
    let subject = format!("{below}/journals/{}", reversal.body["id"].as_str().unwrap());
    let one = until(&reader, path, &subject, "reversed").await;
    assert_eq!(one["touched"], json!([below, format!("{below}/journals/{first}")]));

    // Rehearsed, nothing changed.
    let before = all(&reader, path, 0).await.len();
    let rehearsed = write(&fund.finance, &format!("{journals}?validate_only=true"), &journal(1)).await;
    assert!(rehearsed.status.is_success());
    tokio::time::sleep(std::time::Duration::from_millis(600)).await;
    let after = all(&reader, path, 0).await;
    let of_fund = |one: &&Value| one["subject"].as_str().unwrap().starts_with(&below);
    assert_eq!(after[before..].iter().filter(of_fund).count(), 0);
}

/// What may be read by whoever may follow changes: names of kinds and collections, ids, codes and days. No text of anybody's.
#[tokio::test]
async fn a_change_names_things_and_shows_nothing_of_them() {
    testford().await;
    let fields = BTreeSet::from(["action", "at", "audit_id", "deleted", "kind", "number", "subject", "touched"]);
    let mut looked = 0;
    for (borough, role) in [("testford", "auditor"), ("salford", "clerk"), ("wirral", "finance"), ("oldham", "admin")] {
        let client = running().as_(&format!("{borough}-{role}"));
        for service in ["tenants", "budgets", "governance"] {
            for one in all(&client, &format!("/v1/boroughs/{borough}/{service}/changes"), 0).await {
                let names: BTreeSet<&str> = one.as_object().unwrap().keys().map(String::as_str).collect();
                assert_eq!(names, fields, "{one}");
                assert_ne!(
                    (&one["kind"], &one["action"]),
                    (&json!("journal"), &json!("refused")),
                    "it changed nothing"
                );
                let subject = one["subject"].as_str().unwrap();
                for part in subject.split('/') {
                    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
                    assert!(part.chars().all(plain) && (1..=64).contains(&part.len()), "{subject}");
                }
                looked += 1;
            }
        }
    }
    assert!(looked > 100, "{looked}");
    // A member, who may not see who is registered with what, follows nothing.
    let (member, path) = (running().as_("testford-member"), "/v1/boroughs/testford/governance/changes");
    assert_eq!(send(&member, Method::GET, path, &[], None).await.status, 403);
    let auditor = running().as_("testford-auditor");
    for query in ["since=-1", "since=x", "limit=0", "limit=501", "cursor=x", "since=9007199254740992"] {
        let path = format!("/v1/boroughs/testford/budgets/changes?{query}");
        assert_eq!(send(&auditor, Method::GET, &path, &[], None).await.status, 400, "{query}");
    }
}

/// What was done before there were numbers is numbered too.
#[tokio::test]
async fn the_trail_of_before_is_followed_from_its_beginning() {
    let books = Books::of(World::beginning("2026-10-05T09:00:00Z").await).await;
    let posted = books.post(1_000).await;
    let client = books.world.as_("ford-auditor");
    let subject = format!("funds/{}/journals/{}", books.fund, posted["id"].as_str().unwrap());
    until(&client, "/v1/boroughs/ford/budgets/changes", &subject, "posted").await;
    books.world.at_rest().await;
    // The database as it was before, but for what waits: the migration is run again.
    let mut owner: PgConnection = books.owner().await;
    // Of the live borough: what fills a sandbox is younger than that migration.
    let numbered = "select service, subject from platform.change
         where borough_id in (select borough_id from tenants.borough where mode = 'live') order by service, subject";
    let before: Vec<(String, String)> = sqlx::query_as(numbered).fetch_all(&mut owner).await.unwrap();
    let mut tx = owner.begin().await.unwrap();
    sqlx::raw_sql("drop table platform.act_waiting, platform.change").execute(&mut *tx).await.unwrap();
    sqlx::raw_sql(include_str!("../../libs/tenancy/migrations/0003_changes.sql")).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    until(&client, "/v1/boroughs/ford/budgets/changes", &subject, "posted").await;
    for _ in 0..200 {
        let after: Vec<(String, String)> = sqlx::query_as(numbered).fetch_all(&mut owner).await.unwrap();
        if after == before {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the trail is not what it was: {before:?}");
}
