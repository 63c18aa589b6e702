//! The compactor under fire: several at once, killed anywhere, while others write. Nothing is lost and nothing waits.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use reqwest::Method;
use sqlx::PgConnection;
use tenancy::Db;

use crate::{
    running::{journal, key, send},
    seals::Books,
    verification::folded,
    world::World,
};

const WRITERS: i64 = 4;
const EACH: i64 = 20;

/// Ends every connection of the ledger's work, whatever it is in the middle of; says how many of them were at work.
async fn kill(owner: &mut PgConnection) -> i64 {
    sqlx::query_scalar(
        "with at_work as materialized (
           select pid, state from pg_stat_activity where datname = current_database() and usename = 'budgets_work'
         )
         select count(*) filter (where state <> 'idle' and pg_terminate_backend(pid)
           or state = 'idle' and pg_terminate_backend(pid) and false) from at_work",
    )
    .fetch_one(owner)
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn compactors_killed_anywhere_lose_nothing_and_hold_nobody_up() {
    let books = Books::of(World::beginning("2026-10-05T09:00:00Z").await).await;
    let ford = {
        let db = Db::open(budgets::ROLES, &books.world.database.access(), books.world.clock.clone()).unwrap();
        let known = budgets::known_boroughs(&db).await.unwrap();
        known.into_iter().find(|borough| borough.name == "ford").unwrap()
    };
    let (done, told) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicI64::new(0)));
    let client = books.world.as_("ford-finance");
    client.token().await.unwrap();
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (client, path, told) = (client.clone(), books.path("journals"), told.clone());
            tokio::spawn(async move {
                for number in 0..EACH {
                    let pence = 1 + writer * 1_000 + number * 7;
                    let headers = [("idempotency-key", &*key())].map(|(name, value)| (name, value.to_owned()));
                    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
                    let answer = send(&client, Method::POST, &path, &headers, Some(&journal(pence))).await;
                    assert_eq!(answer.status, 201, "a writer is in nobody's way: {}", answer.body);
                    told.fetch_add(pence, Ordering::SeqCst);
                }
            })
        })
        .collect();
    // Some fold to the end, some are dropped in the middle of it, beside the one of the service itself.
    let (dropped, killed) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicI64::new(0)));
    let mut fire: Vec<_> = (0..3u64)
        .map(|number| {
            let (access, clock) = (books.world.database.access(), books.world.clock.clone());
            let (done, dropped) = (done.clone(), dropped.clone());
            tokio::spawn(async move {
                let db = Db::open(budgets::ROLES, &access, clock).unwrap();
                while !done.load(Ordering::SeqCst) {
                    let one = tokio::spawn({
                        let db = db.clone();
                        async move { budgets::compact_once(&db).await }
                    });
                    tokio::time::sleep(Duration::from_millis(1 + number)).await;
                    if number < 2 {
                        one.abort();
                    }
                    dropped.fetch_add(i64::from(one.await.is_err()), Ordering::SeqCst);
                }
            })
        })
        .collect();
    fire.push(tokio::spawn({
        let (mut owner, done, killed) = (books.owner().await, done.clone(), killed.clone());
        async move {
            while !done.load(Ordering::SeqCst) {
                killed.fetch_add(kill(&mut owner).await, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }));
    let ledger = Db::open(budgets::ROLES, &books.world.database.access(), books.world.clock.clone()).unwrap();
    // At every moment all that follows from the postings does.
    let mut looked = 0;
    let hit = || killed.load(Ordering::SeqCst) > 2 && dropped.load(Ordering::SeqCst) > 2;
    while looked < 3 || !hit() || writers.iter().any(|writer| !writer.is_finished()) {
        let at_least = told.load(Ordering::SeqCst);
        let path = books.path("years/2026-27/position");
        let seen = books.world.read("ford-auditor", &path).await["total"]["actual_pence"].as_i64().unwrap_or_default();
        assert!(seen >= at_least, "what was acknowledged is in the position: {seen} < {at_least}");
        assert_eq!(budgets::verify_borough(&ledger, &ford).await.unwrap().findings, []);
        looked += 1;
    }
    for writer in writers {
        writer.await.unwrap();
    }
    done.store(true, Ordering::SeqCst);
    for one in fire {
        one.await.unwrap();
    }
    folded(&mut books.owner().await).await;
    assert_eq!(budgets::verify_borough(&ledger, &ford).await.unwrap().findings, []);
    let total = books.world.read("ford-auditor", &books.path("years/2026-27/position")).await;
    assert_eq!(total["total"]["actual_pence"].as_i64(), Some(told.load(Ordering::SeqCst)));
}
