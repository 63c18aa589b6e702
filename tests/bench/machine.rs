//! Where it was measured.

use std::{fs, os::unix::fs::FileExt, process::Command, time::Instant};

use serde_json::{Value, json};
use sqlx::Connection;

use crate::{figures::median, house::House};

/// The machine, the database's settings, and how this was built.
pub(crate) async fn describe(house: &House) -> anyhow::Result<Value> {
    let mut owner = house.owner("postgres").await?;
    let mut settings = Vec::new();
    for name in ["server_version", "fsync", "synchronous_commit", "full_page_writes", "shared_buffers"] {
        let value: String = sqlx::query_scalar("select current_setting($1)").bind(name).fetch_one(&mut owner).await?;
        settings.push((name.to_owned(), json!(value)));
    }
    owner.close().await?;
    Ok(json!({
        "cores": std::thread::available_parallelism().map_or(1, usize::from),
        "cpu": field("/proc/cpuinfo", "model name"),
        "memory": field("/proc/meminfo", "MemTotal"),
        "kernel": fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim(),
        "disk_sync_us_p50": disk_sync(house.socket()).ok(),
        "load_average_before": load_average(),
        "postgres": settings.into_iter().collect::<serde_json::Map<_, _>>(),
        "build": if cfg!(debug_assertions) { "debug: not to be relied on" } else { "release" },
        "commit": commit(),
    }))
}

fn field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// What else the machine was doing.
pub(crate) fn load_average() -> String {
    fs::read_to_string("/proc/loadavg").unwrap_or_default().split(' ').take(3).collect::<Vec<_>>().join(" ")
}

fn commit() -> Option<String> {
    let said = Command::new("git").args(["describe", "--always", "--dirty"]).output().ok()?;
    said.status.success().then(|| String::from_utf8_lossy(&said.stdout).trim().to_owned())
}

/// How long a small write takes to reach the disk.
fn disk_sync(folder: &std::path::Path) -> std::io::Result<u64> {
    let path = folder.join("sync");
    let file = fs::File::create(&path)?;
    let mut micros = Vec::new();
    for _ in 0..50 {
        let began = Instant::now();
        file.write_all_at(&[1; 8192], 0)?;
        file.sync_data()?;
        micros.push(u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX));
    }
    fs::remove_file(path)?;
    Ok(median(micros))
}
