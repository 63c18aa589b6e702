//! Which reports a fund-year owes, and where each stands (rules 15 and 16).

use auth::can;
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use domain::{FinancialYear, ReturnId, day_in_england};
use serde::Serialize;
use tenancy::InBorough;
use web::{At, NoFilters, PageRequest, Problem, Row, WithCsv};

use super::{
    statutory_return::{ReturnKind, ReturnState, ReturnSummary},
    store::{self, Narrowed},
};
use crate::{
    funds::{FundKind, LegalBasis, find_fund},
    rules::{self, Rule},
    years::{find_year, http::YearPath},
};

/// Where a report stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReportStanding {
    /// Nobody has begun it.
    NotStarted,
    Draft,
    Submitted,
    Approved,
    Published,
}

/// A report a fund-year owes.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct ReportDue {
    kind: ReturnKind,
    /// Null of the annual return.
    quarter: Option<i16>,
    /// A month after the quarter, two months after the year. That is practice: the regulations name no day.
    due_on: NaiveDate,
    standing: ReportStanding,
    /// The latest, where one was begun.
    #[serde(rename = "return")]
    id: Option<ReturnId>,
    /// How often it was restated.
    restatements: i16,
    /// Whether the day has gone by and it is not approved.
    overdue: bool,
}

impl Row for ReportDue {
    const COLUMNS: &'static [&'static str] =
        &["kind", "quarter", "due_on", "standing", "return", "restatements", "overdue"];
}

/// The rule a fund's reports are owed by; none where no arrangement under section 75 asks for them.
fn owed_by(basis: LegalBasis, kind: FundKind) -> Option<Rule> {
    match basis {
        _ if kind == FundKind::InView => None,
        LegalBasis::S75Reg7 => Some(rules::REPORTS),
        LegalBasis::S75Reg8 | LegalBasis::S75Reg9 => Some(rules::LEAD_REPORTS),
        LegalBasis::S65z5 | LegalBasis::None => None,
    }
}

/// The last day of the month that is so many months after March of the year's start: 3 is June.
fn end_of_month(year: FinancialYear, months: u32) -> NaiveDate {
    let month0 = 2 + months + 1;
    let (years, month0) = (month0 / 12, month0 % 12);
    let of = year.first_day().year() + i32::try_from(years).unwrap_or_default();
    NaiveDate::from_ymd_opt(of, month0 + 1, 1).and_then(|day| day.pred_opt()).unwrap_or_else(|| year.last_day())
}

/// Every report of a fund-year: four quarterly and one annual, each as the latest of its kind stands.
fn owed(year: FinancialYear, there: &[ReturnSummary], today: NaiveDate) -> Vec<ReportDue> {
    let quarters =
        (1i16..=4).map(|quarter| (ReturnKind::Quarterly, Some(quarter), u32::from(quarter.unsigned_abs()) * 3 + 1));
    let reports = quarters.chain([(ReturnKind::Annual, None, 14)]);
    reports
        .map(|(kind, quarter, months)| {
            let latest =
                there.iter().filter(|one| one.kind == kind && one.quarter == quarter).max_by_key(|one| one.number);
            // A restatement that is prepared takes nothing away from what is published.
            let in_force = there
                .iter()
                .any(|one| one.kind == kind && one.quarter == quarter && matches!(one.state, ReturnState::Published));
            let standing = match latest.map(|one| one.state) {
                _ if in_force => ReportStanding::Published,
                None => ReportStanding::NotStarted,
                Some(ReturnState::Draft) => ReportStanding::Draft,
                Some(ReturnState::Submitted) => ReportStanding::Submitted,
                Some(ReturnState::Approved) => ReportStanding::Approved,
                Some(ReturnState::Published | ReturnState::Restated) => ReportStanding::Published,
            };
            let due_on = end_of_month(year, months);
            let made = matches!(standing, ReportStanding::Approved | ReportStanding::Published);
            ReportDue {
                kind,
                quarter,
                due_on,
                standing,
                id: latest.map(|one| one.id),
                restatements: latest.map_or(0, |one| one.number - 1),
                overdue: today > due_on && !made,
            }
        })
        .collect()
}

/// The reports a fund-year owes.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ReportingBody {
    data: Vec<ReportDue>,
    /// The rule they are owed by; null where none asks for them.
    owed_by: Option<Rule>,
    /// How many are overdue.
    overdue: usize,
    as_of: DateTime<Utc>,
    next_cursor: Option<String>,
}

/// Get which reports a fund-year owes
///
/// Four quarterly reports and an annual return of a pooled fund (rule 15), and of a lead arrangement (rule 16). A fund
/// without a section 75 basis owes none, and its list is empty.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/reporting", operation_id = "getReporting",
    tag = "returns",
    params(YearPath),
    responses((status = 200, body = ReportingBody)),
    security(("bearer" = ["returns:read"])),
)]
pub(crate) async fn get_reporting(
    scope: InBorough<can::ReadReturns>,
    At(path): At<YearPath>,
    _page: PageRequest<NoFilters>,
) -> Result<WithCsv<ReportingBody, ReportDue>, Problem> {
    let mut tx = scope.read().await?;
    let fund = find_fund(&mut tx, path.fund).await?.ok_or_else(|| Problem::not_found("fund"))?;
    find_year(&mut tx, path.fund, path.year).await?.ok_or_else(|| Problem::not_found("year"))?;
    let owed_by = owed_by(fund.legal_basis, fund.kind);
    let narrowed = Narrowed { fund: Some(fund.id), year: Some(path.year), ..Narrowed::default() };
    let there = store::list(&mut tx, narrowed, None, i64::MAX).await?;
    let data = match owed_by {
        Some(_) => owed(path.year, &there, day_in_england(scope.now())),
        None => Vec::new(),
    };
    let rows = data.clone();
    let overdue = data.iter().filter(|report| report.overdue).count();
    let body = ReportingBody { data, owed_by, overdue, as_of: scope.now(), next_cursor: None };
    Ok(WithCsv { body, rows })
}

#[cfg(test)]
mod tests {
    use domain::FundId;

    use super::*;

    fn year() -> FinancialYear {
        FinancialYear::starting_in(2026).expect("a year")
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn made(quarter: Option<i16>, number: i16, state: ReturnState) -> ReturnSummary {
        ReturnSummary {
            id: ReturnId::at(DateTime::UNIX_EPOCH),
            fund: FundId::at(DateTime::UNIX_EPOCH),
            fund_name: "A fund".into(),
            year: year(),
            kind: if quarter.is_some() { ReturnKind::Quarterly } else { ReturnKind::Annual },
            quarter,
            number,
            state,
            restates: None,
            restatement_reason: None,
            restated_by: None,
            narrative: None,
            created_at: DateTime::UNIX_EPOCH,
            published_at: None,
            version: 1,
        }
    }

    #[test]
    fn rule_15_a_fund_year_has_four_quarterly_reports_and_an_annual_return() {
        let all = owed(year(), &[], day("2026-08-01"));
        let due: Vec<String> = all.iter().map(|report| report.due_on.to_string()).collect();
        assert_eq!(due, ["2026-07-31", "2026-10-31", "2027-01-31", "2027-04-30", "2027-05-31"]);
        let overdue = |all: &[ReportDue]| all.iter().map(|report| report.overdue).collect::<Vec<_>>();
        assert_eq!(overdue(&all), [true, false, false, false, false]);
        let there = [made(Some(1), 1, ReturnState::Approved), made(Some(2), 1, ReturnState::Submitted)];
        assert_eq!(overdue(&owed(year(), &there, day("2026-11-01"))), [false, true, false, false, false]);
        let restating = [made(Some(1), 1, ReturnState::Published), made(Some(1), 2, ReturnState::Draft)];
        let first = &owed(year(), &restating, day("2026-11-01"))[0];
        assert_eq!((first.standing, first.restatements, first.overdue), (ReportStanding::Published, 1, false));
    }

    #[test]
    fn rule_16_a_lead_arrangement_reports_as_a_pool_does() {
        let number = |basis, kind| owed_by(basis, kind).map(|rule| rule.number);
        assert_eq!(number(LegalBasis::S75Reg7, FundKind::Pooled), Some(15));
        assert_eq!(number(LegalBasis::S75Reg8, FundKind::Aligned), Some(16));
        assert_eq!(number(LegalBasis::S75Reg9, FundKind::Pooled), Some(16));
        assert_eq!(number(LegalBasis::None, FundKind::Aligned), None);
        assert_eq!(number(LegalBasis::S65z5, FundKind::Pooled), None, "another power");
        assert_eq!(number(LegalBasis::None, FundKind::InView), None);
    }
}
