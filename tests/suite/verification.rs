//! The ledger computed again from its postings: clean where it is, and whatever was altered is named.

use serde_json::json;
use sqlx::{AssertSqlSafe, PgConnection};

use crate::{
    ledger_recipes::order,
    running::{journal, running, testford},
    seals::Books,
    world::World,
};

/// What is found, one line each: check, which, expected, found.
pub(crate) async fn found(books: &Books) -> Vec<[String; 4]> {
    let verified = tenfold::ledger::verify(&books.world.database.access(), Some("ford")).await.unwrap();
    let findings = verified.into_iter().flat_map(|(_, one)| one.findings);
    findings.map(|one| [one.check.to_owned(), one.which, one.expected, one.found]).collect()
}

#[tokio::test]
async fn the_demonstration_verifies_while_others_write() {
    testford().await;
    let verified = tenfold::ledger::verify(&running().database.access(), None).await.unwrap();
    assert!(verified.len() >= 22, "every borough and its sandbox");
    assert!(verified.iter().map(|(_, one)| one.postings).sum::<i64>() > 10, "{verified:?}");
    let findings: Vec<_> = verified.iter().flat_map(|(_, one)| &one.findings).collect();
    assert!(findings.is_empty(), "{findings:#?}");
}

/// Alters something as the owner of the database, looks, and puts it back.
async fn altered(books: &Books, owner: &mut PgConnection, change: &str, back: &str) -> Vec<[String; 4]> {
    let done = sqlx::raw_sql(AssertSqlSafe(change.to_owned())).execute(&mut *owner).await.unwrap();
    assert!(done.rows_affected() > 0, "{change}");
    let found = found(books).await;
    sqlx::raw_sql(AssertSqlSafe(back.to_owned())).execute(owner).await.unwrap();
    found
}

pub(crate) async fn folded(owner: &mut PgConnection) {
    for _ in 0..200 {
        let left: i64 = sqlx::query_scalar(
            "select (select count(*) from budgets.delta) + (select count(*) from budgets.region_delta)",
        )
        .fetch_one(&mut *owner)
        .await
        .unwrap();
        if left == 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the deltas were never folded");
}

#[tokio::test]
async fn whatever_the_owner_alters_is_named() {
    let books = Books::of(World::beginning("2026-10-05T09:00:00Z").await).await;
    let mut owner = books.owner().await;
    books.post(1_000).await;
    books.post(250).await;
    folded(&mut owner).await;
    assert_eq!(found(&books).await, [[""; 4]; 0]);
    let account =
        format!("(select account_id from budgets.account where code = '5100' and fund_id = '{}')", books.fund);

    let position = |by: i64| {
        format!("update budgets.position set amount_pence = amount_pence + {by} where account_id = {account}")
    };
    let seen = altered(&books, &mut owner, &position(1), &position(-1)).await;
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!(seen[0][0], "position");
    assert!(seen[0][1].starts_with("period 6, account 5100, scheme ICES, actual"), "{seen:?}");
    assert_eq!((seen[0][2].as_str(), seen[0][3].as_str()), ("£12.50", "£12.51"));

    let delta = format!(
        "insert into budgets.delta (borough_id, fund_id, year, journal_id, line, period, account_id, scheme_id, layer,
          amount_pence, category, source, nature, effective_on, posted_on)
        select borough_id, fund_id, year, journal_id, 99, 6, account_id, scheme_id, layer, 7, coalesce(category, ''),
          coalesce(source, ''), coalesce(nature, ''), effective_on, '2026-10-05' from budgets.posting
        where account_id = {account} limit 1"
    );
    // The compactor may fold it in meanwhile: then it is in the positions that it is found.
    sqlx::raw_sql(AssertSqlSafe(delta)).execute(&mut owner).await.unwrap();
    let seen = found(&books).await;
    let checks: std::collections::BTreeSet<&str> = seen.iter().map(|one| one[0].as_str()).collect();
    assert_eq!(checks.into_iter().collect::<Vec<_>>(), ["dated position", "position"], "{seen:?}");
    folded(&mut owner).await;
    let undo = format!(
        "update budgets.position set amount_pence = amount_pence - 7 where account_id = {account};
         update budgets.dated_position set amount_pence = amount_pence - 7 where account_id = {account}"
    );
    sqlx::raw_sql(AssertSqlSafe(undo)).execute(&mut owner).await.unwrap();
    assert_eq!(found(&books).await, [[""; 4]; 0], "all is as it was");

    let dated = |by: i64| {
        format!(
            "update budgets.dated_position set amount_pence = amount_pence + {by}
                 where account_id = {account} and axis = 'posted' and span = 'month'"
        )
    };
    let seen = altered(&books, &mut owner, &dated(1), &dated(-1)).await;
    assert!(seen.len() == 1 && seen[0][0] == "dated position", "{seen:?}");
    assert!(seen[0][1].starts_with("posted, month 2026-10-01, account 5100"), "{seen:?}");

    let region = |by: i64| format!("update budgets.region_position set amount_pence = amount_pence + {by}");
    let seen = altered(&books, &mut owner, &region(1), &region(-1)).await;
    assert!(seen.len() == 1 && seen[0][0] == "region's figure", "{seen:?}");
    assert_eq!(seen[0][1], "shire, period 6, community_health, nhs, actual");

    let posting = |by: i64| {
        format!(
            "update budgets.posting set amount_pence = amount_pence + {by} where account_id = {account} and amount_pence between 240 and 260"
        )
    };
    let seen = altered(&books, &mut owner, &posting(1), &posting(-1)).await;
    let checks: Vec<&str> = seen.iter().map(|one| one[0].as_str()).collect();
    assert_eq!(checks[..2], ["journal", "position"], "{seen:?}");
    assert!(seen[0][3].contains("they leave 1 pence"));
    assert_eq!(found(&books).await, [[""; 4]; 0], "all is as it was");
}

#[tokio::test]
async fn orders_and_their_invoices_verify_and_an_altered_entry_is_named() {
    let books = Books::of(World::beginning("2026-10-05T09:00:00Z").await).await;
    let mut owner = books.owner().await;
    let order = books.made("commitments", order("PO-1", 10_000)).await;
    let mut invoice = journal(4_000);
    invoice["postings"][0]["commitment"] = "PO-1".into();
    let invoice = books.made("journals", invoice).await;
    let spent = books.post(1_500).await;
    let thing = format!("commitments/{}", order["id"].as_str().unwrap());
    let matching = json!({"journal": spent["id"], "effective_on": "2026-09-30", "period": 6});
    books.made(&format!("{thing}/matches"), matching).await;
    let release =
        json!({"effective_on": "2026-09-30", "period": 6, "reason": "Fewer were needed", "amount_pence": 500});
    books.made(&format!("{thing}/releases"), release).await;
    let reversal = json!({"effective_on": "2026-09-30", "period": 6, "narrative": "Posted twice"});
    books.made(&format!("journals/{}/reversals", invoice["id"].as_str().unwrap()), reversal).await;
    assert_eq!(found(&books).await, [[""; 4]; 0]);
    let entry = |by: i64| {
        format!("update budgets.commitment_entry set amount_pence = amount_pence + {by} where kind = 'released'")
    };
    let seen = altered(&books, &mut owner, &entry(1), &entry(-1)).await;
    assert!(seen.len() == 1 && seen[0][0] == "commitment" && seen[0][1].starts_with("PO-1, journal "), "{seen:?}");
    assert_eq!((seen[0][2].as_str(), seen[0][3].as_str()), ("-£5.00", "-£4.99"));
}

#[tokio::test]
async fn what_is_altered_in_a_sealed_period_is_named_by_period_and_account() {
    let books = Books::of(World::beginning("2026-10-05T09:00:00Z").await).await;
    let mut owner = books.owner().await;
    books.post(1_000).await;
    books.close_and_seal().await;
    folded(&mut owner).await;
    assert_eq!(found(&books).await, [[""; 4]; 0]);
    // Words alone: every sum stays what it was.
    let words = |text: &str| format!("update budgets.journal set narrative = '{text}'");
    let seen = altered(&books, &mut owner, &words("Something else"), &words("A test")).await;
    assert!(seen.len() == 1 && seen[0][0] == "seal" && seen[0][1].starts_with("period 6, closing"), "{seen:?}");
    assert!(
        seen[0][3].contains("account 5100: a line says something else") && seen[0][3].contains("account 9000"),
        "{seen:?}"
    );
    // The seal itself, and the account it keeps.
    let sum = |by: i64| format!("update budgets.period_seal set actual_pence = actual_pence + {by}");
    let seen = altered(&books, &mut owner, &sum(1), &sum(-1)).await;
    assert!(seen.len() == 1 && seen[0][3].contains("counts, sums or root were altered"), "{seen:?}");
    let leaf = |by: i64| {
        format!(
            "update budgets.period_seal_account set actual_debits_pence = actual_debits_pence + {by} where account = '5100'"
        )
    };
    let seen = altered(&books, &mut owner, &leaf(1), &leaf(-1)).await;
    assert!(seen.len() == 1 && seen[0][3].contains("its accounts do not make its root"), "{seen:?}");
    let chain = |to: &str| format!("update budgets.period_seal set previous = decode(repeat('{to}', 32), 'hex')");
    let seen = altered(&books, &mut owner, &chain("01"), &chain("00")).await;
    assert!(seen.len() == 1 && seen[0][3].contains("it does not follow the seal at position 0"), "{seen:?}");
    let seen = altered(
        &books,
        &mut owner,
        "create table public.kept as select * from budgets.period_seal_account;
         create table public.kept_seal as select * from budgets.period_seal;
         delete from budgets.period_seal_account; delete from budgets.period_seal",
        "insert into budgets.period_seal select * from public.kept_seal;
         insert into budgets.period_seal_account select * from public.kept",
    )
    .await;
    assert!(seen.len() == 1 && seen[0][2] == "a seal, made or due", "{seen:?}");
    assert_eq!(found(&books).await, [[""; 4]; 0], "all is as it was");
}
