//! What attackers do.

use serde_json::json;

use crate::game::Game;
use crate::service::Service;

/// A plan. Everything is done on Tuesday, where nothing else is said, and everything is read again and again until the
/// week is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Attack {
    /// Pads the victim's link.
    PadLink,
    /// Pads another link of its page.
    PadPage,
    /// Pads the link, its page and its channel.
    PadAll,
    /// Moves links between campaigns at three o'clock, and pads before and after.
    Regroup,
    /// Pads links and deletes and moves them when the day is closed, and when the week is.
    DeleteAndMove,
    /// Learns from links of their own where thresholds lie, on the day before.
    Probe,
    /// Pads the page on each day of the week from Tuesday on.
    WholeWeek,
    /// Pads each of five links, which the victim opens one after another.
    FiveLinks,
    /// Pads opens, of which the victim adds one.
    OneOpen,
    /// Waits for a victim who opens the link five times without being asked.
    FiveOpens,
}

/// When something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    Monday,
    Morning,
    Victim,
    Afternoon,
    /// When Tuesday is closed.
    Closed,
    /// Each of Wednesday, Thursday and Friday.
    Later,
    /// When the week is closed.
    WeekClosed,
}

impl Attack {
    pub(crate) const ALL: [Self; 10] = [
        Self::PadLink,
        Self::PadPage,
        Self::PadAll,
        Self::Regroup,
        Self::DeleteAndMove,
        Self::Probe,
        Self::WholeWeek,
        Self::FiveLinks,
        Self::OneOpen,
        Self::FiveOpens,
    ];

    /// Whether the site's visitors are not asked.
    pub(crate) fn is_of_opens(self) -> bool {
        matches!(self, Self::OneOpen | Self::FiveOpens)
    }

    /// With how many networks it is as good as on one day with one: a network counts anew on each day. `None` where
    /// networks are not what it takes.
    pub(crate) fn networks_at_best(self, networks: u32) -> Option<u32> {
        match self {
            Self::WholeWeek => Some(4 * networks),
            // Monday's are of another day of the same week.
            Self::Probe => Some(2 * networks),
            Self::OneOpen => None,
            Self::FiveOpens => Some(0),
            _ => Some(networks),
        }
    }

    /// Whether it changes something when a day or a week is closed, and compares.
    pub(crate) fn acts_when_closed(self) -> bool {
        matches!(self, Self::Regroup | Self::DeleteAndMove)
    }

    /// Whether it is about somebody who does one thing once. What somebody does five times adds up.
    pub(crate) fn is_about_one_visit(self) -> bool {
        !matches!(self, Self::FiveLinks | Self::FiveOpens)
    }

    /// Does what the plan says for this moment.
    pub(crate) async fn act(self, service: &Service, game: &Game, moment: Moment) {
        let pad = async |links: &[&str]| {
            for link in links {
                game.pad(service, link).await;
            }
        };
        match (self, moment) {
            (Self::FiveLinks, Moment::Victim) => {
                game.victim(service, &["victim", "same1", "same2", "same3", "same4"]).await;
            }
            (Self::OneOpen, Moment::Victim) => game.victim_unasked(service, "victim", 1).await,
            (Self::FiveOpens, Moment::Victim) => game.victim_unasked(service, "victim", 5).await,
            (_, Moment::Victim) => game.victim(service, &["victim"]).await,
            (Self::OneOpen, Moment::Morning) => {
                game.pad_unasked(service, "victim", 2 * 5 + usize::try_from(game.networks).unwrap()).await;
            }
            (Self::PadLink, Moment::Morning) | (Self::Probe, Moment::Afternoon) => pad(&["victim"]).await,
            (Self::PadPage, Moment::Morning) | (Self::WholeWeek, Moment::Morning | Moment::Later) => {
                pad(&["same1"]).await;
            }
            (Self::PadAll, Moment::Morning) => pad(&["victim", "same1", "other"]).await,
            (Self::Probe, Moment::Monday) => pad(&["same1", "same2", "other"]).await,
            (Self::FiveLinks, Moment::Morning) => {
                pad(&["victim", "same1", "same2", "same3", "same4"]).await;
            }
            (Self::Regroup, Moment::Morning) => pad(&["victim", "same1"]).await,
            (Self::Regroup, Moment::Afternoon) => {
                game.change(service, "victim", json!({ "campaign": "alone" })).await;
                game.change(service, "same1", json!({ "url": "https://example.com/b" })).await;
                pad(&["victim", "same1"]).await;
            }
            (Self::DeleteAndMove, Moment::Morning) => pad(&["victim", "same1", "same2"]).await,
            (Self::DeleteAndMove, Moment::Closed) => {
                game.delete(service, "same1").await;
                game.change(
                    service,
                    "victim",
                    json!({ "url": "https://example.com/c", "campaign": "moved" }),
                )
                .await;
            }
            (Self::DeleteAndMove, Moment::WeekClosed) => {
                game.delete(service, "same2").await;
                game.delete(service, "victim").await;
            }
            _ => {}
        }
    }
}
