//! Where content lies: whether it can be put there, found again and taken away, and how much room is left.

use std::{
    collections::BTreeSet,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::Duration,
};

use storage::Storage;

use super::{
    check::{Check, why, without_passwords},
    settings::Deployment,
};

/// How long a place may take to be tried.
const WITHIN: Duration = Duration::from_secs(20);
/// Below these, in MiB, a folder is nearly full, and full.
const LITTLE: u64 = 1024;
const NONE: u64 = 100;

pub(super) async fn look(deployment: &Deployment, checks: &mut Vec<Check>) {
    for (of, setting, url) in
        [("papers", "TENFOLD_PAPERS_URL", &deployment.papers), ("exports", "TENFOLD_EXPORTS_URL", &deployment.exports)]
    {
        match url {
            Some(url) => checks.push(store(of, setting, url).await),
            None => checks.push(Check::not_asked(of, setting)),
        }
    }
    let folder_of =
        |url: &Option<String>| url.as_deref().and_then(|url| url.strip_prefix("file://")).map(PathBuf::from);
    let mut folders: Vec<PathBuf> =
        [deployment.folder.clone(), deployment.imports.clone()].into_iter().flatten().collect();
    folders.extend([folder_of(&deployment.papers), folder_of(&deployment.exports)].into_iter().flatten());
    // Folders of one disk are told of once.
    let mut disks = BTreeSet::new();
    for folder in folders.iter().filter(|folder| folder.is_dir()) {
        let disk = std::fs::metadata(folder).map(|about| about.dev()).ok();
        if disk.is_none_or(|disk| disks.insert(disk)) {
            checks.push(room(folder));
        }
    }
}

/// Puts a small thing there, reads it, and takes it away.
async fn store(of: &'static str, setting: &str, url: &str) -> Check {
    let shown = without_passwords(url);
    // Opening a folder would make it; where it is not there yet nothing was ever put in it.
    if let Some(folder) = url.strip_prefix("file://")
        && !Path::new(folder).exists()
    {
        let parent = Path::new(folder).parent().is_some_and(Path::is_dir);
        return if parent {
            Check::warning(of, format!("{shown} is not there yet"), "The service makes it when it starts.")
        } else {
            Check::wrong(
                of,
                format!("{shown} is not there, nor the folder it would be in"),
                format!("Make the folder, or put {setting} right."),
            )
        };
    }
    let probe = [format!("tenfold-doctor-{}", crate::client::fresh_key())];
    let tried = async {
        let storage = Storage::open(of, url).map_err(|error| why(error.as_ref()))?;
        let said = |_: web::Problem| "a small probe could not be put there, read and taken away".to_owned();
        storage.put(&probe, "a probe".into()).await.map_err(said)?;
        let read = storage.read(&probe).await.map_err(said);
        storage.remove(&probe).await.map_err(said)?;
        match read? {
            content if content == "a probe" => Ok(()),
            _ => Err("what was put there is not what was found".to_owned()),
        }
    };
    let tried = tokio::time::timeout(WITHIN, tried).await;
    match tried.unwrap_or_else(|_| Err("it does not answer".to_owned())) {
        Ok(()) => Check::fine(of, format!("{shown} takes things, gives them back and lets them go")),
        Err(error) => Check::wrong(
            of,
            format!("{shown}: {error}"),
            format!(
                "See who may write there and whether it is full; or put {setting} and the credentials of the bucket right."
            ),
        ),
    }
}

fn room(folder: &Path) -> Check {
    let check = "room";
    let Ok(about) = rustix::fs::statvfs(folder) else {
        return Check::warning(check, format!("how full {} is could not be told", folder.display()), "See with df.");
    };
    let mib = about.f_bavail.saturating_mul(about.f_frsize) / (1024 * 1024);
    let found = format!("{mib} MiB left on the disk of {}", folder.display());
    let mend = "Make room, or move the folder to a larger disk (docs/operations/disk.md).";
    match mib {
        0..NONE => Check::wrong(check, found, mend),
        NONE..LITTLE => Check::warning(check, found, mend),
        _ => Check::fine(check, found),
    }
}
