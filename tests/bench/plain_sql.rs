//! The same rows in the same tables by pgbench: what this database does with plain SQL and nothing else.
//!
//! As the borough's login role, behind the same policies, an insert a table, statements prepared. It looks
//! nothing up, checks nothing and answers nobody.

use std::{fs, path::PathBuf, process::Stdio, time::Duration};

use anyhow::{Context, ensure};
use sqlx::Connection;
use tenfold::demo::REGION;
use tokio::process::Command;

use crate::{
    figures::median,
    funds::{BOROUGH, Funds, Ledger},
    house::{House, PASSWORD},
};

/// What each of its journals moves.
const PENCE: i64 = 250;

/// A script for pgbench.
pub(crate) struct PlainSql {
    script: PathBuf,
    socket: PathBuf,
    database: String,
    runs: u32,
}

/// A fund's ids, for the script.
struct FundIds {
    fund: String,
    spent: String,
    control: String,
    scheme: String,
}

impl PlainSql {
    /// Writes the script.
    pub(crate) async fn prepare(house: &House, database: &str, funds: &Funds) -> anyhow::Result<Self> {
        let mut owner = house.owner(database).await?;
        let mut all = Vec::new();
        for path in &funds.ten {
            let fund = path.rsplit('/').next().context("a path ends in an id")?.to_owned();
            let (spent, control, scheme) = sqlx::query_as(
                "select (select account_id::text from budgets.account where fund_id = f.id and code = '5000'),
                        (select account_id::text from budgets.account where fund_id = f.id and code = '9000'),
                        (select scheme_id::text from budgets.scheme where fund_id = f.id)
                 from (select $1::uuid as id) f",
            )
            .bind(&fund)
            .fetch_one(&mut owner)
            .await?;
            all.push(FundIds { fund, spent, control, scheme });
        }
        owner.close().await?;
        let path = house.socket().join("journal.sql");
        fs::write(&path, script(house, &all))?;
        Ok(Self { script: path, socket: house.socket().to_owned(), database: database.to_owned(), runs: 0 })
    }

    /// Runs it; tells what it wrote, and how many transactions it did in a second.
    pub(crate) async fn run(&mut self, clients: usize, time: Duration) -> anyhow::Result<(Ledger, u64)> {
        self.runs += 1;
        let mut pgbench = Command::new("pgbench");
        pgbench.args(["--no-vacuum", "--protocol=prepared", "--username=budgets_borough", "--port=5432"]);
        pgbench.arg(format!("--client={clients}")).arg(format!("--jobs={}", clients.min(2)));
        // In its first second it prepares its statements: that one is not counted.
        pgbench.arg(format!("--time={}", time.as_secs().max(1) + 1)).arg("--progress=1");
        pgbench.arg(format!("--define=run={}", self.runs)).arg("--define=n=0");
        pgbench.arg("--host").arg(&self.socket).arg("--file").arg(&self.script).arg(&self.database);
        pgbench.env("PGPASSWORD", PASSWORD).stdin(Stdio::null()).kill_on_drop(true);
        let output = pgbench.output().await.context("pgbench is not there; it comes with Postgres")?;
        let (said, progress) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        ensure!(output.status.success(), "pgbench failed: {progress}");
        let done = number_after(&said, "number of transactions actually processed: ").context("pgbench counts")?;
        ensure!(number_after(&said, "number of failed transactions: ") == Some(0), "pgbench had failures: {said}");
        let paces = progress.lines().filter_map(|line| u64::try_from(number_after(line, " s, ")?).ok());
        let pace = median(paces.skip(1).collect());
        ensure!(pace > 0, "pgbench does not tell its pace: {progress}");
        Ok((Ledger { journals: done, pence: done * PENCE }, pace))
    }
}

fn number_after(text: &str, name: &str) -> Option<i64> {
    let rest = &text[text.find(name)? + name.len()..];
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

fn script(house: &House, funds: &[FundIds]) -> String {
    let (borough, client) = (house.borough.id, &house.officer.client_id);
    // Ids grow, as ours do: by client and by its own count.
    let id = |kind: char| {
        format!(
            "('0199' || lpad(:run::text, 4, '0') || '-000{kind}-7000-8' || lpad(:client_id::text, 3, '0') || '-' \
             || lpad(:n::text, 12, '0'))::uuid"
        )
    };
    let (journal, audit) = (id('1'), id('2'));
    let one_of = |what: fn(&FundIds) -> &str| {
        let all: Vec<&str> = funds.iter().map(what).collect();
        format!("('{{{}}}'::uuid[])[:f::int]", all.join(","))
    };
    let (fund, scheme) = (one_of(|ids| &ids.fund), one_of(|ids| &ids.scheme));
    let (spent, control) = (one_of(|ids| &ids.spent), one_of(|ids| &ids.control));
    format!(
        "\\set n :n + 1
\\set f random(1, {many})
begin;
set local tenfold.borough = '{borough}';
insert into budgets.journal (borough_id, fund_id, journal_id, year, period, effective_on, posted_at, narrative, client_id)
  values (platform.borough(), {fund}, {journal}, 2026, 1, '2026-04-30', now(), 'Community equipment, April', '{client}');
insert into budgets.posting (borough_id, fund_id, journal_id, line, year, effective_on, account_id, scheme_id, layer, amount_pence,
    category, source, nature)
  values (platform.borough(), {fund}, {journal}, 1, 2026, '2026-04-30', {spent}, {scheme}, 'actual', {PENCE}, 'community_health',
           'not_analysed', 'revenue'),
         (platform.borough(), {fund}, {journal}, 2, 2026, '2026-04-30', {control}, null, 'actual', -{PENCE}, null, null, null);
insert into budgets.delta (borough_id, fund_id, year, journal_id, line, period, account_id, scheme_id, layer, amount_pence,
    category, source, nature, effective_on, posted_on)
  values (platform.borough(), {fund}, 2026, {journal}, 1, 1, {spent}, {scheme}, 'actual', {PENCE}, 'community_health', 'not_analysed',
           'revenue', '2026-04-30', current_date),
         (platform.borough(), {fund}, 2026, {journal}, 2, 1, {control}, '00000000-0000-0000-0000-000000000000', 'actual', -{PENCE},
           '', '', '', '2026-04-30', current_date);
insert into budgets.region_delta (borough_id, region, year, fund_id, journal_id, line, period, category, source, layer, amount_pence)
  values (platform.borough(), '{REGION}', 2026, {fund}, {journal}, 1, 1, 'community_health', 'not_analysed', 'actual', {PENCE});
insert into platform.audit (borough_id, audit_id, at, client_id, role, request_id, address, action, subject)
  values (platform.borough(), {audit}, now(), '{client}', 'finance', 'pgbench', 'unknown', 'journal.posted', 'funds/' || {fund});
insert into platform.act_waiting (borough_id, audit_id, service, at, action, subject, deleted)
  values (platform.borough(), {audit}, 'budgets', now(), 'journal.posted', 'funds/' || {fund}, false);
insert into platform.idempotency (borough_id, client_id, key, fingerprint, status, headers, body, created_at)
  values (platform.borough(), '{client}', {journal}::text, sha256('pgbench'), 201,
    '{{\"location\": \"/v1/boroughs/{BOROUGH}/funds/a-fund/journals/a-journal\", \"content-type\": \"application/json\"}}',
    convert_to(repeat('x', 520), 'UTF8'), now());
commit;
",
        many = funds.len()
    )
}
