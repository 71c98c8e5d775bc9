//! What loads sent and what the store counted, side by side.

use crate::load::Tally;
use crate::program::{Home, Service};

/// Ends a service in good order, so that everything it recorded is settled, and starts it again.
pub(crate) fn settled(home: &Home, service: Service, arguments: &[&str]) -> Service {
    service.terminate();
    assert_eq!(service.end(), Some(0));
    assert_eq!(home.segments().len(), 0, "what was recorded was settled before the end");
    home.serve(arguments)
}

/// What a comparison of all links found, in clicks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Balance {
    /// Counted in the store.
    pub(crate) counted: u64,
    /// Answered and not counted.
    pub(crate) lost: u64,
    /// Counted beyond what was sent.
    pub(crate) doubled: u64,
}

/// Compares link by link, and prints the figures. The loads opened the same links, and every click
/// of one load was by another person.
pub(crate) async fn balance(service: &Service, secret: &str, loads: &[&Tally]) -> Balance {
    let mut balance = Balance { counted: 0, lost: 0, doubled: 0 };
    for link in &loads[0].links {
        let (clicks, visitors) = service.counted(secret, &link.code).await;
        let answered: u64 = loads.iter().map(|load| load.of(&link.code).answered).sum();
        let sent: u64 = loads.iter().map(|load| load.of(&link.code).sent).sum();
        balance.counted += clicks;
        balance.lost += answered.saturating_sub(clicks);
        // A person who opened a link once and counts twice is still one visitor; beyond a few hundred
        // visitors are estimated.
        let again = if clicks < 512 { clicks.saturating_sub(visitors) } else { 0 };
        balance.doubled += clicks.saturating_sub(sent).max(again);
    }
    for load in loads {
        println!("{load}");
    }
    println!("{} clicks recorded, {} lost, {} doubled", balance.counted, balance.lost, balance.doubled);
    balance
}
