//! Seals of closed periods, from the request that closes to the files that verify.

use parquet::{
    file::reader::{FileReader, SerializedFileReader},
    record::RowAccessor,
};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use crate::{
    running::{journal, refusal, running, send},
    seal_recipes::sealed_fund,
    world::World,
};

/// A borough with a fund, its year open, and a second pool manager.
pub(crate) struct Books {
    pub(crate) world: World,
    pub(crate) fund: String,
}

impl Books {
    pub(crate) async fn of(mut world: World) -> Self {
        world.region("shire", "A shire").await;
        world.borough("ford", "E08999991", "Ford", "shire").await;
        let second = json!({"name": "second", "role": "pool_manager"});
        let second = world.done("ford-admin", "/v1/boroughs/ford/clients", second).await;
        world.keep("ford-second", &second);
        let council =
            world.until("ford-admin", "/v1/boroughs/ford/organisations", |all| all["data"][0]["id"].is_string()).await;
        let fund = json!({"name": "Ford pool", "kind": "pooled", "legal_basis": "s75_reg7", "host": council["data"][0]["id"],
            "source": "A test"});
        // The ledger hears of the council a moment after.
        let made = loop {
            let answer = world.post("ford-finance", "/v1/boroughs/ford/funds", &fund).await;
            if answer.status == 201 {
                break answer.body;
            }
            assert!(answer.status.is_client_error() && answer.status != 400, "{}", answer.body);
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        };
        let books = Self { world, fund: made["id"].as_str().unwrap().to_owned() };
        books.made("years", json!({"year": "2026-27"})).await;
        for code in ["ICES", "STEPUP"] {
            let scheme = json!({"code": code, "name": code, "category": "community_health", "source": "nhs"});
            books.made("schemes", scheme).await;
        }
        for (code, kind) in [("5100", "expenditure"), ("5200", "expenditure"), ("9000", "balance")] {
            books.made("accounts", json!({"code": code, "name": code, "kind": kind})).await;
        }
        books
    }

    pub(crate) fn path(&self, below: &str) -> String {
        format!("/v1/boroughs/ford/funds/{}/{below}", self.fund)
    }

    pub(crate) async fn made(&self, below: &str, body: Value) -> Value {
        self.world.done("ford-finance", &self.path(below), body).await
    }

    pub(crate) async fn post(&self, pence: i64) -> Value {
        self.made("journals", journal(pence)).await
    }

    fn period(&self) -> String {
        self.path("years/2026-27/periods/6")
    }

    async fn close(&self) {
        self.world.moved("ford-pool-manager", &self.period(), "soft_closed", "Month end").await;
        self.world.moved("ford-pool-manager", &self.period(), "closed", "Month end").await;
    }

    async fn sealed(&self) -> Value {
        self.world.until("ford-auditor", &self.period(), |period| period["seal"] == "sealed").await;
        self.seal("").await
    }

    pub(crate) async fn close_and_seal(&self) -> Value {
        self.close().await;
        self.sealed().await
    }

    async fn seal(&self, query: &str) -> Value {
        self.world.read("ford-auditor", &self.path(&format!("years/2026-27/seals/6{query}"))).await
    }

    async fn export(&self) -> String {
        let path = self.path("years/2026-27/periods/6/postings.ndjson");
        let (headers, text) = self.world.text("ford-auditor", &path).await;
        assert_eq!(headers["content-type"], "application/x-ndjson");
        text
    }

    async fn public(&self, what: &str) -> Value {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let url = format!("{}/v1/public/boroughs/ford/{what}", self.world.url);
        http.get(url).send().await.unwrap().json().await.unwrap()
    }

    pub(crate) async fn owner(&self) -> PgConnection {
        PgConnection::connect_with(&self.world.database.owner()).await.unwrap()
    }
}

/// What disagrees, by the published keys and the seal before.
fn disagrees(seal: &Value, export: &str, keys: &Value, before: Option<&Value>) -> Vec<String> {
    let before = before.map(Value::to_string);
    let keys = keys.to_string();
    budgets::verify_seal(&seal.to_string(), export.as_bytes(), Some(&keys), before.as_deref()).unwrap().disagrees
}

#[tokio::test]
async fn rule_30_a_closed_period_is_sealed_and_closing_it_again_makes_another_seal() {
    let books = Books::of(World::beginning("2026-10-05T09:00:00Z").await).await;
    let world = &books.world;
    books.post(1_000).await;
    books.post(250).await;
    assert_eq!(world.read("ford-auditor", &books.period()).await["seal"], "none");
    let first = books.close_and_seal().await;
    let keys = books.public("seal-keys").await;
    assert_eq!(disagrees(&first, &books.export().await, &keys, None), [""; 0]);
    assert_eq!((&first["seal"]["journals"], &first["seal"]["actual_pence"]), (&json!(2), &json!(1_250)));
    assert_eq!(first["accounts"][0]["account"], "5100");

    // Reopening takes a reason and a second person.
    let refused = world.try_move("ford-pool-manager", &books.period(), "reopened", "A late invoice").await;
    assert_eq!(refusal(&refused), "409 transition-refused", "who closed it");
    let refused = world.try_move("ford-second", &books.period(), "reopened", " ").await;
    assert_eq!(refused.status, 422, "without a reason");
    world.moved("ford-second", &books.period(), "reopened", "A late invoice").await;
    assert_eq!(world.read("ford-auditor", &books.period()).await["seal"], "none");
    books.post(30).await;
    let found = disagrees(&first, &books.export().await, &keys, None);
    assert!(found[0].contains("account 5100: 2 lines were sealed, there are 3"), "{found:?}");

    let second = books.close_and_seal().await;
    assert_eq!(disagrees(&second, &books.export().await, &keys, Some(&first)), [""; 0]);
    assert_ne!(first["seal"]["closing"], second["seal"]["closing"]);
    assert_eq!(second["seal"]["previous"], first["seal"]["head"]);
    let kept = books.seal(&format!("?closing={}", first["seal"]["closing"])).await;
    assert_eq!(kept, first, "the first stays as it was");
    let listed = world.read("ford-auditor", &books.path("years/2026-27/seals")).await;
    let positions: Vec<_> = listed["data"].as_array().unwrap().iter().map(|one| one["position"].as_i64()).collect();
    assert_eq!(positions, [Some(2), Some(1)]);

    // Anybody sees the same heads, and no money.
    let public = books.public("seals").await;
    let heads: Vec<_> = public["data"].as_array().unwrap().iter().map(|one| &one["head"]).collect();
    assert_eq!(heads, [&first["seal"]["head"], &second["seal"]["head"]]);
    assert!(!public.to_string().contains("pence"));
}

#[tokio::test]
async fn an_account_is_proved_without_the_others() {
    let books = Books::of(World::beginning("2026-10-05T09:00:00Z").await).await;
    books.post(1_000).await;
    let mut other = journal(77);
    other["postings"][0]["account"] = "5200".into();
    books.made("journals", other).await;
    books.close_and_seal().await;
    let path = books.path("years/2026-27/seals/6/proof");
    let proof = books.world.read("ford-auditor", &format!("{path}?account=5100")).await;
    let keys = books.public("seal-keys").await.to_string();
    assert!(budgets::verify_proof(&proof.to_string(), Some(&keys)).unwrap().is_clean());
    assert!(!proof.to_string().contains("5200"));
    let mut altered = proof.clone();
    altered["account"]["actual"]["debits_pence"] = json!(1_001);
    assert!(!budgets::verify_proof(&altered.to_string(), Some(&keys)).unwrap().is_clean());
    let unknown = send(&books.world.as_("ford-auditor"), Method::GET, &format!("{path}?account=4000"), &[], None).await;
    assert_eq!(unknown.status, 404, "it had no line");
    let none = send(&books.world.as_("ford-auditor"), Method::GET, &path, &[], None).await;
    assert_eq!(none.status, 400);
}

#[tokio::test]
async fn without_a_key_seals_wait_and_the_period_stays_closed_until_there_is_one() {
    let mut books = Books::of(World::without_seal_key("2026-10-05T09:00:00Z").await).await;
    books.post(1_000).await;
    books.close().await;
    assert_eq!(books.world.read("ford-auditor", &books.period()).await["seal"], "pending");
    let refused = books.world.try_move("ford-second", &books.period(), "reopened", "A late invoice").await;
    assert_eq!(refusal(&refused), "409 seal-pending");
    assert!(refused.headers.contains_key("retry-after"));
    assert_eq!(books.public("seal-keys").await["keys"], json!([]));
    // Two more processes of it, with a key: one of them makes it, once.
    books.world.second_ledger().await;
    books.world.second_ledger().await;
    let seal = books.sealed().await;
    let keys = books.public("seal-keys").await;
    assert_eq!(keys["keys"].as_array().map(Vec::len), Some(1), "the key its seals were signed with");
    assert_eq!(disagrees(&seal, &books.export().await, &keys, None), [""; 0]);
    assert_eq!(books.public("seals").await["data"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_period_of_many_lines_is_sealed_and_exported_whole() {
    let books = Books::of(World::beginning("2026-10-05T09:00:00Z").await).await;
    books.post(1_000).await;
    // Eleven thousand lines more than one batch or piece holds, as an import would have left them.
    sqlx::raw_sql(many_lines(5_500)).execute(&mut books.owner().await).await.unwrap();
    let seal = books.close_and_seal().await;
    assert_eq!((&seal["seal"]["postings"], &seal["seal"]["journals"]), (&json!(11_002), &json!(5_501)));
    let export = books.export().await;
    assert_eq!(export.lines().count(), 11_002);
    assert_eq!(disagrees(&seal, &export, &books.public("seal-keys").await, None), [""; 0]);
    as_parquet(&books, &export).await;
    let cut: String = export.lines().take(11_001).map(|line| format!("{line}\n")).collect();
    assert_eq!(disagrees(&seal, &cut, &books.public("seal-keys").await, None).len(), 1);
    let (headers, csv) = {
        let token = books.world.as_("ford-auditor").token().await.unwrap();
        let path = books.path("years/2026-27/periods/6/postings?limit=500");
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let asked = http.get(format!("{}{path}", books.world.url)).bearer_auth(token).header("accept", "text/csv");
        let answer = asked.send().await.unwrap();
        (answer.headers().clone(), answer.text().await.unwrap())
    };
    assert_eq!((csv.lines().count(), headers.contains_key("link")), (501, true));
}

/// The same lines as a Parquet file.
async fn as_parquet(books: &Books, export: &str) {
    let token = books.world.as_("ford-auditor").token().await.unwrap();
    let path = books.path("years/2026-27/periods/6/postings.parquet");
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = http.get(format!("{}{path}", books.world.url)).bearer_auth(token).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/vnd.apache.parquet");
    let file = SerializedFileReader::new(answer.bytes().await.unwrap()).unwrap();
    let rows = file.get_row_iter(None).unwrap().map(|row| row.unwrap());
    let told: Vec<(String, i32, i64)> = rows
        .map(|row| (row.get_string(0).unwrap().clone(), row.get_int(1).unwrap(), row.get_long(9).unwrap()))
        .collect();
    let lines = export.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let wanted: Vec<(String, i32, i64)> = lines
        .map(|line| {
            let line_number = i32::try_from(line["line"].as_i64().unwrap()).unwrap();
            (line["journal"].as_str().unwrap().to_owned(), line_number, line["amount_pence"].as_i64().unwrap())
        })
        .collect();
    assert_eq!(told, wanted);
}

/// Journals of two lines in the place of one that is there, beside it.
fn many_lines(journals: u32) -> sqlx::AssertSqlSafe<String> {
    sqlx::AssertSqlSafe(format!(
        "with new as (
           insert into budgets.journal (borough_id, fund_id, journal_id, year, period, effective_on, posted_at, narrative, client_id)
           select borough_id, fund_id, gen_random_uuid(), year, period, effective_on, posted_at, narrative, client_id
           from budgets.journal, generate_series(1, {journals}) returning *
         ), one as (select p.* from budgets.posting p)
         insert into budgets.posting (borough_id, fund_id, journal_id, line, account_id, scheme_id, layer, amount_pence,
           category, source, nature, year, effective_on)
         select n.borough_id, n.fund_id, n.journal_id, o.line, o.account_id, o.scheme_id, o.layer, o.amount_pence,
           o.category, o.source, o.nature, o.year, o.effective_on
         from new n, one o"
    ))
}

#[tokio::test]
async fn nobody_but_the_sealer_takes_a_due_seal_away_and_nobody_changes_one() {
    sealed_fund().await;
    for role in ["budgets_borough", "budgets_work", "budgets_public", "budgets_region", "budgets_partner"] {
        let mut login = PgConnection::connect_with(&running().database.login(role)).await.unwrap();
        for statement in [
            "update budgets.period_seal set head = head",
            "delete from budgets.period_seal",
            "update budgets.period_seal_account set postings = 1",
        ] {
            let said = sqlx::query(statement).execute(&mut login).await.expect_err("refused").to_string();
            assert!(said.contains("permission denied"), "{role}: {statement}: {said}");
        }
    }
    let mut public = PgConnection::connect_with(&running().database.login("budgets_public")).await.unwrap();
    let said = sqlx::query("select actual_pence from budgets.period_seal").execute(&mut public).await.expect_err("no");
    assert!(said.to_string().contains("permission denied"));
}
