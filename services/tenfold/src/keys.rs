//! `tenfold keys`: the keys tokens are signed with, through the API.

use std::time::Duration;

use anyhow::bail;
use clap::Subcommand;
use serde_json::{Value, json};

use crate::{
    clients::{Asking, once, table},
    tell::{Step, answer},
};

const KEYS: &str = "/v1/platform/signing-keys";
const EVERY: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(26 * 60 * 60);

/// What is done with the keys.
#[derive(Subcommand)]
pub enum Keys {
    /// Publish a new key, and wait until it signs. No call fails for it.
    Rotate {
        /// Who asks, where, and how it is told.
        #[command(flatten)]
        /// Who asks, and how it is told.
        asking: Asking,
        /// Why, for those who read the list.
        #[arg(long, default_value = "Asked for on the command line")]
        reason: String,
        /// Do not wait until it signs.
        #[arg(long)]
        no_wait: bool,
    },
    /// List the keys, the newest first.
    List {
        /// Who asks, where, and how it is told.
        #[command(flatten)]
        /// Who asks, and how it is told.
        asking: Asking,
    },
}

/// Does it, and tells what came of it.
///
/// # Errors
/// Where it is refused.
pub async fn run(what: &Keys) -> anyhow::Result<()> {
    match what {
        Keys::Rotate { asking, reason, no_wait } => {
            let client = asking.client("platform-officer")?;
            let made = client.post(&format!("{KEYS}/rotations"), &once(), &json!({"reason": reason})).await?.body;
            let mut key = made.clone();
            if !no_wait {
                let step = Step::begin("The new key is published; waiting until it signs", 0);
                let began = std::time::Instant::now();
                while key["state"] == "pending" {
                    if began.elapsed() > LONGEST {
                        bail!("the new key does not sign yet: tenfold keys list");
                    }
                    tokio::time::sleep(EVERY).await;
                    let all = client.get(KEYS).await?.body;
                    let found = all["data"].as_array().into_iter().flatten().find(|one| one["id"] == made["id"]);
                    key = found.cloned().unwrap_or(key);
                }
                step.end("it signs");
            }
            tell(asking, vec![key]);
            Ok(())
        }
        Keys::List { asking } => {
            let found = asking.client("platform-officer")?.get(KEYS).await?.body;
            tell(asking, found["data"].as_array().cloned().unwrap_or_default());
            Ok(())
        }
    }
}

fn tell(asking: &Asking, keys: Vec<Value>) {
    if asking.json {
        answer(&Value::from(keys).to_string());
    } else {
        table(&keys, &[("id", 43), ("state", 8), ("signs_from", 27), ("retires_at", 27), ("reason", 0)]);
    }
}
