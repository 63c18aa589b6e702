//! `tenfold import`: a month's file of a ledger into a fund, through the API, with how far it is.

use std::{
    path::PathBuf,
    pin::Pin,
    task::{Context as Waking, Poll, ready},
    time::Duration,
};

use anyhow::{Context, bail};
use axum::body::Bytes;
use clap::Args;
use domain::Pence;
use http_body::{Body, Frame, SizeHint};
use indicatif::ProgressBar;
use serde_json::{Value, json};
use tokio::{
    fs::File,
    io::{AsyncRead, ReadBuf},
};

use crate::{
    client::{Client, fresh_key},
    personas::Personas,
    settings::{DataFolder, Running},
    tell::{Step, answer, say},
};

/// How often the work is asked how far it is.
const EVERY: Duration = Duration::from_millis(250);
const PIECE: usize = 64 * 1024;

/// What to take in, and where.
#[derive(Args, Clone, Debug)]
pub struct ImportSettings {
    #[command(flatten)]
    folder: DataFolder,
    /// The file: CSV, or with an object a line where its name ends in .ndjson or .jsonl.
    file: PathBuf,
    /// The fund, by its id or name.
    #[arg(long)]
    fund: String,
    /// The ledger source of the fund, by its id or name.
    #[arg(long)]
    source: String,
    /// The financial year, as in 2019-20.
    #[arg(long)]
    year: String,
    /// The period: 1 is April.
    #[arg(long)]
    period: i16,
    /// Post the good lines where some are faulty; otherwise one faulty line stops all.
    #[arg(long)]
    per_row: bool,
    /// Write the faulty lines to this file, as CSV.
    #[arg(long)]
    report: Option<PathBuf>,
    /// Who imports: a persona of the demonstration.
    #[arg(long = "as", default_value = "salford-finance")]
    persona: String,
    /// The borough, by its slug. Default: what the persona's name begins with.
    #[arg(long)]
    borough: Option<String>,
    /// Print what came of it as JSON.
    #[arg(long)]
    json: bool,
}

/// Sends the file, waits until it is posted or refused, and tells what came of it.
///
/// # Errors
/// Where it is refused, or cannot be sent.
pub async fn import(settings: &ImportSettings) -> anyhow::Result<()> {
    let folder = settings.folder.path();
    let personas = Personas::load(&folder)?;
    let personas =
        personas.with_context(|| format!("no demonstration in {}. Is the stack up (./dev up)?", folder.display()))?;
    let running = Running::read(&folder).context("the stack is not running: ./dev up")?;
    let client = Client::new(&running.url, personas.get(&settings.persona)?.clone());
    let own = settings.persona.split('-').next().unwrap_or_default();
    let borough = settings.borough.as_deref().unwrap_or(own);

    let funds = format!("/v1/boroughs/{borough}/funds");
    let fund = format!("{funds}/{}", named(&client, &funds, &settings.fund, "fund").await?);
    let source = named(&client, &format!("{fund}/ledger-sources"), &settings.source, "ledger source").await?;
    let file = File::open(&settings.file).await;
    let file = file.with_context(|| format!("{} cannot be read", settings.file.display()))?;
    let bytes = file.metadata().await?.len();
    let file_name = settings.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();

    let announced = json!({"source": source, "year": settings.year, "period": settings.period, "file_name": file_name,
        "mode": if settings.per_row { "per_row" } else { "all_or_nothing" }});
    // Each run is another import: what was posted before is told apart by its content.
    let key = fresh_key();
    let made = client.post(&format!("{fund}/imports"), &key, &announced).await?.body;
    let import = format!("{fund}/imports/{}", text(&made, "id"));

    let step = Step::through_file("Sending", bytes);
    let lines = file_name.ends_with(".ndjson") || file_name.ends_with(".jsonl");
    let kind = if lines { "application/x-ndjson" } else { "text/csv" };
    let content = reqwest::Body::wrap(Sending { file, left: bytes, bar: step.bar() });
    let sent = client.send_content(&format!("{import}/file"), ("\"1\"", kind), bytes, content).await;
    let sent = match sent {
        Ok(sent) if sent.status.is_success() => sent,
        other => {
            step.end("refused");
            client.transition(&import, &format!("{key}-off"), "cancelled", "Its file was not taken").await.ok();
            let refused = other?;
            bail!("the file was refused ({}): {}", refused.status, text(&refused.body, "detail"));
        }
    };
    step.end("sent");
    let at = sent.headers.get("location").and_then(|at| at.to_str().ok()).context("it is not told where to ask")?;
    wait(&client, at, bytes).await?;

    let came = client.get(&import).await?.body;
    if let Some(report) = &settings.report {
        let written = write_report(&client, &import, report).await?;
        say(&format!("{written} faulty lines are in {}.", report.display()));
    }
    if settings.json {
        answer(&serde_json::to_string_pretty(&came)?);
    } else {
        table(&came).iter().for_each(|line| answer(line));
    }
    if came["state"] != "posted" {
        bail!("nothing was posted ({}): {}", text(&came, "state"), text(&came["problem"], "detail"));
    }
    Ok(())
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

/// The id of the thing of a list that is called so.
async fn named(client: &Client, list: &str, name: &str, what: &str) -> anyhow::Result<String> {
    if uuid::Uuid::parse_str(name).is_ok() {
        return Ok(name.to_owned());
    }
    let all = client.get(&format!("{list}?limit=500")).await?.body;
    let all = all["data"].as_array().cloned().unwrap_or_default();
    let found = all.iter().find(|one| text(one, "name").eq_ignore_ascii_case(name));
    match found {
        Some(one) => Ok(text(one, "id").to_owned()),
        None => {
            let names: Vec<&str> = all.iter().map(|one| text(one, "name")).collect();
            bail!("there is no {what} {name:?}. There are: {}", names.join(", "))
        }
    }
}

/// Waits until the work is over, and shows how far it is.
async fn wait(client: &Client, operation: &str, bytes: u64) -> anyhow::Result<()> {
    let mut step = Some((Step::through_file("Reading", bytes), "reading".to_owned()));
    loop {
        let now = client.get(operation).await?.body;
        let stage = text(&now, "stage").to_owned();
        if let Some((bar, _)) = &step {
            bar.at(now["progress"]["done"].as_u64().unwrap_or_default());
        }
        if now["state"] != "running" {
            if let Some((bar, _)) = step.take() {
                bar.end(&stage);
            }
            return Ok(());
        }
        if stage == "posting" && step.as_ref().is_some_and(|(_, shown)| *shown != stage) {
            if let Some((bar, _)) = step.take() {
                bar.end("read");
            }
            step = Some((Step::begin("Posting", 0), stage));
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Writes the faulty lines, and says how many there are.
async fn write_report(client: &Client, import: &str, to: &PathBuf) -> anyhow::Result<usize> {
    let columns =
        ["row", "line", "column", "fault", "remedy", "rule", "effective_on", "amount_pence", "code", "document_number"];
    let mut report = csv::Writer::from_path(to).with_context(|| format!("{} cannot be written", to.display()))?;
    report.write_record(columns)?;
    let (mut cursor, mut written) = (String::new(), 0);
    loop {
        let page = client.get(&format!("{import}/rows?state=faulty&limit=500{cursor}")).await?.body;
        for row in page["data"].as_array().into_iter().flatten() {
            report.write_record(columns.map(|column| match &row[column] {
                Value::Null => String::new(),
                // A spreadsheet takes what begins so for a formula.
                Value::String(text) if text.starts_with(['=', '+', '-', '@']) => format!("'{text}"),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            }))?;
            written += 1;
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    report.flush()?;
    Ok(written)
}

/// What came of it, for a person.
fn table(came: &Value) -> Vec<String> {
    let count = |name: &str| came[name].as_i64().unwrap_or_default();
    let grouped = |number: i64| Pence(number.saturating_mul(100)).to_string().replace('£', "").replace(".00", "");
    let share = |name: &str| match came[name].as_i64() {
        Some(bp) => format!("{}.{:02} %", bp / 100, bp % 100),
        None => String::new(),
    };
    let line = |what: &str, lines: i64, share: String, sum: Option<i64>| {
        let sum = sum.map(|sum| Pence(sum).to_string()).unwrap_or_default();
        format!("{what:<12} {:>12} {share:>10} {sum:>22}", grouped(lines)).trim_end().to_owned()
    };
    let mut lines = vec![
        format!(
            "{}, {}, period {}: {}",
            text(came, "file_name"),
            text(came, "year"),
            count("period"),
            text(came, "state")
        ),
        format!("{:<12} {:>12} {:>10} {:>22}", "", "lines", "", "net sum"),
        line("read", count("rows"), String::new(), None),
    ];
    for (name, what) in [("posted", "posted"), ("duplicates", "duplicates"), ("faulty", "faulty")] {
        let sum = count(&format!("{name}_pence"));
        lines.push(line(what, count(name), share(&format!("{name}_bp")), Some(sum)));
    }
    lines.push(line("left out", count("left_out"), String::new(), None));
    lines
}

/// A file on its way out, a piece at a time.
struct Sending {
    file: File,
    left: u64,
    bar: ProgressBar,
}

impl Body for Sending {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(self: Pin<&mut Self>, waking: &mut Waking<'_>) -> Poll<Option<std::io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        if this.left == 0 {
            return Poll::Ready(None);
        }
        let mut piece = vec![0; PIECE];
        let mut into = ReadBuf::new(&mut piece);
        if let Err(error) = ready!(Pin::new(&mut this.file).poll_read(waking, &mut into)) {
            return Poll::Ready(Some(Err(error)));
        }
        let read = into.filled().len();
        if read == 0 {
            return Poll::Ready(Some(Err(std::io::Error::other("the file became shorter while it was sent"))));
        }
        piece.truncate(read.min(usize::try_from(this.left).unwrap_or(usize::MAX)));
        this.left -= piece.len() as u64;
        this.bar.inc(piece.len() as u64);
        Poll::Ready(Some(Ok(Frame::data(Bytes::from(piece)))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_of_it_is_a_table_a_person_can_read() {
        let came = json!({"file_name": "october.csv", "year": "2019-20", "period": 7, "state": "posted", "rows": 1_000_000,
            "posted": 999_990, "posted_pence": 123_456_789_012i64, "posted_bp": 9_999, "duplicates": 7, "duplicates_pence": -100,
            "duplicates_bp": 0, "faulty": 3, "faulty_pence": 0, "faulty_bp": 0, "left_out": 0});
        let lines = table(&came);
        assert_eq!(lines[0], "october.csv, 2019-20, period 7: posted");
        assert_eq!(lines[3], "posted            999,990    99.99 %      £1,234,567,890.12");
        assert!(lines[2].ends_with("1,000,000") && lines[4].ends_with("-£1.00"), "{lines:?}");
    }
}
