//! Where letters go, and what brings them there. Neither an address nor a password is printed by accident: what shows these
//! values shows nothing of them.

use std::fmt;
use std::str::FromStr;

use lettre::message::Mailbox;
use url::Url;

use crate::domain::destination::is_loopback;

/// Somebody who gets letters, or sends them.
#[derive(Clone, PartialEq, Eq)]
pub struct Correspondent(pub(super) Mailbox);

/// The text is not an e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("takes e-mail addresses such as name@example.com")]
pub struct CorrespondentError;

impl FromStr for Correspondent {
    type Err = CorrespondentError;

    /// Takes `name@host` or `Name <name@host>`. The error does not repeat it.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let address = text.trim().parse().map_err(|_| CorrespondentError)?;
        Ok(Self(address))
    }
}

impl fmt::Debug for Correspondent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Correspondent(…)")
    }
}

/// The address of a mail server: `smtp://` or `smtps://`, with a name and a password where it asks for them.
#[derive(Clone, PartialEq, Eq)]
pub struct MailServer(String);

impl MailServer {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is not the address of a mail server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MailServerError {
    /// It has another form.
    #[error("takes smtps://user:password@host:465, or smtp://host:587?tls=required")]
    Malformed,
    /// Anybody on the way could read the password.
    #[error("would send its password in clear: use smtps://, or add ?tls=required")]
    ClearPassword,
}

impl FromStr for MailServer {
    type Err = MailServerError;

    /// The error does not repeat it.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = MailServerError::Malformed;
        let url = Url::parse(text.trim()).map_err(|_| wrong)?;
        let tls = url.query_pairs().find(|(name, _)| name == "tls").map(|(_, value)| value.into_owned());
        let host = url.host().ok_or(wrong)?;
        // lettre's own words for it; where it is only an opportunity, somebody between could take it away.
        let safe = match (url.scheme(), tls.as_deref()) {
            ("smtps", None) | ("smtp", Some("required")) => true,
            ("smtp", None | Some("opportunistic")) => false,
            _ => return Err(wrong),
        };
        // `smtp` is no scheme whose hosts are parsed.
        let local = url::Host::parse(&host.to_string()).is_ok_and(|host| match host {
            url::Host::Domain(name) => is_loopback(&url::Host::Domain(name.as_str())),
            url::Host::Ipv4(address) => is_loopback(&url::Host::Ipv4(address)),
            url::Host::Ipv6(address) => is_loopback(&url::Host::Ipv6(address)),
        });
        if url.password().is_some() && !safe && !local {
            return Err(MailServerError::ClearPassword);
        }
        Ok(Self(text.trim().to_owned()))
    }
}

impl fmt::Debug for MailServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailServer(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_server_is_reached_safely_where_a_password_is_sent() {
        for taken in [
            "smtps://user:pass@mail.example",
            "smtps://user:pass@mail.example:465",
            "smtp://user:pass@mail.example:587?tls=required",
            "smtp://mail.example",
            "smtp://localhost:2525",
            "smtp://user:pass@127.0.0.1:2525",
            "smtp://user:pass@localhost:2525?tls=opportunistic",
        ] {
            assert!(taken.parse::<MailServer>().is_ok(), "{taken}");
        }
        for refused in [
            "mail.example",
            "http://mail.example",
            "smtp://",
            "smtp://mail.example?tls=maybe",
            "smtp://user:pass@mail.example",
            "smtp://user:pass@mail.example?tls=opportunistic",
        ] {
            let why = refused.parse::<MailServer>().expect_err(refused).to_string();
            assert!(!why.contains("mail.example") && !why.contains("user:pass@mail"), "{why}");
        }
    }

    #[test]
    fn neither_an_address_nor_a_password_is_printed() {
        let server: MailServer = "smtps://user:secret@mail.example".parse().expect("a server");
        let somebody: Correspondent = "Ada <ada@courier.example>".parse().expect("an address");
        let printed = format!("{server:?} {somebody:?}");
        for hidden in ["secret", "user", "ada", "Ada", "courier"] {
            assert!(!printed.contains(hidden), "{printed}");
        }
        assert!("ada".parse::<Correspondent>().is_err());
    }
}
