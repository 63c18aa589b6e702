//! The end of a borough's life: it leaves with its record, is closed, and its record is destroyed when the day has come.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use tenfold::{client::Client, personas::Credentials};

use crate::{
    export_recipes::made,
    running::{key, refusal},
    world::World,
};

const SEFTON: &str = "/v1/boroughs/sefton";

/// A world with Sefton live, its sandbox, and two officers.
async fn world() -> World {
    let mut world = World::beginning("2026-09-01T09:00:00Z").await;
    let second =
        world.done("officer", "/v1/platform/clients", json!({"name": "Second officer", "role": "officer"})).await;
    world.keep("second-officer", &second);
    world.region("liverpool-city-region", "Liverpool City Region").await;
    world.borough("sefton", "E08000014", "Sefton", "liverpool-city-region").await;
    world.moved("sefton-admin", SEFTON, "in_review", "All is filled in").await;
    let checklist = world.read("second-officer", &format!("{SEFTON}/onboarding")).await;
    for task in checklist["data"].as_array().unwrap().iter().filter(|task| task["state"] == "missing") {
        let waiver = json!({"task": task["task"], "reason": "A test", "illustrative": true});
        world.done("second-officer", &format!("{SEFTON}/onboarding/waivers"), waiver).await;
    }
    world.moved("second-officer", SEFTON, "live", "It is all there").await;
    world
}

async fn state_of_sandbox(world: &World) -> Value {
    let sandboxes = world.read("officer", "/v1/boroughs?mode=sandbox").await;
    sandboxes["data"].as_array().unwrap().iter().find(|one| one["slug"] == "sefton").unwrap()["state"].clone()
}

async fn token_of(world: &World, persona: &str) -> Result<String, String> {
    let Credentials { client_id, client_secret } = world.as_(persona).credentials().clone();
    Client::new(&world.url, Credentials { client_id, client_secret }).token().await.map_err(|why| format!("{why:#}"))
}

/// Waits until the archives are thrown away that were to be kept for thirty days, which is done behind the requests.
async fn no_archive_is_kept(owner: &mut PgConnection) {
    for _ in 0..300 {
        let kept: i64 = sqlx::query_scalar("select count(*) from tenants.export where state <> 'expired'")
            .fetch_one(&mut *owner)
            .await
            .unwrap();
        if kept == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("archives are kept for years");
}

#[tokio::test]
async fn a_borough_leaves_with_its_record_and_ends_when_the_day_has_come() {
    let world = world().await;
    let contact = json!({"office": "Head of Information Security", "email": "security@sefton.example"});
    world.done("sefton-admin", &format!("{SEFTON}/security-contacts"), contact).await;

    // It is not closed at once, and not without its record.
    let at_once = world.try_move("officer", SEFTON, "closed", "They leave").await;
    assert_eq!(refusal(&at_once), "409 transition-refused");
    world.moved("officer", SEFTON, "offboarding", "The council takes another system").await;
    let exports = format!("{SEFTON}/exports");
    let made_one = |found: &Value| found["data"][0]["state"] == "made";
    let asked = world.until("sefton-admin", &exports, made_one).await["data"][0].clone();
    assert_eq!(asked["reason"], "Everything of a borough that leaves");
    let mut owner = PgConnection::connect_with(&world.database.owner()).await.unwrap();
    let older = "update tenants.export set asked_at = asked_at - interval '1 day'";
    sqlx::query(older).execute(&mut owner).await.unwrap();
    let without = world.try_move("officer", SEFTON, "closed", "They leave").await;
    assert_eq!(refusal(&without), "409 conflict");
    assert!(without.body["detail"].as_str().unwrap().contains("No export"), "{}", without.body);
    // It may stay after all, and leave later.
    world.moved("officer", SEFTON, "live", "It stays").await;
    assert_eq!(state_of_sandbox(&world).await, "in_setup");
    world.becomes("2026-10-01T09:00:00Z");
    world.moved("officer", SEFTON, "offboarding", "It leaves after all").await;
    made(&world.as_("sefton-admin"), "sefton").await;
    world.moved("officer", SEFTON, "closed", "All is handed over").await;
    let closed = world.read("officer", SEFTON).await;
    assert_eq!((&closed["state"], &closed["retained_until"]), (&json!("closed"), &json!("2033-03-31")));
    assert_eq!(state_of_sandbox(&world).await, "closed");
    for persona in ["sefton-admin", "sefton-sandbox-admin"] {
        let refused = token_of(&world, persona).await.unwrap_err();
        assert!(refused.contains("closed"), "{persona}: {refused}");
    }

    // Its record is kept until the day, and ended by another officer than the one who closed it.
    let early = world.try_move("second-officer", SEFTON, "purged", "No longer needed").await;
    assert!(refusal(&early) == "409 conflict" && early.body["detail"].as_str().unwrap().contains("2033-03-31"));
    world.becomes("2033-03-31T09:00:00Z");
    let last_day = world.try_move("second-officer", SEFTON, "purged", "No longer needed").await;
    assert_eq!(refusal(&last_day), "409 conflict");
    world.becomes("2033-04-01T09:00:00Z");
    let alone = world.try_move("officer", SEFTON, "purged", "No longer needed").await;
    assert_eq!(refusal(&alone), "409 second-person");
    let papers = world.folder.join("papers").join(closed["id"].as_str().unwrap());
    std::fs::create_dir_all(&papers).unwrap();
    std::fs::write(papers.join("paper"), "A paper").unwrap();
    let before = rows_of(&mut owner, closed["id"].as_str().unwrap()).await;
    assert!(before > 10);
    no_archive_is_kept(&mut owner).await;
    world.moved("second-officer", SEFTON, "purged", "The time has passed").await;

    let told = world.until("officer", "/v1/platform/purge-certificates", |found| {
        found["data"].as_array().is_some_and(|all| all.len() == 2)
    });
    let certificates = told.await["data"].clone();
    let of = |mode: &str| {
        certificates
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["certificate"]["subject"]["mode"] == mode)
            .unwrap()
            .clone()
    };
    let live = of("live");
    assert_eq!((&live["signature_fits"], &live["certificate"]["subject"]["slug"]), (&json!(true), &json!("sefton")));
    assert_eq!(live["certificate"]["last_export"]["sha256"].as_str().map(str::len), Some(64));
    assert!(live["certificate"]["rows"]["platform/audit"].as_u64().unwrap() > 3);
    assert_eq!(live["certificate"]["files"], 1, "the paper; its archives were thrown away long before");
    assert!(live["certificate"]["chain"]["position"].as_u64().unwrap() > 3);
    assert_eq!(of("sandbox")["certificate"]["rows"]["tenants/client"], 1);

    // What is left: that there was such a borough, its moves, and until when tokens are refused.
    let left = tables_of(&mut owner, closed["id"].as_str().unwrap()).await;
    let for_good = [
        "platform.borough_epoch",
        "platform.purge_order",
        "tenants.borough",
        "tenants.borough_move",
        "tenants.purge_certificate",
        "tenants.region_borough",
    ];
    assert_eq!(left, for_good);
    assert!(!papers.join("paper").exists());
    assert!(
        !world
            .folder
            .join("exports")
            .join(closed["id"].as_str().unwrap())
            .read_dir()
            .is_ok_and(|mut d| d.next().is_some())
    );
    let history = world.read("officer", &format!("{SEFTON}/transitions")).await;
    assert_eq!(history["state"], "purged");
    assert_eq!(history["allowed"], json!([]));
    let said = world.read("officer", "/v1/platform/audit?action=borough.purged").await;
    assert_eq!(said["data"].as_array().unwrap().len(), 2, "{said}");
}

/// The tables that hold rows of a borough.
async fn tables_of(owner: &mut PgConnection, borough: &str) -> Vec<String> {
    let all: Vec<String> = sqlx::query_scalar(
        "select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
         join pg_attribute a on a.attrelid = c.oid and a.attname = 'borough_id'
         where c.relkind = 'r' and n.nspname in ('platform', 'tenants', 'budgets', 'governance') order by 1",
    )
    .fetch_all(&mut *owner)
    .await
    .unwrap();
    let mut holding = Vec::new();
    for table in all {
        let asked = sqlx::AssertSqlSafe(format!("select exists (select from {table} where borough_id = '{borough}')"));
        if sqlx::query_scalar::<_, bool>(asked).fetch_one(&mut *owner).await.unwrap() {
            holding.push(table);
        }
    }
    holding
}

async fn rows_of(owner: &mut PgConnection, borough: &str) -> usize {
    tables_of(owner, borough).await.len()
}

#[tokio::test]
async fn nothing_is_deleted_without_an_order_whatever_a_program_asks() {
    let world = world().await;
    let id = world.read("officer", SEFTON).await["id"].as_str().unwrap().to_owned();
    let mut owner = PgConnection::connect_with(&world.database.owner()).await.unwrap();
    let asked = format!("begin; set local role tenants_purge; set local tenfold.borough = '{id}'");
    sqlx::raw_sql(sqlx::AssertSqlSafe(asked)).execute(&mut owner).await.unwrap();
    let done = sqlx::query("delete from tenants.client").execute(&mut owner).await.unwrap();
    assert_eq!(done.rows_affected(), 0);
    let ordering = sqlx::query(
        "insert into platform.purge_order (borough_id, ordered_at, due_at) values ($1::uuid, now(), now())",
    );
    let refused = ordering.bind(&id).execute(&mut owner).await.unwrap_err().to_string();
    assert!(refused.contains("permission denied"), "{refused}");
    sqlx::raw_sql("rollback").execute(&mut owner).await.unwrap();
    // And an archive is of one borough: the role that reads it cannot write, the one that writes sees nothing.
    let asked = format!("begin; set local role tenants_archive; set local tenfold.borough = '{id}'");
    sqlx::raw_sql(sqlx::AssertSqlSafe(asked)).execute(&mut owner).await.unwrap();
    let seen: Vec<String> =
        sqlx::query_scalar("select slug || ' ' || mode from tenants.borough").fetch_all(&mut owner).await.unwrap();
    assert_eq!(seen, ["sefton live"]);
    let refused = sqlx::query("select secret_hash from tenants.client_key").fetch_all(&mut owner).await.unwrap_err();
    assert!(refused.to_string().contains("permission denied"));
}

#[tokio::test]
async fn a_draft_is_only_a_name_until_it_is_opened() {
    let mut world = world().await;
    let draft = json!({"slug": "knowsley", "gss": "E08000011", "name": "Knowsley", "region": "liverpool-city-region",
        "expected_from": "2027-04-01", "draft": true});
    let named = world.post("officer", "/v1/boroughs", &draft).await;
    assert_eq!((named.status.as_u16(), &named.body["live"]["state"]), (201, &json!("draft")), "{}", named.body);
    world.keep("knowsley-admin", &named.body["administrators"][0]);
    world.keep("knowsley-sandbox-admin", &named.body["administrators"][1]);
    for persona in ["knowsley-admin", "knowsley-sandbox-admin"] {
        assert!(token_of(&world, persona).await.unwrap_err().contains("not open yet"));
    }
    let early = world.try_move("officer", "/v1/boroughs/knowsley", "live", "Hurry").await;
    assert_eq!((refusal(&early), &early.body["allowed"]), ("409 transition-refused".to_owned(), &json!(["in_setup"])));
    world.moved("officer", "/v1/boroughs/knowsley", "in_setup", "The agreement is signed").await;
    for persona in ["knowsley-admin", "knowsley-sandbox-admin"] {
        assert!(token_of(&world, persona).await.is_ok());
    }
}

#[tokio::test]
async fn a_borough_is_renamed_everywhere_and_keeps_its_slug() {
    let world = world().await;
    let borough = world.as_("officer").get(SEFTON).await.unwrap();
    let version = borough.headers["etag"].to_str().unwrap().to_owned();
    let patch = async |version: &str, body: Value| {
        let headers = [("if-match", version), ("idempotency-key", &key())];
        world.as_("officer").send(reqwest::Method::PATCH, SEFTON, &headers, Some(&body)).await.unwrap()
    };
    assert_eq!(refusal(&patch(&version, json!({"name": " "})).await), "422 content-invalid");
    assert_eq!(refusal(&patch(&version, json!({"slug": "southport"})).await), "422 content-invalid");
    let renamed = patch(&version, json!({"name": "Royal Borough of Sefton"})).await;
    assert_eq!((renamed.status.as_u16(), &renamed.body["slug"]), (200, &json!("sefton")), "{}", renamed.body);
    assert_eq!(refusal(&patch(&version, json!({"name": "Sefton"})).await), "412 version-stale");
    // Every service hears of it.
    let mut owner = PgConnection::connect_with(&world.database.owner()).await.unwrap();
    for _ in 0..200 {
        let names: Vec<String> = sqlx::query_scalar(
            "select name from budgets.borough where slug = 'sefton' union all select name from governance.borough where slug = 'sefton'",
        )
        .fetch_all(&mut owner)
        .await
        .unwrap();
        if names.len() == 4 && names.iter().all(|name| name == "Royal Borough of Sefton") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("a service did not hear of it");
}
