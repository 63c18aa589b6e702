//! What a key of an API client is: a secret, or the public half of a pair. No SQL, no HTTP, no clock.

use auth::{ClientKey, ClientSecret};
use chrono::{DateTime, Duration, NaiveDate, Utc};
use domain::ClientKeyId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use web::{Faults, Problem, Row, problems};

/// The most secrets a client has that work or will: the one in use, and the one that follows it.
pub(crate) const SECRETS: usize = 2;
/// The most public keys a client has that work or will.
pub(crate) const PUBLIC_KEYS: usize = 5;
const OVERLAP_HOURS: i64 = 24;
const LONGEST_OVERLAP_HOURS: i64 = 30 * 24;
const STARTS_WITHIN_DAYS: i64 = 30;

/// How a client says who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Authentication {
    /// By a secret, which we keep as a hash.
    Secret,
    /// By signing with a key of its own (RFC 7523); we know the public half.
    PrivateKeyJwt,
}

/// What a key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum KeyKind {
    /// A secret.
    Secret,
    /// The public half of a pair.
    PublicKey,
}

/// Whether a key works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ClientKeyState)]
#[serde(rename_all = "snake_case")]
pub(crate) enum KeyState {
    /// Not yet: it works from `starts_at` on.
    Pending,
    /// It works.
    Active,
    /// It works until `retires_at`; another has taken its place.
    Retiring,
    /// It works no longer. The tokens got with it live on to their end, ten minutes at most.
    Retired,
    /// It works no longer, and the tokens its client had were cut off: what to do with one that others may know.
    Revoked,
}

impl KeyState {
    pub(crate) fn allowed(self) -> &'static [Self] {
        match self {
            Self::Pending => &[Self::Active, Self::Revoked],
            Self::Active => &[Self::Retiring, Self::Revoked],
            Self::Retiring => &[Self::Retired, Self::Revoked],
            Self::Retired => &[Self::Revoked],
            Self::Revoked => &[],
        }
    }

    /// Whether it gets a token now.
    #[cfg(test)]
    fn works(self) -> bool {
        matches!(self, Self::Active | Self::Retiring)
    }

    /// Whether it works or will, and nothing is to end it.
    pub(crate) fn lasts(self) -> bool {
        matches!(self, Self::Pending | Self::Active)
    }

    /// Whether it works or will.
    pub(crate) fn counts(self) -> bool {
        self.lasts() || self == Self::Retiring
    }
}

/// The times a key's state is read off.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyTimes {
    pub(crate) starts_at: DateTime<Utc>,
    pub(crate) retires_at: Option<DateTime<Utc>>,
    pub(crate) revoked_at: Option<DateTime<Utc>>,
}

impl KeyTimes {
    pub(crate) fn state(self, now: DateTime<Utc>) -> KeyState {
        match self.retires_at {
            _ if self.revoked_at.is_some() => KeyState::Revoked,
            Some(at) if at <= now => KeyState::Retired,
            _ if self.starts_at > now => KeyState::Pending,
            Some(_) => KeyState::Retiring,
            None => KeyState::Active,
        }
    }

    /// The times after a move that is allowed.
    pub(crate) fn moved(self, to: KeyState, now: DateTime<Utc>) -> Self {
        match to {
            KeyState::Active => Self { starts_at: now, ..self },
            KeyState::Retiring => Self { retires_at: Some(now + Duration::hours(OVERLAP_HOURS)), ..self },
            KeyState::Retired => Self { retires_at: Some(now), ..self },
            KeyState::Revoked => Self { revoked_at: Some(now), ..self },
            KeyState::Pending => self,
        }
    }
}

/// A key to be kept.
#[derive(Debug, Clone)]
pub(crate) enum NewKey {
    Secret { hash: Vec<u8>, hint: String },
    Public { kid: String, thumbprint: String, jwk: Value },
}

impl NewKey {
    pub(crate) fn kind(&self) -> KeyKind {
        match self {
            Self::Secret { .. } => KeyKind::Secret,
            Self::Public { .. } => KeyKind::PublicKey,
        }
    }
}

impl From<&ClientSecret> for NewKey {
    fn from(secret: &ClientSecret) -> Self {
        Self::Secret { hash: secret.hash(), hint: secret.hint() }
    }
}

impl From<ClientKey> for NewKey {
    fn from(key: ClientKey) -> Self {
        Self::Public { kid: key.kid, thumbprint: key.thumbprint, jwk: key.jwk }
    }
}

/// A key that takes the place of those there are.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[schema(as = ClientKeyDraft, example = json!({"overlap_hours": 24}))]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyDraft {
    /// A public key, as a JWK: of a client that signs, required; of one with a secret, left out, for the new secret is ours
    /// to make.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub(crate) public_key: Option<Value>,
    /// For how many hours those there are still work beside it: 0 to 720, and 24 where left out.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 720)]
    pub(crate) overlap_hours: Option<i64>,
    /// Whether those there are retire. A client that signs on several machines may keep up to five keys. Yes where left out.
    #[serde(default)]
    pub(crate) retire_others: Option<bool>,
    /// From when on it works, at most 30 days ahead; at once where left out.
    #[serde(default)]
    pub(crate) starts_at: Option<DateTime<Utc>>,
}

/// What a draft of a key means.
pub(crate) struct Rotation {
    pub(crate) starts_at: DateTime<Utc>,
    /// When those there are retire, where they do.
    pub(crate) others_retire_at: Option<DateTime<Utc>>,
    /// The key sent; none where we make a secret.
    pub(crate) public_key: Option<ClientKey>,
}

impl KeyDraft {
    pub(crate) fn check(
        &self,
        authentication: Authentication,
        publishes: bool,
        now: DateTime<Utc>,
    ) -> Result<Rotation, Problem> {
        if publishes {
            let detail = "This client publishes its keys at its jwks_uri: put the new one there, and take the old one away a day later.";
            return Err(Problem::of_fault(&problems::CONFLICT, "/public_key", detail));
        }
        let mut faults = Faults::default();
        let overlap = self.overlap_hours.unwrap_or(OVERLAP_HOURS);
        faults.unless(
            (0..=LONGEST_OVERLAP_HOURS).contains(&overlap),
            "/overlap_hours",
            "0 to 720 hours, which are 30 days.",
        );
        let starts_at = self.starts_at.unwrap_or(now);
        let latest = now + Duration::days(STARTS_WITHIN_DAYS);
        let soon = self.starts_at.is_none_or(|at| (now..=latest).contains(&at));
        faults.unless(soon, "/starts_at", "It starts at most 30 days ahead, and not in the past.");
        let retire = self.retire_others.unwrap_or(true);
        faults.unless(
            retire || authentication == Authentication::PrivateKeyJwt,
            "/retire_others",
            "A new secret takes the place of the old one, which retires after the overlap.",
        );
        match (authentication, &self.public_key) {
            (Authentication::Secret, Some(_)) => {
                faults.unless(
                    false,
                    "/public_key",
                    "This client has a secret, and we make the new one. Leave this out.",
                );
            }
            (Authentication::PrivateKeyJwt, None) => {
                faults.unless(false, "/public_key", "Send the public half of the new pair, as a JWK.");
            }
            _ => {}
        }
        let public_key = match self.public_key.as_ref().map(ClientKey::read) {
            Some(Err(why)) => {
                faults.unless(false, "/public_key", why);
                None
            }
            Some(Ok(key)) => Some(key),
            None => None,
        };
        faults.none()?;
        let others_retire_at = retire.then(|| starts_at + Duration::hours(overlap.clamp(0, LONGEST_OVERLAP_HOURS)));
        Ok(Rotation { starts_at, others_retire_at, public_key })
    }
}

/// The refusal of one key more than a client may have.
pub(crate) fn too_many(kind: KeyKind) -> Problem {
    let detail = match kind {
        KeyKind::Secret => {
            "The client has two secrets that work. Retire or revoke one first: the older one, once nothing uses it any more."
        }
        KeyKind::PublicKey => "The client has five keys that work. Retire or revoke one first.",
    };
    Problem::new(&problems::CONFLICT, detail)
}

/// A key of an API client, without what must stay secret.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = ClientKey)]
pub(crate) struct KeyBody {
    pub(crate) id: ClientKeyId,
    pub(crate) kind: KeyKind,
    pub(crate) state: KeyState,
    /// How the secret begins, or the public key's RFC 7638 thumbprint.
    #[schema(example = "tfl_live_k3Tq9z")]
    pub(crate) hint: String,
    /// What a public key is called in assertions.
    pub(crate) kid: Option<String>,
    /// A public key, as a JWK.
    #[schema(value_type = Option<Object>)]
    pub(crate) public_key: Option<Value>,
    pub(crate) created_at: DateTime<Utc>,
    /// From when on it works.
    pub(crate) starts_at: DateTime<Utc>,
    /// Until when it works.
    pub(crate) retires_at: Option<DateTime<Utc>>,
    pub(crate) revoked_at: Option<DateTime<Utc>>,
    /// The last day it got a token. Null: never.
    pub(crate) last_used_on: Option<NaiveDate>,
    #[serde(skip)]
    pub(crate) version: i64,
}

impl KeyBody {
    pub(crate) fn times(&self) -> KeyTimes {
        KeyTimes { starts_at: self.starts_at, retires_at: self.retires_at, revoked_at: self.revoked_at }
    }
}

impl Row for KeyBody {
    const COLUMNS: &'static [&'static str] =
        &["id", "kind", "state", "hint", "kid", "created_at", "starts_at", "retires_at", "revoked_at", "last_used_on"];
}

/// A key just made, with its secret.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = CreatedClientKey)]
pub(crate) struct CreatedKey {
    #[serde(flatten)]
    pub(crate) key: KeyBody,
    /// Shown once; null when this answer is given again, and of a public key.
    pub(crate) client_secret: Option<String>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(hour: u32) -> DateTime<Utc> {
        NaiveDate::from_ymd_opt(2026, 9, 1).and_then(|day| day.and_hms_opt(hour, 0, 0)).expect("a time").and_utc()
    }

    #[test]
    fn a_state_is_read_off_the_times_and_every_move_leads_where_it_says() {
        let fresh = KeyTimes { starts_at: at(8), retires_at: None, revoked_at: None };
        assert_eq!(fresh.state(at(7)), KeyState::Pending);
        assert_eq!(fresh.state(at(8)), KeyState::Active);
        let ending = KeyTimes { retires_at: Some(at(12)), ..fresh };
        assert_eq!((ending.state(at(11)), ending.state(at(12))), (KeyState::Retiring, KeyState::Retired));
        for times in [fresh, ending] {
            for now in [at(7), at(9), at(13)] {
                for to in times.state(now).allowed() {
                    let end_is_set = *to == KeyState::Active && times.retires_at.is_some();
                    let leads_to = if end_is_set { KeyState::Retiring } else { *to };
                    assert_eq!(times.moved(*to, now).state(now), leads_to, "{times:?} at {now}");
                }
            }
        }
        assert!(KeyState::Revoked.allowed().is_empty());
        assert!(KeyState::Retiring.works() && !KeyState::Retiring.lasts() && !KeyState::Retired.counts());
    }

    #[test]
    fn a_new_key_is_of_its_clients_kind() {
        use Authentication::{PrivateKeyJwt, Secret};
        let draft = |body: Value| serde_json::from_value::<KeyDraft>(body).expect("a draft");
        let secret = draft(json!({})).check(Secret, false, at(8)).expect("right");
        assert_eq!((secret.starts_at, secret.others_retire_at), (at(8), Some(at(8) + Duration::hours(24))));
        let later = draft(json!({"starts_at": at(10), "overlap_hours": 0})).check(Secret, false, at(8)).expect("right");
        assert_eq!((later.starts_at, later.others_retire_at), (at(10), Some(at(10))));
        for (body, kind, publishes) in [
            (json!({"overlap_hours": -1}), Secret, false),
            (json!({"overlap_hours": 721}), Secret, false),
            (json!({"overlap_hours": i64::MAX}), Secret, false),
            (json!({"starts_at": at(7)}), Secret, false),
            (json!({"starts_at": "9999-01-01T00:00:00Z"}), Secret, false),
            (json!({"retire_others": false}), Secret, false),
            (json!({"public_key": {"kty": "oct"}}), Secret, false),
            (json!({"public_key": {"kty": "oct", "k": "AA"}}), PrivateKeyJwt, false),
            (json!({}), PrivateKeyJwt, false),
            (json!({}), PrivateKeyJwt, true),
        ] {
            assert!(draft(body.clone()).check(kind, publishes, at(8)).is_err(), "{body}");
        }
    }
}
