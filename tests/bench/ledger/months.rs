//! A month's file taken in, beside the same rows written by plain SQL; and a month closed and sealed while others write.

use std::{
    fmt::Write as _,
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use tenfold::{client::Client, tell::Step};

use crate::{
    figures::{per_mille, per_second, ratio},
    funds::YEAR,
    house::{House, PASSWORD},
    load::{Ask, Load},
    serving::Served,
};

const PLAIN_SQL_AIM: u64 = 500;
const MEMORY_AIM_MB: u64 = 64;
const CLOSE_AIM_S: u64 = 10;
const WRITERS_AIM: u64 = 2_000;
/// A month of a large borough, beside the million.
const SMALLER: i64 = 37_000;

struct Months<'a> {
    house: &'a House,
    served: &'a Served,
    database: &'a str,
    finance: Client,
    manager: Client,
    fund: &'a str,
    source: String,
}

/// Takes in a file of so many rows and one of 37,000, then closes both months under writers.
pub(crate) async fn measure(house: &House, served: &Served, database: &str, rows: i64) -> anyhow::Result<Value> {
    let gateway = served.urls.gateway.clone().context("a gateway was asked for")?;
    let finance = Client::new(&gateway, house.officer.clone());
    let manager = Client::new(&gateway, house.manager.clone());
    let fund = house.funds.ten.first().context("there are funds")?.as_str();
    let mapping = json!({"columns": {"date": "Date", "amount": "Amount", "code": "Code", "document_number": "Document",
        "supplier": "Supplier", "description": "Description"},
        "codes": [{"code": "AS*", "account": "5000", "scheme": "POOL"}], "contra": "9000"});
    let source = json!({"name": "Measured ledger", "mapping": mapping});
    let source = finance.post(&format!("{fund}/ledger-sources"), "measured-ledger", &source).await?.body;
    let source = source["id"].as_str().context("a source has an id")?.to_owned();
    let months = Months { house, served, database, finance, manager, fund, source };
    let step = Step::begin("files and closings", 4);
    let large = months.import(rows, 6).await?;
    step.advance();
    let small = months.import(SMALLER, 5).await?;
    step.advance();
    let closed = [months.close(SMALLER, 5).await?, {
        step.advance();
        months.close(rows, 6).await?
    }];
    step.end("measured, and equal to the penny");
    Ok(json!({"imports": [large, small], "closings": closed}))
}

impl Months<'_> {
    async fn import(&self, rows: i64, period: i16) -> anyhow::Result<Value> {
        let file = std::env::temp_dir().join(format!("tenfold-bench-{}-{rows}.csv", std::process::id()));
        let pence = write_file(&file, rows, period)?;
        let announced = json!({"source": self.source, "year": YEAR, "period": period, "file_name": "month.csv", "mode": "all_or_nothing"});
        let made =
            self.finance.post(&format!("{}/imports", self.fund), &format!("import-{rows}"), &announced).await?.body;
        let id = made["id"].as_str().context("an import has an id")?.to_owned();
        let path = format!("{}/imports/{id}", self.fund);
        let idle = self.served.resident_kb()?;
        let (most, stop) = (Arc::new(AtomicU64::new(idle)), Arc::new(AtomicBool::new(false)));
        let watch = self.served.watch(most.clone(), stop.clone());
        let began = Instant::now();
        let content = tokio::fs::File::open(&file).await?;
        let bytes = content.metadata().await?.len();
        let gateway = self.served.urls.gateway.as_deref().unwrap_or_default();
        let http = reqwest::Client::builder().no_proxy().build()?;
        let body = reqwest::Body::wrap_stream(tokio_util::io::ReaderStream::new(content));
        let sent = http.put(format!("{gateway}{path}/file")).bearer_auth(self.finance.token().await?);
        let sent = sent.header("if-match", "\"1\"").header("content-type", "text/csv").header("content-length", bytes);
        let sent = sent.body(body).send().await?;
        ensure!(sent.status() == 202, "the file was refused: {}", sent.text().await?);
        let sent_in = began.elapsed();
        let came = loop {
            let found = self.finance.get(&path).await?.body;
            match found["state"].as_str() {
                Some("waiting" | "reading" | "checked") => tokio::time::sleep(Duration::from_millis(50)).await,
                Some("posted") => break found,
                _ => anyhow::bail!("the import ended otherwise: {found}"),
            }
        };
        let took = began.elapsed();
        stop.store(true, Ordering::SeqCst);
        watch.await?;
        fs::remove_file(&file)?;
        ensure!(
            came["posted_pence"] == pence && came["posted"] == rows,
            "{pence} pence in {rows} rows were sent: {came}"
        );
        let plain = self.plain_sql(&id).await?;
        let of_plain = per_mille(micros(plain), micros(took));
        let above = most.load(Ordering::SeqCst).saturating_sub(idle) / 1024;
        Ok(json!({
            "rows": rows, "bytes": bytes, "sent_in_ms": sent_in.as_millis(), "posted_in_ms": took.as_millis(),
            "rows_per_second": per_second(rows.unsigned_abs(), micros(took)),
            "plain_sql_ms": plain.as_millis(), "of_plain_sql": ratio(of_plain), "of_plain_sql_aim": ratio(PLAIN_SQL_AIM),
            "of_plain_sql_within_aim": of_plain >= PLAIN_SQL_AIM,
            "memory_idle_mb": idle / 1024, "memory_above_idle_mb": above, "memory_aim_mb": MEMORY_AIM_MB,
            "memory_within_aim": above <= MEMORY_AIM_MB,
        }))
    }

    /// The same rows into the same tables by the same login role: `insert … select` of what is there, which looks nothing up and
    /// reads no file. Rolled back.
    async fn plain_sql(&self, import: &str) -> anyhow::Result<Duration> {
        let options = PgConnectOptions::new_without_pgpass().socket(self.house.socket()).port(5432);
        let options = options.database(self.database).username("budgets_borough").password(PASSWORD);
        let mut borough = PgConnection::connect_with(&options).await?;
        let context = format!(
            "begin; set local tenfold.borough = '{}'; set local statement_timeout = '300s'",
            self.house.borough.id
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(context)).execute(&mut borough).await?;
        sqlx::query(
            "insert into budgets.import select (jsonb_populate_record(i, jsonb_build_object('import_id', md5('again')::uuid,
               'state', 'cancelled'))).* from budgets.import i where import_id = $1::uuid",
        )
        .bind(import)
        .execute(&mut borough)
        .await?;
        let began = Instant::now();
        for statement in [
            "insert into budgets.import_line
             select borough_id, fund_id, md5('again')::uuid, row, file_line, state, effective_on, amount_pence, code, document_number,
               supplier, description, department, merchant_category, account_id, scheme_id, party_id, content_key,
               md5('again ' || journal_id)::uuid, posting_line, fault_column, fault, remedy, rule
             from budgets.import_line where import_id = $1::uuid",
            "insert into budgets.journal (borough_id, fund_id, journal_id, year, period, effective_on, posted_at, narrative, source,
               client_id)
             select borough_id, fund_id, md5('again ' || journal_id)::uuid, year, period, effective_on, posted_at, narrative, source,
               client_id
             from budgets.journal where import_id = $1::uuid",
            "insert into budgets.posting (borough_id, fund_id, journal_id, line, account_id, scheme_id, layer, amount_pence, party_id,
               category, source, nature, year, effective_on)
             select p.borough_id, p.fund_id, md5('again ' || p.journal_id)::uuid, p.line, p.account_id, p.scheme_id, p.layer,
               p.amount_pence, p.party_id, p.category, p.source, p.nature, p.year, p.effective_on
             from budgets.posting p join budgets.journal j using (borough_id, fund_id, journal_id) where j.import_id = $1::uuid",
        ] {
            sqlx::query(statement).bind(import).execute(&mut borough).await?;
        }
        let took = began.elapsed();
        sqlx::raw_sql("rollback").execute(&mut borough).await?;
        borough.close().await?;
        Ok(took)
    }

    /// Closes a month while others write in another, and waits for its seal.
    async fn close(&self, rows: i64, period: i16) -> anyhow::Result<Value> {
        let budgets = self.served.urls.budgets.clone();
        let writers = async |time: Duration| -> anyhow::Result<u64> {
            let token = self.house.token().await?;
            let ask = Ask::Post(self.house.funds.ten[1..].to_vec());
            Ok(Load { base: budgets.clone(), token, ask, clients: 8 }.run(time).await?.p99())
        };
        let before = writers(Duration::from_secs(4)).await?;
        let path = format!("{}/years/{YEAR}/periods/{period}", self.fund);
        self.manager.transition(&path, &format!("soft-{period}"), "soft_closed", "To measure").await?;
        let during = {
            let closing = async {
                tokio::time::sleep(Duration::from_millis(500)).await;
                let began = Instant::now();
                self.manager.transition(&path, &format!("close-{period}"), "closed", "To measure").await?;
                loop {
                    if self.manager.get(&path).await?.body["seal"] == "sealed" {
                        return anyhow::Ok(began.elapsed());
                    }
                    ensure!(
                        began.elapsed() < Duration::from_secs(300),
                        "period {period} is not sealed after five minutes"
                    );
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            };
            tokio::join!(closing, writers(Duration::from_secs(8)))
        };
        let (took, beside) = (during.0?, during.1?);
        let slower = per_mille(beside, before);
        Ok(json!({
            "postings": rows, "closed_and_sealed_ms": took.as_millis(), "aim_s": CLOSE_AIM_S,
            "within_aim": took <= Duration::from_secs(CLOSE_AIM_S),
            "writers_p99_us_before": before, "writers_p99_us_beside": beside, "writers_p99_beside_of_before": ratio(slower),
            "writers_aim": ratio(WRITERS_AIM), "writers_within_aim": slower < WRITERS_AIM,
        }))
    }
}

/// A file as a council's ledger writes it; what its lines come to, in pence.
fn write_file(path: &std::path::Path, rows: i64, period: i16) -> anyhow::Result<i64> {
    let month = period + 3;
    let (mut text, mut pence) = (String::from("Date,Amount,Code,Document,Supplier,Description\n"), 0);
    for row in 0..rows {
        let amount = 101 + row * 7919 % 49_899;
        pence += amount;
        let (day, supplier, code) = (1 + row % 28, row % 977, row % 90);
        writeln!(
            text,
            "{day:02}/{month:02}/2026,{}.{:02},AS{code:04},{row:09},Care provider {supplier},Care in month {month}",
            amount / 100,
            amount % 100
        )?;
    }
    fs::write(path, text)?;
    Ok(pence)
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl Served {
    /// What the process holds in memory now, in KiB.
    fn resident_kb(&self) -> anyhow::Result<u64> {
        resident_kb(self.id().context("the process runs")?)
    }

    /// Keeps the most the process holds, until it is stopped.
    fn watch(&self, most: Arc<AtomicU64>, stop: Arc<AtomicBool>) -> tokio::task::JoinHandle<()> {
        let id = self.id();
        tokio::spawn(async move {
            while let Some(id) = id.filter(|_| !stop.load(Ordering::SeqCst)) {
                most.fetch_max(resident_kb(id).unwrap_or_default(), Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
    }
}

fn resident_kb(id: u32) -> anyhow::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("a process has its memory")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
