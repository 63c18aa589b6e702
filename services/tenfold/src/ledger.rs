//! `tenfold ledger verify`: every figure of a stack's ledger computed again from its postings, as its ordinary login role.

use std::{collections::BTreeMap, fs, path::Path, str::FromStr};

use anyhow::{Context, bail};
use budgets::{Finding, Verified};
use clap::{Args, Subcommand};
use domain::Clock;
use serde_json::json;
use sqlx::postgres::PgConnectOptions;
use tenancy::{Access, Db};

use crate::{
    settings::DataFolder,
    tell::{Step, answer, say},
};

/// What is done with the ledger.
#[derive(Subcommand)]
pub enum Ledger {
    /// Compute everything again from the postings and say what disagrees.
    Verify(VerifySettings),
}

/// How the ledger is reached.
#[derive(Args, Clone, Debug)]
pub struct VerifySettings {
    #[command(flatten)]
    /// Where the stack keeps its things.
    pub folder: DataFolder,
    /// The database, where it is not the one in the data folder. Its user and password are not used: the login roles are.
    #[arg(long, env = "TENFOLD_DATABASE_URL")]
    pub database_url: Option<String>,
    /// Only this borough, by its slug.
    #[arg(long)]
    pub borough: Option<String>,
    /// Tell as JSON.
    #[arg(long)]
    pub json: bool,
}

/// Verifies, tells, and fails where something disagrees.
///
/// # Errors
/// When the database is out of reach, or something disagrees.
pub async fn run(what: &Ledger) -> anyhow::Result<()> {
    let Ledger::Verify(settings) = what;
    let access = access(settings)?;
    let verified = verify(&access, settings.borough.as_deref()).await?;
    if settings.json {
        answer(
            &json!({
                "boroughs": verified.len(),
                "funds": sum(&verified, |one| one.funds),
                "postings": verified.iter().map(|(_, one)| one.postings).sum::<i64>(),
                "seals": sum(&verified, |one| one.seals),
                "disagreements": verified.iter().flat_map(|(_, one)| &one.findings).collect::<Vec<_>>(),
            })
            .to_string(),
        );
    } else {
        table(&verified).iter().for_each(|line| answer(line));
    }
    let findings = sum(&verified, |one| one.findings.len());
    if findings > 0 {
        bail!("the ledger does not verify: {findings} figures disagree with the postings");
    }
    Ok(())
}

/// Each borough and what was found of it.
///
/// # Errors
/// When the database is out of reach, or there is no such borough.
pub async fn verify(access: &Access, only: Option<&str>) -> anyhow::Result<Vec<(String, Verified)>> {
    let db = Db::open(budgets::ROLES, access, Clock::System)?;
    let mut boroughs = budgets::known_boroughs(&db).await.context("the database does not answer. Is the stack up?")?;
    if let Some(only) = only {
        boroughs.retain(|borough| borough.name.split(' ').next() == Some(only));
        if boroughs.is_empty() {
            bail!("the ledger knows no borough {only}");
        }
    }
    let step = Step::begin("Verifying the ledger", u64::try_from(boroughs.len()).unwrap_or_default());
    let mut all = Vec::new();
    for borough in boroughs {
        let verified = budgets::verify_borough(&db, &borough)
            .await
            .with_context(|| format!("the ledger of {} could not be read", borough.name))?;
        all.push((borough.name, verified));
        step.advance();
    }
    step.end("done");
    db.close().await;
    Ok(all)
}

fn sum(verified: &[(String, Verified)], count: impl Fn(&Verified) -> usize) -> usize {
    verified.iter().map(|(_, one)| count(one)).sum()
}

fn table(verified: &[(String, Verified)]) -> Vec<String> {
    let mut lines =
        vec![format!("{:<28} {:>6} {:>10} {:>6}  {}", "borough", "funds", "postings", "seals", "disagrees")];
    for (borough, one) in verified {
        let findings = one.findings.len();
        let told = if findings == 0 { "nothing".to_owned() } else { format!("{findings}") };
        lines.push(format!("{borough:<28} {:>6} {:>10} {:>6}  {told}", one.funds, one.postings, one.seals));
    }
    for finding in verified.iter().flat_map(|(_, one)| &one.findings) {
        let Finding { borough, fund, year, check, which, expected, found } = finding;
        let year = year.map_or_else(String::new, |year| format!(", {year}"));
        lines.push(format!("{borough}, {fund}{year}: the {check} of {which}"));
        lines.push(format!("    expected {expected}"));
        lines.push(format!("    found    {found}"));
    }
    lines
}

/// How the login roles reach the database of the stack in the data folder, or the one that was given.
fn access(settings: &VerifySettings) -> anyhow::Result<Access> {
    let folder = settings.folder.path();
    let base = match &settings.database_url {
        Some(url) => PgConnectOptions::from_str(url).context("TENFOLD_DATABASE_URL is not a Postgres address")?,
        None => tenancy::cluster::at(&folder).database(crate::DATABASE),
    };
    if passwords(&folder)?.is_empty() {
        say(&format!("No stack keeps its passwords in {}; the environment may name each role.", folder.display()));
    }
    Ok(Access::to_one_database(base, passwords(&folder)?).and_environment(budgets::ROLES.names())?)
}

fn passwords(folder: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    match fs::read_to_string(folder.join("roles.toml")) {
        Ok(text) => toml::from_str(&text).context("roles.toml cannot be read"),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(error) => Err(error).context("roles.toml cannot be read"),
    }
}
