//! `tenfold doctor`: looks at a whole deployment and says what is wrong with it, and how to mend it. It changes nothing.

mod check;
mod database;
mod keys;
mod places;
mod queues;
mod redis;
mod services;
mod settings;
mod store;

pub use check::{Check, Report, State};
pub use settings::DoctorSettings;

use crate::tell::{answer, say};

/// Looks at everything, tells, and fails where something is wrong.
///
/// # Errors
/// Where something is wrong.
pub async fn run(settings: &DoctorSettings) -> anyhow::Result<()> {
    let report = examine(settings).await?;
    if settings.json {
        answer(&serde_json::to_string_pretty(&report)?);
    } else {
        report.checks.iter().flat_map(Check::lines).for_each(|line| answer(&line));
    }
    match report.wrong {
        0 if report.warnings == 0 => say("Nothing is wrong."),
        0 => say(&format!("Nothing is wrong; {} could be better.", report.warnings)),
        1 => anyhow::bail!("one thing is wrong, see ✗ above"),
        many => anyhow::bail!("{many} things are wrong, see ✗ above"),
    }
    Ok(())
}

/// Looks at everything.
///
/// # Errors
/// When the settings cannot be read; what is wrong with the deployment stands in the report.
pub async fn examine(settings: &DoctorSettings) -> anyhow::Result<Report> {
    let deployment = settings.deployment()?;
    let mut checks = Vec::new();
    let reached = database::look(&deployment, &mut checks).await;
    queues::look(&deployment, &reached, &mut checks).await;
    keys::look(&deployment, &reached, &mut checks).await;
    redis::look(&deployment, &mut checks).await;
    services::look(&deployment, &mut checks).await;
    places::look(&deployment, &mut checks).await;
    Ok(Report::of(checks))
}
