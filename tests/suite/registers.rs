//! The registers around the committees: the stories they tell, and what is refused of them.

use reqwest::Method;
use serde_json::{Value, json};
use tenfold::client::{Answer, Client};

use crate::running::{key, pointer, refusal, running, send, testford, write};

const HERE: &str = "/v1/boroughs/testford";

async fn clerk() -> Client {
    testford().await;
    running().as_("testford-clerk")
}

/// Records something that is right, and gives back its id.
async fn made(path: &str, body: &Value) -> String {
    let answer = write(&clerk().await, &format!("{HERE}/{path}"), body).await;
    assert_eq!(answer.status, 201, "{path}: {}", answer.body);
    answer.body["id"].as_str().unwrap().to_owned()
}

async fn consultation() -> String {
    let body = json!({"subject": "Single commissioning", "audience": "The public and key stakeholders",
        "opens_on": "2017-10-02", "closes_on": "2018-01-12", "source": "A test"});
    made("consultations", &body).await
}

async fn risk() -> String {
    let body = json!({"subject": "Staff transfer", "kind": "risk", "description": "Pensions follow.", "likelihood": 3,
        "impact": 4, "owner": "Director of Adult Social Services"});
    made("due-diligence", &body).await
}

async fn action(due_on: &str) -> String {
    let body = json!({"text": "Bring the final report to cabinet", "owner": "Accountable officer", "due_on": due_on});
    made("actions", &body).await
}

async fn plan() -> String {
    let body =
        json!({"title": "Locality plan", "valid_from": "2016-04-01", "valid_to": "2021-03-31", "source": "A test"});
    made("locality-plans", &body).await
}

async fn milestone(plan: &str) -> String {
    let body = json!({"title": "Go live", "planned_on": "2018-04-01"});
    made(&format!("locality-plans/{plan}/milestones"), &body).await
}

/// The path of an operation on a register, with something of Testford's in it.
pub(crate) async fn path(operation: &str, template: String) -> String {
    match operation {
        "getConsultation" | "listConsultationReports" | "recordConsultationReport" => {
            template.replace("{consultation}", &consultation().await)
        }
        "getDueDiligence" | "getDueDiligenceTransitions" | "moveDueDiligence" => {
            template.replace("{item}", &risk().await)
        }
        "getAction" | "getActionTransitions" | "moveAction" => {
            template.replace("{action}", &action("2027-02-26").await)
        }
        "listMilestones" | "recordMilestone" => template.replace("{plan}", &plan().await),
        "replanMilestone" | "completeMilestone" => {
            let plan = plan().await;
            template.replace("{milestone}", &milestone(&plan).await).replace("{plan}", &plan)
        }
        _ => template,
    }
}

async fn get(path: &str) -> Value {
    running().as_("testford-member").get(&format!("{HERE}/{path}")).await.unwrap().body
}

async fn moved(path: &str, to: &str, reason: &str, version: &str) -> Answer {
    let (key, body) = (key(), json!({"to": to, "reason": reason}));
    let headers = [("idempotency-key", key.as_str()), ("if-match", version)];
    send(&clerk().await, Method::POST, &format!("{HERE}/{path}/transitions"), &headers, Some(&body)).await
}

#[tokio::test]
async fn wigan_reports_to_cabinet_in_december_and_finally_in_february() {
    let consultation = consultation().await;
    let reports = format!("consultations/{consultation}/reports");
    let report = |kind: &str, on: &str| {
        json!({"kind": kind, "reported_to": "Cabinet", "reported_on": on, "response_count": 412,
            "summary": "Feedback is positive.", "outcome": "supportive"})
    };
    made(&reports, &report("interim", "2017-12-14")).await;
    let early = write(&clerk().await, &format!("{HERE}/{reports}"), &report("final", "2017-12-14")).await;
    assert_eq!((refusal(&early).as_str(), pointer(&early)), ("422 content-invalid", "/reported_on"));
    made(&reports, &report("final", "2018-02-15")).await;
    let there = get(&reports).await;
    let kinds: Vec<&str> = there["data"].as_array().unwrap().iter().map(|r| r["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["interim", "final"]);
}

#[tokio::test]
async fn wirral_hears_a_verbal_item_and_resolves_that_it_be_noted() {
    let body = json!({"body": "Adult Care and Health Overview and Scrutiny Committee", "title": "Verbal update",
        "considered_on": "2018-03-20", "verbal": true, "questions": ["What follows in 2020?", "Who employs the staff?"],
        "resolution": "Resolved – That the report be noted.", "outcome": "noted", "source": "A test"});
    let id = made("scrutiny-items", &body).await;
    let there = get("scrutiny-items?limit=500").await;
    let item = there["data"].as_array().unwrap().iter().find(|item| item["id"] == *id).unwrap();
    assert_eq!(item["resolution"], "Resolved – That the report be noted.");
    assert_eq!(item["questions"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_risk_shows_its_score_and_closes_once() {
    let risk = format!("due-diligence/{}", risk().await);
    assert_eq!(get(&risk).await["score"], 12);
    assert_eq!(moved(&risk, "mitigated", "An admission agreement", "\"1\"").await.status, 200);
    let back = moved(&risk, "open", "Again", "\"2\"").await;
    assert_eq!((refusal(&back).as_str(), &back.body["allowed"]), ("409 transition-refused", &json!(["closed"])));
    assert_eq!(moved(&risk, "closed", "Settled", "\"2\"").await.status, 200);
    let history = get(&format!("{risk}/transitions")).await;
    assert_eq!((history["state"].as_str(), history["data"].as_array().unwrap().len()), (Some("closed"), 2));
}

#[tokio::test]
async fn an_action_past_its_day_is_overdue_until_it_is_done() {
    let (late, ahead) = (action("2018-02-28").await, action("2090-02-28").await);
    let ids = async |query: &str| -> Vec<String> {
        let there = get(&format!("actions?limit=500&overdue={query}")).await;
        there["data"].as_array().unwrap().iter().map(|a| a["id"].as_str().unwrap().to_owned()).collect()
    };
    assert!(ids("true").await.contains(&late) && !ids("true").await.contains(&ahead));
    assert!(ids("false").await.contains(&ahead) && !ids("false").await.contains(&late));
    let unsaid = moved(&format!("actions/{late}"), "done", " ", "\"1\"").await;
    assert_eq!((refusal(&unsaid).as_str(), pointer(&unsaid)), ("422 content-invalid", "/reason"), "no evidence");
    assert_eq!(moved(&format!("actions/{late}"), "done", "Minute 84 of 25 February", "\"1\"").await.status, 200);
    assert!(!ids("true").await.contains(&late));
    let action = get(&format!("actions/{late}")).await;
    assert_eq!((&action["state"], &action["overdue"]), (&json!("done"), &json!(false)));
}

#[tokio::test]
async fn a_milestone_that_slips_keeps_its_earlier_plans_and_is_reached_by_nobodys_calendar() {
    let plan = plan().await;
    let milestone = milestone(&plan).await;
    let at = format!("{HERE}/locality-plans/{plan}/milestones");
    let slip = json!({"planned_on": "2019-04-01", "reason": "Both bodies are to approve first"});
    let answer = write(&clerk().await, &format!("{at}/{milestone}/replannings"), &slip).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let there = get(&format!("locality-plans/{plan}/milestones")).await;
    let shown = &there["data"][0];
    assert_eq!((&shown["planned_on"], &shown["first_planned_on"]), (&json!("2019-04-01"), &json!("2018-04-01")));
    assert_eq!(shown["earlier_plans"][0]["planned_on"], "2018-04-01");
    assert_eq!(shown["reached_on"], Value::Null, "both days are past, and nobody has said it was reached");
    let reached = json!({"reached_on": "2019-04-01"});
    assert_eq!(write(&clerk().await, &format!("{at}/{milestone}/completions"), &reached).await.status, 201);
    let again = write(&clerk().await, &format!("{at}/{milestone}/completions"), &reached).await;
    assert_eq!(refusal(&again), "409 conflict");
}

#[tokio::test]
async fn what_a_register_refuses() {
    let clerk = clerk().await;
    let nowhere = "01890a5d-ac96-774b-bcce-b302099a8057";
    let consultation = |change: Value| {
        let mut body = json!({"subject": "S", "audience": "A", "opens_on": "2018-01-01", "closes_on": "2018-02-01",
            "source": "A test"});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        ("consultations", body)
    };
    let risk = |change: Value| {
        let mut body =
            json!({"subject": "S", "kind": "risk", "description": "D", "likelihood": 1, "impact": 1, "owner": "O"});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        ("due-diligence", body)
    };
    let action = |change: Value| {
        let mut body = json!({"text": "T", "owner": "O", "due_on": "2018-01-01"});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        ("actions", body)
    };
    let item = |change: Value| {
        let mut body = json!({"body": "B", "title": "T", "considered_on": "2018-01-01", "verbal": true, "questions": [],
            "resolution": "R", "outcome": "noted", "source": "A test"});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        ("scrutiny-items", body)
    };
    for ((path, body), refused, at) in [
        (consultation(json!({"closes_on": "2017-12-31"})), "422 content-invalid", "/closes_on"),
        (consultation(json!({"opens_on": "-262143-01-01"})), "422 content-invalid", "/opens_on"),
        (consultation(json!({"subject": " "})), "422 content-invalid", "/subject"),
        (consultation(json!({"committee": nowhere})), "422 unknown-reference", "/committee"),
        (consultation(json!({"colour": "blue"})), "422 content-invalid", "/colour"),
        (risk(json!({"likelihood": 6})), "422 content-invalid", "/likelihood"),
        (risk(json!({"impact": null})), "422 content-invalid", "/impact"),
        (risk(json!({"kind": "benefit"})), "422 content-invalid", "/likelihood"),
        (risk(json!({"committee": nowhere})), "422 unknown-reference", "/committee"),
        (action(json!({"meeting": nowhere})), "422 unknown-reference", "/meeting"),
        (action(json!({"decision": nowhere})), "422 unknown-reference", "/decision"),
        (action(json!({"text": "x".repeat(2001)})), "422 content-invalid", "/text"),
        (item(json!({"considered_on": "2090-01-01"})), "422 content-invalid", "/considered_on"),
        (item(json!({"questions": [""]})), "422 content-invalid", "/questions/0"),
        (item(json!({"outcome": "called_in"})), "422 content-invalid", "/decision"),
        (item(json!({"decision": nowhere})), "422 unknown-reference", "/decision"),
    ] {
        let answer = write(&clerk, &format!("{HERE}/{path}"), &body).await;
        assert_eq!((refusal(&answer).as_str(), pointer(&answer)), (refused, at), "{body} → {}", answer.body);
    }
}
