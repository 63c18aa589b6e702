//! The CSV of a list, for people who use spreadsheets.

use serde::Serialize;
use serde_json::Value;

/// A row of a list: what it serialises to, and which of that goes in a spreadsheet.
pub trait Row: Serialize + Send + Sync + 'static {
    /// The columns of its CSV, in order. A dot reaches into an object: `borough.slug`.
    const COLUMNS: &'static [&'static str];
}

/// Renders rows as CSV with a heading row. UTF-8, ISO dates, whole pence.
pub(crate) fn render<T: Row>(rows: &[T]) -> Vec<u8> {
    csv_lines(rows, true)
}

/// Renders rows as CSV, with a heading row or as what follows one: a piece of a stream.
#[must_use]
pub fn csv_lines<T: Row>(rows: &[T], with_heading: bool) -> Vec<u8> {
    let mut out = csv::Writer::from_writer(Vec::new());
    let headings = T::COLUMNS.iter().map(|column| column.replace('.', "_"));
    let mut written = if with_heading { out.write_record(headings) } else { Ok(()) };
    for row in rows {
        let row = serde_json::to_value(row).unwrap_or_default();
        let cells = T::COLUMNS
            .iter()
            .map(|column| cell(row.pointer(&format!("/{}", column.replace('.', "/"))).unwrap_or(&Value::Null)));
        written = written.and_then(|()| out.write_record(cells));
    }
    // A Vec takes every write.
    written.expect("a Vec takes every write");
    out.into_inner().expect("a Vec takes every write")
}

fn guarded(text: &str) -> String {
    let runs = text.trim_start_matches(' ').starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if runs { format!("'{text}") } else { text.to_owned() }
}

/// Numbers stay numbers, negative ones too; a text that a spreadsheet would run is held with an apostrophe.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => guarded(text),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join("; "),
        other => other.to_string(),
    }
}

/// A line of CSV from cells that are text already: numbers stay numbers, a text that a spreadsheet would run is held with
/// an apostrophe.
#[must_use]
pub fn csv_line<'a>(cells: impl Iterator<Item = Option<&'a str>>) -> Vec<u8> {
    let guarded = cells.map(|text| {
        let text = text.unwrap_or_default();
        let number = text.parse::<f64>().is_ok() && text.ends_with(|c: char| c.is_ascii_digit());
        if number { text.to_owned() } else { guarded(text) }
    });
    let mut out = csv::Writer::from_writer(Vec::new());
    // A Vec takes every write.
    out.write_record(guarded).expect("a Vec takes every write");
    out.into_inner().expect("a Vec takes every write")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_that_are_text_already_keep_their_numbers() {
        let cells = [Some("-5"), Some("-5+1"), None, Some("a \"b\""), Some("=A1"), Some("+inf")];
        assert_eq!(csv_line(cells.into_iter()), b"-5,'-5+1,,\"a \"\"b\"\"\",'=A1,'+inf\n");
    }

    #[derive(Serialize)]
    struct Line {
        name: &'static str,
        amount_pence: i64,
        borough: Value,
    }
    impl Row for Line {
        const COLUMNS: &'static [&'static str] = &["name", "amount_pence", "borough.slug", "missing"];
    }

    #[test]
    fn formulas_are_held_and_numbers_are_left() {
        let rows = [
            Line { name: "=1+1", amount_pence: -5, borough: serde_json::json!({"slug": "wigan"}) },
            Line { name: "Care, \"at home\"", amount_pence: 7, borough: Value::Null },
        ];
        let text = String::from_utf8(render(&rows)).expect("UTF-8");
        assert_eq!(text, "name,amount_pence,borough_slug,missing\n'=1+1,-5,wigan,\n\"Care, \"\"at home\"\"\",7,,\n");
    }
}
