//! `tenfold secrets`: passwords and keys of a stack that has none yet, a folder for each program that is given some.

use std::{collections::BTreeMap, fs, path::PathBuf};

use anyhow::{Context, ensure};
use auth::{ClientSecret, KeyEncryptionKey, SealKey};
use clap::Args;

use super::{
    password_file::{self, Place},
    write_secret,
};
use crate::tell::say;

/// The file of passwords, as each program is told of it in `PGPASSFILE`.
const PASSWORDS: &str = "passwords";

/// Where they go, and what they are for.
#[derive(Args, Debug)]
pub struct Secrets {
    /// The folder that holds the folders postgres, jobs, tenants, budgets and governance, all made before.
    folder: PathBuf,
    /// The owner's connection, without a password: what is made is the password of it.
    #[arg(long, env = "TENFOLD_DATABASE_URL")]
    database_url: String,
}

/// Makes what is not there yet and leaves the rest as it is. Nothing is shown.
///
/// # Errors
/// When a folder is not there, or cannot be written.
pub fn run(asked: &Secrets) -> anyhow::Result<()> {
    let owner = crate::owner(&asked.database_url)?;
    let place = Place {
        host: owner.get_host().to_owned(),
        port: owner.get_port(),
        database: owner.get_database().context("TENFOLD_DATABASE_URL names no database")?.to_owned(),
    };
    let names = ["postgres", "jobs", "tenants", "budgets", "governance"];
    for name in names {
        let folder = asked.folder.join(name);
        ensure!(
            folder.is_dir(),
            "the folder {} is not there; make it first, readable by nobody else",
            folder.display()
        );
    }
    let mut made = passwords(asked, &place, "jobs", [owner.get_username().to_owned()])?;
    // The server's own, as its image takes it: nothing but the password.
    let first = asked.folder.join("postgres").join("password");
    if !first.exists() {
        let of_owner = password_file::read(&asked.folder.join("jobs").join(PASSWORDS))?;
        write_secret(&first, &of_owner[owner.get_username()])?;
        made += 1;
    }
    for roles in [tenants::ROLES, budgets::ROLES, governance::ROLES] {
        made += passwords(asked, &place, roles.service, roles.names())?;
    }
    let [tenants, budgets] = ["tenants", "budgets"].map(|name| asked.folder.join(name));
    let keys =
        [tenants.join("key-encryption.key"), tenants.join("audit-signing.pem"), budgets.join("seal-signing.pem")];
    made += keys.iter().filter(|key| !key.exists()).count();
    let [encryption, signing @ ..] = &keys;
    KeyEncryptionKey::make_where_missing(encryption)?;
    for key in signing {
        SealKey::make_where_missing(key)?;
    }
    say(&match made {
        0 => "All secrets are there.".to_owned(),
        made => format!("{made} secrets were made in {}. Keep a copy where secrets are kept.", asked.folder.display()),
    });
    Ok(())
}

/// Adds the passwords that a folder's file lacks: how many those were.
fn passwords(
    asked: &Secrets,
    place: &Place,
    folder: &str,
    roles: impl IntoIterator<Item = String>,
) -> anyhow::Result<usize> {
    let path = asked.folder.join(folder).join(PASSWORDS);
    let mut kept = if path.exists() { password_file::read(&path)? } else { BTreeMap::new() };
    let before = kept.len();
    for role in roles {
        kept.entry(role).or_insert_with(new_password);
    }
    let text = password_file::text(place, &kept);
    if fs::read_to_string(&path).ok().as_deref() != Some(&text) {
        write_secret(&path, &text)?;
    }
    Ok(kept.len() - before)
}

/// 120 bits, in letters and digits that no address or file has to escape.
fn new_password() -> String {
    (0..3).map(|_| ClientSecret::id_suffix()).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn what_is_missing_is_made_and_what_is_there_stays() {
        let folder = std::env::temp_dir().join(format!("tenfold-secrets-{}", std::process::id()));
        let database_url = "postgres://tenfold@postgres/tenfold".to_owned();
        let asked = Secrets { folder: folder.clone(), database_url };
        assert!(run(&asked).unwrap_err().to_string().contains("is not there"));
        for name in ["postgres", "jobs", "tenants", "budgets", "governance"] {
            fs::create_dir_all(folder.join(name)).unwrap();
        }
        run(&asked).unwrap();
        let all = || {
            let mut found = BTreeMap::new();
            for folder in fs::read_dir(&folder).unwrap() {
                for file in fs::read_dir(folder.unwrap().path()).unwrap() {
                    let path = file.unwrap().path();
                    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600, "{}", path.display());
                    found.insert(path.clone(), fs::read_to_string(&path).unwrap());
                }
            }
            found
        };
        let first = all();
        assert_eq!(first.len(), 8);
        // The server's password is the owner's; each service has its own roles' and no others.
        let owner = password_file::read(&folder.join("jobs/passwords")).unwrap();
        assert_eq!(first[&folder.join("postgres/password")], owner["tenfold"]);
        let of_budgets = password_file::read(&folder.join("budgets/passwords")).unwrap();
        assert!(of_budgets.keys().eq(budgets::ROLES.names().collect::<std::collections::BTreeSet<_>>().iter()));
        assert!(KeyEncryptionKey::load(&folder.join("tenants/key-encryption.key")).is_ok());
        assert!(SealKey::load(&folder.join("budgets/seal-signing.pem")).is_ok());

        run(&asked).unwrap();
        assert_eq!(all(), first);
        fs::remove_file(folder.join("budgets/seal-signing.pem")).unwrap();
        run(&asked).unwrap();
        let again = all();
        assert_eq!(again.iter().filter(|(path, text)| first[*path] != **text).count(), 1);
        fs::remove_dir_all(&folder).unwrap();
    }
}
