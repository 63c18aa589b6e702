//! Oldham: 2019/20 with an overspend of 3.82 %, and 2020/21, whose agreement nobody had signed ten months on.

use serde_json::{Value, json};

use super::{
    Loader,
    agreement::{self, Paper},
    fund::Fund,
    id_of,
};

const SOURCE: &str = "Oldham Council, Commissioning Partnership Board, CId=548, MId=7902";
const MONTH_6: &str = "Oldham Council, Commissioning Partnership Board, CId=548, MId=7906";

pub(super) async fn load(loader: &Loader<'_>) -> anyhow::Result<()> {
    let fund = json!({"kind": "pooled", "legal_basis": "s75_reg7",
        "source": format!("{SOURCE}. The host is not named there; the council is assumed.")});
    let fund = Fund::new(loader, "oldham", "Oldham section 75 pooled budget", fund).await?;
    let scheme =
        json!({"code": "POOL", "name": "Whole pooled budget", "category": "not_analysed", "source": "not_analysed"});
    fund.scheme(&scheme).await?;
    overspend(loader, &fund).await?;
    unsigned(&fund).await
}

/// 2019/20, to the approved annual return.
async fn overspend(loader: &Loader<'_>, fund: &Fund) -> anyhow::Result<()> {
    let year = json!({"year": "2019-20", "note": "The source gives the year only: budget and outturn are posted in period 12."});
    fund.make("years", &year).await?;
    let source = format!("{SOURCE}. It reports the pool's year; terms, approvals and days are illustrative.");
    let paper = Paper {
        title: "Section 75 agreement 2019/20",
        starts_on: "2019-04-01",
        ends_on: "2020-03-31",
        source: &source,
    };
    let path = agreement::draft(fund, &paper).await?;
    let consultation = json!({"consulted": "Illustrative: residents and providers", "joint": true,
        "opens_on": "2018-11-01", "closes_on": "2019-01-31", "outcome": "Illustrative: support"});
    agreement::consult(fund, &path, &consultation).await?;
    agreement::approve(fund, &path, 1, "2019-03-15").await?;
    for (to, on) in [("approved", "2019-03-15"), ("signed", "2019-03-29"), ("operating", "2019-04-01")] {
        agreement::step(fund, &path, to, &json!(on)).await?;
    }
    let last = ("2020-03-31", 12);
    fund.post("POOL", ("budget", 15_794_100_000), last, ("Budget 2019/20", SOURCE)).await?;
    fund.post("POOL", ("actual", 16_397_000_000), last, ("Outturn 2019/20", SOURCE)).await?;
    let outturn = json!({"period": 12, "method": "manager", "basis": format!("The outturn: {SOURCE}"),
        "lines": [{"scheme": "POOL", "amount_pence": 16_397_000_000_i64}]});
    fund.make("years/2019-20/forecasts", &outturn).await?;
    let plan = json!({"cause": "Illustrative: the source does not say", "actions": ["Illustrative: review packages of care"],
        "owner": "Illustrative: director of adult services", "due_on": "2020-06-30", "recovers_pence": 100_000_000});
    fund.make("years/2019-20/action-plans", &plan).await?;
    fund.soft_close("2019-20").await?;

    let draft =
        json!({"fund": fund.id(), "year": "2019-20", "kind": "annual", "narrative": format!("£6.029m over: {SOURCE}")});
    let returns = format!("{}/returns", fund.borough());
    let path = format!("{returns}/{}", id_of(&fund.finance.post(&returns, &fund.key(), &draft).await?)?);
    fund.finance.transition(&path, &fund.key(), "submitted", "Year end").await?;
    let manager = loader.client("oldham-pool-manager")?;
    for to in ["approved", "published"] {
        manager.transition(&path, &fund.key(), to, "Year end").await?;
    }
    Ok(())
}

/// 2020/21 as it stood at month 6. Its periods stay open: what had been spent by then is not in the source, so that no
/// region is to count it.
async fn unsigned(fund: &Fund) -> anyhow::Result<()> {
    let year = json!({"year": "2020-21", "note": "Budget and forecast of month 6 are the source's. What had been spent by then is not: half of the forecast, illustrative."});
    fund.make("years", &year).await?;
    let source = format!("{MONTH_6}: not signed in January 2021. Its terms are illustrative.");
    let paper = Paper {
        title: "Section 75 agreement 2020/21",
        starts_on: "2020-04-01",
        ends_on: "2021-03-31",
        source: &source,
    };
    agreement::draft(fund, &paper).await?;
    fund.post("POOL", ("budget", 16_950_400_000), ("2020-04-01", 1), ("Budget 2020/21", MONTH_6)).await?;
    let spent = ("Illustrative: half of what is forecast", "Illustrative: the source gives budget and forecast only");
    fund.post("POOL", ("actual", 8_848_650_000), ("2020-09-30", 6), spent).await?;
    let forecast = json!({"period": 6, "method": "manager", "basis": MONTH_6,
        "lines": [{"scheme": "POOL", "amount_pence": 17_697_300_000_i64}]});
    fund.make("years/2020-21/forecasts", &forecast).await?;
    Ok(())
}

/// Spending, or the plan of it, of one scheme, against the account that balances it.
pub(super) fn postings(scheme: &str, layer: &str, pence: i64) -> Value {
    json!([
        {"account": "5000", "scheme": scheme, "layer": layer, "amount_pence": pence},
        {"account": "9000", "layer": layer, "amount_pence": -pence},
    ])
}
