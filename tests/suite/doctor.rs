//! `tenfold doctor` finds a sound deployment sound; and of each thing that is broken on purpose, that thing and no other.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use auth::KeyEncryptionKey;
use domain::Clock;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tenfold::{
    doctor::{DoctorSettings, Report, State, examine},
    redis::Redis,
    settings::DataFolder,
    stack::{Stack, StackSettings},
};
use testkit::TestPostgres;

use crate::running::without_redis;

/// A deployment on a server of its own: what is done to a role here must not be seen by other tests.
struct Deployment {
    settings: DoctorSettings,
    owner: PgConnection,
    folder: PathBuf,
    stack: Stack,
    _redis: Option<Redis>,
}

impl Deployment {
    async fn new() -> Self {
        let postgres: &'static TestPostgres =
            Box::leak(Box::new(TestPostgres::start(&tenfold::migrations(), tenfold::login_roles()).await));
        let database = postgres.database().await;
        let folder = testkit::scratch("doctor");
        let redis = (!without_redis()).then(|| Redis::start(&folder).expect("redis-server is installed"));
        let signing = tenants::SigningSettings::in_folder(&folder);
        KeyEncryptionKey::make_where_missing(&signing.key_encryption_key).unwrap();
        let place = |name: &str| format!("file://{}", folder.join(name).display());
        let stack = StackSettings {
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
            papers_url: place("papers"),
            exports_url: place("exports"),
            imports_folder: folder.join("imports"),
            clock: Clock::System,
            budgets_gate: None,
        };
        let stack = Stack::start(stack).await.expect("it starts");
        let roles: String = tenfold::login_roles().map(|role| format!("{role} = \"for-tests-only\"\n")).collect();
        fs::write(folder.join("roles.toml"), roles).unwrap();
        let owner = database.owner();
        let socket = owner.get_socket().expect("a socket").display().to_string();
        let url =
            format!("postgres://{}@localhost/{}?host={socket}", owner.get_username(), owner.get_database().unwrap());
        let services = stack.services.clone().map(Some);
        let [tenants_url, budgets_url, governance_url] = services;
        let settings = DoctorSettings {
            folder: DataFolder::at(folder.clone()),
            database_url: Some(url),
            own_cluster: Some(true),
            redis_url: None,
            gateway_url: Some(stack.url.clone()),
            tenants_url,
            budgets_url,
            governance_url,
            public_url: Some(stack.url.clone()),
            papers_url: None,
            exports_url: None,
            imports_dir: None,
            key_encryption_key_file: None,
            audit_key_file: None,
            seal_key_file: None,
            json: true,
        };
        let owner = PgConnection::connect_with(&owner).await.unwrap();
        Self { settings, owner, folder, stack, _redis: redis }
    }

    async fn asks(&mut self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.owner).await.expect(sql);
    }
}

fn wrong(report: &Report) -> Vec<(&str, &str, &str)> {
    let wrong = report.checks.iter().filter(|check| check.state == State::Wrong);
    wrong.map(|check| (&*check.check, &*check.found, check.mend.as_deref().unwrap_or(""))).collect()
}

/// What is broken: by SQL that is taken back afterwards, or in the settings.
struct Broken {
    by: &'static str,
    and_back: &'static str,
    settings: fn(&mut DoctorSettings, &PathBuf),
    check: &'static str,
    mend: &'static str,
}

const NOT_THERE: Broken = Broken { by: "", and_back: "", settings: |_, _| {}, check: "", mend: "" };

#[tokio::test]
async fn a_sound_deployment_is_found_sound_and_each_broken_thing_is_found_and_no_other() {
    let mut deployment = Deployment::new().await;
    let report = examine(&deployment.settings).await.unwrap();
    assert!(report.well, "{:#?}", wrong(&report));
    let named: Vec<&str> = report.checks.iter().map(|check| &*check.check).collect();
    for check in
        ["postgres", "clock", "connections", "migrations platform", "role governance_public", "wall", "inbox budgets"]
            .into_iter()
            .chain([
                "audit chain",
                "seals",
                "imports",
                "exports",
                "key encryption",
                "gateway",
                "versions",
                "public address",
                "papers",
                "room",
            ])
    {
        assert!(named.contains(&check), "{check} is not looked at: {named:?}");
    }
    for check in report.checks.iter().filter(|check| check.state == State::NotAsked) {
        assert_eq!(check.check, "redis", "all else was given");
    }

    let broken = [
        Broken {
            by: "alter role budgets_region password 'another'",
            and_back: "alter role budgets_region password 'for-tests-only'",
            check: "role budgets_region",
            mend: "Put the password in TENFOLD_BUDGETS_REGION_DATABASE_URL and the role's right",
            ..NOT_THERE
        },
        Broken {
            by: "alter role governance_public nologin",
            and_back: "alter role governance_public login",
            check: "role governance_public",
            mend: "TENFOLD_GOVERNANCE_PUBLIC_DATABASE_URL",
            ..NOT_THERE
        },
        Broken {
            by: "alter role budgets_work superuser",
            and_back: "alter role budgets_work nosuperuser",
            check: "role budgets_work",
            mend: "alter role budgets_work nosuperuser",
            ..NOT_THERE
        },
        Broken {
            by: "alter role tenants_region bypassrls",
            and_back: "alter role tenants_region nobypassrls",
            check: "role tenants_region",
            mend: "nobypassrls",
            ..NOT_THERE
        },
        Broken {
            by: "create table kept as select * from migrations.governance where version = 8;
                 delete from migrations.governance where version = 8",
            and_back: "insert into migrations.governance select * from kept; drop table kept",
            check: "migrations governance",
            mend: "tenfold migrate",
            ..NOT_THERE
        },
        Broken {
            by: "update migrations.budgets set checksum = '\\x00' || checksum where version = 3",
            and_back: "update migrations.budgets set checksum = substr(checksum, 2) where version = 3",
            check: "migrations budgets",
            mend: "Use the release this database was migrated with",
            ..NOT_THERE
        },
        Broken {
            by: "alter table budgets.fund no force row level security",
            and_back: "alter table budgets.fund force row level security",
            check: "wall",
            mend: "alter table budgets.fund enable row level security, force row level security",
            ..NOT_THERE
        },
        Broken {
            settings: |settings, folder| {
                let another = folder.join("another.key");
                KeyEncryptionKey::make_where_missing(&another).unwrap();
                settings.key_encryption_key_file = Some(another);
            },
            check: "key encryption",
            mend: "Set TENFOLD_KEY_ENCRYPTION_KEY_FILE to the file they were encrypted with",
            ..NOT_THERE
        },
        Broken {
            settings: |settings, folder| {
                let open = folder.join("open.pem");
                fs::copy(folder.join("seal-signing.pem"), &open).unwrap();
                fs::set_permissions(&open, fs::Permissions::from_mode(0o644)).unwrap();
                settings.seal_key_file = Some(open);
            },
            check: "key seal",
            mend: "chmod 600",
            ..NOT_THERE
        },
        Broken {
            settings: |settings, folder| {
                let cut = folder.join("cut.pem");
                let text = fs::read(folder.join("audit-signing.pem")).unwrap();
                fs::write(&cut, &text[..60]).unwrap();
                fs::set_permissions(&cut, fs::Permissions::from_mode(0o600)).unwrap();
                settings.audit_key_file = Some(cut);
            },
            check: "key audit",
            mend: "Put the right key back",
            ..NOT_THERE
        },
        Broken {
            settings: |settings, _| settings.redis_url = Some("redis://:a-secret@127.0.0.1:1".into()),
            check: "redis",
            mend: "Start Redis, or put TENFOLD_REDIS_URL right",
            ..NOT_THERE
        },
        Broken {
            settings: |settings, _| settings.budgets_url = Some("http://127.0.0.1:1".into()),
            check: "service budgets",
            mend: "Start budgets, or put TENFOLD_BUDGETS_URL right",
            ..NOT_THERE
        },
        Broken {
            settings: |settings, _| {
                let other = settings.public_url.as_ref().unwrap().replace("127.0.0.1", "localhost");
                settings.public_url = Some(other);
            },
            check: "public address",
            mend: "the same TENFOLD_PUBLIC_URL",
            ..NOT_THERE
        },
        Broken {
            settings: |settings, _| settings.public_url = settings.tenants_url.clone().map(|url| url + "/nowhere"),
            check: "public address",
            mend: "Let the name lead to the gateway",
            ..NOT_THERE
        },
        Broken {
            settings: |settings, folder| {
                fs::write(folder.join("a-file"), "no folder").unwrap();
                settings.exports_url = Some(format!("file://{}", folder.join("a-file").display()));
            },
            check: "exports",
            mend: "put TENFOLD_EXPORTS_URL and the credentials of the bucket right",
            ..NOT_THERE
        },
    ];
    for one in broken {
        let mut settings = deployment.settings.clone();
        (one.settings)(&mut settings, &deployment.folder);
        if !one.by.is_empty() {
            deployment.asks(one.by).await;
        }
        let report = examine(&settings).await.unwrap();
        let found = wrong(&report);
        assert!(!report.well && found.len() == 1 && found[0].0 == one.check, "{} {}: {found:#?}", one.check, one.by);
        assert!(found[0].2.contains(one.mend), "{}: {}", one.check, found[0].2);
        let told = serde_json::to_string(&report).unwrap();
        for secret in ["for-tests-only", "a-secret", "PRIVATE KEY"] {
            assert!(!told.contains(secret), "{} tells a secret", one.check);
        }
        if !one.and_back.is_empty() {
            deployment.asks(one.and_back).await;
        }
    }
    let again = examine(&deployment.settings).await.unwrap();
    assert!(again.well, "{:#?}", wrong(&again));
    assert_eq!(fs::read_dir(deployment.folder.join("papers")).unwrap().count(), 0, "no probe is left");
    deployment.stack.shut_down().await;
}

#[tokio::test]
async fn where_nothing_is_set_nothing_is_asked() {
    let settings = DoctorSettings {
        folder: DataFolder::at(testkit::scratch("empty")),
        database_url: None,
        own_cluster: None,
        redis_url: None,
        gateway_url: None,
        tenants_url: None,
        budgets_url: None,
        governance_url: None,
        public_url: None,
        papers_url: None,
        exports_url: None,
        imports_dir: None,
        key_encryption_key_file: None,
        audit_key_file: None,
        seal_key_file: None,
        json: false,
    };
    let report = examine(&settings).await.unwrap();
    assert!(report.well && report.checks.iter().all(|check| check.state == State::NotAsked), "{report:?}");
    let unreadable = DoctorSettings { database_url: Some("postgres//u:hidden@h/d".into()), ..settings };
    let said = format!("{:#}", examine(&unreadable).await.unwrap_err());
    assert_eq!(said, "TENFOLD_DATABASE_URL is not a Postgres address (postgres://role:password@host/database)");
}
