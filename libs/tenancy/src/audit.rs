//! What was done: written in the transaction that does it.

use domain::BoroughId;
use serde_json::Value;

/// One thing done, for the audit trail. Names offices and ids, never people or secrets.
#[derive(Debug, Clone)]
pub struct Act {
    pub(crate) borough: Option<BoroughId>,
    pub(crate) action: &'static str,
    pub(crate) subject: String,
    pub(crate) before: Option<Value>,
    pub(crate) after: Option<Value>,
}

impl Act {
    /// `action` is a verb in the past, `journal.posted`; `subject` the path of the thing below its tenant.
    #[must_use]
    pub fn new(action: &'static str, subject: impl Into<String>) -> Self {
        Self { borough: None, action, subject: subject.into(), before: None, after: None }
    }

    /// What it was.
    #[must_use]
    pub fn before(mut self, value: impl Into<Value>) -> Self {
        self.before = Some(value.into());
        self
    }

    /// What it became.
    #[must_use]
    pub fn after(mut self, value: impl Into<Value>) -> Self {
        self.after = Some(value.into());
        self
    }

    /// The borough it concerns, when the platform acts.
    #[must_use]
    pub fn concerning(mut self, borough: BoroughId) -> Self {
        self.borough = Some(borough);
        self
    }
}
