//! How the files of a ledger are read: columns, signs, days, codes, names. No SQL, no HTTP, no clock.

use chrono::{DateTime, Utc};
use domain::LedgerSourceId;
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row};

const CODES_MAX: usize = 5_000;
const ALIASES_MAX: usize = 5_000;
const VALUES_MAX: usize = 100;

/// What the columns of a ledger's files are called. Capitals, blanks and marks in a heading make no difference.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LedgerColumns {
    /// The day a line takes effect.
    #[schema(min_length = 1, max_length = 100, example = "Payment Date")]
    pub(crate) date: String,
    /// The amount, signed. Or `debit` and `credit`, without signs.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 100, example = "Net Amount")]
    pub(crate) amount: Option<String>,
    #[serde(default)]
    #[schema(min_length = 1, max_length = 100)]
    pub(crate) debit: Option<String>,
    #[serde(default)]
    #[schema(min_length = 1, max_length = 100)]
    pub(crate) credit: Option<String>,
    /// The ledger's own code, by which a line finds its account and scheme.
    #[schema(min_length = 1, max_length = 100, example = "Cost Centre")]
    pub(crate) code: String,
    /// The code of a scheme of the fund, where the ledger knows it; it goes before that of `codes`.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 100)]
    pub(crate) scheme: Option<String>,
    #[serde(default)]
    #[schema(min_length = 1, max_length = 100)]
    pub(crate) document_number: Option<String>,
    #[serde(default)]
    #[schema(min_length = 1, max_length = 100)]
    pub(crate) supplier: Option<String>,
    #[serde(default)]
    #[schema(min_length = 1, max_length = 100)]
    pub(crate) description: Option<String>,
    #[serde(default)]
    #[schema(min_length = 1, max_length = 100)]
    pub(crate) department: Option<String>,
    #[serde(default)]
    #[schema(min_length = 1, max_length = 100)]
    pub(crate) merchant_category: Option<String>,
    /// Says of a line whether it went to an individual.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 100)]
    pub(crate) individual: Option<String>,
}

impl LedgerColumns {
    /// Every column that is named, with its field.
    pub(crate) fn named(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let needed = [("date", Some(self.date.as_str())), ("code", Some(self.code.as_str()))];
        let optional = [
            ("amount", &self.amount),
            ("debit", &self.debit),
            ("credit", &self.credit),
            ("scheme", &self.scheme),
            ("document_number", &self.document_number),
            ("supplier", &self.supplier),
            ("description", &self.description),
            ("department", &self.department),
            ("merchant_category", &self.merchant_category),
            ("individual", &self.individual),
        ];
        let optional = optional.map(|(field, name)| (field, name.as_deref()));
        needed.into_iter().chain(optional).filter_map(|(field, name)| Some((field, name?)))
    }
}

/// Which sign spending has in the amounts of a ledger.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LedgerSign {
    /// Spending is above zero, as it is here.
    #[default]
    Positive,
    /// Spending is below zero: every amount is turned round.
    Negative,
}

/// In which order days are written in numbers. Days with the year first, or with the month's name, are read either way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LedgerDates {
    /// 05/04/2019 is the fifth of April.
    #[default]
    DayFirst,
    /// 04/05/2019 is the fifth of April.
    MonthFirst,
}

/// What happens to lines whose code is not among those of the source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LedgerOthers {
    /// They are faulty.
    #[default]
    Refuse,
    /// They are none of the fund's and are left out, as where the extract is of the whole ledger.
    LeaveOut,
}

/// What a code of the ledger means here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LedgerCode {
    /// The ledger's code; with `*` at its end, every code that begins so. The longest that fits counts.
    #[schema(min_length = 1, max_length = 100, example = "AS52*")]
    pub(crate) code: String,
    /// The code of the account here.
    #[schema(min_length = 1, max_length = 40, example = "5100")]
    pub(crate) account: String,
    /// The code of the scheme here.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 40, example = "ICES")]
    pub(crate) scheme: Option<String>,
}

/// A name of the ledger, and the name the same supplier is known by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LedgerAlias {
    #[schema(min_length = 1, max_length = 200, example = "NRS LTD *")]
    pub(crate) written: String,
    #[schema(min_length = 1, max_length = 200, example = "A community equipment provider")]
    pub(crate) name: String,
}

/// By what a line is known to be an individual's, whose name is not kept (rule 58).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LedgerIndividuals {
    /// Codes of the ledger, with or without `*` at their end, such as those of direct payments.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub(crate) codes: Vec<String>,
    /// What stands in the column `individual` then. Left out: yes, y, true, 1.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub(crate) values: Vec<String>,
    /// Whether a supplier that begins with Mr, Mrs, Miss, Ms, Mx or Master is an individual.
    #[serde(default = "yes")]
    pub(crate) titles: bool,
}

fn yes() -> bool {
    true
}

/// How the files of a ledger are read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LedgerMapping {
    pub(crate) columns: LedgerColumns,
    #[serde(default)]
    pub(crate) spend_is: LedgerSign,
    #[serde(default)]
    pub(crate) dates: LedgerDates,
    #[schema(max_items = 5_000)]
    pub(crate) codes: Vec<LedgerCode>,
    #[serde(default)]
    pub(crate) other_codes: LedgerOthers,
    /// The code of the balance account that stands against what is taken in.
    #[schema(min_length = 1, max_length = 40, example = "9000")]
    pub(crate) contra: String,
    #[serde(default)]
    #[schema(max_items = 5_000)]
    pub(crate) aliases: Vec<LedgerAlias>,
    #[serde(default)]
    pub(crate) individuals: LedgerIndividuals,
}

/// A ledger to take files from.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Council ledger", "mapping": {
    "columns": {"date": "Payment Date", "amount": "Net Amount", "code": "Cost Centre", "document_number": "Document No",
        "supplier": "Supplier", "description": "Description"},
    "codes": [{"code": "AS52*", "account": "5100", "scheme": "ICES"}], "contra": "9000",
    "aliases": [{"written": "NRS LTD *", "name": "A community equipment provider"}], "individuals": {"codes": ["AS529*"]}}}))]
pub(crate) struct LedgerSourceDraft {
    /// What it is called: `Council ledger`.
    #[schema(min_length = 1, max_length = 100)]
    pub(super) name: String,
    pub(super) mapping: LedgerMapping,
}

impl LedgerSourceDraft {
    pub(super) fn check(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/name", &self.name, 100);
        self.mapping.check(&mut faults);
        faults.none()
    }
}

impl LedgerMapping {
    fn check(&self, faults: &mut Faults) {
        let columns = &self.columns;
        let mut seen = std::collections::HashMap::new();
        for (field, name) in columns.named() {
            let pointer = format!("/mapping/columns/{field}");
            faults.text(&pointer, name, 100);
            let before = seen.insert(crate::imports::plain(name), field);
            let says = format!("It is the column of {} already.", before.unwrap_or_default());
            faults.unless(before.is_none(), pointer, says);
        }
        let signed = columns.amount.is_some();
        let apart = columns.debit.is_some() && columns.credit.is_some();
        let neither = columns.debit.is_none() && columns.credit.is_none();
        let one_way = signed && neither || !signed && apart;
        faults.unless(
            one_way,
            "/mapping/columns/amount",
            "Name the column of the amount, or those of debit and credit.",
        );
        faults.text("/mapping/contra", &self.contra, 40);
        let some = (1..=CODES_MAX).contains(&self.codes.len());
        let scheme_apart = columns.scheme.is_some() && self.codes.len() <= CODES_MAX;
        faults.unless(some || scheme_apart, "/mapping/codes", format_args!("There are 1 to {CODES_MAX} codes."));
        let mut codes = std::collections::HashSet::new();
        for (at, one) in self.codes.iter().take(CODES_MAX).enumerate() {
            faults.text(format!("/mapping/codes/{at}/code"), &one.code, 100);
            faults.text(format!("/mapping/codes/{at}/account"), &one.account, 40);
            faults.optional_text(format!("/mapping/codes/{at}/scheme"), one.scheme.as_deref(), 40);
            let first = codes.insert(one.code.trim().to_lowercase());
            faults.unless(first, format!("/mapping/codes/{at}/code"), "It stands here twice.");
        }
        let few = self.aliases.len() <= ALIASES_MAX;
        faults.unless(few, "/mapping/aliases", format_args!("There are at most {ALIASES_MAX}."));
        for (at, alias) in self.aliases.iter().take(ALIASES_MAX).enumerate() {
            faults.text(format!("/mapping/aliases/{at}/written"), &alias.written, 200);
            faults.text(format!("/mapping/aliases/{at}/name"), &alias.name, 200);
        }
        for (field, list) in [("codes", &self.individuals.codes), ("values", &self.individuals.values)] {
            let few = list.len() <= VALUES_MAX;
            faults.unless(
                few,
                format!("/mapping/individuals/{field}"),
                format_args!("There are at most {VALUES_MAX}."),
            );
            for (at, text) in list.iter().take(VALUES_MAX).enumerate() {
                faults.text(format!("/mapping/individuals/{field}/{at}"), text, 100);
            }
        }
    }
}

/// A ledger that files are taken from.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct LedgerSourceBody {
    pub(crate) id: LedgerSourceId,
    #[schema(example = "Council ledger")]
    pub(crate) name: String,
    /// Counts up whenever it is changed. A file is read by the version in force when its import was made.
    #[schema(example = 1)]
    pub(crate) version: i64,
    pub(crate) mapping: LedgerMapping,
    pub(crate) recorded_at: DateTime<Utc>,
}

impl Row for LedgerSourceBody {
    const COLUMNS: &'static [&'static str] = &["id", "name", "version", "recorded_at"];
}

/// A mapping, for tests.
#[cfg(test)]
pub(crate) fn a_mapping() -> LedgerMapping {
    LedgerMapping {
        columns: LedgerColumns {
            date: "Date".into(),
            amount: Some("Amount".into()),
            code: "Code".into(),
            document_number: Some("Document".into()),
            supplier: Some("Supplier".into()),
            description: Some("Description".into()),
            ..LedgerColumns::default()
        },
        spend_is: LedgerSign::Positive,
        dates: LedgerDates::DayFirst,
        codes: vec![
            LedgerCode { code: "AS*".into(), account: "5100".into(), scheme: Some("ICES".into()) },
            LedgerCode { code: "AS52*".into(), account: "5200".into(), scheme: Some("HOME".into()) },
            LedgerCode { code: "INC1".into(), account: "4000".into(), scheme: None },
        ],
        other_codes: LedgerOthers::Refuse,
        contra: "9000".into(),
        aliases: vec![LedgerAlias { written: "NRS LTD *".into(), name: "A provider".into() }],
        individuals: LedgerIndividuals { codes: vec!["AS529*".into()], values: vec![], titles: true },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(change: impl FnOnce(&mut LedgerMapping)) -> Result<(), Problem> {
        let mut mapping = a_mapping();
        change(&mut mapping);
        LedgerSourceDraft { name: "A ledger".into(), mapping }.check()
    }

    #[test]
    fn a_source_says_each_thing_once() {
        assert!(faults(|_| ()).is_ok());
        assert!(faults(|m| m.columns.debit = Some("Debit".into())).is_err(), "amount and debit");
        assert!(faults(|m| m.columns.amount = None).is_err(), "no amount");
        let apart = |m: &mut LedgerMapping| {
            (m.columns.amount, m.columns.debit, m.columns.credit) = (None, Some("Dr".into()), Some("Cr".into()));
        };
        assert!(faults(apart).is_ok());
        assert!(faults(|m| m.columns.supplier = Some("DATE".into())).is_err(), "one column for two things");
        assert!(faults(|m| m.codes.push(m.codes[0].clone())).is_err(), "a code twice");
        assert!(faults(|m| m.codes.clear()).is_err(), "no codes");
        assert!(faults(|m| m.contra = " ".into()).is_err());
        assert!(faults(|m| m.aliases[0].name = "x".repeat(201)).is_err());
    }
}
