//! The checklist of a borough, as a person reads it.

use serde_json::Value;

use crate::client::Client;

/// What a borough lacks, as the API computes it.
#[derive(Clone, Debug)]
pub(super) struct Checklist(Value);

impl Checklist {
    pub(super) async fn of(client: &Client, borough: &str) -> anyhow::Result<Self> {
        Ok(Self(client.get(&format!("/v1/boroughs/{borough}/onboarding")).await?.body))
    }

    pub(super) fn body(&self) -> &Value {
        &self.0
    }

    fn tasks(&self) -> impl Iterator<Item = &Value> {
        self.0["data"].as_array().into_iter().flatten()
    }

    /// Whether a task is done or waived.
    pub(super) fn has_settled(&self, task: &str) -> bool {
        self.tasks().any(|one| one["task"] == task && one["state"] != "missing")
    }

    /// How many are settled, of how many.
    pub(super) fn settled(&self) -> String {
        format!("{} of {} settled", self.0["settled"], self.0["of"])
    }

    /// A line a task: what fulfils it, or what is missing and how it is done.
    pub(super) fn table(&self) -> Vec<String> {
        let mut lines = vec![format!("Checklist, {}:", self.settled())];
        for task in self.tasks() {
            let word = |name: &str| task[name].as_str().unwrap_or_default();
            let mark = match word("state") {
                "done" => "done",
                "waived" => "waived",
                _ => "MISSING",
            };
            lines.push(format!("  {mark:<8}{:<40}{}", word("title"), word("finding")));
            if mark == "waived" {
                lines.push(format!("{:<50}Waived: {}", "", task["waiver"]["reason"].as_str().unwrap_or_default()));
            }
            if mark == "MISSING" {
                lines.push(format!("{:<50}{}", "", word("how")));
            }
        }
        lines
    }

    /// A line a task that stands otherwise than before.
    pub(super) fn changes(&self, before: &Self) -> Vec<String> {
        let changed = self.tasks().zip(before.tasks()).filter(|(now, then)| now["state"] != then["state"]);
        let told = changed.map(|(now, then)| {
            let word = |task: &Value, name: &str| task[name].as_str().unwrap_or_default().to_owned();
            format!("    {} → {}: {}", word(then, "state"), word(now, "state"), word(now, "title"))
        });
        told.collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn checklist(state: &str) -> Checklist {
        let waiver = if state == "waived" { json!({"reason": "It polls"}) } else { Value::Null };
        let task =
            json!({"title": "Webhook", "state": state, "finding": "None.", "how": "POST webhooks", "waiver": waiver});
        Checklist(json!({"settled": 0, "of": 1, "data": [task]}))
    }

    #[test]
    fn what_is_missing_says_how_and_what_changed_is_told() {
        let (missing, waived) = (checklist("missing"), checklist("waived"));
        assert!(missing.table().iter().any(|line| line.contains("MISSING")));
        assert!(missing.table().iter().any(|line| line.contains("POST webhooks")));
        assert!(waived.table().iter().any(|line| line.contains("It polls")));
        assert_eq!(waived.changes(&missing), ["    missing → waived: Webhook"]);
        assert!(missing.changes(&missing).is_empty());
    }
}
