//! Wirral, in another region: due diligence before pooling, and £15m over three years with an end to it.

use anyhow::bail;
use reqwest::Method;
use serde_json::json;

use super::{Loader, fund::Fund, id_of};

const SOURCE: &str = "Wirral People Overview and Scrutiny Committee, March 2017";
/// How the £15m falls by year is made up.
const PHASES: [(&str, i64); 3] = [("2017-18", 600_000_000), ("2018-19", 500_000_000), ("2019-20", 400_000_000)];

pub(super) async fn load(loader: &Loader<'_>) -> anyhow::Result<()> {
    registers(loader).await?;
    let fund = json!({"kind": "pooled", "legal_basis": "s75_reg7", "illustrative": true,
        "source": format!("{SOURCE}. The report names no fund: this one is illustrative.")});
    let fund = Fund::new(loader, "wirral", "Wirral integration fund", fund).await?;
    for year in PHASES.map(|(year, _)| year).into_iter().chain(["2020-21"]) {
        fund.make("years", &json!({"year": year})).await?;
    }
    let trust = json!({"kind": "nhs_trust", "name": "Wirral Community NHS Foundation Trust", "ods": "RY7", "valid_from": "2011-04-01",
        "source": format!("NHS Organisation Data Service. {SOURCE}, says an NHS trust: that it is this one is assumed")});
    let organisations = format!("{}/organisations", fund.borough());
    let trust = id_of(&loader.client("wirral-admin")?.post(&organisations, &fund.key(), &trust).await?)?;
    let service = json!({"code": "ASSESS", "name": "Integrated assessment and support planning", "category": "social_care", "source": "grant"});
    let schedule = fund.scheme(&service).await?;
    let terms = json!({"kind": "pooled", "functions": [
            {"function": "continuing_healthcare", "owner": fund.group, "exercised_by": fund.council},
            {"function": "adult_social_care", "owner": fund.council}],
        "client_group": "Illustrative: adults who need an assessment", "services": "Integrated assessment and support planning",
        "lead": fund.council, "delivering": trust, "delivered_under": "A contract with the trust",
        "staff_transfer": "Staff transfer to the trust", "accounting_treatment": "joint_operation", "capital": false,
        "recurrent": true});
    wait_for(&fund, &trust).await?;
    fund.finance.put(&schedule, "\"0\"", &terms).await?;
    one_off(&fund).await
}

/// Waits until the ledger has heard of a body: a rehearsal is refused until then.
async fn wait_for(fund: &Fund, body: &str) -> anyhow::Result<()> {
    let rehearsal =
        json!({"name": "Rehearsal", "kind": "pooled", "legal_basis": "s75_reg7", "host": body, "source": SOURCE});
    fund.finance.post(&format!("{}/funds?validate_only=true", fund.borough()), &fund.key(), &rehearsal).await?;
    Ok(())
}

/// The award, what comes from it each year, and what it may not pay for.
async fn one_off(fund: &Fund) -> anyhow::Result<()> {
    let years: Vec<_> = PHASES.iter().map(|(year, pence)| json!({"year": year, "amount_pence": pence})).collect();
    let source = format!(
        "{SOURCE}: a one-off £15m over three years. Who was given it, and what falls in which year, is illustrative."
    );
    let award = json!({"title": "One-off funding for integration", "payer": fund.council, "funding_source": "grant",
        "amount_pence": 1_500_000_000, "years": years, "source": source});
    let award = id_of(&fund.make("awards", &award).await?)?;
    for (year, pence) in PHASES {
        let contributions = format!("years/{year}/contributions");
        let mut contribution = json!({"payer": fund.council, "amount_pence": pence, "scheme": "ASSESS", "funding_source": "grant",
            "form": "cash", "recurrent": false, "award": award, "profile": {"kind": "quarterly", "day": 1}, "source": source});
        // Nobody has planned the exit, so nothing that goes on after 2020 rests on it: try it, and go on only where it is
        // refused.
        let (path, key) = (format!("{}/{contributions}", fund.path()), fund.key());
        let tried = fund.finance.send(Method::POST, &path, &[("idempotency-key", &key)], Some(&contribution)).await?;
        if tried.body["rule"] != 33 {
            bail!("one-off money backs a service that goes on ({}): {}", tried.status, tried.body);
        }
        contribution["scheme"] = serde_json::Value::Null;
        fund.make(&contributions, &contribution).await?;
    }
    Ok(())
}

/// What was looked into before pooling, and what scrutiny made of it.
async fn registers(loader: &Loader<'_>) -> anyhow::Result<()> {
    let clerk = loader.client("wirral-clerk")?;
    for (number, (subject, kind, level)) in [
        ("One assessment by one team", "benefit", None),
        ("Staff transfer to the trust", "risk", Some((3, 4))),
        ("One-off money ends in 2020", "risk", Some((4, 4))),
    ]
    .into_iter()
    .enumerate()
    {
        let mut item = json!({"subject": subject, "kind": kind, "owner": "Illustrative: director of care and health",
            "description": format!("{SOURCE}: benefits and risks are looked into before pooling. Likelihood and impact are illustrative.")});
        if let Some((likelihood, impact)) = level {
            item["likelihood"] = likelihood.into();
            item["impact"] = impact.into();
        }
        clerk.post("/v1/boroughs/wirral/due-diligence", &format!("demo-wirral-diligence-{number}"), &item).await?;
    }
    let scrutiny = json!({"body": "People Overview and Scrutiny Committee", "title": "Integration of health and care",
        "considered_on": "2017-03-28", "verbal": true, "questions": ["Illustrative: who employs the staff that transfer?"],
        "resolution": "Resolved – That the report be noted.", "outcome": "noted",
        "source": format!("{SOURCE}. The day is illustrative.")});
    clerk.post("/v1/boroughs/wirral/scrutiny-items", "demo-wirral-scrutiny", &scrutiny).await?;
    Ok(())
}
