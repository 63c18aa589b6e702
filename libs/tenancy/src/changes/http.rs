//! Changes over HTTP: what is asked and answered alike in every service.

use auth::can;
use serde::{Deserialize, Serialize};
use web::{Problem, Query, WithCsv, problems};

use super::{Change, store};
use crate::InBorough;

const LIMIT_DEFAULT: i64 = 100;
const LIMIT_MAX: i64 = 500;
/// The largest whole number that every reader of JSON takes exactly.
const SINCE_MAX: i64 = 9_007_199_254_740_991;

/// Which changes are asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ChangesSince {
    /// The number of the last change you have seen; left out, from the beginning.
    #[param(minimum = 0, maximum = 9_007_199_254_740_991i64)]
    since: Option<i64>,
    /// How many at most: 1 to 500.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<i64>,
}

/// Changes in order, and where to go on.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ChangesBody {
    /// The changes, lowest number first.
    pub data: Vec<Change>,
    /// Send it back as `since` for what follows, now or later.
    #[schema(example = 4711)]
    pub next_since: i64,
    /// There are more already.
    pub more: bool,
}

/// The answer, as JSON or CSV.
pub type Changes = WithCsv<ChangesBody, Change>;

impl ChangesSince {
    fn read(&self) -> Result<(i64, i64), Problem> {
        let wrong =
            |name: &str, why: &str| Problem::of_fault(&problems::QUERY_INVALID, name.to_owned(), why.to_owned());
        let (since, limit) = (self.since.unwrap_or(0), self.limit.unwrap_or(LIMIT_DEFAULT));
        if !(0..=SINCE_MAX).contains(&since) {
            return Err(wrong("?since", "It is the number of a change you have seen, or 0."));
        }
        if !(1..=LIMIT_MAX).contains(&limit) {
            return Err(wrong("?limit", "It is a number from 1 to 500."));
        }
        Ok((since, limit))
    }
}

impl ChangesBody {
    /// What is answered of the rows found, which may be one more than asked for.
    fn of(mut data: Vec<Change>, since: i64, limit: i64) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = data.len() > limit;
        data.truncate(limit);
        Self { next_since: data.last().map_or(since, |last| last.number), data, more }
    }
}

/// The changes of the caller's borough in the service that is asked.
///
/// # Errors
/// When the query is out of bounds, or the database out of reach.
pub async fn list_changes(
    scope: &InBorough<can::ReadChanges>,
    Query(asked): Query<ChangesSince>,
) -> Result<Changes, Problem> {
    let (since, limit) = asked.read()?;
    let mut tx = scope.read().await?;
    let body = ChangesBody::of(store::after(&mut tx, since, limit + 1).await?, since, limit);
    Ok(WithCsv { rows: body.data.clone(), body })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(number: i64) -> Change {
        Change {
            number,
            subject: "funds/1".into(),
            kind: "fund".into(),
            action: "created".into(),
            deleted: false,
            at: chrono::DateTime::UNIX_EPOCH,
            touched: Vec::new(),
            audit_id: domain::AuditId(uuid::Uuid::nil()),
        }
    }

    #[test]
    fn whoever_polls_goes_on_where_they_were() {
        let told = |found: Vec<i64>, since| {
            let body = ChangesBody::of(found.into_iter().map(numbered).collect(), since, 2);
            (body.data.len(), body.next_since, body.more)
        };
        assert_eq!(told(vec![6, 7, 8], 5), (2, 7, true));
        assert_eq!(told(vec![6, 7], 5), (2, 7, false));
        assert_eq!(told(vec![], 5), (0, 5, false), "nothing new");
    }

    #[test]
    fn what_is_out_of_bounds_is_refused() {
        let read = |since, limit| ChangesSince { since, limit }.read().ok();
        assert_eq!(read(None, None), Some((0, 100)));
        assert_eq!(read(Some(SINCE_MAX), Some(500)), Some((SINCE_MAX, 500)));
        for (since, limit) in [(Some(-1), None), (Some(SINCE_MAX + 1), None), (None, Some(0)), (None, Some(501))] {
            assert_eq!(read(since, limit), None);
        }
    }
}
