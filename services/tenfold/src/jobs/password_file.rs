//! Files of passwords in the form every client of Postgres reads: `host:port:database:role:password`, mode 0600.

use std::{collections::BTreeMap, fs, os::unix::fs::MetadataExt, path::Path};

use anyhow::{Context, bail, ensure};

/// A role's password at a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The host, as addresses name it.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The database.
    pub database: String,
}

/// The passwords of a file, by role.
///
/// # Errors
/// When it cannot be read, others may read it, or a line is not of the form.
pub fn read(path: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let shown = path.display();
    let mode = fs::metadata(path).with_context(|| format!("{shown} cannot be read"))?.mode();
    ensure!(mode & 0o077 == 0, "{shown} can be read by others: chmod 0600 {shown}");
    let text = fs::read_to_string(path).with_context(|| format!("{shown} cannot be read"))?;
    let mut found = BTreeMap::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
    {
        // The line is not shown: it holds a password.
        let [_, _, _, role, password] = &fields(line)[..] else {
            bail!("line {} of {shown} is not host:port:database:role:password", number + 1);
        };
        if let Some(before) = found.insert(role.clone(), password.clone())
            && before != *password
        {
            bail!("{shown} has two passwords for {role}; leave one");
        }
    }
    Ok(found)
}

/// The text of a file with these passwords.
#[must_use]
pub fn text(place: &Place, passwords: &BTreeMap<String, String>) -> String {
    let escaped = |field: &str| field.replace('\\', "\\\\").replace(':', "\\:");
    let line = |(role, password): (&String, &String)| {
        let Place { host, port, database } = place;
        format!("{}:{port}:{}:{}:{}\n", escaped(host), escaped(database), escaped(role), escaped(password))
    };
    passwords.iter().map(line).collect()
}

/// The fields of a line: `\:` and `\\` are a colon and a backslash.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        let field = fields.last_mut().expect("there is a first field");
        match character {
            ':' => fields.push(String::new()),
            '\\' => field.extend(characters.next()),
            other => field.push(other),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn file_with(text: &str, mode: u32) -> (std::path::PathBuf, anyhow::Result<BTreeMap<String, String>>) {
        let path = std::env::temp_dir().join(format!("tenfold-pgpass-{}-{mode}-{}", std::process::id(), text.len()));
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let found = read(&path);
        fs::remove_file(&path).unwrap();
        (path, found)
    }

    #[test]
    fn what_was_written_is_read_again() {
        let passwords: BTreeMap<_, _> = [("budgets_work", "plain"), ("budgets_public", r"with:colon\and")]
            .map(|(a, b)| (a.into(), b.into()))
            .into();
        let place = Place { host: "postgres".into(), port: 5432, database: "tenfold".into() };
        let text = text(&place, &passwords);
        assert!(text.contains("postgres:5432:tenfold:budgets_work:plain\n"), "{text}");
        assert!(text.contains(r"budgets_public:with\:colon\\and"), "{text}");
        assert_eq!(file_with(&text, 0o600).1.unwrap(), passwords);
    }

    #[test]
    fn a_file_that_cannot_be_used_is_refused_and_no_password_is_shown() {
        let refused = |text: &str, mode| file_with(text, mode).1.unwrap_err().to_string();
        assert!(refused("h:1:d:r:hush\n", 0o640).contains("chmod 0600"));
        for text in ["h:1:d:r\n", "h:1:d:r:hush:more\n"] {
            let said = refused(text, 0o600);
            assert!(said.contains("line 1") && !said.contains("hush"), "{said}");
        }
        assert!(refused("h:1:d:r:hush\n*:*:*:r:hush-hush\n", 0o600).contains("two passwords for r"));
        assert!(read(Path::new("/nowhere")).is_err());
    }
}
