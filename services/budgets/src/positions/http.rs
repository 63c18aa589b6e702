//! A fund's position over HTTP.

use auth::can;
use chrono::{DateTime, NaiveDate, Utc};
use domain::{OrganisationId, Pence, Period};
use serde::{Deserialize, Serialize};
use tenancy::InBorough;
use web::{At, Problem, Query, Row, WithCsv, problems};

use super::{
    as_of::AsOf,
    figures::{Figures, Status},
    store,
};
use crate::{
    forecasts,
    journals::Nature,
    years::{find_year, http::YearPath},
};

/// What part of the position, and by what.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PositionQuery {
    /// Up to the end of this period; the whole year when left out.
    #[param(value_type = Option<i16>, minimum = 1, maximum = 13)]
    period: Option<Period>,
    /// What had taken effect by the end of this day, whatever period it was posted in. Not with `period`.
    as_of: Option<NaiveDate>,
    /// As it was known at this moment: what was posted later is left out. Not with `period`.
    known_at: Option<DateTime<Utc>>,
    /// Any of scheme, category, party, source, nature, period, with a comma between; one row for the fund when left out.
    #[param(example = "scheme,period")]
    group_by: Option<String>,
}

impl PositionQuery {
    /// The time asked for, and what rows are told apart by.
    fn read(&self) -> Result<(Option<AsOf>, GroupBy), Problem> {
        let by = GroupBy::parse(self.group_by.as_deref())?;
        let at = AsOf::asked(self.as_of, self.known_at)?;
        if at.is_some() && (self.period.is_some() || by.period) {
            let detail =
                "Ask either up to a period, or as of a day or as known at a moment: what is late has two answers.";
            return Err(Problem::of_fault(&problems::QUERY_INVALID, "?period", detail));
        }
        Ok((at, by))
    }
}

/// What rows are told apart by.
#[derive(Debug, Default)]
pub(crate) struct GroupBy {
    pub(super) scheme: bool,
    pub(super) category: bool,
    pub(super) party: bool,
    pub(super) source: bool,
    pub(super) nature: bool,
    pub(super) period: bool,
}

impl GroupBy {
    /// Forecasts are made by scheme: other rows have none.
    fn is_scheme_alone(&self) -> bool {
        self.scheme && !(self.category || self.party || self.source || self.nature || self.period)
    }

    fn is_nothing(&self) -> bool {
        !(self.scheme || self.category || self.party || self.source || self.nature || self.period)
    }

    fn parse(text: Option<&str>) -> Result<Self, Problem> {
        let mut by = Self::default();
        for name in text.unwrap_or_default().split(',').filter(|name| !name.is_empty()) {
            match name {
                "scheme" => by.scheme = true,
                "category" => by.category = true,
                "party" => by.party = true,
                "source" => by.source = true,
                "nature" => by.nature = true,
                "period" => by.period = true,
                _ => {
                    let detail = "Group by any of scheme, category, party, source, nature, period.";
                    return Err(Problem::of_fault(&problems::QUERY_INVALID, "?group_by", detail));
                }
            }
        }
        Ok(by)
    }
}

/// What a row is of; null where it was not grouped by.
#[derive(Debug, Clone, Default, Serialize, utoipa::ToSchema)]
pub(crate) struct PositionColumns {
    #[schema(example = "ICES")]
    pub(super) scheme: Option<String>,
    pub(super) category: Option<String>,
    /// The body it is with.
    pub(super) party: Option<OrganisationId>,
    pub(super) source: Option<String>,
    pub(super) nature: Option<Nature>,
    pub(super) period: Option<Period>,
}

/// A row of a position.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct PositionRow {
    #[serde(flatten)]
    columns: PositionColumns,
    #[serde(flatten)]
    figures: Figures,
}

impl Row for PositionRow {
    const COLUMNS: &'static [&'static str] = &[
        "scheme",
        "category",
        "party",
        "source",
        "nature",
        "period",
        "budget_pence",
        "committed_pence",
        "actual_pence",
        "available_pence",
        "forecast_pence",
        "variance_pence",
        "variance_bp",
        "completeness",
    ];
}

/// The position of a fund in a year.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct PositionBody {
    data: Vec<PositionRow>,
    /// All rows together.
    total: Figures,
    as_of: DateTime<Utc>,
    status: Status,
    next_cursor: Option<String>,
}

/// Get a fund's position
///
/// Counts expenditure accounts only. Exact at every moment: it includes every journal posted before it was asked for. As of
/// a day or as known at a moment it is what stood then, and has no forecast.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/position", operation_id = "getPosition", tag = "positions",
    params(YearPath, PositionQuery),
    responses((status = 200, body = PositionBody)),
    security(("bearer" = ["positions:read"])),
)]
pub(crate) async fn get_position(
    scope: InBorough<can::ReadPositions>,
    At(path): At<YearPath>,
    Query(query): Query<PositionQuery>,
) -> Result<WithCsv<PositionBody, PositionRow>, Problem> {
    let (at, by) = query.read()?;
    let mut tx = scope.read().await?;
    let year = find_year(&mut tx, path.fund, path.year).await?.ok_or_else(|| Problem::not_found("year"))?;
    let sums = match at {
        Some(at) => store::sums_at(&mut tx, path.fund, path.year, at, &by).await?,
        None => store::sums(&mut tx, path.fund, path.year, query.period, &by).await?,
    };
    let firm = store::how_firm(&mut tx, path.fund, path.year, query.period).await?;

    let figures =
        |budget, committed, actual| Figures::of(budget, committed, actual, year.completeness).ok_or_else(too_large);
    let sum = |of: fn(&store::Sums) -> Pence| Pence::sum(sums.iter().map(of)).ok_or_else(too_large);
    let actual: Vec<Pence> = sums.iter().filter_map(|row| row.actual).collect();
    let actual = if actual.is_empty() { None } else { Some(Pence::sum(actual).ok_or_else(too_large)?) };
    let mut total = figures(sum(|row| row.budget)?, sum(|row| row.committed)?, actual)?;
    let rows = sums
        .into_iter()
        .map(|row| Ok(PositionRow { figures: figures(row.budget, row.committed, row.actual)?, columns: row.columns }));
    let status = match (firm.open, firm.not_closed) {
        (0, 0) => Status::Final,
        (0, _) => Status::Provisional,
        _ => Status::Open,
    };
    let mut data = rows.collect::<Result<Vec<_>, Problem>>()?;
    let forecast = match firm.forecast && at.is_none() {
        true => forecasts::latest(&mut tx, path.fund, path.year, query.period).await?,
        false => Vec::new(),
    };
    if !forecast.is_empty() {
        let whole = Pence::sum(forecast.iter().map(|(_, pence)| *pence)).ok_or_else(too_large)?;
        total.forecast_pence = Some(whole);
    }
    if by.is_scheme_alone() {
        for row in &mut data {
            let found = forecast.iter().find(|(code, _)| row.columns.scheme.as_ref() == Some(code));
            row.figures.forecast_pence = found.map(|(_, pence)| *pence);
        }
    } else if by.is_nothing() {
        data.iter_mut().for_each(|row| row.figures.forecast_pence = total.forecast_pence);
    }
    if data.is_empty() && query.group_by.is_none() {
        data.push(PositionRow { columns: PositionColumns::default(), figures: total.clone() });
    }
    let rows = data.clone();
    let body = PositionBody { data, total, as_of: scope.now(), status, next_cursor: None };
    Ok(WithCsv { body, rows })
}

pub(crate) fn too_large() -> Problem {
    Problem::internal("a sum left the range of pence")
}
