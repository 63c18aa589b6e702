//! A period's lines as a Parquet file, written as it is read: for whoever keeps a warehouse.

use std::sync::Arc;

use chrono::NaiveDate;
use parquet::{
    basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical},
    data_type::{ByteArray, ByteArrayType, DataType, Int32Type, Int64Type},
    errors::{ParquetError, Result},
    file::{
        properties::WriterProperties,
        writer::{SerializedColumnWriter, SerializedFileWriter},
    },
    schema::types::{Type, TypePtr},
};

use super::LedgerLine;

/// Lines of one row group: what is in memory at once.
const GROUP: usize = 20_000;

/// How a field is written; one that a line may lack is an option.
enum Field {
    Text(fn(&LedgerLine) -> String),
    TextOrNone(fn(&LedgerLine) -> Option<String>),
    Small(fn(&LedgerLine) -> i32),
    Pence(fn(&LedgerLine) -> i64),
    Day(fn(&LedgerLine) -> NaiveDate),
    Instant(fn(&LedgerLine) -> i64),
}

/// Every field of a line, as `postings.ndjson` names them and in its order.
const FIELDS: [(&str, Field); 22] = [
    ("journal", Field::Text(|line| line.journal.to_string())),
    ("line", Field::Small(|line| line.line.into())),
    ("year", Field::Text(|line| line.year.to_string())),
    ("period", Field::Small(|line| line.period.number().into())),
    ("posted_at", Field::Instant(|line| line.posted_at.timestamp_micros())),
    ("effective_on", Field::Day(|line| line.effective_on)),
    ("account", Field::Text(|line| line.account.clone())),
    ("scheme", Field::TextOrNone(|line| line.scheme.clone())),
    ("layer", Field::Text(|line| line.layer.as_str().to_owned())),
    ("amount_pence", Field::Pence(|line| line.amount_pence.0)),
    ("party", Field::TextOrNone(|line| line.party.map(|party| party.to_string()))),
    ("category", Field::TextOrNone(|line| line.category.clone())),
    ("source", Field::TextOrNone(|line| line.source.clone())),
    ("nature", Field::TextOrNone(|line| line.nature.clone())),
    ("narrative", Field::Text(|line| line.narrative.clone())),
    ("journal_source", Field::TextOrNone(|line| line.journal_source.clone())),
    ("external_reference", Field::TextOrNone(|line| line.external_reference.clone())),
    ("metadata", Field::TextOrNone(|line| line.metadata.clone())),
    ("posted_by", Field::Text(|line| line.posted_by.clone())),
    ("reverses", Field::TextOrNone(|line| line.reverses.map(|journal| journal.to_string()))),
    ("corrects", Field::TextOrNone(|line| line.corrects.map(|journal| journal.to_string()))),
    ("import", Field::TextOrNone(|line| line.import.map(|import| import.to_string()))),
];

impl Field {
    fn column(&self, name: &str) -> Result<Type> {
        let (physical, logical) = match self {
            Self::Text(_) | Self::TextOrNone(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Self::Small(_) => (Physical::INT32, None),
            Self::Pence(_) => (Physical::INT64, None),
            Self::Day(_) => (Physical::INT32, Some(LogicalType::Date)),
            Self::Instant(_) => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MICROS))),
        };
        let lacks = matches!(self, Self::TextOrNone(_));
        let repetition = if lacks { Repetition::OPTIONAL } else { Repetition::REQUIRED };
        Type::primitive_type_builder(name, physical).with_logical_type(logical).with_repetition(repetition).build()
    }

    fn write(&self, column: &mut SerializedColumnWriter<'_>, lines: &[LedgerLine]) -> Result<()> {
        match self {
            Self::Text(text) => {
                put::<ByteArrayType>(column, lines.iter().map(|line| ByteArray::from(text(line).into_bytes())))
            }
            Self::TextOrNone(text) => {
                let texts: Vec<_> = lines.iter().map(text).collect();
                let levels: Vec<i16> = texts.iter().map(|text| text.is_some().into()).collect();
                let there: Vec<_> =
                    texts.into_iter().flatten().map(|text| ByteArray::from(text.into_bytes())).collect();
                column.typed::<ByteArrayType>().write_batch(&there, Some(&levels), None).map(drop)
            }
            Self::Small(number) => put::<Int32Type>(column, lines.iter().map(number)),
            Self::Pence(number) | Self::Instant(number) => put::<Int64Type>(column, lines.iter().map(number)),
            Self::Day(day) => put::<Int32Type>(column, lines.iter().map(|line| day(line).to_epoch_days())),
        }
    }
}

fn put<T: DataType>(column: &mut SerializedColumnWriter<'_>, values: impl Iterator<Item = T::T>) -> Result<()> {
    let values: Vec<T::T> = values.collect();
    column.typed::<T>().write_batch(&values, None, None).map(drop)
}

fn schema() -> Result<TypePtr> {
    let columns = FIELDS.iter().map(|(name, field)| field.column(name).map(Arc::new)).collect::<Result<_>>()?;
    Ok(Arc::new(Type::group_type_builder("line").with_fields(columns).build()?))
}

/// A file under way: lines go in, bytes come out.
pub(super) struct ParquetFile {
    file: SerializedFileWriter<Vec<u8>>,
    waiting: Vec<LedgerLine>,
}

impl ParquetFile {
    pub(super) fn begin() -> Result<Self> {
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        Ok(Self { file: SerializedFileWriter::new(Vec::new(), schema()?, Arc::new(properties))?, waiting: Vec::new() })
    }

    /// Takes lines. The bytes that are ready, which may be none yet.
    pub(super) fn take(&mut self, lines: Vec<LedgerLine>) -> Result<Vec<u8>> {
        self.waiting.extend(lines);
        if self.waiting.len() >= GROUP {
            self.write_group()?;
        }
        self.file.flush()?;
        Ok(std::mem::take(self.file.inner_mut()))
    }

    /// The rest of the bytes.
    pub(super) fn end(mut self) -> Result<Vec<u8>> {
        if !self.waiting.is_empty() {
            self.write_group()?;
        }
        self.file.into_inner()
    }

    fn write_group(&mut self) -> Result<()> {
        let lines = std::mem::take(&mut self.waiting);
        let mut group = self.file.next_row_group()?;
        for (name, field) in &FIELDS {
            let column = group.next_column()?;
            let mut column = column.ok_or_else(|| ParquetError::General(format!("there is no column {name}")))?;
            field.write(&mut column, &lines)?;
            column.close()?;
        }
        group.close().map(drop)
    }
}

#[cfg(test)]
mod tests {
    use domain::{JournalId, Pence};
    use parquet::{
        file::reader::{FileReader, SerializedFileReader},
        record::Field as Read,
    };
    use uuid::Uuid;

    use super::*;
    use crate::journals::Layer;

    fn line(number: i16) -> LedgerLine {
        LedgerLine {
            journal: JournalId(Uuid::nil()),
            line: number,
            year: "2026-27".parse().expect("a year"),
            period: domain::Period::new(6).expect("a period"),
            posted_at: "2026-09-30T12:00:00.000001Z".parse().expect("an instant"),
            effective_on: "2026-09-30".parse().expect("a day"),
            account: "5100".into(),
            scheme: (number % 2 == 0).then(|| "ICES".into()),
            layer: Layer::Actual,
            amount_pence: Pence(i64::MIN + i64::from(number)),
            party: None,
            category: None,
            source: None,
            nature: Some("capital".into()),
            narrative: "Grüße, £5".into(),
            journal_source: None,
            external_reference: None,
            metadata: Some("{\"a\": 1}".into()),
            posted_by: "a client".into(),
            reverses: None,
            corrects: None,
            import: None,
        }
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        let lines: Vec<_> = (1..=21_003).map(line).collect();
        let mut file = ParquetFile::begin().expect("a file");
        let mut bytes = Vec::new();
        for some in lines.chunks(2_000) {
            bytes.extend(file.take(some.to_vec()).expect("lines are taken"));
        }
        assert!(bytes.len() > 100, "a group goes out before the end");
        bytes.extend(file.end().expect("it ends"));
        let reader = SerializedFileReader::new(axum::body::Bytes::from(bytes)).expect("a Parquet file");
        assert_eq!(reader.metadata().num_row_groups(), 2);
        let rows: Vec<_> = reader.get_row_iter(None).expect("rows").map(|row| row.expect("a row")).collect();
        assert_eq!(rows.len(), lines.len());
        for (row, line) in rows.iter().zip(&lines) {
            let told: Vec<_> = row.get_column_iter().collect();
            assert_eq!(told.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), FIELDS.map(|(name, _)| name));
            let text = |text: &str| Read::Str(text.to_owned());
            assert_eq!(*told[0].1, text("00000000-0000-0000-0000-000000000000"));
            assert_eq!(*told[1].1, Read::Int(line.line.into()));
            assert_eq!(*told[2].1, text("2026-27"));
            assert_eq!(*told[4].1, Read::TimestampMicros(1_790_769_600_000_001));
            assert_eq!(*told[5].1, Read::Date(20_726));
            assert_eq!(*told[7].1, line.scheme.as_deref().map_or(Read::Null, text));
            assert_eq!(*told[9].1, Read::Long(line.amount_pence.0));
            assert_eq!(*told[13].1, text("capital"));
            assert_eq!(*told[14].1, text("Grüße, £5"));
            assert_eq!(*told[21].1, Read::Null);
        }
    }

    #[test]
    fn no_lines_are_a_file_too() {
        let bytes = ParquetFile::begin().and_then(ParquetFile::end).expect("a file");
        let reader = SerializedFileReader::new(axum::body::Bytes::from(bytes)).expect("a Parquet file");
        assert_eq!(reader.metadata().file_metadata().num_rows(), 0);
    }
}
