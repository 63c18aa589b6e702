//! One row of a file: its cells, in one text that is used again for the next.

/// A row.
#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(super) bytes: Vec<u8>,
    /// Where each cell ends.
    pub(super) ends: Vec<usize>,
    /// The line of the file it begins on.
    pub(crate) line: u64,
}

impl Record {
    pub(super) fn begin(&mut self, line: u64) {
        self.bytes.clear();
        self.ends.clear();
        self.line = line;
    }

    pub(super) fn end_cell(&mut self) {
        self.ends.push(self.bytes.len());
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// A cell, without the blanks around it; nothing where there is none of that number.
    pub(crate) fn cell(&self, at: usize) -> &str {
        let Some(end) = self.ends.get(at) else { return "" };
        let begin = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        // What is not UTF-8 was refused when the row was read.
        std::str::from_utf8(&self.bytes[begin..*end]).unwrap_or_default().trim()
    }

    pub(crate) fn cells(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|at| self.cell(at))
    }

    pub(super) fn is_blank(&self) -> bool {
        self.cells().all(str::is_empty)
    }
}
