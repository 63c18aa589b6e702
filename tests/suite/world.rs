//! A stack of one's own whose clock the test moves: for stories that take years, and for call-ins.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use chrono::{DateTime, Utc};
use domain::Clock;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use tenants::SigningSettings;
use tenfold::{
    client::{Answer, Client},
    personas::{Credentials, Personas},
    stack::{Stack, StackSettings},
};
use testkit::TestDatabase;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::running::{key, postgres, send};

/// The stack, its clock, and who speaks to it.
pub(crate) struct World {
    pub(crate) url: String,
    pub(crate) clock: Clock,
    pub(crate) database: TestDatabase<'static>,
    pub(crate) services: [String; 3],
    pub(crate) folder: PathBuf,
    pub(crate) signing: SigningSettings,
    personas: Personas,
    replicas: Vec<CancellationToken>,
    stack: Option<Stack>,
}

/// An instant.
pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

impl World {
    /// A new one, at an instant, with a platform officer.
    pub(crate) async fn beginning(now: &str) -> Self {
        Self::made(Clock::set_to(at(now)), true, Self::signing()).await
    }

    /// A new one whose signing keys rotate by themselves. Elsewhere they do not: a clock that is moved by weeks leaves
    /// nobody the minute in which a new key spreads.
    pub(crate) async fn rotating(now: &str) -> Self {
        let rotate_after_days = SigningSettings::ROTATE_AFTER_DAYS;
        Self::made(Clock::set_to(at(now)), true, SigningSettings { rotate_after_days, ..Self::signing() }).await
    }

    fn signing() -> SigningSettings {
        SigningSettings { rotate_after_days: u32::MAX / 1000, ..SigningSettings::in_folder(&testkit::scratch("keys")) }
    }

    /// A new one by the real clock, in which a new signing key spreads within `propagation`.
    pub(crate) async fn in_real_time(propagation: Duration) -> Self {
        Self::made(Clock::System, true, SigningSettings { propagation, ..Self::signing() }).await
    }

    /// A new one whose ledger has no key to seal with.
    pub(crate) async fn without_seal_key(now: &str) -> Self {
        Self::made(Clock::set_to(at(now)), false, Self::signing()).await
    }

    async fn made(clock: Clock, sealing: bool, signing: SigningSettings) -> Self {
        let database = postgres().database().await;
        let folder = testkit::scratch("world");
        auth::KeyEncryptionKey::make_where_missing(&signing.key_encryption_key).unwrap();
        let stack = Self::stack(&database, &folder, &clock, sealing, &signing).await;
        let (url, services) = (stack.url.clone(), stack.services.clone());
        let (client_id, client_secret) =
            tenants::bootstrap(&database.owner(), &clock).await.unwrap().expect("the first");
        let mut personas = Personas::default();
        personas.personas.insert("officer".into(), Credentials { client_id, client_secret });
        Self { url, clock, database, services, folder, signing, personas, replicas: Vec::new(), stack: Some(stack) }
    }

    async fn stack(
        database: &TestDatabase<'static>,
        folder: &Path,
        clock: &Clock,
        sealing: bool,
        signing: &SigningSettings,
    ) -> Stack {
        let settings = || StackSettings {
            gateway_addr: "127.0.0.1:0".into(),
            public_url: None,
            access: database.access(),
            own_cluster: true,
            redis_url: None,
            signing: signing.clone(),
            allow_private_addresses: true,
            audit_key: folder.join("audit-signing.pem"),
            audit_keys_before: Vec::new(),
            seal_key: sealing.then(|| folder.join("seal-signing.pem")),
            papers_url: format!("file://{}", folder.join("papers").display()),
            exports_url: format!("file://{}", folder.join("exports").display()),
            imports_folder: Self::imports_folder(folder),
            clock: clock.clone(),
            budgets_gate: None,
        };
        // Where one was killed before, the database lets go of its connections when it finds them gone.
        for _ in 0..30 {
            match Stack::start(settings()).await {
                Ok(stack) => return stack,
                Err(error) => eprintln!("the stack does not start yet: {error:#}"),
            }
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        }
        panic!("the stack does not start")
    }

    /// Ends the stack as it is told to.
    pub(crate) async fn ends(&mut self) {
        if let Some(stack) = self.stack.take() {
            stack.shut_down().await;
        }
    }

    fn imports_folder(folder: &Path) -> PathBuf {
        folder.join("imports")
    }

    /// Kills the stack where it stands, without a word to anyone; then does `meanwhile` with the folder of imports, and
    /// starts another stack on the same database.
    pub(crate) async fn killed(&mut self, meanwhile: impl FnOnce(&Path)) {
        drop(self.stack.take());
        meanwhile(&Self::imports_folder(&self.folder));
        let stack = Self::stack(&self.database, &self.folder, &self.clock, true, &self.signing).await;
        (self.url, self.services) = (stack.url.clone(), stack.services.clone());
        self.stack = Some(stack);
    }

    /// Where the tenants service answers, without the gateway.
    pub(crate) fn tenants(&self) -> &str {
        &self.services[0]
    }

    /// Moves the clock.
    pub(crate) fn becomes(&self, now: &str) {
        self.clock.move_to(at(now));
    }

    /// A client of a persona, which asks for a token anew: an old one may have run out by the clock.
    pub(crate) fn as_(&self, persona: &str) -> Client {
        Client::new(&self.url, self.personas.get(persona).unwrap().clone())
    }

    /// A region with an analyst: `<slug>-analyst`.
    pub(crate) async fn region(&mut self, slug: &str, name: &str) {
        self.done("officer", "/v1/regions", json!({"slug": slug, "name": name})).await;
        let analyst = json!({"name": "analyst", "role": "analyst"});
        let made = self.done("officer", &format!("/v1/regions/{slug}/clients"), analyst).await;
        self.keep(&format!("{slug}-analyst"), &made);
    }

    /// A borough with its council, and a client in each role: `<slug>-clerk`, `<slug>-finance`, …
    pub(crate) async fn borough(&mut self, slug: &str, gss: &str, name: &str, region: &str) {
        let borough = json!({"slug": slug, "gss": gss, "name": name, "region": region, "expected_from": "2016-04-01"});
        let made = self.done("officer", "/v1/boroughs", borough).await;
        let admin = made["administrators"].as_array().unwrap().iter().find(|a| a["mode"] == "live").unwrap().clone();
        self.keep(&format!("{slug}-admin"), &admin);
        let sandbox =
            made["administrators"].as_array().unwrap().iter().find(|a| a["mode"] == "sandbox").unwrap().clone();
        self.keep(&format!("{slug}-sandbox-admin"), &sandbox);
        for role in ["clerk", "finance", "pool_manager", "member", "auditor"] {
            let client = json!({"name": role, "role": role});
            let made = self.done(&format!("{slug}-admin"), &format!("/v1/boroughs/{slug}/clients"), client).await;
            self.keep(&format!("{slug}-{}", role.replace('_', "-")), &made);
        }
        let council = json!({"kind": "council", "name": format!("{name} Council"), "gss": gss, "valid_from": "1974-04-01",
            "source": "A test"});
        self.done(&format!("{slug}-admin"), &format!("/v1/boroughs/{slug}/organisations"), council).await;
    }

    /// A finance officer of a partner organisation: `<ods>-partner`.
    pub(crate) async fn partner(&mut self, ods: &str) {
        let client = json!({"name": "partner", "role": "partner_finance"});
        let made = self.done("officer", &format!("/v1/partners/{ods}/clients"), client).await;
        self.keep(&format!("{ods}-partner"), &made);
    }

    pub(crate) fn keep(&mut self, persona: &str, made: &Value) {
        let credentials = Credentials {
            client_id: made["id"].as_str().or(made["client_id"].as_str()).expect("an id").to_owned(),
            client_secret: made["client_secret"].as_str().expect("a secret").to_owned(),
        };
        self.personas.personas.insert(persona.to_owned(), credentials);
    }

    /// Posts, whatever the answer.
    pub(crate) async fn post(&self, persona: &str, path: &str, body: &Value) -> Answer {
        send(&self.as_(persona), Method::POST, path, &[("idempotency-key", &key())], Some(body)).await
    }

    /// Posts at a version, whatever the answer.
    pub(crate) async fn post_at(&self, persona: &str, path: &str, version: &str, body: &Value) -> Answer {
        let headers = [("idempotency-key", &*key()), ("if-match", version)].map(|(n, v)| (n, v.to_owned()));
        let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
        send(&self.as_(persona), Method::POST, path, &headers, Some(body)).await
    }

    /// Posts, and gives back what was made.
    pub(crate) async fn done(&self, persona: &str, path: &str, body: Value) -> Value {
        let answer = self.post(persona, path, &body).await;
        assert!(answer.status.is_success(), "{persona} {path} {body}: {} {}", answer.status, answer.body);
        answer.body
    }

    /// Posts to the thing at `path` as it stands now, below it.
    pub(crate) async fn done_to(&self, persona: &str, thing: &str, below: &str, body: Value) -> Value {
        let tag = self.tag(persona, thing).await;
        let answer = self.post_at(persona, &format!("{thing}/{below}"), &tag, &body).await;
        assert!(answer.status.is_success(), "{thing}/{below} {body}: {} {}", answer.status, answer.body);
        answer.body
    }

    async fn tag(&self, persona: &str, thing: &str) -> String {
        let found = send(&self.as_(persona), Method::GET, thing, &[], None).await;
        assert!(found.status.is_success(), "{thing}: {} {}", found.status, found.body);
        found.headers["etag"].to_str().unwrap().to_owned()
    }

    /// Asks for a move, whatever the answer.
    pub(crate) async fn try_move(&self, persona: &str, thing: &str, to: &str, reason: &str) -> Answer {
        let tag = self.tag(persona, &format!("{thing}/transitions")).await;
        let body = json!({"to": to, "reason": reason});
        self.post_at(persona, &format!("{thing}/transitions"), &tag, &body).await
    }

    /// Moves a thing.
    pub(crate) async fn moved(&self, persona: &str, thing: &str, to: &str, reason: &str) -> Value {
        let answer = self.try_move(persona, thing, to, reason).await;
        assert!(answer.status.is_success(), "{thing} to {to}: {} {}", answer.status, answer.body);
        answer.body
    }

    /// Reads.
    pub(crate) async fn read(&self, persona: &str, path: &str) -> Value {
        let answer = send(&self.as_(persona), Method::GET, path, &[], None).await;
        assert!(answer.status.is_success(), "{path}: {} {}", answer.status, answer.body);
        answer.body
    }

    /// Waits until something read is as wanted: what services tell each other takes a moment.
    pub(crate) async fn until(&self, persona: &str, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..200 {
            let found = self.read(persona, path).await;
            if wanted(&found) {
                return found;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("{path} never became what was waited for: {}", self.read(persona, path).await);
    }

    /// Waits until new sandboxes are filled, and nothing that was done waits for its number.
    pub(crate) async fn at_rest(&self) {
        let mut owner = PgConnection::connect_with(&self.database.owner()).await.unwrap();
        for _ in 0..600 {
            let waiting: i64 = sqlx::query_scalar(
                "select (select count(*) from platform.seed_due) + (select count(*) from platform.act_waiting)",
            )
            .fetch_one(&mut owner)
            .await
            .unwrap();
            if waiting == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the sandboxes were never filled");
    }

    /// As `until`, for what is looked at every few seconds only.
    pub(crate) async fn until_longer(&self, persona: &str, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..300 {
            let found = self.read(persona, path).await;
            if wanted(&found) {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        panic!("{path} never became what was waited for: {}", self.read(persona, path).await);
    }

    /// Starts another process of the tenants service on the same database, which tells only public addresses; where it answers.
    pub(crate) async fn second_tenants_for_public_addresses(&mut self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = format!("http://{}", listener.local_addr().unwrap());
        let settings = tenants::Settings {
            access: self.database.access(),
            own_cluster: true,
            public_url: self.url.clone(),
            signing: self.signing.clone(),
            papers_url: format!("file://{}", self.folder.join("papers").display()),
            exports_url: format!("file://{}", self.folder.join("exports").display()),
            calls_a_day: tenants::CALLS_A_DAY,
            allow_private_addresses: false,
            audit_key: None,
            audit_keys_before: Vec::new(),
            clock: self.clock.clone(),
        };
        let stop = CancellationToken::new();
        tokio::spawn(tenants::serve(listener, settings, stop.clone()));
        self.replicas.push(stop);
        at
    }

    /// Starts another process of the ledger on the same database, which has a key to seal with.
    pub(crate) async fn second_ledger(&mut self) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let key = self.folder.join("seal-signing.pem");
        budgets::SealKey::make_where_missing(&key).unwrap();
        let settings = budgets::Settings {
            access: self.database.access(),
            own_cluster: true,
            public_url: self.url.clone(),
            tenants_url: self.services[0].clone(),
            seal_key: Some(key),
            imports_folder: Self::imports_folder(&self.folder),
            import_bytes_max: budgets::IMPORT_BYTES_MAX,
            clock: self.clock.clone(),
            gate: None,
        };
        let stop = CancellationToken::new();
        tokio::spawn(budgets::serve(listener, settings, stop.clone()));
        self.replicas.push(stop);
    }

    /// What is answered to a reader as it is, whatever its form.
    pub(crate) async fn text(&self, persona: &str, path: &str) -> (reqwest::header::HeaderMap, String) {
        let token = self.as_(persona).token().await.unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = http.get(format!("{}{path}", self.url)).bearer_auth(token).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        (answer.headers().clone(), answer.text().await.unwrap())
    }

    /// Starts another tenants process on the same database, by the same clock; gives back its address.
    pub(crate) async fn second_tenants(&mut self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = format!("http://{}", listener.local_addr().unwrap());
        let settings = tenants::Settings {
            access: self.database.access(),
            own_cluster: true,
            public_url: self.url.clone(),
            signing: self.signing.clone(),
            papers_url: format!("file://{}", self.folder.join("papers").display()),
            exports_url: format!("file://{}", self.folder.join("exports").display()),
            calls_a_day: tenants::CALLS_A_DAY,
            allow_private_addresses: true,
            clock: self.clock.clone(),
            audit_key: None,
            audit_keys_before: Vec::new(),
        };
        let stop = CancellationToken::new();
        tokio::spawn(tenants::serve(listener, settings, stop.clone()));
        self.replicas.push(stop);
        at
    }

    /// Starts another governance process on the same database, by the same clock.
    pub(crate) async fn second_governance(&mut self) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let settings = governance::Settings {
            access: self.database.access(),
            own_cluster: true,
            public_url: self.url.clone(),
            tenants_url: self.services[0].clone(),
            papers_url: format!("file://{}", self.folder.join("papers").display()),
            clock: self.clock.clone(),
            gate: None,
        };
        let stop = CancellationToken::new();
        tokio::spawn(governance::serve(listener, settings, stop.clone()));
        self.replicas.push(stop);
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for replica in &self.replicas {
            replica.cancel();
        }
    }
}
