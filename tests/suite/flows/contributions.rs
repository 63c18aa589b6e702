//! The board pays into the funds of several boroughs: what it sees of its own, and what the region adds up.

use serde_json::{Value, json};

use crate::{running::key, world::World};

/// A borough with a fund of that kind and its year 2024-25, and the board as it records it: the fund-year's path, the board.
async fn fund(world: &World, slug: &str, change: Value) -> (String, String) {
    let finance = world.as_(&format!("{slug}-finance"));
    let bodies = finance.get(&format!("/v1/boroughs/{slug}/organisations")).await.unwrap().body;
    let id = |kind: &str| {
        let found = bodies["data"].as_array().unwrap().iter().find(|one| one["kind"] == kind);
        found.map(|one| one["id"].as_str().unwrap().to_owned())
    };
    let board = match id("icb") {
        Some(board) => board,
        None => {
            let board = json!({"kind": "icb", "name": "NHS Greater Manchester", "ods": "QOP", "valid_from": "2022-07-01", "source": "A test"});
            let path = format!("/v1/boroughs/{slug}/organisations");
            world.done(&format!("{slug}-admin"), &path, board).await["id"].as_str().unwrap().to_owned()
        }
    };
    let mut body = json!({"name": format!("Fund {}", key()), "kind": "pooled", "legal_basis": "s75_reg7", "host": id("council").unwrap(), "source": "A test"});
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    let made = finance.post(&format!("/v1/boroughs/{slug}/funds"), &key(), &body).await.unwrap().body;
    let fund = format!("/v1/boroughs/{slug}/funds/{}", made["id"].as_str().unwrap());
    finance.post(&format!("{fund}/years"), &key(), &json!({"year": "2024-25"})).await.unwrap();
    (format!("{fund}/years/2024-25"), board)
}

async fn contribute(world: &World, slug: &str, (year, board): &(String, String), pence: i64) -> String {
    let body = json!({"payer": board, "amount_pence": pence, "funding_source": "nhs", "form": "cash", "recurrent": true,
        "profile": {"kind": "monthly", "day": 5}, "source": "A test"});
    let finance = world.as_(&format!("{slug}-finance"));
    let made = finance.post(&format!("{year}/contributions"), &key(), &body).await.unwrap();
    made.body["id"].as_str().unwrap().to_owned()
}

async fn pay(world: &World, slug: &str, (year, board): &(String, String), on: &str, pence: i64) {
    let body =
        json!({"paid_on": on, "amount_pence": pence, "payer": board, "payee_as_published": slug, "source": "A test"});
    world.as_(&format!("{slug}-finance")).post(&format!("{year}/receipts"), &key(), &body).await.unwrap();
}

#[tokio::test]
async fn rule_57_what_the_board_pays_in_all_boroughs_is_the_boards_own_total() {
    let mut world = World::beginning("2024-10-15T09:00:00Z").await;
    world.region("greater-manchester", "Greater Manchester").await;
    world.borough("bury", "E08000002", "Bury", "greater-manchester").await;
    world.borough("bolton", "E08000001", "Bolton", "greater-manchester").await;
    world.partner("QOP").await;
    let bury = fund(&world, "bury", json!({})).await;
    let bolton = fund(&world, "bolton", json!({})).await;
    let first = contribute(&world, "bury", &bury, 12_000).await;
    let variation = json!({"amount_pence": 24_000, "effective_on": "2024-07-01", "reason": "A test"});
    world.done("bury-finance", &format!("{}/contributions/{first}/versions", bury.0), variation).await;
    contribute(&world, "bolton", &bolton, 60_000).await;
    let in_kind = json!({"payer": bolton.1, "amount_pence": 777, "funding_source": "nhs", "form": "in_kind",
        "valuation_basis": "Staff at cost", "recurrent": true, "source": "A test"});
    world.done("bolton-finance", &format!("{}/contributions", bolton.0), in_kind).await;
    pay(&world, "bury", &bury, "2024-04-05", 1_000).await;
    pay(&world, "bolton", &bolton, "2024-04-08", 40_000).await;
    // Made up, or only in view: in no total of the region's; and the first the board does not see at all.
    let illustration = fund(&world, "bury", json!({"illustrative": true})).await;
    contribute(&world, "bury", &illustration, 1_200_000).await;
    pay(&world, "bury", &illustration, "2024-04-05", 5).await;

    // Seven of twelve are due: Bury's at the new rate by its true-up.
    let own = world.read("QOP-partner", "/v1/partners/QOP/contributions?year=2024-25").await;
    let figures = |of: &Value| {
        ["planned_pence", "due_pence", "paid_pence", "overdue_pence"].map(|name| of[name].as_i64().unwrap())
    };
    assert_eq!(figures(&own["total"]), [84_000, 14_000 + 35_000, 41_000, 13_000], "{own}");
    assert_eq!(own["total"]["in_kind_pence"], 777);
    let mut rows: Vec<(&str, i64, i64)> = own["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                row["borough"]["slug"].as_str().unwrap(),
                row["amount_pence"].as_i64().unwrap(),
                row["version"].as_i64().unwrap(),
            )
        })
        .collect();
    rows.sort_unstable();
    assert_eq!(rows, [("bolton", 777, 1), ("bolton", 60_000, 1), ("bury", 24_000, 2)]);
    assert_eq!(own["funds"].as_array().unwrap().len(), 2);
    let instalments = world.read("QOP-partner", "/v1/partners/QOP/instalments?year=2024-25&limit=20").await;
    let next = instalments["next_cursor"].as_str().unwrap();
    let more =
        world.read("QOP-partner", &format!("/v1/partners/QOP/instalments?year=2024-25&limit=20&cursor={next}")).await;
    let sum: i64 = [&instalments, &more]
        .iter()
        .flat_map(|page| page["data"].as_array().unwrap().iter().map(|one| one["amount_pence"].as_i64().unwrap()))
        .sum();
    assert_eq!(sum, 84_000, "the instalments in force, over pages");
    assert_eq!(
        world.read("QOP-partner", "/v1/partners/QOP/contributions?year=2023-24").await["total"]["planned_pence"],
        0
    );

    let region = |query: &'static str| {
        let world = &world;
        async move {
            world
                .read(
                    "greater-manchester-analyst",
                    &format!("/v1/regions/greater-manchester/contributions?year=2024-25{query}"),
                )
                .await
        }
    };
    let by_borough = region("").await;
    assert_eq!(by_borough["data"].as_array().unwrap().len(), 2);
    assert_eq!(figures(&by_borough["data"][1]), [24_000, 14_000, 1_000, 13_000], "Bury");
    assert_eq!(figures(&by_borough["data"][0]), [60_000, 35_000, 40_000, 0], "Bolton is ahead");
    assert_eq!((&by_borough["coverage"]["reported"], &by_borough["coverage"]["expected"]), (&json!(2), &json!(2)));
    let by_payer = region("&group_by=payer").await;
    assert_eq!(by_payer["data"].as_array().unwrap().len(), 1);
    assert_eq!(by_payer["data"][0]["payer"], json!({"ods": "QOP", "kind": "icb"}));
    for name in ["planned_pence", "due_pence", "paid_pence"] {
        let boroughs: i64 = by_borough["data"].as_array().unwrap().iter().map(|row| row[name].as_i64().unwrap()).sum();
        assert_eq!(
            (boroughs, &by_payer["data"][0][name]),
            (own["total"][name].as_i64().unwrap(), &own["total"][name]),
            "{name}"
        );
        assert_eq!(by_payer["total"][name], own["total"][name], "{name}");
    }
    let by_source = region("&group_by=source").await;
    assert_eq!((&by_source["data"][0]["source"], by_source["data"].as_array().unwrap().len()), (&json!("nhs"), 1));

    // Rule 22: in-view money is shown where it is asked for by kind, and totalled nowhere.
    let in_view = fund(&world, "bury", json!({"kind": "in_view", "legal_basis": "none"})).await;
    contribute(&world, "bury", &in_view, 36_000).await;
    let by_kind = region("&group_by=kind").await;
    let kinds: Vec<&str> =
        by_kind["data"].as_array().unwrap().iter().map(|row| row["kind"].as_str().unwrap()).collect();
    assert_eq!((kinds, &by_kind["total"]["planned_pence"]), (vec!["in_view", "pooled"], &json!(84_000)));
    assert_eq!(region("").await["data"], by_borough["data"]);
    let told = by_kind.to_string();
    assert!(!told.contains(bury.0.rsplit('/').nth(2).unwrap()), "the region knows no fund: {told}");
}
