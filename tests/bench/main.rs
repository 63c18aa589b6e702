//! The benchmark: what the wall costs, how many journals a second, what the gateway adds.
//!
//! Starts its own Postgres (writing through to the disk) and its own services, checks what they answer and,
//! after every load, that the ledger holds each journal that was acknowledged and no other. Ends with one
//! JSON document on standard output; what a person waits for is told on standard error. Integers only.

mod door;
mod figures;
mod funds;
mod house;
mod journals;
mod ledger;
mod load;
mod machine;
mod plain_sql;
mod serving;
mod tax;
mod wall;
mod wire;

use std::{process::ExitCode, time::Duration};

use clap::{Parser, Subcommand};
use serde_json::{Map, Value, json};
use tenfold::tell::{answer, say};

use crate::{house::House, serving::Serving};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures Tenfold on this machine.
#[derive(Parser)]
#[command(name = "bench")]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    plan: Plan,
}

#[derive(Subcommand)]
enum Command {
    /// The ledger alone, and more of it: journals beside plain SQL and other engines, and what is read at ten million postings.
    Ledger {
        /// How many postings the largest fund has.
        #[arg(long, default_value_t = 10_000_000)]
        largest: i64,
        /// How many rows the largest file has.
        #[arg(long, default_value_t = 1_000_000)]
        rows: i64,
    },
    /// Serve one of the variants. The benchmark calls this itself.
    #[command(hide = true)]
    Serve {
        /// What to serve, as JSON.
        serving: String,
    },
}

/// How long, and what.
#[derive(clap::Args, Clone)]
struct Plan {
    /// How long each figure is measured, all its rounds together.
    #[arg(long, default_value_t = 4)]
    seconds: u32,
    /// A second a figure: to see that it works, not to rely on.
    #[arg(long)]
    quick: bool,
    /// Only these: tax, journals, gateway; of the ledger journals, months, engines, sizes.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
}

impl Plan {
    /// How long each figure is measured.
    fn time(&self) -> Duration {
        Duration::from_secs(if self.quick { 1 } else { self.seconds.max(1).into() })
    }

    fn includes(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|one| one == name)
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let _telling = web::Telemetry::begin("tenfold-bench");
    let arguments = Arguments::parse();
    let ran = match arguments.command {
        Some(Command::Serve { serving }) => serving::serve(&serving).await,
        other => {
            let stop = web::stop_signal();
            let of_ledger = other.and_then(|command| {
                if let Command::Ledger { largest, rows } = command { Some((largest, rows)) } else { None }
            });
            tokio::select! {
                ran = measure(&arguments.plan, of_ledger) => ran,
                () = stop.cancelled() => Err(anyhow::anyhow!("stopped")),
            }
        }
    };
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("bench: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn measure(plan: &Plan, of_ledger: Option<(i64, i64)>) -> anyhow::Result<()> {
    let mut house = House::build().await?;
    let mut document = Map::new();
    document.insert("machine".into(), machine::describe(&house).await?);
    document.insert("seconds_a_figure".into(), json!(plan.time().as_secs()));
    let walls = if of_ledger.is_none() && plan.includes("tax") { tax::databases(&house).await? } else { Vec::new() };
    let whole = house.copy("whole").await?;
    let sizes = if of_ledger.is_some() { house.copy("sizes").await? } else { String::new() };
    house.open().await?;
    if of_ledger.is_none() && plan.includes("tax") {
        document.insert("tax".into(), tax::measure(&house, walls, plan.time()).await?);
    }
    let served = Serving::whole(&house, &whole)?.with_gateway().start().await?;
    if let Some((largest, rows)) = of_ledger {
        let wanted = ledger::Wanted { time: plan.time(), largest, rows, sizes, only: plan.only.clone() };
        document.insert("ledger".into(), ledger::measure(&house, &served, &whole, &wanted).await?);
    } else if plan.includes("gateway") {
        document.insert("gateway".into(), door::measure(&house, &served, plan.time()).await?);
    }
    if of_ledger.is_none() && plan.includes("journals") {
        document.insert("journals".into(), journals::measure(&house, &served, &whole, plan.time()).await?);
    }
    served.stop().await;
    document.insert("load_average_after".into(), json!(machine::load_average()));
    house.close().await;
    answer(&serde_json::to_string_pretty(&Value::Object(document))?);
    Ok(())
}
