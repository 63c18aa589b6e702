//! `tenfold roles`: the login roles, each with its password.

use std::{collections::BTreeMap, path::PathBuf};

use anyhow::{Context, bail, ensure};
use clap::Args;
use reqwest::Url;

use super::{password_file, verifier::verifier};
use crate::tell::say;

/// Whose passwords, and from where.
#[derive(Args, Debug)]
pub struct Roles {
    /// The owner's connection.
    #[arg(long, env = "TENFOLD_DATABASE_URL")]
    database_url: String,
    /// Files of passwords, as PGPASSFILE names one. Default: those in `TENFOLD_<ROLE>_DATABASE_URL`.
    #[arg(long, env = "TENFOLD_PASSWORD_FILES", value_delimiter = ',')]
    password_files: Vec<PathBuf>,
}

/// Makes the login roles that are not there and gives every one its password. Safe to run again.
///
/// # Errors
/// When a role has no password, or one that cannot be used, before anything is changed; or the database does not take it.
pub async fn run(asked: &Roles) -> anyhow::Result<()> {
    let given = if asked.password_files.is_empty() {
        in_addresses(|variable| std::env::var(variable).ok())?
    } else {
        in_files(&asked.password_files)?
    };
    let kept = verifiers(&given)?;
    let owner = crate::owner(&asked.database_url)?;
    let made = tenancy::make_login_roles(&owner, kept.keys().cloned()).await?;
    tenancy::set_passwords(&owner, &kept).await?;
    say(&format!("{} login roles have their passwords; {} of them are new.", kept.len(), made.len()));
    Ok(())
}

/// What is kept of the password of every login role.
fn verifiers(given: &BTreeMap<String, String>) -> anyhow::Result<BTreeMap<String, String>> {
    let missing: Vec<_> = crate::login_roles().filter(|role| !given.contains_key(role)).collect();
    ensure!(
        missing.is_empty(),
        "no password is given for {}: name files that hold them (--password-files), or set TENFOLD_<ROLE>_DATABASE_URL with one",
        missing.join(", ")
    );
    crate::login_roles().map(|role| Ok((role.clone(), verifier(&role, &given[&role])?))).collect()
}

fn in_files(files: &[PathBuf]) -> anyhow::Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for file in files {
        for (role, password) in password_file::read(file)? {
            if found.insert(role.clone(), password.clone()).is_some_and(|before| before != password) {
                bail!("{} has another password for {role} than a file before it", file.display());
            }
        }
    }
    Ok(found)
}

/// The passwords in the addresses that services are given.
fn in_addresses(variable: impl Fn(&str) -> Option<String>) -> anyhow::Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for role in crate::login_roles() {
        let name = format!("TENFOLD_{}_DATABASE_URL", role.to_uppercase());
        let Some(address) = variable(&name) else { continue };
        let address = Url::parse(&address).ok().with_context(|| format!("{name} is not a Postgres address"))?;
        ensure!(address.username() == role, "{name} is of {}, not of {role}", address.username());
        if let Some(password) = address.password() {
            found.insert(role, unescaped(password).with_context(|| format!("the password in {name} cannot be read"))?);
        }
    }
    Ok(found)
}

/// A password as an address has it: `%40` is an at sign.
fn unescaped(text: &str) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if first == b'%' {
            let (code, after) = rest.split_at_checked(2).context("it ends within an escape")?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(code)?, 16)?);
            rest = after;
        } else {
            bytes.push(first);
        }
    }
    Ok(String::from_utf8(bytes)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_without_a_password_is_named() {
        let mut given: BTreeMap<_, _> = crate::login_roles().map(|role| (role, "long-enough-1".to_owned())).collect();
        assert_eq!(verifiers(&given).unwrap().len(), given.len());
        given.remove("budgets_work");
        given.insert("somebody_else".into(), "long-enough-1".into());
        let said = verifiers(&given).unwrap_err().to_string();
        assert!(said.starts_with("no password is given for budgets_work: "), "{said}");
    }

    #[test]
    fn passwords_are_read_from_addresses() {
        let of = |address: &'static str| {
            in_addresses(move |name| (name == "TENFOLD_BUDGETS_WORK_DATABASE_URL").then(|| address.to_owned()))
        };
        let found = of("postgres://budgets_work:p%40ss-word-1@db/tenfold?sslmode=require").unwrap();
        assert_eq!(found, BTreeMap::from([("budgets_work".to_owned(), "p@ss-word-1".to_owned())]));
        assert!(of("postgres://budgets_work@db/tenfold").unwrap().is_empty());
        let other = of("postgres://tenfold:hush@db/tenfold").unwrap_err().to_string();
        assert!(other.contains("not of budgets_work") && !other.contains("hush"), "{other}");
        let none = of("hush").unwrap_err().to_string();
        assert!(!none.contains("hush"), "{none}");
    }
}
