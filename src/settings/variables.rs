//! Environment variables: each one that begins like a setting must be one.

use std::ffi::OsString;

use serde::de::value::Error;
use serde::de::{Deserialize, Deserializer, Error as _, Visitor};
use serde::forward_to_deserialize_any;

use crate::settings::{
    Cache, Consent, Digest, Journal, Limits, Log, Metrics, Retention, Security, Server, Sessions,
    SettingsError, Stats, Store,
};

/// All variables of the service begin with this.
const PREFIX: &str = "ENTRENOUS_";
/// Stands between the prefix, the section and the setting.
const SEPARATOR: &str = "__";
/// A setting that is a table, with names of the operator's own below it.
const TABLE: &str = "digest.recipients";
/// How many letters may be wrong in what is taken for a name.
const SLIPS: usize = 3;

/// Refuses the first variable that looks like a setting and is none.
pub(super) fn check(variables: impl Iterator<Item = (OsString, OsString)>) -> Result<(), SettingsError> {
    for (name, value) in variables {
        let (Ok(name), value) = (name.into_string(), value.to_string_lossy()) else { continue };
        let upper = name.to_uppercase();
        if !upper.starts_with(PREFIX) || is_setting(&upper) || is_of_a_cluster(&upper, &value) {
            continue;
        }
        return Err(SettingsError::Variable { meant: likely(&upper), name });
    }
    Ok(())
}

fn is_setting(name: &str) -> bool {
    let table = variable(TABLE) + SEPARATOR;
    name.starts_with(&table) || names().any(|setting| variable(&setting) == name)
}

/// Kubernetes and Docker tell every container of the services around it: of one called `entrenous`, in variables such as
/// `ENTRENOUS_SERVICE_HOST` and `ENTRENOUS_PORT_8080_TCP`.
fn is_of_a_cluster(name: &str, value: &str) -> bool {
    let of_port = |rest: &str| rest.split('_').next().is_some_and(|port| port.parse::<u16>().is_ok());
    let ports = name.match_indices("_PORT_").any(|(at, found)| of_port(&name[at + found.len()..]));
    let address = ["tcp://", "udp://", "sctp://"].iter().any(|scheme| value.starts_with(scheme));
    name.ends_with("_SERVICE_HOST")
        || name.ends_with("_SERVICE_PORT")
        || name.contains("_SERVICE_PORT_")
        || ports
        || (name.ends_with("_PORT") && address)
}

/// The variable that is probably meant, where one is near enough.
fn likely(name: &str) -> Option<String> {
    let letters = |text: &str| text.replace('_', "");
    let near = names().map(|setting| variable(&setting)).map(|variable| {
        let slips = distance(&letters(name), &letters(&variable));
        (slips, variable)
    });
    near.min().filter(|(slips, _)| *slips <= SLIPS).map(|(_, variable)| variable)
}

/// The variable of a setting.
fn variable(setting: &str) -> String {
    format!("{}{}", PREFIX.trim_end_matches('_'), SEPARATOR)
        + &setting.replacen('.', SEPARATOR, 1).to_uppercase()
}

/// The names of all settings.
fn names() -> impl Iterator<Item = String> {
    let sections: [(&str, &[&str]); 13] = [
        ("server", fields::<Server>()),
        ("metrics", fields::<Metrics>()),
        ("security", fields::<Security>()),
        ("store", fields::<Store>()),
        ("journal", fields::<Journal>()),
        ("cache", fields::<Cache>()),
        ("consent", fields::<Consent>()),
        ("stats", fields::<Stats>()),
        ("sessions", fields::<Sessions>()),
        ("limits", fields::<Limits>()),
        ("retention", fields::<Retention>()),
        ("digest", fields::<Digest>()),
        ("log", fields::<Log>()),
    ];
    sections
        .into_iter()
        .flat_map(|(section, fields)| fields.iter().map(move |field| format!("{section}.{field}")))
}

/// The fields of a struct, as it asks for them when it is read.
fn fields<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    struct Ask<'a>(&'a mut &'static [&'static str]);

    impl<'de> Deserializer<'de> for Ask<'_> {
        type Error = Error;

        fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
            Err(Error::custom("only the names are asked for"))
        }

        fn deserialize_struct<V: Visitor<'de>>(
            self,
            _: &'static str,
            fields: &'static [&'static str],
            visitor: V,
        ) -> Result<V::Value, Error> {
            *self.0 = fields;
            self.deserialize_any(visitor)
        }

        forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
            unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
        }
    }

    let mut found: &'static [&'static str] = &[];
    // It always fails: nothing is read.
    let _ = T::deserialize(Ask(&mut found));
    found
}

/// How many letters have to be put in, taken out or replaced to make one text the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], line + 1);
        for (column, expected) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *expected);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    fn checked(name: &str, value: &str) -> Result<(), String> {
        let variables = [(name.into(), value.into())].into_iter();
        check(variables).map_err(|error| error.to_string())
    }

    #[test]
    fn every_section_has_its_names() {
        let mut sections: Vec<String> =
            names().map(|name| name.split('.').next().expect("a section").to_owned()).collect();
        sections.dedup();
        assert_eq!(sections, fields::<Settings>());
        for name in ["server.listen", "store.ephemeral_url", "digest.smtp_url_file", "log.json"] {
            assert!(names().any(|known| known == name), "{name}");
        }
    }

    #[test]
    fn a_variable_that_is_no_setting_is_named_with_the_one_that_is_meant() {
        for (name, meant) in [
            ("ENTRENOUS_SERVER_LISTEN", "ENTRENOUS__SERVER__LISTEN"),
            ("ENTRENOUS_SERVER__LISTEN", "ENTRENOUS__SERVER__LISTEN"),
            ("ENTRENOUS__SEVER__LISTEN", "ENTRENOUS__SERVER__LISTEN"),
            ("ENTRENOUS__STATS__MINCOUNT", "ENTRENOUS__STATS__MIN_COUNT"),
            ("entrenous_store_url", "ENTRENOUS__STORE__URL"),
        ] {
            let error = checked(name, "1").expect_err(name);
            assert!(error.starts_with(name) && error.contains(meant), "{error}");
        }
        let error = checked("ENTRENOUS_WHATEVER", "1").expect_err("no setting");
        assert!(error.contains("ENTRENOUS_WHATEVER") && !error.contains("meant"), "{error}");
    }

    #[test]
    fn settings_and_what_a_cluster_tells_of_its_services_are_taken() {
        for (name, value) in [
            ("ENTRENOUS__SERVER__LISTEN", "127.0.0.1:1"),
            ("entrenous__server__listen", "127.0.0.1:1"),
            ("ENTRENOUS__DIGEST__RECIPIENTS__THE COURIER", "a@b.example"),
            ("ENTRENOUSE", "1"),
            ("PATH", "/bin"),
            ("ENTRENOUS_SERVICE_HOST", "10.0.0.1"),
            ("ENTRENOUS_SERVICE_PORT_HTTP", "80"),
            ("ENTRENOUS_PORT", "tcp://10.0.0.1:80"),
            ("ENTRENOUS_REDIS_PORT_6379_TCP_ADDR", "10.0.0.1"),
        ] {
            assert_eq!(checked(name, value), Ok(()), "{name}");
        }
        assert!(checked("ENTRENOUS_SERVER_PORT", "8080").is_err());
    }
}
