//! How a test learns the name of a site's consent cookie: as a browser does, from the answer to the question. A refusal
//! counts nothing.

#![allow(dead_code, reason = "each test crate uses a part")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// After this, nobody waits for the answer.
const LIMIT: Duration = Duration::from_secs(20);

/// The cookie of somebody who allows the site of this link to count; `None` where the service does not say its name.
pub(crate) fn granted(address: SocketAddr, code: &str) -> Option<String> {
    let request = format!(
        "POST /{code}/consent HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: 13\r\nConnection: close\r\n\r\nchoice=refuse"
    );
    let mut stream = TcpStream::connect_timeout(&address, LIMIT).ok()?;
    stream.set_read_timeout(Some(LIMIT)).ok()?;
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let cookies = answer.lines().filter_map(|line| line.split_once(": "));
    let mut cookies = cookies.filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
    let (name, _) = cookies.next()?.1.split_once('=')?;
    Some(format!("{name}=g1"))
}
