//! Comma-separated rows as spreadsheets write them, held to a length, and to quotation marks that close.

use std::io::BufRead;

use super::{NoRow, ROW_BYTES_MAX, record::Record, shape};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Rows, one at a time.
pub(crate) struct CsvRows<R> {
    input: R,
    delimiter: u8,
    /// The line the next row begins on.
    line: u64,
    after_return: bool,
    ended: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum At {
    Start,
    Plain,
    Quoted,
    AfterQuote,
}

impl<R: BufRead> CsvRows<R> {
    /// Passes over a byte-order mark, and finds out what stands between cells: a comma, semicolon, tab or bar.
    pub(crate) fn open(mut input: R) -> Result<Self, NoRow> {
        if input.fill_buf()?.starts_with(BYTE_ORDER_MARK) {
            input.consume(BYTE_ORDER_MARK.len());
        }
        let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
        let mut quoted = false;
        for byte in input.fill_buf()? {
            match byte {
                b'"' => quoted = !quoted,
                b'\n' | b'\r' if !quoted => break,
                _ if quoted => {}
                other => counts.iter_mut().filter(|(mark, _)| mark == other).for_each(|(_, count)| *count += 1),
            }
        }
        // Of marks that are as frequent, the first.
        let delimiter = counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(mark, _)| *mark);
        Ok(Self { input, delimiter, line: 1, after_return: false, ended: false })
    }

    /// Whether the last row read was ended by the end of the file, and not by the end of its line.
    pub(super) fn at_end(&self) -> bool {
        self.ended
    }

    /// Reads the next row; whether there was one.
    pub(crate) fn next(&mut self, record: &mut Record) -> Result<bool, NoRow> {
        record.begin(self.line);
        let (mut at, mut size) = (At::Start, 0usize);
        loop {
            let buffer = self.input.fill_buf()?;
            if buffer.is_empty() {
                self.ended = true;
                if at == At::Quoted {
                    let detail = "A quotation mark is opened and never closed: the file seems to be cut off.";
                    return Err(shape(record.line, detail));
                }
                if at == At::Start && record.ends.is_empty() {
                    return Ok(false);
                }
                record.end_cell();
                return checked(record);
            }
            let (mut used, mut done) = (0, false);
            for byte in buffer {
                used += 1;
                if std::mem::take(&mut self.after_return) && *byte == b'\n' && at == At::Start && record.ends.is_empty()
                {
                    continue;
                }
                match (at, *byte) {
                    (At::Quoted, b'"') => at = At::AfterQuote,
                    (At::Quoted, other) => {
                        self.line += u64::from(other == b'\n');
                        record.bytes.push(other);
                    }
                    (At::AfterQuote, b'"') => {
                        record.bytes.push(b'"');
                        at = At::Quoted;
                    }
                    (_, mark) if mark == self.delimiter => {
                        record.end_cell();
                        at = At::Start;
                    }
                    (_, b'\n' | b'\r') => {
                        self.after_return = *byte == b'\r';
                        self.line += 1;
                        done = true;
                        break;
                    }
                    (At::AfterQuote, b' ') => {}
                    (At::AfterQuote, _) => {
                        return Err(shape(record.line, "There is text after a closing quotation mark."));
                    }
                    (At::Start, b'"') => at = At::Quoted,
                    (_, other) => {
                        record.bytes.push(other);
                        at = At::Plain;
                    }
                }
            }
            self.input.consume(used);
            size += used;
            if done {
                record.end_cell();
                return checked(record);
            }
            if size > ROW_BYTES_MAX {
                return Err(shape(record.line, format_args!("It does not end within {ROW_BYTES_MAX} bytes.")));
            }
        }
    }
}

fn checked(record: &Record) -> Result<bool, NoRow> {
    let Ok(text) = std::str::from_utf8(&record.bytes) else {
        let detail = "It is not UTF-8. Save the file as “CSV UTF-8”, which spreadsheets offer beside plain CSV.";
        return Err(shape(record.line, detail));
    };
    if text.contains('\0') {
        return Err(shape(record.line, "It holds a NUL character, which no text here may."));
    }
    Ok(true)
}
