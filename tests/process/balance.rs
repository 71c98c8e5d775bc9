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

/// Waits until the store has every click that a load was answered.
pub(crate) async fn all_counted(service: &Service, secret: &str, tally: &Tally) {
    for link in &tally.links {
        service.counted_at_least(secret, &link.code, link.answered).await;
    }
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

/// Compares link by link, and prints the figures. The loads opened the same links.
pub(crate) async fn balance(service: &Service, secret: &str, loads: &[&Tally]) -> Balance {
    let mut balance = Balance { counted: 0, lost: 0, doubled: 0 };
    for link in &loads[0].links {
        let (clicks, _) = service.counted(secret, &link.code).await;
        let answered: u64 = loads.iter().map(|load| load.of(&link.code).answered).sum();
        let sent: u64 = loads.iter().map(|load| load.of(&link.code).sent).sum();
        balance.counted += clicks;
        balance.lost += answered.saturating_sub(clicks);
        balance.doubled += clicks.saturating_sub(sent);
    }
    for load in loads {
        println!("{load}");
    }
    println!("{} clicks recorded, {} lost, {} doubled", balance.counted, balance.lost, balance.doubled);
    balance
}
