//! A file on its way into lines: some thousand at a time, and never more of it in memory.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use domain::{FinancialYear, Pence, Period};

use super::{Chart, Line, LineFault, Meaning};
use crate::{
    imports::file::{Format, Layout, NoRow, Record, Rows},
    journals::MOVES_MAX,
    ledger_sources::LedgerMapping,
    rules,
};

/// A file that counts how far it is read.
struct Counted {
    file: File,
    read: Arc<AtomicI64>,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(into)?;
        self.read.fetch_add(i64::try_from(read).unwrap_or_default(), Ordering::Relaxed);
        Ok(read)
    }
}

/// A file that is being read.
pub(crate) struct FileReader {
    rows: Rows<BufReader<Counted>>,
    meaning: Meaning,
    record: Record,
    read: Arc<AtomicI64>,
    /// What all lines so far move, either way.
    moves: Pence,
}

impl FileReader {
    /// Opens a file and finds its columns.
    pub(crate) fn open(
        path: &Path,
        format: Format,
        (mapping, chart): (LedgerMapping, Chart),
        (year, period): (FinancialYear, Period),
    ) -> Result<Self, NoRow> {
        let read = Arc::new(AtomicI64::new(0));
        let input = BufReader::with_capacity(64 * 1024, Counted { file: File::open(path)?, read: read.clone() });
        let wanted: Vec<String> = mapping.columns.named().map(|(_, name)| name.to_owned()).collect();
        let (rows, headings) = Rows::open(input, format, &wanted)?;
        let layout = Layout::of(&headings, &mapping.columns).map_err(NoRow::Shape)?;
        let meaning = Meaning::new(mapping, layout, chart, year, period);
        Ok(Self { rows, meaning, record: Record::default(), read, moves: Pence::ZERO })
    }

    /// Passes over rows that are kept already, which move as much.
    pub(crate) fn pass_over(&mut self, rows: i64, moves: Pence) -> Result<(), NoRow> {
        for _ in 0..rows {
            if !self.rows.next(&mut self.record)? {
                break;
            }
        }
        self.moves = moves;
        Ok(())
    }

    /// The next lines, `most` of them or what is left of the file.
    pub(crate) fn lines(&mut self, most: usize) -> Result<Vec<Line>, NoRow> {
        let mut lines = Vec::with_capacity(most);
        while lines.len() < most && self.rows.next(&mut self.record)? {
            let mut line = self.meaning.of(&self.record);
            self.weigh(&mut line);
            lines.push(line);
        }
        Ok(lines)
    }

    /// A file moves no more than a journal may: so its sums, and sums of very many files, fit.
    fn weigh(&mut self, line: &mut Line) {
        let size = line.amount.map_or(0, |amount| amount.0.saturating_abs());
        let moves = Pence(self.moves.0.saturating_add(size));
        if moves > MOVES_MAX {
            line.amount = None;
            line.refuse(LineFault {
                column: String::new(),
                fault: "With this line the file comes to more than can be kept.".into(),
                remedy: format!("A file moves at most {MOVES_MAX}, debits and credits together. Send it in parts."),
                rule: Some(rules::MONTHS_FILE.number),
            });
        } else {
            self.moves = moves;
        }
    }

    /// What all lines so far move, either way.
    pub(crate) fn moves(&self) -> Pence {
        self.moves
    }

    /// How many bytes are read.
    pub(crate) fn bytes(&self) -> i64 {
        self.read.load(Ordering::Relaxed)
    }
}
