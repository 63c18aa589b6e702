//! Oldham 2019/20: an overspend of 3.82 %.

use serde_json::{Value, json};

use super::{Loader, id_of, organisation};

const SOURCE: &str = "Oldham Council, Commissioning Partnership Board, CId=548, MId=7902";

pub(super) async fn load(loader: &Loader<'_>) -> anyhow::Result<()> {
    let finance = loader.client("oldham-finance")?;
    let host = organisation(&finance, "oldham", "council").await?;
    let fund = json!({"name": "Oldham section 75 pooled budget", "kind": "pooled", "legal_basis": "s75_reg7", "host": host,
        "source": format!("{SOURCE}. The host is not named there; the council is assumed.")});
    let fund = id_of(&finance.post("/v1/boroughs/oldham/funds", "demo-oldham-fund", &fund).await?)?;
    let fund = format!("/v1/boroughs/oldham/funds/{fund}");
    let year = json!({"year": "2019-20", "note": "The source gives the year only: budget and outturn are posted in period 12."});
    finance.post(&format!("{fund}/years"), "demo-oldham-year", &year).await?;
    let scheme =
        json!({"code": "POOL", "name": "Whole pooled budget", "category": "not_analysed", "source": "not_analysed"});
    finance.post(&format!("{fund}/schemes"), "demo-oldham-scheme", &scheme).await?;
    for (code, name, kind) in super::salford::ACCOUNTS {
        let account = json!({"code": code, "name": name, "kind": kind});
        finance.post(&format!("{fund}/accounts"), &format!("demo-oldham-account-{code}"), &account).await?;
    }
    for (layer, narrative, pence) in
        [("budget", "Budget 2019/20", 15_794_100_000_i64), ("actual", "Outturn 2019/20", 16_397_000_000)]
    {
        let journal = json!({"effective_on": "2020-03-31", "period": 12, "narrative": narrative, "source": SOURCE,
            "postings": postings("POOL", layer, pence)});
        finance.post(&format!("{fund}/journals"), &format!("demo-oldham-{layer}"), &journal).await?;
    }
    for period in 1..=12 {
        let path = format!("{fund}/years/2019-20/periods/{period}");
        finance.transition(&path, &format!("demo-oldham-p{period}"), "soft_closed", "The year is over").await?;
    }
    Ok(())
}

/// Spending, or the plan of it, of one scheme, against the account that balances it.
pub(super) fn postings(scheme: &str, layer: &str, pence: i64) -> Value {
    json!([
        {"account": "5000", "scheme": scheme, "layer": layer, "amount_pence": pence},
        {"account": "9000", "layer": layer, "amount_pence": -pence},
    ])
}
