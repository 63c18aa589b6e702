//! `tenfold issuer` and `tenfold member`: where people sign in and who holds which office, through the API.

use anyhow::Context;
use clap::Subcommand;
use serde_json::{Value, json};

use crate::{
    clients::{Asking, Whose, list_all, list_of, once, show},
    tell::say,
};

/// What is done with identity providers.
#[derive(Subcommand)]
pub enum Issuers {
    /// Register an OpenID provider; its discovery document and its keys are read at once.
    Add {
        /// Who asks, where, and how it is told.
        #[command(flatten)]
        /// Who asks, and how it is told.
        asking: Asking,
        /// Whose provider.
        #[command(flatten)]
        /// Whose provider.
        whose: Whose,
        /// What people here call it.
        #[arg(long)]
        name: String,
        /// What it calls itself, exactly: the iss of its ID tokens.
        #[arg(long)]
        issuer: String,
        /// The client id it gave Tenfold: the aud of its ID tokens.
        #[arg(long)]
        audience: String,
        /// Whom it lets in without an invitation: CLAIM=VALUE:ROLE:OFFICE. May be given more than once.
        #[arg(long = "map", value_parser = mapping)]
        mappings: Vec<Value>,
    },
    /// List the providers.
    List {
        /// Who asks, where, and how it is told.
        #[command(flatten)]
        /// Who asks, and how it is told.
        asking: Asking,
        /// Whose providers.
        #[command(flatten)]
        /// Whose providers.
        whose: Whose,
    },
}

/// What is done with members.
#[derive(Subcommand)]
pub enum Members {
    /// List the members, by office.
    List {
        /// Who asks, where, and how it is told.
        #[command(flatten)]
        /// Who asks, and how it is told.
        asking: Asking,
        /// Whose members.
        #[command(flatten)]
        /// Whose members.
        whose: Whose,
    },
    /// Invite somebody to hold an office; the code is printed once.
    Invite {
        /// Who asks, where, and how it is told.
        #[command(flatten)]
        /// Who asks, and how it is told.
        asking: Asking,
        /// Whose office.
        #[command(flatten)]
        /// Whose office.
        whose: Whose,
        /// The office, never a name: "Head of integrated finance".
        #[arg(long)]
        office: String,
        /// The role: admin, finance, clerk, …
        #[arg(long)]
        role: String,
        /// For how many days it can be accepted, 30 at most.
        #[arg(long, default_value_t = 7)]
        days: i64,
    },
    /// Pass a member's role to another, in one step.
    HandOver {
        /// Who asks, where, and how it is told.
        #[command(flatten)]
        /// Who asks, and how it is told.
        asking: Asking,
        /// Who has the role.
        member: String,
        /// Who is to have it.
        #[arg(long)]
        to: String,
        /// The role that who hands over has from then on. Default: they leave.
        #[arg(long)]
        keeps: Option<String>,
        /// Why, for those who read the trail.
        #[arg(long)]
        reason: String,
    },
    /// Remove a member: they do not sign in any more, and their tokens are cut off within a minute.
    Remove {
        /// Who asks, where, and how it is told.
        #[command(flatten)]
        /// Who asks, and how it is told.
        asking: Asking,
        /// Who.
        member: String,
        /// Why, for those who read the trail.
        #[arg(long)]
        reason: String,
    },
}

/// Reads `groups=pooled-fund-finance:finance:Finance officer`.
fn mapping(text: &str) -> anyhow::Result<Value> {
    let parts = || {
        let (claim, rest) = text.split_once('=')?;
        let (rest, office) = rest.rsplit_once(':')?;
        let (value, role) = rest.rsplit_once(':')?;
        Some(json!({"claim": claim, "value": value, "role": role, "office": office}))
    };
    parts().context("as in groups=pooled-fund-finance:finance:Finance officer")
}

/// Does it, and tells what came of it.
///
/// # Errors
/// Where it is refused.
pub async fn run_issuers(what: &Issuers) -> anyhow::Result<()> {
    match what {
        Issuers::Add { asking, whose, name, issuer, audience, mappings } => {
            let client = asking.client("salford-admin")?;
            let body = json!({"name": name, "issuer": issuer, "audience": audience, "mappings": mappings});
            let made = client.post(&whose.path(&client, "issuers")?, &once(), &body).await?.body;
            show(asking, &made, &["id", "issuer", "audience", "jwks_uri", "state"]);
            Ok(())
        }
        Issuers::List { asking, whose } => {
            let client = asking.client("salford-admin")?;
            let columns = [("id", 36), ("state", 9), ("audience", 24), ("issuer", 44), ("name", 0)];
            list_all(asking, &client, &whose.path(&client, "issuers")?, &columns).await
        }
    }
}

/// Does it, and tells what came of it.
///
/// # Errors
/// Where it is refused.
pub async fn run_members(what: &Members) -> anyhow::Result<()> {
    match what {
        Members::List { asking, whose } => {
            let client = asking.client("salford-admin")?;
            let columns = [("id", 44), ("state", 9), ("role", 15), ("last_signed_in_on", 17), ("office", 0)];
            list_all(asking, &client, &whose.path(&client, "members")?, &columns).await
        }
        Members::Invite { asking, whose, office, role, days } => {
            let client = asking.client("salford-admin")?;
            let body = json!({"office": office, "role": role, "days": days});
            let made = client.post(&whose.path(&client, "invitations")?, &once(), &body).await?.body;
            show(asking, &made, &["id", "office", "role", "expires_at"]);
            Ok(())
        }
        Members::HandOver { asking, member, to, keeps, reason } => {
            let client = asking.client("salford-admin")?;
            let path = format!("{}/{member}/hand-overs", list_of(member, "members")?);
            let done = client.post(&path, &once(), &json!({"to": to, "reason": reason, "keeps": keeps})).await?.body;
            show(asking, &done, &["role", "reason", "handed_over_at"]);
            told_of_tokens(asking);
            Ok(())
        }
        Members::Remove { asking, member, reason } => {
            let client = asking.client("salford-admin")?;
            let thing = format!("{}/{member}", list_of(member, "members")?);
            let moved = client.transition(&thing, &once(), "removed", reason).await?.body;
            show(asking, &moved, &["state"]);
            told_of_tokens(asking);
            Ok(())
        }
    }
}

fn told_of_tokens(asking: &Asking) {
    if !asking.json {
        say("The tokens they had are cut off within a minute.");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_is_read_from_its_ends() {
        let read = mapping("groups=urn:council:finance:finance:Finance officer").expect("a mapping");
        let wanted =
            json!({"claim": "groups", "value": "urn:council:finance", "role": "finance", "office": "Finance officer"});
        assert_eq!(read, wanted);
        for wrong in ["groups", "groups=finance", "groups=x:finance"] {
            assert!(mapping(wrong).is_err(), "{wrong}");
        }
    }
}
