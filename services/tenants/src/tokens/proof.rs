//! Believing a client: its secret fits, or it signed an assertion that was not used before.

use std::sync::Arc;

use auth::{Assertion, AssertionError, ClientKey, ClientSecret};
use axum::http::request::Parts;
use chrono::DateTime;
use sha2::{Digest, Sha256};
use tenancy::{Db, Tx};

use super::{
    Issuer,
    credentials::{Credentials, unknown_client},
    form::{Refused, not_that_client},
    refused::note_refused,
    store::{self, Found, KeptKey},
};

/// What an assertion's keys were published as, fetched before the transaction.
type Published = Option<Result<Arc<Vec<ClientKey>>, String>>;

/// A transaction in which a client is known to be who it says, and may get a token.
pub(super) struct Proved {
    pub(super) tx: Tx<tenancy::Issuer>,
    pub(super) client: Found,
}

/// Proves who a client is. The transaction holds off whoever would revoke it; it is the caller's to commit, and with it
/// that the assertion was used.
pub(super) async fn prove(
    db: &Db,
    issuer: &Issuer,
    (credentials, parts): (&Credentials<'_>, &Parts),
    own: &[&str],
) -> Result<Proved, Refused> {
    let client_id = credentials.client_id();
    let published = published(db, issuer, credentials).await?;
    let mut tx = db.issuer().await?;
    let found = store::find_client(&mut tx, client_id).await?;
    let refused = |client: Option<&Found>, why| note_refused(db, parts, client_id, client, why);
    let now = tx.clock_now();
    let used = match credentials {
        Credentials::Secret { secret, .. } => secret_fits(found.as_ref(), secret, now),
        Credentials::Assertion(assertion) => {
            let audiences = [&[issuer.trust.issuer.as_str()][..], own].concat();
            believe(&mut tx, found.as_ref(), published, assertion, &audiences).await
        }
    };
    let used = used.inspect_err(|_| {
        let why = match (&found, credentials) {
            (None, _) => "there is no such client",
            (Some(_), Credentials::Secret { .. }) => "that is no secret of it that works",
            (Some(_), Credentials::Assertion(_)) => "its assertion was not believed",
        };
        refused(found.as_ref(), why);
    })?;
    let generic = match credentials {
        Credentials::Secret { .. } => unknown_client(),
        Credentials::Assertion(_) => not_that_client(AssertionError::Signature.to_string()),
    };
    let Some(client) = found else { return Err(generic) };
    if client.revoked {
        refused(Some(&client), "it is revoked");
        return Err(generic);
    }
    if client.suspended {
        refused(Some(&client), "its borough is not open");
        return Err(not_that_client("The borough is suspended, closed, or not open yet: its clients get no tokens."));
    }
    if let Some(over) = client.expires_at.filter(|at| *at <= now) {
        refused(Some(&client), "its last day is over");
        let over = over.format("%-d %B %Y, %H:%M UTC");
        return Err(not_that_client(format!(
            "The client's last day is over, since {over}. Its administrator can give it a later one, or make another client."
        )));
    }
    if let Some(key) = used {
        store::note_use(&mut tx, client_id, &key).await?;
    }
    Ok(Proved { tx, client })
}

async fn published(db: &Db, issuer: &Issuer, credentials: &Credentials<'_>) -> Result<Published, Refused> {
    let Credentials::Assertion(assertion) = credentials else { return Ok(None) };
    let mut tx = db.issuer().await?;
    let address = store::jwks_uri(&mut tx, assertion.client_id()).await?;
    tx.commit().await?;
    Ok(match address {
        Some(address) => Some(issuer.key_sets.find(&address, assertion.kid()).await),
        None => None,
    })
}

/// Which of its keys fits, where one does that works.
fn secret_fits(found: Option<&Found>, secret: &str, now: DateTime<chrono::Utc>) -> Result<Option<KeptKey>, Refused> {
    if ClientSecret::is_mistyped(secret) {
        let why = "That is no secret as it was shown: its checksum does not fit. Some of it was lost or changed when it was copied.";
        return Err(not_that_client(why));
    }
    let keys = found.map(|client| client.keys.as_slice()).unwrap_or_default();
    // As much work for an unknown client as for a known one.
    let mut fitting = keys.is_empty().then(|| ClientSecret::matches(secret, &[0; 32])).and(None);
    for key in keys {
        if key.secret_hash.as_deref().is_some_and(|hash| ClientSecret::matches(secret, hash)) {
            fitting = Some(key);
        }
    }
    let Some(key) = fitting else { return Err(unknown_client()) };
    // Who knows the secret may know what became of it.
    if key.starts_at > now {
        let from = key.starts_at.format("%-d %B %Y, %H:%M UTC");
        return Err(not_that_client(format!("This secret works from {from} on. Use the one before it until then.")));
    }
    if key.revoked {
        return Err(not_that_client("This secret was revoked. Use the one that took its place."));
    }
    if let Some(at) = key.retires_at.filter(|at| *at <= now) {
        let at = at.format("%-d %B %Y, %H:%M UTC");
        return Err(not_that_client(format!("This secret was retired, on {at}. Use the one that took its place.")));
    }
    Ok(Some(key.clone()))
}

async fn believe(
    tx: &mut Tx<tenancy::Issuer>,
    found: Option<&Found>,
    published: Published,
    assertion: &Assertion<'_>,
    audiences: &[&str],
) -> Result<Option<KeptKey>, Refused> {
    let now = tx.clock_now();
    let kept = found.map(|client| client.keys.as_slice()).unwrap_or_default();
    let works = |key: &&KeptKey| !key.revoked && key.starts_at <= now && key.retires_at.is_none_or(|at| at > now);
    let keys = match published {
        Some(Ok(keys)) => keys,
        Some(Err(why)) => {
            return Err(not_that_client(format!("The keys at the client's jwks_uri cannot be had: {why}.")));
        }
        None => {
            let uploaded = kept.iter().filter(works).filter_map(|key| ClientKey::read(key.jwk.as_ref()?).ok());
            Arc::new(uploaded.collect())
        }
    };
    let refused = |why: AssertionError| not_that_client(why.to_string());
    let believed = assertion.believe(&keys, audiences, now.timestamp()).map_err(refused)?;
    let digest = Sha256::new_with_prefix(assertion.client_id()).chain_update([0]).chain_update(&believed.id).finalize();
    let useless_from = DateTime::from_timestamp(believed.useless_from, 0).unwrap_or(now);
    if !store::use_assertion(tx, &digest, useless_from).await? {
        return Err(not_that_client(
            "This client assertion was used before. Make a new one, with its own jti, for each request.",
        ));
    }
    Ok(kept.iter().find(|key| key.hint == believed.thumbprint).cloned())
}
