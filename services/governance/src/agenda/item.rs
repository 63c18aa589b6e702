//! The rules of an agenda item: what is late, what is private, who reads exempt text. No SQL, no HTTP, no clock.

use auth::Role;
use chrono::{DateTime, Utc};
use domain::{ItemId, MeetingId, PlanEntryId};
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row};

use super::notice::{ExceptionBody, NoticeStanding};

/// What the committee is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Purpose {
    Decision,
    Recommendation,
    Discussion,
    Noting,
}

impl Purpose {
    /// Whether something can be approved on an item of this purpose.
    pub(crate) fn takes_approvals(self) -> bool {
        matches!(self, Self::Decision | Self::Recommendation)
    }
}

/// Why an item is taken in private, as somebody sends it.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PrivateDraft {
    /// The paragraph of Part 1 of Schedule 12A to the Local Government Act 1972: 1 to 7.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 7)]
    pub(super) paragraph: Option<i32>,
    /// Why the public interest in keeping it back outweighs that in telling.
    #[serde(default)]
    #[schema(max_length = 1000)]
    pub(super) public_interest_reason: Option<String>,
}

impl PrivateDraft {
    /// Both the paragraph and the public-interest reason (rule 45).
    fn check(&self, faults: &mut Faults) {
        let known = self.paragraph.is_some_and(|number| (1..=7).contains(&number));
        faults.unless(known, "/private/paragraph", "Name the paragraph of Schedule 12A, Part 1: 1 to 7.");
        let reason = self.public_interest_reason.as_deref().unwrap_or_default();
        faults.text("/private/public_interest_reason", reason, 1000);
    }

    fn whole(self) -> Option<Private> {
        let reason = self.public_interest_reason?.trim().to_owned();
        Some(Private { paragraph: self.paragraph?, public_interest_reason: reason })
    }
}

/// Why an item is taken in private (rule 45).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct Private {
    /// The paragraph of Part 1 of Schedule 12A to the Local Government Act 1972.
    pub(crate) paragraph: i32,
    /// Why the public interest in keeping it back outweighs that in telling.
    pub(crate) public_interest_reason: String,
}

/// An item to put on the agenda.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"label": "5", "title": "Community equipment", "purpose": "decision", "verbal": false}))]
pub(crate) struct ItemDraft {
    /// The item it is part of.
    #[serde(default)]
    pub(super) parent: Option<ItemId>,
    /// Its number as printed, once in the meeting: "5", "5a".
    #[schema(min_length = 1, max_length = 20)]
    pub(super) label: String,
    #[schema(min_length = 1, max_length = 300)]
    pub(super) title: String,
    pub(super) purpose: Purpose,
    /// Taken without papers.
    #[serde(default)]
    pub(super) verbal: bool,
    /// Why it could not be on the agenda in time (Local Government Act 1972 s100B(4)(b)); only where it is not.
    #[serde(default)]
    #[schema(max_length = 500)]
    pub(super) late_reason: Option<String>,
    /// SI 2012/2089 reg 8.
    #[serde(default)]
    pub(super) key_decision: bool,
    /// The notice of the key decision.
    #[serde(default)]
    pub(super) plan_entry: Option<PlanEntryId>,
    #[serde(default)]
    pub(super) private: Option<PrivateDraft>,
    /// What only those entitled to exempt papers may read; of private items only.
    #[serde(default)]
    #[schema(max_length = 10000)]
    pub(super) exempt_text: Option<String>,
}

impl ItemDraft {
    /// What is wrong with it by itself.
    pub(super) fn check(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/label", &self.label, 20);
        faults.text("/title", &self.title, 300);
        faults.optional_text("/late_reason", self.late_reason.as_deref(), 500);
        faults.optional_text("/exempt_text", self.exempt_text.as_deref(), 10_000);
        if let Some(private) = &self.private {
            private.check(&mut faults);
        }
        let kept = self.exempt_text.is_none() || self.private.is_some();
        faults.unless(kept, "/exempt_text", "Only a private item has exempt text: say why it is private.");
        let noticed = self.plan_entry.is_none() || self.key_decision;
        faults.unless(noticed, "/plan_entry", "Only a key decision has a notice.");
        faults.none()
    }

    /// An item that comes after the agenda was due says why; one in time has nothing to say.
    pub(super) fn explains_lateness(&self, late: bool) -> Result<(), Problem> {
        let mut faults = Faults::default();
        let why = "The agenda was due before today. Say why this item cannot wait for another meeting.";
        faults.unless(!late || self.late_reason.is_some(), "/late_reason", why);
        faults.unless(late || self.late_reason.is_none(), "/late_reason", "The item is in time: leave this out.");
        faults.none()
    }

    pub(super) fn take_private(&mut self) -> Option<Private> {
        self.private.take()?.whole()
    }
}

/// Who may read exempt text and papers: rule 46; those who write it, sit on the committee, or audit it.
pub(crate) fn may_read_exempt(role: Role) -> bool {
    matches!(role, Role::Clerk | Role::Member | Role::Auditor)
}

/// An item of an agenda.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct ItemBody {
    pub(crate) id: ItemId,
    pub(crate) meeting: MeetingId,
    /// The item it is part of.
    pub(crate) parent: Option<ItemId>,
    #[schema(example = "5")]
    pub(crate) label: String,
    #[schema(example = "Community equipment")]
    pub(crate) title: String,
    pub(crate) purpose: Purpose,
    pub(crate) verbal: bool,
    /// Why it was not on the agenda in time, where it was not.
    pub(crate) late_reason: Option<String>,
    pub(crate) key_decision: bool,
    pub(crate) plan_entry: Option<PlanEntryId>,
    /// The notice of its key decision, and what stands in for it.
    pub(crate) notice: NoticeStanding,
    pub(crate) exceptions: Vec<ExceptionBody>,
    pub(crate) private: Option<Private>,
    /// Whether there is exempt text, whoever asks.
    pub(crate) exempt: bool,
    /// Null to those who may not read it.
    pub(crate) exempt_text: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
}

impl ItemBody {
    /// The item as somebody in that role may read it.
    pub(crate) fn for_reader(mut self, role: Role) -> Self {
        if !may_read_exempt(role) {
            self.exempt_text = None;
        }
        self
    }
}

impl Row for ItemBody {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "parent",
        "label",
        "title",
        "purpose",
        "verbal",
        "late_reason",
        "key_decision",
        "plan_entry",
        "notice.due_by",
        "notice.published_on",
        "notice.satisfied_by",
        "private.paragraph",
        "private.public_interest_reason",
        "exempt",
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item() -> ItemDraft {
        ItemDraft {
            parent: None,
            label: "5".into(),
            title: "Community equipment".into(),
            purpose: Purpose::Decision,
            verbal: false,
            late_reason: None,
            key_decision: false,
            plan_entry: None,
            private: None,
            exempt_text: None,
        }
    }

    #[test]
    fn rule_45_a_private_item_needs_a_paragraph_and_a_public_interest_reason() {
        let private = |paragraph: Option<i32>, reason: Option<&str>| ItemDraft {
            private: Some(PrivateDraft { paragraph, public_interest_reason: reason.map(str::to_owned) }),
            exempt_text: Some("The price".into()),
            ..item()
        };
        assert!(private(Some(3), Some("A contract is being let")).check().is_ok());
        for wrong in
            [(None, Some("Why")), (Some(3), None), (Some(3), Some(" ")), (Some(0), Some("Why")), (Some(8), Some("Why"))]
        {
            assert!(private(wrong.0, wrong.1).check().is_err(), "{wrong:?}");
        }
        assert!(ItemDraft { exempt_text: Some("The price".into()), ..item() }.check().is_err(), "a public item");
    }

    #[test]
    fn a_late_item_says_why() {
        assert!(item().explains_lateness(false).is_ok());
        assert!(item().explains_lateness(true).is_err());
        let explained = ItemDraft { late_reason: Some("The regulator wrote today".into()), ..item() };
        assert!(explained.explains_lateness(true).is_ok());
        assert!(explained.explains_lateness(false).is_err());
    }

    #[test]
    fn rule_46_exempt_text_is_for_clerks_members_and_auditors() {
        let readers: Vec<_> = Role::ALL.into_iter().filter(|role| may_read_exempt(*role)).collect();
        assert_eq!(readers, [Role::Clerk, Role::Member, Role::Auditor]);
    }
}
