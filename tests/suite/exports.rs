//! A borough's whole record, out of one instance and into another.

use std::{
    collections::BTreeMap,
    io::{Cursor, Read, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use domain::Clock;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::{Connection, PgConnection};
use storage::Storage;
use tenants::Restored;
use tenfold::{client::Client, personas::Credentials};

use crate::{
    export_recipes::made,
    running::{running, send, testford, write},
    world::World,
};

/// An archive that was fetched: its bytes as a file, and what is in it.
struct Fetched {
    file: PathBuf,
    entries: BTreeMap<String, Vec<u8>>,
}

impl Fetched {
    async fn of(admin: &Client, borough: &str) -> Self {
        let export = made(admin, borough).await;
        let path = format!("/v1/boroughs/{borough}/exports/{}/archive", export["id"].as_str().unwrap());
        let answer = admin.fetch(&path).await.unwrap();
        assert_eq!(answer.headers()["content-type"], "application/zip");
        let bytes = answer.bytes().await.unwrap();
        let sum: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!((&json!(sum), &json!(bytes.len())), (&export["sha256"], &export["bytes"]));
        let file = testkit::scratch("archives").join(format!("{borough}-{}.zip", export["id"].as_str().unwrap()));
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, &bytes).unwrap();
        Self { file, entries: entries(&bytes) }
    }

    fn manifest(&self) -> Value {
        serde_json::from_slice(&self.entries["manifest.json"]).unwrap()
    }

    fn rows(&self, table: &str) -> Vec<Value> {
        let text = std::str::from_utf8(&self.entries[&format!("data/{table}.ndjson")]).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The data files: all but the manifest, which says when and where.
    fn data(&self) -> BTreeMap<&str, &[u8]> {
        let data = self.entries.iter().filter(|(path, _)| *path != "manifest.json");
        data.map(|(path, content)| (path.as_str(), content.as_slice())).collect()
    }

    /// Every data file is equal to the other's, byte for byte.
    fn same_as(&self, other: &Self) {
        let (before, after) = (self.data(), other.data());
        assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
        for (path, content) in before {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            assert!(content == after[path], "{path} differs:\n{}\n---\n{}", text(content), text(after[path]));
        }
    }

    /// The same with one entry changed.
    fn changed(&self, path: &str, change: impl Fn(Vec<u8>) -> Vec<u8>) -> PathBuf {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in &self.entries {
            zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            let content = if name == path { change(content.clone()) } else { content.clone() };
            zip.write_all(&content).unwrap();
        }
        let file = self.file.with_extension(format!("{}.zip", path.replace('/', "-")));
        std::fs::write(&file, zip.finish().unwrap().into_inner()).unwrap();
        file
    }
}

fn entries(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut all = BTreeMap::new();
    for at in 0..zip.len() {
        let mut entry = zip.by_index(at).unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        let name = entry.name().unwrap().into_owned();
        all.insert(name, content);
    }
    all
}

async fn restored(world: &World, file: &Path) -> anyhow::Result<Restored> {
    let papers = Storage::open("papers", &format!("file://{}", world.folder.join("papers").display())).unwrap();
    tenants::restore(&world.database.owner(), file, &papers, &Clock::System, &mut |_, _, _| {}).await
}

/// The new administrator's client of a borough that was restored.
fn admin_of(world: &World, restored: Restored) -> Client {
    let (client_id, client_secret) = restored.administrator.expect("an administrator has a secret");
    Client::new(&world.url, Credentials { client_id, client_secret })
}

#[tokio::test]
async fn what_is_restored_elsewhere_is_exported_again_to_the_byte() {
    let world = World::in_real_time(Duration::from_secs(60)).await;
    // One whose ledger was imported, and one whose committee decides.
    round_trip(&world, "salford", &["budgets/receipt", "budgets/instalment", "tenants/organisation"]).await;
    round_trip(&world, "wigan", &["governance/committee", "budgets/agreement"]).await;
}

/// One of a moment in which nothing was on its way.
async fn at_rest(admin: &Client, borough: &str) -> Fetched {
    loop {
        let fetched = Fetched::of(admin, borough).await;
        if fetched.manifest()["at_rest"] == true {
            return fetched;
        }
    }
}

async fn round_trip(world: &World, borough: &str, holds: &[&str]) {
    let own = running().as_(&format!("{borough}-admin"));
    let first = at_rest(&own, borough).await;
    let manifest = first.manifest();
    for file in manifest["tables"].as_array().unwrap().iter().flat_map(|table| [&table["ndjson"], &table["csv"]]) {
        let content = &first.entries[file["path"].as_str().unwrap()];
        let sum: String = Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!((&json!(content.len()), &json!(sum)), (&file["bytes"], &file["sha256"]), "{file}");
    }
    for table in holds.iter().chain(&["platform/audit_link", "platform/change"]) {
        let filled =
            manifest["tables"].as_array().unwrap().iter().filter(|one| one["rows"] != 0).map(|one| &one["table"]);
        assert!(!first.rows(table).is_empty(), "{table} holds nothing; these do: {:?}", filled.collect::<Vec<_>>());
    }

    let back = restored(world, &first.file).await.unwrap();
    assert_eq!((back.slug.as_str(), back.rows), (borough, rows(&manifest)));
    let admin = admin_of(world, back);
    first.same_as(&Fetched::of(&admin, borough).await);

    // It is alive: it reads as before, and goes on.
    let funds = format!("/v1/boroughs/{borough}/funds");
    assert_eq!(admin.get(&funds).await.unwrap().body["data"], own.get(&funds).await.unwrap().body["data"]);
    let contact = json!({"office": "Head of Information Security", "email": "security@council.example"});
    let wrote = write(&admin, &format!("/v1/boroughs/{borough}/security-contacts"), &contact).await;
    assert_eq!(wrote.status, 201, "{}", wrote.body);
    // The chain of its audit trail goes on where it was.
    let places = i64::try_from(first.rows("platform/audit_link").len()).unwrap();
    for _ in 0..200 {
        let heads = admin.get(&format!("/v1/boroughs/{borough}/audit/heads")).await.unwrap().body;
        if heads["data"].as_array().unwrap().iter().any(|head| head["position"].as_i64() > Some(places + 1)) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the chain did not go on");
}

fn rows(manifest: &Value) -> u64 {
    manifest["tables"].as_array().unwrap().iter().map(|table| table["rows"].as_u64().unwrap()).sum()
}

#[tokio::test]
async fn an_archive_holds_every_kind_of_row_and_no_secret() {
    testford().await;
    let admin = running().as_("testford-admin");
    let archive = Fetched::of(&admin, "testford").await;
    let own = running().credentials("testford-admin");
    let random = own.client_secret.strip_prefix("tfl_live_").unwrap();
    for (path, content) in &archive.entries {
        let text = String::from_utf8_lossy(content);
        assert!(!text.contains(random), "{path} holds a secret");
        assert!(!path.starts_with("data/") || !text.contains("secret_hash"), "{path} holds the hash of a secret");
    }
    assert!(!archive.entries.contains_key("data/tenants/webhook_secret.ndjson"));
    let id = admin.get("/v1/boroughs/testford").await.unwrap().body["id"].clone();
    for (path, content) in archive.entries.iter().filter(|(path, _)| path.starts_with("data/")) {
        for line in std::str::from_utf8(content).unwrap().lines() {
            let row: Value = serde_json::from_str(line).unwrap();
            assert_eq!(row["borough_id"], id, "{path}");
        }
    }
    // Busy or not, it goes into another instance.
    let world = World::in_real_time(Duration::from_secs(60)).await;
    let back = restored(&world, &archive.file).await.unwrap();
    assert_eq!(back.rows, rows(&archive.manifest()));
    let mut owner = PgConnection::connect_with(&world.database.owner()).await.unwrap();
    let broken: i64 = sqlx::query_scalar(
        "select count(*) from (select journal_id, layer, fund_id from budgets.posting
         group by borough_id, fund_id, journal_id, layer having sum(amount_pence) <> 0) wrong",
    )
    .fetch_one(&mut owner)
    .await
    .unwrap();
    assert_eq!(broken, 0, "every journal still comes to nothing");
    // A webhook at whose address nobody listens is tried again and again: it never rests.
    sqlx::raw_sql(
        "delete from tenants.webhook_attempt; delete from tenants.webhook_delivery; delete from tenants.webhook_cursor",
    )
    .execute(&mut owner)
    .await
    .unwrap();
    // There it comes to rest, and from there it goes on to a third, the same to the byte.
    let second = at_rest(&admin_of(&world, back), "testford").await;
    let third = World::in_real_time(Duration::from_secs(60)).await;
    let back = restored(&third, &second.file).await.unwrap();
    second.same_as(&Fetched::of(&admin_of(&third, back), "testford").await);
}

#[tokio::test]
async fn what_is_wrong_with_an_archive_is_said_and_nothing_is_restored() {
    let wigan = running().as_("wigan-admin");
    let archive = Fetched::of(&wigan, "wigan").await;
    let world = World::in_real_time(Duration::from_secs(60)).await;
    let fund = "data/budgets/fund.ndjson";
    let why = async |file: &Path| format!("{:#}", restored(&world, file).await.unwrap_err());
    let replace = |from: &'static str, to: &'static str| {
        move |content: Vec<u8>| String::from_utf8(content).unwrap().replacen(from, to, 1).into_bytes()
    };
    let tampered = archive.changed(fund, |mut content| {
        content[10] ^= 1;
        content
    });
    assert!(why(&tampered).await.contains("data/budgets/fund.ndjson is not as it was exported"));
    let newer = archive.changed("manifest.json", replace("\"format\": 1", "\"format\": 2"));
    assert!(why(&newer).await.contains("of format 2"));
    let strange =
        archive.changed("manifest.json", replace("\"table\": \"budgets/fund\"", "\"table\": \"budgets/unknown\""));
    assert!(why(&strange).await.contains("a table budgets/unknown that is not here"));
    let elsewhere = archive.changed("manifest.json", replace("data/budgets/fund.ndjson", "../../etc/passwd"));
    assert!(why(&elsewhere).await.contains("no path of an archive"));
    let short = archive.file.with_extension("short.zip");
    let bytes = std::fs::read(&archive.file).unwrap();
    std::fs::write(&short, &bytes[..bytes.len() / 2]).unwrap();
    assert!(why(&short).await.contains("cut short"));
    assert!(why(Path::new("/nowhere/at-all.zip")).await.contains("cannot be read"));
    let mut owner = PgConnection::connect_with(&world.database.owner()).await.unwrap();
    let there: i64 = sqlx::query_scalar("select count(*) from tenants.borough").fetch_one(&mut owner).await.unwrap();
    assert_eq!(there, 0);
    // A borough is restored once.
    restored(&world, &archive.file).await.unwrap();
    assert!(why(&archive.file).await.contains("has a borough wigan (E08000010) in mode live already"));
}

#[tokio::test]
async fn an_export_is_asked_for_by_an_administrator_and_fetched_when_it_is_made() {
    let admin = running().as_("tameside-admin");
    let exports = "/v1/boroughs/tameside/exports";
    let unsaid = write(&admin, exports, &json!({"reason": " "})).await;
    assert_eq!((unsaid.status.as_u16(), &unsaid.body["errors"][0]["pointer"]), (422, &json!("/reason")));
    let asked = write(&admin, exports, &json!({"reason": "A test"})).await;
    let path = format!("{exports}/{}", asked.body["id"].as_str().unwrap());
    assert_eq!((&asked.body["state"], &asked.body["progress"]["total"]), (&json!("waiting"), &json!(0)));
    let finance = running().as_("tameside-finance");
    let refused = write(&finance, exports, &json!({"reason": "A test"})).await;
    assert_eq!(refused.status, 403);
    // Another borough's is not there.
    let other = running().as_("bury-admin");
    let id = asked.body["id"].as_str().unwrap();
    for below in ["", "/manifest", "/archive"] {
        let answer =
            send(&other, reqwest::Method::GET, &format!("/v1/boroughs/bury/exports/{id}{below}"), &[], None).await;
        assert_eq!(answer.status, 404);
    }
    for _ in 0..600 {
        if admin.get(&path).await.unwrap().body["state"] == "made" {
            let manifest = admin.get(&format!("{path}/manifest")).await.unwrap().body;
            assert_eq!(manifest["borough"]["slug"], "tameside");
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it was never made");
}
