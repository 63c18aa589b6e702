//! The sheets of a return's workbook: which columns, and what stands in them.

use domain::Pence;
use rust_xlsxwriter::XlsxError;
use web::words::word;

use super::{
    figures::{ReturnBcf, ReturnContribution, ReturnFigures, ReturnScheme},
    statutory_return::{ReturnKind, ReturnState, ReturnSummary},
    workbook::{Block, Book, Cell, column, number, summed},
};
use crate::{
    code_lists::code_list::{self, CodeListKind},
    scheme_plans::Commissioner,
};

fn money(pence: Pence) -> Cell {
    Cell::Money(Some(pence))
}

/// What a return has come to, as a reader of the workbook is told.
fn standing(state: ReturnState) -> &'static str {
    match state {
        ReturnState::Draft => "DRAFT: figures of the moment, not approved",
        ReturnState::Submitted => "Submitted, not approved",
        ReturnState::Approved => "Approved, not published",
        ReturnState::Published => "Published",
        ReturnState::Restated => "RESTATED: a later return takes its place",
    }
}

pub(super) fn summary(book: &mut Book, of: &ReturnSummary, figures: &ReturnFigures) -> Result<(), XlsxError> {
    let totals = &figures.totals;
    let told = |name: &str, cell: Cell| vec![Cell::text(name), cell];
    let spent = if figures.to_period.number() > 12 { "Spent in the year" } else { "Spent to date" };
    let last = match (of.kind, figures.to_period.number()) {
        (ReturnKind::BetterCareFundPlan, _) => "none: it is a plan".to_owned(),
        (_, 13) => "12, and adjustments".to_owned(),
        (_, period) => period.to_string(),
    };
    let mut rows = vec![
        told("Return", Cell::text(format!("{}, number {}", of.kind.title(), of.number))),
        told("Status", Cell::text(standing(of.state))),
        told("Host", Cell::text(figures.host_name.as_str())),
        told("Last period reported", Cell::text(last)),
        told("Cash contributions of the year", money(totals.contributions_pence)),
        told("Of those, due to date", money(totals.due_pence)),
        told("Budget of the year", money(totals.budget_pence)),
        told(spent, money(totals.actual_pence)),
        told("Forecast of the year", Cell::Money(totals.forecast_pence)),
        told("Forecast less budget (above zero is adverse)", Cell::Money(totals.variance_pence)),
        told("The same, of the budget", Cell::Percent(totals.variance_bp)),
        told("Closing balance of the memorandum account", money(figures.memorandum_account.closing_pence)),
    ];
    rows.extend(of.narrative.iter().map(|narrative| told("Narrative", Cell::text(narrative.as_str()))));
    let warnings = figures.warnings.iter().map(|warning| told("Warning", Cell::text(warning.as_str()))).collect();
    let blocks = [Block { total: None, rows }, Block { total: None, rows: warnings }];
    book.sheet("Summary", &[column("What", 46), column("Figure (£) or fact", 56)], &blocks)
}

pub(super) fn contributions(book: &mut Book, figures: &ReturnFigures) -> Result<(), XlsxError> {
    let row = |one: &ReturnContribution| {
        let bcf = one.bcf_source.as_deref().map(|code| code_list::name_of(CodeListKind::Source, code, figures.year));
        vec![
            Cell::text(one.payer_name.as_str()),
            Cell::text(one.funding_source.replace('_', " ")),
            Cell::text(bcf.unwrap_or_default()),
            money(one.planned_pence),
            money(one.due_pence),
        ]
    };
    let rows = |which: fn(&ReturnContribution) -> bool| -> Vec<_> {
        figures.contributions.iter().filter(|one| which(one)).map(row).collect()
    };
    let mut blocks = vec![Block { total: Some("Cash, in the total"), rows: rows(|one| one.in_total && !one.in_kind) }];
    let apart = rows(|one| !one.in_total && !one.in_kind);
    if !apart.is_empty() {
        blocks.push(Block { total: Some("Aligned and in view, apart"), rows: apart });
    }
    let in_kind = rows(|one| one.in_kind);
    if !in_kind.is_empty() {
        blocks.push(Block { total: Some("In kind, no cash"), rows: in_kind });
    }
    let columns = [
        column("Partner", 38),
        column("Source", 16),
        column("Better Care Fund source", 34),
        summed("Planned for the year (£)", 25),
        summed("Due to date (£)", 25),
    ];
    book.sheet("Contributions", &columns, &blocks)
}

pub(super) fn schemes(book: &mut Book, figures: &ReturnFigures) -> Result<(), XlsxError> {
    let row = |one: &ReturnScheme| {
        vec![
            Cell::text(one.scheme.as_str()),
            Cell::text(one.name.as_str()),
            money(one.budget_pence),
            money(one.actual_pence),
            Cell::Money(one.forecast_pence),
            Cell::Money(one.variance_pence),
            Cell::Percent(one.variance_bp),
        ]
    };
    let rows =
        |counted: bool| -> Vec<_> { figures.schemes.iter().filter(|one| one.in_total == counted).map(row).collect() };
    let mut blocks = vec![Block { total: Some("In the total"), rows: rows(true) }];
    let apart = rows(false);
    if !apart.is_empty() {
        blocks.push(Block { total: Some("Apart"), rows: apart });
    }
    let columns = [
        column("Scheme", 14),
        column("Name", 40),
        summed("Budget of the year (£)", 25),
        summed("Spent to date (£)", 25),
        summed("Forecast of the year (£)", 25),
        summed("Forecast less budget (£)", 25),
        number("Variance", 13),
    ];
    book.sheet("Schemes", &columns, &blocks)?;
    outcomes(book, figures)
}

fn outcomes(book: &mut Book, figures: &ReturnFigures) -> Result<(), XlsxError> {
    let mut rows = Vec::new();
    for scheme in &figures.schemes {
        for outcome in scheme.plan.iter().flat_map(|plan| &plan.outcomes) {
            let actual = outcome.actual.map_or(Cell::Money(None), Cell::Count);
            rows.push(vec![
                Cell::text(scheme.scheme.as_str()),
                Cell::text(outcome.measure.as_str()),
                Cell::text(outcome.unit.as_str()),
                Cell::Count(outcome.plan),
                actual,
            ]);
        }
    }
    let savings = figures.savings.iter().map(|saving| {
        vec![
            Cell::text("Saving"),
            Cell::text(saving.title.as_str()),
            Cell::text("£, target and achieved"),
            money(saving.target_pence),
            Cell::Money(saving.achieved_pence),
        ]
    });
    let savings: Vec<_> = savings.collect();
    if rows.is_empty() && savings.is_empty() {
        return Ok(());
    }
    let columns =
        [column("Scheme", 14), column("Measure", 60), column("Unit", 24), number("Plan", 18), number("Actual", 18)];
    let blocks = [Block { total: None, rows }, Block { total: None, rows: savings }];
    book.sheet("Outcomes and savings", &columns, &blocks)
}

pub(super) fn memorandum(book: &mut Book, figures: &ReturnFigures) -> Result<(), XlsxError> {
    let rows = figures.memorandum_account.lines().into_iter().map(|line| {
        vec![Cell::text(line.line), Cell::text(line.partner.unwrap_or_default()), money(line.amount_pence)]
    });
    let blocks = [Block { total: None, rows: rows.collect() }];
    let columns = [column("Line", 46), column("Partner", 40), number("Amount (£)", 22)];
    book.sheet("Memorandum account", &columns, &blocks)
}

fn percent(share: Option<i32>) -> Cell {
    Cell::Percent(share.map(i64::from))
}

pub(super) fn better_care_fund(book: &mut Book, figures: &ReturnFigures, bcf: &ReturnBcf) -> Result<(), XlsxError> {
    let name = |kind, code: &str| Cell::text(code_list::name_of(kind, code, figures.year));
    let sources = bcf.sources.iter().map(|total| {
        vec![
            Cell::text(total.name.as_str()),
            money(total.contributions_pence),
            money(total.schemes_pence),
            money(total.difference_pence),
        ]
    });
    let columns =
        [column("Source", 44), summed("Contributions (£)", 25), summed("Schemes (£)", 25), summed("Apart (£)", 25)];
    book.sheet("BCF sources", &columns, &[Block { total: Some("All sources"), rows: sources.collect() }])?;

    let expenditure = figures.schemes.iter().filter_map(|scheme| {
        let plan = scheme.plan.as_ref()?;
        let source = plan.bcf_source.as_deref()?;
        let commissioner = match plan.commissioner {
            Commissioner::La => "LA",
            Commissioner::Nhs => "NHS",
            Commissioner::Joint => "Joint",
        };
        Some(vec![
            Cell::text(scheme.scheme.as_str()),
            Cell::text(scheme.name.as_str()),
            Cell::text(plan.description.as_str()),
            name(CodeListKind::Activity, plan.activity.as_deref().unwrap_or_default()),
            name(CodeListKind::AreaOfSpend, &plan.area_of_spend),
            Cell::text(commissioner),
            percent(plan.nhs_share_bp),
            percent(plan.la_share_bp),
            name(CodeListKind::ProviderType, &plan.provider_type),
            name(CodeListKind::Source, source),
            money(scheme.budget_pence),
            money(scheme.actual_pence),
        ])
    });
    let columns = [
        column("Scheme", 12),
        column("Name", 20),
        column("Description", 28),
        column("Activity", 24),
        column("Area of spend", 16),
        column("Commissioner", 14),
        number("NHS", 9),
        number("LA", 9),
        column("Provider", 16),
        column("Source", 20),
        summed("Budget (£)", 16),
        summed("Spent to date (£)", 16),
    ];
    book.sheet("BCF expenditure", &columns, &[Block { total: Some("All schemes"), rows: expenditure.collect() }])?;

    let told = |what: &str, of: Cell, how: Cell, note: &str| vec![Cell::text(what), of, how, Cell::text(note)];
    let mut rows = Vec::new();
    if let Some(plan) = &bcf.plan {
        rows.push(told("Minimum", Cell::text("NHS contribution"), money(plan.nhs_minimum_pence), &plan.source));
        rows.push(told("Minimum", Cell::text("Adult social care"), money(plan.asc_minimum_pence), &plan.source));
        rows.push(told("Planned", Cell::text("Adult social care"), money(plan.asc_planned_pence), ""));
        for condition in &plan.conditions {
            let met = Cell::text(if condition.met { "met" } else { "not met" });
            let note = condition.note.as_deref().unwrap_or_default();
            rows.push(told("Condition", Cell::text(condition.number.to_string()), met, note));
        }
        for metric in &plan.metrics {
            let status = word(metric.status).replace('_', " ");
            let actual = metric.actual_hundredths.map_or_else(|| "not known".to_owned(), decimal);
            let note = format!("plan {}, actual {actual}", decimal(metric.plan_hundredths));
            rows.push(told("Metric", name(CodeListKind::Metric, &metric.metric), Cell::text(status), &note));
        }
    }
    for signed in &bcf.sign_offs {
        let on = Cell::text(signed.signed_on.to_string());
        rows.push(told("Signed off", Cell::text(signed.role.office()), on, &signed.reference));
    }
    for check in &bcf.checks {
        let holds = match check.holds {
            Some(true) => "holds",
            Some(false) => "does not hold",
            None => "not known",
        };
        let says = Cell::text(format!("{} {}", check.rule, check.says));
        rows.push(told("Rule", says, Cell::text(holds), &check.missing.join(" ")));
    }
    let columns = [column("What", 14), column("Of", 62), column("How it stands", 20), column("Note", 62)];
    book.sheet("BCF conditions", &columns, &[Block { total: None, rows }])
}

/// Hundredths with a point: a rate as people write it.
fn decimal(hundredths: i64) -> String {
    let (sign, size) = (if hundredths < 0 { "-" } else { "" }, hundredths.unsigned_abs());
    format!("{sign}{}.{:02}", size / 100, size % 100)
}

pub(super) fn notes(
    book: &mut Book,
    of: &ReturnSummary,
    figures: &ReturnFigures,
    sha256: Option<&str>,
) -> Result<(), XlsxError> {
    let told = |what: &str, text: String| vec![Cell::text(what), Cell::Text(text)];
    let mut rows = vec![
        told("Status", standing(of.state).to_owned()),
        told("Figures as of", figures.as_of.format("%-d %B %Y, %H:%M UTC").to_string()),
        told("Source", format!("{}; the fund's ledger, contributions and plans as recorded", figures.source)),
    ];
    if figures.illustrative {
        rows.insert(0, told("ILLUSTRATIVE", "These figures are made up, to show how things work.".to_owned()));
    }
    rows.extend(sha256.map(|sha256| told("SHA-256 of the frozen figures", sha256.to_owned())));
    rows.extend(of.restatement_reason.iter().map(|reason| told("Restates the one before, because", reason.clone())));
    rows.push(told("Money", "Pounds. A variance above zero is adverse: more spent than budgeted.".to_owned()));
    rows.push(told(
        "Memorandum account",
        "Contributions and other income are of the whole year; expenditure is to the last period reported.".to_owned(),
    ));
    rows.push(told(
        "Totals",
        "Formulas over what counts. Money in view, and aligned money without a section 75 basis, stands apart."
            .to_owned(),
    ));
    if figures.better_care_fund.is_some() {
        rows.push(told("Code lists", format!("Of {}, {}.", figures.year, code_list::status(figures.year))));
    }
    rows.extend(figures.action_plans.iter().map(|plan| {
        let scheme = plan.scheme.as_deref().unwrap_or("the fund");
        told(
            "Action plan",
            format!("{scheme}: {} By {}, {}, to recover {}.", plan.cause, plan.owner, plan.due_on, plan.recovers_pence),
        )
    }));
    rows.extend(figures.warnings.iter().map(|warning| told("Warning", warning.clone())));
    book.sheet("Notes", &[column("What", 34), column("Note", 100)], &[Block { total: None, rows }])
}
