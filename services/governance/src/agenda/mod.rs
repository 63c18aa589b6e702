//! Agendas: the items of a meeting, what is private in them, and the notice their key decisions had.

pub(crate) mod http;
mod item;
mod notice;
mod store;

use domain::{ItemId, MeetingId};
use tenancy::{Borough, DbError, Tx};
use web::Problem;

use crate::drafts::unknown;
pub(crate) use item::{ItemBody, may_read_exempt};

/// An item of a meeting, with its exempt text: see [`ItemBody::for_reader`].
///
/// # Errors
/// 404 where the meeting has no such item.
pub(crate) async fn find_item(tx: &mut Tx<Borough>, meeting: MeetingId, id: ItemId) -> Result<ItemBody, Problem> {
    store::list(tx, meeting, Some(id), None, 1).await?.pop().ok_or_else(|| Problem::not_found("agenda item"))
}

/// Every item of a meeting, with its exempt text: see [`ItemBody::for_reader`].
pub(crate) async fn all_items(tx: &mut Tx<Borough>, meeting: MeetingId) -> Result<Vec<ItemBody>, DbError> {
    store::list(tx, meeting, None, None, i64::MAX).await
}

/// An item a body names, with its exempt text: see [`ItemBody::for_reader`].
///
/// # Errors
/// 422 where the meeting has no such item.
pub(crate) async fn named_item(
    tx: &mut Tx<Borough>,
    meeting: MeetingId,
    id: ItemId,
    pointer: &str,
) -> Result<ItemBody, Problem> {
    store::list(tx, meeting, Some(id), None, 1).await?.pop().ok_or_else(|| unknown(pointer, "item of this meeting"))
}
