//! What the demonstration tells of agreements and money, beside what `oldham`, `salford` and `wigan` here ask of it.

use serde_json::{Value, json};

use crate::running::running;

async fn read(persona: &str, path: &str) -> Value {
    running().as_(persona).get(path).await.unwrap().body
}

/// The funds of a borough by name, each with its path.
async fn fund(borough: &str, name: &str) -> (Value, String) {
    let funds = read(&format!("{borough}-auditor"), &format!("/v1/boroughs/{borough}/funds")).await;
    let found = funds["data"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap().clone();
    let path = format!("/v1/boroughs/{borough}/funds/{}", found["id"].as_str().unwrap());
    (found, path)
}

async fn agreements(borough: &str) -> Vec<Value> {
    let all = read(&format!("{borough}-auditor"), &format!("/v1/boroughs/{borough}/agreements")).await;
    all["data"].as_array().unwrap().clone()
}

#[tokio::test]
async fn wigans_agreement_has_both_approvals_and_no_signature() {
    let all = agreements("wigan").await;
    assert_eq!(all.len(), 1);
    assert_eq!(
        (&all[0]["state"], &all[0]["signed_on"], &all[0]["illustrative"]),
        (&json!("approved"), &Value::Null, &json!(true))
    );
    let path = format!("/v1/boroughs/wigan/agreements/{}", all[0]["id"].as_str().unwrap());
    let approvals = read("wigan-auditor", &format!("{path}/approvals")).await;
    assert_eq!(approvals["data"].as_array().unwrap().len(), 2);
    let versions = read("wigan-auditor", &format!("{path}/versions")).await;
    let stands: Vec<(&Value, &Value)> =
        versions["data"].as_array().unwrap().iter().map(|one| (&one["number"], &one["stands"])).collect();
    assert_eq!(stands, [(&json!(1), &json!(true)), (&json!(2), &json!(false))], "nobody has approved the variation");
    let (_, fund) = fund("wigan", "Wigan single commissioning fund").await;
    let said = read("wigan-auditor", &format!("{fund}/estimates")).await;
    let said = said["data"].as_array().unwrap();
    assert_eq!(
        (said.len(), &said[0]["firmness"], &said[0]["amount_pence"]),
        (1, &json!("indicative"), &json!(35_000_000_000_i64))
    );
    assert!(said[0]["source"].as_str().unwrap().contains("Leigh Journal"));
}

#[tokio::test]
async fn oldham_operates_signed_in_one_year_and_unsigned_in_the_next() {
    let all = agreements("oldham").await;
    let told: Vec<(&Value, &Value)> = all.iter().map(|one| (&one["state"], &one["operating_unsigned"])).collect();
    assert_eq!(told, [(&json!("operating"), &json!(false)), (&json!("draft"), &json!(true))]);
    assert_eq!((&all[0]["signed_on"], &all[1]["signed_on"]), (&json!("2019-03-29"), &Value::Null));
    assert_eq!(all[1]["warnings"][0], "Money has moved under it since 2020-09-30, and it is not signed.");
    let (_, fund) = fund("oldham", "Oldham section 75 pooled budget").await;
    let forecasts = read("oldham-auditor", &format!("{fund}/years/2020-21/forecasts")).await;
    let total = &forecasts["data"][0]["total"];
    assert_eq!(
        (&total["budget_pence"], &total["forecast_pence"]),
        (&json!(16_950_400_000_i64), &json!(17_697_300_000_i64))
    );
    assert_eq!((&total["variance_pence"], &total["variance_bp"]), (&json!(746_900_000), &json!(441)));
    assert_eq!(forecasts["data"][0]["action_plan_required"], true, "rule 27");
    let region = read("gm-analyst", "/v1/regions/greater-manchester/positions?year=2020-21").await;
    assert_eq!(region["coverage"]["reported"], 0, "what is made up of that year is in no region's figures");

    // The year before is reported: one of ten, and red.
    let returns = read("gm-analyst", "/v1/regions/greater-manchester/returns?year=2019-20&kind=annual").await;
    assert_eq!((&returns["coverage"]["reported"], &returns["coverage"]["expected"]), (&json!(1), &json!(10)));
    let row = &returns["data"][0];
    assert_eq!(
        (&row["borough"]["slug"], &row["variance_bp"], &row["rag"]),
        (&json!("oldham"), &json!(382), &json!("red"))
    );
    assert_eq!(row["state"], "published");
}

#[tokio::test]
async fn stockports_surgery_stands_beside_its_pool() {
    let (pool, path) = fund("stockport", "Stockport pooled budget").await;
    assert!(pool["source"].as_str().unwrap().contains("a political party's page"));
    let said = read("stockport-auditor", &format!("{path}/estimates")).await;
    let sums: Vec<&Value> = said["data"].as_array().unwrap().iter().map(|one| &one["amount_pence"]).collect();
    assert_eq!(sums, [&json!(23_200_000_000_i64), &json!(20_200_000_000_i64)]);
    let budget = read("stockport-auditor", &format!("{path}/years/2016-17/budget")).await;
    assert_eq!((&budget["balanced"], &budget["funded_pence"]), (&json!(true), &json!(20_200_000_000_i64)));
    let (beside, path) = fund("stockport", "Stockport surgery, aligned").await;
    assert_eq!((&beside["kind"], &beside["host_name"]), (&json!("aligned"), &json!("NHS Stockport CCG")));
    let schemes = read("stockport-auditor", &format!("{path}/schemes")).await;
    let schedule = format!("{path}/schemes/{}/schedule", schemes["data"][0]["id"].as_str().unwrap());
    assert_eq!(read("stockport-auditor", &schedule).await["functions"][0]["function"], "surgery");

    // What is aligned is shown where it is asked for by kind, and is no section 75 money.
    let region = |query: &'static str| read("gm-analyst", query);
    let plain = region("/v1/regions/greater-manchester/positions?year=2016-17").await;
    assert_eq!(plain["data"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&plain["data"][0]["budget_pence"], &plain["data"][0]["actual_pence"]),
        (&json!(20_200_000_000_i64), &Value::Null)
    );
    let by_kind = region("/v1/regions/greater-manchester/positions?year=2016-17&group_by=kind").await;
    let kinds: Vec<(&Value, &Value)> =
        by_kind["data"].as_array().unwrap().iter().map(|row| (&row["kind"], &row["budget_pence"])).collect();
    assert_eq!(kinds, [(&json!("aligned"), &json!(3_000_000_000_i64)), (&json!("pooled"), &json!(20_200_000_000_i64))]);
    assert_eq!(by_kind["total"]["budget_pence"], 0, "a year of which only the plan is known is in no total");
}

#[tokio::test]
async fn wirral_is_another_regions_and_its_award_ends() {
    let boroughs = read("cm-analyst", "/v1/regions/cheshire-and-merseyside/boroughs").await;
    let slugs: Vec<&Value> = boroughs["data"].as_array().unwrap().iter().map(|one| &one["slug"]).collect();
    assert_eq!(slugs, ["wirral"]);
    let (one, path) = fund("wirral", "Wirral integration fund").await;
    assert_eq!(one["illustrative"], true);
    let cliff = read("wirral-auditor", &format!("{path}/funding-cliff")).await;
    let awarded: Vec<&Value> = cliff["years"].as_array().unwrap().iter().map(|year| &year["one_off_pence"]).collect();
    assert_eq!(awarded, [600_000_000, 500_000_000, 400_000_000, 0]);
    assert_eq!(
        (&cliff["awards"][0]["last_year"], &cliff["awards"][0]["exit_plan"]),
        (&json!("2019-20"), &json!(false))
    );
    let items = read("wirral-auditor", "/v1/boroughs/wirral/due-diligence").await;
    assert_eq!(items["data"].as_array().unwrap().len(), 3);
    let scrutiny = read("wirral-member", "/v1/boroughs/wirral/scrutiny-items").await;
    assert_eq!(scrutiny["data"][0]["resolution"], "Resolved – That the report be noted.");
    let region = read("cm-analyst", "/v1/regions/cheshire-and-merseyside/contributions?year=2017-18").await;
    assert_eq!(region["total"]["planned_pence"], 0, "an illustration is in no region's figures");
}
