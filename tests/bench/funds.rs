//! The funds that are posted to, made through the API; and the count kept of what was posted.

use anyhow::Context;
use serde_json::json;
use tenfold::client::Client;

/// The borough whose funds they are. The demonstration gives it clients and nothing else.
pub(crate) const BOROUGH: &str = "bolton";
/// The year they are of.
pub(crate) const YEAR: &str = "2026-27";
/// How many share the work, beside the one that has it all.
const MANY: usize = 10;

/// The paths of the funds.
#[derive(Clone)]
pub(crate) struct Funds {
    /// Ten that share the work.
    pub(crate) ten: Vec<String>,
    /// One that has it all.
    pub(crate) one: String,
    /// One that is held to its budget: what its scheme has is asked for, and kept from others, before every journal.
    pub(crate) stopped: String,
}

impl Funds {
    /// All of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = &String> {
        self.ten.iter().chain([&self.one, &self.stopped])
    }

    /// Sets them up, each with its year, scheme, accounts and a few journals.
    pub(crate) async fn make(finance: &Client, manager: &Client) -> anyhow::Result<Self> {
        let organisations = finance.get(&format!("/v1/boroughs/{BOROUGH}/organisations")).await?;
        let host = organisations.body["data"].as_array().into_iter().flatten().find(|one| one["kind"] == "council");
        let host = host.context("the borough has recorded no council")?["id"].clone();
        let mut paths = Vec::new();
        for number in 0..=MANY + 1 {
            let fund = json!({"name": format!("Measured fund {number}"), "kind": "pooled", "legal_basis": "s75_reg7",
                "host": host, "source": "Made up, to measure with"});
            let made = finance.post(&format!("/v1/boroughs/{BOROUGH}/funds"), &format!("fund-{number}"), &fund).await?;
            let id = made.body["id"].as_str().context("a fund has an id")?;
            let path = format!("/v1/boroughs/{BOROUGH}/funds/{id}");
            furnish(finance, &path, number).await?;
            paths.push(path);
        }
        let stopped = paths.pop().context("there is a last fund")?;
        let budget = json!({"effective_on": "2026-04-30", "period": 1, "narrative": "Enough for all of it",
            "postings": postings("budget", 1_000_000_000_000)});
        finance.post(&format!("{stopped}/journals"), "enough", &budget).await?;
        let control = json!({"control": "stop", "reason": "To measure what that costs"});
        manager.post(&format!("{stopped}/controls"), "stop", &control).await?;
        let one = paths.pop().context("there is a fund before it")?;
        Ok(Self { ten: paths, one, stopped })
    }
}

async fn furnish(finance: &Client, path: &str, number: usize) -> anyhow::Result<()> {
    finance.post(&format!("{path}/years"), &format!("year-{number}"), &json!({"year": YEAR})).await?;
    let scheme =
        json!({"code": "POOL", "name": "Whole pool", "category": "community_health", "source": "not_analysed"});
    finance.post(&format!("{path}/schemes"), &format!("scheme-{number}"), &scheme).await?;
    for (code, name, kind) in [("5000", "Care commissioned", "expenditure"), ("9000", "Fund control", "balance")] {
        let account = json!({"code": code, "name": name, "kind": kind});
        finance.post(&format!("{path}/accounts"), &format!("account-{number}-{code}"), &account).await?;
    }
    for layer in ["budget", "committed", "actual"] {
        for period in 1..=12 {
            let journal = json!({"effective_on": "2026-04-30", "period": period, "narrative": "To begin with",
                "postings": postings(layer, 100_000)});
            finance.post(&format!("{path}/journals"), &format!("begin-{number}-{layer}-{period}"), &journal).await?;
        }
    }
    Ok(())
}

fn postings(layer: &str, pence: i64) -> serde_json::Value {
    json!([
        {"account": "5000", "scheme": "POOL", "layer": layer, "amount_pence": pence},
        {"account": "9000", "layer": layer, "amount_pence": -pence},
    ])
}

/// The journal that is posted again and again.
fn narrated(pence: i64) -> serde_json::Value {
    json!({"effective_on": "2026-04-30", "period": 1, "narrative": "Community equipment, April",
        "postings": postings("actual", pence)})
}

/// One of them, as text.
pub(crate) fn one(pence: i64) -> String {
    narrated(pence).to_string()
}

/// How many journals a bulk has.
pub(crate) const IN_A_BULK: i64 = 50;

/// A bulk of them, as text.
pub(crate) fn bulk(pence: i64) -> String {
    json!({"journals": (0..IN_A_BULK).map(|_| narrated(pence)).collect::<Vec<_>>()}).to_string()
}

/// How many journals, and what they come to.
#[derive(Default, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ledger {
    pub(crate) journals: i64,
    pub(crate) pence: i64,
}

impl Ledger {
    pub(crate) fn add(&mut self, other: Self) {
        self.journals += other.journals;
        self.pence += other.pence;
    }
}
