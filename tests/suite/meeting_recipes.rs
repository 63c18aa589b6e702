//! What meetings need before something can be asked of them: a committee, people, an agenda. All on Testford.

use serde_json::{Value, json};

use crate::{
    recipes::Operation,
    running::{key, running, write},
};

pub(crate) const HERE: &str = "/v1/boroughs/testford";
/// The content of the paper the API description announces in its example.
pub(crate) const PAPER: &[u8] = b"%PDF-1.7";

/// Writes as the clerk of Testford, and gives back the id of what was made.
pub(crate) async fn make(path: &str, body: &Value) -> String {
    let made = write(&running().as_("testford-clerk"), &format!("{HERE}/{path}"), body).await;
    assert!(made.status.is_success(), "{path} {body}: {}", made.body);
    made.body["id"].as_str().expect("an id").to_owned()
}

pub(crate) async fn committee() -> String {
    let body = json!({"name": format!("Committee {}", key()), "basis": "advisory", "access_regime": "none",
        "parents": ["Testford Council"], "source": "A test"});
    make("committees", &body).await
}

pub(crate) async fn person() -> String {
    make("people", &json!({"name": format!("Councillor {}", key())})).await
}

/// A meeting of a committee that begins at an instant.
pub(crate) async fn meeting_of(committee: &str, starts_at: &str) -> String {
    let body = json!({"committee": committee, "title": "A meeting", "starts_at": starts_at, "place": "Town Hall"});
    make("meetings", &body).await
}

/// A meeting far ahead.
pub(crate) async fn meeting() -> String {
    meeting_of(&committee().await, "2028-03-16T14:00:00Z").await
}

/// A meeting that may be held at once.
pub(crate) async fn meeting_today() -> String {
    meeting_of(&committee().await, &noon_today()).await
}

/// Noon of the present day.
pub(crate) fn noon_today() -> String {
    format!("{}T12:00:00Z", domain::day_in_england(domain::Clock::System.now()))
}

/// Moves a meeting on, state by state.
pub(crate) async fn bring(meeting: &str, states: &[&str]) {
    let clerk = running().as_("testford-clerk");
    for state in states {
        clerk.transition(&format!("{HERE}/meetings/{meeting}"), &key(), state, "A test").await.unwrap();
    }
}

/// A complete entry of the forward plan.
pub(crate) fn plan_entry(committee: &str) -> Value {
    json!({"committee": committee, "matter": "A matter", "decision_on": "2028-03-16", "particulars": {"key_decision": true,
        "decision_maker": {"kind": "body", "name": "A committee", "members": ["A member"]}, "documents": [],
        "copies_from": "Town Hall", "others_may_follow": true, "how_to_ask": "Write to the clerk"}})
}

pub(crate) async fn item(meeting: &str, more: Value) -> String {
    let mut body = json!({"label": key(), "title": "An item", "purpose": "decision"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    make(&format!("meetings/{meeting}/agenda-items"), &body).await
}

pub(crate) async fn arrive(meeting: &str, person: &str) -> String {
    make(&format!("meetings/{meeting}/attendances"), &json!({"person": person, "capacity": "in_attendance"})).await
}

async fn paper(meeting: &str) -> String {
    let example = crate::recipes::operations().into_iter().find(|o| o.id == "announcePaper").unwrap().example.unwrap();
    make(&format!("meetings/{meeting}/papers"), &example).await
}

/// Sends the content of a paper as the clerk.
pub(crate) async fn send_content(meeting: &str, paper: &str, bytes: &[u8]) -> reqwest::Response {
    send_content_at("\"1\"", meeting, paper, bytes).await
}

pub(crate) async fn send_content_at(version: &str, meeting: &str, paper: &str, bytes: &[u8]) -> reqwest::Response {
    let running = running();
    let token = running.as_("testford-clerk").token().await.unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let request =
        http.put(format!("{}{HERE}/meetings/{meeting}/papers/{paper}/content", running.url)).bearer_auth(token);
    let request = request.header("if-match", version).header("content-type", "application/octet-stream");
    request.body(bytes.to_vec()).send().await.unwrap()
}

/// Fills in what operations on people and meetings need: the path, the body, and the content where that is no JSON.
pub(crate) async fn fill(operation: &Operation, path: String, body: &mut Option<Value>) -> (String, Option<Vec<u8>>) {
    let mut path = path;
    let mut content = None;
    let mut put = |name: &str, id: &str| path = path.replace(&format!("{{{name}}}"), id);
    let mut set = |field: &str, value: &str| body.as_mut().expect("a body")[field] = value.into();
    match operation.id.as_str() {
        "getPerson" | "listInterests" | "registerInterest" => put("person", &person().await),
        "endInterest" => {
            let person = person().await;
            let interest = json!({"kind": "nhs_financial", "nature": "A practice", "arose_on": "2025-09-01"});
            put("interest", &make(&format!("people/{person}/interests"), &interest).await);
            put("person", &person);
        }
        "recordOffice" => {
            set("person", &person().await);
            set("body", &key());
        }
        "endOffice" => {
            let tenure =
                json!({"office": "clerk", "body": key(), "person": person().await, "valid_from": "2026-04-01"});
            put("tenure", &make("offices", &tenure).await);
        }
        "planDecision" => set("committee", &committee().await),
        "getPlanEntry" | "publishPlanEntry" | "revisePlanEntry" => {
            let committee = committee().await;
            put("entry", &make("forward-plan", &plan_entry(&committee)).await);
            if operation.id == "revisePlanEntry" {
                set("committee", &committee);
            }
        }
        "callMeeting" => set("committee", &committee().await),
        "recordChair" => {
            set("person", &person().await);
            put("meeting", &meeting().await);
        }
        "getAgendaItem" | "recordNoticeException" => {
            let meeting = meeting().await;
            put("item", &item(&meeting, json!({"key_decision": true})).await);
            put("meeting", &meeting);
        }
        "getPaper" | "storePaper" | "getPaperContent" => {
            let meeting = meeting().await;
            let paper = paper(&meeting).await;
            if operation.id == "getPaperContent" {
                assert!(send_content(&meeting, &paper, PAPER).await.status().is_success());
            } else if operation.id == "storePaper" {
                content = Some(PAPER.to_vec());
            }
            put("paper", &paper);
            put("meeting", &meeting);
        }
        "recordArrival" | "recordDeparture" | "declareInterest" | "recordRuling" => {
            let (meeting, person) = (meeting().await, person().await);
            // Before notice is given: afterwards it might be late.
            let item = item(&meeting, json!({})).await;
            bring(&meeting, &["notified"]).await;
            match operation.id.as_str() {
                "recordArrival" => set("person", &person),
                "recordDeparture" => put("attendance", &arrive(&meeting, &person).await),
                "declareInterest" => {
                    arrive(&meeting, &person).await;
                    set("item", &item);
                    set("person", &person);
                }
                _ => {
                    arrive(&meeting, &person).await;
                    let declared = json!({"item": item, "person": person, "nature": "A practice", "action": "leave"});
                    put("declaration", &make(&format!("meetings/{meeting}/declarations"), &declared).await);
                }
            }
            put("meeting", &meeting);
        }
        "recordMinutes" => {
            let meeting = meeting_today().await;
            bring(&meeting, &["notified", "in_session"]).await;
            put("meeting", &meeting);
        }
        _ if operation.template.contains("/meetings/{meeting}") && operation.id != "getQuorum" => {
            put("meeting", &meeting().await)
        }
        _ => {}
    }
    (path, content)
}
