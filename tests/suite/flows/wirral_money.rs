//! Wirral, money that ends: £15m over three years, what it pays for, and what follows 2020.
//!
//! Source: Wirral People Overview and Scrutiny Committee, March 2017: a one-off £15m over three years, delegated
//! functions, an integrated assessment and support-planning service delivered by an NHS trust under contract with staff
//! transfer, and due diligence on benefits and risks before pooling. The source does not say how the £15m falls by year,
//! who was given it, or what is in the pool beside it: those sums, the codes and the days are made up.

use serde_json::{Value, json};
use tenfold::client::Answer;

use crate::{
    pool::{Pool, group},
    running::{pointer, refusal},
    world::World,
};

/// £15m, by year: £6m, £5m and £4m.
const AWARD: i64 = 1_500_000_000;
const PHASES: [(&str, i64); 3] = [("2017-18", 600_000_000), ("2018-19", 500_000_000), ("2019-20", 400_000_000)];

fn award(pool: &Pool<'_>, exit_plan: Option<&str>) -> Value {
    let years: Vec<Value> = PHASES.iter().map(|(year, pence)| json!({"year": year, "amount_pence": pence})).collect();
    json!({"title": "One-off funding for integration", "payer": pool.council, "funding_source": "grant",
        "amount_pence": AWARD, "years": years, "exit_plan": exit_plan,
        "source": "Wirral People Overview and Scrutiny Committee, March 2017; the years are made up"})
}

/// A contribution from the award to the service, in four parts.
fn from_award(pool: &Pool<'_>, award: &Value, scheme: &str, pence: i64) -> Value {
    json!({"payer": pool.council, "amount_pence": pence, "scheme": scheme, "funding_source": "grant", "form": "cash",
        "recurrent": false, "award": award["id"], "profile": {"kind": "quarterly", "day": 1}, "source": "Made up"})
}

async fn contribute(pool: &Pool<'_>, year: &str, body: &Value) -> Answer {
    let path = format!("{}/years/{year}/contributions", pool.path());
    pool.world.post(&pool.finance(), &path, body).await
}

/// The benefits and risks looked into; every one is closed before anything is pooled.
async fn due_diligence(world: &World) {
    let here = "/v1/boroughs/wirral/due-diligence";
    let item = |subject: &str, kind: &str, risk: Value| {
        let mut body =
            json!({"subject": subject, "kind": kind, "description": "A test", "owner": "Director of care and health"});
        body.as_object_mut().unwrap().extend(risk.as_object().unwrap().clone());
        body
    };
    let risk = |likelihood: u8, impact: u8, treatment: &str| json!({"likelihood": likelihood, "impact": impact, "treatment": treatment});
    for (body, through) in [
        (item("One assessment by one team", "benefit", json!({})), vec!["accepted", "closed"]),
        (
            item("Staff transfer to the trust", "risk", risk(3, 4, "Pensions by admission agreement")),
            vec!["mitigated", "closed"],
        ),
        (item("One-off money ends in 2020", "risk", risk(4, 4, "An exit plan by 2019")), vec!["mitigated", "closed"]),
    ] {
        let made = world.done("wirral-clerk", here, body).await;
        for to in through {
            let path = format!("{here}/{}", made["id"].as_str().unwrap());
            world.moved("wirral-clerk", &path, to, "Looked into").await;
        }
    }
    let all = world.read("wirral-auditor", here).await;
    let all = all["data"].as_array().unwrap();
    assert!(all.iter().all(|one| one["state"] == "closed"));
    let mut scores: Vec<Option<i64>> = all.iter().map(|one| one["score"].as_i64()).collect();
    scores.sort_unstable();
    assert_eq!(scores, [None, Some(12), Some(16)], "a benefit has none");
}

/// The assessment service: functions of both, exercised by the council, delivered by the trust.
async fn assessment(pool: &Pool<'_>, trust: &str) {
    let service = pool.scheme("ASSESS", "social_care", "grant").await;
    let change = json!({
        "functions": [{"function": "continuing_healthcare", "owner": pool.partner, "exercised_by": pool.council},
                      {"function": "adult_social_care", "owner": pool.council}],
        "client_group": "Adults who need an assessment", "services": "Integrated assessment and support planning",
        "delivering": trust, "delivered_under": "NHS standard contract, from 1 June 2017",
        "staff_transfer": "Social workers transfer to the trust", "recurrent": true});
    let set = pool.schedule(&service, &change).await;
    assert_eq!(set.status, 200, "{}", set.body);
    let told = pool.read(&format!("schemes/{service}/schedule")).await;
    let function = &told["functions"][0];
    assert_eq!(
        (function["owner"].as_str(), function["exercised_by"].as_str()),
        (Some(pool.partner.as_str()), Some(pool.council.as_str())),
        "delegating leaves the owner what it owns"
    );
    assert_eq!((told["delivering"].as_str(), &told["recurrent"]), (Some(trust), &json!(true)));
    assert_eq!(told["delivered_under"], "NHS standard contract, from 1 June 2017");
    assert_eq!(told["staff_transfer"], "Social workers transfer to the trust");
    let mut whole = told.clone();
    whole.as_object_mut().unwrap().remove("set_at");
    whole["functions"] = json!([{"function": "continuing_healthcare", "owner": pool.council}]);
    let wrong = pool.put(&format!("schemes/{service}/schedule"), "\"1\"", &whole).await;
    assert_eq!(
        (refusal(&wrong).as_str(), &wrong.body["rule"]),
        ("422 rule-broken", &json!(9)),
        "an NHS function is no council's"
    );
}

fn by_year<'a>(cliff: &'a Value, field: &str) -> Vec<(&'a str, i64)> {
    let years = cliff["years"].as_array().unwrap().iter();
    years.map(|one| (one["year"].as_str().unwrap(), one[field].as_i64().unwrap())).collect()
}

#[tokio::test]
async fn rule_33_wirrals_one_off_money_backs_a_recurrent_service_only_with_an_exit_plan() {
    let mut world = World::beginning("2017-03-06T09:00:00Z").await;
    world.region("greater-manchester", "Greater Manchester").await;
    world.region("cheshire-and-merseyside", "Cheshire and Merseyside").await;
    world.borough("wirral", "E08000015", "Wirral", "cheshire-and-merseyside").await;
    due_diligence(&world).await;
    world.becomes("2017-04-03T09:00:00Z");
    let pool = Pool::of(&world, "wirral", &group("NHS Wirral CCG", "12F"), "2017-18").await;
    let trust = json!({"kind": "nhs_trust", "name": "A community trust", "ods": "RY7", "valid_from": "2011-04-01", "source": "A test"});
    let trust = world.done("wirral-admin", "/v1/boroughs/wirral/organisations", trust).await;
    for year in ["2018-19", "2019-20", "2020-21"] {
        pool.year(year).await;
    }
    // The trust is told to the ledger a moment after it is recorded.
    let probe =
        json!({"kind": "pooled", "legal_basis": "s75_reg7", "name": "Probe", "host": trust["id"], "source": "A test"});
    pool.made("funds?validate_only=true", &probe).await;
    assessment(&pool, trust["id"].as_str().unwrap()).await;

    // The years of an award are all of it (rule 34).
    let mut short = award(&pool, None);
    short["years"][2]["amount_pence"] = 399_999_999.into();
    let short = world.post(&pool.finance(), &format!("{}/awards", pool.path()), &short).await;
    assert_eq!(
        (refusal(&short).as_str(), &short.body["rule"], pointer(&short)),
        ("422 rule-broken", &json!(34), "/years")
    );

    // Without an exit plan it backs nothing that goes on.
    let unplanned = pool.made_in_fund("awards", &award(&pool, None)).await;
    for (year, pence) in PHASES {
        let refused = contribute(&pool, year, &from_award(&pool, &unplanned, "ASSESS", pence)).await;
        assert_eq!((refusal(&refused).as_str(), &refused.body["rule"]), ("422 rule-broken", &json!(33)), "{year}");
        assert_eq!((pointer(&refused), &refused.body["source"]), ("/scheme", &json!("Practice at Wirral")));
    }
    let cliff = pool.read("funding-cliff").await;
    assert_eq!((&cliff["awards"][0]["exit_plan"], &cliff["awards"][0]["backs"]), (&json!(false), &json!([])));

    // An award stands as it was recorded, so the plan comes with another: in a fund of its own, or it would count twice.
    let fund = json!({"name": "Integration fund", "kind": "pooled", "legal_basis": "s75_reg7", "host": pool.council, "source": "A test"});
    let second = pool.made("funds", &fund).await["id"].as_str().unwrap().to_owned();
    let pool = Pool { fund: second, ..pool };
    for year in ["2017-18", "2018-19", "2019-20", "2020-21"] {
        pool.year(year).await;
    }
    assessment(&pool, trust["id"].as_str().unwrap()).await;
    let plan = "From April 2020 the service is part of the core contract, paid by both partners.";
    let planned = pool.made_in_fund("awards", &award(&pool, Some(plan))).await;
    assert_eq!((&planned["amount_pence"], &planned["exit_plan"]), (&json!(AWARD), &json!(plan)));
    assert_eq!(PHASES.iter().map(|(_, pence)| pence).sum::<i64>(), AWARD);
    for (year, pence) in PHASES {
        let over = contribute(&pool, year, &from_award(&pool, &planned, "ASSESS", pence + 1)).await;
        assert_eq!((refusal(&over).as_str(), &over.body["rule"]), ("422 rule-broken", &json!(34)), "{year}");
        let mut yearly = from_award(&pool, &planned, "ASSESS", pence);
        yearly["recurrent"] = true.into();
        let yearly = contribute(&pool, year, &yearly).await;
        assert_eq!(
            (refusal(&yearly).as_str(), &yearly.body["rule"]),
            ("422 rule-broken", &json!(33)),
            "it does not come again"
        );
        let made = contribute(&pool, year, &from_award(&pool, &planned, "ASSESS", pence)).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let more = contribute(&pool, year, &from_award(&pool, &planned, "ASSESS", 1)).await;
        assert_eq!(&more.body["rule"], &json!(34), "the year's part is taken");
        let due = pool.read(&format!("years/{year}/instalments")).await;
        let parts: Vec<i64> =
            due["data"].as_array().unwrap().iter().map(|one| one["amount_pence"].as_i64().unwrap()).collect();
        assert_eq!(parts, [pence / 4; 4]);
        let core = json!({"payer": pool.partner, "amount_pence": 200_000_000, "funding_source": "nhs", "form": "cash",
            "recurrent": true, "profile": {"kind": "monthly", "day": 1}, "source": "Made up"});
        assert_eq!(contribute(&pool, year, &core).await.status, 201);
    }
    let after = contribute(&pool, "2020-21", &from_award(&pool, &planned, "ASSESS", 1)).await;
    assert_eq!(
        (refusal(&after).as_str(), &after.body["rule"], pointer(&after)),
        ("422 rule-broken", &json!(34), "/award")
    );

    // What follows 2020 is there to be seen: nothing, after £4m in the last year, and a service that goes on.
    let cliff = pool.read("funding-cliff").await;
    let [first, second, third] = PHASES;
    assert_eq!(by_year(&cliff, "awarded_pence"), [first, second, third, ("2020-21", 0)]);
    assert_eq!(by_year(&cliff, "one_off_pence"), [first, second, third, ("2020-21", 0)]);
    assert_eq!(
        by_year(&cliff, "recurrent_pence"),
        [("2017-18", 200_000_000), ("2018-19", 200_000_000), ("2019-20", 200_000_000), ("2020-21", 0)]
    );
    let ends = &cliff["awards"][0];
    assert_eq!((&ends["last_year"], &ends["ends_pence"]), (&json!("2019-20"), &json!(400_000_000)));
    assert_eq!((&ends["exit_plan"], &ends["backs"]), (&json!(true), &json!(["ASSESS"])));

    // Another region's money: Greater Manchester counts none of it.
    let year = "contributions?year=2017-18";
    let own =
        world.read("cheshire-and-merseyside-analyst", &format!("/v1/regions/cheshire-and-merseyside/{year}")).await;
    assert_eq!(own["total"]["planned_pence"], 800_000_000, "£6m of the award and £2m");
    let other = world.read("greater-manchester-analyst", &format!("/v1/regions/greater-manchester/{year}")).await;
    assert_eq!((&other["total"]["planned_pence"], &other["data"]), (&json!(0), &json!([])));
}
