//! What a sample of a ledger's file says of how it is read, and how sure that is. No SQL, no HTTP, no clock.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use web::Problem;

use super::source::{LedgerColumns, LedgerDates, LedgerSign};
use crate::{
    imports::{CsvRows, NoRow, Record, plain, written},
    rules,
};

const SAMPLE_BYTES_MAX: usize = 64 * 1024;
const CODES_SHOWN: usize = 200;

/// The first lines of a ledger's file.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"sample": "Payment Date,Document No,Net Amount,Supplier,Cost Centre\n05/10/2026,2205337625,\"£1,250.00\",A provider,AS5201\n28/10/2026,2205337626,(50.00),A provider,AS5201\n"}))]
pub(crate) struct LedgerSampleDraft {
    /// Headings and lines of a CSV file, up to 64 KB; a last line that is cut is passed over.
    #[schema(min_length = 1, max_length = 65_536)]
    pub(super) sample: String,
}

/// How sure a guess is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LedgerSureness {
    /// Nothing in the sample speaks for anything else.
    Certain,
    /// It is usual, and the sample does not contradict it.
    Likely,
    /// Something else would do as well: look at it.
    Doubtful,
}

/// A column that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct LedgerGuess {
    /// The field of `columns`, or `dates` or `spend_is`.
    #[schema(example = "date")]
    pub(super) field: String,
    /// The heading, or the value proposed.
    #[schema(example = "Payment Date")]
    pub(super) value: String,
    pub(super) sure: LedgerSureness,
    /// Why.
    #[schema(example = "Every line has a day there.")]
    pub(super) because: String,
}

/// What a sample says.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct LedgerGuessBody {
    /// To be sent as `mapping.columns`, once what could not be told is filled in.
    pub(super) columns: LedgerColumns,
    pub(super) dates: LedgerDates,
    pub(super) spend_is: LedgerSign,
    /// The codes that stand in the sample, for which accounts and schemes are to be named.
    pub(super) codes: Vec<String>,
    pub(super) guesses: Vec<LedgerGuess>,
    /// What a person has to say.
    pub(super) could_not_tell: Vec<String>,
}

/// The headings each column goes by, the more usual first.
const USUAL: &[(&str, &[&str])] = &[
    (
        "date",
        &[
            "paymentdate",
            "postingdate",
            "effectivedate",
            "transactiondate",
            "datepaid",
            "paiddate",
            "date",
            "gldate",
            "invoicedate",
        ],
    ),
    (
        "amount",
        &["netamount", "amountgbp", "amount", "net", "netvalue", "value", "amountexcvat", "lineamount", "total"],
    ),
    ("debit", &["debit", "dr", "debitamount"]),
    ("credit", &["credit", "cr", "creditamount"]),
    (
        "code",
        &[
            "costcentre",
            "costcenter",
            "ledgercode",
            "glcode",
            "accountcode",
            "code",
            "account",
            "subjective",
            "nominal",
            "nominalcode",
        ],
    ),
    ("scheme", &["scheme", "schemecode", "bcfscheme"]),
    (
        "document_number",
        &[
            "documentno",
            "documentnumber",
            "docno",
            "transactionno",
            "transactionnumber",
            "reference",
            "invoiceno",
            "vouchernumber",
        ],
    ),
    ("supplier", &["supplier", "suppliername", "payee", "vendor", "vendorname", "beneficiary", "creditor"]),
    (
        "description",
        &["description", "gldescription", "purpose", "purposeofspend", "narrative", "linedescription", "expensetype"],
    ),
    ("department", &["department", "directorate", "service", "servicearea", "division"]),
    ("merchant_category", &["merchantcategory", "category", "expenditurecategory", "procategory"]),
    ("individual", &["individual", "personal", "isindividual", "redacted"]),
];

/// What a sample says.
pub(super) fn guess(draft: &LedgerSampleDraft) -> Result<LedgerGuessBody, Problem> {
    if draft.sample.len() > SAMPLE_BYTES_MAX {
        return Err(Problem::invalid("/sample", format_args!("A sample has at most {SAMPLE_BYTES_MAX} bytes.")));
    }
    let (headings, rows) = read(&draft.sample)?;
    let mut body = LedgerGuessBody {
        columns: LedgerColumns::default(),
        dates: LedgerDates::DayFirst,
        spend_is: LedgerSign::Positive,
        codes: Vec::new(),
        guesses: Vec::new(),
        could_not_tell: Vec::new(),
    };
    let cells = |at: usize| rows.iter().map(move |row| row[at].as_str()).filter(|cell| !cell.is_empty());
    for (field, usual) in USUAL {
        let mut found: Vec<usize> = usual
            .iter()
            .flat_map(|name| headings.iter().enumerate().filter(move |(_, heading)| plain(heading) == **name))
            .map(|(at, _)| at)
            .collect();
        // What stands below a heading decides whether it can be that column.
        let fits = |at: usize| match *field {
            "date" => cells(at).all(either_day),
            "amount" | "debit" | "credit" => cells(at).all(|cell| written::amount(cell).is_some()),
            _ => true,
        };
        found.retain(|at| fits(*at));
        let Some(first) = found.first() else { continue };
        let sure = match (found.len(), cells(*first).next()) {
            (1, Some(_)) => LedgerSureness::Certain,
            (1, None) => LedgerSureness::Likely,
            _ => LedgerSureness::Doubtful,
        };
        let others: Vec<String> = found[1..].iter().map(|at| format!("`{}`", headings[*at])).collect();
        let because = match others.is_empty() {
            true => "No other heading could be it.".to_owned(),
            false => format!("{} might be it as well.", others.join(", ")),
        };
        let value = headings[*first].clone();
        if *field == "code" {
            let codes: BTreeSet<&str> = cells(*first).collect();
            body.codes = codes.into_iter().take(CODES_SHOWN).map(str::to_owned).collect();
        }
        put(&mut body.columns, field, value.clone());
        body.guesses.push(LedgerGuess { field: (*field).to_owned(), value, sure, because });
    }
    // Debit and credit are for ledgers that have no one amount.
    if body.columns.amount.is_some() {
        (body.columns.debit, body.columns.credit) = (None, None);
        body.guesses.retain(|guess| guess.field != "debit" && guess.field != "credit");
    }
    let column = |name: &str| headings.iter().position(|heading| heading == name);
    let on = column(&body.columns.date).map(|at| cells(at).collect()).unwrap_or_default();
    days(&mut body, on);
    let amounts = body.columns.amount.clone().and_then(|name| column(&name)).map(|at| cells(at).collect::<Vec<_>>());
    signs(&mut body, &amounts.unwrap_or_default());
    for (missing, says) in [
        (body.columns.date.is_empty(), "Which column holds the day."),
        (
            body.columns.amount.is_none() && (body.columns.debit.is_none() || body.columns.credit.is_none()),
            "Which column holds the amount, or which two hold debit and credit.",
        ),
        (body.columns.code.is_empty(), "Which column holds the ledger's code."),
        (!body.codes.is_empty(), "Which account and scheme each code means."),
        (true, "Which account of kind balance stands against what is taken in."),
    ] {
        if missing {
            body.could_not_tell.push(says.to_owned());
        }
    }
    Ok(body)
}

fn read(sample: &str) -> Result<(Vec<String>, Vec<Vec<String>>), Problem> {
    let refused = |error| match error {
        NoRow::Shape(shape) => {
            rules::MONTHS_FILE.broken("/sample", format_args!("Line {}: {}", shape.line, shape.detail))
        }
        NoRow::Disk(error) => Problem::internal(error),
    };
    let mut rows = CsvRows::open(sample.as_bytes()).map_err(refused)?;
    let (mut all, mut record) = (Vec::new(), Record::default());
    while rows.next(&mut record).map_err(refused)? {
        all.push(record.cells().map(str::to_owned).collect::<Vec<_>>());
        if all.len() > 1 && all[all.len() - 1].len() != all[0].len() {
            // The sample ends somewhere; a line that is cut or blank says nothing.
            all.pop();
        }
    }
    if all.is_empty() {
        return Err(Problem::invalid("/sample", "There is nothing in it."));
    }
    let headings = all.remove(0);
    Ok((headings, all))
}

fn either_day(cell: &str) -> bool {
    written::day(cell, LedgerDates::DayFirst).is_some() || written::day(cell, LedgerDates::MonthFirst).is_some()
}

fn put(columns: &mut LedgerColumns, field: &str, heading: String) {
    match field {
        "date" => columns.date = heading,
        "code" => columns.code = heading,
        "amount" => columns.amount = Some(heading),
        "debit" => columns.debit = Some(heading),
        "credit" => columns.credit = Some(heading),
        "scheme" => columns.scheme = Some(heading),
        "document_number" => columns.document_number = Some(heading),
        "supplier" => columns.supplier = Some(heading),
        "description" => columns.description = Some(heading),
        "department" => columns.department = Some(heading),
        "merchant_category" => columns.merchant_category = Some(heading),
        _ => columns.individual = Some(heading),
    }
}

fn days(body: &mut LedgerGuessBody, cells: Vec<&str>) {
    if cells.is_empty() {
        return;
    }
    let day_first = cells.iter().all(|cell| written::day(cell, LedgerDates::DayFirst).is_some());
    let month_first = cells.iter().all(|cell| written::day(cell, LedgerDates::MonthFirst).is_some());
    let same = |cell: &&str| written::day(cell, LedgerDates::DayFirst) == written::day(cell, LedgerDates::MonthFirst);
    let (dates, sure, because) = match (day_first, month_first) {
        (true, false) => (LedgerDates::DayFirst, LedgerSureness::Certain, "Some days are above 12."),
        (false, true) => (LedgerDates::MonthFirst, LedgerSureness::Certain, "Some days are above 12."),
        (true, true) if cells.iter().all(same) => (
            LedgerDates::DayFirst,
            LedgerSureness::Certain,
            "The days are written so that the order makes no difference.",
        ),
        _ => (LedgerDates::DayFirst, LedgerSureness::Doubtful, "Every day of the sample could be read either way."),
    };
    body.dates = dates;
    if sure == LedgerSureness::Doubtful {
        body.could_not_tell.push("Whether the day or the month comes first.".to_owned());
    }
    let value = web::words::word(dates);
    body.guesses.push(LedgerGuess { field: "dates".into(), value, sure, because: because.into() });
}

fn signs(body: &mut LedgerGuessBody, cells: &[&str]) {
    let amounts: Vec<i64> = cells.iter().filter_map(|cell| Some(written::amount(cell)?.0)).collect();
    if amounts.is_empty() {
        return;
    }
    let below = amounts.iter().filter(|amount| **amount < 0).count();
    let negative = below * 2 > amounts.len();
    body.spend_is = if negative { LedgerSign::Negative } else { LedgerSign::Positive };
    let mixed = below > 0 && below < amounts.len();
    let sure = if mixed || negative { LedgerSureness::Doubtful } else { LedgerSureness::Likely };
    let because =
        format!("{below} of {} amounts are below zero, and most lines of such a ledger are spending.", amounts.len());
    let value = web::words::word(body.spend_is);
    body.guesses.push(LedgerGuess { field: "spend_is".into(), value, sure, because });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sample: &str) -> LedgerGuessBody {
        guess(&LedgerSampleDraft { sample: sample.to_owned() }).expect("a guess")
    }

    fn sure(body: &LedgerGuessBody, field: &str) -> LedgerSureness {
        body.guesses.iter().find(|guess| guess.field == field).expect("guessed").sure
    }

    #[test]
    fn a_sample_says_what_it_can_and_no_more() {
        let body = of(
            "\u{feff}Payment Date;Doc No;Net Amount;Supplier Name;Cost Centre\r\n25/10/2019;1;£1,250.00;A;B2\r\n05/10/2019;2;(50.00);A;B1\r\n05/1",
        );
        assert_eq!((body.columns.date.as_str(), body.columns.code.as_str()), ("Payment Date", "Cost Centre"));
        assert_eq!(body.columns.amount.as_deref(), Some("Net Amount"));
        assert_eq!(body.columns.document_number.as_deref(), Some("Doc No"));
        assert_eq!(body.codes, ["B1", "B2"]);
        assert_eq!((body.dates, sure(&body, "dates")), (LedgerDates::DayFirst, LedgerSureness::Certain));
        assert_eq!(body.spend_is, LedgerSign::Positive);
        assert!(body.could_not_tell.iter().any(|says| says.contains("balance")));
    }

    #[test]
    fn what_could_be_two_things_is_said_to_be_doubtful() {
        let body = of("Date,Invoice Date,Amount,Value,Code\n04/05/2019,05/05/2019,-5,5,A\n");
        assert_eq!(sure(&body, "date"), LedgerSureness::Doubtful);
        assert_eq!(sure(&body, "amount"), LedgerSureness::Doubtful);
        assert_eq!(sure(&body, "dates"), LedgerSureness::Doubtful);
        assert!(body.could_not_tell.iter().any(|says| says.contains("month comes first")));
        let american = of("Date,Amount,Code\n10/25/2019,-5,A\n10/02/2019,-6,A\n");
        assert_eq!((american.dates, american.spend_is), (LedgerDates::MonthFirst, LedgerSign::Negative));
        let none = of("One,Two\n1,2\n");
        assert!(none.columns.date.is_empty() && none.could_not_tell.len() >= 3);
        assert!(
            guess(&LedgerSampleDraft { sample: "a\n\"".into() }).is_err()
                && guess(&LedgerSampleDraft { sample: String::new() }).is_err()
        );
    }
}
