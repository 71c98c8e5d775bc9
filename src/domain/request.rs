//! What one request for a link is, read from a few of its headers: the rules 2 to 6 of a click.

use crate::domain::agent::Agent;
use crate::domain::family::Family;

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
    /// `Sec-Fetch-Mode`.
    pub fetch_mode: Option<&'a [u8]>,
    /// `Sec-Fetch-Dest`.
    pub fetch_dest: Option<&'a [u8]>,
    /// `Sec-GPC: 1` or `DNT: 1`.
    pub objects: bool,
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
    /// A person's browser loads it for something on a page: nobody goes there.
    Embedded,
    /// A person goes there, whose browser refuses every count for them.
    Objector,
    /// A person goes there.
    Person,
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
            Agent::Person if !is_navigation(signals.fetch_mode, signals.fetch_dest) => Self::Embedded,
            Agent::Person if signals.objects => Self::Objector,
            Agent::Person => Self::Person,
        }
    }

    /// Whether a person has to do with it, however it comes.
    #[must_use]
    pub fn is_of_a_person(self) -> bool {
        matches!(self, Self::Embedded | Self::Objector | Self::Person)
    }
}

/// Whether a browser that says what it loads this for loads it as the page in front of its person (Fetch Metadata
/// Request Headers, W3C). An older one does not say.
fn is_navigation(mode: Option<&[u8]>, dest: Option<&[u8]>) -> bool {
    mode.is_none_or(|mode| mode == b"navigate") && dest.is_none_or(|dest| dest == b"document")
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
        RequestKind::classify(&Signals { head, purposes, ..signals(agent) })
    }

    fn signals(agent: Agent) -> Signals<'static> {
        Signals {
            head: false,
            agent,
            purposes: [None; 4],
            fetch_mode: None,
            fetch_dest: None,
            objects: false,
        }
    }

    #[test]
    fn only_what_comes_in_front_of_a_person_is_a_navigation() {
        let kind = |mode: Option<&'static str>, dest: Option<&'static str>, objects| {
            let [fetch_mode, fetch_dest] = [mode, dest].map(|value| value.map(str::as_bytes));
            RequestKind::classify(&Signals { fetch_mode, fetch_dest, objects, ..signals(Agent::Person) })
        };
        let navigate = Some("navigate");
        for (mode, dest) in
            [(navigate, Some("document")), (navigate, None), (None, Some("document")), (None, None)]
        {
            assert_eq!(kind(mode, dest, false), RequestKind::Person, "{mode:?} {dest:?}");
            assert_eq!(kind(mode, dest, true), RequestKind::Objector, "{mode:?} {dest:?}");
        }
        for dest in ["image", "iframe", "frame", "empty", "object", "embed", "script", "", "Document"] {
            for mode in [None, navigate, Some("no-cors"), Some("cors")] {
                assert_eq!(kind(mode, Some(dest), false), RequestKind::Embedded, "{mode:?} {dest}");
            }
        }
        for mode in ["no-cors", "cors", "same-origin", "websocket", ""] {
            assert_eq!(kind(Some(mode), Some("document"), true), RequestKind::Embedded, "{mode}");
        }
        // A robot stays a robot, whatever it loads.
        let robot = Signals { fetch_dest: Some(b"image"), ..signals(Agent::Robot) };
        assert_eq!(RequestKind::classify(&robot), RequestKind::Robot);
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        assert_eq!(kind(true, "WhatsApp/2.24.1 A", Some("prefetch")), RequestKind::Head);
        assert_eq!(kind(false, "WhatsApp/2.24.1 A", Some("prefetch")), RequestKind::Prefetch);
        assert_eq!(kind(false, "WhatsApp/2.24.1 A", None), RequestKind::Preview(Family::WhatsApp));
        assert_eq!(kind(false, "curl/8.0", None), RequestKind::Robot);
        assert_eq!(kind(false, FIREFOX, None), RequestKind::Person);
    }

    #[test]
    fn every_form_of_prefetch_is_one() {
        for purpose in
            ["prefetch", "prefetch;prerender", "Prefetch; anonymous-client-ip", "prerender", "preview"]
        {
            assert_eq!(kind(false, FIREFOX, Some(purpose)), RequestKind::Prefetch, "{purpose}");
        }
        assert_eq!(kind(false, FIREFOX, Some("none")), RequestKind::Person);
    }
}
