//! Minutes: drafts replace each other, approved ones stand, corrections are appended.

pub(crate) mod http;
mod record;
mod store;

use domain::MeetingId;
use tenancy::{Borough, DbError, Tx};

use record::MinutesKind;

/// The approved minutes of a meeting and the corrections appended since; `None` before their approval.
pub(crate) async fn approved(
    tx: &mut Tx<Borough>,
    meeting: MeetingId,
) -> Result<Option<(String, Vec<String>)>, DbError> {
    let mut versions = store::list(tx, meeting, None, i64::MAX).await?;
    versions.retain(|version| version.kind != MinutesKind::Draft);
    let mut texts = versions.into_iter().map(|version| version.text);
    Ok(texts.next().map(|approved| (approved, texts.collect())))
}
