//! What `--healthy` does: a program asks itself, so that its image needs no shell and no other program for it.

use std::{
    io::{self, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs},
    process::ExitCode,
    time::Duration,
};

/// How long an answer may take; below what whoever asks allows for all of it.
const WITHIN: Duration = Duration::from_secs(3);

/// Asks the program that listens at `address` whether it is ready (`/health/ready`). Success where it is; else why not,
/// on standard error, and failure.
#[must_use]
#[expect(clippy::print_stderr, reason = "this is what is kept of a health check")]
pub fn healthy(address: &str) -> ExitCode {
    match ask(address) {
        Ok(answer) if answer.starts_with("HTTP/1.1 200 ") => ExitCode::SUCCESS,
        Ok(answer) => {
            eprintln!("not ready: {}", answer.lines().next().unwrap_or("an empty answer"));
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("nothing answers at {address}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The first line of the answer.
fn ask(address: &str) -> io::Result<String> {
    let none = || io::Error::new(io::ErrorKind::InvalidInput, "that is no address");
    let at = reached(address.to_socket_addrs()?.next().ok_or_else(none)?);
    let mut stream = TcpStream::connect_timeout(&at, WITHIN)?;
    stream.set_read_timeout(Some(WITHIN))?;
    stream.set_write_timeout(Some(WITHIN))?;
    write!(stream, "GET /health/ready HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    let mut part = [0; 512];
    while !answer.contains(&b'\n') && answer.len() < 4096 {
        match stream.read(&mut part)? {
            0 => break,
            read => answer.extend_from_slice(&part[..read]),
        }
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// Where a program that listens everywhere is reached from its own machine.
fn reached(listens: SocketAddr) -> SocketAddr {
    let ip = match listens.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listens.port())
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, thread};

    use super::*;

    /// What is said of a program that answers every request with `answer`, asked as it listens everywhere.
    fn asked_of(answer: &'static str) -> ExitCode {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let serving = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 512];
            let read = stream.read(&mut request).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8_lossy(&request[..read]).into_owned()
        });
        let code = healthy(&format!("0.0.0.0:{port}"));
        assert!(serving.join().unwrap().starts_with("GET /health/ready HTTP/1.1\r\n"));
        code
    }

    #[test]
    fn only_a_program_that_is_ready_is_healthy() {
        let failed = format!("{:?}", ExitCode::FAILURE);
        let said = |code: ExitCode| format!("{code:?}");
        assert_eq!(said(asked_of("HTTP/1.1 200 OK\r\n\r\n")), said(ExitCode::SUCCESS));
        for answer in ["HTTP/1.1 503 Service Unavailable\r\n\r\n", "HTTP/1.1 2000\r\n\r\n", "SSH-2.0-200 \r\n", ""] {
            assert_eq!(said(asked_of(answer)), failed, "{answer}");
        }
        assert_eq!(said(healthy("127.0.0.1:1")), failed);
        assert_eq!(said(healthy("nowhere")), failed);
    }

    #[test]
    fn a_program_that_listens_everywhere_is_asked_on_its_own_machine() {
        for (listens, asked) in
            [("0.0.0.0:8080", "127.0.0.1:8080"), ("[::]:80", "[::1]:80"), ("10.1.2.3:4001", "10.1.2.3:4001")]
        {
            assert_eq!(reached(listens.parse().unwrap()), asked.parse().unwrap());
        }
    }
}
