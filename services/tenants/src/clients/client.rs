//! What an API client is. No SQL, no HTTP, no clock.

use std::collections::BTreeSet;

use auth::{ClientKey, ClientSecret, MOST_KEYS, Mode, OwnerKind, Role, Scopes};
use chrono::{DateTime, Duration, NaiveDate, Utc};
use domain::{BoroughId, Ods, Slug, day_in_england, start_of_day_in_england};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use web::{Faults, Problem, Row};

use super::keys::key::{Authentication, NewKey};

/// The longest a client may be made for: what is renewed is looked at again.
const LONGEST_DAYS: i64 = 5 * 366;

/// Whom a client acts for.
#[derive(Debug, Clone)]
pub(crate) enum ClientOwner {
    Borough { id: BoroughId, slug: Slug, mode: Mode },
    Region(Slug),
    Partner(Ods),
    Platform,
}

impl ClientOwner {
    pub(crate) fn kind(&self) -> OwnerKind {
        match self {
            Self::Borough { .. } => OwnerKind::Borough,
            Self::Region(_) => OwnerKind::Region,
            Self::Partner(_) => OwnerKind::Partner,
            Self::Platform => OwnerKind::Platform,
        }
    }

    pub(crate) fn mode(&self) -> Mode {
        match self {
            Self::Borough { mode, .. } => *mode,
            _ => Mode::Live,
        }
    }

    /// The `client_id` embeds its owner.
    pub(crate) fn client_id(&self) -> String {
        self.id_ending(&ClientSecret::id_suffix())
    }

    /// As the `client_id` of a client, for a person, and told apart from one: `borough.salford.live.member-5f1c09ab2e`.
    pub(crate) fn member_id(&self) -> String {
        self.id_ending(&format!("member-{}", ClientSecret::id_suffix()))
    }

    fn id_ending(&self, suffix: &str) -> String {
        match self {
            Self::Borough { slug, mode, .. } => format!("borough.{slug}.{}.{suffix}", mode.as_str()),
            Self::Region(slug) => format!("region.{slug}.{suffix}"),
            Self::Partner(ods) => format!("partner.{ods}.{suffix}"),
            Self::Platform => format!("platform.{suffix}"),
        }
    }
}

/// A client to be kept.
#[derive(Debug)]
pub(crate) struct NewClient {
    pub(crate) client_id: String,
    pub(crate) owner: ClientOwner,
    pub(crate) role: Role,
    pub(crate) name: String,
    pub(crate) scopes: Scopes,
    pub(crate) authentication: Authentication,
    pub(crate) jwks_uri: Option<String>,
    pub(crate) expires_at: Option<DateTime<Utc>>,
    pub(crate) keys: Vec<NewKey>,
    pub(crate) created_at: DateTime<Utc>,
}

impl NewClient {
    /// One with a secret, that does not expire.
    pub(crate) fn new(
        owner: ClientOwner,
        role: Role,
        name: &str,
        scopes: Scopes,
        secret: &ClientSecret,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            client_id: owner.client_id(),
            owner,
            role,
            name: name.trim().to_owned(),
            scopes,
            authentication: Authentication::Secret,
            jwks_uri: None,
            expires_at: None,
            keys: vec![secret.into()],
            created_at: now,
        }
    }
}

/// A client to create.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Month end posting", "role": "system"}))]
pub(crate) struct ClientDraft {
    /// What it is for, so that others know.
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) name: String,
    pub(crate) role: Role,
    /// What it may do, names with a space between; everything the role may do when left out.
    #[serde(default)]
    #[schema(max_length = 4000, example = "funds:read journals:post")]
    pub(crate) scopes: Option<String>,
    /// How it says who it is: by a secret, where left out.
    #[serde(default)]
    pub(crate) authentication: Option<Authentication>,
    /// Of a client that signs: its public keys, as JWKs (RFC 7517), 1 to 10; or else
    #[serde(default)]
    #[schema(value_type = Option<Vec<Object>>, max_items = 10)]
    pub(crate) keys: Option<Vec<Value>>,
    /// the address at which it publishes them: https, and reachable by anybody.
    #[serde(default)]
    #[schema(max_length = 2000, example = json!(null))]
    pub(crate) jwks_uri: Option<String>,
    /// The last day it gets tokens; none where left out. Its owner is warned 30, 7 and 1 days before.
    #[serde(default)]
    pub(crate) expires_on: Option<NaiveDate>,
}

/// What a draft of a client means.
#[derive(Debug)]
pub(crate) struct Meant {
    pub(crate) scopes: Scopes,
    pub(crate) authentication: Authentication,
    pub(crate) keys: Vec<ClientKey>,
    pub(crate) expires_at: Option<DateTime<Utc>>,
}

/// The instant a client's last day is over, where it is one it may have.
fn last_day(faults: &mut Faults, day: NaiveDate, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let today = day_in_england(now);
    let fits = day >= today && day <= today + Duration::days(LONGEST_DAYS);
    faults.unless(fits, "/expires_on", "Today or later, and at most five years ahead.");
    fits.then(|| day.succ_opt()).flatten().map(start_of_day_in_england)
}

impl ClientDraft {
    /// What is meant, where the draft is sound for an owner of that kind.
    pub(crate) fn check(&self, owner: OwnerKind, now: DateTime<Utc>) -> Result<Meant, Problem> {
        let scopes = self.check_scopes(owner)?;
        let mut faults = Faults::default();
        let authentication = self.authentication.unwrap_or(Authentication::Secret);
        let signs = authentication == Authentication::PrivateKeyJwt;
        let (keys, uri) = (self.keys.is_some(), self.jwks_uri.is_some());
        if signs {
            faults.unless(keys != uri, "/keys", "A client that signs has either keys or a jwks_uri.");
        } else {
            faults.unless(!keys, "/keys", "A client with a secret has no keys. Say authentication: private_key_jwt.");
            faults.unless(
                !uri,
                "/jwks_uri",
                "A client with a secret has no keys. Say authentication: private_key_jwt.",
            );
        }
        let sent = self.keys.as_deref().unwrap_or_default();
        if sent.len() > MOST_KEYS {
            let detail = "At most 10 keys at a time: those in use. Nothing else of them was looked at.";
            return Err(Problem::invalid("/keys", detail));
        }
        faults.unless(!keys || !sent.is_empty(), "/keys", "At least one key.");
        let keys = read_keys(&mut faults, sent);
        let expires_at = self.expires_on.and_then(|day| last_day(&mut faults, day, now));
        faults.none()?;
        Ok(Meant { scopes, authentication, keys, expires_at })
    }

    fn check_scopes(&self, owner: OwnerKind) -> Result<Scopes, Problem> {
        if !(1..=200).contains(&self.name.trim().chars().count()) {
            return Err(Problem::invalid("/name", "A name has 1 to 200 characters."));
        }
        if self.role.owner_kind() != owner {
            return Err(Problem::invalid(
                "/role",
                format_args!("`{}` is not a role of this kind of owner.", self.role),
            ));
        }
        let all = self.role.scopes();
        let Some(named) = &self.scopes else { return Ok(all) };
        let scopes: Scopes = named.parse().map_err(|why| Problem::invalid("/scopes", why))?;
        if scopes.is_empty() || !scopes.within(all) {
            return Err(Problem::invalid("/scopes", format_args!("The role {} may do some of: {all}.", self.role)));
        }
        Ok(scopes)
    }
}

fn read_keys(faults: &mut Faults, sent: &[Value]) -> Vec<ClientKey> {
    let (mut read, mut seen) = (Vec::new(), BTreeSet::new());
    for (at, key) in sent.iter().enumerate() {
        match ClientKey::read(key) {
            Err(why) => faults.unless(false, format!("/keys/{at}"), why),
            Ok(key) => {
                let first = seen.insert(key.thumbprint.clone()) && seen.insert(key.kid.clone() + " as kid");
                faults.unless(
                    first,
                    format!("/keys/{at}"),
                    "The same key, or another under the same kid, is sent before it.",
                );
                read.push(key);
            }
        }
    }
    read
}

/// What to change of a client.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Month end posting, new server"}))]
pub(crate) struct ClientChange {
    /// What it is for.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) name: Option<String>,
    /// The last day it gets tokens.
    #[serde(default)]
    pub(crate) expires_on: Option<NaiveDate>,
    /// Where it publishes its keys; only of a client that does.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub(crate) jwks_uri: Option<String>,
}

impl ClientChange {
    /// The new end, where one is given.
    pub(crate) fn check(&self, client: &ClientBody, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Problem> {
        let mut faults = Faults::default();
        faults.optional_text("/name", self.name.as_deref(), 200);
        let moves = self.jwks_uri.is_none() || client.jwks_uri.is_some();
        faults.unless(moves, "/jwks_uri", "This client does not publish its keys. Make another that does.");
        let something = self.name.is_some() || self.expires_on.is_some() || self.jwks_uri.is_some();
        faults.unless(something, "", "Name something to change: name, expires_on or jwks_uri.");
        let expires_at = self.expires_on.and_then(|day| last_day(&mut faults, day, now));
        faults.none()?;
        Ok(expires_at)
    }
}

/// Whether a client works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ClientState {
    /// It gets tokens.
    Active,
    /// Its last day is over. With a later one it gets tokens again.
    Expired,
    /// It gets none, and those it has are cut off within a minute.
    Revoked,
}

impl ClientState {
    pub(crate) fn allowed(self) -> &'static [Self] {
        match self {
            Self::Active | Self::Expired => &[Self::Revoked],
            Self::Revoked => &[],
        }
    }
}

/// An API client. Its secret is shown when it is created, and never again.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct ClientBody {
    /// Its `client_id`.
    #[schema(example = "borough.salford.live.5f1c09ab2e")]
    pub(crate) id: String,
    pub(crate) owner_kind: OwnerKind,
    #[schema(example = "Month end posting")]
    pub(crate) name: String,
    #[schema(example = "system")]
    pub(crate) role: String,
    #[schema(example = "funds:read journals:post")]
    pub(crate) scopes: String,
    pub(crate) state: ClientState,
    pub(crate) authentication: Authentication,
    /// How the newest secret begins, to tell one from another; null of a client that signs.
    #[schema(example = "tfl_live_k3Tq9z")]
    pub(crate) secret_hint: Option<String>,
    /// Where it publishes its keys, if it does.
    pub(crate) jwks_uri: Option<String>,
    /// The last day it gets tokens; null where it has none.
    pub(crate) expires_on: Option<NaiveDate>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) revoked_at: Option<DateTime<Utc>>,
    #[serde(skip)]
    pub(crate) version: i64,
}

impl Row for ClientBody {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "owner_kind",
        "name",
        "role",
        "scopes",
        "state",
        "authentication",
        "secret_hint",
        "expires_on",
        "created_at",
        "revoked_at",
    ];
}

/// A client just created, with its secret.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct CreatedClient {
    #[serde(flatten)]
    pub(crate) client: ClientBody,
    /// Shown once; null when this answer is given again, and of a client that signs.
    pub(crate) client_secret: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_never_gets_more_than_its_role() {
        let draft = |role, scopes: Option<&str>| ClientDraft {
            scopes: scopes.map(Into::into),
            role,
            ..serde_json::from_value(serde_json::json!({"name": "x", "role": "admin"})).expect("a draft")
        };
        let scopes = |role, of: Option<&str>, owner| draft(role, of).check_scopes(owner);
        assert!(scopes(Role::Finance, None, OwnerKind::Borough).is_ok_and(|s| s == Role::Finance.scopes()));
        assert!(scopes(Role::Finance, Some("journals:post"), OwnerKind::Borough).is_ok());
        assert!(scopes(Role::Finance, Some("clients:manage"), OwnerKind::Borough).is_err());
        assert!(scopes(Role::Finance, Some(""), OwnerKind::Borough).is_err());
        assert!(scopes(Role::Officer, None, OwnerKind::Borough).is_err());
        assert!(scopes(Role::Analyst, None, OwnerKind::Region).is_ok());
    }

    #[test]
    fn a_client_has_a_secret_or_keys_or_publishes_them() {
        use serde_json::json;
        let now: DateTime<Utc> = "2026-09-01T12:00:00Z".parse().expect("an instant");
        let check = |more: Value| {
            let mut draft = json!({"name": "x", "role": "finance"});
            draft.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            serde_json::from_value::<ClientDraft>(draft).expect("a draft").check(OwnerKind::Borough, now)
        };
        let signs = "private_key_jwt";
        assert!(check(json!({})).is_ok_and(|meant| meant.authentication == Authentication::Secret));
        assert!(check(json!({"authentication": signs, "jwks_uri": "https://x"})).is_ok());
        let ends = check(json!({"expires_on": "2026-09-01"})).expect("today").expires_at;
        assert_eq!(ends.map(|at| at.to_rfc3339()).as_deref(), Some("2026-09-01T23:00:00+00:00"), "English midnight");
        for wrong in [
            json!({"jwks_uri": "https://x"}),
            json!({"keys": []}),
            json!({"authentication": signs}),
            json!({"authentication": signs, "keys": []}),
            json!({"authentication": signs, "keys": [], "jwks_uri": "https://x"}),
            json!({"authentication": signs, "keys": [{"kty": "oct", "k": "AA"}]}),
            json!({"authentication": signs, "keys": vec![json!({}); 10_000]}),
            json!({"expires_on": "2026-08-31"}),
            json!({"expires_on": "2031-12-31"}),
            json!({"expires_on": "+262142-12-31"}),
        ] {
            assert!(check(wrong.clone()).is_err(), "{}", &wrong.to_string()[..40.min(wrong.to_string().len())]);
        }
    }
}
