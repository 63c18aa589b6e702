//! How section 75 agreements come about, and what is said of one that does not.
//!
//! Sources: Wigan press reports, late 2017, and Leigh Journal, December 2018 (date, estimate, consultation, both
//! approvals); Stockport, report on the 2016/17 pool (£232m became £202m); Oldham, Commissioning Partnership Board,
//! MId=7902 and MId=7906 (an agreement unsigned in January 2021). Days and terms those do not give are made up.

use serde_json::{Value, json};

use crate::{
    pool::{Pool, group},
    running::{pointer, refusal},
    world::World,
};

/// The numbers of the rules that do not hold.
fn failing(checks: &Value) -> Vec<u64> {
    let all = checks["data"].as_array().unwrap().iter();
    all.filter(|check| check["holds"] == false).map(|check| check["rule"].as_u64().unwrap()).collect()
}

async fn world(now: &str, borough: &str, gss: &str, name: &str) -> World {
    let mut world = World::beginning(now).await;
    world.region("greater-manchester", "Greater Manchester").await;
    world.borough(borough, gss, name, "greater-manchester").await;
    world
}

#[tokio::test]
async fn rule_12_wigan_signs_when_both_bodies_have_approved_and_not_when_it_was_planned() {
    let world = world("2018-12-10T09:00:00Z", "wigan", "E08000010", "Wigan").await;
    let pool = Pool::of(&world, "wigan", &group("NHS Wigan Borough CCG", "02H"), "2019-20").await;
    let (finance, here) = (pool.finance(), "/v1/boroughs/wigan");

    // The sum is an estimate with its source, and stays one until a firmer figure follows.
    let estimate = |firmness: &str, pence: i64, on: &str| json!({"firmness": firmness, "amount_pence": pence, "said_on": on, "source": "Leigh Journal, December 2018"});
    pool.made_in_fund("estimates", &estimate("indicative", 35_000_000_000, "2018-12-06")).await;

    let agreement = pool.agreement("Single commissioning 2019-20", "2019-04-01", "2020-03-31").await;
    let path = format!("{here}/agreements/{agreement}");
    let checks = world.read("wigan-auditor", &format!("{path}/checks")).await;
    assert_eq!(failing(&checks), [5, 6, 12], "manager, consultation, approvals: {checks}");

    // Nobody approves before a joint consultation has closed.
    let approval =
        |of: &str, on: &str, reference: &str| json!({"organisation": of, "approved_on": on, "reference": reference});
    let early =
        world.post(&finance, &format!("{path}/approvals"), &approval(&pool.council, "2018-12-10", "Cabinet")).await;
    assert_eq!((refusal(&early).as_str(), &early.body["rule"]), ("422 rule-broken", &json!(6)));
    assert_eq!(early.body["source"], "SI 2000/617 reg 4(2)");
    world.moved(&finance, &path, "consulting", "The partners consult").await;
    let hasty = world.try_move(&finance, &path, "consulted", "Enough was heard").await;
    assert_eq!((refusal(&hasty).as_str(), &hasty.body["unmet"][0]["rule"]), ("409 rule-unmet", &json!(6)));
    world.becomes("2019-02-20T09:00:00Z");
    let consultation = json!({"consulted": "The public and key stakeholders", "joint": true, "opens_on": "2018-10-01",
        "closes_on": "2019-01-31", "outcome": "Positive feedback, reported to cabinet in December and finally in February"});
    pool.made(&format!("agreements/{agreement}/consultations"), &consultation).await;
    world.moved(&finance, &path, "consulted", "Reported in December, finally in February").await;

    // One body's approval is not two, and a decision is one body's own.
    let of_cabinet = approval(&pool.council, "2019-02-14", "Cabinet, 14 February 2019");
    world.done(&finance, &format!("{path}/approvals"), of_cabinet).await;
    let half = world.try_move(&finance, &path, "approved", "Cabinet has approved").await;
    let unmet = &half.body["unmet"];
    assert_eq!(unmet.as_array().unwrap().len(), 1, "{unmet}");
    assert_eq!(unmet[0]["missing"], "NHS Wigan Borough CCG has not approved it.");
    let borrowed = approval(&pool.partner, "2019-02-14", "cabinet, 14 February 2019 ");
    let borrowed = world.post(&finance, &format!("{path}/approvals"), &borrowed).await;
    assert_eq!((refusal(&borrowed).as_str(), &borrowed.body["rule"]), ("422 rule-broken", &json!(12)));
    let own = approval(&pool.partner, "2019-02-19", "Governing body, 19 February 2019");
    world.done(&finance, &format!("{path}/approvals"), own).await;
    world.moved(&finance, &path, "approved", "Both have approved").await;

    // April comes by itself; signing does not.
    world.becomes("2019-04-02T09:00:00Z");
    assert_eq!(world.read("wigan-auditor", &path).await["state"], "approved");
    let manager = json!({"office": "Director of integrated commissioning", "employer": pool.council, "from_on": "2019-04-01",
        "reference": "Agreement, schedule 2"});
    pool.made_in_fund("pool-managers", &manager).await;
    world.moved(&finance, &path, "signed", "Signed by both").await;
    world.moved(&finance, &path, "operating", "The term has begun").await;
    let signed = world.read("wigan-auditor", &path).await;
    assert_eq!((&signed["signed_on"], &signed["operating_unsigned"]), (&json!("2019-04-02"), &json!(false)));
    assert_eq!(failing(&world.read("wigan-auditor", &format!("{path}/checks")).await), Vec::<u64>::new());

    // The figures that followed the estimate; none of them is a budget.
    pool.made_in_fund("estimates", &estimate("provisional", 34_600_000_000, "2019-01-31")).await;
    pool.made_in_fund("estimates", &estimate("final", 34_812_345_600, "2019-03-28")).await;
    let said = pool.read("estimates").await;
    let firm: Vec<&str> =
        said["data"].as_array().unwrap().iter().map(|one| one["firmness"].as_str().unwrap()).collect();
    assert_eq!(firm, ["indicative", "provisional", "final"]);
    assert_eq!(pool.read("years/2019-20/position").await["total"]["budget_pence"], 0);

    // An officer varies it, and moves no money; what the partners vary counts once both have approved.
    let terms = crate::agreement_recipes::terms(&pool.council, &pool.partner);
    let vary = |made_by: &str, from: &str, effect: i64| {
        json!({"in_force_from": from, "made_by": made_by, "reason": "A test", "budget_effect_pence": effect,
            "flexibilities": ["pooled_fund"], "terms": terms})
    };
    let bold = world.post(&finance, &format!("{path}/versions"), &vary("officer", "2019-07-01", 1)).await;
    assert_eq!((refusal(&bold).as_str(), &bold.body["rule"]), ("422 rule-broken", &json!(11)));
    world.done(&finance, &format!("{path}/versions"), vary("partners", "2019-07-01", 5_000_000)).await;
    let in_force = async |on: &str| {
        let found = world.read("wigan-auditor", &format!("{path}/versions?on={on}")).await;
        found["data"][0]["number"].as_i64()
    };
    assert_eq!(
        (in_force("2019-03-31").await, in_force("2019-07-01").await),
        (None, Some(1)),
        "unapproved, it changes nothing"
    );
    for (organisation, reference) in
        [(&pool.council, "Cabinet, 1 April 2019"), (&pool.partner, "Governing body, 2 April 2019")]
    {
        let mut approval = approval(organisation, "2019-04-02", reference);
        approval["version"] = 2.into();
        world.done(&finance, &format!("{path}/approvals"), approval).await;
    }
    assert_eq!((in_force("2019-06-30").await, in_force("2019-07-01").await), (Some(1), Some(2)));
    let late = world.post(&finance, &format!("{path}/versions"), &vary("partners", "2020-04-01", 0)).await;
    assert_eq!((refusal(&late).as_str(), pointer(&late)), ("422 content-invalid", "/in_force_from"));
}

#[tokio::test]
async fn stockports_pool_shrinks_by_what_cannot_be_pooled() {
    let world = world("2016-03-23T09:00:00Z", "stockport", "E08000007", "Stockport").await;
    let pool = Pool::of(&world, "stockport", &group("NHS Stockport CCG", "01W"), "2016-17").await;
    let community = pool.scheme("COMMUNITY", "community_health", "nhs").await;
    let surgery = pool.scheme("SURGERY", "acute", "nhs").await;
    assert_eq!(pool.schedule(&community, &json!({})).await.status, 200);

    // Nine days before the start it comes out that surgery is in the pool.
    let functions = json!([{"function": "community_health", "owner": pool.partner}, {"function": "surgery", "owner": pool.partner}]);
    let refused = pool.schedule(&surgery, &json!({"functions": functions})).await;
    assert_eq!(refusal(&refused), "422 rule-broken");
    assert_eq!((&refused.body["rule"], &refused.body["source"]), (&json!(8), &json!("SI 2000/617 reg 5")));
    assert_eq!(pointer(&refused), "/functions/1/function");
    let beside =
        pool.schedule(&surgery, &json!({"functions": functions, "kind": "aligned", "lead": pool.partner})).await;
    assert_eq!(beside.status, 200, "{}", beside.body);

    // £232m in the plan; £202m of it pooled, £30m beside.
    pool.posts("COMMUNITY", "budget", 20_200_000_000, "2016-04-01", 1).await;
    pool.posts("SURGERY", "budget", 3_000_000_000, "2016-04-01", 1).await;
    pool.posts("SURGERY", "actual", 3_050_000_000, "2017-03-31", 12).await;
    pool.posts("COMMUNITY", "actual", 20_200_000_000, "2017-03-31", 12).await;
    let rule = json!({"in_force_from": "2016-04-01", "reference": "A test", "kind": "lead_bears", "basis": "revised",
        "parties": [pool.council, pool.partner], "lead": pool.council});
    pool.made_in_fund("risk-rules", &rule).await;
    let share = pool.read("years/2016-17/risk-share").await;
    assert_eq!(share["variance_pence"], 0, "what is aligned never enters the share");
    assert_eq!(
        (&share["aside"][0]["scheme"], &share["aside"][0]["amount_pence"]),
        (&json!("SURGERY"), &json!(50_000_000))
    );
    assert_eq!(share["aside"][0]["borne_by"], json!(pool.partner), "its own partner bears it");
    let pooled: i64 = share["schemes"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|scheme| scheme["kind"] == "pooled")
        .map(|scheme| scheme["budget_pence"].as_i64().unwrap())
        .sum();
    assert_eq!(pooled, 20_200_000_000);
}

#[tokio::test]
async fn oldhams_next_agreement_operates_unsigned_for_ten_months() {
    let world = world("2021-01-28T09:00:00Z", "oldham", "E08000004", "Oldham").await;
    let pool = Pool::of(&world, "oldham", &group("NHS Oldham CCG", "00Y"), "2020-21").await;
    pool.scheme("POOL", "not_analysed", "not_analysed").await;
    let agreement = pool.agreement("Section 75 2020-21", "2020-04-01", "2021-03-31").await;
    let path = format!("/v1/boroughs/oldham/agreements/{agreement}");
    let before = world.read("oldham-member", &path).await;
    assert_eq!(before["operating_unsigned"], false, "its term has begun; no money has moved");
    pool.posts("POOL", "budget", 16_950_400_000, "2020-04-01", 1).await;
    assert_eq!(world.read("oldham-member", &path).await["operating_unsigned"], false, "a budget is no money");
    pool.posts("POOL", "actual", 8_848_650_000, "2020-09-30", 6).await;
    let unsigned = world.read("oldham-member", &path).await;
    assert_eq!((&unsigned["state"], &unsigned["operating_unsigned"]), (&json!("draft"), &json!(true)));
    assert_eq!(unsigned["warnings"][0], "Money has moved under it since 2020-09-30, and it is not signed.");
    let all = world.read("oldham-auditor", "/v1/boroughs/oldham/agreements").await;
    assert_eq!(all["data"][0]["operating_unsigned"], true);
    let skipped = world.try_move("oldham-pool-manager", &path, "signed", "It runs already").await;
    assert_eq!(
        (refusal(&skipped).as_str(), &skipped.body["allowed"]),
        ("409 transition-refused", &json!(["consulting"]))
    );
}

#[tokio::test]
async fn rule_13_an_agreement_is_made_by_bodies_that_exist() {
    let world = world("2022-09-01T09:00:00Z", "bury", "E08000002", "Bury").await;
    let pool = Pool::of(&world, "bury", &group("NHS Bury CCG", "00V"), "2022-23").await;
    let draft = |parties: Value, starts_on: &str| {
        json!({"title": "An agreement", "legal_basis": "s75_reg7", "flexibilities": [], "starts_on": starts_on,
            "parties": parties, "terms": {}, "source": "A test"})
    };
    let here = "/v1/boroughs/bury/agreements";
    let ended = world.post(&pool.finance(), here, &draft(json!([pool.council, pool.partner]), "2022-07-01")).await;
    assert_eq!((refusal(&ended).as_str(), &ended.body["rule"]), ("422 rule-broken", &json!(13)));
    assert_eq!(pointer(&ended), "/parties/1");
    let made = world.done(&pool.finance(), here, draft(json!([pool.council]), "2022-07-01")).await;
    let checks = format!("{here}/{}/checks", made["id"].as_str().unwrap());
    let checks = world.read("bury-auditor", &checks).await;
    assert_eq!(failing(&checks), [1, 3, 6, 7, 12]);
    let one = checks["data"].as_array().unwrap().iter().find(|check| check["rule"] == 3).unwrap();
    assert_eq!(one["missing"], json!(["Name an NHS body among the partners."]));
    let items = checks["data"][0]["missing"].as_array().unwrap();
    assert_eq!(items.len(), 12, "every part of the seven items: {items:?}");
    // While it existed it could; now its partner is gone, and the check says so.
    let old = world.done(&pool.finance(), here, draft(json!([pool.council, pool.partner]), "2022-04-01")).await;
    let checks = world.read("bury-auditor", &format!("{here}/{}/checks", old["id"].as_str().unwrap())).await;
    assert!(failing(&checks).contains(&13), "{checks}");
    let bare = world.read("bury-auditor", &format!("{}/checks", pool.path())).await;
    assert_eq!(failing(&bare), [1, 5], "a pooled fund without an agreement and a manager");
}

#[tokio::test]
async fn rule_12_the_partners_approve_the_text_that_is_signed_and_not_before_they_did() {
    let world = world("2026-03-20T09:00:00Z", "bury", "E08000002", "Bury").await;
    let board =
        json!({"kind": "icb", "name": "The board", "ods": "QOP", "valid_from": "2022-07-01", "source": "A test"});
    let pool = Pool::of(&world, "bury", &board, "2026-27").await;
    let terms = crate::agreement_recipes::terms(&pool.council, &pool.partner);
    let draft = json!({"title": "An agreement", "legal_basis": "s75_reg7", "flexibilities": ["pooled_fund"],
        "starts_on": "2026-04-01", "ends_on": "2027-03-31", "parties": [pool.council, pool.partner], "terms": {},
        "source": "A test"});
    let id = pool.made("agreements", &draft).await["id"].as_str().unwrap().to_owned();
    let (path, finance) = (format!("/v1/boroughs/bury/agreements/{id}"), pool.finance());
    let consultation = json!({"consulted": "Users", "joint": true, "opens_on": "2025-10-01", "closes_on": "2025-12-12",
        "outcome": "Support"});
    world.done(&finance, &format!("{path}/consultations"), consultation).await;
    for to in ["consulting", "consulted"] {
        world.moved(&finance, &path, to, "A test").await;
    }
    let approve = async |version: i64, on: &str| {
        for (organisation, reference) in [(&pool.council, "Cabinet"), (&pool.partner, "Board")] {
            let approval =
                json!({"organisation": organisation, "version": version, "approved_on": on, "reference": reference});
            world.done(&finance, &format!("{path}/approvals"), approval).await;
        }
    };
    approve(1, "2026-02-11").await;
    let empty = world.try_move(&finance, &path, "approved", "Both have").await;
    assert_eq!((refusal(&empty).as_str(), &empty.body["unmet"][0]["rule"]), ("409 rule-unmet", &json!(1)));

    // What was left out comes in by another draft, which is not what they approved.
    let version = |made_by: &str| {
        json!({"in_force_from": "2026-04-01", "made_by": made_by, "reason": "Completed", "budget_effect_pence": 0,
            "flexibilities": ["pooled_fund"], "terms": terms})
    };
    let officer = world.post(&finance, &format!("{path}/versions"), &version("officer")).await;
    assert_eq!((refusal(&officer).as_str(), &officer.body["rule"]), ("422 rule-broken", &json!(11)));
    world.done(&finance, &format!("{path}/versions"), version("partners")).await;
    let unapproved = world.try_move(&finance, &path, "approved", "Both have").await;
    let unmet: Vec<_> = unapproved.body["unmet"].as_array().unwrap().iter().map(|one| &one["rule"]).collect();
    assert_eq!(unmet, [&json!(12), &json!(12)], "neither has approved this text");
    approve(2, "2026-03-18").await;
    world.moved(&finance, &path, "approved", "Both have").await;
    let tag = "\"4\"";
    let backdated = json!({"to": "signed", "reason": "A test", "on": "2026-03-17"});
    let backdated = world.post_at(&finance, &format!("{path}/transitions"), tag, &backdated).await;
    assert_eq!((refusal(&backdated).as_str(), &backdated.body["unmet"][0]["rule"]), ("409 rule-unmet", &json!(12)));
    world.moved(&finance, &path, "signed", "Both have signed").await;

    // Now an officer may vary it, and takes nothing out.
    let mut gutted = version("officer");
    (gutted["in_force_from"], gutted["terms"]) = (json!("2026-05-01"), json!({"variation": "As I like"}));
    let gutted = world.post(&finance, &format!("{path}/versions"), &gutted).await;
    assert_eq!((refusal(&gutted).as_str(), pointer(&gutted)), ("422 rule-broken", "/terms/aims"));
    // A fund under a draft that says nothing has no written agreement worth the name.
    let other = pool.made("agreements", &draft).await["id"].as_str().unwrap().to_owned();
    pool.made(&format!("agreements/{other}/funds"), &json!({"fund": pool.fund})).await;
    world.becomes("2026-04-02T09:00:00Z");
    assert!(failing(&world.read("bury-auditor", &format!("{}/checks", pool.path())).await).contains(&1));
    pool.made(&format!("agreements/{id}/funds"), &json!({"fund": pool.fund})).await;
    assert!(!failing(&world.read("bury-auditor", &format!("{}/checks", pool.path())).await).contains(&1));
}
