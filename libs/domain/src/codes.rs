//! Codes that name bodies and places, parsed once at the edge.

use std::{fmt, str::FromStr};

/// A code that does not have the shape of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} looks like {like}; this is not one")]
pub struct CodeError {
    what: &'static str,
    like: &'static str,
}

macro_rules! code {
    ($(#[$doc:meta])* $name:ident, $what:literal, $like:literal, $pattern:literal, $ok:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, sqlx::Type, serde::Serialize, utoipa::ToSchema)]
        #[serde(transparent)]
        #[sqlx(transparent)]
        #[schema(value_type = String, example = $like, pattern = $pattern)]
        pub struct $name(String);

        impl $name {
            /// The code as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = CodeError;
            fn from_str(text: &str) -> Result<Self, CodeError> {
                let fits: fn(&[u8]) -> bool = $ok;
                if fits(text.as_bytes()) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(CodeError { what: $what, like: $like })
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

code!(
    /// A statistical code of the ONS geography register: a country letter and eight digits.
    Gss, "a GSS code", "E08000006", "^[EKNSW][0-9]{8}$",
    |b| b.len() == 9 && b"EKNSW".contains(&b[0]) && b[1..].iter().all(u8::is_ascii_digit)
);
code!(
    /// A code of the NHS Organisation Data Service: three to six capitals and digits.
    Ods, "an ODS code", "QOP", "^[A-Z0-9]{3,6}$",
    |b| (3..=6).contains(&b.len()) && b.iter().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
);
code!(
    /// A name fit for a path: lower-case words joined by hyphens. Slugs never change.
    Slug, "a slug", "greater-manchester", "^[a-z0-9]+(-[a-z0-9]+)*$",
    |b| (1..=60).contains(&b.len())
        && b.split(|c| *c == b'-').all(|word| {
            !word.is_empty() && word.iter().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        })
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_parsed_not_trusted() {
        assert!("E08000006".parse::<Gss>().is_ok());
        for wrong in ["", "E0800000", "E080000061", "e08000006", "E08000O06"] {
            assert!(wrong.parse::<Gss>().is_err(), "{wrong}");
        }
        assert!("QOP".parse::<Ods>().is_ok());
        assert!("qop".parse::<Ods>().is_err());
        assert!("greater-manchester".parse::<Slug>().is_ok());
        for wrong in ["", "-a", "a-", "a--b", "A", "a'b", "a b"] {
            assert!(wrong.parse::<Slug>().is_err(), "{wrong}");
        }
    }
}
