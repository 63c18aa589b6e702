//! `tenfold client`: API clients of a running stack, through the API; tables for people, `--json` for scripts.

use std::{fs, path::PathBuf};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::{
    calling::Calling,
    client::Client,
    tell::{answer, say},
};

/// Who asks, where, and how it is told.
#[derive(Args, Clone, Debug)]
pub struct Asking {
    #[command(flatten)]
    calling: Calling,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

impl Asking {
    /// The client that asks; `usual` is the persona where none is named.
    pub(crate) fn client(&self, usual: &str) -> anyhow::Result<Client> {
        self.calling.client(usual)
    }
}

/// Whose clients: of whoever asks, where nothing is said.
#[derive(Args, Clone, Debug)]
pub struct Whose {
    /// A region's, by its slug.
    #[arg(long)]
    region: Option<String>,
    /// A partner organisation's, by its ODS code.
    #[arg(long)]
    partner: Option<String>,
}

impl Whose {
    /// Where one of the owner's lists is.
    pub(crate) fn path(&self, asking: &Client, list: &str) -> anyhow::Result<String> {
        match (&self.region, &self.partner) {
            (Some(region), None) => Ok(format!("/v1/regions/{region}/{list}")),
            (None, Some(ods)) => Ok(format!("/v1/partners/{ods}/{list}")),
            (None, None) => list_of(&asking.credentials().client_id, list),
            (Some(_), Some(_)) => bail!("say --region or --partner, not both"),
        }
    }
}

/// A list of whoever a client or a member is of: the id says whose it is.
pub(crate) fn list_of(id: &str, list: &str) -> anyhow::Result<String> {
    let parts: Vec<&str> = id.split('.').collect();
    match parts[..] {
        ["borough", slug, ..] => Ok(format!("/v1/boroughs/{slug}/{list}")),
        ["region", slug, _] => Ok(format!("/v1/regions/{slug}/{list}")),
        ["partner", ods, _] => Ok(format!("/v1/partners/{ods}/{list}")),
        ["platform", _] => Ok(format!("/v1/platform/{list}")),
        _ => bail!("{id} is no id of ours: borough.salford.live.5f1c09ab2e, platform.5f1c09ab2e, …"),
    }
}

/// What is done with clients.
#[derive(Subcommand)]
pub enum Clients {
    /// Create an API client; its secret is printed once.
    Create {
        /// Who asks, where, and how it is told.
        #[command(flatten)]
        /// Who asks, and how it is told.
        asking: Asking,
        /// Whose clients.
        #[command(flatten)]
        /// Whose clients.
        whose: Whose,
        /// What it is for.
        #[arg(long)]
        name: String,
        /// Its role: finance, system, …
        #[arg(long)]
        role: String,
        /// What it may do, names with a space between. Default: all its role may.
        #[arg(long)]
        scopes: Option<String>,
        /// The last day it gets tokens.
        #[arg(long)]
        expires_on: Option<String>,
        /// It signs (private_key_jwt), with the pair of this public key: a file with a JWK or a set of them.
        #[arg(long, conflicts_with = "jwks_uri")]
        public_key: Option<PathBuf>,
        /// It signs, and publishes its public keys at this address.
        #[arg(long)]
        jwks_uri: Option<String>,
    },
    /// List API clients.
    List {
        /// Who asks, where, and how it is told.
        #[command(flatten)]
        /// Who asks, and how it is told.
        asking: Asking,
        /// Whose clients.
        #[command(flatten)]
        /// Whose clients.
        whose: Whose,
    },
    /// Give a client a new key; the one it has works on for the overlap. A new secret is printed once.
    Rotate {
        /// Who asks, where, and how it is told.
        #[command(flatten)]
        /// Who asks, and how it is told.
        asking: Asking,
        /// Its client_id.
        client: String,
        /// For how many hours the old one still works.
        #[arg(long, default_value_t = 24)]
        overlap_hours: i64,
        /// The new public key, of a client that signs: a file with a JWK.
        #[arg(long)]
        public_key: Option<PathBuf>,
    },
    /// Revoke a client, or with --key one of its keys: no more tokens, and those it has are cut off within a minute.
    Revoke {
        /// Who asks, where, and how it is told.
        #[command(flatten)]
        /// Who asks, and how it is told.
        asking: Asking,
        /// Its client_id.
        client: String,
        /// Only this key of it.
        #[arg(long)]
        key: Option<String>,
        /// Why, for those who read the trail.
        #[arg(long)]
        reason: String,
    },
}

/// A key of one's own for one request.
pub(crate) fn once() -> String {
    let mut text = auth::ClientSecret::id_suffix();
    text.push_str(&auth::ClientSecret::id_suffix());
    text
}

/// Does it, and tells what came of it.
///
/// # Errors
/// Where it is refused.
pub async fn run(what: &Clients) -> anyhow::Result<()> {
    match what {
        Clients::Create { asking, whose, name, role, scopes, expires_on, public_key, jwks_uri } => {
            let client = asking.client("salford-admin")?;
            let mut body = json!({"name": name, "role": role});
            for (field, value) in [("scopes", scopes), ("expires_on", expires_on), ("jwks_uri", jwks_uri)] {
                if let Some(value) = value {
                    body[field] = value.as_str().into();
                }
            }
            if let Some(file) = public_key {
                body["keys"] = keys(file)?.into();
            }
            if public_key.is_some() || jwks_uri.is_some() {
                body["authentication"] = "private_key_jwt".into();
            }
            let made = client.post(&whose.path(&client, "clients")?, &once(), &body).await?.body;
            show(asking, &made, &["id", "role", "scopes", "expires_on"]);
            Ok(())
        }
        Clients::List { asking, whose } => list(asking, whose).await,
        Clients::Rotate { asking, client: id, overlap_hours, public_key } => {
            let client = asking.client("salford-admin")?;
            let mut body = json!({"overlap_hours": overlap_hours});
            if let Some(file) = public_key {
                body["public_key"] = keys(file)?.into_iter().next().context("the file holds no key")?;
            }
            let made = client.post(&format!("{}/{id}/keys", list_of(id, "clients")?), &once(), &body).await?.body;
            show(asking, &made, &["id", "kind", "hint", "starts_at"]);
            if !asking.json {
                say(&format!("The key before it works for {overlap_hours} hours yet."));
            }
            Ok(())
        }
        Clients::Revoke { asking, client: id, key, reason } => {
            let client = asking.client("salford-admin")?;
            let of_key = key.as_ref().map(|key| format!("/keys/{key}")).unwrap_or_default();
            let thing = format!("{}/{id}{of_key}", list_of(id, "clients")?);
            let moved = client.transition(&thing, &once(), "revoked", reason).await?.body;
            show(asking, &moved, &["state"]);
            if !asking.json {
                say("Its tokens are cut off within a minute.");
            }
            Ok(())
        }
    }
}

async fn list(asking: &Asking, whose: &Whose) -> anyhow::Result<()> {
    let client = asking.client("salford-admin")?;
    let columns = [("id", 38), ("state", 8), ("role", 16), ("authentication", 16), ("expires_on", 11), ("name", 0)];
    list_all(asking, &client, &whose.path(&client, "clients")?, &columns).await
}

/// A whole list, page by page.
pub(crate) async fn list_all(
    asking: &Asking,
    client: &Client,
    path: &str,
    columns: &[(&str, usize)],
) -> anyhow::Result<()> {
    let (mut all, mut next) = (Vec::new(), Some(String::new()));
    while let Some(cursor) = next {
        let more = if cursor.is_empty() { String::new() } else { format!("&cursor={cursor}") };
        let page = client.get(&format!("{path}?limit=500{more}")).await?.body;
        all.extend(page["data"].as_array().cloned().unwrap_or_default());
        next = page["next_cursor"].as_str().map(str::to_owned);
    }
    if asking.json {
        answer(&Value::from(all).to_string());
    } else {
        table(&all, columns);
    }
    Ok(())
}

/// Rows under headings; the last column is as wide as it needs to be.
pub(crate) fn table(rows: &[Value], columns: &[(&str, usize)]) {
    let line = |cell: &dyn Fn(&str) -> String| {
        let cells: Vec<String> = columns.iter().map(|(name, width)| format!("{:<width$}", cell(name))).collect();
        cells.join(" ").trim_end().to_owned()
    };
    answer(&line(&|name| name.replace('_', " ")));
    for row in rows {
        answer(&line(&|name| text(&row[name])));
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// What was made. A script is given the secret in the JSON; a person is told to keep it.
pub(crate) fn show(asking: &Asking, made: &Value, fields: &[&str]) {
    if asking.json {
        answer(&made.to_string());
    } else {
        for field in fields {
            answer(&format!("{:<14} {}", field.replace('_', " "), text(&made[*field])));
        }
        if let Some(secret) = made["client_secret"].as_str() {
            answer(&format!("{:<14} {secret}", "client secret"));
        }
    }
    if let (false, Some(code)) = (asking.json, made["code"].as_str()) {
        answer(&format!("{:<14} {code}", "code"));
    }
    if made["code"].is_string() {
        say("The code is shown this once. Send it to whoever is invited by a way that others do not read.");
    }
    if made["client_secret"].is_string() {
        say("The secret is shown this once. Keep it where secrets are kept.");
    }
}

/// The public keys of a file: a JWK, or a set.
fn keys(file: &PathBuf) -> anyhow::Result<Vec<Value>> {
    let text = fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let found: Value =
        serde_json::from_str(&text).with_context(|| format!("{} holds no JWK, which is JSON", file.display()))?;
    let keys = found["keys"].as_array().cloned().unwrap_or_else(|| vec![found]);
    for key in &keys {
        // What is private does not leave this machine.
        auth::ClientKey::read(key).with_context(|| format!("{} was not sent", file.display()))?;
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_which_list_it_is_in() {
        for (id, list) in [
            ("borough.salford.live.5f1c09ab2e", "/v1/boroughs/salford/clients"),
            ("region.greater-manchester.5f1c09ab2e", "/v1/regions/greater-manchester/clients"),
            ("partner.QOP.5f1c09ab2e", "/v1/partners/QOP/clients"),
            ("platform.5f1c09ab2e", "/v1/platform/clients"),
        ] {
            assert_eq!(list_of(id, "clients").ok().as_deref(), Some(list));
        }
        assert!(list_of("salford-admin", "clients").is_err());
    }

    #[test]
    fn a_private_key_does_not_leave_the_machine() {
        let file = std::env::temp_dir().join(format!("tenfold-jwk-{}", std::process::id()));
        fs::write(&file, r#"{"kty":"EC","crv":"P-256","x":"AA","y":"AA","d":"AA"}"#).expect("written");
        let refused = keys(&file).expect_err("private");
        assert!(format!("{refused:#}").contains("private key"), "{refused:#}");
        fs::remove_file(&file).ok();
    }
}
