//! One kept-alive HTTP/1.1 connection, as lean as a client can be: on a small machine a client's work is
//! taken from the service it measures.

use anyhow::{Context, bail, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A connection to one of our own services.
pub(crate) struct Wire {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Wire {
    /// Connects to `http://host:port`.
    pub(crate) async fn connect(base: &str) -> anyhow::Result<Self> {
        let address = base.strip_prefix("http://").context("an address begins with http://")?;
        let stream = TcpStream::connect(address).await.with_context(|| format!("{base} does not answer"))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::with_capacity(16 * 1024) })
    }

    /// Sends a request and waits for all of its answer. Anything but `status` is an error.
    pub(crate) async fn ask(&mut self, request: &[u8], status: u16) -> anyhow::Result<()> {
        self.stream.write_all(request).await?;
        self.received.clear();
        let head = loop {
            let n = self.stream.read_buf(&mut self.received).await?;
            ensure!(n > 0, "the connection was closed before the answer");
            if let Some(at) = find(&self.received, b"\r\n\r\n") {
                break at + 4;
            }
        };
        let answer = std::str::from_utf8(&self.received[..head]).context("the head of an answer is no text")?;
        let code: u16 = answer.get(9..12).and_then(|code| code.parse().ok()).context("an answer has no status")?;
        let Some(length) = content_length(answer) else { bail!("an answer does not say how long it is: {answer}") };
        while self.received.len() < head + length {
            ensure!(self.stream.read_buf(&mut self.received).await? > 0, "the connection was closed in an answer");
        }
        if code != status {
            let body = String::from_utf8_lossy(&self.received[head..]);
            bail!("answered {code} and not {status}: {body}");
        }
        Ok(())
    }
}

fn content_length(head: &str) -> Option<usize> {
    head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    })
}

fn find(within: &[u8], wanted: &[u8]) -> Option<usize> {
    within.windows(wanted.len()).position(|window| window == wanted)
}
