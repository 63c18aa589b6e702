//! What an import is, how it stands, and what came of it. No SQL, no HTTP, no clock.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{FinancialYear, ImportId, JournalId, LedgerSourceId, OperationId, Pence, Period};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use web::{Faults, Problem, Row, problems::Kind};

use crate::{operations::OperationState, rules::Rule};

/// How an import stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LedgerImportState {
    /// For its file, or, where its reading was broken off, for the same file again.
    Waiting,
    /// Its file is being read; nothing is posted yet.
    Reading,
    /// Every line is read, and is being posted.
    Checked,
    /// It is in the ledger.
    Posted,
    /// It came to nothing: `problem` says why.
    Refused,
    /// Somebody called it off; nothing is posted.
    Cancelled,
    /// The fault is ours; nothing is posted.
    Failed,
}

impl LedgerImportState {
    /// What it may be moved to by hand.
    pub(super) fn allowed(self) -> Vec<Self> {
        match self {
            Self::Waiting | Self::Reading => vec![Self::Cancelled],
            _ => Vec::new(),
        }
    }

    /// How its operation stands then, and in which stage.
    pub(super) fn of_operation(self) -> (OperationState, &'static str) {
        match self {
            Self::Waiting => (OperationState::Running, "waiting for the file"),
            Self::Reading => (OperationState::Running, "reading"),
            Self::Checked => (OperationState::Running, "posting"),
            Self::Posted => (OperationState::Done, "posted"),
            Self::Refused => (OperationState::Failed, "refused"),
            Self::Failed => (OperationState::Failed, "failed"),
            Self::Cancelled => (OperationState::Cancelled, "cancelled"),
        }
    }
}

/// What faulty lines do to the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LedgerImportMode {
    /// One faulty line, and nothing is posted.
    AllOrNothing,
    /// The others are posted, and the faulty ones reported.
    PerRow,
}

/// An import to make.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"source": "01890a5d-ac96-774b-bcce-b302099a8057", "year": "2026-27", "period": 6,
    "mode": "all_or_nothing", "file_name": "september.csv"}))]
pub(crate) struct LedgerImportDraft {
    /// The ledger the file is of.
    pub(super) source: LedgerSourceId,
    /// The year it is posted in, which the fund has.
    pub(super) year: FinancialYear,
    /// The period it is posted in. Every day in the file is of its month; in period 13 any day of the year.
    pub(super) period: Period,
    pub(super) mode: LedgerImportMode,
    /// What the file is called.
    #[schema(min_length = 1, max_length = 200)]
    pub(super) file_name: String,
}

impl LedgerImportDraft {
    pub(super) fn check(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/file_name", &self.file_name, 200);
        let plain = !self.file_name.chars().any(char::is_control);
        faults.unless(plain, "/file_name", "It holds no control characters.");
        faults.none()
    }
}

/// An import: a file of a ledger, and what came of it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct LedgerImportBody {
    pub(super) id: ImportId,
    /// The ledger, and the version of it that the file is read by.
    pub(super) source: LedgerSourceId,
    #[schema(example = "Council ledger")]
    pub(super) source_name: String,
    #[schema(example = 1)]
    pub(super) source_version: i64,
    pub(super) year: FinancialYear,
    pub(super) period: Period,
    pub(super) mode: LedgerImportMode,
    #[schema(example = "september.csv")]
    pub(super) file_name: String,
    pub(super) state: LedgerImportState,
    /// The work of reading and posting it.
    pub(super) operation: OperationId,
    /// Of the file, in hexadecimal; null until it is here.
    pub(super) sha256: Option<String>,
    pub(super) bytes: Option<i64>,
    /// Lines read.
    #[schema(example = 1000)]
    pub(super) rows: i64,
    /// Lines that are in the ledger by this import.
    #[schema(example = 990)]
    pub(super) posted: i64,
    /// What these come to; spending above zero.
    pub(super) posted_pence: Pence,
    /// Their part of all lines, in hundredths of a per cent.
    #[schema(example = 9900)]
    pub(super) posted_bp: Option<i64>,
    /// Lines that were posted by an earlier import of this ledger, and are left out.
    #[schema(example = 7)]
    pub(super) duplicates: i64,
    pub(super) duplicates_pence: Pence,
    #[schema(example = 70)]
    pub(super) duplicates_bp: Option<i64>,
    /// Lines that cannot be posted: `…/rows?state=faulty` says why, as CSV too.
    #[schema(example = 3)]
    pub(super) faulty: i64,
    /// What those of them come to whose amount can be read.
    pub(super) faulty_pence: Pence,
    #[schema(example = 30)]
    pub(super) faulty_bp: Option<i64>,
    /// Lines of nil, and of codes that are none of the fund's.
    #[schema(example = 0)]
    pub(super) left_out: i64,
    /// Why it came to nothing: `type`, `detail`, and `rule` where it is one.
    #[schema(value_type = Option<Object>)]
    pub(super) problem: Option<Value>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) posted_at: Option<DateTime<Utc>>,
    #[serde(skip)]
    pub(super) version: i64,
}

impl Row for LedgerImportBody {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "source_name",
        "year",
        "period",
        "mode",
        "file_name",
        "state",
        "rows",
        "posted",
        "posted_pence",
        "duplicates",
        "duplicates_pence",
        "faulty",
        "faulty_pence",
        "left_out",
        "sha256",
        "created_at",
        "posted_at",
    ];
}

/// What came of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LedgerRowState {
    /// It is posted with its import.
    Ready,
    /// It was posted before.
    Duplicate,
    Faulty,
    /// It is nil, or of a code that is none of the fund's.
    LeftOut,
}

/// A line of a file. Where it went to an individual, its supplier and description are not kept.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct LedgerRowBody {
    /// Counted from 1, without headings and blank lines.
    #[schema(example = 1)]
    pub(super) row: i64,
    /// The line of the file it begins on.
    #[schema(example = 2)]
    pub(super) line: i64,
    pub(super) state: LedgerRowState,
    /// The column that is wrong, by its heading.
    #[schema(example = "Net Amount")]
    pub(super) column: Option<String>,
    /// What is wrong.
    #[schema(example = "`1,234.567` is no amount.")]
    pub(super) fault: Option<String>,
    /// What to do about it.
    #[schema(example = "Write it in pounds with at most two decimals.")]
    pub(super) remedy: Option<String>,
    /// The rule it breaks, where it is one.
    pub(super) rule: Option<i16>,
    pub(super) effective_on: Option<NaiveDate>,
    pub(super) amount_pence: Option<Pence>,
    /// The ledger's own code.
    pub(super) code: Option<String>,
    pub(super) account: Option<String>,
    pub(super) scheme: Option<String>,
    pub(super) document_number: Option<String>,
    pub(super) supplier: Option<String>,
    pub(super) description: Option<String>,
    pub(super) department: Option<String>,
    pub(super) merchant_category: Option<String>,
    /// The journal it is posted in, once it is, and its line there.
    pub(super) journal: Option<JournalId>,
    pub(super) posting_line: Option<i16>,
}

impl Row for LedgerRowBody {
    const COLUMNS: &'static [&'static str] = &[
        "row",
        "line",
        "state",
        "column",
        "fault",
        "remedy",
        "rule",
        "effective_on",
        "amount_pence",
        "code",
        "account",
        "scheme",
        "document_number",
        "supplier",
        "description",
        "department",
        "merchant_category",
        "journal",
        "posting_line",
    ];
}

/// Why an import comes to nothing.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Refusal {
    pub(super) kind: &'static Kind,
    pub(super) detail: String,
    pub(super) rule: Option<Rule>,
}

impl Refusal {
    /// As it is kept and shown.
    pub(super) fn told(&self) -> Value {
        let mut told =
            json!({"type": format!("/problems/{}", self.kind.slug), "title": self.kind.title, "detail": self.detail});
        if let Some(rule) = self.rule {
            told["rule"] = rule.number.into();
            told["says"] = rule.says.into();
            told["source"] = rule.source.into();
        }
        told
    }
}

/// A part of all lines, in hundredths of a per cent.
pub(super) fn share(part: i64, all: i64) -> Option<i64> {
    domain::basis_points(Pence(part), Pence(all))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_not_posted_yet_can_be_called_off() {
        use LedgerImportState::{Cancelled, Checked, Failed, Posted, Reading, Refused, Waiting};
        for state in [Waiting, Reading] {
            assert_eq!(state.allowed(), [Cancelled]);
            assert!(!state.of_operation().0.is_over());
        }
        for state in [Posted, Refused, Cancelled, Failed] {
            assert!(state.allowed().is_empty() && state.of_operation().0.is_over());
        }
        assert!(Checked.allowed().is_empty(), "it is being posted");
    }
}
