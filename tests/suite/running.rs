//! The stack all modules share: the demonstration's eleven boroughs, and a twelfth, Testford, in a region of its
//! own, on which anything may be tried.

use std::{
    path::PathBuf,
    sync::{Mutex, OnceLock, mpsc},
    time::Duration,
};

use domain::Clock;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tenfold::{
    client::{Answer, Client},
    demo,
    personas::{Credentials, Personas},
    redis::Redis,
    stack::{Stack, StackSettings},
};
use testkit::{TestDatabase, TestPostgres};

/// The running stack.
pub(crate) struct Running {
    pub(crate) url: String,
    /// Where tenants, budgets and governance answer without the gateway.
    pub(crate) services: [String; 3],
    pub(crate) database: TestDatabase<'static>,
    pub(crate) folder: PathBuf,
    personas: Mutex<Personas>,
}

/// Testford's things.
pub(crate) struct Testford {
    pub(crate) fund: String,
    pub(crate) council: String,
}

/// Whether this run is to do without Redis.
pub(crate) fn without_redis() -> bool {
    std::env::var("TENFOLD_TEST_REDIS").is_ok_and(|set| set == "off")
}

/// The test binary's one Postgres.
pub(crate) fn postgres() -> &'static TestPostgres {
    static POSTGRES: OnceLock<&'static TestPostgres> = OnceLock::new();
    POSTGRES.get_or_init(|| {
        on_its_own_thread(|| async {
            let postgres = TestPostgres::start(&tenfold::migrations(), tenfold::login_roles()).await;
            &*Box::leak(Box::new(postgres))
        })
    })
}

/// Runs something on a runtime that outlives every test's own, and gives back what it made.
fn on_its_own_thread<T, F>(make: impl FnOnce() -> F + Send + 'static) -> T
where
    T: Send + 'static,
    F: Future<Output = T>,
{
    let (made, wanted) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            made.send(make().await).ok();
            std::future::pending::<()>().await;
        });
    });
    wanted.recv().expect("what the tests share could not be started; see above")
}

/// The running stack, started by the first test that needs it.
pub(crate) fn running() -> &'static Running {
    static RUNNING: OnceLock<Running> = OnceLock::new();
    RUNNING.get_or_init(|| {
        let postgres = postgres();
        on_its_own_thread(move || async move {
            let database = postgres.database().await;
            let folder = testkit::scratch("stack");
            let redis = (!without_redis()).then(|| Redis::start(&folder).expect("redis-server is installed"));
            let signing = tenants::SigningSettings::in_folder(&folder);
            auth::KeyEncryptionKey::make_where_missing(&signing.key_encryption_key).unwrap();
            let settings = StackSettings {
                gateway_addr: "127.0.0.1:0".into(),
                public_url: None,
                access: database.access(),
                own_cluster: true,
                redis_url: redis.as_ref().map(Redis::url),
                signing,
                allow_private_addresses: true,
                audit_key: folder.join("audit-signing.pem"),
                audit_keys_before: Vec::new(),
                seal_key: Some(folder.join("seal-signing.pem")),
                papers_url: format!("file://{}", folder.join("papers").display()),
                exports_url: format!("file://{}", folder.join("exports").display()),
                imports_folder: folder.join("imports"),
                clock: Clock::System,
                budgets_gate: None,
            };
            let stack = Stack::start(settings).await.expect("the stack starts");
            let (url, services) = (stack.url.clone(), stack.services.clone());
            let (client_id, client_secret) =
                tenants::bootstrap(&database.owner(), &Clock::System).await.unwrap().expect("it is the first");
            demo::load(&url, &folder, Credentials { client_id, client_secret }, tenfold::settings::Demonstration::On)
                .await
                .expect("the demonstration loads");
            let personas = Mutex::new(Personas::load(&folder).unwrap().unwrap());
            // They live as long as the process; what they run on ends with it.
            std::mem::forget((stack, redis));
            Running { url, services, database, folder, personas }
        })
    })
}

impl Running {
    /// A client for a persona: `salford-finance`, `testford-clerk`, …
    pub(crate) fn as_(&self, persona: &str) -> Client {
        Client::new(&self.url, self.credentials(persona))
    }

    pub(crate) fn credentials(&self, persona: &str) -> Credentials {
        self.personas.lock().unwrap().get(persona).unwrap().clone()
    }

    pub(crate) fn keep(&self, persona: &str, made: &Value) {
        let credentials = Credentials {
            client_id: made["id"].as_str().or(made["client_id"].as_str()).expect("an id").to_owned(),
            client_secret: made["client_secret"].as_str().expect("a secret").to_owned(),
        };
        self.personas.lock().unwrap().personas.insert(persona.to_owned(), credentials);
    }
}

/// The clients made of Testford's roles; `narrow` ones carry a single scope.
const TESTFORD: [(&str, &str, Option<&str>); 9] = [
    ("finance", "finance", None),
    ("finance-2", "finance", None),
    ("pool-manager", "pool_manager", None),
    ("clerk", "clerk", None),
    ("member", "member", None),
    ("auditor", "auditor", None),
    ("system", "system", None),
    ("funds-only", "member", Some("funds:read")),
    ("committees-only", "member", Some("committees:read")),
];

/// Testford, with a fund whose year 2026-27 is open.
pub(crate) async fn testford() -> &'static Testford {
    static TESTFORD_MADE: tokio::sync::OnceCell<Testford> = tokio::sync::OnceCell::const_new();
    TESTFORD_MADE
        .get_or_init(|| async {
            let running = running();
            let officer = running.as_("platform-officer");
            officer.post("/v1/regions", "testshire", &json!({"slug": "testshire", "name": "Testshire"})).await.unwrap();
            let borough = json!({"slug": "testford", "gss": "E08999999", "name": "Testford", "region": "testshire", "expected_from": "2020-04-01"});
            let made = officer.post("/v1/boroughs", "testford", &borough).await.unwrap().body;
            for administrator in made["administrators"].as_array().unwrap() {
                let sandbox = administrator["mode"] == "sandbox";
                running.keep(if sandbox { "testford-sandbox-admin" } else { "testford-admin" }, administrator);
            }
            let admin = running.as_("testford-admin");
            for (name, role, scopes) in TESTFORD {
                let mut body = json!({"name": name, "role": role});
                if let Some(scopes) = scopes {
                    body["scopes"] = scopes.into();
                }
                let made = admin.post("/v1/boroughs/testford/clients", name, &body).await.unwrap().body;
                running.keep(&format!("testford-{name}"), &made);
            }
            for (path, name, role, scope) in [
                ("/v1/regions/testshire/clients", "ts-analyst", "analyst", None),
                ("/v1/regions/testshire/clients", "ts-figures-only", "analyst", Some("region-figures:read")),
                ("/v1/regions/testshire/clients", "ts-boroughs-only", "analyst", Some("region-boroughs:read")),
                ("/v1/partners/TST/clients", "tst-finance", "partner_finance", None),
                ("/v1/platform/clients", "regions-only", "officer", Some("regions:read")),
                ("/v1/platform/clients", "boroughs-only", "officer", Some("boroughs:read")),
            ] {
                let mut body = json!({"name": name, "role": role});
                if let Some(scope) = scope {
                    body["scopes"] = scope.into();
                }
                let made = officer.post(path, &format!("client-{name}"), &body).await.unwrap().body;
                running.keep(name, &made);
            }
            let council = json!({"kind": "council", "name": "Testford Council", "gss": "E08999999", "valid_from": "1974-04-01", "source": "A test"});
            let council = admin.post("/v1/boroughs/testford/organisations", "council", &council).await.unwrap();
            let council = council.body["id"].as_str().unwrap().to_owned();
            let trust = json!({"kind": "nhs_trust", "name": "Testford Trust", "ods": "TST", "valid_from": "2020-04-01", "source": "A test"});
            admin.post("/v1/boroughs/testford/organisations", "trust", &trust).await.unwrap();
            let fund = new_fund("testford", &council, "Testford fund").await;
            Testford { fund, council }
        })
        .await
}

/// A fund of a borough with the year 2026-27, the scheme ICES and the accounts 5100, 9000 and 4000.
pub(crate) async fn new_fund(borough: &str, host: &str, name: &str) -> String {
    let finance = running().as_(&format!("{borough}-finance"));
    let fund = json!({"name": name, "kind": "pooled", "legal_basis": "s75_reg7", "host": host, "source": "A test"});
    let made = finance
        .post(&format!("/v1/boroughs/{borough}/funds"), &format!("fund {name}").replace(' ', "-"), &fund)
        .await
        .unwrap();
    let id = made.body["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/boroughs/{borough}/funds/{id}");
    finance.post(&format!("{path}/years"), &format!("year-{id}"), &json!({"year": "2026-27"})).await.unwrap();
    let scheme =
        json!({"code": "ICES", "name": "Community equipment", "category": "community_health", "source": "nhs"});
    finance.post(&format!("{path}/schemes"), &format!("scheme-{id}"), &scheme).await.unwrap();
    for (code, kind) in [("5100", "expenditure"), ("9000", "balance"), ("4000", "income")] {
        let account = json!({"code": code, "name": code, "kind": kind});
        finance.post(&format!("{path}/accounts"), &format!("account-{code}-{id}"), &account).await.unwrap();
    }
    id
}

/// A key no request has used before.
pub(crate) fn key() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static USED: AtomicU64 = AtomicU64::new(0);
    format!("key-{}", USED.fetch_add(1, Ordering::Relaxed))
}

/// A journal of two lines in period 6 of 2026-27.
pub(crate) fn journal(pence: i64) -> Value {
    json!({"effective_on": "2026-09-30", "period": 6, "narrative": "A test", "postings": [
        {"account": "5100", "scheme": "ICES", "layer": "actual", "amount_pence": pence},
        {"account": "9000", "layer": "actual", "amount_pence": -pence}]})
}

/// Sends a write under a new key, whatever the answer.
pub(crate) async fn write(client: &Client, path: &str, body: &Value) -> Answer {
    send(client, Method::POST, path, &[("idempotency-key", &key())], Some(body)).await
}

/// Sends a request, waiting where the limiter asks for it.
pub(crate) async fn send(
    client: &Client,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&Value>,
) -> Answer {
    for _ in 0..50 {
        let answer = client.send(method.clone(), path, headers, body).await.unwrap();
        if answer.status != StatusCode::TOO_MANY_REQUESTS {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("{path}: the limiter never let it through");
}

/// Says what a refusal was, for comparing: `409 period-closed`.
pub(crate) fn refusal(answer: &Answer) -> String {
    let kind = answer.body["type"].as_str().unwrap_or("no problem document").trim_start_matches("/problems/");
    format!("{} {kind}", answer.status.as_u16())
}

/// Where the first fault points.
pub(crate) fn pointer(answer: &Answer) -> &str {
    answer.body["errors"][0]["pointer"].as_str().unwrap_or("")
}
