//! What we hand to other systems keeps their shapes and holds nothing exempt; what we take in is taken in once.

use domain::Clock;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use tenfold::client::Answer;

use crate::{
    public::{owner, tenant},
    running::{key, pointer, refusal, running, testford, write},
};

const HERE: &str = "/v1/boroughs/testford/interchange";
/// Stands in every exempt title and text.
const CANARY: &str = "canary-b302099a8057-the-tender-is";

/// A committee with two members, a meeting with an open and an exempt item, a motion on each and a roll call.
async fn held() {
    static HELD: tokio::sync::OnceCell<()> = tokio::sync::OnceCell::const_new();
    HELD.get_or_init(|| async {
        let (borough, now) = (tenant("testford", "live").await.0, Clock::System.now());
        let [committee, rules, first, second, seat_1, seat_2, member_1, member_2, meeting, open, exempt, motion_1, motion_2, vote] =
            std::array::from_fn(|_| domain::EventId::at(now).0);
        let why = r#"{"paragraph": 3, "public_interest_reason": "A tender"}"#;
        let mut owner = owner().await;
        for statement in [
            format!("insert into governance.committee (borough_id, committee_id, name, basis, access_regime, parents, phase, source, created_at)
                     values ('{borough}', '{committee}', 'Committee {committee}', 'joint_committee', 'none', array['A', 'B'], 'shadow', 'A test', now())"),
            format!("insert into governance.constitution (borough_id, committee_id, constitution_id, number, in_force_from, rules, source, recorded_at)
                     values ('{borough}', '{committee}', '{rules}', 1, '2020-01-01', '{{}}', 'A test', now())"),
            format!("insert into governance.person (borough_id, person_id, name, created_at)
                     values ('{borough}', '{first}', 'A Member', now()), ('{borough}', '{second}', 'B Member', now())"),
            format!("insert into governance.seat (borough_id, committee_id, seat_id, title, class, partner, voting, joint, valid_from, created_at)
                     values ('{borough}', '{committee}', '{seat_1}', 'Councillor', 'councillor', 'Council', true, false, '2020-01-01', now()),
                            ('{borough}', '{committee}', '{seat_2}', 'Clinician', 'clinician', 'CCG', true, false, '2020-01-01', now())"),
            format!("insert into governance.membership (borough_id, committee_id, membership_id, seat_id, person_id, capacity, valid_from, valid_to, created_at)
                     values ('{borough}', '{committee}', '{member_1}', '{seat_1}', '{first}', 'member', '2020-01-01', '2021-01-01', now()),
                            ('{borough}', '{committee}', '{member_2}', '{seat_2}', '{second}', 'substitute', '2020-01-01', null, now())"),
            format!("insert into governance.meeting (borough_id, meeting_id, committee_id, title, starts_at, place, state, created_at)
                     values ('{borough}', '{meeting}', '{committee}', 'Ordinary meeting', '2027-01-14T18:00:00Z', 'Town Hall', 'notified', now())"),
            format!("insert into governance.agenda_item (borough_id, meeting_id, item_id, label, title, purpose, verbal, key_decision, private, exempt_text, created_at)
                     values ('{borough}', '{meeting}', '{open}', '1', 'Budget', 'decision', false, false, null, null, now()),
                            ('{borough}', '{meeting}', '{exempt}', '2', '{CANARY}', 'decision', false, true, '{why}', '{CANARY}', now())"),
            format!("insert into governance.paper (borough_id, meeting_id, paper_id, item_id, title, file_name, media_type, bytes, sha256, exempt, added_at, stored_at)
                     values ('{borough}', '{meeting}', '{open}', '{open}', 'Open paper', 'a.pdf', 'application/pdf', 1, sha256(''), false, now(), now()),
                            ('{borough}', '{meeting}', '{rules}', '{open}', '{CANARY}', '{CANARY}', 'application/pdf', 1, sha256(''), true, now(), now()),
                            ('{borough}', '{meeting}', '{exempt}', '{exempt}', '{CANARY}', '{CANARY}', 'application/pdf', 1, sha256(''), false, now(), now())"),
            format!("insert into governance.motion (borough_id, motion_id, meeting_id, item_id, text, outcome, mover_id, state, moved_at)
                     values ('{borough}', '{motion_1}', '{meeting}', '{open}', 'That it be approved', 'approved', '{first}', 'carried', now()),
                            ('{borough}', '{motion_2}', '{meeting}', '{exempt}', '{CANARY}', 'approved', '{first}', 'lost', now())"),
            format!("insert into governance.vote_event (borough_id, vote_event_id, motion_id, method, state, constitution_id, committee_id, binding, opened_at, closed_at, standing_at_open)
                     values ('{borough}', '{vote}', '{motion_1}', 'roll_call', 'closed', '{rules}', '{committee}', true, now(), now(), '[]')"),
            format!("insert into governance.vote (borough_id, vote_event_id, committee_id, seat_id, person_id, choice, casting, cast_at)
                     values ('{borough}', '{vote}', '{committee}', '{seat_1}', '{first}', 'for', false, now()),
                            ('{borough}', '{vote}', '{committee}', '{seat_2}', '{second}', 'against', false, now())"),
        ] {
            sqlx::query(AssertSqlSafe(statement.clone())).execute(&mut owner).await.unwrap_or_else(|e| panic!("{statement}: {e}"));
        }
    })
    .await;
}

async fn objects(path: &str) -> Vec<Value> {
    let client = running().as_("testford-member");
    let (mut all, mut next) = (Vec::new(), format!("{HERE}/{path}"));
    loop {
        let page = client.get(&next).await.unwrap().body;
        assert!(!page.to_string().contains(CANARY), "rule 46: {page}");
        all.extend(page["data"].as_array().unwrap().iter().cloned());
        let Some(cursor) = page["next_cursor"].as_str() else { return all };
        next = format!("{HERE}/{path}&cursor={cursor}");
    }
}

fn schema(text: &str, of: Option<&str>) -> jsonschema::Validator {
    let mut schema: Value = serde_json::from_str(text).unwrap();
    if let Some(of) = of {
        schema["$ref"] = format!("#/$defs/{of}").into();
    }
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

#[tokio::test]
async fn oparl_is_what_oparl_says() {
    held().await;
    let of = schema(include_str!("../interchange/oparl.schema.json"), None);
    for kind in ["body", "organization", "person", "meeting", "paper"] {
        let all = objects(&format!("oparl?type={kind}")).await;
        assert!(!all.is_empty(), "{kind}");
        for object in &all {
            assert!(of.is_valid(object), "{kind}: {object}");
        }
    }
    assert!(!of.is_valid(&json!({"id": "not an address", "type": "https://schema.oparl.org/1.1/Paper"})));
    assert_eq!(objects("oparl").await[0]["name"], "Testford", "without a type, the body");
    let meetings = objects("oparl?type=meeting").await;
    let items = meetings.iter().flat_map(|meeting| meeting["agendaItem"].as_array().unwrap());
    assert!(items.clone().any(|item| item["name"] == "Budget" && item["public"] == true));
    assert!(items.clone().any(|item| item["name"] == "Exempt item" && item["public"] == false));
    let papers = objects("oparl?type=paper").await;
    assert_eq!(papers.iter().filter(|paper| paper["name"] == "Open paper").count(), 1);
    // An id is an address at which there is just that object.
    let address = meetings[0]["id"].as_str().unwrap();
    let one = running().as_("testford-member").get(&address[running().url.len()..]).await.unwrap().body;
    assert_eq!((one["data"].as_array().unwrap().len(), &one["data"][0]), (1, &meetings[0]));
}

#[tokio::test]
async fn popolo_is_what_popolo_says() {
    held().await;
    for kind in ["organization", "post", "membership", "person", "motion", "vote_event"] {
        let of = schema(include_str!("../interchange/popolo.schema.json"), Some(kind));
        let all = objects(&format!("popolo?type={kind}&limit=2")).await;
        assert!(!all.is_empty(), "{kind}");
        for object in &all {
            assert!(of.is_valid(object), "{kind}: {object}");
        }
    }
    let motions = objects("popolo?type=motion").await;
    assert!(motions.iter().any(|motion| motion["text"] == "That it be approved" && motion["result"] == "pass"));
    assert!(motions.iter().any(|motion| motion["text"].is_null() && motion["result"] == "fail"));
    let events = objects("popolo?type=vote_event").await;
    let named: Vec<_> = events.iter().filter(|event| event["votes"].as_array().unwrap().len() == 2).collect();
    assert_eq!(named[0]["counts"][1], json!({"option": "no", "value": 1}));
}

async fn import(kind: &str, xml: &str) -> Answer {
    testford().await;
    let body = json!({"kind": kind, "xml": xml});
    write(&running().as_("testford-clerk"), &format!("{HERE}/moderngov"), &body).await
}

/// Created, updated, unchanged, and why what was skipped was.
fn told(answer: &Answer) -> (u64, u64, u64, Vec<String>) {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let count = |field: &str| answer.body[field].as_u64().unwrap();
    let skipped = answer.body["skipped"].as_array().unwrap();
    let why = skipped.iter().map(|one| one["why"].as_str().unwrap().to_owned()).collect();
    (count("created"), count("updated"), count("unchanged"), why)
}

#[tokio::test]
async fn the_same_file_a_second_time_changes_nothing_and_says_so() {
    tenant("testford", "live").await;
    let (a, b) = (key(), key());
    let members = |name: &str| {
        format!(
            "<councillorsbyward><wards><ward><wardtitle>North</wardtitle><councillors>
            <councillor><councillorid>{a}</councillorid><fullusername>{name}</fullusername></councillor>
            <councillor><councillorid>{b}</councillorid><fullusername>Councillor O&apos;B</fullusername></councillor>
            </councillors></ward></wards></councillorsbyward>"
        )
    };
    assert_eq!(told(&import("members", &members("Councillor A")).await), (2, 0, 0, vec![]));
    assert_eq!(told(&import("members", &members("Councillor A")).await), (0, 0, 2, vec![]));
    assert_eq!(told(&import("members", &members("Councillor A Smith")).await), (0, 1, 1, vec![]));

    let (known, new) = (format!("Known {}", key()), format!("New {}", key()));
    let recorded = json!({"name": known, "basis": "joint_committee", "access_regime": "none",
        "parents": ["Testford Council", "NHS Testford CCG"], "source": "A test"});
    let clerk = running().as_("testford-clerk");
    let recorded = write(&clerk, "/v1/boroughs/testford/committees", &recorded).await.body;
    let (c, d, gone) = (key(), key(), key());
    let committees = format!("<getcommittees><committees>
        <committee><committeeid>{c}</committeeid><committeetitle>{known}</committeetitle></committee>
        <committee><committeeid>{d}</committeeid><committeetitle>{new}</committeetitle><committeedeleted>False</committeedeleted></committee>
        <committee><committeeid>{gone}</committeeid><committeetitle>Gone</committeetitle><committeedeleted>True</committeedeleted></committee>
        </committees></getcommittees>");
    let no_longer = vec!["It is no longer there.".to_owned()];
    assert_eq!(told(&import("committees", &committees).await), (1, 1, 0, no_longer.clone()));
    assert_eq!(told(&import("committees", &committees).await), (0, 0, 2, no_longer));
    let there =
        clerk.get(&format!("/v1/boroughs/testford/committees/{}", recorded["id"].as_str().unwrap())).await.unwrap();
    assert_eq!(there.body["basis"], "joint_committee", "what was recorded here stays");

    let (e, f) = (key(), key());
    let meetings = |committee: &str, time: &str| {
        format!("<getmeetings><committeeid>{committee}</committeeid><committeemeetings>
            <meeting><meetingid>{e}</meetingid><meetingdate>14/01/2027</meetingdate><meetingtime>{time}</meetingtime>
              <meetinglocation>Town Hall</meetinglocation></meeting>
            <meeting><meetingid>{f}</meetingid><meetingdate>14/01/2027</meetingdate></meeting></committeemeetings></getmeetings>")
    };
    let no_time = "It has no meetingtime such as 18:00.".to_owned();
    assert_eq!(told(&import("meetings", &meetings(&c, "18:00")).await), (1, 0, 0, vec![no_time.clone()]));
    assert_eq!(told(&import("meetings", &meetings(&c, "18:00")).await), (0, 0, 1, vec![no_time.clone()]));
    assert_eq!(told(&import("meetings", &meetings(&c, "19:00")).await), (0, 1, 0, vec![no_time]));
    let unknown = told(&import("meetings", &meetings("nowhere", "18:00")).await);
    assert!(unknown.3.contains(&"Its committee nowhere is not known here: take in the committees first.".to_owned()));
    // Once notice was given the meeting is moved here, by whom it takes.
    sqlx::query("update governance.meeting set state = 'notified' where external_id = $1")
        .bind(&e)
        .execute(&mut owner().await)
        .await
        .unwrap();
    let notified = told(&import("meetings", &meetings(&c, "20:00")).await);
    assert_eq!((notified.0, notified.1), (0, 0));
}

#[tokio::test]
async fn a_file_that_is_none_is_refused_whole() {
    for xml in [
        "",
        "not xml <",
        "<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><a>&e;</a>",
        "<a>&e;</a>",
        &format!("<a>{}</a>", "<councillor></councillor>".repeat(5_001)),
    ] {
        let answer = import("members", xml).await;
        assert_eq!((refusal(&answer).as_str(), pointer(&answer)), ("422 content-invalid", "/xml"), "{}", answer.body);
        assert!(!answer.body.to_string().contains("passwd"));
    }
    let answer = import("papers", "<a/>").await;
    assert_eq!((refusal(&answer).as_str(), pointer(&answer)), ("422 content-invalid", "/kind"));
}
