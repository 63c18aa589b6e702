//! The kinds of caller, and the context a transaction of each kind carries.

use std::fmt;

use domain::{BoroughId, Ods, Slug};

/// A kind of caller: each has its own login role, grants and policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// One borough's rows.
    Borough,
    /// One organisation's own records across boroughs.
    Partner,
    /// Regional roll-ups and published cuts.
    Region,
    /// Onboarding; no money, no meetings.
    Platform,
    /// What a token needs before any borough is known.
    Issuer,
    /// Anybody: what one borough has published.
    Public,
    /// No caller: queues, ids and boroughs.
    Work,
    /// No caller: one borough's whole record but its secrets, to be read.
    Archive,
    /// No caller: one borough's whole record, to be destroyed once that is due.
    Purge,
}

impl Kind {
    /// The end of its login roles' names.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Borough => "borough",
            Self::Partner => "partner",
            Self::Region => "region",
            Self::Platform => "platform",
            Self::Issuer => "issuer",
            Self::Public => "public",
            Self::Work => "work",
            Self::Archive => "archive",
            Self::Purge => "purge",
        }
    }
}

/// A kind of caller, as a type: a store function says whose transaction it works in.
pub trait KindOf: Send + Sync + 'static {
    /// Which.
    const KIND: Kind;
}

macro_rules! kinds {
    ($($name:ident $doc:literal),*) => {
        $(#[doc = $doc] #[derive(Debug)] pub struct $name;
        impl KindOf for $name { const KIND: Kind = Kind::$name; })*
    };
}
kinds! {
    Borough "In one borough.",
    Partner "As one organisation across boroughs.",
    Region "In one region.",
    Platform "On the platform.",
    Issuer "Issuing tokens.",
    Public "Anybody, in what one borough has published.",
    Work "Work without a caller.",
    Archive "Reading all of one borough.",
    Purge "Destroying all of one borough."
}

/// What row-level security is told. Its text is made of values that were parsed: an id, a code, a slug.
#[derive(Clone, Debug)]
pub(crate) enum Context {
    Borough(BoroughId),
    Partner(Ods),
    Region(Slug),
    None,
}

/// The statement that opens a transaction in this context, in one round trip.
pub(crate) struct Opening<'a> {
    pub(crate) context: &'a Context,
    pub(crate) read_only: bool,
}

impl fmt::Display for Opening<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.read_only { "begin isolation level repeatable read read only" } else { "begin" })?;
        #[cfg(feature = "unwalled")]
        if crate::db::unwalled::no_context() {
            return Ok(());
        }
        match self.context {
            Context::Borough(id) => write!(f, "; set local tenfold.borough = '{id}'"),
            Context::Partner(ods) => write!(f, "; set local tenfold.partner = '{ods}'"),
            Context::Region(slug) => write!(f, "; set local tenfold.region = '{slug}'"),
            Context::None => Ok(()),
        }
    }
}
