//! A line of the ledger with all that is known of it.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{FinancialYear, JournalId, OrganisationId, Pence, Period};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::journals::Layer;

/// A line of a journal, with what its journal says. A seal is made over every field of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LedgerLine {
    pub(crate) journal: JournalId,
    /// Its place in the journal, from 1.
    #[schema(minimum = 1)]
    pub(crate) line: i16,
    pub(crate) year: FinancialYear,
    pub(crate) period: Period,
    /// When the journal was posted, to the microsecond.
    pub(crate) posted_at: DateTime<Utc>,
    /// The day it takes effect.
    pub(crate) effective_on: NaiveDate,
    #[schema(example = "5100")]
    pub(crate) account: String,
    #[schema(example = "ICES")]
    pub(crate) scheme: Option<String>,
    pub(crate) layer: Layer,
    /// Debit above zero, credit below. In pence.
    pub(crate) amount_pence: Pence,
    /// The organisation it is with.
    pub(crate) party: Option<OrganisationId>,
    pub(crate) category: Option<String>,
    /// The source of the money.
    pub(crate) source: Option<String>,
    pub(crate) nature: Option<String>,
    #[schema(example = "Community equipment, September")]
    pub(crate) narrative: String,
    /// Where the journal's figures come from.
    pub(crate) journal_source: Option<String>,
    /// The name its sender has for the journal.
    pub(crate) external_reference: Option<String>,
    /// What its sender keeps with the journal, as JSON text, to the byte.
    pub(crate) metadata: Option<String>,
    /// The client that posted it.
    #[schema(example = "borough.salford.live.5f1c09ab2e")]
    pub(crate) posted_by: String,
    /// The journal its journal reverses.
    pub(crate) reverses: Option<JournalId>,
    /// The reversed journal its journal puts right.
    pub(crate) corrects: Option<JournalId>,
    /// The file its journal was taken from.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub(crate) import: Option<Uuid>,
}
