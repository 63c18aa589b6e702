//! A service that is started wrongly says which setting it is and why, and does not serve; what it can do without, it
//! does without, and says so.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, time::Duration};

use domain::Clock;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use testkit::TestDatabase;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::running::postgres;

fn settings(database: &TestDatabase<'_>, folder: &Path) -> budgets::Settings {
    budgets::Settings {
        access: database.access(),
        own_cluster: true,
        public_url: "http://127.0.0.1:8080".into(),
        tenants_url: "http://127.0.0.1:4001".into(),
        imports_folder: folder.join("imports"),
        import_bytes_max: budgets::IMPORT_BYTES_MAX,
        seal_key: None,
        clock: Clock::System,
        gate: None,
    }
}

/// What it says as it refuses, as a person reads it.
async fn refused(settings: budgets::Settings) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let served = budgets::serve(listener, settings, CancellationToken::new());
    let refused = tokio::time::timeout(Duration::from_secs(30), served).await.expect("it gives up");
    format!("{:#}", refused.expect_err("it does not serve"))
}

async fn owner_asks(database: &TestDatabase<'_>, sql: &str) {
    let mut owner = PgConnection::connect_with(&database.owner()).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut owner).await.unwrap();
    owner.close().await.ok();
}

#[tokio::test]
async fn a_service_says_which_setting_is_wrong_and_does_not_serve() {
    let folder = testkit::scratch("starting");
    let database = postgres().database().await;
    let at = |name: &str| folder.join(name);
    fs::write(at("a-file"), "no folder").unwrap();
    auth::SealKey::make_where_missing(&at("open.pem")).unwrap();
    fs::set_permissions(at("open.pem"), fs::Permissions::from_mode(0o604)).unwrap();
    fs::write(at("short.pem"), "no key").unwrap();
    fs::set_permissions(at("short.pem"), fs::Permissions::from_mode(0o600)).unwrap();
    let shown = folder.display();
    type Change = fn(&mut budgets::Settings, &Path);
    let wrong: [(Change, String); 8] = [
        (
            |settings, _| settings.public_url = "127.0.0.1:8080".into(),
            "TENFOLD_PUBLIC_URL is not an address such as https://tenfold.example.org or http://127.0.0.1:8080".into(),
        ),
        (
            |settings, _| settings.tenants_url = "http://u:p@tenants".into(),
            "TENFOLD_TENANTS_URL is not an address such as https://tenfold.example.org or http://127.0.0.1:8080".into(),
        ),
        (
            |settings, folder| settings.seal_key = Some(folder.join("open.pem")),
            format!(
                "TENFOLD_SEAL_KEY_FILE: others may read or write {shown}/open.pem: chmod 600 it, or chown root:GROUP and chmod 640 it with a group of the program's"
            ),
        ),
        (
            |settings, folder| settings.seal_key = Some(folder.join("missing.pem")),
            format!(
                "TENFOLD_SEAL_KEY_FILE: the key file {shown}/missing.pem cannot be used: No such file or directory (os error 2)"
            ),
        ),
        (
            |settings, folder| settings.seal_key = Some(folder.join("short.pem")),
            format!(
                "TENFOLD_SEAL_KEY_FILE: {shown}/short.pem is not an Ed25519 private key in PKCS #8, as openssl genpkey -algorithm ed25519 makes"
            ),
        ),
        (|settings, folder| settings.imports_folder = folder.join("a-file"), "TENFOLD_IMPORTS_DIR: ".into()),
        (
            |settings, _| settings.access = tenancy::Access::default(),
            "set TENFOLD_BUDGETS_BOROUGH_DATABASE_URL to the address at which the role budgets_borough reaches the database, or TENFOLD_DATABASE_URL".into(),
        ),
        (
            |settings, _| {
                let nowhere = sqlx::postgres::PgConnectOptions::new_without_pgpass().host("127.0.0.1").port(1);
                settings.access = tenancy::Access::to_one_database(nowhere, [].into());
            },
            "the database does not let budgets_borough in: check TENFOLD_BUDGETS_BOROUGH_DATABASE_URL, and that the server runs: ".into(),
        ),
    ];
    for (change, sentence) in wrong {
        let mut settings = settings(&database, &folder);
        change(&mut settings, &folder);
        let said = refused(settings).await;
        let fits = if sentence.ends_with(": ") { said.starts_with(&sentence) } else { said == sentence };
        assert!(fits, "said:   {said}\nwanted: {sentence}");
    }
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    assert_eq!(
        web::listen(&address).await.unwrap_err().to_string(),
        format!(
            "{address} is taken by another program. Stop that, or choose another address (port 0 picks a free one)"
        )
    );
}

#[tokio::test]
async fn a_service_serves_on_no_schema_it_cannot_work_with() {
    let needs = budgets::migrations().list.iter().map(|one| one.version).max().unwrap();
    let comment = |at: i64, from: i64, migrations: &str| {
        format!(r#"comment on schema budgets is '{{"at":{at},"programs_from":{from},"migrations":[{migrations}]}}'"#)
    };
    let run = "Run `tenfold migrate` of this release first.";
    for (comment, sentence) in [
        (
            comment(needs - 1, 0, ""),
            format!(
                "refusing to serve: the schema budgets is at migration {}, and this program needs {needs}. {run}",
                needs - 1
            ),
        ),
        (
            "comment on schema budgets is null".into(),
            format!(
                "refusing to serve: the schema budgets is not there, or does not say which migrations it has. {run}"
            ),
        ),
        (
            comment(needs + 3, needs + 2, ""),
            format!(
                "refusing to serve: the schema budgets takes programs that know migration {}, and this one knows {needs}. \
                 Start the newer release, or restore the backup made before the upgrade.",
                needs + 2
            ),
        ),
        (
            comment(needs, 0, r#"[2,"ffffffff"]"#),
            "refusing to serve: migration 2 of the schema budgets is not the one this program carries. \
             Use the release this database was migrated with, or a database of its own."
                .into(),
        ),
    ] {
        let database = postgres().database().await;
        owner_asks(&database, &comment).await;
        assert_eq!(refused(settings(&database, &testkit::scratch("starting"))).await, sentence);
    }
    // A newer schema that only added to the old one is served on: so it is while a release rolls out, or back.
    let database = postgres().database().await;
    owner_asks(&database, &comment(needs + 1, needs, "")).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/health/ready", listener.local_addr().unwrap());
    let stop = CancellationToken::new();
    let served =
        tokio::spawn(budgets::serve(listener, settings(&database, &testkit::scratch("starting")), stop.clone()));
    assert_eq!(ask(&url).await.0, 200);
    stop.cancel();
    served.await.unwrap().unwrap();
}

async fn ask(url: &str) -> (u16, Value) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = http.get(url).send().await.unwrap();
    (answer.status().as_u16(), serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default())
}

#[tokio::test]
async fn without_its_redis_a_gateway_serves_and_says_so() {
    let database = postgres().database().await;
    let folder = testkit::scratch("starting");
    let signing = tenants::SigningSettings::in_folder(&folder);
    auth::KeyEncryptionKey::make_where_missing(&signing.key_encryption_key).unwrap();
    let place = |name: &str| format!("file://{}", folder.join(name).display());
    let stack = |redis: &str| tenfold::stack::StackSettings {
        gateway_addr: "127.0.0.1:0".into(),
        public_url: None,
        access: database.access(),
        own_cluster: true,
        redis_url: Some(redis.into()),
        signing: signing.clone(),
        allow_private_addresses: true,
        audit_key: folder.join("audit-signing.pem"),
        audit_keys_before: Vec::new(),
        seal_key: None,
        papers_url: place("papers"),
        exports_url: place("exports"),
        imports_folder: folder.join("imports"),
        clock: Clock::System,
        budgets_gate: None,
    };
    let running = tenfold::stack::Stack::start(stack("redis://127.0.0.1:1")).await.expect("it serves without Redis");
    let (status, body) = ask(&format!("{}/health/ready", running.url)).await;
    assert_eq!((status, &body["status"], &body["degraded"]), (200, &"ready".into(), &serde_json::json!(["redis"])));
    running.shut_down().await;
    let refused = tenfold::stack::Stack::start(stack("no address")).await.err().expect("that is no address");
    let said = format!("{refused:#}");
    assert!(said.starts_with("TENFOLD_REDIS_URL is not an address of Redis"), "{said}");
}

/// Both versions take events in while a release rolls out: the old one must not take what only the new one can read.
#[tokio::test]
async fn an_event_of_a_newer_version_waits_for_it_and_holds_up_nothing_else() {
    let mut world = crate::world::World::beginning("2026-09-01T09:00:00Z").await;
    let newer = "insert into platform.inbox (borough_id, consumer, event_id, position, kind, aggregate, payload, arrived_at)
        values (gen_random_uuid(), 'budgets', gen_random_uuid(), 0, 'borough-renamed.v7', 'a borough', '{\"to\": 1}', now())";
    owner_asks(&world.database, newer).await;
    // What comes after it is taken in as ever: without its region a borough's fund could not be made.
    world.region("north", "North").await;
    world.borough("wigan", "E08000010", "Wigan", "north").await;
    let councils = world.read("wigan-admin", "/v1/boroughs/wigan/organisations").await;
    let fund = serde_json::json!({"name": "Fund", "kind": "pooled", "legal_basis": "s75_reg7", "source": "A test",
        "host": councils["data"][0]["id"]});
    let mut made = world.post("wigan-finance", "/v1/boroughs/wigan/funds", &fund).await;
    for _ in 0..100 {
        if made.status.is_success() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        made = world.post("wigan-finance", "/v1/boroughs/wigan/funds", &fund).await;
    }
    assert!(made.status.is_success(), "{}", made.body);
    let mut owner = PgConnection::connect_with(&world.database.owner()).await.unwrap();
    for _ in 0..100 {
        let (waits, attempts, why): (bool, i32, Option<String>) = sqlx::query_as(
            "select done_at is null, attempts, failure from platform.inbox where kind = 'borough-renamed.v7'",
        )
        .fetch_one(&mut owner)
        .await
        .unwrap();
        assert!(waits, "it was thrown away");
        if attempts > 0 {
            assert!(why.unwrap().contains("this version cannot read borough-renamed.v7"));
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("nobody looked at it");
}
