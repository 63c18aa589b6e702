//! Reading a month's file of published payments (rule 59). No SQL, no HTTP, no clock.

use chrono::{Datelike, NaiveDate};
use domain::{FinancialYear, OrganisationId, Pence};
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, problems};

use super::written::{day, pounds};
use crate::{journals::MOVES_MAX, rules};

/// The most rows of a file.
const ROWS_MAX: usize = 5_000;

/// What the columns of a file are called, where they are called otherwise than is usual.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReceiptColumns {
    #[serde(default)]
    #[schema(example = "Payment Date", max_length = 100)]
    date: Option<String>,
    #[serde(default)]
    #[schema(example = "Net Amount", max_length = 100)]
    amount: Option<String>,
    #[serde(default)]
    #[schema(max_length = 100)]
    document_number: Option<String>,
    #[serde(default)]
    #[schema(max_length = 100)]
    payee: Option<String>,
    #[serde(default)]
    #[schema(max_length = 100)]
    directorate: Option<String>,
    #[serde(default)]
    #[schema(max_length = 100)]
    description: Option<String>,
}

/// A month's file of payments to record.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"month": "2026-09", "payer": "01890a5d-ac96-774b-bcce-b302099a8057",
    "source": "Council, published spending over £500, September 2026",
    "csv": "Payment Date,Document No,Net Amount,Supplier\n07/09/2026,2205337625,\"£13,520,127.67\",NHS CCG\n"}))]
pub(crate) struct ReceiptImportDraft {
    /// The month the file is of, in the year of the path: every payment in it is of this month.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}$", example = "2026-09")]
    pub(super) month: String,
    /// The body whose payments they are.
    pub(super) payer: OrganisationId,
    /// Where the file is from.
    #[schema(min_length = 1, max_length = 500)]
    pub(super) source: String,
    /// What its columns are called, where that is not found out.
    #[serde(default)]
    pub(super) columns: Option<ReceiptColumns>,
    /// The file: a row of headings and 1 to 5,000 payments into this fund. Days are written 2026-09-07, 07/09/2026 or
    /// 7 Sep 2026; amounts in pounds, with or without £ and commas, in brackets or with a minus where paid back.
    #[schema(min_length = 1, max_length = 2_000_000)]
    pub(super) csv: String,
}

/// A payment of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileRow {
    /// The line of the file, the headings being line 1.
    pub(super) line: u64,
    pub(super) paid_on: NaiveDate,
    pub(super) amount: Pence,
    pub(super) document_number: Option<String>,
    pub(super) payee: String,
    pub(super) directorate: Option<String>,
    pub(super) description: Option<String>,
}

/// What became of a payment of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ImportOutcome {
    Recorded,
    /// It was recorded before, and is left out.
    Duplicate,
}

impl ReceiptImportDraft {
    /// The first day of the month it is of.
    pub(super) fn check(&self, year: FinancialYear) -> Result<NaiveDate, Problem> {
        let mut faults = Faults::default();
        faults.text("/source", &self.source, 500);
        let columns = self.columns.clone().unwrap_or_default();
        for (name, heading) in [
            ("date", columns.date),
            ("amount", columns.amount),
            ("document_number", columns.document_number),
            ("payee", columns.payee),
            ("directorate", columns.directorate),
            ("description", columns.description),
        ] {
            faults.optional_text(format!("/columns/{name}"), heading.as_deref(), 100);
        }
        let written =
            self.month.len() == 7 && self.month.bytes().enumerate().all(|(at, b)| at == 4 || b.is_ascii_digit());
        let first = format!("{}-01", self.month).parse::<NaiveDate>().ok().filter(|_| written);
        faults.unless(first.is_some(), "/month", "A month is written like 2026-09.");
        faults.none()?;
        let first = first.ok_or_else(|| Problem::invalid("/month", "A month is written like 2026-09."))?;
        if year.contains(first) {
            return Ok(first);
        }
        Err(Problem::of_fault(&problems::WRONG_YEAR, "/month", format_args!("{} is not in {year}.", self.month)))
    }
}

/// The headings each column goes by, as letters and digits only.
const DATES: &[&str] = &[
    "date",
    "paymentdate",
    "paymentdateaspublished",
    "datepaid",
    "datepayment",
    "dateofpayment",
    "paidon",
    "paiddate",
    "transactiondate",
    "cleareddate",
    "invoicepaymentdate",
];
const AMOUNTS: &[&str] = &[
    "amount",
    "amountgbp",
    "net",
    "netgbp",
    "netamount",
    "netamountgbp",
    "netvalue",
    "value",
    "amountpaid",
    "paymentamount",
    "amountexcvat",
    "amountexcludingvat",
    "netamountexcvat",
    "sumofamount",
    "total",
];
const DOCUMENTS: &[&str] = &[
    "documentno",
    "documentnumber",
    "docno",
    "docnumber",
    "document",
    "transactionno",
    "transactionnumber",
    "reference",
    "referenceno",
    "paymentreference",
    "paymentref",
    "voucherno",
    "vouchernumber",
];
const PAYEES: &[&str] = &[
    "payee",
    "payeename",
    "payeeaspublished",
    "supplier",
    "suppliername",
    "supplieraspublished",
    "beneficiary",
    "beneficiaryname",
    "vendor",
    "vendorname",
    "creditor",
    "creditorname",
];
const DIRECTORATES: &[&str] =
    &["directorate", "department", "service", "servicearea", "organisationalunit", "division"];
const DESCRIPTIONS: &[&str] = &[
    "description",
    "gldescription",
    "purpose",
    "purposeofspend",
    "purposeofexpenditure",
    "expensetype",
    "expenditurecategory",
    "accountdescription",
    "narrative",
];

fn plain(heading: &str) -> String {
    heading.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn refused(line: u64, what: impl std::fmt::Display) -> Problem {
    rules::MONTHS_FILE.broken("/csv", format_args!("Line {line}: {what}")).with("line", line)
}

/// Where the columns of a file are.
struct Layout {
    date: usize,
    amount: usize,
    payee: usize,
    document: Option<usize>,
    directorate: Option<usize>,
    description: Option<usize>,
}

impl Layout {
    fn of(shown: &csv::StringRecord, columns: &ReceiptColumns) -> Result<Self, Problem> {
        let headings: Vec<String> = shown.iter().map(plain).collect();
        let find = |own: Option<&String>, usual: &[&str]| match own {
            Some(own) => headings.iter().position(|heading| *heading == plain(own)),
            None => headings.iter().position(|heading| usual.contains(&heading.as_str())),
        };
        let need = |at: Option<usize>, what: &str| {
            let detail = format!("No column is known to hold the {what}. Name it under `columns`.");
            at.ok_or_else(|| refused(1, detail))
        };
        let optional = |own: &Option<String>, usual: &[&str], what: &str| match own {
            Some(own) => need(find(Some(own), usual), what).map(Some),
            None => Ok(find(None, usual)),
        };
        let amounts: Vec<&str> = shown.iter().filter(|heading| AMOUNTS.contains(&plain(heading).as_str())).collect();
        if let (None, [one, other, ..]) = (&columns.amount, &amounts[..]) {
            let (one, other) = (short(one), short(other));
            let detail = format!("Both `{one}` and `{other}` may hold the amount. Name one of them under `columns`.");
            return Err(refused(1, detail));
        }
        Ok(Self {
            date: need(find(columns.date.as_ref(), DATES), "day of payment")?,
            amount: need(find(columns.amount.as_ref(), AMOUNTS), "amount")?,
            payee: need(find(columns.payee.as_ref(), PAYEES), "payee")?,
            document: optional(&columns.document_number, DOCUMENTS, "document number")?,
            directorate: optional(&columns.directorate, DIRECTORATES, "directorate")?,
            description: optional(&columns.description, DESCRIPTIONS, "description")?,
        })
    }
}

/// The payments of a file of the month that begins on `first`, or which line is wrong.
pub(super) fn read(text: &str, columns: &ReceiptColumns, first: NaiveDate) -> Result<Vec<FileRow>, Problem> {
    // One way to end a line, so that lines are counted as people count them.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let headings = reader.headers().map_err(|_| refused(1, "The headings cannot be read."))?.clone();
    let layout = Layout::of(&headings, columns)?;
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| {
            let line = error.position().map_or(1, csv::Position::line);
            refused(line, format_args!("It does not have the {} columns of the headings.", headings.len()))
        })?;
        if record.iter().all(str::is_empty) {
            continue;
        }
        let line = record.position().map_or(1, csv::Position::line);
        if rows.len() == ROWS_MAX {
            return Err(refused(line, format_args!("A file has at most {ROWS_MAX} payments.")));
        }
        rows.push(row(&record, &layout, line, first)?);
    }
    if rows.is_empty() {
        return Err(refused(1, "There is no payment in the file."));
    }
    Ok(rows)
}

fn row(record: &csv::StringRecord, layout: &Layout, line: u64, first: NaiveDate) -> Result<FileRow, Problem> {
    let cell = |at: usize| record.get(at).unwrap_or_default();
    let text = |at: Option<usize>, most: usize, what: &str| {
        let text = at.map(cell).filter(|text| !text.is_empty());
        if text.is_some_and(|text| text.chars().count() > most) {
            return Err(refused(line, format_args!("The {what} has more than {most} characters.")));
        }
        Ok(text.map(str::to_owned))
    };
    let written = cell(layout.date);
    let paid_on = day(written).ok_or_else(|| refused(line, format_args!("`{}` is no day.", short(written))))?;
    if (paid_on.year(), paid_on.month()) != (first.year(), first.month()) {
        let detail = format!("{paid_on} is not in {}, the month of the file.", first.format("%Y-%m"));
        return Err(refused(line, detail));
    }
    let written = cell(layout.amount);
    let amount = pounds(written).ok_or_else(|| refused(line, format_args!("`{}` is no amount.", short(written))))?;
    if amount == Pence::ZERO || amount.0.unsigned_abs() > MOVES_MAX.0.unsigned_abs() {
        return Err(refused(line, format_args!("An amount is not nil, and at most {MOVES_MAX}.")));
    }
    Ok(FileRow {
        line,
        paid_on,
        amount,
        document_number: text(layout.document, 100, "document number")?,
        payee: text(Some(layout.payee), 200, "payee")?.ok_or_else(|| refused(line, "It names no payee."))?,
        directorate: text(layout.directorate, 200, "directorate")?,
        description: text(layout.description, 500, "description")?,
    })
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of_april(text: &str) -> Result<Vec<FileRow>, Problem> {
        read(text, &ReceiptColumns::default(), NaiveDate::from_ymd_opt(2019, 4, 1).expect("a day"))
    }

    #[test]
    fn files_are_read_as_councils_write_them() {
        let text = "\u{feff}Payment Date,Document No.,Net Amount (GBP),Supplier Name,Directorate\r\n\
            05/04/2019,2205234873,\"£6,758,426.00\",NHS CCG,People\r\n,,,,\r\n\
            2019-04-30,2205234873,(12.5),NHS CCG   *,\r\n30 April 2019 00:00,,7,\"NHS, CCG\",People\r\n";
        let rows = of_april(text).expect("fine");
        let told: Vec<_> = rows.iter().map(|row| (row.line, row.paid_on.to_string(), row.amount.0)).collect();
        let day = |text: &str| text.to_owned();
        assert_eq!(
            told,
            [(2, day("2019-04-05"), 675_842_600), (4, day("2019-04-30"), -1_250), (5, day("2019-04-30"), 700)]
        );
        assert_eq!((rows[1].document_number.as_deref(), rows[1].directorate.as_deref()), (Some("2205234873"), None));
        assert_eq!((rows[2].document_number.as_deref(), rows[2].payee.as_str()), (None, "NHS, CCG"));
    }

    #[test]
    fn salfords_own_headings_are_known() {
        let text = "file_month,payment_date_as_published,document_no,net_gbp,supplier_as_published,directorate,gl_description\n\
            2019-04,2019-04-05,2205234873,6758426.00,NHS CCG,People (Adults) - CHSC,Payments to Health Authority\n";
        let rows = of_april(text).expect("fine");
        assert_eq!((rows[0].amount, rows[0].payee.as_str()), (Pence(675_842_600), "NHS CCG"));
        assert_eq!(rows[0].description.as_deref(), Some("Payments to Health Authority"));
    }

    #[test]
    fn rule_59_a_file_of_another_shape_or_month_is_refused_by_its_line() {
        let head = "date,amount,supplier\n";
        let good = "2019-04-05,5.00,A\n";
        for (text, line, why) in [
            ("what,is,this\n1,2,3\n".to_owned(), 1, "day of payment"),
            ("date,supplier\n2019-04-05,A\n".to_owned(), 1, "amount"),
            (head.to_owned(), 1, "no payment"),
            (format!("{head}{good}2019-04-05,5.00\n"), 3, "columns"),
            // Salford, December 2018: a row dated 3 January 2018.
            (format!("{head}{good}2018-01-03,5.00,A\n"), 3, "not in 2019-04"),
            (format!("{head}{good}04/13/2019,5.00,A\n"), 3, "no day"),
            (format!("{head}{good}05/04/19,5.00,A\n"), 3, "no day"),
            (format!("{head}{good}2019-04-05,\"1,23\",A\n"), 3, "no amount"),
            (format!("{head}{good}2019-04-05,5.001,A\n"), 3, "no amount"),
            (format!("{head}{good}2019-04-05,0.00,A\n"), 3, "not nil"),
            (format!("{head}{good}2019-04-05,99999999999999999999,A\n"), 3, "no amount"),
            (format!("{head}{good}2019-04-05,100000000000.01,A\n"), 3, "at most"),
            (format!("{head}{good}2019-04-05,5.00,\n"), 3, "no payee"),
            (format!("{head}{good}2019-04-05,5.00,{}\n", "x".repeat(201)), 3, "200"),
            (format!("{head}{}", good.repeat(5_001)), 5_002, "at most 5000"),
        ] {
            let refused = format!("{:?}", of_april(&text).expect_err(why));
            assert!(refused.contains("rule-broken") && refused.contains(&format!("Line {line}: ")), "{why}: {refused}");
            assert!(refused.contains(why), "{refused}");
        }
    }

    #[test]
    fn rule_59_of_two_columns_that_may_be_the_amount_one_is_named() {
        let text = "date,Amount,Net Amount,payee\n2019-04-05,6.00,5.00,A\n";
        let refused = format!("{:?}", of_april(text).expect_err("which?"));
        assert!(refused.contains("`Amount` and `Net Amount`"), "{refused}");
        let columns = ReceiptColumns { amount: Some("Net Amount".into()), ..ReceiptColumns::default() };
        let first = NaiveDate::from_ymd_opt(2019, 4, 1).expect("a day");
        assert_eq!(read(text, &columns, first).expect("named")[0].amount, Pence(500));
    }

    #[test]
    fn columns_of_other_names_are_named() {
        let text = "Bezahlt am,Betrag,An\n2019-04-05,5.00,A\n";
        assert!(of_april(text).is_err());
        let named = |text: &str| Some(text.to_owned());
        let columns = ReceiptColumns {
            date: named("bezahlt am"),
            amount: named("BETRAG"),
            payee: named("An"),
            ..ReceiptColumns::default()
        };
        let first = NaiveDate::from_ymd_opt(2019, 4, 1).expect("a day");
        assert_eq!(read(text, &columns, first).expect("fine")[0].amount, Pence(500));
        let wrong = ReceiptColumns { description: named("Wofür"), ..columns };
        assert!(read(text, &wrong, first).is_err(), "a column that is named has to be there");
    }

    proptest! {
        #[test]
        fn nothing_makes_the_reader_fall_over(text in "\\PC{0,40}", rows in "[0-9£,.()\"\r\n/ -]{0,200}") {
            let _ = (of_april(&text), of_april(&format!("date,amount,payee\n{rows}")));
        }
    }
}
