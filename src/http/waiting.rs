//! The page for a visitor who is faster than the share: the code was given out, and its link is on
//! the way. The page looks again by itself a few times, without a script.

use actix_web::dev::RequestHead;

use super::error::Problem;
use super::redirect::code_in;
use super::views::WaitingPage;
use super::{agents, pages, request};
use crate::domain::agent::Agent;

/// How often it looks again before it gives up. A look is noted in the query: `?wait=1`.
const LOOKS: u8 = 4;

/// Whether the page has looked often enough.
pub(super) fn is_over(head: &RequestHead) -> bool {
    looks(head.uri.query()) >= LOOKS
}

/// The visitor's own query string, without what the page put there.
pub(super) fn own_query(head: &RequestHead) -> &str {
    let query = head.uri.query();
    query.filter(|_| looks(query) == 0).unwrap_or_default()
}

/// The page for a problem that is only one for now, where a person wants to see it.
pub(super) fn page(head: &RequestHead, problem: &Problem) -> Option<WaitingPage> {
    let person = || agents::judge(request::user_agent(head)) == Agent::Person;
    let code = code_in(head.uri.path()).filter(|_| problem.is_for_now() && person())?;
    Some(WaitingPage { page: pages::common(), code: code.into(), look: looks(head.uri.query()) + 1 })
}

/// How often the page has looked. Only a query that it wrote itself counts.
fn looks(query: Option<&str>) -> u8 {
    let digits = query.and_then(|query| query.strip_prefix("wait=")).filter(|digits| digits.len() == 1);
    digits.and_then(|digit| digit.parse().ok()).filter(|looks| *looks <= LOOKS).unwrap_or_default()
}
