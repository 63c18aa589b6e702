//! Redis, where gateways share one.

use std::time::Duration;

use super::{
    check::{Check, why, without_passwords},
    settings::Deployment,
};

const WITHIN: Duration = Duration::from_secs(3);

pub(super) async fn look(deployment: &Deployment, checks: &mut Vec<Check>) {
    let Some(url) = &deployment.redis else {
        checks.push(Check::not_asked("redis", "TENFOLD_REDIS_URL"));
        return;
    };
    let Ok(client) = ::redis::Client::open(url.as_str()) else {
        checks.push(Check::wrong(
            "redis",
            "its address cannot be read",
            "Put TENFOLD_REDIS_URL right: redis://host:port, or unix:///socket.",
        ));
        return;
    };
    let asked = async {
        let mut connection = client.get_multiplexed_async_connection().await?;
        ::redis::cmd("INFO").query_async::<String>(&mut connection).await
    };
    let away = |why: String| {
        Check::wrong(
            "redis",
            format!("{} does not answer: {why}", without_passwords(url)),
            "Start Redis, or put TENFOLD_REDIS_URL right; until then each gateway counts its limits alone (docs/operations/redis.md).",
        )
    };
    let info = match tokio::time::timeout(WITHIN, asked).await {
        Ok(Ok(info)) => info,
        Ok(Err(error)) => return checks.push(away(why(&error))),
        Err(_) => return checks.push(away("not in 3 s".to_owned())),
    };
    let named = |name: &str| {
        let line = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.unwrap_or_default().trim().to_owned()
    };
    let (version, policy, most) = (named("redis_version"), named("maxmemory_policy"), named("maxmemory"));
    // Keys of ours expire within seconds and are few; a Redis that is full and evicts nothing refuses to count.
    checks.push(if most != "0" && policy == "noeviction" {
        Check::warning(
            "redis",
            format!("Redis {version}, which refuses writes when it is full (maxmemory-policy {policy})"),
            "Set maxmemory-policy volatile-ttl, or give it to us alone.",
        )
    } else {
        Check::fine("redis", format!("Redis {version} answers, maxmemory-policy {policy}"))
    });
}
