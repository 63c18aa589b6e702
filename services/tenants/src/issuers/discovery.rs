//! Asking a provider what it is, before any transaction: each failure says what to do.

use auth::Provider;
use web::Problem;

use crate::key_sets::KeySets;

/// The most a discovery document may hold, in bytes.
const LARGEST: usize = 64 * 1024;

/// Reads the discovery document of an issuer, and the keys it names.
pub(super) async fn discover(key_sets: &KeySets, issuer: &str, pointer: &str) -> Result<Provider, Problem> {
    let address = Provider::discovery_address(issuer);
    let refused = |why: String| Problem::invalid(pointer, why);
    let answer = key_sets.outbound().get(&address, LARGEST).await;
    let answer = answer.map_err(|why| refused(format!("Its discovery document cannot be had at {address}: {why}.")))?;
    let provider = Provider::read(issuer, &answer.body)
        .map_err(|why| refused(format!("The discovery document at {address} cannot be used: {why}.")))?;
    key_sets
        .try_out(&provider.jwks_uri)
        .await
        .map_err(|why| refused(format!("Its jwks_uri, {}: {why}", provider.jwks_uri)))?;
    Ok(provider)
}
