//! Meetings from the call to the minutes, and what is refused on the way.

use chrono::{Days, NaiveDate};
use domain::{Clock, day_in_england};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tenfold::client::Answer;

use crate::{
    meeting_recipes::{
        HERE, PAPER, arrive, bring, committee, item, make, meeting, meeting_of, noon_today, person, plan_entry,
        send_content, send_content_at,
    },
    running::{key, pointer, refusal, running, send, testford, write},
};

fn today() -> NaiveDate {
    day_in_england(Clock::System.now())
}

fn in_days(days: u64) -> String {
    format!("{}T12:00:00Z", today() + Days::new(days))
}

async fn post(path: &str, body: Value) -> Answer {
    write(&running().as_("testford-clerk"), &format!("{HERE}/{path}"), &body).await
}

async fn post_at(path: &str, version: &str, body: Value) -> Answer {
    let clerk = running().as_("testford-clerk");
    let headers = [("idempotency-key", &*key()), ("if-match", version)].map(|(n, v)| (n, v.to_owned()));
    let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
    send(&clerk, Method::POST, &format!("{HERE}/{path}"), &headers, Some(&body)).await
}

async fn read_as(persona: &str, path: &str) -> Answer {
    send(&running().as_(persona), Method::GET, &format!("{HERE}/{path}"), &[], None).await
}

async fn read(path: &str) -> Value {
    read_as("testford-clerk", path).await.body
}

#[tokio::test]
async fn a_meeting_is_called_notified_held_and_minuted() {
    testford().await;
    let committee = committee().await;
    let meeting = meeting_of(&committee, "2027-01-14T14:00:00Z").await;
    let called = read(&format!("meetings/{meeting}")).await;
    let by = &called["deadlines"];
    assert_eq!((&by["notice_by"], &by["agenda_by"]), (&json!("2027-01-06"), &json!("2027-01-06")));
    assert_eq!((&by["key_decision_notice_by"], &by["days"]), (&json!("2026-12-16"), &json!("clear working")));
    let path = format!("meetings/{meeting}");
    let moved = json!({"starts_at": "2027-04-01T13:00:00Z", "place": "Council Chamber", "reason": "Room too small"});
    let moved = post_at(&format!("{path}/reschedulings"), "\"1\"", moved).await;
    assert_eq!(moved.body["deadlines"]["agenda_by"], "2027-03-22", "Good Friday and Easter Monday do not count");
    assert_eq!(moved.headers["etag"], "\"2\"");
    bring(&meeting, &["notified"]).await;
    let path_of_moves = format!("{path}/transitions");
    let early = post_at(&path_of_moves, "\"3\"", json!({"to": "in_session", "reason": "A test"})).await;
    assert_eq!(refusal(&early), "409 conflict", "not before its day");
    let (meeting, path) = {
        let meeting = meeting_of(&committee, &noon_today()).await;
        (meeting.clone(), format!("meetings/{meeting}"))
    };

    let (chair, member) = (person().await, person().await);
    let early = post(&format!("{path}/attendances"), json!({"person": member, "capacity": "in_attendance"})).await;
    assert_eq!(refusal(&early), "409 conflict", "nobody attends a draft");
    let item = item(&meeting, json!({})).await;
    bring(&meeting, &["notified", "in_session"]).await;
    let chaired = post_at(&format!("{path}/chairs"), "\"3\"", json!({"person": chair})).await;
    assert_eq!((chaired.status.as_u16(), &chaired.body["chair"]), (201, &json!(chair)));
    let late = json!({"starts_at": "2027-04-02T13:00:00Z", "place": "Town Hall", "reason": "A clash"});
    let late = post_at(&format!("{path}/reschedulings"), "\"4\"", late).await;
    assert_eq!(refusal(&late), "409 conflict", "it has begun");

    let declaration = json!({"item": item, "person": member, "nature": "A practice", "action": "leave"});
    let absent = post(&format!("{path}/declarations"), declaration.clone()).await;
    assert_eq!((refusal(&absent).as_str(), pointer(&absent)), ("422 content-invalid", "/person"));
    let stay = arrive(&meeting, &member).await;
    let twice = post(&format!("{path}/attendances"), json!({"person": member, "capacity": "in_attendance"})).await;
    assert_eq!((refusal(&twice).as_str(), pointer(&twice)), ("409 conflict", "/person"));
    let declared = post(&format!("{path}/declarations"), declaration.clone()).await;
    let rulings = format!("{path}/declarations/{}/rulings", declared.body["id"].as_str().unwrap());
    assert_eq!(refusal(&post(&format!("{path}/declarations"), declaration).await), "409 conflict");
    for may in ["speak", "vote"] {
        let ruling = json!({"kind": "chairs_ruling", "may": may, "by_whom": "The chair", "reason": "Shared by all"});
        assert_eq!(post(&rulings, ruling).await.body["may"], may, "the last ruling holds");
    }
    let left = post(&format!("{path}/attendances/{stay}/departures"), json!({})).await;
    assert!(left.body["left_at"].is_string());
    assert_eq!(refusal(&post(&format!("{path}/attendances/{stay}/departures"), json!({})).await), "409 conflict");
    arrive(&meeting, &member).await;
    bring(&meeting, &["adjourned", "in_session", "closed"]).await;
    assert_eq!(
        refusal(&post(&format!("{path}/agenda-items"), json!({"label": "9", "title": "X", "purpose": "noting"})).await),
        "409 conflict"
    );

    let minutes = format!("{path}/minutes");
    let of = |kind: &str, at: Option<&str>| json!({"text": "1. Apologies", "kind": kind, "approved_at_meeting": at});
    assert_eq!(refusal(&post(&minutes, of("correction", None)).await), "409 conflict", "nothing to correct yet");
    for number in [1, 2] {
        assert_eq!(post(&minutes, of("draft", None)).await.body["number"], number);
    }
    let later = format!("{}T13:00:00Z", today());
    let next = meeting_of(&committee, &later).await;
    let unheld = post(&minutes, of("approved", Some(&next))).await;
    assert_eq!((refusal(&unheld).as_str(), pointer(&unheld)), ("422 content-invalid", "/approved_at_meeting"));
    bring(&next, &["notified", "in_session"]).await;
    let elsewhere = meeting_of(&crate::meeting_recipes::committee().await, &later).await;
    bring(&elsewhere, &["notified", "in_session"]).await;
    assert_eq!(refusal(&post(&minutes, of("approved", Some(&elsewhere))).await), "422 content-invalid");
    assert_eq!(post(&minutes, of("approved", Some(&next))).await.body["approved_at_meeting"], json!(next));
    assert_eq!(refusal(&post(&minutes, of("draft", None)).await), "409 conflict", "approved minutes stand");
    assert_eq!(post(&minutes, of("correction", None)).await.body["number"], 4);
}

#[tokio::test]
async fn rule_42_a_notice_has_all_eight_particulars() {
    testford().await;
    let committee = committee().await;
    let mut draft = plan_entry(&committee);
    draft["particulars"].as_object_mut().unwrap().remove("how_to_ask");
    let entry = make("forward-plan", &draft).await;
    let path = format!("forward-plan/{entry}");
    assert_eq!(read(&path).await["missing"], json!([{"letter": "h", "what": "how to ask for documents that follow"}]));
    let refused = post(&format!("{path}/publications"), json!({})).await;
    assert_eq!((refusal(&refused).as_str(), pointer(&refused)), ("422 content-invalid", "/particulars/how_to_ask"));
    let revised = post_at(&format!("{path}/revisions"), "\"1\"", plan_entry(&committee)).await;
    assert_eq!(revised.body["missing"], json!([]));
    let ahead = json!({"published_on": today() + Days::new(1)});
    assert_eq!(pointer(&post(&format!("{path}/publications"), ahead).await), "/published_on");
    let published = post(&format!("{path}/publications"), json!({})).await;
    assert_eq!(published.body["published_on"], json!(today()));
    assert_eq!(refusal(&post(&format!("{path}/publications"), json!({})).await), "409 conflict", "once");
    assert_eq!(refusal(&post_at(&format!("{path}/revisions"), "\"3\"", plan_entry(&committee)).await), "409 conflict");
    let unknown = post("forward-plan", plan_entry("01890a5d-ac96-774b-bcce-b302099a8057")).await;
    assert_eq!((refusal(&unknown).as_str(), pointer(&unknown)), ("422 unknown-reference", "/committee"));
}

#[tokio::test]
async fn rule_41_a_key_decision_needs_28_clear_days_unless_an_exception_is_recorded() {
    testford().await;
    let committee = committee().await;
    let standing = async |meeting: &str, item: &str| {
        read(&format!("meetings/{meeting}/agenda-items/{item}")).await["notice"].clone()
    };
    let (soon, later) = (meeting_of(&committee, &in_days(14)).await, meeting_of(&committee, &in_days(40)).await);
    let mut draft = plan_entry(&committee);
    draft["decision_on"] = json!(today() + Days::new(14));
    draft["particulars"]["decision_by"] = json!(today() + Days::new(40));
    let entry = make("forward-plan", &draft).await;
    let key_item = json!({"key_decision": true, "plan_entry": entry});
    let (hasty, timely) = (item(&soon, key_item.clone()).await, item(&later, key_item.clone()).await);
    let another_time = meeting_of(&committee, &in_days(50)).await;
    let another = item(&another_time, key_item.clone()).await;
    let mut twice = key_item;
    twice["label"] = json!("twice");
    twice["title"] = json!("Another matter");
    twice["purpose"] = json!("decision");
    let twice = post(&format!("meetings/{later}/agenda-items"), twice).await;
    assert_eq!((refusal(&twice).as_str(), pointer(&twice)), ("409 conflict", "/plan_entry"));
    assert_eq!(standing(&later, &timely).await["satisfied_by"], Value::Null, "not published");
    post(&format!("forward-plan/{entry}/publications"), json!({})).await;
    assert_eq!(standing(&later, &timely).await["satisfied_by"], "notice");
    let elsewhere = standing(&another_time, &another).await["satisfied_by"].clone();
    assert_eq!(elsewhere, Value::Null, "it is a notice of a decision on another day");
    let notice = standing(&soon, &hasty).await;
    assert_eq!((&notice["required"], &notice["satisfied_by"]), (&json!(true), &Value::Null), "too late for this one");
    assert_eq!(notice["due_by"], json!(today() + Days::new(14) - Days::new(29)));

    // Rules 43 and 44: what stands in for notice.
    let exceptions = format!("meetings/{soon}/agenda-items/{hasty}/exceptions");
    let exception = |kind: &str, on: NaiveDate| json!({"kind": kind, "told": "Chair of scrutiny", "told_on": on, "reason": "It cannot wait"});
    let ahead = post(&exceptions, exception("special_urgency", today() + Days::new(1))).await;
    assert_eq!((refusal(&ahead).as_str(), pointer(&ahead)), ("422 content-invalid", "/told_on"));
    let urgent = post(&exceptions, exception("special_urgency", today())).await;
    assert_eq!(urgent.body["notice"]["satisfied_by"], "special_urgency");
    assert_eq!(urgent.body["exceptions"][0]["told"], "Chair of scrutiny");
    let general = post(&exceptions, exception("general_exception", today() - Days::new(7))).await;
    assert_eq!(general.body["notice"]["satisfied_by"], "general_exception");
    let plain = item(&soon, json!({})).await;
    let needless = format!("meetings/{soon}/agenda-items/{plain}/exceptions");
    assert_eq!(refusal(&post(&needless, exception("special_urgency", today())).await), "409 conflict");
}

#[tokio::test]
async fn rule_45_a_private_item_needs_a_paragraph_and_a_public_interest_reason() {
    testford().await;
    let meeting = meeting().await;
    let items = format!("meetings/{meeting}/agenda-items");
    let secret = "The price is forty-two pounds";
    let private = |private: Value| json!({"label": key(), "title": "A contract", "purpose": "decision", "private": private, "exempt_text": secret});
    for (body, at) in [
        (private(json!({"paragraph": 3})), "/private/public_interest_reason"),
        (private(json!({"public_interest_reason": "A contract is being let"})), "/private/paragraph"),
        (private(json!({"paragraph": 8, "public_interest_reason": "A contract is being let"})), "/private/paragraph"),
        (private(Value::Null), "/exempt_text"),
    ] {
        let refused = post(&items, body).await;
        assert_eq!((refusal(&refused).as_str(), pointer(&refused)), ("422 content-invalid", at));
    }
    let fine = private(json!({"paragraph": 3, "public_interest_reason": "A contract is being let"}));
    let item = make(&items, &fine).await;
    for (persona, text) in [
        ("testford-clerk", json!(secret)),
        ("testford-member", json!(secret)),
        ("testford-auditor", json!(secret)),
        ("testford-finance", Value::Null),
        ("testford-admin", Value::Null),
    ] {
        let one = read_as(persona, &format!("{items}/{item}")).await.body;
        assert_eq!((&one["exempt"], &one["exempt_text"]), (&json!(true), &text), "{persona}");
        assert_eq!(read_as(persona, &items).await.body["data"][0]["exempt_text"], text, "{persona}");
    }
    let trail = read_as("testford-admin", "audit?limit=500").await.body.to_string();
    assert!(trail.contains(&item) && !trail.contains(secret), "the trail tells of the item and not of the text");
}

#[tokio::test]
async fn a_late_item_says_why_and_late_notice_is_shown() {
    testford().await;
    let meeting = meeting_of(&committee().await, &in_days(1)).await;
    let items = format!("meetings/{meeting}/agenda-items");
    item(&meeting, json!({})).await;
    bring(&meeting, &["notified"]).await;
    let shown = read(&format!("meetings/{meeting}")).await;
    assert_eq!((&shown["notice_late"], &shown["notice_late_reason"]), (&json!(true), &json!("A test")));
    let draft = |label: &str, reason: Value| json!({"label": label, "title": "Urgent", "purpose": "noting", "late_reason": reason});
    let refused = post(&items, draft("7", Value::Null)).await;
    assert_eq!((refusal(&refused).as_str(), pointer(&refused)), ("422 content-invalid", "/late_reason"));
    let taken = post(&items, draft("7", json!("The regulator wrote today"))).await;
    assert_eq!((taken.status.as_u16(), &taken.body["late_reason"]), (201, &json!("The regulator wrote today")));
    let again = post(&items, draft("7", json!("Once more"))).await;
    assert_eq!((refusal(&again).as_str(), pointer(&again)), ("409 conflict", "/label"));
    let nested = json!({"label": "7a", "title": "Part", "purpose": "noting", "late_reason": "With its parent", "parent": taken.body["id"]});
    assert_eq!(post(&items, nested).await.body["parent"], taken.body["id"]);
    let stray = json!({"label": "8", "title": "Part", "purpose": "noting", "late_reason": "X", "parent": "01890a5d-ac96-774b-bcce-b302099a8057"});
    assert_eq!(pointer(&post(&items, stray).await), "/parent");
}

/// A paper that announces these bytes.
fn announcing(file_name: &str, media_type: &str, bytes: &[u8], more: Value) -> Value {
    let sum = sha256(bytes);
    let mut body = json!({"title": "A paper", "file_name": file_name, "media_type": media_type, "bytes": bytes.len(), "sha256": sum});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn files_of(meeting: &str) -> usize {
    let boroughs = std::fs::read_dir(running().folder.join("papers")).into_iter().flatten().flatten();
    boroughs.map(|borough| std::fs::read_dir(borough.path().join(meeting)).into_iter().flatten().count()).sum()
}

async fn content_as(persona: &str, meeting: &str, paper: &str) -> reqwest::Response {
    let token = running().as_(persona).token().await.unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let path = format!("{}{HERE}/meetings/{meeting}/papers/{paper}/content", running().url);
    http.get(path).bearer_auth(token).send().await.unwrap()
}

#[tokio::test]
async fn a_paper_is_what_was_announced_or_nothing() {
    testford().await;
    let meeting = meeting().await;
    let papers = format!("meetings/{meeting}/papers");
    let html = b"<!doctype html><script>alert(1)</script>";
    for (body, at) in [
        (announcing("a.html", "application/pdf", PAPER, json!({})), "/file_name"),
        (announcing("../a.pdf", "application/pdf", PAPER, json!({})), "/file_name"),
        (announcing("a.html", "text/html", html, json!({})), "/media_type"),
        (announcing("a.pdf", "application/pdf", PAPER, json!({"bytes": 8 * 1024 * 1024 + 1})), "/bytes"),
        (announcing("a.pdf", "application/pdf", PAPER, json!({"exempt": true})), "/exempt"),
        (announcing("a.pdf", "application/pdf", PAPER, json!({"sha256": "0F"})), "/sha256"),
    ] {
        let refused = post(&papers, body).await;
        assert_eq!((refusal(&refused).as_str(), pointer(&refused)), ("422 content-invalid", at));
    }
    for (announced, sent) in [
        (announcing("a.pdf", "application/pdf", PAPER, json!({})), b"%PDF-1.6".as_slice()),
        (announcing("a.pdf", "application/pdf", PAPER, json!({})), b"%PDF-1.77".as_slice()),
        (announcing("a.pdf", "application/pdf", html, json!({})), html.as_slice()),
    ] {
        let paper = make(&papers, &announced).await;
        let refused = send_content(&meeting, &paper, sent).await;
        assert_eq!(refused.status(), 422, "{}", refused.text().await.unwrap());
        assert_eq!(content_as("testford-clerk", &meeting, &paper).await.status(), 404);
    }
    assert_eq!(files_of(&meeting), 0, "nothing is left behind");

    // Larger than any JSON body may be.
    let large = [PAPER, &vec![b' '; 5 * 1024 * 1024]].concat();
    let paper = make(&papers, &announcing("Übersicht.pdf", "application/pdf", &large, json!({}))).await;
    assert_eq!(send_content(&meeting, &paper, &large).await.status(), 200);
    assert_eq!(files_of(&meeting), 1);
    assert_eq!(send_content(&meeting, &paper, &large).await.status(), 412);
    assert_eq!(send_content_at("\"2\"", &meeting, &paper, &large).await.status(), 409, "what is stored stays");
    let served = content_as("testford-finance", &meeting, &paper).await;
    let header = |name: &str| served.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "application/pdf");
    assert_eq!(
        header("content-disposition"),
        "attachment; filename=\"_bersicht.pdf\"; filename*=UTF-8''%C3%9Cbersicht.pdf"
    );
    assert_eq!(header("content-security-policy"), "sandbox; default-src 'none'");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(served.bytes().await.unwrap(), large);

    let private = json!({"private": {"paragraph": 3, "public_interest_reason": "A contract is being let"}});
    let item = item(&meeting, private).await;
    let exempt = announcing("price.pdf", "application/pdf", PAPER, json!({"item": item, "exempt": true}));
    let paper = make(&papers, &exempt).await;
    assert_eq!(send_content(&meeting, &paper, PAPER).await.status(), 200);
    for (persona, status, name) in [
        ("testford-member", 200, json!("price.pdf")),
        ("testford-finance", 403, Value::Null),
        ("testford-admin", 403, Value::Null),
    ] {
        assert_eq!(content_as(persona, &meeting, &paper).await.status(), status, "{persona}");
        assert_eq!(read_as(persona, &format!("{papers}/{paper}")).await.body["file_name"], name, "{persona}");
    }
}

/// A seat of a committee, with a member and a substitute, as the service itself would write them.
async fn seat(committee: &str, member: &str, substitute: &str) -> String {
    let running = running();
    let mut owner = PgConnection::connect_with(&running.database.owner()).await.unwrap();
    let borough: uuid::Uuid =
        sqlx::query_scalar("select borough_id from tenants.borough where slug = 'testford' and mode = 'live'")
            .fetch_one(&mut owner)
            .await
            .unwrap();
    let seat = make("people", &json!({"name": "Somebody whose id the seat has"})).await;
    let statement = format!(
        "begin; set local tenfold.borough = '{borough}';
         insert into governance.seat (borough_id, committee_id, seat_id, title, class, partner, voting, joint, valid_from, created_at)
           values ('{borough}', '{committee}', '{seat}', 'A seat', 'councillor', 'Testford Council', true, false, '2020-04-01', now());
         insert into governance.membership (borough_id, committee_id, membership_id, seat_id, person_id, capacity, valid_from, created_at)
           values ('{borough}', '{committee}', '{member}', '{seat}', '{member}', 'member', '2020-04-01', now()),
                  ('{borough}', '{committee}', '{substitute}', '{seat}', '{substitute}', 'substitute', '2020-04-01', now());
         commit"
    );
    let mut login = PgConnection::connect_with(&running.database.login("governance_borough")).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut login).await.unwrap();
    seat
}

#[tokio::test]
async fn rule_49_a_substitute_sits_in_their_own_seat_once() {
    testford().await;
    let (committee, member, substitute, guest) = (committee().await, person().await, person().await, person().await);
    let seat = seat(&committee, &member, &substitute).await;
    let meeting = meeting_of(&committee, &noon_today()).await;
    bring(&meeting, &["notified", "in_session"]).await;
    let path = format!("meetings/{meeting}/attendances");
    let arrives = |person: &str, capacity: &str| json!({"person": person, "seat": seat, "capacity": capacity});
    let told = |answer: &Answer| (refusal(answer), pointer(answer).to_owned());
    let invalid = ("422 content-invalid".to_owned(), "/seat".to_owned());
    assert_eq!(told(&post(&path, arrives(&guest, "member")).await), invalid, "appointed to nothing");
    assert_eq!(told(&post(&path, arrives(&substitute, "member")).await), invalid, "a substitute only");
    let nowhere = json!({"person": member, "seat": guest, "capacity": "member"});
    assert_eq!(told(&post(&path, nowhere).await), ("422 unknown-reference".to_owned(), "/seat".to_owned()));
    let stay = post(&path, arrives(&member, "member")).await;
    let taken = ("409 conflict".to_owned(), "/seat".to_owned());
    assert_eq!(told(&post(&path, arrives(&substitute, "substitute")).await), taken, "a second person in the seat");
    post(&format!("{path}/{}/departures", stay.body["id"].as_str().unwrap()), json!({})).await;
    assert_eq!(post(&path, arrives(&substitute, "substitute")).await.status, 201);
    assert_eq!(told(&post(&path, arrives(&member, "member")).await), taken, "the substitute sits there now");
}

#[tokio::test]
async fn an_office_is_handed_over_without_gap_or_overlap() {
    testford().await;
    let (council, ccg) = (format!("Council {}", key()), format!("CCG {}", key()));
    let (both, after_council, after_ccg) = (person().await, person().await, person().await);
    let office = |body: &str, person: &str, from: &str| json!({"office": "accountable_officer", "body": body, "person": person, "valid_from": from});
    // Wigan: one accountable officer for the council and the group; two people followed.
    for body in [&council, &ccg] {
        make("offices", &office(body, &both, "2018-04-01")).await;
    }
    make("offices", &office(&council, &after_council, "2021-10-01")).await;
    let early = post("offices", office(&ccg, &after_ccg, "2018-04-01")).await;
    assert_eq!((refusal(&early).as_str(), pointer(&early)), ("409 conflict", "/valid_from"));
    make("offices", &office(&ccg, &after_ccg, "2021-10-01")).await;
    let held_on = async |on: &str| {
        let all = read(&format!("offices?on={on}&limit=500")).await;
        let ours = all["data"].as_array().unwrap().iter().filter(|one| one["body"] == *council || one["body"] == *ccg);
        ours.map(|one| one["person"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(held_on("2021-09-30").await, [both.clone(), both]);
    assert_eq!(held_on("2021-10-01").await, [after_council, after_ccg]);
    assert!(held_on("2018-03-31").await.is_empty());
    let trail = read_as("testford-admin", "audit?limit=500").await.body.to_string();
    assert!(!trail.contains("Somebody whose id"), "the trail names nobody");
}
