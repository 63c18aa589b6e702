//! Journals a second: over HTTP, past the gateway and through it, on ten funds and on one, beside pgbench.
//!
//! After every round the ledger is held against what was acknowledged: as many journals, postings that sum
//! to nil, and positions, read through the API while the compactor folds, equal to the penny.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use sqlx::Connection;
use tenfold::tell::Step;

use crate::{
    figures::{median, median_of, ratio},
    funds::{IN_A_BULK, Ledger, YEAR},
    house::House,
    load::{Ask, Load},
    plain_sql::PlainSql,
    serving::Served,
};

const ROUNDS: u32 = 3;
const CLIENTS: [usize; 3] = [1, 16, 64];
const ONE_FUND_AIM: u64 = 900;
const PLAIN_SQL_AIM: u64 = 500;

/// By who writes where: the paces, round by round.
type Paces = BTreeMap<&'static str, Vec<u64>>;

struct Bench<'a> {
    house: &'a House,
    served: &'a Served,
    database: &'a str,
    plain: PlainSql,
    expected: Ledger,
    checks: u32,
}

/// Measures at 1, 16 and 64 clients.
pub(crate) async fn measure(house: &House, served: &Served, database: &str, time: Duration) -> anyhow::Result<Value> {
    let plain = PlainSql::prepare(house, database, &house.funds).await?;
    let mut bench = Bench { house, served, database, plain, expected: Ledger::default(), checks: 0 };
    bench.expected = bench.ledger().await?;
    let mut figures = Vec::new();
    for clients in CLIENTS {
        let paces = bench.rounds(clients, time).await?;
        figures.push(told(clients, &paces));
    }
    Ok(json!({
        "what": "Journals of two lines a second. Ratios are medians over the rounds. Plain SQL is pgbench as the same \
                 login role: the same rows in the same tables, an insert a table, prepared, nothing looked up.",
        "rounds": ROUNDS,
        "figures": figures,
        "held_to_the_penny": bench.checks,
        "journals_at_the_end": bench.expected.journals,
    }))
}

impl Bench<'_> {
    async fn rounds(&mut self, clients: usize, time: Duration) -> anyhow::Result<Paces> {
        let step = Step::begin(&format!("journals at {clients}"), (ROUNDS + 1).into());
        let mut paces = Paces::new();
        for number in 0..=ROUNDS {
            let slice = if number == 0 { Duration::from_millis(500) } else { (time / 2).max(Duration::from_secs(1)) };
            let round = self.round(clients, slice).await?;
            self.check().await.with_context(|| format!("after a round at {clients} clients"))?;
            step.advance();
            // The first opens connections and prepares statements.
            if number > 0 {
                round.into_iter().for_each(|(name, pace)| paces.entry(name).or_default().push(pace));
            }
        }
        step.end("measured, and equal to the penny");
        Ok(paces)
    }

    async fn round(&mut self, clients: usize, slice: Duration) -> anyhow::Result<Vec<(&'static str, u64)>> {
        let funds = &self.house.funds;
        let (ten, one) = (funds.ten.clone(), vec![funds.one.clone()]);
        let stopped = vec![funds.stopped.clone()];
        let direct = self.served.urls.budgets.clone();
        let gateway = self.served.urls.gateway.clone().context("a gateway was asked for")?;
        let mut paces = Vec::new();
        for (name, base, ask) in [
            ("direct_ten", &direct, Ask::Post(ten.clone())),
            ("direct_one", &direct, Ask::Post(one.clone())),
            ("direct_one_stopped", &direct, Ask::Post(stopped.clone())),
            ("gateway_ten", &gateway, Ask::Post(ten.clone())),
            ("gateway_one", &gateway, Ask::Post(one)),
            ("gateway_one_stopped", &gateway, Ask::Post(stopped)),
            ("gateway_ten_in_bulks_of_50", &gateway, Ask::Bulk(ten)),
        ] {
            let token = self.house.token().await?;
            let journals = if matches!(ask, Ask::Bulk(_)) { IN_A_BULK.unsigned_abs() } else { 1 };
            let load = Load { base: base.clone(), token, ask, clients };
            let outcome = load.run(slice).await?;
            self.expected.add(outcome.posted);
            paces.push((name, outcome.per_second() * journals));
        }
        let (posted, pace) = self.plain.run(clients, slice).await?;
        self.expected.add(posted);
        paces.push(("plain_sql_ten", pace));
        Ok(paces)
    }

    /// What the funds' positions come to, by the API; and how many journals there are, by the owner.
    async fn ledger(&self) -> anyhow::Result<Ledger> {
        let mut pence = 0;
        let http = reqwest::Client::builder().no_proxy().build()?;
        for fund in self.house.funds.all() {
            let url = format!("{}{fund}/years/{YEAR}/position", self.served.urls.budgets);
            let answer = http.get(url).bearer_auth(self.house.token().await?).send().await?.error_for_status()?;
            let body: Value = answer.json().await?;
            pence += body["total"]["actual_pence"].as_i64().context("a position has its spending")?;
        }
        let mut owner = self.house.owner(self.database).await?;
        let ids: Vec<&str> = self.house.funds.all().filter_map(|path| path.rsplit('/').next()).collect();
        let (journals, left_over): (i64, i64) = sqlx::query_as(
            "select (select count(*) from budgets.journal where fund_id = any ($1::text[]::uuid[])),
                    (select coalesce(sum(amount_pence), 0)::bigint from budgets.posting)",
        )
        .bind(ids)
        .fetch_one(&mut owner)
        .await?;
        owner.close().await?;
        ensure!(left_over == 0, "the postings sum to {left_over} and not to nil");
        Ok(Ledger { journals, pence })
    }

    async fn check(&mut self) -> anyhow::Result<()> {
        let found = self.ledger().await?;
        ensure!(found == self.expected, "acknowledged {:?}, in the ledger {found:?}", self.expected);
        self.checks += 1;
        Ok(())
    }
}

fn told(clients: usize, paces: &Paces) -> Value {
    let of = |name: &str| paces.get(name).cloned().unwrap_or_default();
    let against = |a: &str, b: &str| median_of(of(a).into_iter().zip(of(b)));
    let one_fund = against("direct_one", "direct_ten");
    let plain = against("direct_ten", "plain_sql_ten");
    let per_second: BTreeMap<_, _> = paces.iter().map(|(name, each)| (*name, median(each.clone()))).collect();
    json!({
        "clients": clients,
        "per_second": per_second,
        "one_fund_of_ten": ratio(one_fund),
        "one_fund_aim": ratio(ONE_FUND_AIM),
        "one_fund_within_aim": one_fund >= ONE_FUND_AIM,
        "http_of_plain_sql": ratio(plain),
        "http_of_plain_sql_aim": ratio(PLAIN_SQL_AIM),
        "http_of_plain_sql_within_aim": plain >= PLAIN_SQL_AIM,
        "gateway_of_plain_sql": ratio(against("gateway_ten", "plain_sql_ten")),
        "gateway_one_of_ten": ratio(against("gateway_one", "gateway_ten")),
        "stopped_of_warned": ratio(against("direct_one_stopped", "direct_one")),
        "bulk_of_single": ratio(against("gateway_ten_in_bulks_of_50", "gateway_ten")),
    })
}
