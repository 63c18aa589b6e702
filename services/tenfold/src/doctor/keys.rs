//! The key files: there, kept from others, whole, and the right ones.

use std::path::Path;

use auth::{KeyEncryptionKey, SealKey, SealKeyError, SealedSecretError};

use super::{
    check::{Check, why},
    database::Reached,
    settings::{Deployment, KeyFile},
    store,
};

pub(super) async fn look(deployment: &Deployment, reached: &Reached, checks: &mut Vec<Check>) {
    for (at, key) in deployment.keys.iter().enumerate() {
        let Some(path) = key.path.as_deref() else {
            checks.push(Check::not_asked(key.check, key.setting));
            continue;
        };
        let found = if at == 0 { encryption(key, path, reached).await } else { signing(key, path) };
        checks.push(found);
    }
}

fn signing(key: &KeyFile, path: &Path) -> Check {
    match SealKey::load(path) {
        Ok(loaded) => Check::fine(
            key.check,
            format!("{} is a whole key, kept from others: {}", path.display(), loaded.public().kid),
        ),
        Err(error) => {
            let mend = match &error {
                SealKeyError::File { .. } => {
                    format!("Put the key back from where keys are kept, or set {}.", key.setting)
                }
                SealKeyError::Open(_) => chmod(path),
                SealKeyError::NotOurs(_) => "Put the right key back from where keys are kept.".to_owned(),
            };
            Check::wrong(key.check, why(&error), mend)
        }
    }
}

async fn encryption(key: &KeyFile, path: &Path, reached: &Reached) -> Check {
    let loaded = match KeyEncryptionKey::load(path) {
        Ok(loaded) => loaded,
        Err(error) => {
            let mend = match &error {
                SealedSecretError::Open(_) => chmod(path),
                SealedSecretError::File { .. } => {
                    format!("Put the key back from where keys are kept, or set {}.", key.setting)
                }
                _ => "Put the right key back from where keys are kept: 32 bytes in base64.".to_owned(),
            };
            return Check::wrong(key.check, why(&error), mend);
        }
    };
    let whole = format!("{} is a whole key, kept from others", path.display());
    let Some(db) = reached.of("tenants_issuer") else {
        return Check::fine(key.check, format!("{whole}; whether it is the right one could not be asked"));
    };
    let kept = async {
        let mut tx = db.issuer().await?;
        let kept = store::signing_key(&mut tx).await?;
        tx.commit().await?;
        Ok::<_, tenancy::DbError>(kept)
    };
    match kept.await {
        Err(error) => Check::wrong(
            key.check,
            format!("the keys in the database could not be read: {}", why(&error)),
            "See the migrations and roles above.",
        ),
        Ok(None) => Check::fine(key.check, format!("{whole}; nothing is encrypted under it yet")),
        Ok(Some((kid, sealed))) => match loaded.open(&format!("signing key {kid}"), &sealed) {
            Ok(_) => Check::fine(key.check, format!("{whole}, and opens what is in the database")),
            Err(_) => Check::wrong(
                key.check,
                format!("{} is not the key that the secrets in the database are encrypted under", path.display()),
                format!("Set {} to the file they were encrypted with; without it they cannot be read.", key.setting),
            ),
        },
    }
}

fn chmod(path: &Path) -> String {
    format!("chmod 600 {}; and think about who may have read it.", path.display())
}
