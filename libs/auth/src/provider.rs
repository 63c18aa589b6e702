//! What an OpenID provider says of itself (OpenID Connect Discovery 1.0 §3), as far as it matters to us.

use serde_json::Value;

use crate::strict_json::Strict;

/// What we check signatures with.
const ALGORITHMS: [&str; 5] = ["ES256", "ES384", "PS256", "RS256", "EdDSA"];

/// Why a discovery document is not taken, in words for whoever registers the provider.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ProviderError(String);

/// A provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// Where it publishes its keys.
    pub jwks_uri: String,
}

impl Provider {
    /// Where a provider of that name says what it is (§4).
    #[must_use]
    pub fn discovery_address(issuer: &str) -> String {
        format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))
    }

    /// Reads what was found there.
    ///
    /// # Errors
    /// Where it is of another provider, or cannot sign people in for us: which is said.
    pub fn read(issuer: &str, document: &[u8]) -> Result<Self, ProviderError> {
        let no = |why: String| Err(ProviderError(why));
        let Ok(Strict(said)) = serde_json::from_slice(document) else {
            return no("what lies there is not JSON, or says a name twice".into());
        };
        match said["issuer"].as_str() {
            None => return no("it names no issuer, so it is no discovery document of an OpenID provider".into()),
            // OpenID Connect Discovery 1.0 §4.3: exactly, to the last slash.
            Some(own) if own != issuer => {
                let own: String = own.chars().take(200).collect();
                return no(format!("it says it is of the issuer {own}; give exactly that, or ask your provider"));
            }
            Some(_) => {}
        }
        let lists =
            |name: &str| said[name].as_array().map(|all| all.iter().filter_map(Value::as_str).collect::<Vec<_>>());
        if !lists("response_types_supported").unwrap_or_default().contains(&"code") {
            return no("it does not support the authorisation code flow (response_types_supported: code)".into());
        }
        let signs = lists("id_token_signing_alg_values_supported").unwrap_or_default();
        if !signs.iter().any(|algorithm| ALGORITHMS.contains(algorithm)) {
            return no(format!("it signs ID tokens with none of {}", ALGORITHMS.join(", ")));
        }
        let Some(jwks_uri) = said["jwks_uri"].as_str().filter(|address| !address.is_empty()) else {
            return no("it does not say where its keys are (jwks_uri)".into());
        };
        Ok(Self { jwks_uri: jwks_uri.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ISSUER: &str = "https://id.example/tenant";

    fn document() -> Value {
        json!({"issuer": ISSUER, "jwks_uri": "https://id.example/keys", "response_types_supported": ["code", "id_token"],
            "id_token_signing_alg_values_supported": ["HS256", "RS256"]})
    }

    #[test]
    fn a_provider_that_can_sign_people_in_is_taken() {
        let read = Provider::read(ISSUER, document().to_string().as_bytes());
        assert_eq!(read, Ok(Provider { jwks_uri: "https://id.example/keys".into() }));
        for (issuer, address) in [
            (ISSUER, "https://id.example/tenant/.well-known/openid-configuration"),
            ("https://id.example/", "https://id.example/.well-known/openid-configuration"),
        ] {
            assert_eq!(Provider::discovery_address(issuer), address);
        }
    }

    #[test]
    fn one_that_lies_or_cannot_is_refused_in_words() {
        for (name, value, says) in [
            ("issuer", json!("https://id.example/tenant/"), "exactly that"),
            ("issuer", json!("https://elsewhere.example"), "elsewhere"),
            ("issuer", json!(null), "names no issuer"),
            ("jwks_uri", json!(null), "jwks_uri"),
            ("jwks_uri", json!(""), "jwks_uri"),
            ("response_types_supported", json!(["id_token"]), "authorisation code"),
            ("response_types_supported", json!("code"), "authorisation code"),
            ("id_token_signing_alg_values_supported", json!(["HS256", "none"]), "none of"),
        ] {
            let mut document = document();
            document[name] = value.clone();
            let refused = Provider::read(ISSUER, document.to_string().as_bytes()).expect_err("wrong").to_string();
            assert!(refused.contains(says), "{name} {value}: {refused}");
        }
        for nonsense in [&b"<html>"[..], b"[]", br#"{"issuer":"a","issuer":"b"}"#] {
            assert!(Provider::read(ISSUER, nonsense).is_err());
        }
    }
}
