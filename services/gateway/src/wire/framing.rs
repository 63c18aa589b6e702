//! Where each HTTP/1 request on a connection begins and ends, followed byte by byte.
//!
//! Whatever can be read in two ways is spoilt: its bytes become NUL from there on, for good.

/// The most of a line that is kept; only lengths and codings are read, and they are short.
const KEPT: usize = 256;
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Follows one connection.
#[derive(Debug, Default)]
pub(super) struct Framing {
    at: At,
    line: Vec<u8>,
    /// How long the line is, kept or not.
    length: usize,
    /// Its last byte so far.
    last: u8,
    head: Head,
    seen: usize,
    begun: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum At {
    /// Could still be the preface of HTTP/2.
    #[default]
    Opening,
    /// In a line of a head.
    HeadLine,
    /// In a body of which so much is to come.
    Body(u64),
    /// In the line before a chunk.
    ChunkSize,
    /// In a chunk and its line end.
    Chunk(u64),
    /// After the last chunk.
    Trailer,
    /// HTTP/2 has frames, which cannot be read in two ways.
    Frames,
    Spoilt,
}

#[derive(Debug, Default)]
struct Head {
    began: bool,
    length: Option<u64>,
    chunked: bool,
}

impl Framing {
    /// Whether the connection can no longer be trusted.
    pub(super) fn is_spoilt(&self) -> bool {
        self.at == At::Spoilt
    }

    /// Whether it is known which HTTP is spoken.
    pub(super) fn has_begun(&self) -> bool {
        self.begun
    }

    /// Follows the next bytes, and spoils what could be read in two ways.
    pub(super) fn look(&mut self, bytes: &mut [u8]) {
        let mut next = 0;
        while next < bytes.len() {
            let rest = &bytes[next..];
            let taken = match self.at {
                At::Opening => self.open(rest),
                At::Body(left) | At::Chunk(left) => self.skip(rest.len(), left),
                At::Frames => rest.len(),
                At::HeadLine | At::ChunkSize | At::Trailer => self.take_line(rest),
                At::Spoilt => 0,
            };
            if self.at == At::Spoilt {
                bytes[next..].fill(0);
                return;
            }
            next += taken;
        }
    }

    fn open(&mut self, rest: &[u8]) -> usize {
        let expected = &PREFACE[self.seen..];
        let same = rest.iter().zip(expected).take_while(|(a, b)| a == b).count();
        self.seen += same;
        if self.seen == PREFACE.len() {
            (self.at, self.begun) = (At::Frames, true);
            return same;
        }
        if same < rest.len() {
            // It is HTTP/1 after all: what looked like a preface was the beginning of a head.
            (self.at, self.begun) = (At::HeadLine, true);
            for at in 0..self.seen - same {
                self.keep(&PREFACE[at..=at]);
            }
            return 0;
        }
        same
    }

    fn skip(&mut self, here: usize, left: u64) -> usize {
        let taken = usize::try_from(left).unwrap_or(usize::MAX).min(here);
        let left = left - taken as u64;
        self.at = match (self.at, left) {
            (At::Body(_), 0) => At::HeadLine,
            (At::Chunk(_), 0) => At::ChunkSize,
            (At::Chunk(_), _) => At::Chunk(left),
            _ => At::Body(left),
        };
        taken
    }

    fn take_line(&mut self, rest: &[u8]) -> usize {
        let Some(end) = rest.iter().position(|b| *b == b'\n') else {
            self.keep(rest);
            return rest.len();
        };
        self.keep(&rest[..end]);
        let ends_well = self.length > 0 && self.last == b'\r';
        let cut = self.length > self.line.len();
        let mut line = std::mem::take(&mut self.line);
        self.length = 0;
        let read = if ends_well { self.read(line.strip_suffix(b"\r").unwrap_or(&line), cut) } else { None };
        self.at = read.unwrap_or(At::Spoilt);
        line.clear();
        self.line = line;
        end + 1
    }

    fn keep(&mut self, piece: &[u8]) {
        self.length += piece.len();
        self.last = piece.last().copied().unwrap_or(self.last);
        let room = KEPT.saturating_sub(self.line.len());
        self.line.extend_from_slice(&piece[..piece.len().min(room)]);
    }

    /// Where a whole line leads; `None` where it may not be.
    fn read(&mut self, line: &[u8], cut: bool) -> Option<At> {
        match self.at {
            At::ChunkSize => {
                let digits = line.split(|b| *b == b';').next().unwrap_or_default().trim_ascii();
                let digits = std::str::from_utf8(digits).ok().filter(|d| (1..=8).contains(&d.len()) && !cut)?;
                match u64::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))? {
                    0 => Some(At::Trailer),
                    // The chunk, and the line end after it.
                    size => Some(At::Chunk(size + 2)),
                }
            }
            At::Trailer => Some(if line.is_empty() { At::HeadLine } else { At::Trailer }),
            _ if line.is_empty() && !self.head.began => Some(At::HeadLine),
            _ if line.is_empty() => {
                let head = std::mem::take(&mut self.head);
                Some(match (head.chunked, head.length) {
                    (true, Some(_)) => return None,
                    (true, None) => At::ChunkSize,
                    (false, Some(length)) if length > 0 => At::Body(length),
                    (false, _) => At::HeadLine,
                })
            }
            _ if !self.head.began => {
                self.head.began = true;
                Some(At::HeadLine)
            }
            _ => self.head.header(line, cut).then_some(At::HeadLine),
        }
    }
}

impl Head {
    /// Takes note of a header; false where it may not be.
    fn header(&mut self, line: &[u8], cut: bool) -> bool {
        // A line that goes on from the one before (RFC 9112 §5.2).
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            return false;
        }
        let mut parts = line.splitn(2, |b| *b == b':');
        let (name, value) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.chunked = true;
        } else if name.eq_ignore_ascii_case(b"content-length") {
            let value = value.trim_ascii();
            let digits = !value.is_empty() && !cut && value.iter().all(u8::is_ascii_digit);
            let length = std::str::from_utf8(value).ok().filter(|_| digits).and_then(|digits| digits.parse().ok());
            if length.is_none() || self.length.is_some_and(|said| Some(said) != length) {
                return false;
            }
            self.length = length;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spoilt(bytes: &[u8], pieces: usize) -> bool {
        let mut framing = Framing::default();
        let mut bytes = bytes.to_vec();
        for piece in bytes.chunks_mut(pieces.max(1)) {
            framing.look(piece);
        }
        framing.is_spoilt()
    }

    const FINE: [&str; 7] = [
        concat!(
            "GET / HTTP/1.1\r\nx: ",
            "................................................................................",
            "................................................................................................",
            "................................................................................................",
            "\r\n\r\nGET / HTTP/1.1\r\n\r\n"
        ),
        "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "\r\nPOST / HTTP/1.1\r\nContent-Length: 3\r\n\r\n\n\n\nGET / HTTP/1.1\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\na\nb\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0;x=y\r\nTrailer: x\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\n\n\n",
        "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nxGET / HTTP/1.1\r\n\r\n",
    ];
    const WRONG: [&str; 9] = [
        "GET / HTTP/1.1\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\n\n",
        "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\ncontent-length: 3\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: +3\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4\nabcd\r\n0\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\nx\n\n",
    ];

    proptest! {
        #[test]
        fn only_what_can_be_read_in_two_ways_is_spoilt(pieces in 1_usize..40) {
            for fine in FINE {
                prop_assert!(!spoilt(fine.as_bytes(), pieces), "{}", fine);
            }
            for wrong in WRONG {
                prop_assert!(spoilt(wrong.as_bytes(), pieces), "{}", wrong);
            }
        }

        #[test]
        fn nothing_upsets_it(bytes in proptest::collection::vec(any::<u8>(), 0..400), pieces in 1_usize..40) {
            spoilt(&bytes, pieces);
        }
    }
}
