//! What a line of a file means in its fund, or what is wrong with it. No SQL, no HTTP, no clock.

use chrono::{Datelike, NaiveDate};
use domain::{AccountId, FinancialYear, OrganisationId, Pence, Period, SchemeId};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Chart, Codes};
use crate::{
    accounts::AccountKind,
    imports::{
        file::{Layout, Record, written},
        import::LedgerRowState,
    },
    journals::MOVES_MAX,
    ledger_sources::{LedgerMapping, LedgerOthers, LedgerSign},
    payments::{PUBLISHED_ABOVE, REDACTED},
    rules::{self, Rule},
};

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LineFault {
    /// The heading of the column.
    pub(crate) column: String,
    pub(crate) fault: String,
    pub(crate) remedy: String,
    pub(crate) rule: Option<u8>,
}

/// A line as it is kept.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) file_line: u64,
    pub(crate) state: LedgerRowState,
    pub(crate) fault: Option<LineFault>,
    pub(crate) effective_on: Option<NaiveDate>,
    pub(crate) amount: Option<Pence>,
    pub(crate) code: Option<String>,
    pub(crate) document_number: Option<String>,
    pub(crate) supplier: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) department: Option<String>,
    pub(crate) merchant_category: Option<String>,
    pub(crate) account: Option<AccountId>,
    pub(crate) scheme: Option<SchemeId>,
    pub(crate) party: Option<OrganisationId>,
    pub(crate) key: Option<Uuid>,
}

impl Line {
    /// Makes a fault of it.
    pub(crate) fn refuse(&mut self, fault: LineFault) {
        self.state = LedgerRowState::Faulty;
        self.fault = Some(fault);
    }
}

/// Everything a line is read by.
pub(crate) struct Meaning {
    mapping: LedgerMapping,
    layout: Layout,
    chart: Chart,
    codes: Codes,
    individuals: Codes,
    values: Vec<String>,
    aliases: std::collections::HashMap<String, String>,
    year: FinancialYear,
    period: Period,
}

const TITLES: [&str; 6] = ["mr", "mrs", "miss", "ms", "mx", "master"];

fn fault(column: &str, fault: impl Into<String>, remedy: impl Into<String>, rule: Option<Rule>) -> LineFault {
    let rule = rule.map(|rule| rule.number);
    LineFault { column: column.to_owned(), fault: fault.into(), remedy: remedy.into(), rule }
}

/// A cell as a fault may show it: only what has a digit, lest a name that is in the wrong column is kept.
fn shown(cell: &str) -> String {
    let short: String = cell.chars().take(40).collect();
    if cell.is_empty() {
        "Nothing".into()
    } else if short.chars().any(|c| c.is_ascii_digit()) {
        format!("`{short}`")
    } else {
        "What stands there".into()
    }
}

impl Meaning {
    pub(crate) fn new(
        mapping: LedgerMapping,
        layout: Layout,
        chart: Chart,
        year: FinancialYear,
        period: Period,
    ) -> Self {
        let individuals = &mapping.individuals;
        let mut values: Vec<String> = individuals.values.iter().map(|value| value.trim().to_lowercase()).collect();
        if values.is_empty() {
            values = ["yes", "y", "true", "1"].map(str::to_owned).to_vec();
        }
        Self {
            codes: Codes::of_mapping(&mapping),
            individuals: Codes::of(individuals.codes.iter().map(String::as_str)),
            values,
            aliases: mapping
                .aliases
                .iter()
                .map(|alias| (one_way(&alias.written), alias.name.trim().to_owned()))
                .collect(),
            mapping,
            layout,
            chart,
            year,
            period,
        }
    }

    /// What a row says.
    pub(crate) fn of(&self, record: &Record) -> Line {
        let text = |at: Option<usize>| at.map(|at| record.cell(at)).filter(|cell| !cell.is_empty());
        let code = text(Some(self.layout.code));
        let written = text(self.layout.supplier);
        let individual = self.is_individual(code, written, text(self.layout.individual));
        let kept = |cell: Option<&str>, most: usize| cell.map(|cell| cell.chars().take(most).collect::<String>());
        let mut line = Line {
            file_line: record.line,
            state: LedgerRowState::Ready,
            fault: None,
            effective_on: None,
            amount: None,
            code: kept(code, 100),
            document_number: kept(text(self.layout.document_number), 100),
            supplier: if individual {
                Some(REDACTED.to_owned())
            } else {
                kept(written.map(|name| self.known_as(name)), 200)
            },
            description: kept(text(self.layout.description).filter(|_| !individual), 500),
            department: kept(text(self.layout.department), 200),
            merchant_category: kept(text(self.layout.merchant_category), 200),
            account: None,
            scheme: None,
            party: None,
            key: None,
        };
        match self.read(record, &mut line, individual) {
            Ok(state) => line.state = state,
            Err(fault) => line.refuse(fault),
        }
        if let (LedgerRowState::Ready, Some(day), Some(amount)) = (line.state, line.effective_on, line.amount) {
            let scheme = text(self.layout.scheme).unwrap_or_default();
            line.key =
                Some(key(day, amount, [&line.code, &line.document_number], [scheme, written.unwrap_or_default()]));
        }
        line
    }

    fn read(&self, record: &Record, line: &mut Line, individual: bool) -> Result<LedgerRowState, LineFault> {
        let columns = &self.mapping.columns;
        let cell = record.cell(self.layout.date);
        let day = written::day(cell, self.mapping.dates).ok_or_else(|| {
            let remedy = "Write the day as the ledger source says, such as 05/04/2019, or as 2019-04-05.";
            fault(&columns.date, format!("{} is no day.", shown(cell)), remedy, Some(rules::MONTHS_FILE))
        })?;
        line.effective_on = Some(day);
        self.in_month(day)?;
        let amount = self.amount(record)?;
        line.amount = Some(amount);
        for (name, at, most) in self.texts() {
            let length = at.map_or(0, |at| record.cell(at).chars().count());
            if length > most {
                let says = format!("It has {length} characters.");
                return Err(fault(name, says, format!("Write it in {most} characters."), Some(rules::MONTHS_FILE)));
            }
        }
        if amount == Pence::ZERO {
            return Ok(LedgerRowState::LeftOut);
        }
        let Some(code) = line.code.as_deref() else {
            return Err(fault(&columns.code, "It has no code.", "Give the line its code in the ledger.", None));
        };
        let meant = self.codes.find(code).map(|at| &self.mapping.codes[at]);
        let Some(meant) = meant else {
            if self.mapping.other_codes == LedgerOthers::LeaveOut {
                return Ok(LedgerRowState::LeftOut);
            }
            let says = format!("The ledger source does not say what {} means.", shown(code));
            return Err(fault(
                &columns.code,
                says,
                "Add the code to the ledger source, or let it leave other codes out.",
                None,
            ));
        };
        let own = self.layout.scheme.map(|at| record.cell(at)).filter(|cell| !cell.is_empty());
        self.place(line, day, &meant.account, own.or(meant.scheme.as_deref()))?;
        self.published(record, amount, individual)?;
        Ok(LedgerRowState::Ready)
    }

    /// Rule 59: a day outside the file's month is refused.
    fn in_month(&self, day: NaiveDate) -> Result<(), LineFault> {
        let own = self.year.contains(day) && (self.period == Period::ADJUSTMENTS || Period::of(day) == self.period);
        if own {
            return Ok(());
        }
        let says = format!("{day} is not in period {} of {}.", self.period, self.year);
        let remedy = format!("Send it in the file of {:02}/{}, or post it as a journal.", day.month(), day.year());
        Err(fault(&self.mapping.columns.date, says, remedy, Some(rules::MONTHS_FILE)))
    }

    /// The amount with spending above zero.
    fn amount(&self, record: &Record) -> Result<Pence, LineFault> {
        let columns = &self.mapping.columns;
        let read = |at: usize, column: &str| {
            let cell = record.cell(at);
            written::amount(cell).ok_or_else(|| {
                let remedy = "Write it in pounds with at most two decimals, such as 1,234.56 or (1,234.56).";
                fault(column, format!("{} is no amount.", shown(cell)), remedy, Some(rules::MONTHS_FILE))
            })
        };
        let (column, amount) = match (self.layout.amount, &columns.amount) {
            (Some(at), Some(column)) => (column.as_str(), Some(read(at, column)?)),
            _ => {
                let side = |at: Option<usize>, column: &Option<String>| {
                    let there = at.filter(|at| !record.cell(*at).is_empty());
                    there.map(|at| read(at, column.as_deref().unwrap_or_default())).transpose()
                };
                let debit = side(self.layout.debit, &columns.debit)?;
                let credit = side(self.layout.credit, &columns.credit)?;
                let column = columns.debit.as_deref().unwrap_or_default();
                if debit.is_none() && credit.is_none() {
                    let remedy = "Give the line a debit or a credit.";
                    return Err(fault(column, "Nothing is no amount.", remedy, Some(rules::MONTHS_FILE)));
                }
                (column, debit.unwrap_or_default().checked_sub(credit.unwrap_or_default()))
            }
        };
        let amount = match self.mapping.spend_is {
            LedgerSign::Positive => amount,
            LedgerSign::Negative => amount.and_then(Pence::checked_neg),
        };
        let within = amount.filter(|amount| amount.0.unsigned_abs() <= MOVES_MAX.0.unsigned_abs());
        within.ok_or_else(|| {
            fault(
                column,
                "The amount is too large.",
                format!("A line moves at most {MOVES_MAX}."),
                Some(rules::MONTHS_FILE),
            )
        })
    }

    fn texts(&self) -> [(&str, Option<usize>, usize); 6] {
        let columns = &self.mapping.columns;
        [
            (columns.code.as_str(), Some(self.layout.code), 100),
            (columns.document_number.as_deref().unwrap_or_default(), self.layout.document_number, 100),
            (columns.supplier.as_deref().unwrap_or_default(), self.layout.supplier, 200),
            (columns.description.as_deref().unwrap_or_default(), self.layout.description, 500),
            (columns.department.as_deref().unwrap_or_default(), self.layout.department, 200),
            (columns.merchant_category.as_deref().unwrap_or_default(), self.layout.merchant_category, 200),
        ]
    }

    /// The account, scheme and body it is posted to, which take it on its day.
    fn place(&self, line: &mut Line, day: NaiveDate, account: &str, scheme: Option<&str>) -> Result<(), LineFault> {
        let columns = &self.mapping.columns;
        let chart = &self.chart;
        let Some(found) = chart.accounts.get(account) else {
            let says = format!("The fund has no account {account}.");
            return Err(fault(&columns.code, says, "Change the ledger source, or set the account up.", None));
        };
        line.account = Some(found.id);
        if found.closed {
            let says = format!("The account {account} takes no postings in {}.", self.year);
            return Err(fault(&columns.code, says, "Let the ledger source name another account.", None));
        }
        let at = columns.scheme.as_deref().unwrap_or(&columns.code);
        if let Some(code) = scheme {
            let Some((id, runs_to)) = chart.schemes.get(code) else {
                let says = format!("The fund has no scheme {}.", shown(code));
                return Err(fault(at, says, "Name a scheme of the fund by its code.", None));
            };
            line.scheme = Some(*id);
            if let Some(last) = runs_to.filter(|last| day > *last) {
                let says = format!("The scheme {code} ended on {last}.");
                return Err(fault(at, says, "Name the scheme that follows it, or post it as a journal.", None));
            }
        }
        let wants_scheme = found.kind == AccountKind::Expenditure || found.requires.iter().any(|what| what != "party");
        if wants_scheme && line.scheme.is_none() {
            let says = format!("The account {account} is posted to by scheme.");
            return Err(fault(at, says, "Name the scheme in the ledger source, or in a column of its own.", None));
        }
        let supplier = columns.supplier.as_deref().unwrap_or(&columns.code);
        let named = line.supplier.as_deref().and_then(|name| chart.bodies.get(&name.to_lowercase()));
        if let Some(bodies) = named {
            let then = bodies.iter().find(|one| one.valid_from <= day && one.valid_to.is_none_or(|last| day <= last));
            let Some(then) = then else {
                let name = bodies.first().map_or("The body", |one| one.name.as_str());
                let says = format!("{name} did not exist on {day}.");
                let remedy = "Name the body that followed it, with an alias in the ledger source where the ledger keeps the old name.";
                return Err(fault(supplier, says, remedy, Some(rules::BODY_EXISTS)));
            };
            line.party = Some(then.id);
        }
        if line.party.is_none() && found.requires.iter().any(|what| what == "party") {
            let says = format!(
                "The account {account} is posted to by body, and the supplier is none the borough has recorded."
            );
            return Err(fault(supplier, says, "Record the organisation, or give its name as an alias.", None));
        }
        Ok(())
    }

    /// Rule 58: what is above £500 says all that is published of it, as far as the ledger has columns for it.
    fn published(&self, record: &Record, amount: Pence, individual: bool) -> Result<(), LineFault> {
        if amount <= PUBLISHED_ABOVE {
            return Ok(());
        }
        let columns = &self.mapping.columns;
        let asked = [
            (&columns.department, self.layout.department, true),
            (&columns.supplier, self.layout.supplier, !individual),
            (&columns.description, self.layout.description, true),
            (&columns.merchant_category, self.layout.merchant_category, true),
        ];
        for (column, at, needed) in asked {
            let (Some(column), Some(at)) = (column, at) else { continue };
            if needed && record.cell(at).is_empty() {
                let remedy = "Fill it in: a payment above £500 says it.";
                return Err(fault(column, "Nothing stands there.", remedy, Some(rules::SPEND_FIELDS)));
            }
        }
        Ok(())
    }

    fn is_individual(&self, code: Option<&str>, supplier: Option<&str>, says: Option<&str>) -> bool {
        let by_code = code.is_some_and(|code| self.individuals.find(code).is_some());
        let by_value = says.is_some_and(|says| self.values.contains(&says.to_lowercase()));
        let first = supplier.and_then(|name| name.split([' ', '.']).next()).map(str::to_lowercase);
        let titled = self.mapping.individuals.titles && first.is_some_and(|first| TITLES.contains(&first.as_str()));
        by_code || by_value || titled
    }

    fn known_as<'a>(&'a self, written: &'a str) -> &'a str {
        self.aliases.get(&one_way(written)).map_or(written, String::as_str)
    }
}

/// A name without what differs from export to export.
fn one_way(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// What tells one line from another: day, amount, codes, document and supplier, as the ledger writes them. What a source
/// makes of them may change between two files without a line being taken for another. No name can be read from it.
fn key(day: NaiveDate, amount: Pence, known: [&Option<String>; 2], written: [&str; 2]) -> Uuid {
    let mut hash = Sha256::new();
    hash.update(day.num_days_from_ce().to_be_bytes());
    hash.update(amount.0.to_be_bytes());
    for text in known.map(|text| text.as_deref().unwrap_or_default()).into_iter().chain(written) {
        hash.update(one_way(text));
        hash.update([0]);
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    Uuid::from_bytes(bytes)
}

#[cfg(test)]
#[path = "line_tests.rs"]
mod tests;
