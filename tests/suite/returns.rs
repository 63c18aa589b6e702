//! Monitoring, the Better Care Fund and returns: what is taken, what is refused, and what a workbook holds.

use reqwest::Method;
use serde_json::{Value, json};
use tenfold::client::{Answer, Client};

use crate::{
    contribution_recipes::cash,
    return_recipes::first_quarter,
    running::{journal, key, new_fund, pointer, refusal, running, send, testford, write},
};

const HERE: &str = "/v1/boroughs/testford";

/// A fund of Testford's own, with the year 2026-27.
struct Fund {
    id: String,
    path: String,
    council: String,
    finance: Client,
}

impl Fund {
    async fn new(purpose: &str) -> Self {
        let council = testford().await.council.clone();
        let id = new_fund("testford", &council, &format!("{purpose} {}", key())).await;
        let finance = running().as_("testford-finance");
        Self { path: format!("{HERE}/funds/{id}"), id, council, finance }
    }

    fn year(&self) -> String {
        format!("{}/years/2026-27", self.path)
    }

    async fn post(&self, below: &str, body: &Value) -> Answer {
        write(&self.finance, &format!("{}/{below}", self.year()), body).await
    }

    async fn made(&self, below: &str, body: Value) -> Value {
        let answer = self.post(below, &body).await;
        assert_eq!(answer.status, 201, "{below} {body}: {}", answer.body);
        answer.body
    }

    async fn get(&self, below: &str) -> Value {
        self.finance.get(&format!("{}/{below}", self.year())).await.unwrap().body
    }

    async fn put(&self, path: &str, version: &str, body: &Value) -> Answer {
        send(&self.finance, Method::PUT, path, &[("if-match", version)], Some(body)).await
    }

    async fn posts(&self, layer: &str, pence: i64, period: i16) {
        let mut body = journal(pence);
        // Period 6 is September; an earlier one has its own month's end.
        body["effective_on"] = format!("2026-{:02}-28", period + 3).into();
        body["period"] = period.into();
        for line in body["postings"].as_array_mut().unwrap() {
            line["layer"] = layer.into();
        }
        let posted = write(&self.finance, &format!("{}/journals", self.path), &body).await;
        assert_eq!(posted.status, 201, "{}", posted.body);
    }

    async fn scheme_plan(&self) -> String {
        let schemes = self.finance.get(&format!("{}/schemes", self.path)).await.unwrap().body;
        format!("{}/schemes/{}/plans/2026-27", self.path, schemes["data"][0]["id"].as_str().unwrap())
    }

    async fn budget(&self, threshold_bp: i32) {
        let body = json!({"contingency_pence": 0, "brought_forward_pence": 500, "other_income_pence": 25,
            "uncommitted_pence": 0, "overspend_threshold_bp": threshold_bp});
        let set = self.put(&format!("{}/budget", self.year()), "\"0\"", &body).await;
        assert_eq!(set.status, 200, "{}", set.body);
    }
}

fn refused(answer: &Answer) -> (String, String, Value) {
    (refusal(answer), pointer(answer).to_owned(), answer.body["rule"].clone())
}

#[tokio::test]
async fn rule_27_a_forecast_above_the_threshold_holds_a_report_up_until_there_is_an_action_plan() {
    let fund = Fund::new("Overspend").await;
    fund.budget(100).await;
    fund.posts("budget", 100_000, 1).await;
    fund.posts("actual", 30_000, 2).await;
    fund.posts("committed", 4_000, 3).await;
    let profile = fund.made("forecasts", json!({"period": 3, "method": "profile", "basis": "A straight line"})).await;
    // 30,000 spent, nine twelfths of 100,000 left, 4,000 ordered.
    assert_eq!((&profile["total"]["forecast_pence"], &profile["number"]), (&json!(109_000), &json!(1)));
    let manager = |pence: i64| {
        json!({"period": 3, "method": "manager", "basis": "The manager's view",
            "lines": [{"scheme": "ICES", "amount_pence": pence}]})
    };
    let within = fund.made("forecasts", manager(101_000)).await;
    assert_eq!((&within["action_plan_required"], &within["number"]), (&json!(false), &json!(2)), "1 % is within");
    let over = fund.made("forecasts", manager(101_001)).await;
    assert_eq!((&over["action_plan_required"], &over["total"]["variance_bp"]), (&json!(true), &json!(100)));
    for (by, wanted) in
        [("", json!(101_001)), ("?group_by=scheme", json!(101_001)), ("?group_by=category", Value::Null)]
    {
        assert_eq!(fund.get(&format!("position{by}")).await["data"][0]["forecast_pence"], wanted, "{by}");
    }
    for (body, at) in [
        (json!({"period": 3, "method": "profile", "basis": "x", "lines": manager(1)["lines"]}), "/lines"),
        (json!({"period": 3, "method": "manager", "basis": "x"}), "/lines"),
        (manager(i64::MAX), "/lines/0/amount_pence"),
        (json!({"period": 14, "method": "profile", "basis": "x"}), "/period"),
    ] {
        let answer = fund.post("forecasts", &body).await;
        assert_eq!((refusal(&answer).as_str(), pointer(&answer)), ("422 content-invalid", at), "{body}");
    }
    let report = format!("{HERE}/returns/{}", first_quarter(&fund.id, &fund.year()).await);
    let submit = async || {
        let body = json!({"to": "submitted", "reason": "Quarter end"});
        let headers = [("if-match", "\"1\""), ("idempotency-key", &*key())];
        send(&fund.finance, Method::POST, &format!("{report}/transitions"), &headers, Some(&body)).await
    };
    let held_up = submit().await;
    assert_eq!((refusal(&held_up).as_str(), &held_up.body["unmet"][0]["rule"]), ("409 rule-unmet", &json!(27)));
    let plan = json!({"scheme": "ICES", "cause": "More equipment", "actions": ["Collect what is not used"],
        "owner": "Head of commissioning", "due_on": "2026-12-31", "recovers_pence": 1_001});
    fund.made("action-plans", plan).await;
    let forecasts = fund.get("forecasts").await;
    assert_eq!(forecasts["data"][2]["action_plan_required"], false);
    let narrate = async |version: &str, text: &str| {
        fund.put(&format!("{report}/narrative"), version, &json!({"narrative": text})).await
    };
    assert_eq!(narrate("\"2\"", "Early").await.status, 412);
    let told = narrate("\"1\"", "More equipment was lent out.").await;
    assert_eq!((told.status.as_u16(), &told.body["narrative"]), (200, &json!("More equipment was lent out.")));
    let submit = async || {
        let body = json!({"to": "submitted", "reason": "Quarter end"});
        let headers = [("if-match", "\"2\""), ("idempotency-key", &*key())];
        send(&fund.finance, Method::POST, &format!("{report}/transitions"), &headers, Some(&body)).await
    };
    assert_eq!(submit().await.status, 200);
    assert_eq!(refusal(&narrate("\"3\"", "Too late").await), "409 conflict");
    // The books move after it was submitted: what was frozen is not what they say.
    fund.posts("budget", 1_000, 5).await;
    let manager = running().as_("testford-pool-manager");
    let body = json!({"to": "approved", "reason": "A test"});
    let headers = [("if-match", "\"3\""), ("idempotency-key", &*key())];
    let stale = send(&manager, Method::POST, &format!("{report}/transitions"), &headers, Some(&body)).await;
    assert_eq!(refusal(&stale), "409 conflict", "{}", stale.body);
    let told = fund.finance.get(&report).await.unwrap().body;
    assert_eq!(told["figures"]["action_plans"][0]["cause"], "More equipment");
}

#[tokio::test]
async fn rule_31_the_account_closes_on_the_sum_of_the_shares() {
    let fund = Fund::new("Account").await;
    fund.budget(0).await;
    fund.made("contributions", cash(&fund.council, 10_000)).await;
    fund.made(
        "contributions",
        json!({"payer": fund.council, "amount_pence": 777, "funding_source": "council",
        "form": "in_kind", "valuation_basis": "Rent", "recurrent": true, "source": "A test"}),
    )
    .await;
    fund.posts("actual", 9_000, 6).await;
    let told = fund.get("memorandum-account").await;
    let account = &told["account"];
    let of = |field: &str| account[field].as_i64().unwrap();
    assert_eq!((of("opening_pence"), of("other_income_pence"), of("contributions_pence")), (500, 25, 10_000));
    assert_eq!((of("expenditure_pence"), of("closing_pence"), of("in_kind_pence")), (9_000, 1_525, 777));
    let shares: i64 =
        account["partners"].as_array().unwrap().iter().map(|p| p["closing_share_pence"].as_i64().unwrap()).sum();
    assert_eq!((shares, &told["rule"]["rule"]), (1_525, &json!(31)));
    let lines = told["data"].as_array().unwrap();
    assert!(lines.iter().any(|line| line["line"] == "Closing balance" && line["amount_pence"] == 1_525));
}

#[tokio::test]
async fn rule_39_a_code_of_another_year_is_refused_with_the_years_it_is_of() {
    let fund = Fund::new("Codes").await;
    let path = fund.scheme_plan().await;
    let plan = |change: Value| {
        let mut body = json!({"activity": "end-of-life-care", "bcf_source": "dfg", "area_of_spend": "social-care",
            "description": "A test", "commissioner": "la", "provider_type": "nhs", "outcomes": []});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        body
    };
    let old = fund.put(&path, "\"0\"", &plan(json!({"bcf_source": "ibcf"}))).await;
    assert_eq!(refused(&old), ("422 rule-broken".to_owned(), "/bcf_source".to_owned(), json!(39)));
    assert!(old.body["detail"].as_str().unwrap().contains("2023-24 to 2024-25"), "{}", old.body);
    let short = json!({"commissioner": "joint", "nhs_share_bp": 5_000, "la_share_bp": 4_999});
    let short = fund.put(&path, "\"0\"", &plan(short)).await;
    assert_eq!(refused(&short), ("422 rule-broken".to_owned(), "/nhs_share_bp".to_owned(), json!(40)));
    assert!(short.body["detail"].as_str().unwrap().contains("99.99 %"));
    assert_eq!(fund.put(&path, "\"1\"", &plan(json!({}))).await.status, 412);
    assert_eq!(fund.put(&path, "\"0\"", &plan(json!({}))).await.status, 200);
    assert_eq!(fund.put(&path, "\"0\"", &plan(json!({}))).await.status, 412);
    let joint = json!({"commissioner": "joint", "nhs_share_bp": 5_001, "la_share_bp": 4_999});
    assert_eq!(fund.put(&path, "\"1\"", &plan(joint)).await.status, 200);
    let told = fund.finance.get(&path).await.unwrap();
    assert_eq!((told.headers["etag"].to_str().unwrap(), &told.body["plan"]["nhs_share_bp"]), ("\"2\"", &json!(5_001)));
    let lists = fund.finance.get(&format!("{HERE}/code-lists/2026-27")).await.unwrap().body;
    assert!(lists["data"][0]["status"].as_str().unwrap().starts_with("not confirmed"));
    let none = send(&fund.finance, Method::GET, &format!("{HERE}/code-lists/2019-20"), &[], None).await;
    assert_eq!(none.status, 404);
}

#[tokio::test]
async fn rule_37_a_better_care_fund_plan_waits_for_all_four_to_sign() {
    let fund = Fund::new("Better care").await;
    let year = fund.year();
    let manager = running().as_("testford-pool-manager");
    let mut given = cash(&fund.council, 1_000_000);
    given["bcf_source"] = "nhs-minimum-contribution".into();
    fund.made("contributions", given).await;
    fund.posts("budget", 1_000_000, 1).await;
    let plan = json!({"activity": "end-of-life-care", "bcf_source": "nhs-minimum-contribution",
        "area_of_spend": "social-care", "description": "=HYPERLINK(\"x\")", "commissioner": "nhs",
        "provider_type": "nhs-community-provider", "outcomes": [{"measure": "Visits", "unit": "visits", "plan": 400}]});
    assert_eq!(fund.put(&fund.scheme_plan().await, "\"0\"", &plan).await.status, 200);
    let minimums = json!({"nhs_minimum_pence": 1_000_000, "asc_minimum_pence": 400_000, "source": "Published allocations",
        "asc_planned_pence": 400_000, "conditions": [{"number": 1, "met": true}],
        "metrics": [{"metric": "emergency-admissions-65-per-100k", "plan_hundredths": 150_050, "status": "not_known"}]});
    let path = format!("{year}/better-care-fund");
    let unplanned =
        json!({"role": "chief_finance_officer", "signed_on": "2026-03-24", "reference": "x", "delegated": false});
    let unplanned = write(&manager, &format!("{path}/sign-offs"), &unplanned).await;
    assert_eq!(refusal(&unplanned), "409 rule-unmet", "there is no plan yet");
    assert_eq!(fund.put(&path, "\"0\"", &minimums).await.status, 200);
    let draft = json!({"fund": fund.id, "year": "2026-27", "kind": "better_care_fund_plan"});
    let made = write(&fund.finance, &format!("{HERE}/returns"), &draft).await;
    assert_eq!(refusal(&write(&fund.finance, &format!("{HERE}/returns"), &draft).await), "409 conflict");
    let plan = format!("{HERE}/returns/{}", made.body["id"].as_str().unwrap());
    let submit = async || {
        let body = json!({"to": "submitted", "reason": "Ready"});
        let headers = [("if-match", "\"1\""), ("idempotency-key", &*key())];
        send(&fund.finance, Method::POST, &format!("{plan}/transitions"), &headers, Some(&body)).await
    };
    let early = submit().await;
    let unmet: Vec<&Value> = early.body["unmet"].as_array().unwrap().iter().map(|one| &one["rule"]).collect();
    assert_eq!((refusal(&early).as_str(), unmet), ("409 rule-unmet", vec![&json!(37)]), "{}", early.body);
    let sign = async |role: &str, delegated: bool| {
        let body = json!({"role": role, "signed_on": "2026-03-24", "reference": "Minute 41", "delegated": delegated});
        write(&manager, &format!("{path}/sign-offs"), &body).await
    };
    let delegated = sign("board_chief_executive", true).await;
    assert_eq!(refused(&delegated), ("422 rule-broken".to_owned(), "/delegated".to_owned(), json!(37)));
    for role in
        ["health_and_wellbeing_board", "council_chief_executive", "board_chief_executive", "chief_finance_officer"]
    {
        assert_eq!(sign(role, false).await.status, 201);
    }
    assert_eq!(refusal(&sign("chief_finance_officer", false).await), "409 conflict", "once");
    // The plan changes: what was signed is another, and everybody signs anew.
    assert_eq!(fund.put(&path, "\"1\"", &minimums).await.status, 200);
    let checks = fund.get("better-care-fund/checks").await;
    assert_eq!((&checks["data"][2]["holds"], &checks["sign_offs"][0]["counts"]), (&json!(false), &json!(false)));
    for role in
        ["health_and_wellbeing_board", "council_chief_executive", "board_chief_executive", "chief_finance_officer"]
    {
        assert_eq!(sign(role, false).await.status, 201);
    }
    let checks = fund.get("better-care-fund/checks").await;
    let standing: Vec<(&Value, &Value)> =
        checks["data"].as_array().unwrap().iter().map(|check| (&check["rule"], &check["holds"])).collect();
    let (holds, unknown) = (json!(true), Value::Null);
    let wanted = [(35, &holds), (36, &holds), (37, &holds), (38, &unknown), (39, &holds), (40, &holds)];
    assert_eq!(standing, wanted.map(|(rule, how)| (json!(rule), how)).iter().map(|(r, h)| (r, *h)).collect::<Vec<_>>());
    assert!(checks["data"][3]["missing"][0].as_str().unwrap().contains("not known"));
    assert_eq!(submit().await.status, 200);
    let told = fund.finance.get(&plan).await.unwrap().body;
    let warned =
        told["figures"]["warnings"].as_array().unwrap().iter().any(|w| w.as_str().unwrap().contains("deadline"));
    assert!(warned, "{}", told["figures"]["warnings"]);
    workbook(&plan).await;
}

/// Asks for a return's workbook and gives back its bytes.
async fn workbook(path: &str) -> Vec<u8> {
    let token = running().as_("testford-member").token().await.unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = http.get(format!("{}{path}/workbook", running().url)).bearer_auth(token).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");
    assert!(header("content-disposition").starts_with("attachment; filename=\"testford-2026-27-"));
    assert_eq!(header("x-content-type-options"), "nosniff");
    let bytes = answer.bytes().await.unwrap().to_vec();
    assert!(bytes.starts_with(b"PK"), "it is a package");
    bytes
}

#[tokio::test]
async fn a_return_comes_as_lines_and_as_a_workbook_and_says_what_it_is() {
    let fund = Fund::new("Told").await;
    fund.budget(0).await;
    fund.made("contributions", cash(&fund.council, 12_000)).await;
    fund.posts("budget", 12_525, 1).await;
    fund.posts("actual", 4_000, 3).await;
    let saving = fund
        .made(
            "savings",
            json!({"title": "One contract", "target_pence": 1_000, "recurrent": true,
        "owner": "Head of commissioning", "scheme": "ICES"}),
        )
        .await;
    let reports = format!("savings/{}/reports", saving["id"].as_str().unwrap());
    fund.made(&reports, json!({"period": 3, "achieved_pence": 250, "forecast_pence": 980})).await;
    fund.made(&reports, json!({"period": 9, "achieved_pence": 600, "forecast_pence": 500})).await;
    assert_eq!(fund.get("savings").await["data"][0]["rag"], "red", "the latest report counts");
    let unknown = json!({"title": "x", "target_pence": 1, "recurrent": true, "owner": "x", "scheme": "NOPE"});
    assert_eq!(refusal(&fund.post("savings", &unknown).await), "422 unknown-reference");
    let id = first_quarter(&fund.id, &fund.year()).await;
    let path = format!("{HERE}/returns/{id}");
    let told = fund.finance.get(&path).await.unwrap().body;
    assert_eq!(told["figures"]["savings"][0]["achieved_pence"], 250, "as it was reported in the quarter");
    assert_eq!(told["figures"]["totals"]["actual_pence"], 4_000);
    let balanced =
        told["figures"]["warnings"].as_array().unwrap().iter().all(|w| !w.as_str().unwrap().contains("balance"));
    assert!(balanced, "12,000 and 525 come in for 12,525: {}", told["figures"]["warnings"]);
    let csv = {
        let token = fund.finance.token().await.unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let asked = http.get(format!("{}{path}/lines", running().url)).bearer_auth(token).header("accept", "text/csv");
        asked.send().await.unwrap().text().await.unwrap()
    };
    assert!(csv.starts_with("section,code,name,item,amount_pence,text\n"), "{csv}");
    assert!(csv.contains("schemes,ICES,Community equipment,actual,4000,"), "{csv}");
    assert!(workbook(&path).await.len() > 5_000);
    for (query, wanted) in [("?kind=annual", 0), ("?kind=quarterly", 1)] {
        let list = fund.finance.get(&format!("{HERE}/returns{query}&fund={}", fund.id)).await.unwrap().body;
        assert_eq!(list["data"].as_array().unwrap().len(), wanted, "{query}");
    }
    for (body, at) in [
        (json!({"fund": fund.id, "year": "2026-27", "kind": "quarterly"}), "/quarter"),
        (json!({"fund": fund.id, "year": "2026-27", "kind": "annual", "quarter": 1}), "/quarter"),
        (json!({"fund": fund.id, "year": "2026-27", "kind": "quarterly", "quarter": 99_999}), "/quarter"),
    ] {
        let answer = write(&fund.finance, &format!("{HERE}/returns"), &body).await;
        assert_eq!((refusal(&answer).as_str(), pointer(&answer)), ("422 content-invalid", at), "{body}");
    }
    let nowhere = json!({"fund": "01890a5d-ac96-774b-bcce-b302099a8057", "year": "2026-27", "kind": "annual"});
    assert_eq!(refusal(&write(&fund.finance, &format!("{HERE}/returns"), &nowhere).await), "422 unknown-reference");
}
