//! An injectable query on purpose, in a service that exists only here: what could be run through it changes no
//! context and shows no foreign row (refusals 17 to 19).

use std::{pin::Pin, sync::Arc};

use auth::{Authenticate, BoroughClaim, Caller, Gate, Mode, Owner, Role, can};
use axum::{
    Json, Router,
    extract::{FromRef, Query},
    http::HeaderMap,
    routing::get,
};
use domain::{BoroughId, Clock};
use serde::Deserialize;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};
use tenancy::{Db, InBorough, Kind, ServiceRoles};
use web::Problem;

use crate::running::running;

#[derive(Clone, FromRef)]
struct App {
    db: Db,
    gate: Gate,
}

/// Whoever asks is Salford's finance officer.
struct Salford(Arc<Caller>);

impl Authenticate for Salford {
    fn caller<'a>(
        &'a self,
        _: &'a HeaderMap,
    ) -> Pin<Box<dyn Future<Output = Result<Arc<Caller>, Problem>> + Send + 'a>> {
        Box::pin(async { Ok(self.0.clone()) })
    }
}

#[derive(Deserialize)]
struct Asked {
    name: String,
}

/// The mistake: what was sent becomes part of the statement.
async fn careless(scope: InBorough<can::ReadFunds>, Query(asked): Query<Asked>) -> Result<Json<Vec<String>>, String> {
    let mut tx = scope.read().await.map_err(|problem| format!("{problem:?}"))?;
    let statement = format!("select name::text from budgets.fund where name = '{}'", asked.name);
    let rows =
        sqlx::query(AssertSqlSafe(statement)).fetch_all(tx.connection()).await.map_err(|error| error.to_string())?;
    Ok(Json(rows.iter().map(|row| row.try_get::<String, _>(0).unwrap_or_default()).collect()))
}

/// A handler that panics with its transaction open.
async fn clumsy(scope: InBorough<can::ReadFunds>) -> Json<Vec<String>> {
    let _tx = scope.read().await.unwrap();
    panic!("on purpose");
}

/// A handler that is still at work when its caller has gone.
async fn slow(scope: InBorough<can::ReadFunds>) -> Json<Vec<String>> {
    let mut tx = scope.read().await.unwrap();
    sqlx::query("select pg_sleep(1)").execute(tx.connection()).await.unwrap();
    Json(Vec::new())
}

struct Careless {
    url: String,
    db: Db,
    foreign: String,
}

async fn start() -> Careless {
    let running = running();
    let mut owner = PgConnection::connect_with(&running.database.owner()).await.unwrap();
    let row = sqlx::query(
        "select (select borough_id from tenants.borough where slug = 'salford' and mode = 'live'),
                (select borough_id from tenants.borough where slug = 'oldham' and mode = 'live')",
    )
    .fetch_one(&mut owner)
    .await
    .unwrap();
    let (own, foreign): (uuid::Uuid, uuid::Uuid) = (row.get(0), row.get(1));
    let claim = BoroughClaim {
        id: BoroughId(own),
        slug: "salford".parse().unwrap(),
        gss: "E08000006".parse().unwrap(),
        mode: Mode::Live,
    };
    let caller = Caller {
        client_id: "careless".into(),
        owner: Owner::Borough(claim),
        role: Role::Finance,
        scopes: Role::Finance.scopes(),
        token_id: "a-token".into(),
        issued_at: 0,
        expires_at: i64::MAX,
    };
    let roles = ServiceRoles { service: "budgets", kinds: &[Kind::Borough, Kind::Work] };
    // One connection: whatever is left on it, the next request finds.
    let db = Db::open(roles, &running.database.access().with_one_connection(), Clock::System).unwrap();
    let app = App { db: db.clone(), gate: Arc::new(Salford(Arc::new(caller))) };
    let router = Router::new()
        .route("/{borough}/careless", get(careless))
        .route("/{borough}/clumsy", get(clumsy))
        .route("/{borough}/slow", get(slow))
        .with_state(app);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(web::serve(listener, router, web::Limits::default(), tokio_util::sync::CancellationToken::new()));
    Careless { url, db, foreign: foreign.to_string() }
}

async fn ask(url: &str, name: &str) -> String {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    // Every byte encoded: what arrives is exactly what was meant.
    let name: String = name.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let asked = http.get(format!("{url}/salford/careless?name={name}"));
    asked.send().await.unwrap().text().await.unwrap()
}

#[tokio::test]
async fn injected_sql_changes_no_context_and_shows_no_foreign_row() {
    let Careless { url, foreign, .. } = start().await;
    let open = ask(&url, "x' or 'a' = 'a").await;
    assert!(
        open.contains("Salford") && !open.contains("Oldham"),
        "the query is injectable, and shows one's own only: {open}"
    );
    let set = format!("set_config('tenfold.borough', '{foreign}', true)");
    let inner = format!("set local tenfold.borough = ''{foreign}''");
    for attempt in [
        format!("x' or {set} = 'a"),
        format!("x' union select {set} union select name from budgets.fund --"),
        format!("x'; {}; select name from budgets.fund --", inner.replace("''", "'")),
        "x'; reset role; select name from budgets.fund --".into(),
        "x'; commit; select name from budgets.fund --".into(),
        format!(
            "x' union select query_to_xml('{inner}', false, false, '')::text union select name from budgets.fund --"
        ),
        format!(
            "x' union select query_to_xml('select set_config(''tenfold.borough'', ''{foreign}'', true)', false, false, '')::text --"
        ),
        format!(
            "x' union select word from ts_stat('select to_tsvector({})') union select name from budgets.fund --",
            set.replace('\'', "''")
        ),
        format!("x' union select table_to_xml('budgets.fund', false, false, '')::text where {set} is not null --"),
        format!(
            "x' union (with moved as (update pg_settings set setting = '{foreign}' where name = 'tenfold.borough' returning 1) select name from budgets.fund) --"
        ),
        "x' union select set_config('role', 'postgres', true) --".into(),
        "x' union select set_config('row_security', 'off', true) --".into(),
        "x' union select pg_read_file('postgresql.conf') --".into(),
        "x' union select lo_import('/etc/passwd')::text --".into(),
        "x' union select secret_hint from tenants.client --".into(),
        "x' union select name from governance.committee --".into(),
    ] {
        let answer = ask(&url, &attempt).await;
        assert!(!answer.contains("Oldham"), "{attempt}: {answer}");
        let refused = [
            "permission denied",
            "cannot insert multiple commands",
            "cannot execute",
            "is not allowed",
            "must be",
            "syntax error",
            "only",
        ];
        assert!(refused.iter().any(|words| answer.contains(words)), "{attempt} was not refused: {answer}");
        let after = ask(&url, "x' or 'a' = 'a").await;
        assert_eq!(after, open, "after {attempt}");
    }
    // What a statement may do without being refused still sees one's own rows only.
    for harmless in [
        "x' union select table_to_xml('budgets.fund', false, false, '')::text --",
        "x' union select query_to_xml('select name from budgets.fund', false, false, '')::text --",
        "x' union select current_setting('tenfold.borough') --",
    ] {
        let answer = ask(&url, harmless).await;
        assert!(!answer.contains("Oldham") && !answer.contains(&foreign), "{harmless}: {answer}");
    }
}

#[tokio::test]
async fn a_connection_keeps_no_context_after_commit_panic_or_cancel() {
    let Careless { url, db, .. } = start().await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let bare = async || {
        // The same connection, in a transaction nobody gave a borough.
        let mut tx = db.without_context().await.unwrap();
        sqlx::query("select count(*) from budgets.fund").fetch_one(tx.connection()).await.is_err()
    };
    assert!(ask(&url, "x' or 'a' = 'a").await.contains("Salford"));
    assert!(bare().await, "after a request");
    assert_eq!(http.get(format!("{url}/salford/clumsy")).send().await.unwrap().status(), 500);
    assert!(bare().await, "after a panic");
    let cut = http.get(format!("{url}/salford/slow")).timeout(std::time::Duration::from_millis(300)).send().await;
    assert!(cut.is_err());
    assert!(bare().await, "after a caller went away");
    assert!(ask(&url, "x' or 'a' = 'a").await.contains("Salford"), "and the next request is served");
}
