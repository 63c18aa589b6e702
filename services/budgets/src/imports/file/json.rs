//! Rows as JSON objects, one a line. Numbers are kept as they are written: an amount never becomes a float.

use std::io::BufRead;

use super::{NoRow, ROW_BYTES_MAX, layout::plain, record::Record, shape};

/// Rows, one at a time.
pub(crate) struct JsonRows<R> {
    input: R,
    /// The names wanted, in the order of their cells.
    names: Vec<String>,
    line: u64,
    text: Vec<u8>,
}

impl<R: BufRead> JsonRows<R> {
    pub(super) fn open(input: R, wanted: Vec<String>) -> Self {
        let names = wanted.iter().map(|name| plain(name)).collect();
        Self { input, names, line: 0, text: Vec::new() }
    }

    /// Reads the next row that is not blank; whether there was one.
    pub(super) fn next(&mut self, record: &mut Record) -> Result<bool, NoRow> {
        loop {
            self.line += 1;
            if !self.next_line()? {
                return Ok(false);
            }
            let Ok(text) = std::str::from_utf8(&self.text) else { return Err(shape(self.line, "It is not UTF-8.")) };
            let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim();
            if text.is_empty() {
                continue;
            }
            let fields = object(text).map_err(|detail| shape(self.line, detail))?;
            record.begin(self.line);
            for name in &self.names {
                let mut named = fields.iter().filter(|(other, _)| plain(other) == *name);
                let value = named.next();
                if named.next().is_some() {
                    return Err(shape(self.line, format_args!("The name `{name}` stands there twice.")));
                }
                if let Some((_, value)) = value {
                    record.bytes.extend_from_slice(value.as_bytes());
                }
                record.end_cell();
            }
            return Ok(true);
        }
    }

    /// Takes the next line into `text`; whether there was one.
    fn next_line(&mut self) -> Result<bool, NoRow> {
        self.text.clear();
        loop {
            let buffer = self.input.fill_buf()?;
            if buffer.is_empty() {
                return Ok(!self.text.is_empty());
            }
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let used = end.map_or(buffer.len(), |at| at + 1);
            self.text.extend_from_slice(&buffer[..used]);
            self.input.consume(used);
            if end.is_some() {
                return Ok(true);
            }
            if self.text.len() > ROW_BYTES_MAX {
                return Err(shape(self.line, format_args!("It does not end within {ROW_BYTES_MAX} bytes.")));
            }
        }
    }
}

/// The names and values of an object that holds nothing but texts, numbers, true, false and null.
fn object(text: &str) -> Result<Vec<(String, String)>, String> {
    let wrong = || "It is not one JSON object of texts and numbers; the file may be cut off there.".to_owned();
    let mut rest = text.strip_prefix('{').ok_or_else(wrong)?.trim_start();
    let mut fields = Vec::new();
    if rest == "}" {
        return Ok(fields);
    }
    loop {
        let (name, after) = string(rest).ok_or_else(wrong)?;
        rest = after.trim_start().strip_prefix(':').ok_or_else(wrong)?.trim_start();
        let value = if rest.starts_with('"') {
            let (value, after) = string(rest).ok_or_else(wrong)?;
            rest = after;
            value
        } else {
            let end = rest.find([',', '}', ' ', '\t', '\r']).ok_or_else(wrong)?;
            let (value, after) = rest.split_at(end);
            if value.starts_with(['[', '{']) {
                return Err(wrong());
            }
            // It is a word or number of JSON, and is kept as it is written.
            serde_json::from_str::<serde::de::IgnoredAny>(value).map_err(|_| wrong())?;
            rest = after;
            if value == "null" { String::new() } else { value.to_owned() }
        };
        if value.contains('\0') {
            return Err("It holds a NUL character, which no text here may.".to_owned());
        }
        fields.push((name, value));
        rest = rest.trim_start();
        if rest == "}" {
            return Ok(fields);
        }
        rest = rest.strip_prefix(',').ok_or_else(wrong)?.trim_start();
    }
}

/// A text of JSON at the beginning, and what follows it.
fn string(text: &str) -> Option<(String, &str)> {
    let inside = text.strip_prefix('"')?;
    let mut escaped = false;
    let end = inside.find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })?;
    let (whole, after) = text.split_at(end + 2);
    Some((serde_json::from_str(whole).ok()?, after))
}
