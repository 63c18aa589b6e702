//! Reading the rows of a file, one at a time and never more of it (rule 59). No SQL, no HTTP, no clock.

mod csv;
mod json;
mod layout;
mod record;
pub(crate) mod written;

use std::io::{self, BufRead};

pub(crate) use self::{
    csv::CsvRows,
    layout::{Layout, plain},
    record::Record,
};
use json::JsonRows;

/// The most bytes of one row: what does not end before is no row of a ledger.
const ROW_BYTES_MAX: usize = 256 * 1024;
/// The most columns of a file.
const COLUMNS_MAX: usize = 200;

/// What a file has wrong with its shape, and on which line of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) line: u64,
    pub(crate) detail: String,
}

/// Why there is no next row.
#[derive(Debug)]
pub(crate) enum NoRow {
    Shape(Shape),
    Disk(io::Error),
}

impl From<io::Error> for NoRow {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

fn shape(line: u64, detail: impl std::fmt::Display) -> NoRow {
    NoRow::Shape(Shape { line, detail: detail.to_string() })
}

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Csv,
    Ndjson,
}

/// The rows of a file, below its headings.
pub(crate) enum Rows<R> {
    Csv { rows: CsvRows<R>, columns: usize },
    Json(JsonRows<R>),
}

impl<R: BufRead> Rows<R> {
    /// The rows and the headings above them. A file of objects has no headings: `wanted` are the names looked for.
    pub(crate) fn open(input: R, format: Format, wanted: &[String]) -> Result<(Self, Vec<String>), NoRow> {
        if format == Format::Ndjson {
            return Ok((Self::Json(JsonRows::open(input, wanted.to_vec())), wanted.to_vec()));
        }
        let mut rows = CsvRows::open(input)?;
        let mut headings = Record::default();
        if !rows.next(&mut headings)? {
            return Err(shape(1, "There are no headings: the file is empty."));
        }
        let names: Vec<String> = headings.cells().map(str::to_owned).collect();
        if names.len() > COLUMNS_MAX {
            return Err(shape(1, format_args!("There are {} columns; a file has at most {COLUMNS_MAX}.", names.len())));
        }
        Ok((Self::Csv { rows, columns: names.len() }, names))
    }

    /// Reads the next row that is not blank; whether there was one.
    pub(crate) fn next(&mut self, record: &mut Record) -> Result<bool, NoRow> {
        loop {
            match self {
                Self::Json(rows) => return rows.next(record),
                Self::Csv { rows, columns } => {
                    if !rows.next(record)? {
                        return Ok(false);
                    }
                    if record.is_blank() {
                        continue;
                    }
                    if record.len() == *columns && rows.at_end() {
                        // A file that is cut within its last cell looks whole: £1,234.56 of which 12 is left.
                        let detail = "The last line is not ended, so it may be cut off. End it with a line break if it is whole, and send the file again.";
                        return Err(shape(record.line, detail));
                    }
                    if record.len() == *columns {
                        return Ok(true);
                    }
                    let why =
                        if rows.at_end() { " The file seems to be cut off there: send the whole of it." } else { "" };
                    let detail = format!("It has {} cells, not the {columns} of the headings.{why}", record.len());
                    return Err(shape(record.line, detail));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8], format: Format) -> Result<Vec<Vec<String>>, String> {
        let wanted = ["date".to_owned(), "amount".to_owned()];
        let told = |error| match error {
            NoRow::Shape(shape) => format!("{}: {}", shape.line, shape.detail),
            NoRow::Disk(error) => error.to_string(),
        };
        let (mut rows, headings) = Rows::open(text, format, &wanted).map_err(told)?;
        let (mut all, mut record) = (vec![headings], Record::default());
        while rows.next(&mut record).map_err(told)? {
            all.push(record.cells().map(str::to_owned).collect());
        }
        Ok(all)
    }

    #[test]
    fn files_are_read_as_spreadsheets_write_them() {
        for text in [
            "\u{feff}Date,Amount\r\n01/04/2019,\"1,000.00\"\r\n,\r\n\r\n02/04/2019, 5 \r\n",
            "Date;Amount\n01/04/2019;1,000.00\n02/04/2019;5\n",
            "Date\tAmount\r01/04/2019\t\"1,000.00\"\r02/04/2019\t5\r",
        ] {
            let rows = read(text.as_bytes(), Format::Csv).expect(text);
            assert_eq!(rows, [["Date", "Amount"], ["01/04/2019", "1,000.00"], ["02/04/2019", "5"]], "{text:?}");
        }
        let quoted = read(b"a,b\n\"x\"\"y\n z\",12\" pipe\n", Format::Csv).expect("fine");
        assert_eq!(quoted[1], ["x\"y\n z", "12\" pipe"]);
    }

    #[test]
    fn rule_59_a_file_that_is_cut_ragged_or_no_text_is_refused_by_its_line() {
        for (text, line) in [
            (&b"a,b\n1,2\n3"[..], "3: It has 1 cells"),
            (b"a,b\n1,2\n3,1234.5", "3: The last line is not ended"),
            (b"a,b\n1,2,3\n4,5\n", "2: It has 3 cells"),
            (b"a,b\n1,\"2\n3,4\n", "2: A quotation mark is opened and never closed"),
            (b"a,b\n1,\"2\"3\n", "2: There is text after a closing quotation mark"),
            (b"a,b\n1,\xa32\n", "2: It is not UTF-8"),
            (b"\xff\xfea\0,\0b\0", "1: It is not UTF-8"),
            (b"a,b\n1,\0\n", "2: It holds a NUL"),
            (b"", "1: There are no headings"),
        ] {
            let refused = read(text, Format::Csv).expect_err("refused");
            assert!(refused.starts_with(line), "{refused}");
        }
        assert!(read(b"a,b\n1,2\n3", Format::Csv).expect_err("cut").contains("cut off"));
    }

    #[test]
    fn a_row_without_end_and_a_thousand_columns_are_refused_early() {
        let endless = [b"a,b\n1,".as_slice(), &vec![b'x'; 4 * ROW_BYTES_MAX]].concat();
        assert!(read(&endless, Format::Csv).expect_err("too long").starts_with("2: It does not end"));
        let wide = vec!["c"; 1000].join(",");
        assert!(read(wide.as_bytes(), Format::Csv).expect_err("too wide").contains("1000 columns"));
        let endless = [b"{\"date\":\"".as_slice(), &vec![b'x'; 4 * ROW_BYTES_MAX]].concat();
        assert!(read(&endless, Format::Ndjson).expect_err("too long").starts_with("1: It does not end"));
    }

    #[test]
    fn objects_a_line_are_read_exactly() {
        let text = b"{\"date\": \"2019-04-01\", \"amount\": 1234.10, \"more\": null}\n\n{\"amount\":\"5\\u00a3\",\"date\":null}\n";
        let rows = read(text, Format::Ndjson).expect("fine");
        assert_eq!(rows[1..], [["2019-04-01", "1234.10"], ["", "5£"]]);
        for (wrong, line) in [
            (&b"{\"date\":1}\n{\"amount\":\n"[..], "2: "),
            (b"{\"date\":[1]}\n", "1: "),
            (b"[1,2]\n", "1: "),
            (b"{\"date\":1,\"date\":2}\n", "1: The name `date` stands there twice"),
            (b"{\"date\":1} x\n", "1: "),
            (b"{\"dat", "1: "),
        ] {
            let refused = read(wrong, Format::Ndjson).expect_err("refused");
            assert!(refused.starts_with(line), "{refused}");
        }
    }
}
