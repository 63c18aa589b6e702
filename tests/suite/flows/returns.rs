//! A return from its draft to its restatement, and what the region sees of it on the way.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::{
    running::{key, refusal},
    world::World,
};

/// A fund of a borough, with a budget of £1,200.00 from its council and £300.00 spent in June.
struct Fund<'a> {
    world: &'a World,
    borough: &'static str,
    path: String,
    id: String,
}

impl<'a> Fund<'a> {
    async fn new(world: &'a World, borough: &'static str, of: Value) -> Self {
        let here = format!("/v1/boroughs/{borough}");
        let organisations = world.read(&format!("{borough}-admin"), &format!("{here}/organisations")).await;
        let council = organisations["data"][0]["id"].clone();
        let mut fund = json!({"name": format!("Fund {}", key()), "kind": "pooled", "legal_basis": "s75_reg7", "host": council,
            "source": "A test"});
        fund.as_object_mut().unwrap().extend(of.as_object().unwrap().clone());
        let finance = world.as_(&format!("{borough}-finance"));
        // Waits until the borough's council is known there.
        let made = finance.post(&format!("{here}/funds"), &key(), &fund).await.unwrap().body;
        let id = made["id"].as_str().unwrap().to_owned();
        let fund = Self { world, borough, path: format!("{here}/funds/{id}"), id };
        fund.made("years", json!({"year": "2026-27"})).await;
        fund.made("schemes", json!({"code": "ICES", "name": "=1+1 equipment", "category": "other", "source": "nhs"}))
            .await;
        for (code, kind) in [("5100", "expenditure"), ("9000", "balance")] {
            fund.made("accounts", json!({"code": code, "name": code, "kind": kind})).await;
        }
        let cash = json!({"payer": council, "amount_pence": 120_000, "funding_source": "council", "form": "cash",
            "recurrent": true, "profile": {"kind": "monthly", "day": 5}, "source": "A test"});
        fund.made("years/2026-27/contributions", cash).await;
        fund.posts("budget", 120_000, 1, "2026-04-30").await;
        fund.posts("actual", 30_000, 3, "2026-06-30").await;
        let forecast = json!({"period": 3, "method": "profile", "basis": "A straight line"});
        fund.made("years/2026-27/forecasts", forecast).await;
        fund
    }

    async fn made(&self, below: &str, body: Value) -> Value {
        self.world.done(&format!("{}-finance", self.borough), &format!("{}/{below}", self.path), body).await
    }

    async fn posts(&self, layer: &str, pence: i64, period: i16, on: &str) {
        let line = |account: &str, pence: i64| json!({"account": account, "layer": layer, "amount_pence": pence});
        let mut spent = line("5100", pence);
        spent["scheme"] = "ICES".into();
        let journal = json!({"effective_on": on, "period": period, "narrative": "A test",
            "postings": [spent, line("9000", -pence)]});
        self.made("journals", journal).await;
    }

    async fn soft_closes(&self, periods: std::ops::RangeInclusive<i16>) {
        for period in periods {
            let path = format!("{}/years/2026-27/periods/{period}", self.path);
            self.world.moved(&format!("{}-finance", self.borough), &path, "soft_closed", "Month end").await;
        }
    }

    /// Prepares the first quarter's report, and gives back its path.
    async fn first_quarter(&self) -> String {
        let draft =
            json!({"fund": self.id, "year": "2026-27", "kind": "quarterly", "quarter": 1, "narrative": "In line."});
        let here = format!("/v1/boroughs/{}/returns", self.borough);
        let made = self.world.done(&format!("{}-finance", self.borough), &here, draft).await;
        format!("{here}/{}", made["id"].as_str().unwrap())
    }

    /// Takes a return through: a finance officer submits, the pool manager approves and publishes.
    async fn through(&self, path: &str, to: &[&str]) {
        for to in to {
            let who = if *to == "submitted" { "finance" } else { "pool-manager" };
            self.world.moved(&format!("{}-{who}", self.borough), path, to, "A test").await;
        }
    }
}

#[expect(clippy::print_stdout, reason = "who has reported, step by step, is to be read")]
async fn region(world: &World, when: &str) -> Value {
    let path = "/v1/regions/greater-manchester/returns?year=2026-27&kind=quarterly&quarter=1";
    let told = world.read("greater-manchester-analyst", path).await;
    let missing: Vec<&str> =
        told["coverage"]["missing"].as_array().unwrap().iter().map(|b| b["slug"].as_str().unwrap()).collect();
    println!(
        "{when:<36} {} of {} reported, budget {}, missing: {}",
        told["coverage"]["reported"],
        told["coverage"]["expected"],
        domain::Pence(told["total"]["budget_pence"].as_i64().unwrap()),
        missing.join(", ")
    );
    told
}

fn reported(told: &Value) -> (u64, i64) {
    (told["coverage"]["reported"].as_u64().unwrap(), told["total"]["budget_pence"].as_i64().unwrap())
}

async fn two_boroughs() -> World {
    let mut world = World::beginning("2026-10-05T09:00:00Z").await;
    world.region("greater-manchester", "Greater Manchester").await;
    world.borough("wigan", "E08000010", "Wigan", "greater-manchester").await;
    world.borough("bury", "E08000002", "Bury", "greater-manchester").await;
    world
}

#[tokio::test]
async fn rule_56_the_region_counts_a_return_once_it_is_approved_and_of_a_restated_one_the_latest() {
    let world = &two_boroughs().await;
    let fund = Fund::new(world, "wigan", json!({})).await;
    world
        .until("greater-manchester-analyst", "/v1/regions/greater-manchester/returns", |told| {
            told["coverage"]["expected"] == 2
        })
        .await;
    assert_eq!(reported(&region(world, "before").await), (0, 0));

    let first = fund.first_quarter().await;
    let early = world.try_move("wigan-finance", &first, "submitted", "Too soon").await;
    assert_eq!((refusal(&early).as_str(), &early.body["unmet"][0]["rule"]), ("409 rule-unmet", &json!(15)));
    assert_eq!(early.body["unmet"][0]["missing"], "Periods 1, 2, 3 are open. Soft-close them first.");
    fund.soft_closes(1..=3).await;
    fund.through(&first, &["submitted"]).await;
    assert_eq!(
        reported(&region(world, "submitted").await),
        (0, 0),
        "what waits for a second person is the borough's own"
    );
    fund.through(&first, &["approved"]).await;
    let told = region(world, "approved").await;
    assert_eq!(reported(&told), (1, 120_000));
    assert_eq!(
        (&told["total"]["actual_pence"], &told["total"]["contributions_pence"]),
        (&json!(30_000), &json!(120_000))
    );
    assert_eq!((&told["data"][0]["forecast_pence"], &told["data"][0]["rag"]), (&json!(120_000), &json!("green")));
    assert_eq!(told["coverage"]["missing"][0]["slug"], "bury");
    fund.through(&first, &["published"]).await;
    assert_eq!(reported(&region(world, "published").await), (1, 120_000));

    fund.posts("budget", 5_000, 4, "2026-07-31").await;
    let why = json!({"reason": "A grant came after the quarter"});
    let second = world.done("wigan-pool-manager", &format!("{first}/restatements"), why.clone()).await;
    let again = world.post("wigan-pool-manager", &format!("{first}/restatements"), &why).await;
    assert_eq!(refusal(&again), "409 conflict", "one restatement at a time");
    let second = format!("/v1/boroughs/wigan/returns/{}", second["id"].as_str().unwrap());
    fund.through(&second, &["submitted", "approved"]).await;
    let told = region(world, "restatement approved").await;
    assert_eq!((reported(&told), told["data"].as_array().unwrap().len()), ((1, 120_000), 2), "until it is published");
    fund.through(&second, &["published"]).await;
    let told = region(world, "restatement published").await;
    assert_eq!(reported(&told), (1, 125_000));
    let states: Vec<(&Value, &Value)> =
        told["data"].as_array().unwrap().iter().map(|row| (&row["state"], &row["counted"])).collect();
    assert_eq!(states, [(&json!("restated"), &json!(false)), (&json!("published"), &json!(true))]);
    for hidden in ["In line.", "ICES", "equipment", "grant", "narrative", &fund.id] {
        assert!(!told.to_string().contains(hidden), "the region sees {hidden}");
    }

    // In view, and made up: neither is section 75 money that a region counts (rule 22).
    for (of, listed) in [(json!({"kind": "in_view", "legal_basis": "none"}), 3), (json!({"illustrative": true}), 3)] {
        let fund = Fund::new(world, "bury", of).await;
        fund.soft_closes(1..=3).await;
        let path = fund.first_quarter().await;
        fund.through(&path, &["submitted", "approved"]).await;
        let told = region(world, "in view, made up").await;
        assert_eq!((reported(&told), told["data"].as_array().unwrap().len()), ((1, 125_000), listed));
    }
}

#[tokio::test]
async fn rule_60_a_published_cut_never_changes_and_a_restatement_is_a_new_one() {
    let world = &two_boroughs().await;
    let fund = Fund::new(world, "wigan", json!({})).await;
    fund.soft_closes(1..=3).await;
    let first = fund.first_quarter().await;
    let draft = world.read("wigan-member", &first).await;
    assert_eq!((&draft["frozen"], &draft["sha256"]), (&json!(false), &Value::Null));
    fund.through(&first, &["submitted"]).await;
    let refused = world.try_move("wigan-finance", &first, "approved", "Mine").await;
    assert_eq!((refusal(&refused).as_str(), &refused.body["allowed"]), ("409 transition-refused", &json!(["draft"])));
    fund.through(&first, &["approved", "published"]).await;
    let cut = world.read("wigan-member", &first).await;
    let sum: String = Sha256::digest(cut["figures"].to_string()).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(cut["sha256"], sum, "anybody can check it");
    assert_eq!(cut["figures"]["totals"]["due_pence"], 30_000, "three of twelve instalments");
    assert_eq!(cut["figures"]["warnings"][0], "No agreement is recorded for this fund and year.");

    fund.posts("budget", 7_000, 5, "2026-08-31").await;
    let forecast =
        json!({"period": 3, "method": "manager", "basis": "Later", "lines": [{"scheme": "ICES", "amount_pence": 9}]});
    fund.made("years/2026-27/forecasts", forecast).await;
    assert_eq!(world.read("wigan-member", &first).await, cut, "the ledger has moved on, the cut has not");
    let refused = world.try_move("wigan-pool-manager", &first, "draft", "Mend it").await;
    assert_eq!((refusal(&refused).as_str(), &refused.body["rule"]["rule"]), ("409 transition-refused", &json!(60)));

    let second = world
        .done("wigan-pool-manager", &format!("{first}/restatements"), json!({"reason": "The budget was wrong"}))
        .await;
    assert_eq!((&second["number"], &second["state"]), (&json!(2), &json!("draft")));
    let second = format!("/v1/boroughs/wigan/returns/{}", second["id"].as_str().unwrap());
    fund.through(&second, &["submitted", "approved", "published"]).await;
    let restated = world.read("wigan-member", &first).await;
    assert_eq!((&restated["state"], &restated["figures"]), (&json!("restated"), &cut["figures"]));
    assert_eq!(restated["sha256"], cut["sha256"]);
    let latest = world.read("wigan-member", &second).await;
    assert_eq!(latest["figures"]["totals"]["budget_pence"], 127_000);
    let of_restated = world.post("wigan-pool-manager", &format!("{first}/restatements"), &json!({"reason": "x"})).await;
    assert_eq!(refusal(&of_restated), "409 conflict");

    // Not by hand either: the service's login role may not change what was cut or submitted.
    let mut owner = PgConnection::connect_with(&world.database.owner()).await.unwrap();
    let here: uuid::Uuid =
        sqlx::query_scalar("select borough_id from tenants.borough where slug = 'wigan' and mode = 'live'")
            .fetch_one(&mut owner)
            .await
            .unwrap();
    let mut login = PgConnection::connect_with(&world.database.login("budgets_borough")).await.unwrap();
    for change in [
        "update budgets.return_cut set figures = '{}'",
        "delete from budgets.return_cut",
        "update budgets.return_submission set figures = '{}'",
        "delete from budgets.return_move",
    ] {
        let opening = AssertSqlSafe(format!("begin; set local tenfold.borough = '{here}'"));
        let mut tx = login.begin_with(opening).await.unwrap();
        let refused = sqlx::query(change).execute(&mut *tx).await.unwrap_err();
        assert!(refused.to_string().contains("permission denied"), "{change}: {refused}");
        tx.rollback().await.unwrap();
    }
}

#[tokio::test]
async fn what_a_fund_year_owes_is_told_and_what_is_overdue() {
    let world = &two_boroughs().await;
    let fund = Fund::new(world, "wigan", json!({})).await;
    let reporting = format!("{}/years/2026-27/reporting", fund.path);
    let told = world.read("wigan-auditor", &reporting).await;
    assert_eq!((&told["owed_by"]["rule"], &told["overdue"]), (&json!(15), &json!(1)), "the first quarter, by 31 July");
    fund.soft_closes(1..=3).await;
    let first = fund.first_quarter().await;
    fund.through(&first, &["submitted", "approved"]).await;
    let told = world.read("wigan-auditor", &reporting).await;
    assert_eq!((&told["overdue"], &told["data"][0]["standing"]), (&json!(0), &json!("approved")));
    let lead = Fund::new(world, "wigan", json!({"kind": "aligned", "legal_basis": "s75_reg9"})).await;
    let told = world.read("wigan-auditor", &format!("{}/years/2026-27/reporting", lead.path)).await;
    assert_eq!((&told["owed_by"]["rule"], told["data"].as_array().unwrap().len()), (&json!(16), 5));

    // What counts as green is the region's to say.
    let rag = "/v1/regions/greater-manchester/rag";
    assert_eq!(world.read("greater-manchester-analyst", rag).await["green_bp"], 100);
    let analyst = world.as_("greater-manchester-analyst");
    let put = async |version: &str, body: Value| {
        // A key is not needed, and does no harm.
        let headers = [("if-match", version), ("idempotency-key", "thresholds")];
        crate::running::send(&analyst, reqwest::Method::PUT, rag, &headers, Some(&body)).await
    };
    assert_eq!(put("\"0\"", json!({"green_bp": 50, "amber_bp": 49})).await.status, 422);
    assert_eq!(put("\"0\"", json!({"green_bp": 50, "amber_bp": 60})).await.status, 200);
    assert_eq!(put("\"0\"", json!({"green_bp": 50, "amber_bp": 60})).await.status, 412);
    let set = world.read("greater-manchester-analyst", rag).await;
    assert_eq!((&set["green_bp"], &set["amber_bp"]), (&json!(50), &json!(60)));
}
