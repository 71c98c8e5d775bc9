//! Sending a letter by SMTP.

use std::fmt;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use lettre::message::MultiPart;
use lettre::transport::smtp;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use tokio::time::timeout;

use crate::service::reports::digest::address::{Correspondent, MailServer};
use crate::service::reports::digest::letter::Letter;

/// How long the server may take for one answer, and for all of a letter.
const ANSWER: Duration = Duration::from_secs(20);
const LETTER: Duration = Duration::from_mins(1);

/// The way to a mail server.
pub struct Post {
    server: AsyncSmtpTransport<Tokio1Executor>,
    from: Correspondent,
}

/// Why a letter was not sent. Not in the server's words, which may repeat the address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal(String);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// No connection to such a server can be prepared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no connection to such a server can be prepared")]
pub struct PostError;

impl Post {
    /// Prepares to send; connects to nobody yet.
    ///
    /// # Errors
    /// When no connection to such a server can be prepared; the text says nothing of its address.
    pub fn new(server: &MailServer, from: Correspondent) -> Result<Self, PostError> {
        let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(server.as_str());
        let server = server.map_err(|_| PostError)?;
        Ok(Self { server: server.timeout(Some(ANSWER)).build(), from })
    }

    /// Sends a letter. A letter that is sent again has the same identifier, by which a mail system can see that it has it
    /// already.
    pub(super) async fn send(
        &self,
        to: &Correspondent,
        letter: &Letter,
        id: &str,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let domain = self.from.0.email.domain();
        let message = Message::builder()
            .from(self.from.0.clone())
            .to(to.0.clone())
            .date(SystemTime::from(now))
            .message_id(Some(format!("<{id}@{domain}>")))
            .subject(letter.subject.as_str())
            .multipart(MultiPart::alternative_plain_html(letter.text.clone(), letter.html.clone()));
        let message = message.map_err(|_| Refusal("the letter cannot be written".to_owned()))?;
        match timeout(LETTER, self.server.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(Refusal(reason(&error))),
            Err(_) => Err(Refusal("the mail server took too long".to_owned())),
        }
    }
}

fn reason(error: &smtp::Error) -> String {
    match error.status() {
        Some(code) => format!("the mail server refused it with {code}"),
        None if error.is_timeout() => "the mail server took too long".to_owned(),
        None if error.is_tls() => "no safe connection to the mail server could be made".to_owned(),
        None => "the mail server could not be reached or understood".to_owned(),
    }
}

impl fmt::Debug for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Post")
    }
}
