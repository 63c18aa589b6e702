//! Two other ledgers' engines, on the same Postgres: cala-ledger and doubleentry, called in process.

use std::{path::PathBuf, process::Stdio, time::Duration};

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use tenfold::tell::Step;
use tokio::process::Command;

use crate::{
    figures::{per_mille, ratio},
    house::{House, PASSWORD},
};

const ENGINES: [&str; 2] = ["cala-ledger", "doubleentry"];
const CLIENTS: [usize; 3] = [1, 16, 64];
const BOOKS: [usize; 2] = [10, 1];

/// Runs both at 1, 16 and 64 clients on ten books and on one, and holds ours over HTTP, which `ours` has by clients, against them.
pub(crate) async fn measure(house: &House, ours: &Value, time: Duration) -> anyhow::Result<Value> {
    let program =
        PathBuf::from(std::env::var("TENFOLD_RIVALS").context("TENFOLD_RIVALS names the program: ./dev bench")?);
    let step = Step::begin("other engines", u64::try_from(ENGINES.len() * CLIENTS.len() * BOOKS.len())?);
    let mut figures = Vec::new();
    for engine in ENGINES {
        role(house, engine).await?;
        for clients in CLIENTS {
            for books in BOOKS {
                let url = databases(house, engine, &format!("{clients}_{books}"), books).await?;
                let mut command = Command::new(&program);
                command.arg(engine).arg(&url).arg(clients.to_string()).arg(time.as_secs().max(1).to_string());
                command.arg(books.to_string()).stdin(Stdio::null()).kill_on_drop(true);
                let output = command.output().await.context("the program of the other engines could not be run")?;
                let said = String::from_utf8_lossy(&output.stderr);
                ensure!(output.status.success(), "{engine} failed: {said}");
                let mut figure: Value = serde_json::from_slice(&output.stdout).context("an engine's figures")?;
                let theirs = figure["per_second"].as_u64().unwrap_or_default();
                let name = if books == 1 { "gateway_one" } else { "gateway_ten" };
                let mine = ours_at(ours, clients)[name].as_u64().unwrap_or_default();
                figure["ours_over_http_of_theirs"] = json!(ratio(per_mille(mine, theirs)));
                figure["within_aim"] = json!(mine >= theirs);
                figures.push(figure);
                step.advance();
            }
        }
    }
    step.end("measured");
    Ok(json!({
        "what": "Journals of two lines a second by other engines, called in process on the same Postgres: no HTTP, no token, no \
                 row-level security, no audit, no idempotency store of answers. Ours is through the gateway with all of that.",
        "aim": "1.00",
        "figures": figures,
    }))
}

fn ours_at(ours: &Value, clients: usize) -> &Value {
    let figures = ours["figures"].as_array().map(Vec::as_slice).unwrap_or_default();
    figures.iter().find(|figure| figure["clients"] == clients).map_or(&Value::Null, |figure| &figure["per_second"])
}

/// The login role of an engine.
async fn role(house: &House, engine: &str) -> anyhow::Result<()> {
    let name = engine.replace('-', "_");
    let statement = format!("create role {name} login password '{PASSWORD}'");
    sqlx::query(AssertSqlSafe(statement)).execute(&mut house.owner("postgres").await?).await?;
    Ok(())
}

/// New databases whose owner is an engine's role, one a book: one of the engines keeps a single ledger in a database. The
/// other takes the first.
async fn databases(house: &House, engine: &str, run: &str, books: usize) -> anyhow::Result<String> {
    let role = engine.replace('-', "_");
    let folder = house.socket().display().to_string().replace('/', "%2F");
    let mut owner = house.owner("postgres").await?;
    let mut urls = Vec::new();
    for book in 0..books {
        let name = format!("{role}_{run}_{book}");
        let statement = format!("create database {name} owner {role}");
        sqlx::query(AssertSqlSafe(statement)).execute(&mut owner).await?;
        urls.push(format!("postgres://{role}:{PASSWORD}@localhost:5432/{name}?host={folder}"));
    }
    Ok(urls.join(","))
}
