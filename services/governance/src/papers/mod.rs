//! Papers: what a meeting has before it. Their content lies in a store of objects, beside the database.

mod content;
pub(crate) mod http;
mod paper;
mod store;

use domain::MeetingId;
use tenancy::{Borough, DbError, Tx};

pub(crate) use paper::PaperBody;

/// The papers of a meeting that are not exempt and whose content is there.
pub(crate) async fn open_papers(tx: &mut Tx<Borough>, meeting: MeetingId) -> Result<Vec<PaperBody>, DbError> {
    let mut papers = store::list(tx, meeting, None, None, i64::MAX).await?;
    papers.retain(|paper| !paper.exempt && paper.stored_at.is_some());
    Ok(papers)
}
