//! The steps of a computation, each with what went in, in the order they were taken.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A step of an explanation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct Step {
    /// What was looked at: `seats`, `conflicts`, `presence`, `quorum.total`, `quorum.class`, `quorum.partner`, `chair`,
    /// `votes`, `threshold`, `tie`, `body`, `outcome`.
    #[schema(example = "quorum.total")]
    pub(crate) rule: String,
    /// What was found, in a sentence.
    #[schema(example = "4 of 7 voting seats count; at least 4 are needed.")]
    pub(crate) says: String,
    /// Whether it holds, where it is a condition.
    pub(crate) holds: Option<bool>,
    /// Every input of the step.
    #[schema(value_type = Object)]
    pub(crate) inputs: Value,
}

impl Step {
    pub(crate) fn told(rule: &str, says: impl Into<String>, inputs: Value) -> Self {
        Self { rule: rule.to_owned(), says: says.into(), holds: None, inputs }
    }

    pub(crate) fn tested(rule: &str, holds: bool, says: impl Into<String>, inputs: Value) -> Self {
        Self { rule: rule.to_owned(), says: says.into(), holds: Some(holds), inputs }
    }
}

/// Names in a row: "a, b and c"; `otherwise` where there are none.
pub(crate) fn listed<'a>(names: impl IntoIterator<Item = &'a str>, otherwise: &str) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    match names.split_last() {
        None => otherwise.to_owned(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
    }
}
