//! A return as a workbook. What callers wrote goes in as text, never as a formula.
//!
//! A spreadsheet keeps numbers as floats, so this is the one place where pence become pounds with a point: written as
//! digits and read as those, without arithmetic.

use domain::Pence;
use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder, Formula, Workbook, Worksheet, XlsxError};

use super::{figures::ReturnFigures, sheets, statutory_return::ReturnSummary};

/// What it is served as.
pub(super) const MEDIA_TYPE: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/// The longest text of a cell, below the format's own limit of 32,767.
const TEXT_MAX: usize = 32_000;
/// The row of a sheet's headings; above it stand what it is and whose.
const HEADINGS: u32 = 3;
/// A4, as the format numbers papers.
const A4: u8 = 9;

/// A cell.
#[derive(Debug, Clone)]
pub(super) enum Cell {
    Text(String),
    /// Empty where it is not known.
    Money(Option<Pence>),
    /// Basis points, shown as a per cent.
    Percent(Option<i64>),
    Count(i64),
}

impl Cell {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }
}

/// A column: its heading, its width, and whether it holds numbers, and those are added up.
pub(super) struct Column {
    heading: &'static str,
    width: u16,
    number: bool,
    summed: bool,
}

pub(super) const fn column(heading: &'static str, width: u16) -> Column {
    Column { heading, width, number: false, summed: false }
}

pub(super) const fn number(heading: &'static str, width: u16) -> Column {
    Column { heading, width, number: true, summed: false }
}

pub(super) const fn summed(heading: &'static str, width: u16) -> Column {
    Column { heading, width, number: true, summed: true }
}

/// A block of rows with its own total.
pub(super) struct Block {
    /// What the total is called; a block without one has no total.
    pub(super) total: Option<&'static str>,
    pub(super) rows: Vec<Vec<Cell>>,
}

struct Styles {
    title: Format,
    under: Format,
    heading: Format,
    heading_number: Format,
    text: Format,
    money: Format,
    percent: Format,
    count: Format,
    total: Format,
    total_money: Format,
}

impl Styles {
    fn new() -> Self {
        const MONEY: &str = "#,##0.00;[Red]-#,##0.00";
        let base = || Format::new().set_font_name("Calibri").set_font_size(11);
        let heading =
            || base().set_bold().set_background_color(Color::RGB(0xE7_EC_F1)).set_border_bottom(FormatBorder::Thin);
        let total = || base().set_bold().set_border_top(FormatBorder::Thin).set_border_bottom(FormatBorder::Double);
        Self {
            title: base().set_bold().set_font_size(15),
            under: base().set_font_color(Color::RGB(0x55_55_55)),
            heading: heading()
                .set_text_wrap()
                .set_align(FormatAlign::Left)
                .set_align(FormatAlign::Bottom)
                .set_indent(1),
            heading_number: heading().set_text_wrap().set_align(FormatAlign::Right).set_align(FormatAlign::Bottom),
            text: base().set_text_wrap().set_align(FormatAlign::Left).set_align(FormatAlign::Top).set_indent(1),
            money: base().set_num_format(MONEY).set_align(FormatAlign::Top),
            percent: base().set_num_format("0.00\"%\";[Red]-0.00\"%\"").set_align(FormatAlign::Top),
            count: base().set_num_format("#,##0").set_align(FormatAlign::Top),
            total: total().set_align(FormatAlign::Left).set_indent(1),
            total_money: total().set_num_format(MONEY),
        }
    }
}

/// An amount in hundredths as a number with two decimals.
fn hundredths(amount: i64) -> f64 {
    let (sign, size) = (if amount < 0 { "-" } else { "" }, amount.unsigned_abs());
    format!("{sign}{}.{:02}", size / 100, size % 100).parse().unwrap_or_default()
}

fn shortened(text: &str) -> String {
    text.chars().take(TEXT_MAX).collect()
}

/// The letter of one of the first 26 columns.
fn letter(column: u16) -> char {
    u8::try_from(column).map_or('A', |at| char::from(b'A' + at.min(25)))
}

/// A workbook being written: every sheet looks alike.
pub(super) struct Book {
    book: Workbook,
    styles: Styles,
    /// Borough, fund, year and quarter: under every title.
    of: String,
}

impl Book {
    fn new(of: String) -> Self {
        Self { book: Workbook::new(), styles: Styles::new(), of }
    }

    /// Adds a sheet of blocks below one row of headings.
    pub(super) fn sheet(&mut self, name: &str, columns: &[Column], blocks: &[Block]) -> Result<(), XlsxError> {
        let styles = &self.styles;
        let sheet = self.book.add_worksheet();
        sheet.set_name(name)?;
        sheet.write_string_with_format(0, 0, name, &styles.title)?;
        sheet.write_string_with_format(1, 0, shortened(&self.of), &styles.under)?;
        for (column, at) in columns.iter().zip(0u16..) {
            sheet.set_column_width(at, column.width)?;
            let style = if column.number { &styles.heading_number } else { &styles.heading };
            sheet.write_string_with_format(HEADINGS, at, column.heading, style)?;
        }
        let wraps = columns.iter().any(|column| column.heading.len() + 2 > usize::from(column.width));
        sheet.set_row_height(HEADINGS, if wraps { 32 } else { 17 })?;
        let mut row = HEADINGS + 1;
        for block in blocks {
            let first = row;
            for cells in &block.rows {
                for (cell, at) in cells.iter().zip(0u16..) {
                    write(sheet, (row, at), cell, styles)?;
                }
                sheet.set_row_height(row, height(cells, columns))?;
                row += 1;
            }
            if let Some(label) = block.total {
                total(sheet, (first, row), (label, columns, &block.rows), styles)?;
                row += 1;
            }
            row += 1;
        }
        sheet.set_freeze_panes(HEADINGS + 1, 0)?;
        sheet.set_repeat_rows(HEADINGS, HEADINGS)?;
        sheet.set_landscape().set_paper_size(A4).set_print_fit_to_pages(1, 0);
        sheet.set_footer("&L&A&RPage &P of &N");
        Ok(())
    }
}

/// The height of a row in points, so that its longest text is seen whole: not every reader works it out.
fn height(cells: &[Cell], columns: &[Column]) -> u16 {
    const LINE: u16 = 15;
    let lines = cells.iter().zip(columns).map(|(cell, column)| match cell {
        Cell::Text(text) => {
            let line = usize::from(column.width.saturating_sub(1).max(1));
            text.lines().map(|one| one.chars().count().div_ceil(line).max(1)).sum()
        }
        _ => 1,
    });
    // The format knows no row higher than 409 points.
    u16::try_from(lines.max().unwrap_or(1).clamp(1, 27)).unwrap_or(1) * LINE
}

fn write(sheet: &mut Worksheet, (row, at): (u32, u16), cell: &Cell, styles: &Styles) -> Result<(), XlsxError> {
    match cell {
        Cell::Text(text) => sheet.write_string_with_format(row, at, shortened(text), &styles.text)?,
        Cell::Money(Some(pence)) => sheet.write_number_with_format(row, at, hundredths(pence.0), &styles.money)?,
        Cell::Percent(Some(bp)) => sheet.write_number_with_format(row, at, hundredths(*bp), &styles.percent)?,
        Cell::Count(count) => {
            let number: f64 = count.to_string().parse().unwrap_or_default();
            sheet.write_number_with_format(row, at, number, &styles.count)?
        }
        Cell::Money(None) | Cell::Percent(None) => sheet.write_blank(row, at, &styles.text)?,
    };
    Ok(())
}

/// A row of totals: formulas, with what they come to beside them for readers that do not calculate.
fn total(
    sheet: &mut Worksheet,
    (first, row): (u32, u32),
    (label, columns, rows): (&str, &[Column], &[Vec<Cell>]),
    styles: &Styles,
) -> Result<(), XlsxError> {
    for (column, at) in columns.iter().zip(0u16..) {
        if !column.summed {
            let text = if at == 0 { label } else { "" };
            sheet.write_string_with_format(row, at, text, &styles.total)?;
            continue;
        }
        let amounts = rows.iter().map(|cells| match cells.get(usize::from(at)) {
            Some(Cell::Money(amount)) => *amount,
            _ => None,
        });
        // Where one is not known the sum is not known either, which is not nil.
        let Some(sum) = amounts.collect::<Option<Vec<Pence>>>().and_then(Pence::sum) else {
            sheet.write_blank(row, at, &styles.total)?;
            continue;
        };
        let letter = letter(at);
        // Rows of a spreadsheet are counted from one.
        let range = if rows.is_empty() { "0".to_owned() } else { format!("{letter}{}:{letter}{row}", first + 1) };
        let formula = Formula::new(format!("=SUM({range})")).set_result(hundredths(sum.0).to_string());
        sheet.write_formula_with_format(row, at, formula, &styles.total_money)?;
    }
    Ok(())
}

/// What the file is called: `salford-2026-27-quarterly-q1-1.xlsx`.
pub(super) fn file_name(of: &ReturnSummary, figures: &ReturnFigures) -> String {
    let quarter = of.quarter.map(|quarter| format!("-q{quarter}")).unwrap_or_default();
    let kind = web::words::word(of.kind).replace('_', "-");
    format!("{}-{}-{kind}{quarter}-{}.xlsx", figures.borough.slug, of.year, of.number)
}

/// The workbook of a return, as bytes.
pub(super) fn of(of: &ReturnSummary, figures: &ReturnFigures, sha256: Option<&str>) -> Result<Vec<u8>, XlsxError> {
    let quarter = of.quarter.map(|quarter| format!(", quarter {quarter}")).unwrap_or_default();
    let title = format!("{} · {} · {}{quarter}", figures.borough.name, figures.fund_name, of.year);
    let mut book = Book::new(title);
    sheets::summary(&mut book, of, figures)?;
    sheets::contributions(&mut book, figures)?;
    sheets::schemes(&mut book, figures)?;
    sheets::memorandum(&mut book, figures)?;
    if let Some(bcf) = &figures.better_care_fund {
        sheets::better_care_fund(&mut book, figures, bcf)?;
    }
    sheets::notes(&mut book, of, figures, sha256)?;
    book.book.save_to_buffer()
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read};

    use super::*;

    fn part(bytes: &[u8], name: &str) -> String {
        let mut package = zip::ZipArchive::new(Cursor::new(bytes)).expect("a package");
        let mut text = String::new();
        package.by_name(name).expect("the part is there").read_to_string(&mut text).expect("UTF-8");
        text
    }

    #[test]
    fn what_callers_wrote_is_text_and_totals_are_formulas_that_say_what_they_come_to() {
        let mut book = Book::new("=cmd|' /C calc'!A0".to_owned());
        let row = |name: &str, pence| vec![Cell::text(name), Cell::Money(Some(Pence(pence)))];
        let rows = vec![row("=1+1", 1_234_567_890_123), row("\u{1}control & <mark>", -23)];
        let block = Block { total: Some("All"), rows };
        book.sheet("Schemes", &[column("Name", 20), summed("Budget (£)", 20)], &[block]).expect("it is written");
        let bytes = book.book.save_to_buffer().expect("it is saved");
        let sheet = part(&bytes, "xl/worksheets/sheet1.xml");
        assert_eq!(sheet.matches("<f>").count(), 1, "only the total: {sheet}");
        assert!(sheet.contains("<f>SUM(B5:B6)</f><v>12345678901</v>"), "{sheet}");
        assert!(sheet.contains("<v>12345678901.23</v>") && sheet.contains("<v>-0.23</v>"), "{sheet}");
        assert!(sheet.contains("orientation=\"landscape\"") && sheet.contains("state=\"frozen\""), "{sheet}");
        let texts = part(&bytes, "xl/sharedStrings.xml");
        assert!(texts.contains("<t>=1+1</t>") && texts.contains("=cmd|"), "{texts}");
    }

    #[test]
    fn pence_become_pounds_without_arithmetic() {
        for (pence, pounds) in [(0, "0"), (-1, "-0.01"), (1_352_012_767, "13520127.67"), (-157_941, "-1579.41")] {
            assert_eq!(hundredths(pence).to_string(), pounds);
        }
        assert_eq!(letter(0), 'A');
        assert_eq!(letter(7), 'H');
    }
}
