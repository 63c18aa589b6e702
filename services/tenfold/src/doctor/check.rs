//! One thing looked at: what was found, and how to mend it.

use serde::Serialize;

/// How a thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// As it should be.
    Fine,
    /// It works, and could be better.
    Warning,
    /// It must be mended.
    Wrong,
    /// It could not be looked at: a setting for it is not given.
    NotAsked,
}

impl State {
    fn sign(self) -> char {
        match self {
            Self::Fine => '✓',
            Self::Warning => '!',
            Self::Wrong => '✗',
            Self::NotAsked => '–',
        }
    }
}

/// One line of the doctor's.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    /// What was looked at: `postgres`, `role budgets_borough`, `key encryption`, …
    pub check: String,
    /// How it stands.
    pub state: State,
    /// What was found.
    pub found: String,
    /// What to do, where there is something to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
}

impl Check {
    fn new(check: &str, state: State, found: String, mend: Option<String>) -> Self {
        Self { check: check.to_owned(), state, found, mend }
    }

    pub(super) fn fine(check: &str, found: impl Into<String>) -> Self {
        Self::new(check, State::Fine, found.into(), None)
    }

    pub(super) fn warning(check: &str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::new(check, State::Warning, found.into(), Some(mend.into()))
    }

    pub(super) fn wrong(check: &str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::new(check, State::Wrong, found.into(), Some(mend.into()))
    }

    pub(super) fn not_asked(check: &str, setting: &str) -> Self {
        Self::new(check, State::NotAsked, format!("{setting} is not set"), None)
    }

    /// For a person: a line, and one more where there is something to do.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("{} {:<28} {}", self.state.sign(), self.check, self.found)];
        lines.extend(self.mend.as_ref().map(|mend| format!("  {:<28} → {mend}", "")));
        lines
    }
}

/// All that was found, and whether something is wrong.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Whether nothing is wrong.
    pub well: bool,
    /// How many things are wrong.
    pub wrong: usize,
    /// How many could be better.
    pub warnings: usize,
    /// Each thing that was looked at.
    pub checks: Vec<Check>,
}

impl Report {
    pub(super) fn of(checks: Vec<Check>) -> Self {
        let count = |state| checks.iter().filter(|check| check.state == state).count();
        let wrong = count(State::Wrong);
        Self { well: wrong == 0, wrong, warnings: count(State::Warning), checks }
    }
}

/// An error's causes in one sentence, in which no address shows its password.
pub(super) fn why(error: &dyn std::error::Error) -> String {
    let mut sentence = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.to_string();
        if !sentence.contains(&said) {
            sentence = format!("{sentence}: {said}");
        }
        next = cause.source();
    }
    without_passwords(&sentence).trim_end_matches('.').to_owned()
}

/// A text in which what stands before the `@` of an address is taken out, and what follows its `?`.
pub(super) fn without_passwords(text: &str) -> String {
    let mut shown = String::new();
    for word in text.split_inclusive(char::is_whitespace) {
        let Some((scheme, rest)) = word.split_once("://") else {
            shown.push_str(word);
            continue;
        };
        let ending = &word[word.trim_end_matches([' ', '\n', '\t', '\r']).len()..];
        let address = rest.trim_end_matches([' ', '\n', '\t', '\r']);
        let address = address.split_once('?').map_or(address, |(before, _)| before);
        let address = address.rsplit_once('@').map_or(address, |(_, after)| after);
        shown = shown + scheme + "://" + address + ending;
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_address_is_shown_with_its_password() {
        for (given, shown) in [
            ("postgres://a:b@host/db", "postgres://host/db"),
            ("cannot reach redis://:p@ss@host:6379/1 now", "cannot reach redis://host:6379/1 now"),
            ("postgres://host/db?password=secret&x=y", "postgres://host/db"),
            ("file:///var/lib/papers", "file:///var/lib/papers"),
            ("no address", "no address"),
        ] {
            assert_eq!(without_passwords(given), shown);
        }
    }

    #[test]
    fn only_what_is_wrong_makes_it_unwell() {
        let warned = Report::of(vec![Check::fine("a", "b"), Check::warning("a", "b", "c"), Check::not_asked("a", "B")]);
        assert!(warned.well && warned.warnings == 1);
        let wrong = Report::of(vec![Check::wrong("a", "b", "c")]);
        assert!(!wrong.well && wrong.wrong == 1);
        assert_eq!(wrong.checks[0].lines().len(), 2);
    }
}
