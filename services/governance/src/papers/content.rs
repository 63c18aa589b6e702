//! What may be a paper's content: a short list of types, and bytes that are what they claim. No SQL, no HTTP.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use web::{Problem, problems};

/// The most a paper may hold, in bytes.
pub(super) const BYTES_MAX: usize = 8 * 1024 * 1024;

/// The types a paper may have. Nothing here is run or drawn by a browser as a page of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) enum MediaType {
    #[serde(rename = "application/pdf")]
    Pdf,
    #[serde(rename = "application/vnd.openxmlformats-officedocument.wordprocessingml.document")]
    Docx,
    #[serde(rename = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")]
    Xlsx,
    #[serde(rename = "application/vnd.openxmlformats-officedocument.presentationml.presentation")]
    Pptx,
    #[serde(rename = "application/vnd.oasis.opendocument.text")]
    Odt,
    #[serde(rename = "application/vnd.oasis.opendocument.spreadsheet")]
    Ods,
    #[serde(rename = "application/vnd.oasis.opendocument.presentation")]
    Odp,
    #[serde(rename = "text/csv")]
    Csv,
    #[serde(rename = "text/plain")]
    Text,
    #[serde(rename = "image/png")]
    Png,
    #[serde(rename = "image/jpeg")]
    Jpeg,
}

impl MediaType {
    /// How the names of its files end.
    pub(super) fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Pdf => &[".pdf"],
            Self::Docx => &[".docx"],
            Self::Xlsx => &[".xlsx"],
            Self::Pptx => &[".pptx"],
            Self::Odt => &[".odt"],
            Self::Ods => &[".ods"],
            Self::Odp => &[".odp"],
            Self::Csv => &[".csv"],
            Self::Text => &[".txt"],
            Self::Png => &[".png"],
            Self::Jpeg => &[".jpg", ".jpeg"],
        }
    }

    /// As `Content-Type` has it on the way out.
    pub(super) fn served_as(self) -> String {
        let name = crate::words::word(self);
        if matches!(self, Self::Csv | Self::Text) { name + "; charset=utf-8" } else { name }
    }

    /// Whether bytes begin as this type does, and hold what it always holds.
    fn fits(self, bytes: &[u8]) -> bool {
        match self {
            Self::Pdf => bytes.starts_with(b"%PDF-"),
            Self::Docx => is_office(bytes, b"word/"),
            Self::Xlsx => is_office(bytes, b"xl/"),
            Self::Pptx => is_office(bytes, b"ppt/"),
            // The first entry is the type itself, stored as it is.
            Self::Odt | Self::Ods | Self::Odp => {
                let first = format!("mimetype{}", crate::words::word(self));
                is_zip(bytes) && bytes.get(30..).is_some_and(|rest| rest.starts_with(first.as_bytes()))
            }
            Self::Csv | Self::Text => is_plain(bytes),
            Self::Png => bytes.starts_with(b"\x89PNG\r\n\x1a\n"),
            Self::Jpeg => bytes.starts_with(b"\xff\xd8\xff"),
        }
    }
}

fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
}

/// Names of entries stand in a zip as they are. One with macros is not a document of these types.
fn is_office(bytes: &[u8], folder: &[u8]) -> bool {
    let holds = |name: &[u8]| bytes.windows(name.len()).any(|window| window == name);
    is_zip(bytes) && holds(b"[Content_Types].xml") && holds(folder) && !holds(b"vbaProject.bin")
}

/// Text that no program takes for markup or a script.
fn is_plain(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let begins = text.trim_start_matches('\u{feff}').trim_start();
    !text.contains('\0') && !begins.starts_with('<') && !begins.starts_with("#!")
}

/// What was announced, against what came.
pub(super) fn check(media_type: MediaType, announced: (i64, [u8; 32]), bytes: &[u8]) -> Result<(), Problem> {
    let refuse = |detail: String| Err(Problem::new(&problems::CONTENT_INVALID, detail + " Nothing was stored."));
    let (length, sha256) = announced;
    if i64::try_from(bytes.len()) != Ok(length) {
        return refuse(format!("{length} bytes were announced, {} came.", bytes.len()));
    }
    let found: [u8; 32] = Sha256::digest(bytes).into();
    if found != sha256 {
        return refuse("The SHA-256 is not the one announced.".into());
    }
    if !media_type.fits(bytes) {
        return refuse(format!("The content is not {}.", crate::words::word(media_type)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_what_they_claim() {
        let docx = b"PK\x03\x04....[Content_Types].xml....word/document.xml";
        let odt = [b"PK\x03\x04".as_slice(), &[0; 26], b"mimetypeapplication/vnd.oasis.opendocument.text"].concat();
        for (kind, bytes) in [
            (MediaType::Pdf, b"%PDF-1.7 ...".as_slice()),
            (MediaType::Docx, docx),
            (MediaType::Odt, &odt),
            (MediaType::Csv, b"a,b\n1,2\n"),
            (MediaType::Text, "Über".as_bytes()),
            (MediaType::Png, b"\x89PNG\r\n\x1a\n..."),
            (MediaType::Jpeg, b"\xff\xd8\xff\xe0..."),
        ] {
            assert!(kind.fits(bytes), "{kind:?}");
        }
        let html = b"<!doctype html><script>alert(1)</script>".as_slice();
        for kind in [MediaType::Pdf, MediaType::Docx, MediaType::Odt, MediaType::Csv, MediaType::Text, MediaType::Png] {
            assert!(!kind.fits(html), "HTML as {kind:?}");
        }
        assert!(!MediaType::Text.fits(b"\xef\xbb\xbf  <svg onload=alert(1)>"), "behind a byte order mark");
        assert!(!MediaType::Text.fits(b"#!/bin/sh"), "a script");
        assert!(!MediaType::Text.fits(b"\xff\xfe"), "not UTF-8");
        assert!(!MediaType::Xlsx.fits(docx), "another of its family");
        assert!(!MediaType::Docx.fits(&[docx.as_slice(), b"word/vbaProject.bin"].concat()), "macros");
        assert!(!MediaType::Ods.fits(&odt), "another of its family");
    }

    #[test]
    fn what_comes_is_what_was_announced() {
        let bytes = b"%PDF-1.7";
        let sum: [u8; 32] = Sha256::digest(bytes).into();
        assert!(check(MediaType::Pdf, (8, sum), bytes).is_ok());
        assert!(check(MediaType::Pdf, (9, sum), bytes).is_err());
        assert!(check(MediaType::Pdf, (8, [0; 32]), bytes).is_err());
        assert!(check(MediaType::Png, (8, sum), bytes).is_err());
    }
}
