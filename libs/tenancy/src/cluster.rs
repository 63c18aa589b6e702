//! A private Postgres: what `tenfold up` and the tests run on.
//!
//! It listens on a socket in its folder and nowhere else. Its superuser is named like the OS user that runs
//! it and comes in by `peer`; login roles come in with a password (scram).

use std::{
    fs, io,
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};

/// Why the private Postgres does not run.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// Not installed.
    #[error(
        "no Postgres server was found. Install it (Debian, Ubuntu: apt-get install postgresql) or set TENFOLD_PG_BIN to the folder of its programs"
    )]
    NotInstalled,
    /// Too old.
    #[error("{0} is Postgres {1}; Tenfold needs 15 or newer. Set TENFOLD_PG_BIN to the folder of a newer one")]
    TooOld(PathBuf, u32),
    /// Made by another version.
    #[error(
        "{folder} was made by Postgres {made_by}, and {found} is here. Set TENFOLD_PG_BIN to that version's folder, or start afresh with --fresh"
    )]
    OtherVersion {
        /// The folder.
        folder: PathBuf,
        /// What made it.
        made_by: String,
        /// What is here.
        found: u32,
    },
    /// The folder is no good.
    #[error("the folder {folder} cannot be used: {why}")]
    Folder {
        /// Which.
        folder: PathBuf,
        /// Why, and what to do.
        why: String,
    },
    /// A program failed.
    #[error("{program} failed: {said}")]
    Failed {
        /// Which.
        program: String,
        /// The end of what it said.
        said: String,
    },
}

/// A running private Postgres. Stopped when told to, or when dropped.
pub struct Cluster {
    folder: PathBuf,
    programs: PathBuf,
    user: OsUser,
    server: Option<Child>,
    /// A shell that stops the server when its standard input ends: when we stop it, or are gone.
    warden: Option<Child>,
    /// Whether nothing of it is to be kept.
    passing: bool,
}

#[derive(Clone, Debug)]
struct OsUser {
    name: String,
    /// Whom to become, when we are root and Postgres must not be.
    become_ids: Option<(u32, u32)>,
}

impl Cluster {
    /// Starts the Postgres of `folder`, making it first where it is not there yet.
    /// `folder/postgres` is the cluster, `folder` holds its socket and log.
    ///
    /// # Errors
    /// When Postgres is not there, too old, or the folder cannot be used.
    pub async fn start(folder: &Path, programs: Option<&Path>, settings: &[&str]) -> Result<Self, ClusterError> {
        let programs = match programs {
            Some(given) => given.to_owned(),
            None => find_programs().ok_or(ClusterError::NotInstalled)?,
        };
        let version = version_of(&programs)?;
        let user = os_user()?;
        let unusable = |why: String| ClusterError::Folder { folder: folder.to_owned(), why };
        fs::create_dir_all(folder).map_err(|error| unusable(error.to_string()))?;
        let folder = folder.canonicalize().map_err(|error| unusable(error.to_string()))?;
        if folder.as_os_str().len() > 90 {
            return Err(unusable("its path is too long for a socket (90 bytes); choose a shorter --data-dir".into()));
        }
        if let Some((uid, gid)) = user.become_ids {
            chown(&folder, Some(uid), Some(gid)).map_err(|error| unusable(error.to_string()))?;
            reachable(&folder, &user)?;
        }
        let mut cluster = Self { folder, programs, user, server: None, warden: None, passing: false };
        let data = cluster.data();
        match fs::read_to_string(data.join("PG_VERSION")) {
            Ok(made_by) if made_by.trim() == version.to_string() => {}
            Ok(made_by) => {
                let made_by = made_by.trim().to_owned();
                return Err(ClusterError::OtherVersion { folder: data, made_by, found: version });
            }
            Err(_) => cluster.make()?,
        }
        cluster.run(settings).await?;
        Ok(cluster)
    }

    /// As [`Cluster::start`], for tests: nothing of it is kept, nor written through to the disk.
    ///
    /// # Errors
    /// As [`Cluster::start`].
    pub async fn start_passing(folder: &Path, programs: Option<&Path>) -> Result<Self, ClusterError> {
        let mut cluster =
            Self::start(folder, programs, &["fsync=off", "synchronous_commit=off", "full_page_writes=off"]).await?;
        cluster.warden.take().map(|mut keeping| {
            keeping.kill().ok();
            keeping.wait().ok()
        });
        cluster.passing = true;
        cluster.watch()?;
        Ok(cluster)
    }

    fn data(&self) -> PathBuf {
        self.folder.join("postgres")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.stdin(Stdio::null()).current_dir("/").env("LC_ALL", "C.UTF-8").env_remove("PGDATA");
        if let Some((uid, gid)) = self.user.become_ids {
            command.uid(uid).gid(gid);
        }
        command
    }

    fn make(&self) -> Result<(), ClusterError> {
        let data = self.data();
        // A folder left half made by an earlier try is in the way.
        if data.exists() && !data.join("PG_VERSION").exists() {
            fs::remove_dir_all(&data).ok();
        }
        let mut initdb = self.command("initdb");
        initdb.arg("--pgdata").arg(&data).arg("--username").arg(&self.user.name).args([
            "--auth=scram-sha-256",
            "--auth-local=peer",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-instructions",
        ]);
        finish("initdb", initdb)?;
        let written = fs::write(
            data.join("pg_hba.conf"),
            format!("local all \"{}\" peer map=tenfold\nlocal all all scram-sha-256\n", self.user.name),
        )
        .and_then(|()| {
            let own = &self.user.name;
            // root, who started us, may come in as the superuser too
            let root = if self.user.become_ids.is_some() { format!("tenfold root \"{own}\"\n") } else { String::new() };
            fs::write(data.join("pg_ident.conf"), format!("tenfold \"{own}\" \"{own}\"\n{root}"))
        });
        written.map_err(|error| ClusterError::Folder { folder: data, why: error.to_string() })
    }

    async fn run(&mut self, settings: &[&str]) -> Result<(), ClusterError> {
        // One left behind by a killed run is stopped first; whoever else uses the folder holds its lock.
        if self.data().join("postmaster.pid").exists() {
            let mut stop = self.command("pg_ctl");
            stop.arg("stop").arg("--pgdata").arg(self.data()).args(["--mode=fast", "--wait", "--silent"]);
            stop.stdout(Stdio::null()).stderr(Stdio::null()).status().ok();
        }
        let log = fs::File::create(self.folder.join("postgres.log"))
            .map_err(|error| ClusterError::Folder { folder: self.folder.clone(), why: error.to_string() })?;
        let mut server = self.command("postgres");
        server.arg("-D").arg(self.data()).arg("-k").arg(&self.folder);
        server.args([
            "-c",
            "listen_addresses=",
            "-c",
            "max_connections=400",
            "-c",
            "password_encryption=scram-sha-256",
        ]);
        for setting in settings {
            server.args(["-c", setting]);
        }
        // Its own group: Ctrl-C in a terminal is for us, and we stop it last.
        server.process_group(0).stdout(Stdio::null()).stderr(log);
        let failed = |said: String| ClusterError::Failed { program: "postgres".into(), said };
        self.server = Some(server.spawn().map_err(|error| failed(error.to_string()))?);
        let started = Instant::now();
        loop {
            if let Ok(connection) = PgConnection::connect_with(&self.owner("postgres")).await {
                connection.close().await.ok();
                return self.watch();
            }
            let ended = self.server.as_mut().and_then(|child| child.try_wait().ok().flatten()).is_some();
            if ended || started.elapsed() > Duration::from_secs(60) {
                let said = fs::read_to_string(self.folder.join("postgres.log")).unwrap_or_default();
                return Err(failed(last_lines(&said)));
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// The owner's connection to one of its databases.
    #[must_use]
    pub fn owner(&self, database: &str) -> PgConnectOptions {
        self.anyone().username(&self.user.name).database(database)
    }

    /// A connection to which a role, a password and a database must be added.
    #[must_use]
    pub fn anyone(&self) -> PgConnectOptions {
        at(&self.folder)
    }

    /// Creates a database where it is not there yet.
    ///
    /// # Errors
    /// When the server does not take it.
    pub async fn create_database(&self, name: &'static str) -> Result<(), sqlx::Error> {
        let mut connection = PgConnection::connect_with(&self.owner("postgres")).await?;
        let there: bool = sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
            .bind(name)
            .fetch_one(&mut connection)
            .await?;
        if !there {
            sqlx::query(sqlx::AssertSqlSafe(format!("create database \"{name}\""))).execute(&mut connection).await?;
        }
        connection.close().await
    }

    /// Drops a database where it is there.
    ///
    /// # Errors
    /// When the server does not take it.
    pub async fn drop_database(&self, name: &'static str) -> Result<(), sqlx::Error> {
        let mut connection = PgConnection::connect_with(&self.owner("postgres")).await?;
        let statement = format!("drop database if exists \"{name}\" with (force)");
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await?;
        connection.close().await
    }

    fn watch(&mut self) -> Result<(), ClusterError> {
        let script = r#"read -r _; "$1" stop --pgdata "$2" --mode=fast --wait --silent; [ "$3" = keep ] || rm -rf "$(dirname "$2")""#;
        let mut warden = Command::new("sh");
        warden.arg("-c").arg(script).arg("warden").arg(self.programs.join("pg_ctl")).arg(self.data());
        warden.arg(if self.passing { "drop" } else { "keep" }).current_dir("/");
        if let Some((uid, gid)) = self.user.become_ids {
            warden.uid(uid).gid(gid);
        }
        warden.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let failed = |error: io::Error| ClusterError::Failed { program: "sh".into(), said: error.to_string() };
        self.warden = Some(warden.spawn().map_err(failed)?);
        Ok(())
    }

    /// Stops it: open transactions are rolled back.
    pub fn stop(&mut self) {
        if let Some(mut warden) = self.warden.take() {
            drop(warden.stdin.take());
            warden.wait().ok();
        }
        let Some(mut server) = self.server.take() else { return };
        if server.try_wait().ok().flatten().is_none() {
            let mut stop = self.command("pg_ctl");
            stop.arg("stop").arg("--pgdata").arg(self.data()).args(["--mode=fast", "--wait", "--silent"]);
            stop.stdout(Stdio::null()).stderr(Stdio::null()).status().ok();
        }
        server.wait().ok();
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A connection to the cluster that runs in a folder, to which a role, a password and a database must be added.
#[must_use]
pub fn at(folder: &Path) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass().socket(folder).port(5432)
}

/// The owner's connection to a database of the cluster that runs in a folder.
///
/// # Errors
/// When it cannot be told who that would be.
pub fn owned(folder: &Path, database: &str) -> Result<PgConnectOptions, ClusterError> {
    Ok(at(folder).username(&os_user()?.name).database(database))
}

fn finish(program: &str, mut command: Command) -> Result<(), ClusterError> {
    let failed = |said: String| ClusterError::Failed { program: program.into(), said };
    let output = command.output().map_err(|error| failed(error.to_string()))?;
    if output.status.success() { Ok(()) } else { Err(failed(last_lines(&String::from_utf8_lossy(&output.stderr)))) }
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(4)..].join("; ")
}

/// The newest server on the path or in Debian's folders.
fn find_programs() -> Option<PathBuf> {
    if let Some(given) = std::env::var_os("TENFOLD_PG_BIN") {
        return Some(given.into());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut found: Vec<PathBuf> = std::env::split_paths(&path).collect();
    if let Ok(versions) = fs::read_dir("/usr/lib/postgresql") {
        found.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    found.retain(|folder| folder.join("initdb").exists() && folder.join("postgres").exists());
    found.into_iter().max_by_key(|folder| version_of(folder).unwrap_or(0))
}

fn version_of(programs: &Path) -> Result<u32, ClusterError> {
    let said =
        Command::new(programs.join("postgres")).arg("--version").output().map_err(|_| ClusterError::NotInstalled)?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let number: String = said.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    match number.parse() {
        Ok(version) if version >= 15 => Ok(version),
        Ok(version) => Err(ClusterError::TooOld(programs.to_owned(), version)),
        Err(_) => Err(ClusterError::NotInstalled),
    }
}

/// Who runs Postgres: ourselves; or, as it must not be root, `postgres` or `nobody`.
fn os_user() -> Result<OsUser, ClusterError> {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let uid_of = |line: &str| -> Option<(String, u32, u32)> {
        let mut fields = line.split(':');
        let name = fields.next()?.to_owned();
        let uid = fields.nth(1)?.parse().ok()?;
        Some((name, uid, fields.next()?.parse().ok()?))
    };
    let all: Vec<_> = users.lines().filter_map(uid_of).collect();
    let me = fs::metadata("/proc/self").map(|m| std::os::unix::fs::MetadataExt::uid(&m)).unwrap_or(0);
    let failed = |why: &str| ClusterError::Folder { folder: "/etc/passwd".into(), why: why.into() };
    if me != 0 {
        let own = all.into_iter().find(|(_, uid, _)| *uid == me);
        let (name, ..) = own.ok_or_else(|| failed("it does not name the user that runs this"))?;
        return Ok(OsUser { name, become_ids: None });
    }
    let other = |wanted: &str| all.iter().find(|(name, ..)| name == wanted).cloned();
    let (name, uid, gid) = other("postgres")
        .or_else(|| other("nobody"))
        .ok_or_else(|| failed("Postgres must not run as root, and there is neither a user postgres nor nobody"))?;
    Ok(OsUser { name, become_ids: Some((uid, gid)) })
}

/// Whether the unprivileged user can walk down to the folder.
fn reachable(folder: &Path, user: &OsUser) -> Result<(), ClusterError> {
    let mut probe = Command::new("/bin/ls");
    if let Some((uid, gid)) = user.become_ids {
        probe.uid(uid).gid(gid);
    }
    let seen = probe.arg(folder).current_dir("/").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if seen.is_ok_and(|status: std::process::ExitStatus| status.success()) {
        return Ok(());
    }
    Err(ClusterError::Folder {
        folder: folder.to_owned(),
        why: format!(
            "Postgres runs as `{}`, who cannot reach it; choose a --data-dir that everybody may walk into, such as /var/lib/tenfold",
            user.name
        ),
    })
}

/// Removes a folder and all in it, for `--fresh`.
///
/// # Errors
/// When it cannot be removed.
pub fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
