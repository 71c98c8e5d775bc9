//! Who is faster than the share: the code was given out, and its link is on the way. A person gets a
//! page that looks again by itself a few times, without a script. A chat app's bot, which asks once for
//! its preview and does not come back, is kept for a moment.

use std::time::Duration;

use actix_web::dev::RequestHead;

use crate::domain::agent::Agent;
use crate::domain::code::Code;
use crate::web::AppState;
use crate::web::extract::code::link_in;
use crate::web::extract::request;
use crate::web::extract::user_agent_cache;
use crate::web::response::html;
use crate::web::response::problem::Problem;
use crate::web::response::templates::WaitingPage;

/// How often it looks again before it gives up. A look is noted in the query: `?wait=1`.
const LOOKS: u8 = 4;

/// So many bots are kept at once; others are told to come back.
pub(crate) const BOTS: usize = 256;
/// How often and after how long each is looked for: two seconds in all.
const BOT_LOOKS: u8 = 20;
const BOT_LOOKS_AFTER: Duration = Duration::from_millis(100);

/// Keeps a bot that draws previews until the link of a code that was given out is here. Whether it came.
pub(crate) async fn came(head: &RequestHead, code: &Code, app: &AppState) -> bool {
    if !matches!(user_agent_cache::judge(request::user_agent(head)), Agent::Preview(_)) {
        return false;
    }
    let Ok(_place) = app.waiting_bots.try_acquire() else { return false };
    for _ in 0..BOT_LOOKS {
        tokio::time::sleep(BOT_LOOKS_AFTER).await;
        if matches!(app.links.resolve_anew(code).await, Ok(Some(_))) {
            return true;
        }
    }
    false
}

/// Whether the page has looked often enough.
pub(crate) fn is_over(head: &RequestHead) -> bool {
    looks(head.uri.query()) >= LOOKS
}

/// The visitor's own query string, without what the page put there.
pub(crate) fn own_query(head: &RequestHead) -> &str {
    let query = head.uri.query();
    query.filter(|_| looks(query) == 0).unwrap_or_default()
}

/// The page for a problem that is only one for now, where a person wants to see it.
pub(crate) fn page(head: &RequestHead, problem: &Problem) -> Option<WaitingPage> {
    let person = || user_agent_cache::judge(request::user_agent(head)) == Agent::Person;
    let code = link_in(head.uri.path()).filter(|_| problem.is_for_now() && person())?;
    Some(WaitingPage { page: html::of(head), code: code.into(), look: looks(head.uri.query()) + 1 })
}

/// How often the page has looked. Only a query that it wrote itself counts.
fn looks(query: Option<&str>) -> u8 {
    let digits = query.and_then(|query| query.strip_prefix("wait=")).filter(|digits| digits.len() == 1);
    digits.and_then(|digit| digit.parse().ok()).filter(|looks| *looks <= LOOKS).unwrap_or_default()
}
