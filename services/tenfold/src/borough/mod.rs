//! `tenfold borough`: bringing a borough on board and looking after its life, through the API.

mod checklist;
mod file;
mod onboard;
mod record;

use std::path::PathBuf;

use anyhow::bail;
use clap::Subcommand;
use serde_json::json;

use crate::{
    calling::Calling,
    client::{Answer, Client, fresh_key},
    settings::DataFolder,
    tell::{answer, say},
};
use checklist::Checklist;

/// What to do with a borough.
#[derive(Subcommand, Clone, Debug)]
pub enum Borough {
    /// Bring a borough on board from a file, step by step; run again, it goes on where it stopped.
    Onboard {
        /// Where the API is, and who asks.
        #[command(flatten)]
        calling: Calling,
        /// The file that says who the borough is, and what to record of it.
        #[arg(long)]
        file: PathBuf,
        /// Where the secrets of its clients are kept, readable by you only. Default: SLUG.secrets.toml beside the file.
        #[arg(long)]
        secrets: Option<PathBuf>,
        /// Print the last checklist as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Look at a borough: its state, and what it lacks.
    Status {
        /// Where the API is, and who asks.
        #[command(flatten)]
        calling: Calling,
        /// The borough, by its slug or GSS code.
        borough: String,
        /// Print the checklist as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Bring a borough live that was handed in; as another officer than the one who brought it on board.
    Approve {
        /// Where the API is, and who asks.
        #[command(flatten)]
        calling: Calling,
        /// The borough, by its slug or GSS code.
        borough: String,
        /// Why; kept in its history.
        #[arg(long)]
        reason: String,
        /// What it may lack, and why: TASK=REASON. As often as there are such tasks.
        #[arg(long = "waive", value_parser = waiver)]
        waivers: Vec<(String, String)>,
        /// The waivers are for show, as in a demonstration.
        #[arg(long)]
        illustrative: bool,
    },
    /// Send a borough that was handed in back, with what to mend.
    Return {
        /// Where the API is, and who asks.
        #[command(flatten)]
        calling: Calling,
        /// The borough, by its slug or GSS code.
        borough: String,
        /// What to mend; kept in its history.
        #[arg(long)]
        reason: String,
    },
    /// Cut off every token of a borough within a minute. Its data stays.
    Suspend {
        /// Where the API is, and who asks.
        #[command(flatten)]
        calling: Calling,
        /// The borough, by its slug or GSS code.
        borough: String,
        /// Why; kept in its history.
        #[arg(long)]
        reason: String,
    },
    /// Let a borough leave: it winds up, and gets an export of everything.
    Offboard {
        /// Where the API is, and who asks.
        #[command(flatten)]
        calling: Calling,
        /// The borough, by its slug or GSS code.
        borough: String,
        /// Why; kept in its history.
        #[arg(long)]
        reason: String,
    },
    /// Close a borough that has left with its record. Its tokens are cut off for good.
    Close {
        /// Where the API is, and who asks.
        #[command(flatten)]
        calling: Calling,
        /// The borough, by its slug or GSS code.
        borough: String,
        /// Why; kept in its history.
        #[arg(long)]
        reason: String,
    },
    /// Have the record of a closed borough destroyed, once it need not be kept; as another officer than the one who closed it.
    Purge {
        /// Where the API is, and who asks.
        #[command(flatten)]
        calling: Calling,
        /// The borough, by its slug or GSS code.
        borough: String,
        /// Why; kept in its history.
        #[arg(long)]
        reason: String,
        /// The borough's slug again: what is destroyed does not come back.
        #[arg(long)]
        confirm: String,
    },
    /// Fetch everything a borough owns as one archive, as its administrator.
    Export {
        /// Where the API is, and who asks.
        #[command(flatten)]
        calling: Calling,
        /// The borough, by its slug or GSS code.
        borough: String,
        /// Where the archive goes. Default: BOROUGH-DAY.zip here.
        #[arg(long)]
        out: Option<PathBuf>,
        /// What it is for; kept with it.
        #[arg(long, default_value = "Asked for by command")]
        reason: String,
        /// Print what was fetched as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Restore a borough from its archive into an instance that does not have it, on its database owner's connection.
    Restore {
        /// Where a stack keeps its things.
        #[command(flatten)]
        folder: DataFolder,
        /// The owner's connection. Default: the database of the stack on the data folder.
        #[arg(long, env = "TENFOLD_DATABASE_URL")]
        database_url: Option<String>,
        /// Where the content of papers lies. Default: papers in the data folder.
        #[arg(long, env = "TENFOLD_PAPERS_URL")]
        papers_url: Option<String>,
        /// The archive.
        #[arg(long)]
        file: PathBuf,
        /// Print what was restored as JSON, with the administrator's secret.
        #[arg(long)]
        json: bool,
    },
    /// Let a suspended borough go on.
    Resume {
        /// Where the API is, and who asks.
        #[command(flatten)]
        calling: Calling,
        /// The borough, by its slug or GSS code.
        borough: String,
        /// Why; kept in its history.
        #[arg(long)]
        reason: String,
    },
}

/// The officer who brings boroughs on board, and the one who looks at what was handed in.
const OFFICER: &str = "platform-officer";
const REVIEWER: &str = "platform-officer-2";

fn waiver(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((task, reason)) if !task.is_empty() && !reason.trim().is_empty() => {
            Ok((task.to_owned(), reason.trim().to_owned()))
        }
        _ => Err("write TASK=REASON, as in webhook=\"Polls for changes\"".into()),
    }
}

/// Does it.
///
/// # Errors
/// Where the API refuses: says what, and why.
pub async fn run(what: &Borough) -> anyhow::Result<()> {
    match what {
        Borough::Onboard { calling, file, secrets, json } => {
            let wanted = file::Wanted::read(file)?;
            let secrets =
                secrets.clone().unwrap_or_else(|| file.with_file_name(format!("{}.secrets.toml", wanted.slug)));
            let checklist = onboard::onboard(calling, &wanted, &secrets).await?;
            if *json {
                answer(&serde_json::to_string_pretty(checklist.body())?);
            }
            Ok(())
        }
        Borough::Status { calling, borough, json } => status(&calling.client(OFFICER)?, borough, *json).await,
        Borough::Approve { calling, borough, reason, waivers, illustrative } => {
            let officer = calling.client(REVIEWER)?;
            for (task, why) in waivers {
                let waiver = json!({"task": task, "reason": why, "illustrative": illustrative});
                officer.post(&format!("{}/onboarding/waivers", path(borough)), &fresh_key(), &waiver).await?;
                say(&format!("{task} is waived: {why}"));
            }
            moved(&officer, borough, "live", reason).await
        }
        Borough::Return { calling, borough, reason } => {
            moved(&calling.client(REVIEWER)?, borough, "in_setup", reason).await
        }
        Borough::Suspend { calling, borough, reason } => {
            moved(&calling.client(OFFICER)?, borough, "suspended", reason).await
        }
        Borough::Offboard { calling, borough, reason } => {
            moved(&calling.client(OFFICER)?, borough, "offboarding", reason).await?;
            say("An export of everything was asked for. Its administrator fetches it: tenfold borough export.");
            Ok(())
        }
        Borough::Close { calling, borough, reason } => {
            let officer = calling.client(OFFICER)?;
            moved(&officer, borough, "closed", reason).await?;
            let closed = officer.get(&path(borough)).await?;
            say(&format!("Its record is kept until {}.", text(&closed, "retained_until")));
            Ok(())
        }
        Borough::Purge { calling, borough, reason, confirm } => {
            let officer = calling.client(REVIEWER)?;
            let named = officer.get(&path(borough)).await?;
            if text(&named, "slug") != confirm {
                bail!("--confirm {confirm} is not the slug of {borough}, which is {}", text(&named, "slug"));
            }
            moved(&officer, borough, "purged", reason).await?;
            say("Its record is being destroyed. The certificates: GET /v1/platform/purge-certificates");
            Ok(())
        }
        Borough::Export { calling, borough, out, reason, json } => {
            let admin = calling.client(&format!("{borough}-admin"))?;
            record::export(&admin, borough, out.as_deref(), reason, *json).await
        }
        Borough::Restore { folder, database_url, papers_url, file, json } => {
            let into =
                record::Into { folder, database_url: database_url.as_deref(), papers_url: papers_url.as_deref() };
            record::restore(&into, file, *json).await
        }
        Borough::Resume { calling, borough, reason } => {
            let officer = calling.client(OFFICER)?;
            let now = officer.get(&path(borough)).await?;
            if now.body["state"] != "suspended" {
                bail!("{borough} is not suspended: it is {}", text(&now, "state"));
            }
            moved(&officer, borough, "live", reason).await
        }
    }
}

fn path(borough: &str) -> String {
    format!("/v1/boroughs/{borough}")
}

fn text<'a>(of: &'a Answer, name: &str) -> &'a str {
    of.body[name].as_str().unwrap_or_default()
}

async fn status(officer: &Client, borough: &str, json: bool) -> anyhow::Result<()> {
    let found = officer.get(&path(borough)).await?;
    let checklist = Checklist::of(officer, borough).await?;
    if json {
        answer(&serde_json::to_string_pretty(checklist.body())?);
        return Ok(());
    }
    answer(&format!("{} ({}), {}", text(&found, "name"), text(&found, "gss"), text(&found, "state").replace('_', " ")));
    checklist.table().iter().for_each(|line| answer(line));
    let history = officer.get(&format!("{}/transitions", path(borough))).await?;
    for one in history.body["data"].as_array().into_iter().flatten() {
        let word = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
        answer(&format!(
            "  {}  {} → {}: {}",
            &word("moved_at").get(..16).unwrap_or_default(),
            word("from"),
            word("to"),
            word("reason")
        ));
    }
    Ok(())
}

async fn moved(officer: &Client, borough: &str, to: &str, reason: &str) -> anyhow::Result<()> {
    officer.transition(&path(borough), &fresh_key(), to, reason).await?;
    answer(&format!("{borough} is {}.", to.replace('_', " ")));
    Ok(())
}
