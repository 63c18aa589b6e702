//! A borough from nothing to live: a checklist that is computed, and a second officer who looks at it.

use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use tenfold::client::{Answer, Client};

use crate::{
    onboarding_recipes::{borough_in_setup, second_officer, waive_all},
    running::{key, new_fund, running, testford, write},
};

struct Newcomer {
    slug: String,
    admin: Client,
}

impl Newcomer {
    async fn new() -> Self {
        testford().await;
        let slug = borough_in_setup().await;
        let admin = running().as_(&format!("{slug}-admin"));
        Self { slug, admin }
    }

    fn path(&self, rest: &str) -> String {
        format!("/v1/boroughs/{}{rest}", self.slug)
    }

    async fn records(&self, what: &str, body: Value) -> Answer {
        let made = write(&self.admin, &self.path(&format!("/{what}")), &body).await;
        assert_eq!(made.status, 201, "{}", made.body);
        made
    }

    async fn client(&self, role: &str) -> Client {
        let made = self.records("clients", json!({"name": role, "role": role})).await;
        let persona = format!("{}-{role}", self.slug);
        running().keep(&persona, &made.body);
        running().as_(&persona)
    }

    async fn task(&self, task: &str) -> Value {
        let checklist = self.admin.get(&self.path("/onboarding")).await.unwrap().body;
        checklist["data"].as_array().unwrap().iter().find(|one| one["task"] == task).unwrap().clone()
    }

    async fn until_done(&self, task: &str) {
        for _ in 0..200 {
            if self.task(task).await["state"] == "done" {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("{task} was never done: {}", self.task(task).await);
    }

    async fn gss(&self) -> String {
        self.admin.get(&self.path("")).await.unwrap().body["gss"].as_str().unwrap().to_owned()
    }
}

async fn moves(officer: &Client, path: &str, to: &str) -> Answer {
    let at = officer.get(&format!("{path}/transitions")).await.unwrap();
    let tag = at.headers["etag"].to_str().unwrap().to_owned();
    let headers = [("if-match", tag.as_str()), ("idempotency-key", &key())];
    let draft = json!({"to": to, "reason": "A test"});
    officer.send(reqwest::Method::POST, &format!("{path}/transitions"), &headers, Some(&draft)).await.unwrap()
}

#[tokio::test]
async fn a_checklist_is_what_was_done_and_nothing_else() {
    let borough = Newcomer::new().await;
    for (task, what, body) in [
        (
            "security_contact",
            "security-contacts",
            json!({"office": "Head of Security", "email": "security@test.example"}),
        ),
        (
            "data_sharing",
            "data-sharing-agreements",
            json!({"version": "1", "signed_by": "A director", "signed_on": "2026-04-01", "reference": "File 1"}),
        ),
        ("administrators", "clients", json!({"name": "Second administrator", "role": "admin"})),
    ] {
        assert_eq!(borough.task(task).await["state"], "missing", "{task}");
        borough.records(what, body).await;
        assert_eq!(borough.task(task).await["state"], "done", "{task}");
    }
    let gss = borough.gss().await;
    let council = |gss: &str| json!({"kind": "council", "name": format!("Council {gss}"), "gss": gss, "valid_from": "1974-04-01", "source": "A test"});
    borough.records("organisations", council("E08000099")).await;
    let board = json!({"kind": "icb", "name": "A board", "ods": "QXX", "valid_from": "2022-07-01", "source": "A test"});
    borough.records("organisations", board).await;
    let organisations = borough.task("organisations").await;
    assert_eq!(organisations["state"], "missing", "another's council is not its own");
    assert!(organisations["finding"].as_str().unwrap().contains("GSS"), "{organisations}");
    let own = borough.records("organisations", council(&gss)).await;
    assert_eq!(borough.task("organisations").await["state"], "done");

    let clerk = borough.client("clerk").await;
    let constitution = crate::recipes::operations().into_iter().find(|one| one.id == "recordConstitution").unwrap();
    let constitution = constitution.example.unwrap();
    let committee = json!({"name": "A committee", "basis": "advisory", "access_regime": "none",
        "parents": constitution["rules"]["chair"]["order"], "source": "A test"});
    let committee = write(&clerk, &borough.path("/committees"), &committee).await;
    assert_eq!(borough.task("constitution").await["state"], "missing");
    let path = borough.path(&format!("/committees/{}/constitutions", committee.body["id"].as_str().unwrap()));
    let entered = write(&clerk, &path, &constitution).await;
    assert_eq!(entered.status, 201, "{}", entered.body);
    borough.until_done("constitution").await;
    assert!(borough.task("constitution").await["finding"].as_str().unwrap().starts_with("committees/"));

    borough.client("finance").await;
    let fund = new_fund(&borough.slug, own.body["id"].as_str().unwrap(), "A fund").await;
    let finance = running().as_(&format!("{}-finance", borough.slug));
    let mapping = |codes: Value| {
        json!({"name": key(), "mapping": {"columns": {"date": "Date", "amount": "Amount", "code": "Code"},
        "codes": codes, "contra": "9000"}})
    };
    let path = borough.path(&format!("/funds/{fund}/ledger-sources"));
    let made = write(&finance, &path, &mapping(json!([{"code": "X1", "account": "5100", "scheme": "ICES"}]))).await;
    assert_eq!(made.status, 201, "{}", made.body);
    borough.until_done("scheme_codes").await;
}

#[tokio::test]
async fn nobody_goes_live_with_something_missing_or_by_who_asked_for_it() {
    let borough = Newcomer::new().await;
    let (asked, other, path) = (second_officer().await, running().as_("platform-officer"), borough.path(""));
    let early = moves(&other, &path, "live").await;
    assert_eq!((early.status.as_u16(), early.body["type"].as_str()), (409, Some("/problems/transition-refused")));
    borough.admin.transition(&path, &key(), "in_review", "A test").await.unwrap();
    let incomplete = moves(&other, &path, "live").await;
    assert_eq!(incomplete.body["type"], "/problems/onboarding-incomplete", "{}", incomplete.body);
    let missing = incomplete.body["missing"].as_array().unwrap();
    assert!(missing.len() >= 9 && missing.iter().all(|task| task["how"].as_str().is_some_and(|how| !how.is_empty())));

    waive_all(&asked, &borough.slug).await;
    let again =
        write(&other, &format!("{path}/onboarding/waivers"), &json!({"task": "webhook", "reason": "Again"})).await;
    assert_eq!(again.status, 409);
    let own = moves(&asked, &path, "live").await;
    assert_eq!(own.body["type"], "/problems/second-person", "{}", own.body);
    let live = moves(&other, &path, "live").await;
    assert_eq!(live.status, 200, "{}", live.body);

    let seen = borough.admin.get(&format!("{path}/onboarding")).await.unwrap().body;
    assert_eq!((seen["ready"].clone(), seen["state"].clone()), (json!(true), json!("live")));
    let waived = seen["data"].as_array().unwrap().iter().find(|task| task["task"] == "agreement").unwrap();
    assert_eq!(waived["state"], "waived");
    assert_eq!((&waived["waiver"]["reason"], &waived["waiver"]["illustrative"]), (&json!("A test"), &json!(true)));
    let late =
        write(&other, &format!("{path}/onboarding/waivers"), &json!({"task": "webhook", "reason": "Late"})).await;
    assert_eq!(late.status, 409, "{}", late.body);
}

#[tokio::test]
async fn what_a_borough_records_of_itself_is_held_to_its_shape() {
    let borough = Newcomer::new().await;
    for (what, body, pointer) in [
        ("security-contacts", json!({"office": " ", "email": "security@test.example"}), "/office"),
        ("security-contacts", json!({"office": "Security", "email": "nobody"}), "/email"),
        ("security-contacts", json!({"office": "Security", "email": "a@b.example", "telephone": "ring"}), "/telephone"),
        (
            "data-sharing-agreements",
            json!({"version": "1", "signed_by": "A director", "signed_on": "2090-01-01", "reference": "x"}),
            "/signed_on",
        ),
    ] {
        let refused = write(&borough.admin, &borough.path(&format!("/{what}")), &body).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{}", refused.body);
    }
    let rows = borough.admin.get(&borough.path("/security-contacts")).await.unwrap().body;
    assert_eq!(rows["data"], json!([]), "nothing faulty is kept");
}

#[tokio::test]
async fn rule_13_a_body_ends_once_and_its_old_name_is_told_to_the_ledger() {
    let borough = Newcomer::new().await;
    let group = json!({"kind": "ccg", "name": "A group", "ods": "01Z", "valid_from": "2013-04-01", "valid_to": "2022-06-30", "source": "A test"});
    let group = borough.records("organisations", group).await;
    let board = json!({"kind": "icb", "name": "A board", "ods": "QXY", "valid_from": "2022-07-01",
        "predecessors": [group.body["id"]], "source": "A test"});
    let board = borough.records("organisations", board).await.body["id"].as_str().unwrap().to_owned();
    let aliases = format!("organisations/{board}/aliases");
    borough.records(&aliases, json!({"name": "A group", "source": "The council's published spending"})).await;
    let twice =
        write(&borough.admin, &borough.path(&format!("/{aliases}")), &json!({"name": "a GROUP", "source": "x"})).await;
    assert_eq!((twice.status.as_u16(), &twice.body["errors"][0]["pointer"]), (422, &json!("/name")));

    let ending = |day: &str| json!({"last_day": day, "source": "A test"});
    let endings = borough.path(&format!("/organisations/{board}/endings"));
    assert_eq!(write(&borough.admin, &endings, &ending("2022-06-30")).await.status, 422, "before it began");
    let ended = write(&borough.admin, &endings, &ending("2026-03-31")).await;
    assert_eq!((ended.status.as_u16(), &ended.body["valid_to"]), (201, &json!("2026-03-31")));
    assert_eq!(write(&borough.admin, &endings, &ending("2026-04-30")).await.status, 409, "once");
    let gap = json!({"kind": "icb", "name": "A greater board", "ods": "QXZ", "valid_from": "2026-04-02",
        "predecessors": [board], "source": "A test"});
    let gap = write(&borough.admin, &borough.path("/organisations"), &gap).await;
    assert_eq!((gap.status.as_u16(), &gap.body["errors"][0]["pointer"]), (422, &json!("/predecessors/0")));

    let mut owner = PgConnection::connect_with(&running().database.owner()).await.unwrap();
    for _ in 0..200 {
        let told: Option<(Option<chrono::NaiveDate>, Vec<String>)> =
            sqlx::query_as("select valid_to, aliases from budgets.party where organisation_id = $1::uuid")
                .bind(&board)
                .fetch_optional(&mut owner)
                .await
                .unwrap();
        if told == Some(("2026-03-31".parse().ok(), vec!["A group".to_owned()])) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the ledger was never told");
}
