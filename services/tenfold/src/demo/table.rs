//! The regional table that `./dev up` ends with.

use anyhow::Context;
use serde_json::Value;

use super::REGION;
use crate::client::Client;

/// The region's positions of a year, as lines of text, read through the API.
///
/// # Errors
/// When they cannot be read.
pub async fn regional_table(analyst: &Client, year: &str) -> anyhow::Result<Vec<String>> {
    let answer = analyst.get(&format!("/v1/regions/{REGION}/positions?year={year}")).await?;
    let body = &answer.body;
    let rows = body["data"].as_array().context("the answer has no rows")?;
    let mut lines = vec![format!("Greater Manchester, section 75 funds, {year} ({})", words(&body["status"]))];
    lines.push(String::new());
    lines.push(format!("  {:<14}{:>20}{:>20}{:>18}{:>9}", "Borough", "Budget", "Spent", "Variance", ""));
    for row in rows {
        let partial = if row["completeness"] == "partial" { "  partial, left out of the total" } else { "" };
        lines.push(line(words(&row["borough"]["name"]), row) + partial);
    }
    lines.push(line("Total", &body["total"]));
    let coverage = &body["coverage"];
    let missing: Vec<&str> =
        coverage["missing"].as_array().into_iter().flatten().map(|borough| words(&borough["name"])).collect();
    lines.push(String::new());
    lines.push(format!("  Reported: {} of {}.", coverage["reported"], coverage["expected"]));
    if !missing.is_empty() {
        lines.push(format!("  Not reported, nothing imputed: {}.", missing.join(", ")));
    }
    Ok(lines)
}

fn words(value: &Value) -> &str {
    value.as_str().unwrap_or("")
}

fn line(name: &str, row: &Value) -> String {
    let pounds =
        |value: &Value| value.as_i64().map_or("not known".to_owned(), |pence| domain::Pence(pence).to_string());
    let per_cent = row["variance_bp"].as_i64().map_or(String::new(), |bp| {
        format!("{}{}.{:02} %", if bp < 0 { "-" } else { "" }, bp.abs() / 100, bp.abs() % 100)
    });
    let variance = if row["variance_pence"].is_null() { String::new() } else { pounds(&row["variance_pence"]) };
    format!(
        "  {name:<14}{:>20}{:>20}{variance:>18}{per_cent:>9}",
        pounds(&row["budget_pence"]),
        pounds(&row["actual_pence"])
    )
}
