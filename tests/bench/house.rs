//! The stack that is measured: a private Postgres that writes through to the disk, a migrated database with
//! the demonstration and the measured funds in it, and the services that give tokens.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::Context;
use auth::{BoroughClaim, Mode};
use domain::{BoroughId, Clock};
use sqlx::{AssertSqlSafe, Connection, PgConnection, postgres::PgConnectOptions};
use tenancy::{Access, cluster::Cluster};
use tenfold::{
    client::Client,
    demo,
    personas::{Credentials, Personas},
    stack::{Stack, StackSettings},
    tell::say,
};

use crate::funds::{BOROUGH, Funds};

const DATABASE: &str = "tenfold";
/// Of every login role: the cluster lives no longer than the measurement, and listens on a socket in its folder.
pub(crate) const PASSWORD: &str = "for-measuring-only";

/// The cluster and its folder. Stops and removes both, also when the work in it failed.
struct Home {
    folder: PathBuf,
    cluster: Option<Cluster>,
}

impl Drop for Home {
    fn drop(&mut self) {
        drop(self.cluster.take());
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

/// The services that give tokens, running.
struct Office {
    stack: Stack,
    finance: Client,
    analyst: Client,
}

/// A running house.
pub(crate) struct House {
    office: Option<Office>,
    home: Home,
    /// The borough that is measured.
    pub(crate) borough: BoroughClaim,
    /// What is posted to.
    pub(crate) funds: Funds,
    /// Its finance officer.
    pub(crate) officer: Credentials,
    /// The manager of its pooled funds.
    pub(crate) manager: Credentials,
    /// The region's analyst.
    analyst: Credentials,
}

/// How login roles reach a database of the cluster with this socket.
pub(crate) fn access(socket: &Path, database: &str) -> Access {
    let base = PgConnectOptions::new_without_pgpass().socket(socket).port(5432).database(database);
    Access::to_one_database(base, passwords())
}

fn passwords() -> BTreeMap<String, String> {
    tenfold::login_roles().map(|role| (role, PASSWORD.to_owned())).collect()
}

impl House {
    /// Builds it.
    pub(crate) async fn build() -> anyhow::Result<Self> {
        say("Starting a database that writes through to the disk …");
        let folder = std::env::temp_dir().join(format!("tenfold-bench-{}", std::process::id()));
        let mut home = Home { folder: folder.clone(), cluster: None };
        let cluster = home.cluster.insert(Cluster::start(&folder, None, &[]).await?);
        cluster.create_database(DATABASE).await?;
        let owner = cluster.owner(DATABASE);
        tenancy::migrate(&owner, &tenfold::migrations()).await?;
        tenancy::set_passwords(&owner, &passwords()).await?;

        let stack = start_stack(&folder).await?;
        let (client_id, client_secret) =
            tenants::bootstrap(&owner, &Clock::System).await?.context("a new database has no officer yet")?;
        demo::load(&stack.url, &folder, Credentials { client_id, client_secret }, tenfold::settings::Demonstration::On)
            .await?;
        let personas = Personas::load(&folder)?.context("the demonstration keeps its clients")?;
        let officer = personas.get(&format!("{BOROUGH}-finance"))?.clone();
        say("Setting up the measured funds …");
        let manager = personas.get(&format!("{BOROUGH}-pool-manager"))?.clone();
        let clients = [officer.clone(), manager.clone()].map(|one| Client::new(&stack.url, one));
        let funds = Funds::make(&clients[0], &clients[1]).await?;
        // Only a database nobody is connected to can be copied.
        stack.shut_down().await;
        let borough = borough(&owner).await?;
        let analyst = personas.get("gm-analyst")?.clone();
        Ok(Self { office: None, home, borough, funds, officer, manager, analyst })
    }

    /// The folder of the databases' socket.
    pub(crate) fn socket(&self) -> &Path {
        &self.home.folder
    }

    /// The owner's connection to a database.
    pub(crate) async fn owner(&self, database: &str) -> anyhow::Result<PgConnection> {
        let cluster = self.home.cluster.as_ref().context("the cluster runs")?;
        Ok(PgConnection::connect_with(&cluster.owner(database)).await?)
    }

    /// A copy of the database as it was set up.
    pub(crate) async fn copy(&self, name: &str) -> anyhow::Result<String> {
        let mut owner = self.owner("postgres").await?;
        let mut statements = vec![format!("create database {name} template {DATABASE}")];
        // What is granted on a database is not copied with it.
        statements.extend(tenfold::login_roles().map(|role| format!("grant connect on database {name} to {role}")));
        statements.push(format!("revoke all on database {name} from public"));
        for statement in statements {
            sqlx::query(AssertSqlSafe(statement)).execute(&mut owner).await?;
        }
        owner.close().await?;
        Ok(name.to_owned())
    }

    /// A token of the region's analyst, good for a minute at least.
    pub(crate) async fn region_token(&self) -> anyhow::Result<String> {
        self.office()?.analyst.token().await
    }

    /// Starts the services that give tokens, on the database all others are copied from: no copy can be made after.
    pub(crate) async fn open(&mut self) -> anyhow::Result<()> {
        let stack = start_stack(&self.home.folder).await?;
        let [finance, analyst] = [&self.officer, &self.analyst].map(|one| Client::new(&stack.url, one.clone()));
        self.office = Some(Office { stack, finance, analyst });
        Ok(())
    }

    fn office(&self) -> anyhow::Result<&Office> {
        self.office.as_ref().context("the token-giving services run")
    }

    /// The base of the public address: issuer and audience of tokens.
    pub(crate) fn public_url(&self) -> anyhow::Result<&str> {
        Ok(&self.office()?.stack.url)
    }

    /// Where tenants, budgets and governance of the token-giving stack answer.
    pub(crate) fn services(&self) -> anyhow::Result<&[String; 3]> {
        Ok(&self.office()?.stack.services)
    }

    /// A token of the borough's finance officer, good for a minute at least.
    pub(crate) async fn token(&self) -> anyhow::Result<String> {
        self.office()?.finance.token().await
    }

    /// Stops everything.
    pub(crate) async fn close(mut self) {
        if let Some(office) = self.office.take() {
            office.stack.shut_down().await;
        }
    }
}

async fn start_stack(folder: &Path) -> anyhow::Result<Stack> {
    let signing = tenants::SigningSettings::in_folder(folder);
    auth::KeyEncryptionKey::make_where_missing(&signing.key_encryption_key)?;
    let settings = StackSettings {
        gateway_addr: "127.0.0.1:0".to_owned(),
        public_url: None,
        access: access(folder, DATABASE),
        own_cluster: true,
        redis_url: None,
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
    Stack::start(settings).await
}

async fn borough(owner: &PgConnectOptions) -> anyhow::Result<BoroughClaim> {
    let mut connection = PgConnection::connect_with(owner).await?;
    // The sandbox of the same name is in no region.
    let (id, gss): (uuid::Uuid, String) =
        sqlx::query_as("select borough_id, gss from budgets.borough where slug = $1 and region is not null")
            .bind(BOROUGH)
            .fetch_one(&mut connection)
            .await?;
    connection.close().await?;
    Ok(BoroughClaim { id: BoroughId(id), slug: BOROUGH.parse()?, gss: gss.parse()?, mode: Mode::Live })
}
