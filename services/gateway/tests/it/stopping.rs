//! Stopping, as a library and as a program.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::{house::House, personas::wigan};

#[tokio::test]
async fn what_is_in_flight_ends_before_the_gateway_does() {
    let house = House::open().await;
    let slow = house.request(reqwest::Method::GET, "/v1/boroughs/wigan?sleep=600", Some(&wigan()));
    let in_flight = tokio::spawn(slow.send());
    tokio::time::sleep(Duration::from_millis(200)).await;
    let address = house.address;
    let served = house.close();
    assert_eq!(in_flight.await.unwrap().unwrap().status(), 200);
    tokio::time::timeout(Duration::from_secs(5), served).await.unwrap().unwrap().unwrap();
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

fn program(address: &str) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_tenfold-gateway"));
    program.env("TENFOLD_GATEWAY_ADDR", address).env("TENFOLD_STOP_ON_STDIN_EOF", "1").env("RUST_LOG", "info");
    for name in ["TENFOLD_TENANTS_URL", "TENFOLD_BUDGETS_URL", "TENFOLD_GOVERNANCE_URL"] {
        program.env(name, "http://127.0.0.1:1");
    }
    program.stdin(Stdio::piped()).stderr(Stdio::piped()).stdout(Stdio::null());
    program
}

/// Starts the program and waits until it listens.
fn started() -> Child {
    let mut program = program("127.0.0.1:0").spawn().unwrap();
    let mut lines = BufReader::new(program.stderr.take().unwrap()).lines();
    assert!(lines.by_ref().any(|line| line.unwrap().contains("the gateway listens")));
    // Somebody must go on reading what it says.
    std::thread::spawn(move || lines.count());
    std::thread::sleep(Duration::from_millis(300));
    program
}

fn ends_well(mut program: Child) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(10) {
        if let Some(status) = program.try_wait().unwrap() {
            return status.success();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    program.kill().unwrap();
    false
}

#[test]
fn the_program_stops_with_its_parent_and_when_told_to() {
    let mut orphan = started();
    drop(orphan.stdin.take());
    assert!(ends_well(orphan), "the end of standard input");
    for signal in ["-TERM", "-INT"] {
        let program = started();
        assert!(Command::new("kill").args([signal, &program.id().to_string()]).status().unwrap().success());
        assert!(ends_well(program), "{signal}");
    }
}

#[test]
fn an_address_that_is_taken_is_said_in_one_line() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut refused = program(&taken.local_addr().unwrap().to_string()).spawn().unwrap();
    let mut said = String::new();
    refused.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(!refused.wait().unwrap().success());
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("is taken"), "{said}");
}
