//! The file a borough is brought on board from.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context, bail};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Everything that is recorded of a borough to bring it on board.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    pub(super) slug: String,
    pub(super) gss: String,
    pub(super) name: String,
    /// The region that expects its figures.
    pub(super) region: String,
    /// The region's name, where it is to be made.
    #[serde(default)]
    pub(super) region_name: Option<String>,
    pub(super) expected_from: String,
    #[serde(default)]
    pub(super) security_contact: Option<Map<String, Value>>,
    #[serde(default)]
    pub(super) data_sharing_agreement: Option<Map<String, Value>>,
    /// The bodies it works with. `key` names one for those below; `follows` lists keys of those above.
    #[serde(default)]
    pub(super) organisations: Vec<Map<String, Value>>,
    /// Its API clients. Whoever asks below does so as the first of its role.
    #[serde(default)]
    pub(super) clients: Vec<ClientWanted>,
    /// What is recorded in other services, in order.
    #[serde(default)]
    pub(super) requests: Vec<RequestWanted>,
    /// What the borough says when it hands itself in.
    pub(super) hand_in: String,
}

/// An API client of the borough.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClientWanted {
    pub(super) name: String,
    pub(super) role: String,
}

/// Something to record by a request of its own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RequestWanted {
    /// What it is, for the person who waits.
    pub(super) title: String,
    /// The role that asks.
    #[serde(rename = "as")]
    pub(super) role: String,
    /// The path below the borough. `{key}` stands for the id of something made before.
    pub(super) path: String,
    /// The body; `{key}` as in the path.
    pub(super) body: Value,
    /// The key under which the id of what is made is kept.
    #[serde(default)]
    pub(super) key: Option<String>,
    /// The task of the checklist it settles, which is waited for: other services tell of it a moment later.
    #[serde(default)]
    pub(super) settles: Option<String>,
    /// Whether it moves what is at the path to a state; it makes something otherwise.
    #[serde(default)]
    pub(super) transition: bool,
}

impl Wanted {
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
        toml::from_str(&text).with_context(|| format!("{} is not the file of a borough", path.display()))
    }
}

/// The ids of what was made, by key.
#[derive(Debug, Default)]
pub(super) struct Ids(BTreeMap<String, String>);

impl Ids {
    pub(super) fn keep(&mut self, key: &str, id: &Value) {
        if let Some(id) = id.as_str() {
            self.0.insert(key.to_owned(), id.to_owned());
        }
    }

    pub(super) fn get(&self, key: &str) -> anyhow::Result<&str> {
        self.0.get(key).map(String::as_str).with_context(|| format!("nothing is made under the key {key} before this"))
    }

    /// A text with `{key}` replaced by ids.
    pub(super) fn fill(&self, text: &str) -> anyhow::Result<String> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((key, after)) = after.split_once('}') else { bail!("a bracket is not closed in {text}") };
            filled.push_str(before);
            filled.push_str(self.get(key)?);
            rest = after;
        }
        filled.push_str(rest);
        Ok(filled)
    }

    /// As [`Ids::fill`], in every text of a value.
    pub(super) fn fill_all(&self, value: &Value) -> anyhow::Result<Value> {
        Ok(match value {
            Value::String(text) => Value::String(self.fill(text)?),
            Value::Array(all) => Value::Array(all.iter().map(|one| self.fill_all(one)).collect::<Result<_, _>>()?),
            Value::Object(all) => Value::Object(
                all.iter().map(|(name, one)| Ok((name.clone(), self.fill_all(one)?))).collect::<anyhow::Result<_>>()?,
            ),
            other => other.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ids_stand_where_their_keys_stood() {
        let mut ids = Ids::default();
        ids.keep("fund", &json!("f-1"));
        ids.keep("council", &json!("c-1"));
        let filled =
            ids.fill_all(&json!({"path": "funds/{fund}/years", "payers": ["{council}"], "amount_pence": 1})).unwrap();
        assert_eq!(filled, json!({"path": "funds/f-1/years", "payers": ["c-1"], "amount_pence": 1}));
        assert!(ids.fill("{nobody}").is_err() && ids.fill("{fund").is_err());
    }
}
