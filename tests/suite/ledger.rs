//! The ledger under many writers, with the compactor at work and a period closing among them.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use serde_json::json;
use sqlx::{Connection, PgConnection};

use crate::running::{journal, key, new_fund, refusal, running, testford, write};

async fn position(fund: &str, query: &str) -> serde_json::Value {
    let client = running().as_("testford-auditor");
    client.get(&format!("/v1/boroughs/testford/funds/{fund}/years/2026-27/position{query}")).await.unwrap().body
}

#[tokio::test]
async fn positions_are_exact_while_many_write_and_the_compactor_folds() {
    let testford = testford().await;
    let fund = new_fund("testford", &testford.council, &format!("Many writers {}", key())).await;
    let path = Arc::new(format!("/v1/boroughs/testford/funds/{fund}/journals"));
    let (client, told) = (running().as_("testford-system"), Arc::new(AtomicI64::new(0)));
    client.token().await.unwrap();
    let writers: Vec<_> = (0..8i64)
        .map(|writer| {
            let (client, path, told) = (client.clone(), path.clone(), told.clone());
            tokio::spawn(async move {
                for number in 0..12 {
                    let pence = 1 + writer * 1_000 + number * 7;
                    let answer = write(&client, &path, &journal(pence)).await;
                    assert_eq!(answer.status, 201, "{}", answer.body);
                    told.fetch_add(pence, Ordering::SeqCst);
                }
            })
        })
        .collect();
    let reader = tokio::spawn({
        let (fund, told) = (fund.clone(), told.clone());
        async move {
            for _ in 0..10 {
                let at_least = told.load(Ordering::SeqCst);
                let seen = position(&fund, "").await["total"]["actual_pence"].as_i64().unwrap();
                assert!(seen >= at_least, "what was acknowledged is in the position: {seen} < {at_least}");
            }
        }
    });
    for writer in writers {
        writer.await.unwrap();
    }
    reader.await.unwrap();
    let total = told.load(Ordering::SeqCst);
    assert_eq!(position(&fund, "").await["total"]["actual_pence"], total);
    // Once folded there is no delta left, and the sum is the same.
    let mut owner = PgConnection::connect_with(&running().database.owner()).await.unwrap();
    let id: uuid::Uuid = fund.parse().unwrap();
    for _ in 0..100 {
        let left: i64 = sqlx::query_scalar("select count(*) from budgets.delta where fund_id = $1")
            .bind(id)
            .fetch_one(&mut owner)
            .await
            .unwrap();
        if left == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(position(&fund, "").await["total"]["actual_pence"], total);
    let folded: i64 = sqlx::query_scalar(
        "select sum(amount_pence)::bigint from budgets.position p join budgets.account a using (borough_id, fund_id, account_id)
         where p.fund_id = $1 and a.kind = 'expenditure'",
    )
    .bind(id)
    .fetch_one(&mut owner)
    .await
    .unwrap();
    assert_eq!(folded, total);
    let unbalanced: i64 = sqlx::query_scalar(
        "select count(*) from (select journal_id, layer from budgets.posting group by 1, 2 having sum(amount_pence) <> 0) u",
    )
    .fetch_one(&mut owner)
    .await
    .unwrap();
    assert_eq!(unbalanced, 0, "every journal of every borough cancels out");
}

#[tokio::test]
async fn a_period_closes_among_writers_and_nothing_slips_in_behind_it() {
    let testford = testford().await;
    let fund = new_fund("testford", &testford.council, &format!("Closing among writers {}", key())).await;
    let path = Arc::new(format!("/v1/boroughs/testford/funds/{fund}/journals"));
    let client = running().as_("testford-finance-2");
    client.token().await.unwrap();
    let writers: Vec<_> = (0..6)
        .map(|_| {
            let (client, path) = (client.clone(), path.clone());
            tokio::spawn(async move {
                let mut posted = 0;
                loop {
                    let answer = write(&client, &path, &journal(10)).await;
                    if answer.status == 201 {
                        posted += 10;
                    } else {
                        assert_eq!(refusal(&answer), "409 period-closed");
                        return posted;
                    }
                }
            })
        })
        .collect();
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let period = format!("/v1/boroughs/testford/funds/{fund}/years/2026-27/periods/6");
    running().as_("testford-finance").transition(&period, &key(), "soft_closed", "A test").await.unwrap();
    let at_close = position(&fund, "").await["total"]["actual_pence"].as_i64().unwrap();
    let mut posted = 0;
    for writer in writers {
        posted += writer.await.unwrap();
    }
    assert_eq!(posted, at_close, "what was acknowledged is what stood there when the close was answered");
    assert_eq!(position(&fund, "").await["total"]["actual_pence"], at_close);
}

#[tokio::test]
async fn layers_stand_beside_one_another_and_add_up_to_what_is_available() {
    let testford = testford().await;
    let fund = new_fund("testford", &testford.council, &format!("Layers {}", key())).await;
    let (client, path) = (running().as_("testford-finance"), format!("/v1/boroughs/testford/funds/{fund}/journals"));
    for (layer, pence) in [("budget", 1_000_000), ("committed", 300_000), ("actual", 450_000)] {
        let mut body = journal(pence);
        for line in body["postings"].as_array_mut().unwrap() {
            line["layer"] = layer.into();
        }
        assert_eq!(write(&client, &path, &body).await.status, 201);
    }
    let income = json!({"effective_on": "2026-09-30", "period": 6, "narrative": "Contribution", "postings": [
        {"account": "9000", "layer": "actual", "amount_pence": 999}, {"account": "4000", "layer": "actual", "amount_pence": -999}]});
    assert_eq!(write(&client, &path, &income).await.status, 201);
    let total = position(&fund, "").await["total"].clone();
    assert_eq!(total["available_pence"], 250_000, "{total}");
    assert_eq!(total["variance_pence"], -550_000, "below zero is favourable");
    assert_eq!(total["actual_pence"], 450_000, "income is not spending");
    let by = position(&fund, "?group_by=scheme,period&period=6").await;
    assert_eq!(by["data"][0]["scheme"], "ICES");
    assert_eq!(by["data"][0]["period"], 6);
    assert_eq!(position(&fund, "?period=5").await["total"]["budget_pence"], 0, "up to the end of a period");
}
