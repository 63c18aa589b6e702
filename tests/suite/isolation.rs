//! Each borough is blind to the other ten: by the API, and by direct SQL under every login role.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};

use crate::{
    golden,
    recipes::operations,
    running::{running, send, testford},
};

const BOROUGHS: [&str; 11] = [
    "bolton",
    "bury",
    "manchester",
    "oldham",
    "rochdale",
    "salford",
    "stockport",
    "tameside",
    "trafford",
    "wigan",
    "wirral",
];

/// Every id anywhere in a document.
fn ids(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::String(text) if text.len() == 36 && text.split('-').count() == 5 => {
            into.insert(text.clone());
        }
        Value::Array(items) => items.iter().for_each(|item| ids(item, into)),
        Value::Object(fields) => fields.values().for_each(|item| ids(item, into)),
        _ => {}
    }
}

#[tokio::test]
async fn no_borough_sees_another_by_the_api() {
    let running = running();
    let lists: Vec<String> = operations()
        .into_iter()
        .filter(|o| {
            // What the law opens to everybody is no borough's alone.
            !o.permissions.is_empty()
                && o.method == reqwest::Method::GET
                && o.template.matches('{').count() == 1
                && o.template.contains("{borough}")
        })
        .map(|o| o.template)
        .collect();
    assert!(lists.len() >= 6, "{lists:?}");
    let mut seen: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for borough in BOROUGHS {
        let own = seen.entry(borough).or_default();
        for role in ["admin", "auditor"] {
            let client = running.as_(&format!("{borough}-{role}"));
            for list in &lists {
                for other in BOROUGHS {
                    let answer =
                        send(&client, reqwest::Method::GET, &list.replace("{borough}", other), &[], None).await;
                    if other == borough {
                        if answer.status.is_success() {
                            ids(&answer.body, own);
                        }
                    } else {
                        assert_eq!(answer.status, 404, "{borough}-{role} at {list} of {other}");
                        assert!(answer.body["data"].is_null());
                    }
                }
            }
        }
        assert!(own.len() > 3, "{borough} sees its own");
    }
    for one in BOROUGHS {
        for other in BOROUGHS.iter().filter(|other| **other != one) {
            let shared: Vec<_> = seen[one].intersection(&seen[other]).collect();
            assert!(shared.is_empty(), "{one} and {other} both see {shared:?}");
        }
    }
}

#[tokio::test]
async fn a_foreign_id_is_answered_like_one_that_does_not_exist() {
    let running = running();
    let there = running.as_("oldham-finance").get("/v1/boroughs/oldham/funds").await.unwrap();
    let foreign = there.body["data"][0]["id"].as_str().unwrap().to_owned();
    let nowhere = "01890a5d-ac96-774b-bcce-b302099a8057";
    let finance = running.as_("salford-finance");
    for path in [
        "",
        "/years",
        "/schemes",
        "/accounts",
        "/journals",
        "/decisions",
        "/split-warnings",
        "/years/2019-20/position",
        "/years/2019-20/periods/1",
        "/years/2019-20/contributions",
        "/years/2019-20/instalments",
        "/years/2019-20/budget",
        "/years/2019-20/reconciliation",
        "/years/2019-20/reconciliation/matches",
        "/awards",
        "/funding-cliff",
    ] {
        let mut answers = Vec::new();
        for fund in [foreign.as_str(), nowhere] {
            let answer =
                send(&finance, reqwest::Method::GET, &format!("/v1/boroughs/salford/funds/{fund}{path}"), &[], None)
                    .await;
            assert_eq!(answer.status, 404, "{path}");
            answers.push((answer.body["type"].clone(), answer.body["detail"].clone()));
        }
        assert_eq!(answers[0], answers[1], "{path}");
    }
    // Cross-borough references in a body: the same answer as for what does not exist (refusal 20).
    let mut answers = Vec::new();
    for host in [foreign.as_str(), nowhere] {
        let fund = serde_json::json!({"name": "Probe", "kind": "pooled", "legal_basis": "s75_reg7", "host": host, "source": "A test"});
        let answer = crate::running::write(&finance, "/v1/boroughs/salford/funds", &fund).await;
        answers.push((answer.status, answer.body["type"].clone(), answer.body["detail"].clone()));
    }
    assert_eq!(answers[0], answers[1]);
}

async fn tables(owner: &mut PgConnection) -> Vec<(String, bool)> {
    let rows = sqlx::query(
        "select n.nspname || '.' || c.relname as name,
           exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'borough_id' and not a.attisdropped) as has
         from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname in ('platform', 'tenants', 'budgets', 'governance') and c.relkind in ('r', 'p') order by 1",
    )
    .fetch_all(owner)
    .await
    .unwrap();
    rows.iter().map(|row| (row.get("name"), row.get("has"))).collect()
}

/// What a login role sees of a table, in the context of one borough, compared with what is there.
async fn seen(
    login: &mut PgConnection,
    opening: &str,
    table: &str,
    own: &str,
    has_borough: bool,
    all: i64,
    owns: i64,
) -> &'static str {
    let count = if has_borough {
        format!("select count(*) filter (where borough_id <> '{own}'), count(borough_id) from {table}")
    } else {
        format!("select count(*), count(*) from {table}")
    };
    let mut tx = login.begin_with(AssertSqlSafe(opening.to_owned())).await.unwrap();
    match sqlx::query(AssertSqlSafe(count)).fetch_one(&mut *tx).await {
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42501") => "-",
        Err(error) => panic!("{table}: {error}"),
        Ok(_) if !has_borough => "all",
        Ok(row) => {
            let (foreign, total): (i64, i64) = (row.get(0), row.get(1));
            match (foreign, total) {
                (0, total) if total == owns && owns > 0 => "own",
                (0, 0) => "none",
                (0, _) => "part of its own",
                (foreign, total) if foreign + owns == total && total == all && foreign > 0 => "all",
                _ => "some",
            }
        }
    }
}

#[tokio::test]
async fn every_login_role_sees_what_was_reviewed_and_no_more() {
    let running = running();
    testford().await;
    let mut owner = PgConnection::connect_with(&running.database.owner()).await.unwrap();
    let own: uuid::Uuid =
        sqlx::query_scalar("select borough_id from tenants.borough where slug = 'salford' and mode = 'live'")
            .fetch_one(&mut owner)
            .await
            .unwrap();
    let own = own.to_string();
    let opening = format!(
        "begin; set local tenfold.borough = '{own}'; set local tenfold.partner = 'QOP'; set local tenfold.region = 'greater-manchester'"
    );
    let mut report = String::new();
    for role in tenfold::login_roles() {
        let mut login = PgConnection::connect_with(&running.database.login(&role)).await.unwrap();
        for (table, has_borough) in tables(&mut owner).await {
            let column =
                if has_borough { format!("count(*) filter (where borough_id = '{own}')") } else { "0::bigint".into() };
            let row = sqlx::query(AssertSqlSafe(format!("select count(*), {column} from {table}")))
                .fetch_one(&mut owner)
                .await
                .unwrap();
            let (all, owns): (i64, i64) = (row.get(0), row.get(1));
            let found = seen(&mut login, &opening, &table, &own, has_borough, all, owns).await;
            // The public has the context of one borough too, and the names of all.
            let keeping = role.ends_with("_archive") || role.ends_with("_purge");
            let of_one = role.ends_with("_borough")
                || keeping && table != "tenants.region"
                || role.ends_with("_public") && !table.ends_with(".borough");
            if of_one {
                // Of the inbox and of changes, what is of its service; of an archive, what is for it.
                let own = matches!(found, "-" | "own" | "none")
                    || found == "part of its own"
                        && (keeping || ["platform.inbox", "platform.change"].contains(&table.as_str()));
                assert!(own, "{role} sees {found} of {table}");
            }
            // Whether there is anything to see changes while other tests run; that there is no more does not.
            let kind = if ["none", "part of its own"].contains(&found) { "some" } else { found };
            let kind = if of_one && kind != "-" { "own" } else { kind };
            if kind != "-" {
                report.push_str(&format!("{role:20} {table:32} {kind}\n"));
            }
        }
    }
    golden::check("visibility.txt", &report.replace(" all\n", " others' too\n").replace(" some\n", " others' too\n"));
}

#[tokio::test]
async fn without_a_context_a_row_is_an_error_never_nothing() {
    let running = running();
    for (role, table) in [
        ("budgets_borough", "budgets.fund"),
        ("tenants_borough", "tenants.borough"),
        ("governance_borough", "governance.committee"),
        ("budgets_region", "budgets.region_period"),
        ("governance_region", "governance.borough"),
        ("tenants_partner", "tenants.organisation"),
        ("tenants_region", "tenants.region_borough"),
    ] {
        let mut login = PgConnection::connect_with(&running.database.login(role)).await.unwrap();
        let statement = format!("select count(*) from {table}");
        assert!(sqlx::query(AssertSqlSafe(statement.clone())).fetch_one(&mut login).await.is_err(), "{role} {table}");
        // After a transaction with a context the connection holds none.
        let opening = "begin; set local tenfold.borough = '01890a5d-ac96-774b-bcce-b302099a8057'; set local tenfold.partner = 'QOP'; set local tenfold.region = 'r'";
        let mut tx = login.begin_with(opening).await.unwrap();
        sqlx::query(AssertSqlSafe(statement.clone())).fetch_one(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
        assert!(
            sqlx::query(AssertSqlSafe(statement)).fetch_one(&mut login).await.is_err(),
            "{role} {table}, afterwards"
        );
    }
}

#[tokio::test]
async fn a_row_cannot_be_written_into_another_borough() {
    let running = running();
    let mut owner = PgConnection::connect_with(&running.database.owner()).await.unwrap();
    let (own, foreign): (uuid::Uuid, uuid::Uuid) = {
        let row = sqlx::query(
            "select (select borough_id from tenants.borough where slug = 'salford' and mode = 'live'),
                    (select borough_id from tenants.borough where slug = 'oldham' and mode = 'live')",
        )
        .fetch_one(&mut owner)
        .await
        .unwrap();
        (row.get(0), row.get(1))
    };
    let mut login = PgConnection::connect_with(&running.database.login("budgets_borough")).await.unwrap();
    let mut tx = login.begin_with(AssertSqlSafe(format!("begin; set local tenfold.borough = '{own}'"))).await.unwrap();
    let written = sqlx::query(
        "insert into budgets.fund_year (borough_id, fund_id, year, completeness, created_at)
         select $1, fund_id, 2090, 'complete', now() from budgets.fund limit 1",
    )
    .bind(foreign)
    .execute(&mut *tx)
    .await;
    assert!(written.is_err_and(|error| error.to_string().contains("row-level security")));
    drop(tx);
    // A foreign key leads with the borough: another's fund cannot be referenced from one's own rows.
    let theirs: uuid::Uuid = sqlx::query_scalar("select fund_id from budgets.fund where borough_id = $1 limit 1")
        .bind(foreign)
        .fetch_one(&mut owner)
        .await
        .unwrap();
    let mut tx = login.begin_with(AssertSqlSafe(format!("begin; set local tenfold.borough = '{own}'"))).await.unwrap();
    let written = sqlx::query(
        "insert into budgets.fund_year (borough_id, fund_id, year, completeness, created_at) values ($1, $2, 2090, 'complete', now())",
    )
    .bind(own)
    .bind(theirs)
    .execute(&mut *tx)
    .await;
    assert!(written.is_err_and(|error| error.to_string().contains("foreign key")));
}

#[tokio::test]
async fn a_borough_cannot_bring_itself_live_not_even_in_sql() {
    testford().await;
    let running = running();
    let mut owner = PgConnection::connect_with(&running.database.owner()).await.unwrap();
    let sandbox: uuid::Uuid =
        sqlx::query_scalar("select borough_id from tenants.borough where slug = 'testford' and mode = 'sandbox'")
            .fetch_one(&mut owner)
            .await
            .unwrap();
    let mut login = PgConnection::connect_with(&running.database.login("tenants_borough")).await.unwrap();
    for (state, allowed) in [("live", false), ("suspended", false), ("in_review", true)] {
        let opening = format!("begin; set local tenfold.borough = '{sandbox}'");
        let mut tx = login.begin_with(AssertSqlSafe(opening)).await.unwrap();
        let moved = sqlx::query("update tenants.borough set state = $1").bind(state).execute(&mut *tx).await;
        assert_eq!(moved.is_ok(), allowed, "{state}");
    }
}
