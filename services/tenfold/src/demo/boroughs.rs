//! The regions, their boroughs, their councils, the groups that ended and the boards that followed.

use serde::Deserialize;
use serde_json::json;

use super::{Loader, REGION};

/// A region beside Greater Manchester: what holds there has to hold here.
const NEIGHBOUR: &str = "cheshire-and-merseyside";

const CODES: &str = "ONS register of geographic codes; NHS Organisation Data Service";

/// The clients each borough has, and their roles.
const CLIENTS: [(&str, &str); 7] = [
    ("finance", "finance"),
    ("finance-2", "finance"),
    ("pool-manager", "pool_manager"),
    ("clerk", "clerk"),
    ("member", "member"),
    ("auditor", "auditor"),
    ("system", "system"),
];

/// A row of `demo/boroughs.csv`.
#[derive(Debug, Deserialize)]
pub(super) struct BoroughRow {
    pub(super) slug: String,
    pub(super) name: String,
    gss: String,
    region: String,
    council: String,
    ccg_ods: String,
    ccg_gss: String,
    ccg_name: String,
    ccg_from: String,
    ccg_to: String,
    icb_ods: String,
    icb_gss: String,
    icb_name: String,
}

pub(super) fn rows() -> anyhow::Result<Vec<BoroughRow>> {
    let mut reader = csv::Reader::from_reader(include_str!("../../demo/boroughs.csv").as_bytes());
    Ok(reader.deserialize().collect::<Result<_, _>>()?)
}

pub(super) async fn load_regions(loader: &mut Loader<'_>) -> anyhow::Result<()> {
    let officer = loader.client("platform-officer")?;
    let region = json!({"slug": REGION, "name": "Greater Manchester", "gss": "E11000001"});
    officer.post("/v1/regions", "demo-region", &region).await?;
    let neighbour = json!({"slug": NEIGHBOUR, "name": "Cheshire and Merseyside"});
    officer.post("/v1/regions", "demo-region-neighbour", &neighbour).await?;
    loader.make_persona(&officer, "/v1/platform/clients", "platform-officer-2", "officer").await?;
    loader.make_persona(&officer, &format!("/v1/regions/{REGION}/clients"), "gm-analyst", "analyst").await?;
    loader.make_persona(&officer, &format!("/v1/regions/{NEIGHBOUR}/clients"), "cm-analyst", "analyst").await?;
    loader.make_persona(&officer, "/v1/partners/QOP/clients", "icb-finance", "partner_finance").await
}

pub(super) async fn load(loader: &mut Loader<'_>, row: &BoroughRow) -> anyhow::Result<()> {
    let officer = loader.client("platform-officer")?;
    let slug = &row.slug;
    let borough =
        json!({"slug": slug, "gss": row.gss, "name": row.name, "region": row.region, "expected_from": "2015-04-01"});
    let made = officer.post("/v1/boroughs", &format!("demo-borough-{slug}"), &borough).await?;
    for administrator in made.body["administrators"].as_array().into_iter().flatten() {
        let persona =
            if administrator["mode"] == "live" { format!("{slug}-admin") } else { format!("{slug}-sandbox-admin") };
        loader.keep(&persona, &administrator["client_id"], &administrator["client_secret"])?;
    }
    let admin = loader.client(&format!("{slug}-admin"))?;
    for (name, role) in CLIENTS {
        loader.make_persona(&admin, &format!("/v1/boroughs/{slug}/clients"), &format!("{slug}-{name}"), role).await?;
    }

    let organisations = format!("/v1/boroughs/{slug}/organisations");
    let council = json!({"kind": "council", "name": row.council, "gss": row.gss, "valid_from": "1974-04-01",
        "source": "Local Government Act 1972; ONS register of geographic codes"});
    admin.post(&organisations, &format!("demo-{slug}-council"), &council).await?;
    let ccg = json!({"kind": "ccg", "name": row.ccg_name, "ods": row.ccg_ods, "gss": row.ccg_gss,
        "valid_from": row.ccg_from, "valid_to": row.ccg_to, "source": CODES});
    let ccg = admin.post(&organisations, &format!("demo-{slug}-ccg"), &ccg).await?;
    let board = json!({"kind": "icb", "name": row.icb_name, "ods": row.icb_ods, "gss": row.icb_gss,
        "valid_from": "2022-07-01", "predecessors": [ccg.body["id"]],
        "source": "SI 2022/634; NHS Organisation Data Service"});
    admin.post(&organisations, &format!("demo-{slug}-icb"), &board).await?;

    let path = format!("/v1/boroughs/{slug}");
    admin
        .transition(&path, &format!("demo-{slug}-in"), "in_review", "All that the demonstration needs is filled in")
        .await?;
    waive_and_approve(loader, &path, slug).await
}

/// The officer who did not ask for the borough lets pass what the demonstration does not show, says so, and brings it live.
async fn waive_and_approve(loader: &Loader<'_>, path: &str, slug: &str) -> anyhow::Result<()> {
    let reviewer = loader.client("platform-officer-2")?;
    let checklist = reviewer.get(&format!("{path}/onboarding")).await?;
    let missing = checklist.body["data"].as_array().into_iter().flatten().filter(|task| task["state"] == "missing");
    for task in missing {
        let waiver = json!({"task": task["task"], "reason": "Not part of the demonstration", "illustrative": true});
        let key = format!("demo-{slug}-waive-{}", task["task"].as_str().unwrap_or_default());
        reviewer.post(&format!("{path}/onboarding/waivers"), &key, &waiver).await?;
    }
    reviewer.transition(path, &format!("demo-{slug}-live"), "live", "Demonstration").await?;
    Ok(())
}
