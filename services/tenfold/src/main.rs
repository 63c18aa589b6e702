//! `tenfold`: up, migrate, roles, secrets, bootstrap, demo, token, sign-in, import, borough, client, issuer, member, keys, ledger, seal, audit,
//! doctor, openapi.

use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};
use tenfold::{
    audits::Audit,
    borough::Borough,
    client::Client,
    clients::{self, Clients},
    doctor::{self, DoctorSettings},
    import,
    jobs::{
        demonstration::{self, Demo},
        first_client::{self, FirstClient},
        roles::{self, Roles},
        secrets::{self, Secrets},
    },
    keys::{self, Keys},
    ledger::Ledger,
    owner,
    people::{self, Issuers, Members},
    personas::Personas,
    seals::Seal,
    settings::{DataFolder, Running},
    sign_in::SignIn,
    tell::{answer, say},
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Pooled health and care commissioning for the Greater Manchester boroughs.
#[derive(Parser)]
#[command(name = "tenfold", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start everything and serve until Ctrl-C.
    #[cfg(feature = "serve")]
    Up(tenfold::settings::UpSettings),
    /// Bring a database up to date, as its owner.
    Migrate {
        /// The owner's connection.
        #[arg(long, env = "TENFOLD_DATABASE_URL")]
        database_url: String,
    },
    /// Make the login roles that services come in as, and set their passwords.
    Roles(Roles),
    /// Make the passwords and keys of a stack that has none yet, as files.
    Secrets(Secrets),
    /// Make the first platform client, once, and print its secret, once, or write it into a file.
    Bootstrap(FirstClient),
    /// Load the demonstration into a stack that runs, and print the region's table.
    Demo(Demo),
    /// Print an access token of a persona of the running demonstration.
    Token {
        #[command(flatten)]
        folder: DataFolder,
        /// Who: salford-finance, gm-analyst, icb-finance, …
        persona: String,
    },
    /// Take a month's file of a ledger into a fund of the running stack.
    Import(import::ImportSettings),
    /// Look after API clients, through the API.
    #[command(subcommand)]
    Client(Clients),
    /// Look after where people sign in, through the API.
    #[command(subcommand)]
    Issuer(Issuers),
    /// Look after who holds which office, through the API.
    #[command(subcommand)]
    Member(Members),
    /// Sign in at a borough's provider, and print an access token.
    SignIn(SignIn),
    /// Look after the keys tokens are signed with, through the API.
    #[command(subcommand)]
    Keys(Keys),
    /// Look after the ledger of a running stack.
    #[command(subcommand)]
    Ledger(Ledger),
    /// Verify seals and proofs from files alone.
    #[command(subcommand)]
    Seal(Seal),
    /// Verify exports of audit trails from files alone.
    #[command(subcommand)]
    Audit(Audit),
    /// Bring boroughs on board and look after their life.
    #[command(subcommand)]
    Borough(Borough),
    /// Look at a deployment, and say what is wrong with it and how to mend it.
    Doctor(DoctorSettings),
    /// Write the API description from the code.
    #[cfg(feature = "serve")]
    Openapi {
        /// The folder of the documents.
        #[arg(default_value = "openapi")]
        folder: std::path::PathBuf,
        /// Fail where they were not fresh.
        #[arg(long)]
        check: bool,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let _telling = web::Telemetry::begin("tenfold");
    web::ended(run(Arguments::parse().command).await.map_err(Into::into))
}

async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        #[cfg(feature = "serve")]
        Command::Up(settings) => tenfold::up::up(settings, web::stop_signal()).await,
        Command::Migrate { database_url } => {
            tenancy::migrate(&owner(&database_url)?, &tenfold::migrations()).await?;
            say("The database is up to date.");
            Ok(())
        }
        Command::Roles(asked) => roles::run(&asked).await,
        Command::Secrets(asked) => secrets::run(&asked),
        Command::Bootstrap(asked) => first_client::run(&asked).await,
        Command::Demo(asked) => demonstration::run(&asked).await,
        Command::Token { folder, persona } => {
            let folder = folder.path();
            let personas = Personas::load(&folder)?;
            let personas = personas.with_context(|| {
                format!("no demonstration in {}. Is the stack up (./dev up), on this data folder?", folder.display())
            })?;
            let credentials = personas.get(&persona)?.clone();
            let running = Running::read(&folder).context("the stack is not running: ./dev up")?;
            answer(&Client::new(&running.url, credentials).token().await?);
            Ok(())
        }
        Command::Import(settings) => import::import(&settings).await,
        Command::Client(what) => clients::run(&what).await,
        Command::Issuer(what) => people::run_issuers(&what).await,
        Command::Member(what) => people::run_members(&what).await,
        Command::SignIn(asked) => tenfold::sign_in::run(&asked).await,
        Command::Keys(what) => keys::run(&what).await,
        Command::Ledger(what) => tenfold::ledger::run(&what).await,
        Command::Seal(what) => tenfold::seals::run(&what),
        Command::Audit(what) => tenfold::audits::run(&what),
        Command::Borough(what) => tenfold::borough::run(&what).await,
        Command::Doctor(settings) => doctor::run(&settings).await,
        #[cfg(feature = "serve")]
        Command::Openapi { folder, check } => {
            let changed = tenfold::document::write(&folder)?;
            if check && !changed.is_empty() {
                anyhow::bail!("{} were not fresh; they are now: commit them", changed.join(", "));
            }
            say(&format!("{} of 4 documents changed.", changed.len()));
            Ok(())
        }
    }
}
