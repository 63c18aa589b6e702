//! Salford 2019/20: what the council paid is known to the penny, what the fund spent is not.

use serde::Deserialize;
use serde_json::json;

use super::{Loader, id_of, oldham::postings, organisation};
use crate::client::Client;

const PAYMENTS: &str = "Salford City Council, published spending over £500, April to December 2019";
const FUND: &str =
    "The King's Fund, Salford: pooled for all adult health and care, administered by the clinical commissioning group";

/// A chart of accounts that is enough for budget and outturn.
pub(super) const ACCOUNTS: [(&str, &str, &str); 2] =
    [("5000", "Care commissioned", "expenditure"), ("9000", "Fund control", "balance")];

const DERIVED: &str = "Derived from the council's published payments: three at £6,758,426.00, then £33,805,232.68 = 4 × £13,520,127.67 − 3 × £6,758,426.00. The day of the month is illustrative";

#[derive(Debug, Deserialize)]
struct Payment {
    paid_on: String,
    document_number: Option<String>,
    amount_pence: i64,
    payee_as_published: String,
    directorate: String,
    description: String,
}

pub(super) async fn load(loader: &Loader<'_>) -> anyhow::Result<()> {
    let finance = loader.client("salford-finance")?;
    let host = organisation(&finance, "salford", "ccg").await?;
    let payer = organisation(&finance, "salford", "council").await?;
    let fund = json!({"name": "Salford integrated fund", "kind": "pooled", "legal_basis": "s75_reg7", "host": host, "source": FUND});
    let fund = id_of(&finance.post("/v1/boroughs/salford/funds", "demo-salford-fund", &fund).await?)?;
    let fund = format!("/v1/boroughs/salford/funds/{fund}");
    let year = json!({"year": "2019-20", "completeness": "partial",
        "note": "Only the council's contribution is known, from its published payments: the budget is its share, twelve times £13,520,127.67 (derived). What the fund spent is not known."});
    finance.post(&format!("{fund}/years"), "demo-salford-year", &year).await?;
    let scheme =
        json!({"code": "COUNCIL", "name": "Council's contribution", "category": "not_analysed", "source": "council"});
    finance.post(&format!("{fund}/schemes"), "demo-salford-scheme", &scheme).await?;
    for (code, name, kind) in ACCOUNTS {
        let account = json!({"code": code, "name": name, "kind": kind});
        finance.post(&format!("{fund}/accounts"), &format!("demo-salford-account-{code}"), &account).await?;
    }
    let budget = json!({"effective_on": "2019-04-01", "period": 1,
        "narrative": "Council's share for the year: 12 × £13,520,127.67",
        "source": format!("Derived from: {PAYMENTS}"), "postings": postings("COUNCIL", "budget", 12 * 1_352_012_767)});
    finance.post(&format!("{fund}/journals"), "demo-salford-budget", &budget).await?;

    contribute(&finance, &fund, &payer).await?;
    let mut payments = csv::Reader::from_reader(include_str!("../../demo/salford_2019_20_payments.csv").as_bytes());
    for (number, payment) in payments.deserialize::<Payment>().enumerate() {
        let payment = payment?;
        let receipt = json!({"paid_on": payment.paid_on, "amount_pence": payment.amount_pence, "payer": payer,
            "document_number": payment.document_number, "payee_as_published": payment.payee_as_published,
            "directorate": payment.directorate, "description": payment.description, "source": PAYMENTS});
        finance
            .post(&format!("{fund}/years/2019-20/receipts"), &format!("demo-salford-receipt-{number}"), &receipt)
            .await?;
    }
    for period in 1..=9 {
        let path = format!("{fund}/years/2019-20/periods/{period}");
        finance
            .transition(&path, &format!("demo-salford-p{period}"), "soft_closed", "Payments are published to December")
            .await?;
    }
    Ok(())
}

/// The council's contribution: twelve at the first rate, varied from July to the second.
async fn contribute(finance: &Client, fund: &str, payer: &str) -> anyhow::Result<()> {
    let contributions = format!("{fund}/years/2019-20/contributions");
    let contribution = json!({"payer": payer, "amount_pence": 12 * 675_842_600_i64, "scheme": "COUNCIL",
        "funding_source": "council", "form": "cash", "recurrent": true, "profile": {"kind": "monthly", "day": 5},
        "source": DERIVED});
    let made = id_of(&finance.post(&contributions, "demo-salford-contribution", &contribution).await?)?;
    let variation = json!({"amount_pence": 12 * 1_352_012_767_i64, "effective_on": "2019-07-01",
        "reason": "The council's share rises to £13,520,127.67 a month for the whole year", "reference": DERIVED});
    finance.post(&format!("{contributions}/{made}/versions"), "demo-salford-variation", &variation).await?;
    Ok(())
}
