//! Telling a person what is happening: a progress bar on a terminal, plain lines elsewhere.

use std::{io::IsTerminal, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};

/// A piece of work a person waits for.
pub struct Step {
    bar: ProgressBar,
    name: String,
}

impl Step {
    /// Begins work of `length` parts; 0 where that is not known.
    #[must_use]
    pub fn begin(name: &str, length: u64) -> Self {
        let bar = if std::io::stderr().is_terminal() {
            let bar = if length == 0 { ProgressBar::new_spinner() } else { ProgressBar::new(length) };
            let form = if length == 0 { "{spinner} {msg}" } else { "{msg:32} {bar:32} {pos}/{len}" };
            bar.set_style(ProgressStyle::with_template(form).unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar.set_message(name.to_owned());
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        } else {
            say(&format!("{name} …"));
            ProgressBar::hidden()
        };
        Self { bar, name: name.to_owned() }
    }

    /// Begins to go through a file of `bytes`.
    #[must_use]
    pub fn through_file(name: &str, bytes: u64) -> Self {
        let step = Self::begin(name, bytes.max(1));
        let form = "{msg:12} {bar:32} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
        step.bar.set_style(ProgressStyle::with_template(form).unwrap_or_else(|_| ProgressStyle::default_bar()));
        step
    }

    /// So much is done.
    pub fn at(&self, position: u64) {
        self.bar.set_position(position);
    }

    /// The bar, for whoever does the work elsewhere.
    pub(crate) fn bar(&self) -> ProgressBar {
        self.bar.clone()
    }

    /// One part is done.
    pub fn advance(&self) {
        self.bar.inc(1);
    }

    /// Tells something above the bar.
    pub fn note(&self, line: &str) {
        if self.bar.is_hidden() { say(line) } else { self.bar.println(line) }
    }

    /// All is done.
    pub fn end(self, how: &str) {
        self.bar.finish_and_clear();
        if std::io::stderr().is_terminal() {
            say(&format!("{}: {how}", self.name));
        }
    }
}

/// A line for the person at the terminal.
#[expect(clippy::print_stderr, reason = "this is where people are told")]
pub fn say(line: &str) {
    eprintln!("{line}");
}

/// A line of the command's result, for people and for scripts.
#[expect(clippy::print_stdout, reason = "this is what the command answers")]
pub fn answer(line: &str) {
    println!("{line}");
}
