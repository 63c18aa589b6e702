//! Oldham's overspend of 2019-20, from its agreement to its settlement.
//!
//! Source: Oldham, Commissioning Partnership Board, MId=7902: a budget of £157.941m, spending of £163.970m, £6.029m or
//! 3.82 % adverse. The source does not say what came from whom, on what it went, or how it was shared: contributions,
//! schemes, the contingency of £0.5m beside the budget, the figures of month 6 and all terms are made up, to those sums.

use serde_json::{Value, json};

use crate::{
    pool::{Pool, group},
    running::refusal,
    world::World,
};

const YEAR: &str = "years/2019-20";
/// £157.941m and £163.970m.
const BUDGET: i64 = 15_794_100_000;
const SPENT: i64 = 16_397_000_000;
const OVERSPENT: i64 = 602_900_000;
/// Made up: £59m and a grant of £2m of the council's, £97.441m of the group's. The budget, and £0.5m of contingency.
const COUNCIL: i64 = 6_100_000_000;
const GROUP: i64 = 9_744_100_000;
const CONTINGENCY: i64 = 50_000_000;
/// What the invoice that came late was about.
const LATE: i64 = 123_456;

fn pence(of: &Value) -> i64 {
    of.as_i64().unwrap_or_else(|| panic!("{of} is no amount"))
}

fn sum(rows: &Value, field: &str) -> i64 {
    rows.as_array().unwrap().iter().map(|row| pence(&row[field])).sum()
}

#[expect(clippy::print_stdout, reason = "how an overspend is shared is to be read")]
fn print(share: &Value) {
    println!("Oldham 2019-20, rule version {}, on the {} contributions", share["rule_number"], share["basis"]);
    for scheme in share["schemes"].as_array().unwrap() {
        let of = |field: &str| domain::Pence(pence(&scheme[field])).to_string();
        let code = scheme["scheme"].as_str().unwrap();
        println!("{code:<12}{:>20}{:>20}{:>18}", of("budget_pence"), of("actual_pence"), of("variance_pence"));
    }
    for step in share["arithmetic"].as_array().unwrap() {
        println!(
            "{:<64}{:>18}",
            step["what"].as_str().unwrap(),
            domain::Pence(pence(&step["amount_pence"])).to_string()
        );
    }
    for one in share["shares"].as_array().unwrap() {
        println!("{:<64}{:>18}", one["name"].as_str().unwrap(), domain::Pence(pence(&one["amount_pence"])).to_string());
    }
}

/// The agreement, signed before its term by both.
async fn agreed(pool: &Pool<'_>) -> String {
    let (world, finance) = (pool.world, pool.finance());
    let agreement = pool.agreement("Section 75 2019-20", "2019-04-01", "2020-03-31").await;
    let path = format!("/v1/boroughs/oldham/agreements/{agreement}");
    let consultation = json!({"consulted": "Residents and providers", "joint": true, "opens_on": "2018-11-01",
        "closes_on": "2019-01-31", "outcome": "Support"});
    pool.made(&format!("agreements/{agreement}/consultations"), &consultation).await;
    for (to, reason) in [("consulting", "The partners consult"), ("consulted", "It has closed")] {
        world.moved(&finance, &path, to, reason).await;
    }
    for (of, reference) in [(&pool.council, "Cabinet, 4 March 2019"), (&pool.partner, "Governing body, 7 March 2019")] {
        let approval = json!({"organisation": of, "approved_on": "2019-03-07", "reference": reference});
        world.done(&finance, &format!("{path}/approvals"), approval).await;
    }
    let manager = json!({"office": "Head of pooled funds", "employer": pool.council, "from_on": "2019-04-01",
        "reference": "Agreement, schedule 2"});
    pool.made_in_fund("pool-managers", &manager).await;
    for to in ["approved", "signed"] {
        world.moved(&finance, &path, to, "Both have approved").await;
    }
    world.becomes("2019-04-02T09:00:00Z");
    world.moved(&finance, &path, "operating", "The term has begun").await;
    path
}

/// Schemes with schedules and budgets, contributions, and a budget that may be agreed once it balances.
async fn budgeted(pool: &Pool<'_>) {
    for (code, category, source, budget) in [
        ("CARE", "social_care", "council", 5_970_000_000),
        ("CONTINUING", "continuing_care", "nhs", 4_594_100_000),
        ("COMMUNITY", "community_health", "nhs", 5_030_000_000),
        ("DFG", "other", "grant", 200_000_000_i64),
    ] {
        let scheme = pool.scheme(code, category, source).await;
        let change = match code {
            "DFG" => json!({"capital": true, "ring_fence": "Disabled Facilities Grant",
                "functions": [{"function": "disabled_facilities", "owner": pool.council}]}),
            "CARE" => json!({}),
            _ => json!({"lead": pool.partner, "delivering": pool.partner,
                "functions": [{"function": "community_health", "owner": pool.partner}]}),
        };
        let set = pool.schedule(&scheme, &change).await;
        assert_eq!(set.status, 200, "{}", set.body);
        pool.posts(code, "budget", budget, "2019-04-01", 1).await;
    }
    let cash = |payer: &str, source: &str, pence: i64| {
        json!({"payer": payer, "amount_pence": pence, "funding_source": source, "form": "cash", "recurrent": true,
            "profile": {"kind": "monthly", "day": 5}, "source": "Made up"})
    };
    let mut grant = cash(&pool.council, "grant", 200_000_000);
    grant["scheme"] = "DFG".into();
    for one in [cash(&pool.council, "council", COUNCIL - 200_000_000), grant] {
        pool.made_in_fund(&format!("{YEAR}/contributions"), &one).await;
    }
    let budget = |contingency: i64| {
        json!({"contingency_pence": contingency, "brought_forward_pence": 0, "other_income_pence": 0,
            "uncommitted_pence": 0, "overspend_threshold_bp": 100, "agreed_on": "2019-03-28"})
    };
    let short = pool.put(&format!("{YEAR}/budget"), "\"0\"", &budget(CONTINGENCY)).await;
    assert_eq!((refusal(&short).as_str(), &short.body["unmet"][0]["rule"]), ("409 rule-unmet", &json!(17)));
    pool.made_in_fund(&format!("{YEAR}/contributions"), &cash(&pool.partner, "nhs", GROUP)).await;
    let whole = pool.put(&format!("{YEAR}/budget"), "\"0\"", &budget(CONTINGENCY)).await;
    assert_eq!(whole.status, 200, "{}", whole.body);
    assert_eq!((pence(&whole.body["schemes_pence"]), &whole.body["balanced"]), (BUDGET, &json!(true)));
    assert_eq!(pence(&whole.body["funded_pence"]), BUDGET + CONTINGENCY);
    assert_eq!(pence(&whole.body["cash_contributions_pence"]), COUNCIL + GROUP);
}

/// Six months, the forecast by profile, and the plan it asks for.
async fn half_way(pool: &Pool<'_>) {
    pool.world.becomes("2019-10-10T09:00:00Z");
    for (code, pence) in
        [("CARE", 3_210_000_000), ("CONTINUING", 2_400_000_000), ("COMMUNITY", 2_500_000_000), ("DFG", 90_000_000)]
    {
        pool.posts(code, "actual", pence, "2019-09-30", 6).await;
    }
    pool.posts("CARE", "committed", 40_000_000, "2019-09-30", 6).await;
    let profile = json!({"period": 6, "method": "profile", "basis": "Month 6, straight line"});
    let forecast = pool.made_in_fund(&format!("{YEAR}/forecasts"), &profile).await;
    // £82.000m spent, half of £157.941m left, £0.4m ordered.
    let total = &forecast["total"];
    assert_eq!(pence(&total["actual_pence"]), 8_200_000_000);
    assert_eq!(pence(&total["committed_pence"]), 40_000_000);
    assert_eq!(sum(&forecast["lines"], "remaining_pence"), BUDGET / 2);
    assert_eq!(pence(&total["forecast_pence"]), 8_200_000_000 + BUDGET / 2 + 40_000_000);
    assert_eq!((pence(&total["variance_pence"]), &total["variance_bp"]), (342_950_000, &json!(217)));
    assert_eq!(forecast["action_plan_required"], true, "more than 1 % over (rule 27)");
    let plan = json!({"scheme": "CARE", "cause": "More and larger packages of care",
        "actions": ["Review packages above £2,000 a week", "Hold vacancies"], "owner": "Director of adult services",
        "due_on": "2020-01-31", "recovers_pence": 100_000_000});
    pool.made_in_fund(&format!("{YEAR}/action-plans"), &plan).await;
    assert_eq!(pool.read(&format!("{YEAR}/forecasts")).await["data"][0]["action_plan_required"], false);

    let virement = json!({"from_scheme": "COMMUNITY", "to_scheme": "CARE", "amount_pence": 30_000_000, "account": "5000",
        "effective_on": "2019-10-10", "period": 7, "reason": "Care at home instead of beds",
        "authority": "Pool manager, scheme of delegation"});
    let virement = pool.made_in_fund(&format!("{YEAR}/virements"), &virement).await;
    let journal = pool.read(&format!("journals/{}", virement["journal"].as_str().unwrap())).await;
    assert_eq!(sum(&journal["postings"], "amount_pence"), 0, "it nets to nothing: {journal}");
    let position = pool.read(&format!("{YEAR}/position?group_by=scheme")).await;
    let budget = |code: &str| {
        let rows = position["data"].as_array().unwrap().iter();
        rows.filter(|row| row["scheme"] == code).map(|row| pence(&row["budget_pence"])).sum::<i64>()
    };
    assert_eq!((budget("CARE"), budget("COMMUNITY")), (6_000_000_000, 5_000_000_000));
    assert_eq!(pence(&position["total"]["budget_pence"]), BUDGET, "the whole is what it was");

    let saving = json!({"title": "One contract for equipment", "scheme": "COMMUNITY", "target_pence": 60_000_000,
        "recurrent": true, "owner": "Head of commissioning"});
    let saving = pool.made_in_fund(&format!("{YEAR}/savings"), &saving).await;
    let reports = format!("{YEAR}/savings/{}/reports", saving["id"].as_str().unwrap());
    let report = json!({"period": 6, "achieved_pence": 20_000_000, "forecast_pence": 51_000_000});
    pool.made_in_fund(&reports, &report).await;
    let saving = &pool.read(&format!("{YEAR}/savings")).await["data"][0];
    assert_eq!((pence(&saving["variance_pence"]), &saving["rag"]), (9_000_000, &json!("red")), "15 % short");
}

/// Keeps a calculation, and has both partners agree it.
async fn calculated(pool: &Pool<'_>, agreed_on: &str) -> (String, Value) {
    let below = format!("{YEAR}/risk-share/calculations");
    let kept = pool.made_in_fund(&below, &json!({"basis": "original"})).await;
    let path = format!("{below}/{}", kept["id"].as_str().unwrap());
    for party in [&pool.council, &pool.partner] {
        let agreed = json!({"party": party, "agreed_on": agreed_on, "reference": format!("Minute of {party}")});
        pool.made_in_fund(&format!("{path}/agreements"), &agreed).await;
    }
    (path, kept["result"].clone())
}

fn shares(of: &Value) -> Vec<i64> {
    of["shares"].as_array().unwrap().iter().map(|share| pence(&share["amount_pence"])).collect()
}

/// The year's end: shared, moved, shared again, settled once.
async fn settled(pool: &Pool<'_>) {
    let world = pool.world;
    world.becomes("2020-04-20T09:00:00Z");
    for (code, pence) in [
        ("CARE", 6_450_000_000 - 3_210_000_000 - LATE),
        ("CONTINUING", 4_820_000_000 - 2_400_000_000),
        ("COMMUNITY", 4_937_000_000 - 2_500_000_000),
        ("DFG", 190_000_000 - 90_000_000),
    ] {
        pool.posts(code, "actual", pence, "2020-03-31", 12).await;
    }
    pool.posts("CARE", "committed", -40_000_000, "2020-03-31", 12).await;
    let unruled = world
        .post(
            &pool.finance(),
            &format!("{}/{YEAR}/risk-share/calculations", pool.path()),
            &json!({"basis": "original"}),
        )
        .await;
    assert_eq!((refusal(&unruled).as_str(), &unruled.body["unmet"][0]["rule"]), ("409 rule-unmet", &json!(24)));
    let rule = json!({"in_force_from": "2019-04-01", "reference": "Agreement, schedule 3", "kind": "proportional",
        "basis": "original", "parties": [pool.council, pool.partner]});
    pool.made_in_fund("risk-rules", &rule).await;
    world.becomes("2020-05-20T09:00:00Z");
    let (first, result) = calculated(pool, "2020-05-20").await;
    assert_eq!(pence(&result["variance_pence"]), OVERSPENT - LATE);

    // An invoice of March comes in after both have agreed.
    pool.posts("CARE", "actual", LATE, "2020-03-31", 13).await;
    let settlement =
        json!({"effective_on": "2020-03-31", "period": 13, "income_account": "4000", "balance_account": "9000"});
    let settle = async |path: &str| {
        world.post("oldham-pool-manager", &format!("{}/{path}/settlements", pool.path()), &settlement).await
    };
    let stale = settle(&first).await;
    assert_eq!(refusal(&stale), "409 conflict");
    assert!(stale.body["detail"].as_str().unwrap().contains("The books have moved"), "{}", stale.body);

    let early = calculated(pool, "2020-05-20").await.0;
    let early = settle(&early).await;
    assert_eq!(
        (refusal(&early).as_str(), &early.body["unmet"][0]["rule"]),
        ("409 rule-unmet", &json!(30)),
        "open months"
    );
    for period in 1..=12 {
        let path = format!("{}/{YEAR}/periods/{period}", pool.path());
        world.moved(&pool.finance(), &path, "soft_closed", "The year is over").await;
    }
    let (second, result) = calculated(pool, "2020-05-20").await;
    print(&result);
    assert_eq!(pence(&result["variance_pence"]), OVERSPENT);
    let steps: Vec<(&str, i64)> = result["arithmetic"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| (step["what"].as_str().unwrap(), pence(&step["amount_pence"])))
        .collect();
    assert_eq!(
        steps,
        [
            ("Overspends of pooled schemes", 450_000_000 + 225_900_000),
            ("Underspends elsewhere in the pool, without a ring-fence", 63_000_000),
            ("Met by the contingency", CONTINGENCY),
            ("To be shared", 562_900_000),
            ("Largest remainder over 6100000000 : 9744100000", 562_900_000),
        ]
    );
    assert_eq!(pence(&result["ring_fenced_pence"]), 10_000_000, "the grant's underspend stays (rule 26)");
    let held = pence(&result["met_by_reserves_pence"]) - pence(&result["ring_fenced_pence"]);
    assert_eq!(shares(&result), SHARES);
    assert_eq!(SHARES.iter().sum::<i64>() + held, OVERSPENT, "every penny has an owner (rule 23)");

    let done = settle(&second).await;
    assert_eq!(done.status, 201, "{}", done.body);
    let journal = pool.read(&format!("journals/{}", done.body["settled_by"].as_str().unwrap())).await;
    assert_eq!(journal["period"], 13);
    let lines: Vec<(&str, i64)> = journal["postings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (line["account"].as_str().unwrap(), pence(&line["amount_pence"])))
        .collect();
    let [council, group] = SHARES;
    assert_eq!(lines, [("9000", council), ("4000", -council), ("9000", group), ("4000", -group)]);
    let again = settle(&second).await;
    assert_eq!(
        (refusal(&again).as_str(), again.body["detail"].as_str().unwrap().contains("The year is settled")),
        ("409 conflict", true)
    );
}

/// £5.629m over £61.000m and £97.441m.
const SHARES: [i64; 2] = [216_717_264, 346_182_736];

#[tokio::test]
async fn oldhams_overspend_is_forecast_planned_against_shared_and_settled() {
    let mut world = World::beginning("2019-03-11T09:00:00Z").await;
    world.region("greater-manchester", "Greater Manchester").await;
    world.borough("oldham", "E08000004", "Oldham", "greater-manchester").await;
    let pool = Pool::of(&world, "oldham", &group("NHS Oldham CCG", "00Y"), "2019-20").await;
    let agreement = agreed(&pool).await;
    budgeted(&pool).await;
    half_way(&pool).await;
    settled(&pool).await;

    let position = pool.read(&format!("{YEAR}/position")).await;
    let total = &position["total"];
    assert_eq!((pence(&total["budget_pence"]), pence(&total["actual_pence"])), (BUDGET, SPENT));
    assert_eq!((pence(&total["variance_pence"]), &total["variance_bp"]), (OVERSPENT, &json!(382)));

    // Opening and income less expenditure is closing, and the partners' (rule 31): what is shared less what the grant keeps.
    let account = &pool.read(&format!("{YEAR}/memorandum-account")).await["account"];
    assert_eq!(pence(&account["contributions_pence"]), COUNCIL + GROUP);
    assert_eq!(pence(&account["expenditure_pence"]), SPENT);
    let settled: i64 = SHARES.iter().sum();
    assert_eq!(pence(&account["settlement_pence"]), settled);
    assert_eq!(pence(&account["closing_pence"]), COUNCIL + GROUP + settled - SPENT);
    assert_eq!(sum(&account["partners"], "closing_share_pence"), COUNCIL + GROUP + settled - SPENT);
    assert_eq!(sum(&account["partners"], "joint_operation_pence"), SPENT);
    assert_eq!(pence(&account["closing_pence"]), 10_000_000, "what the grant keeps");

    // The annual return: two people, and the figures as they then stood.
    let adjustments = format!("{}/{YEAR}/periods/13", pool.path());
    world.moved(&pool.finance(), &adjustments, "soft_closed", "Closed").await;
    let draft = json!({"fund": pool.fund, "year": "2019-20", "kind": "annual",
        "narrative": "An overspend, shared as agreed."});
    let made = pool.made("returns", &draft).await;
    let path = format!("/v1/boroughs/oldham/returns/{}", made["id"].as_str().unwrap());
    let unforecast = world.try_move(&pool.finance(), &path, "submitted", "Year end").await;
    assert_eq!((refusal(&unforecast).as_str(), &unforecast.body["unmet"][0]["rule"]), ("409 rule-unmet", &json!(27)));
    let outturn = json!({"period": 12, "method": "profile", "basis": "The outturn"});
    pool.made_in_fund(&format!("{YEAR}/forecasts"), &outturn).await;
    world.moved(&pool.finance(), &path, "submitted", "Year end").await;
    for to in ["approved", "published"] {
        world.moved("oldham-pool-manager", &path, to, "Seen").await;
    }
    let figures = &world.read("oldham-member", &path).await["figures"];
    assert_eq!((pence(&figures["totals"]["budget_pence"]), pence(&figures["totals"]["actual_pence"])), (BUDGET, SPENT));
    assert_eq!(pence(&figures["totals"]["contributions_pence"]), COUNCIL + GROUP);
    assert_eq!(pence(&figures["memorandum_account"]["closing_pence"]), 10_000_000);
    assert_eq!(figures["action_plans"][0]["recovers_pence"], 100_000_000);
    assert_eq!(figures["warnings"], json!([]), "it is signed, and its budget balances");
    let region = world
        .read("greater-manchester-analyst", "/v1/regions/greater-manchester/returns?year=2019-20&kind=annual")
        .await;
    assert_eq!((&region["coverage"]["reported"], pence(&region["total"]["actual_pence"])), (&json!(1), SPENT));
    world.moved(&pool.finance(), &agreement, "expired", "Its term is over").await;
}
