//! The services and the public address: who answers, in which version, and whether tokens name the right issuer.

use std::{collections::BTreeSet, time::Duration};

use serde_json::Value;

use super::{
    check::{Check, why, without_passwords},
    settings::Deployment,
};

const WITHIN: Duration = Duration::from_secs(5);

pub(super) async fn look(deployment: &Deployment, checks: &mut Vec<Check>) {
    let http =
        reqwest::Client::builder().no_proxy().timeout(WITHIN).redirect(reqwest::redirect::Policy::none()).build();
    let Ok(http) = http else { return };
    let mut versions = BTreeSet::new();
    for (service, url) in &deployment.services {
        let setting = format!("TENFOLD_{}_URL", service.to_ascii_uppercase());
        let check = format!("service {service}");
        match url {
            Some(url) => checks.push(service_check(&http, &check, service, &setting, url, &mut versions).await),
            None => checks.push(Check::not_asked(&check, &setting)),
        }
    }
    match deployment.gateway.as_ref().or(deployment.public.as_ref()) {
        Some(url) => checks.push(gateway(&http, url, &mut versions).await),
        None => checks.push(Check::not_asked("gateway", "TENFOLD_GATEWAY_URL or TENFOLD_PUBLIC_URL")),
    }
    if !versions.is_empty() {
        let all = versions.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let own = env!("CARGO_PKG_VERSION");
        checks.push(match versions.len() {
            1 if versions.contains(own) => Check::fine("versions", format!("all are {own}, and so is this program")),
            _ => Check::warning(
                "versions",
                format!("there are {all}, and this program is {own}"),
                "Fine while a release rolls out; then bring all to one version.",
            ),
        });
    }
    match &deployment.public {
        Some(url) => checks.push(public(&http, url).await),
        None => checks.push(Check::not_asked("public address", "TENFOLD_PUBLIC_URL")),
    }
}

struct Answer {
    status: u16,
    body: Value,
    version: Option<String>,
}

async fn ask(http: &reqwest::Client, base: &str, path: &str) -> Result<Answer, String> {
    let answer = http.get(format!("{}{path}", base.trim_end_matches('/'))).send().await;
    let answer = answer.map_err(|error| why(&error.without_url()))?;
    let version = answer.headers().get("tenfold-version").and_then(|text| text.to_str().ok()).map(str::to_owned);
    let status = answer.status().as_u16();
    let body = answer.bytes().await.map_err(|error| why(&error.without_url()))?;
    Ok(Answer { status, body: serde_json::from_slice(&body).unwrap_or_default(), version })
}

async fn service_check(
    http: &reqwest::Client,
    check: &str,
    service: &str,
    setting: &str,
    url: &str,
    versions: &mut BTreeSet<String>,
) -> Check {
    let shown = without_passwords(url);
    match ask(http, url, "/health/ready").await {
        Ok(answer) if answer.status == 200 => {
            versions.extend(answer.version.clone());
            Check::fine(
                check,
                format!(
                    "ready at {shown}{}",
                    answer.version.map_or(String::new(), |version| format!(", version {version}"))
                ),
            )
        }
        Ok(answer) => Check::wrong(
            check,
            format!("{shown} answers {}: {}", answer.status, answer.body["detail"].as_str().unwrap_or("nothing more")),
            format!("See the log of {service}; its database may be away."),
        ),
        Err(error) => Check::wrong(
            check,
            format!("{shown} does not answer: {error}"),
            format!("Start {service}, or put {setting} right."),
        ),
    }
}

async fn gateway(http: &reqwest::Client, url: &str, versions: &mut BTreeSet<String>) -> Check {
    let shown = without_passwords(url);
    match ask(http, url, "/health/ready").await {
        Ok(answer) if answer.status == 200 && answer.body["status"] == "ready" => {
            versions.extend(answer.version);
            match answer.body["degraded"].as_array() {
                Some(_) => Check::warning(
                    "gateway",
                    "it reaches all services, and not Redis",
                    "Start Redis; until then each gateway counts its limits alone.",
                ),
                None => Check::fine("gateway", format!("{shown} reaches all services")),
            }
        }
        Ok(answer) if answer.status == 503 => {
            let missing = answer.body["missing"].as_array().cloned().unwrap_or_default();
            let missing: Vec<_> = missing.iter().filter_map(Value::as_str).collect();
            Check::wrong(
                "gateway",
                format!("it misses {}", missing.join(", ")),
                "Start what is missing, or put its address right where the gateway is started.",
            )
        }
        Ok(answer) => Check::wrong(
            "gateway",
            format!("{shown} answers {}, and not as a gateway of ours", answer.status),
            "Put TENFOLD_GATEWAY_URL or TENFOLD_PUBLIC_URL right.",
        ),
        Err(error) => Check::wrong(
            "gateway",
            format!("{shown} does not answer: {error}"),
            "Start the gateway, or put its address right.",
        ),
    }
}

/// What the world is told of us must lead to us: the issuer in every token is the public address.
async fn public(http: &reqwest::Client, url: &str) -> Check {
    let shown = without_passwords(url);
    match ask(http, url, "/.well-known/oauth-authorization-server").await {
        Ok(answer) if answer.status == 200 && answer.body["issuer"].is_string() => {
            let issuer = answer.body["issuer"].as_str().unwrap_or_default();
            if issuer.trim_end_matches('/') == url.trim_end_matches('/') {
                Check::fine("public address", format!("{shown} leads to the gateway, and is the issuer of tokens"))
            } else {
                Check::wrong(
                    "public address",
                    format!("{shown} leads to the gateway, whose issuer is {}", without_passwords(issuer)),
                    "Start every service with the same TENFOLD_PUBLIC_URL, without a slash at its end.",
                )
            }
        }
        Ok(answer) => Check::wrong(
            "public address",
            format!("{shown} answers {}, and not as a gateway of ours", answer.status),
            "Let the name lead to the gateway, or put TENFOLD_PUBLIC_URL right.",
        ),
        Err(error) => Check::wrong(
            "public address",
            format!("{shown} does not answer: {error}"),
            "See the name, the port and the certificate; or put TENFOLD_PUBLIC_URL right.",
        ),
    }
}
