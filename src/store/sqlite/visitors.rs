//! What tells visitors apart: in this process's memory, never in the file.
//!
//! Each run of the service has day keys of its own, so the tags in its journal are none of another run's. Of those that a
//! killed run left behind, this process makes sets beside its own; of others it knows the number in the file. Nobody
//! can tell whether two sets have the same people, so the largest one counts, and they are never added up.

use std::collections::BTreeMap;

use foldhash::HashMap;

use crate::domain::day::Day;
use crate::domain::identity::JournalId;
use crate::domain::link_key::LinkKey;
use crate::domain::visitor_set::{Fingerprint, VisitorSet};
use crate::store::sqlite::counts::LinkSite;
use crate::store::sqlite::networks::{Channel, OpenNetworks};

/// A link, by the number of its row.
pub(super) type LinkRow = i64;

/// The links that are counted on each day, and their visitors; beside them, their networks.
#[derive(Default)]
pub(super) struct Visitors {
    pub(super) networks: OpenNetworks,
    days: BTreeMap<Day, Links>,
    /// What goes when the present transaction is committed, and stays when it is not.
    going: Vec<Going>,
    /// The journals whose tags are in sets, and the place of the one whose entries are being added.
    journals: Vec<JournalId>,
    journal: usize,
}

#[derive(Default)]
struct Links {
    known: HashMap<LinkRow, Known>,
    /// The links whose counts of the day are in the store as they are known here.
    stored: HashMap<LinkKey, Place>,
}

/// Where a link's counts are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) link: LinkRow,
    pub(super) site: LinkSite,
    pub(super) channel: Channel,
}

/// One link's visitors of one day, as far as this process has seen them.
struct Known {
    /// The number that the store had when the first set began.
    before: u64,
    /// For each journal's place, the visitors by its tags: hardly ever more than one.
    sets: Vec<(usize, VisitorSet)>,
}

impl Known {
    fn set_of(&mut self, journal: usize) -> &mut VisitorSet {
        let place = self.sets.iter().position(|(of, _)| *of == journal).unwrap_or_else(|| {
            self.sets.push((journal, VisitorSet::default()));
            self.sets.len() - 1
        });
        &mut self.sets[place].1
    }

    fn largest(&self) -> u64 {
        self.sets.iter().map(|(_, set)| set.count()).fold(self.before, u64::max)
    }
}

enum Going {
    Link(LinkRow),
    LinksOfDay(LinkSite, Day, Vec<LinkRow>),
    Day(LinkSite, Day),
    VisitorsBefore(Day),
    CountsBefore(Day),
    Site(LinkSite),
}

impl Visitors {
    /// Says whose tags are added from now on.
    pub(super) fn tags_are_of(&mut self, journal: &JournalId) {
        self.journal = self.journals.iter().position(|known| known == journal).unwrap_or_else(|| {
            self.journals.push(journal.clone());
            self.journals.len() - 1
        });
    }

    /// Where the counts of a link and day are, if they are in the store as they are known here.
    pub(super) fn place(&self, day: Day, link: &LinkKey) -> Option<Place> {
        self.days.get(&day)?.stored.get(link).copied()
    }

    /// Takes up a link's counts of a day: `stored` is the number of visitors in the store, `None`
    /// where it has no counts of that link and day.
    ///
    /// Where the store holds nothing, nothing that is known here has ever been committed (or it has
    /// been forgotten since), so the set begins anew.
    pub(super) fn take_up(&mut self, day: Day, link: &LinkKey, place: Place, stored: Option<u64>) {
        let links = self.days.entry(day).or_default();
        let begin = || Known { before: stored.unwrap_or(0), sets: Vec::new() };
        if stored.is_none() {
            links.known.remove(&place.link);
        }
        links.known.entry(place.link).or_insert_with(begin);
        links.stored.insert(link.clone(), place);
    }

    /// Adds visitors to a link's day that was taken up, and returns the number that the store should
    /// hold: that of the largest set of the day. It is not a sum of differences: where the transaction
    /// fails and the same visitors are added again, the same number comes out.
    pub(super) fn add(
        &mut self,
        day: Day,
        link: LinkRow,
        visitors: impl IntoIterator<Item = Fingerprint>,
    ) -> u64 {
        let known = self.days.get_mut(&day).and_then(|links| links.known.get_mut(&link));
        let known = known.expect("counts are taken up before visitors are added to them");
        let set = known.set_of(self.journal);
        visitors.into_iter().for_each(|visitor| set.insert(visitor));
        known.largest()
    }

    /// Lets a link's sets go with the present transaction; whatever else comes in it looks the link up.
    pub(super) fn let_link_go(&mut self, key: &LinkKey, link: LinkRow) {
        for links in self.days.values_mut() {
            links.stored.remove(key);
        }
        self.going.push(Going::Link(link));
    }

    /// Lets what tells visitors apart go with the present transaction, on days before `day`. Networks stay until
    /// their day is closed.
    pub(super) fn let_visitors_go(&mut self, day: Day) {
        self.days.range_mut(..day).for_each(|(_, links)| links.stored.clear());
        self.going.push(Going::VisitorsBefore(day));
    }

    /// Lets all of days before `day` go with the present transaction.
    pub(super) fn let_counts_go(&mut self, day: Day) {
        self.let_visitors_go(day);
        self.going.push(Going::CountsBefore(day));
    }

    /// Lets the sets of links go with the present transaction, whose counts of a day are being closed. Nothing counts on that
    /// day any more.
    pub(super) fn let_links_of_day_go(&mut self, site: LinkSite, day: Day, links: Vec<LinkRow>) {
        self.going.push(Going::LinksOfDay(site, day, links));
    }

    /// Lets all of a site's day go with the present transaction, which closes it.
    pub(super) fn let_day_go(&mut self, site: LinkSite, day: Day) {
        self.going.push(Going::Day(site, day));
    }

    /// Lets all of a site go with the present transaction; whatever else comes in it looks links up.
    pub(super) fn let_site_go(&mut self, site: LinkSite) {
        self.days.values_mut().for_each(|links| links.stored.retain(|_, place| place.site != site));
        self.going.push(Going::Site(site));
    }

    /// The transaction holds.
    pub(super) fn committed(&mut self) {
        for going in std::mem::take(&mut self.going) {
            match going {
                Going::Link(link) => {
                    self.days.values_mut().for_each(|links| drop(links.known.remove(&link)));
                    self.networks.forget_link(link);
                }
                Going::LinksOfDay(site, day, links) => {
                    if let Some(of_day) = self.days.get_mut(&day) {
                        for link in &links {
                            of_day.known.remove(link);
                        }
                    }
                    self.networks.forget_links_of_day(site, day, &links);
                }
                Going::Day(site, day) => {
                    if let Some(of_day) = self.days.get_mut(&day) {
                        of_day.stored.retain(|_, place| place.site != site);
                    }
                    self.networks.keep_days(|of, on| (of, on) != (site, day));
                }
                Going::VisitorsBefore(day) => {
                    self.days = self.days.split_off(&day);
                    self.networks.forget_recent_before(day);
                }
                Going::CountsBefore(day) => self.networks.keep_days(|_, on| on >= day),
                Going::Site(site) => self.networks.keep_days(|of, _| of != site),
            }
        }
    }

    /// The transaction does not hold: what the store has must be looked up again.
    pub(super) fn abandoned(&mut self) {
        self.going.clear();
        self.days.values_mut().for_each(|links| links.stored.clear());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::networks::Bucket;
    use crate::domain::visitor::Tag;

    const PLACE: Place = Place { link: 1, site: 1, channel: 0 };

    fn visitors(numbers: std::ops::Range<u8>) -> impl Iterator<Item = Fingerprint> {
        numbers.map(|number| Fingerprint::of(&Tag::from_bytes([number; 16])))
    }

    fn today() -> Day {
        "2026-11-21".parse().expect("a day")
    }

    fn key() -> LinkKey {
        "/abc.0000000000000001".parse().expect("a link key")
    }

    /// What settling does with a link of which the store holds this.
    fn add(known: &mut Visitors, stored: Option<u64>, numbers: std::ops::Range<u8>) -> u64 {
        if known.place(today(), &key()).is_none() {
            known.take_up(today(), &key(), PLACE, stored);
        }
        known.add(today(), PLACE.link, visitors(numbers))
    }

    #[test]
    fn adding_again_after_a_failed_commit_gives_the_same_number() {
        let mut known = Visitors::default();
        assert_eq!(add(&mut known, None, 0..3), 3);
        known.abandoned();
        assert_eq!(add(&mut known, None, 0..3), 3);
        known.committed();
        assert_eq!(known.place(today(), &key()), Some(PLACE), "the store need not be asked any more");
        assert_eq!(add(&mut known, Some(3), 2..5), 5);
        known.abandoned();
        assert_eq!(known.place(today(), &key()), None, "the store has to be asked again");
        assert_eq!(add(&mut known, Some(3), 2..5), 5);
    }

    #[test]
    fn of_sets_with_different_keys_the_largest_one_counts() {
        let mut known = Visitors::default();
        assert_eq!(add(&mut known, Some(40), 0..2), 40);
        assert_eq!(add(&mut known, Some(40), 0..40), 40);
        assert_eq!(add(&mut known, Some(40), 40..43), 43);
        // However often the process starts again, one person is one visitor.
        let restarts = (0..5)
            .fold(None, |stored, restart| Some(add(&mut Visitors::default(), stored, restart..restart + 1)));
        assert_eq!(restarts, Some(1));
    }

    #[test]
    fn tags_of_two_journals_are_in_two_sets() {
        let mut known = Visitors::default();
        let (killed, own) = (JournalId::new("killed"), JournalId::new("own"));
        for (journal, numbers, expected) in [
            (&killed, 0..3, 3),
            (&own, 10..12, 3),
            (&killed, 2..4, 4),
            (&own, 12..20, 10),
            (&killed, 4..5, 10),
        ] {
            known.tags_are_of(journal);
            assert_eq!(add(&mut known, None, numbers), expected);
            known.committed();
        }
    }

    #[test]
    fn sets_go_when_the_transaction_holds_and_stay_when_it_does_not() {
        let mut known = Visitors::default();
        add(&mut known, None, 0..3);
        known.let_link_go(&key(), PLACE.link);
        known.abandoned();
        assert_eq!(add(&mut known, Some(3), 0..3), 3);
        known.let_link_go(&key(), PLACE.link);
        known.committed();
        assert!(known.days.values().all(|links| links.known.is_empty() && links.stored.is_empty()));
        add(&mut known, Some(3), 0..3);
        known.let_visitors_go(today().plus(1));
        known.committed();
        assert!(known.days.is_empty());
        add(&mut known, Some(3), 0..3);
        known.let_site_go(PLACE.site);
        assert_eq!(known.place(today(), &key()), None);
    }

    #[test]
    fn networks_outlast_visitors_until_their_day_is_closed_and_stay_where_the_transaction_does_not_hold() {
        let mut known = Visitors::default();
        let networks = |numbers: std::ops::Range<u8>| numbers.map(Bucket::new).collect();
        known.networks.add((1, today()), 1, 0, networks(0..4));
        known.networks.add((1, today()), 2, 0, networks(0..5));
        known.networks.add((2, today()), 3, 0, networks(0..6));
        let counts = |known: &Visitors| {
            [(1, 1), (1, 2), (2, 3)].map(|(site, link)| known.networks.of(site, today(), link).count())
        };
        known.let_visitors_go(today().plus(1));
        known.committed();
        assert_eq!(counts(&known), [4, 5, 6]);
        known.let_links_of_day_go(1, today(), vec![1]);
        known.abandoned();
        assert_eq!(counts(&known), [4, 5, 6]);
        known.let_links_of_day_go(1, today(), vec![1]);
        known.committed();
        assert_eq!(counts(&known), [0, 5, 6]);
        known.let_day_go(1, today());
        known.committed();
        assert_eq!(counts(&known), [0, 0, 6]);
        known.let_counts_go(today().plus(1));
        known.committed();
        assert_eq!(counts(&known), [0, 0, 0]);
    }
}
