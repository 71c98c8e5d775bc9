//! What one request for a link is, read from a few of its headers: the rules 2 to 4 of a click.

use super::agent::Agent;
use super::consent::{Choice, State};
use super::family::Family;

/// The facts of a request that decide what it is. Borrowed from the request and never kept: it has
/// no `Debug`, no `Clone` and no `Serialize`, so it can end in no log and no store.
#[expect(missing_debug_implementations, reason = "it holds what must never be written anywhere")]
pub struct Signals<'a> {
    /// Whether the method is `HEAD`.
    pub head: bool,
    /// Who the `User-Agent` header says it is.
    pub agent: Agent,
    /// `Sec-Purpose`, `Purpose`, `X-Purpose` and `X-Moz`, those that there are.
    pub purposes: [Option<&'a str>; 4],
    /// `Sec-GPC: 1` or `DNT: 1`.
    pub objects: bool,
    /// The answer in the consent cookie.
    pub choice: Option<Choice>,
}

/// What a `GET` or `HEAD` of a link is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestKind {
    /// Only asks whether the link is there.
    Head,
    /// A browser loads ahead of the person; it must ask again when the person really goes there.
    Prefetch,
    /// A chat app's bot fetches a preview: an unfurl of that family.
    Preview(Family),
    /// Another robot.
    Robot,
    /// A person, who stands so with the question of consent.
    Person(State),
}

impl RequestKind {
    /// Tells what a request is; the first rule that matches decides.
    #[must_use]
    pub fn classify(signals: &Signals<'_>) -> Self {
        if signals.head {
            return Self::Head;
        }
        if signals.purposes.iter().flatten().any(|purpose| is_ahead_of_the_person(purpose)) {
            return Self::Prefetch;
        }
        match signals.agent {
            Agent::Preview(family) => Self::Preview(family),
            Agent::Robot => Self::Robot,
            Agent::Person => Self::Person(State::of(signals.objects, signals.choice)),
        }
    }
}

/// `prefetch`, `prefetch;prerender`, `prerender` or the older `preview`, as browsers send them
/// (Fetch standard, "Sec-Purpose"; the others by Safari and by older Chrome and Firefox).
fn is_ahead_of_the_person(purpose: &str) -> bool {
    let token = purpose.split([';', ',']).next().unwrap_or_default().trim();
    ["prefetch", "prerender", "preview"].iter().any(|ahead| token.eq_ignore_ascii_case(ahead))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0";

    fn kind(head: bool, user_agent: &str, purpose: Option<&str>) -> RequestKind {
        let purposes = [purpose, None, None, None];
        let agent = Agent::classify(user_agent);
        RequestKind::classify(&Signals { head, agent, purposes, objects: false, choice: None })
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        assert_eq!(kind(true, "WhatsApp/2.24.1 A", Some("prefetch")), RequestKind::Head);
        assert_eq!(kind(false, "WhatsApp/2.24.1 A", Some("prefetch")), RequestKind::Prefetch);
        assert_eq!(kind(false, "WhatsApp/2.24.1 A", None), RequestKind::Preview(Family::WhatsApp));
        assert_eq!(kind(false, "curl/8.0", None), RequestKind::Robot);
        assert_eq!(kind(false, FIREFOX, None), RequestKind::Person(State::Unknown));
    }

    #[test]
    fn every_form_of_prefetch_is_one() {
        for purpose in
            ["prefetch", "prefetch;prerender", "Prefetch; anonymous-client-ip", "prerender", "preview"]
        {
            assert_eq!(kind(false, FIREFOX, Some(purpose)), RequestKind::Prefetch, "{purpose}");
        }
        assert_eq!(kind(false, FIREFOX, Some("none")), RequestKind::Person(State::Unknown));
    }
}
