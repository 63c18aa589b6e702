//! Stockport 2016/17: a pool that shrinks from £232m to £202m, because surgery cannot be pooled.

use anyhow::bail;
use reqwest::Method;
use serde_json::json;

use super::{Loader, fund::Fund};

/// A party's own page: the only one that gives these sums.
const SOURCE: &str = "stockportlabour.org.uk, pooled budget reduced by £30 million: a political party's page";

pub(super) async fn load(loader: &Loader<'_>) -> anyhow::Result<()> {
    let about = |what: &str| format!("{SOURCE}. {what}");
    let fund = json!({"kind": "pooled", "legal_basis": "s75_reg7",
        "source": about("The host is not named there; the council is assumed.")});
    let pool = Fund::new(loader, "stockport", "Stockport pooled budget", fund).await?;
    let year =
        json!({"year": "2016-17", "completeness": "partial", "note": "Only the plan is known, not what was spent."});
    pool.make("years", &year).await?;
    for (firmness, pence, on) in
        [("provisional", 23_200_000_000_i64, "2016-03-22"), ("final", 20_200_000_000, "2016-03-31")]
    {
        let estimate = json!({"firmness": firmness, "amount_pence": pence, "said_on": on, "source": about("The day is illustrative.")});
        pool.make("estimates", &estimate).await?;
    }
    let scheme =
        json!({"code": "POOL", "name": "What can be pooled", "category": "not_analysed", "source": "not_analysed"});
    let schedule = pool.scheme(&scheme).await?;
    let functions = json!([{"function": "adult_social_care", "owner": pool.council},
        {"function": "community_health", "owner": pool.group}, {"function": "surgery", "owner": pool.group}]);
    let mut whole = json!({"kind": "pooled", "functions": functions, "client_group": "Illustrative: adults",
        "services": "Illustrative: social care and community health services", "lead": pool.council,
        "delivering": pool.council, "accounting_treatment": "joint_operation", "capital": false, "recurrent": true});
    // With surgery it is refused: try it, and go on only where it is.
    let tried = pool.finance.send(Method::PUT, &schedule, &[("if-match", "\"0\"")], Some(&whole)).await?;
    if tried.body["rule"] != 8 {
        bail!("surgery was pooled ({}): {}", tried.status, tried.body);
    }
    whole["functions"] = functions.as_array().into_iter().flatten().take(2).cloned().collect();
    pool.finance.put(&schedule, "\"0\"", &whole).await?;

    for (payer, source, pence, why) in [
        (&pool.council, "council", 8_470_000_000_i64, "The council's £84.7m."),
        (&pool.group, "nhs", 11_730_000_000, "Derived: £202m less the council's £84.7m; the page says about £117m."),
    ] {
        let contribution = json!({"payer": payer, "amount_pence": pence, "funding_source": source, "form": "cash",
            "recurrent": true, "profile": {"kind": "annual", "day": 1}, "source": about(&format!("{why} The day it is due is illustrative."))});
        pool.make("years/2016-17/contributions", &contribution).await?;
    }
    let first = ("2016-04-01", 1);
    pool.post("POOL", ("budget", 20_200_000_000), first, ("Pooled budget 2016/17", SOURCE)).await?;
    pool.soft_close("2016-17").await?;

    // What cannot be pooled stays the group's, beside the pool: a fund of its own, which no section 75 total counts.
    let fund = json!({"kind": "aligned", "legal_basis": "none", "host": pool.group,
        "source": about("That the £30m was aligned, and not only left out, is illustrative.")});
    let beside = Fund::new(loader, "stockport", "Stockport surgery, aligned", fund).await?;
    beside.make("years", &year).await?;
    let scheme = json!({"code": "SURGERY", "name": "Surgery", "category": "acute", "source": "nhs"});
    let schedule = beside.scheme(&scheme).await?;
    whole["kind"] = "aligned".into();
    whole["functions"] = json!([{"function": "surgery", "owner": beside.group}]);
    whole["services"] = "Surgery".into();
    for field in ["lead", "delivering"] {
        whole[field] = beside.group.clone().into();
    }
    beside.finance.put(&schedule, "\"0\"", &whole).await?;
    beside.post("SURGERY", ("budget", 3_000_000_000), first, ("£232m less £202m", SOURCE)).await?;
    beside.soft_close("2016-17").await
}
