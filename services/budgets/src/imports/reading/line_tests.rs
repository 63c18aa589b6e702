//! What lines mean, line by line.

use domain::{AccountId, OrganisationId, SchemeId};

use super::*;
use crate::{
    imports::{
        file::{Format, Rows},
        reading::{Account, Body},
    },
    ledger_sources::{LedgerDates, a_mapping},
};

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn chart() -> Chart {
    let account = |number, kind| Account { id: AccountId(id(number)), kind, requires: Vec::new(), closed: false };
    let body = |number, name: &str, from, to: Option<&str>| Body {
        id: OrganisationId(id(number)),
        name: name.to_owned(),
        valid_from: day(from),
        valid_to: to.map(day),
    };
    Chart {
        accounts: [
            ("5100".to_owned(), account(1, AccountKind::Expenditure)),
            ("5200".to_owned(), account(2, AccountKind::Expenditure)),
            ("4000".to_owned(), account(3, AccountKind::Income)),
        ]
        .into(),
        schemes: [
            ("ICES".to_owned(), (SchemeId(id(11)), None)),
            ("HOME".to_owned(), (SchemeId(id(12)), Some(day("2019-10-15")))),
        ]
        .into(),
        bodies: [("nhs salford ccg".to_owned(), vec![body(21, "NHS Salford CCG", "2013-04-01", Some("2019-10-20"))])]
            .into(),
    }
}

/// The lines of a file of October 2019, read by a mapping.
fn lines(mapping: &LedgerMapping, text: &str) -> Vec<Line> {
    let (mut rows, headings) = Rows::open(text.as_bytes(), Format::Csv, &[]).unwrap_or_else(|_| panic!("headings"));
    let layout = Layout::of(&headings, &mapping.columns).expect("its columns");
    let year = "2019-20".parse().expect("a year");
    let meaning = Meaning::new(mapping.clone(), layout, chart(), year, Period::new(7).expect("a period"));
    let (mut record, mut lines) = (Record::default(), Vec::new());
    while rows.next(&mut record).unwrap_or_else(|_| panic!("rows")) {
        lines.push(meaning.of(&record));
    }
    lines
}

fn line(mapping: &LedgerMapping, row: &str) -> Line {
    lines(mapping, &format!("Date,Amount,Code,Document,Supplier,Description\n{row}\n")).remove(0)
}

fn refused(row: &str) -> (String, Option<u8>) {
    let line = line(&a_mapping(), row);
    assert_eq!(line.state, LedgerRowState::Faulty, "{row}: {line:?}");
    let fault = line.fault.expect("a fault");
    assert!(!fault.remedy.is_empty());
    (fault.column, fault.rule)
}

#[test]
fn a_line_finds_its_account_scheme_and_supplier() {
    let found = line(&a_mapping(), "05/10/2019,\"£1,250.00\",AS1001,2205,NRS  Ltd *,Equipment");
    assert_eq!(found.state, LedgerRowState::Ready, "{found:?}");
    assert_eq!(
        (found.amount, found.account, found.scheme),
        (Some(Pence(125_000)), Some(AccountId(id(1))), Some(SchemeId(id(11))))
    );
    assert_eq!(found.supplier.as_deref(), Some("A provider"), "by its alias");
    let income = line(&a_mapping(), "31/10/2019,(5.00),INC1,,,");
    assert_eq!((income.state, income.amount, income.scheme), (LedgerRowState::Ready, Some(Pence(-500)), None));
    let body = line(&a_mapping(), "05/10/2019,5,AS1,,NHS Salford CCG,");
    assert_eq!(body.party, Some(OrganisationId(id(21))));
    assert_eq!(line(&a_mapping(), "05/10/2019,0.00,AS1,,,").state, LedgerRowState::LeftOut);
}

#[test]
fn what_is_wrong_is_told_by_its_column() {
    assert_eq!(refused("05/10/2019,1.234,AS1,,,").0, "Amount");
    assert_eq!(refused("05/10/2019,1e3,AS1,,,").0, "Amount");
    assert_eq!(refused("05/10/2019,100000000000.01,AS1,,,").0, "Amount");
    assert_eq!(refused("05/10/2019,99999999999999999999,AS1,,,").0, "Amount");
    assert_eq!(refused("soon,1,AS1,,,").0, "Date");
    assert_eq!(refused("05/10/2019,1,,,,"), ("Code".into(), None));
    assert_eq!(refused("05/10/2019,1,X1,,,"), ("Code".into(), None));
    assert_eq!(refused("16/10/2019,1,AS52,,,").0, "Code", "the scheme has ended");
    assert_eq!(line(&a_mapping(), "15/10/2019,1,AS52,,,").state, LedgerRowState::Ready, "on its last day");
    assert_eq!(refused(&format!("05/10/2019,1,AS1,,{},", "x".repeat(201))).0, "Supplier");
}

#[test]
fn rule_13_a_supplier_that_has_ended_is_paid_nothing() {
    assert_eq!(refused("21/10/2019,5,AS1,,nhs salford ccg,"), ("Supplier".into(), Some(13)));
}

#[test]
fn rule_59_a_day_outside_the_files_month_is_refused() {
    for row in ["30/09/2019,1,AS1,,,", "01/11/2019,1,AS1,,,", "05/10/2020,1,AS1,,,"] {
        assert_eq!(refused(row), ("Date".into(), Some(59)), "{row}");
    }
    // 10/05 is October's to a ledger that has the month first, and only to that.
    let mut american = a_mapping();
    american.dates = LedgerDates::MonthFirst;
    assert_eq!(line(&american, "10/05/2019,1,AS1,,,").state, LedgerRowState::Ready);
    assert_eq!(refused("10/05/2019,1,AS1,,,"), ("Date".into(), Some(59)));
}

#[test]
fn rule_58_above_500_pounds_a_line_says_what_its_ledger_has_columns_for() {
    assert_eq!(refused("05/10/2019,500.01,AS1,1,A,"), ("Description".into(), Some(58)));
    assert_eq!(refused("05/10/2019,500.01,AS1,1,,Equipment"), ("Supplier".into(), Some(58)));
    assert_eq!(line(&a_mapping(), "05/10/2019,500.00,AS1,1,,").state, LedgerRowState::Ready);
    let mut fewer = a_mapping();
    (fewer.columns.supplier, fewer.columns.description) = (None, None);
    assert_eq!(line(&fewer, "05/10/2019,900,AS1,1,,").state, LedgerRowState::Ready, "it has no such columns");
}

#[test]
fn rule_58_the_name_of_an_individual_is_not_kept() {
    let told = |line: Line| (line.supplier, line.description, line.state);
    let hidden = (Some(REDACTED.to_owned()), None, LedgerRowState::Ready);
    assert_eq!(told(line(&a_mapping(), "05/10/2019,900,AS1,1,MRS A Person,Care for A Person")), hidden, "by title");
    assert_eq!(told(line(&a_mapping(), "05/10/2019,5,AS5291,1,A Person,Care")), hidden, "by code");
    let faulty = line(&a_mapping(), "A Person,900,AS5291,1,A Person,Care");
    assert!(!format!("{faulty:?}").contains("A Person"), "{faulty:?}");
    let mut flagged = a_mapping();
    flagged.columns.individual = Some("Personal".into());
    let text = "Date,Amount,Code,Document,Supplier,Description,Personal\n05/10/2019,5,AS1,1,A Person,Care,YES\n05/10/2019,5,AS1,1,A Firm,Care,No\n";
    let both = lines(&flagged, text);
    assert_eq!(told(both[0].clone()), hidden, "by a column");
    assert_eq!(both[1].supplier.as_deref(), Some("A Firm"));
}

#[test]
fn debits_credits_and_signs_come_to_spending_above_zero() {
    let mut apart = a_mapping();
    (apart.columns.amount, apart.columns.debit, apart.columns.credit) = (None, Some("Dr".into()), Some("Cr".into()));
    let text = "Date,Dr,Cr,Code,Document,Supplier,Description\n05/10/2019,5.00,,AS1,,,\n05/10/2019,,2,AS1,,,\n05/10/2019,,,AS1,,,\n";
    let read = lines(&apart, text);
    assert_eq!((read[0].amount, read[1].amount), (Some(Pence(500)), Some(Pence(-200))));
    assert_eq!(read[2].state, LedgerRowState::Faulty);
    let mut turned = a_mapping();
    turned.spend_is = LedgerSign::Negative;
    assert_eq!(line(&turned, "05/10/2019,-5,AS1,,,").amount, Some(Pence(500)));
}

#[test]
fn one_line_is_told_from_another_by_what_its_ledger_writes() {
    let key = |mapping: &LedgerMapping, row: &str| line(mapping, row).key.expect("ready");
    let first = key(&a_mapping(), "05/10/2019,5,AS1,1,A Firm,Care");
    assert_eq!(
        first,
        key(&a_mapping(), "2019-10-05,£5.00, as1 ,1,a  firm,Another word"),
        "as another export writes it"
    );
    let mut renamed = a_mapping();
    renamed.aliases[0].written = "A firm".into();
    assert_eq!(first, key(&renamed, "05/10/2019,5,AS1,1,A Firm,Care"), "whatever it is called here");
    for other in [
        "06/10/2019,5,AS1,1,A Firm,",
        "05/10/2019,6,AS1,1,A Firm,",
        "05/10/2019,5,AS1,2,A Firm,",
        "05/10/2019,5,AS1,1,B Firm,",
    ] {
        assert_ne!(first, key(&a_mapping(), other), "{other}");
    }
}
