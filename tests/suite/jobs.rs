//! What runs once beside the services of a stack: secrets, login roles, the first client.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

use clap::{Args, Parser};
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use tenancy::cluster::{self, Cluster};
use tenfold::{
    jobs::{
        first_client::{self, FirstClient},
        password_file,
        roles::{self, Roles},
        secrets::{self, Secrets},
    },
    login_roles,
};

#[derive(Parser)]
struct Asked<A: Args> {
    #[command(flatten)]
    asked: A,
}

/// As somebody at a terminal asks for it.
fn asked<A: Args>(arguments: &[&str]) -> A {
    Asked::<A>::parse_from([&["tenfold"], arguments].concat()).asked
}

/// A Postgres of its own, as login roles are the whole cluster's, and a folder for secrets.
async fn empty_stack() -> (Cluster, String, std::path::PathBuf) {
    let folder = testkit::scratch("jobs");
    let cluster = Cluster::start_passing(&folder, None).await.unwrap();
    cluster.create_database("tenfold").await.unwrap();
    let user = cluster.owner("tenfold").get_username().to_owned();
    let secrets = folder.join("secrets");
    for name in ["postgres", "jobs", "tenants", "budgets", "governance", "first-client"] {
        fs::create_dir_all(secrets.join(name)).unwrap();
    }
    let url = format!("postgres://{user}@localhost/tenfold?host={}", folder.display());
    (cluster, url, secrets)
}

async fn comes_in(folder: &Path, role: &str, password: &str) -> bool {
    let options: PgConnectOptions = cluster::at(folder).database("tenfold").username(role).password(password);
    match PgConnection::connect_with(&options).await {
        Ok(connection) => connection.close().await.is_ok(),
        Err(_) => false,
    }
}

#[tokio::test]
async fn a_stack_is_set_up_from_files_and_setting_it_up_again_changes_nothing() {
    let (cluster, url, secrets) = empty_stack().await;
    let folder = secrets.parent().unwrap();
    secrets::run(&asked::<Secrets>(&[secrets.to_str().unwrap(), "--database-url", &url])).unwrap();
    let files = ["tenants", "budgets", "governance"].map(|name| secrets.join(name).join("passwords"));
    let named = files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(",");
    let with_roles = ["--database-url", &url, "--password-files", &named];

    // A file too few is refused before anything is done.
    let too_few = files[..2].iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(",");
    let refused = roles::run(&asked::<Roles>(&["--database-url", &url, "--password-files", &too_few])).await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("no password is given for governance_borough"), "{refused}");

    // Before the migrations and after: either way every role comes in, with its own password alone.
    for _ in 0..2 {
        roles::run(&asked::<Roles>(&with_roles)).await.unwrap();
        tenancy::migrate(&cluster.owner("tenfold"), &tenfold::migrations()).await.unwrap();
        let mut seen = 0;
        for file in &files {
            for (role, password) in password_file::read(file).unwrap() {
                assert!(comes_in(folder, &role, &password).await, "{role}");
                assert!(!comes_in(folder, &role, "not-the-password").await, "{role}");
                seen += 1;
            }
        }
        assert_eq!(seen, login_roles().count());
    }

    // What is kept was made outside of the database: the password was in no statement.
    let mut owner = PgConnection::connect_with(&cluster.owner("tenfold")).await.unwrap();
    let kept: Vec<String> =
        sqlx::query_scalar("select rolpassword from pg_authid where rolcanlogin and rolname like '%\\_work'")
            .fetch_all(&mut owner)
            .await
            .unwrap();
    assert!(kept.len() == 3 && kept.iter().all(|kept| kept.starts_with("SCRAM-SHA-256$4096:")), "{kept:?}");

    // A new password replaces the old one.
    let work = password_file::read(&files[1]).unwrap()["budgets_work"].clone();
    let text = fs::read_to_string(&files[1]).unwrap();
    fs::write(&files[1], text.replace(&work, "another-password")).unwrap();
    roles::run(&asked::<Roles>(&with_roles)).await.unwrap();
    assert!(comes_in(folder, "budgets_work", "another-password").await);
    assert!(!comes_in(folder, "budgets_work", &work).await);
}

#[tokio::test]
async fn the_first_client_is_written_where_only_its_owner_reads_it() {
    let (cluster, url, secrets) = empty_stack().await;
    tenancy::migrate(&cluster.owner("tenfold"), &tenfold::migrations()).await.unwrap();
    let file = secrets.join("first-client").join("first-client.toml");
    let nowhere = secrets.join("nowhere").join("first-client.toml");
    let to = |file: &Path| asked::<FirstClient>(&["--database-url", &url, "--to", file.to_str().unwrap()]);

    // Where it cannot be kept none is made.
    let refused = first_client::run(&to(&nowhere)).await.unwrap_err().to_string();
    assert!(refused.contains("is not there; make it first"), "{refused}");
    fs::write(&file, "of another database").unwrap();
    let refused = first_client::run(&to(&file)).await.unwrap_err().to_string();
    assert!(refused.contains("Move it away"), "{refused}");
    fs::remove_file(&file).unwrap();

    first_client::run(&to(&file)).await.unwrap();
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);
    let kept = first_client::read(&file).unwrap();
    let mut owner = PgConnection::connect_with(&cluster.owner("tenfold")).await.unwrap();
    let made: Vec<String> =
        sqlx::query_scalar("select client_id from tenants.client").fetch_all(&mut owner).await.unwrap();
    assert_eq!(made, [kept.client_id.as_str()]);

    // Once is once: well where that is asked for, a refusal elsewhere, and the file is what it was.
    let refused = first_client::run(&to(&file)).await.unwrap_err().to_string();
    assert!(refused.contains("there is a platform client already"), "{refused}");
    let if_needed = ["--database-url", &url, "--to", file.to_str().unwrap(), "--if-needed"];
    first_client::run(&asked::<FirstClient>(&if_needed)).await.unwrap();
    assert_eq!(first_client::read(&file).unwrap().client_secret, kept.client_secret);
}
