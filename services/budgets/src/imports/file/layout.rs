//! Where the columns of a file are, by the names its ledger has for them (rule 59).

use super::Shape;
use crate::ledger_sources::LedgerColumns;

/// A heading without what differs between exports of one ledger: letters and digits only, in small letters.
pub(crate) fn plain(heading: &str) -> String {
    heading.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Where the columns are.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) date: usize,
    pub(crate) amount: Option<usize>,
    pub(crate) debit: Option<usize>,
    pub(crate) credit: Option<usize>,
    pub(crate) code: usize,
    pub(crate) scheme: Option<usize>,
    pub(crate) document_number: Option<usize>,
    pub(crate) supplier: Option<usize>,
    pub(crate) description: Option<usize>,
    pub(crate) department: Option<usize>,
    pub(crate) merchant_category: Option<usize>,
    pub(crate) individual: Option<usize>,
}

impl Layout {
    /// Every column that is named is there, once.
    pub(crate) fn of(headings: &[String], columns: &LedgerColumns) -> Result<Self, Shape> {
        let plains: Vec<String> = headings.iter().map(|heading| plain(heading)).collect();
        let find = |name: &str| {
            let wanted = plain(name);
            let mut at = plains.iter().enumerate().filter(|(_, heading)| **heading == wanted).map(|(at, _)| at);
            let refuse = |detail: String| Shape { line: 1, detail };
            match (at.next(), at.next()) {
                (Some(at), None) => Ok(at),
                (Some(_), Some(_)) => Err(refuse(format!("Two columns are called `{name}`. Leave one of them out."))),
                (None, _) => Err(refuse(format!(
                    "There is no column `{name}`, which the ledger source names. Send the extract it is for, or change the source."
                ))),
            }
        };
        let find_if = |name: &Option<String>| name.as_deref().map(find).transpose();
        Ok(Self {
            date: find(&columns.date)?,
            amount: find_if(&columns.amount)?,
            debit: find_if(&columns.debit)?,
            credit: find_if(&columns.credit)?,
            code: find(&columns.code)?,
            scheme: find_if(&columns.scheme)?,
            document_number: find_if(&columns.document_number)?,
            supplier: find_if(&columns.supplier)?,
            description: find_if(&columns.description)?,
            department: find_if(&columns.department)?,
            merchant_category: find_if(&columns.merchant_category)?,
            individual: find_if(&columns.individual)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_59_a_file_without_a_column_or_with_two_of_a_name_is_refused() {
        let columns = LedgerColumns {
            date: "Payment Date".into(),
            amount: Some("Net".into()),
            code: "Code".into(),
            supplier: Some("Supplier".into()),
            ..LedgerColumns::default()
        };
        let of = |headings: &[&str]| {
            let headings: Vec<String> = headings.iter().map(|&heading| heading.to_owned()).collect();
            Layout::of(&headings, &columns)
        };
        let layout =
            of(&["supplier ", "PAYMENT_DATE", "net", "Other", "other", "code"]).expect("headings of one ledger");
        assert_eq!((layout.date, layout.amount, layout.code, layout.supplier), (1, Some(2), 5, Some(0)));
        let missing = of(&["Supplier", "Payment Date", "Net"]).expect_err("no code");
        assert!(missing.line == 1 && missing.detail.contains("`Code`"), "{missing:?}");
        assert!(of(&["Supplier", "Payment Date", "Net", "NET", "Code"]).expect_err("twice").detail.contains("`Net`"));
    }
}
