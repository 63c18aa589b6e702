//! The rules of a paper: what is announced, its file name, who may read it. No SQL, no HTTP, no clock.

use auth::Role;
use chrono::{DateTime, Utc};
use domain::{ItemId, MeetingId, PaperId};
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row, problems};

use super::content::{BYTES_MAX, MediaType};
use crate::agenda::may_read_exempt;

/// A paper to announce.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"title": "Community equipment: business case", "file_name": "business-case.pdf",
    "media_type": "application/pdf", "bytes": 8,
    "sha256": "86edbaa24831badfa0a8b04bb410141e2ee4182b6d0014493fe262a7a331c20b", "exempt": false}))]
pub(crate) struct PaperDraft {
    /// The item it is for, where it is for one.
    #[serde(default)]
    pub(super) item: Option<ItemId>,
    #[schema(min_length = 1, max_length = 300)]
    pub(super) title: String,
    /// What the file is called; it ends as its type does.
    #[schema(min_length = 1, max_length = 200)]
    pub(super) file_name: String,
    pub(super) media_type: MediaType,
    /// How long its content is, in bytes.
    #[schema(minimum = 1, maximum = 8388608)]
    pub(super) bytes: i64,
    /// The SHA-256 of its content, in hexadecimal.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub(super) sha256: String,
    /// Whether only those entitled to exempt papers may read it; of a private item only.
    #[serde(default)]
    pub(super) exempt: bool,
}

impl PaperDraft {
    pub(super) fn check(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/title", &self.title, 300);
        faults.text("/file_name", &self.file_name, 200);
        faults.unless(
            is_plain_name(&self.file_name),
            "/file_name",
            "A file name is no path and has no control characters.",
        );
        let endings = self.media_type.endings();
        let lower = self.file_name.to_lowercase();
        let fits = endings.iter().any(|ending| lower.ends_with(ending));
        faults.unless(fits, "/file_name", format_args!("A file of this type ends in {}.", endings.join(" or ")));
        let length = usize::try_from(self.bytes).is_ok_and(|bytes| (1..=BYTES_MAX).contains(&bytes));
        faults.unless(length, "/bytes", format_args!("A paper has 1 to {BYTES_MAX} bytes."));
        faults.unless(self.sum().is_some(), "/sha256", "A SHA-256 is 64 digits from 0 to 9 and a to f.");
        let kept = !self.exempt || self.item.is_some();
        faults.unless(kept, "/exempt", "Only a private item has exempt papers: name the item.");
        faults.none()
    }

    /// The checksum, as bytes.
    pub(super) fn sum(&self) -> Option<[u8; 32]> {
        let text = self.sha256.as_bytes();
        if text.len() != 64 || !text.iter().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(b)) {
            return None;
        }
        let mut sum = [0; 32];
        for (at, byte) in sum.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&self.sha256[2 * at..2 * at + 2], 16).ok()?;
        }
        Some(sum)
    }
}

fn is_plain_name(name: &str) -> bool {
    let odd = |c: char| c.is_control() || "/\\:*?\"<>|".contains(c) || is_turning(c);
    name.trim() == name && !name.starts_with('.') && !name.contains(odd)
}

/// Characters that turn the direction of what follows: "gpj.exe" would read as "exe.jpg".
fn is_turning(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A checksum as text.
pub(super) fn hex(sum: &[u8]) -> String {
    sum.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `Content-Disposition`: saved under its name, never shown (RFC 6266, RFC 8187).
pub(super) fn disposition(file_name: &str) -> String {
    let plain: String =
        file_name.chars().map(|c| if c.is_ascii_graphic() && c != '%' || c == ' ' { c } else { '_' }).collect();
    let kept = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    let coded: String =
        file_name.bytes().map(|b| if kept(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{coded}")
}

/// A paper.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct PaperBody {
    pub(crate) id: PaperId,
    pub(crate) meeting: MeetingId,
    pub(crate) item: Option<ItemId>,
    #[schema(example = "Community equipment: business case")]
    pub(crate) title: String,
    /// Null to those who may not read it.
    #[schema(example = "business-case.pdf")]
    pub(crate) file_name: Option<String>,
    pub(crate) media_type: MediaType,
    /// How long its content is, in bytes.
    pub(crate) bytes: i64,
    /// The SHA-256 of its content, in hexadecimal.
    pub(crate) sha256: String,
    pub(crate) exempt: bool,
    pub(crate) added_at: DateTime<Utc>,
    /// When its content arrived and was found to be what was announced.
    pub(crate) stored_at: Option<DateTime<Utc>>,
    #[serde(skip)]
    pub(crate) sum: [u8; 32],
    #[serde(skip)]
    pub(crate) version: i64,
}

impl PaperBody {
    /// The paper as somebody in that role may read it.
    pub(super) fn for_reader(mut self, role: Role) -> Self {
        if self.exempt && !may_read_exempt(role) {
            self.title = "Exempt paper".to_owned();
            self.file_name = None;
        }
        self
    }

    /// Goes on where that role may read the content.
    pub(super) fn readable_by(&self, role: Role) -> Result<(), Problem> {
        if !self.exempt || may_read_exempt(role) {
            return Ok(());
        }
        Err(Problem::new(&problems::FORBIDDEN, "The paper is exempt: clerks, members and auditors read it."))
    }
}

impl Row for PaperBody {
    const COLUMNS: &'static [&'static str] =
        &["id", "item", "title", "file_name", "media_type", "bytes", "sha256", "exempt", "added_at", "stored_at"];
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paper(file_name: &str) -> PaperDraft {
        PaperDraft {
            item: None,
            title: "A paper".into(),
            file_name: file_name.into(),
            media_type: MediaType::Pdf,
            bytes: 8,
            sha256: "0f".repeat(32),
            exempt: false,
        }
    }

    #[test]
    fn a_file_name_is_a_name_and_fits_its_type() {
        for fine in ["a.pdf", "Business case (v2).PDF", "Übersicht.pdf"] {
            assert!(paper(fine).check().is_ok(), "{fine}");
        }
        for wrong in ["a.html", "../a.pdf", ".pdf", "a\u{202e}fdp.pdf", "a\r\nb.pdf", " a.pdf", "a\".pdf", "a.pdf.exe"]
        {
            assert!(paper(wrong).check().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_paper_is_announced_with_its_length_and_checksum() {
        assert_eq!(paper("a.pdf").sum(), Some([15; 32]));
        assert_eq!(hex(&[15; 32]), "0f".repeat(32));
        assert!(PaperDraft { sha256: "0F".repeat(32), ..paper("a.pdf") }.check().is_err());
        assert!(PaperDraft { bytes: 0, ..paper("a.pdf") }.check().is_err());
        assert!(PaperDraft { bytes: 8 * 1024 * 1024 + 1, ..paper("a.pdf") }.check().is_err());
        assert!(PaperDraft { exempt: true, ..paper("a.pdf") }.check().is_err(), "of no item");
    }

    #[test]
    fn a_name_is_sent_so_that_nothing_breaks_out_of_it() {
        assert_eq!(
            disposition("Über 1%.pdf"),
            "attachment; filename=\"_ber 1_.pdf\"; filename*=UTF-8''%C3%9Cber%201%25.pdf"
        );
    }
}
