//! What Postgres keeps of a password (RFC 5803), made here: so that the password itself is in no statement, and in no
//! log of statements on either side.

use std::num::NonZeroU32;

use anyhow::ensure;
use aws_lc_rs::{digest, hmac, pbkdf2, rand};
use base64::{Engine, prelude::BASE64_STANDARD};

/// As many rounds as Postgres itself takes.
const ROUNDS: NonZeroU32 = NonZeroU32::new(4096).expect("it is not nought");
/// Fewer characters are no password for a program.
const SHORTEST: usize = 12;
const LONGEST: usize = 256;

/// What is kept of a role's password: `SCRAM-SHA-256$rounds:salt$stored:server`.
///
/// # Errors
/// Where it is too short, too long, or holds more than visible ASCII, which clients write in more than one way.
pub(super) fn verifier(role: &str, password: &str) -> anyhow::Result<String> {
    ensure!(
        (SHORTEST..=LONGEST).contains(&password.len()),
        "the password of {role} has {} characters; give it {SHORTEST} to {LONGEST}",
        password.len()
    );
    ensure!(
        password.bytes().all(|byte| byte.is_ascii_graphic()),
        "the password of {role} holds a space, a line break or a letter beyond ASCII; use letters, digits and -._~"
    );
    let mut salt = [0; 16];
    rand::fill(&mut salt).expect("the system has random bytes");
    Ok(with_salt(password, &salt))
}

fn with_salt(password: &str, salt: &[u8]) -> String {
    let mut salted = [0; 32];
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, ROUNDS, salt, password.as_bytes(), &mut salted);
    let key = hmac::Key::new(hmac::HMAC_SHA256, &salted);
    let stored = digest::digest(&digest::SHA256, hmac::sign(&key, b"Client Key").as_ref());
    let server = hmac::sign(&key, b"Server Key");
    let text = |bytes: &[u8]| BASE64_STANDARD.encode(bytes);
    format!("SCRAM-SHA-256${ROUNDS}:{}${}:{}", text(salt), text(stored.as_ref()), text(server.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The password, salt and rounds of the exchange in RFC 7677, section 3: its server signature is made of this key.
    #[test]
    fn it_is_what_the_rfc_s_example_comes_to() {
        let salt = BASE64_STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        let kept = with_salt("pencil", &salt);
        let server = BASE64_STANDARD.decode(kept.rsplit(':').next().unwrap()).unwrap();
        let message = "n=user,r=rOprNGfwEbeRWgbNEkqO,\
            r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,\
            c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &server), message.as_bytes());
        assert_eq!(BASE64_STANDARD.encode(signature.as_ref()), "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    }

    #[test]
    fn a_password_that_is_none_is_refused_and_not_shown() {
        for password in ["short", "with a space", "with-an-ümlaut", "with-a-line\n"] {
            let said = verifier("budgets_work", password).unwrap_err().to_string();
            assert!(said.contains("budgets_work") && !said.contains(password), "{said}");
        }
        let one = verifier("budgets_work", "long-enough-1").unwrap();
        assert!(!one.contains("long-enough") && one != verifier("budgets_work", "long-enough-1").unwrap());
    }
}
