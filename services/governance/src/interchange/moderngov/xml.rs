//! Reading what the web service of ModernGov (`mgWebService.asmx`) answers. Pure, and limited in every direction.
//!
//! No document type, no entities but XML's own, no more than so deep and so many: a file cannot make us read another,
//! nor grow while it is read.

use std::collections::BTreeMap;

use quick_xml::{Reader, events::Event};

/// How deep elements may nest.
const DEEPEST: usize = 16;
/// How many members, committees or meetings one file may hold.
const MOST_RECORDS: usize = 5_000;
/// How long one value may be, in bytes.
const LONGEST: usize = 20_000;

/// A record: the simple elements directly within it, by name in small letters.
pub(super) type Record = BTreeMap<String, String>;

/// Why a file could not be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unreadable {
    #[error("It is not well-formed XML.")]
    Malformed,
    #[error("A document type is not read here: send what the web service answers.")]
    DocumentType,
    #[error("An entity other than XML's own is not read here.")]
    Entity,
    #[error("It nests deeper than {DEEPEST} elements.")]
    Deep,
    #[error("It holds more than {MOST_RECORDS} records: send it in parts.")]
    Many,
    #[error("A value in it is longer than {LONGEST} bytes.")]
    Long,
}

/// The records called `name`. What stands outside of all of them, such as the committee whose meetings these are, is
/// in each.
pub(super) fn records(text: &str, name: &str) -> Result<Vec<Record>, Unreadable> {
    let mut reader = Reader::from_str(text);
    let (mut path, mut value) = (Vec::<String>::new(), String::new());
    let (mut around, mut open, mut all) = (Record::new(), None::<(usize, Record)>, Vec::new());
    loop {
        match reader.read_event().map_err(|_| Unreadable::Malformed)? {
            Event::DocType(_) => return Err(Unreadable::DocumentType),
            Event::Start(element) => {
                let local = element.local_name().as_ref().to_ascii_lowercase();
                path.push(local);
                value.clear();
                if path.len() > DEEPEST {
                    return Err(Unreadable::Deep);
                }
                if open.is_none() && path.last().is_some_and(|local| local == name) {
                    open = Some((path.len(), Record::new()));
                }
            }
            Event::Text(piece) => value.push_str(&piece),
            Event::CData(piece) => value.push_str(&piece),
            Event::GeneralRef(entity) => match entity.resolve_char_ref().map_err(|_| Unreadable::Malformed)? {
                Some(letter) => value.push(letter),
                None => value.push(match &*entity {
                    "amp" => '&',
                    "lt" => '<',
                    "gt" => '>',
                    "quot" => '"',
                    "apos" => '\'',
                    _ => return Err(Unreadable::Entity),
                }),
            },
            Event::End(_) => {
                let local = path.pop().ok_or(Unreadable::Malformed)?;
                let text = std::mem::take(&mut value).trim().to_owned();
                match &mut open {
                    Some((depth, _)) if path.len() + 1 == *depth => {
                        let record = open.take().map(|(_, record)| record).unwrap_or_default();
                        all.push(record);
                        if all.len() > MOST_RECORDS {
                            return Err(Unreadable::Many);
                        }
                    }
                    Some((depth, record)) if path.len() == *depth => {
                        record.entry(local).or_insert(text);
                    }
                    Some(_) => {}
                    None => {
                        around.entry(local).or_insert(text);
                    }
                }
            }
            Event::Eof if path.is_empty() => break,
            Event::Eof => return Err(Unreadable::Malformed),
            _ => {}
        }
        if value.len() > LONGEST {
            return Err(Unreadable::Long);
        }
    }
    for record in &mut all {
        for (field, text) in &around {
            record.entry(field.clone()).or_insert_with(|| text.clone());
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_found_with_what_stands_around_them() {
        let text = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<GetMeetings><committeeid>142</committeeid><meetingscount>2</meetingscount>
            <committeemeetings><Meeting><meetingid>7</meetingid><meetingdate>14/01/2027</meetingdate>
            <meetinglocation>Town Hall &amp; caf&#233;</meetinglocation><links><url>x</url></links></Meeting>
            <meeting><meetingid><![CDATA[ 8 ]]></meetingid><committeeid>9</committeeid></meeting></committeemeetings></GetMeetings>";
        let found = records(text, "meeting").expect("readable");
        assert_eq!(found.len(), 2);
        assert_eq!((found[0]["meetingid"].as_str(), found[0]["committeeid"].as_str()), ("7", "142"));
        assert_eq!(found[0]["meetinglocation"], "Town Hall & café");
        assert!(!found[0].contains_key("url"), "what is nested deeper is none of its own");
        assert_eq!((found[1]["meetingid"].as_str(), found[1]["committeeid"].as_str()), ("8", "9"));
        assert!(records("<a/>", "meeting").expect("readable").is_empty());
    }

    #[test]
    fn a_file_that_reaches_for_more_is_refused() {
        let deep = "<a>".repeat(17) + &"</a>".repeat(17);
        let many = format!("<a>{}</a>", "<m></m>".repeat(5_001));
        let long = format!("<a>{}</a>", "x".repeat(20_001));
        for (text, why) in [
            ("<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><a>&e;</a>", Unreadable::DocumentType),
            ("<!DOCTYPE a><a/>", Unreadable::DocumentType),
            ("<a>&e;</a>", Unreadable::Entity),
            ("<a>", Unreadable::Malformed),
            ("<a></b>", Unreadable::Malformed),
            (&deep, Unreadable::Deep),
            (&many, Unreadable::Many),
            (&long, Unreadable::Long),
        ] {
            assert_eq!(records(text, "m"), Err(why), "{}", text.get(..40).unwrap_or(text));
        }
    }
}
