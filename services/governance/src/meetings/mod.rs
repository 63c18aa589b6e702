//! Meetings: called, notified, held.

pub(crate) mod http;
mod meeting;
mod notice;
mod store;

use domain::MeetingId;
use tenancy::{Borough, Tx};
use web::Problem;

use crate::drafts::unknown;
pub(crate) use meeting::{MeetingBody, MeetingState};
pub(crate) use notice::{KEY_DECISION_DAYS, key_decision_notice_by, working_days};
pub(crate) use store::{hold, in_session_at};

/// A meeting of the borough.
///
/// # Errors
/// 404 where there is no such meeting.
pub(crate) async fn find_meeting(tx: &mut Tx<Borough>, id: MeetingId) -> Result<MeetingBody, Problem> {
    store::list(tx, store::Which::one(id), None, 1).await?.pop().ok_or_else(|| Problem::not_found("meeting"))
}

/// A meeting a body names.
///
/// # Errors
/// 422 where there is no such meeting.
pub(crate) async fn named_meeting(tx: &mut Tx<Borough>, id: MeetingId, pointer: &str) -> Result<MeetingBody, Problem> {
    store::list(tx, store::Which::one(id), None, 1).await?.pop().ok_or_else(|| unknown(pointer, "meeting"))
}
