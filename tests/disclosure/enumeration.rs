//! What the rule's draws can tell at most, counted exactly over everything that can be drawn, without a service.
//!
//! Somebody pads a link, its page and its channel with people of their own, as many as they like, and reads what becomes a
//! cell at each level and how large it is. They ask one thing: whether one more person came to the link. Their best guess
//! is right more often than a blind one by the *advantage*, which is half of the sum of all differences of probabilities.

use std::collections::BTreeMap;

/// What is read at one level: the rounded number of a cell, or nothing.
type Shown = Option<u64>;

/// In how many draws each of these is read at one level.
type Outcomes = BTreeMap<Shown, u128>;

/// Those of each number of networks up to a greatest one.
fn level(most: u64, k: u64) -> Vec<Outcomes> {
    (0..=most).map(|networks| outcomes(networks, k)).collect()
}

fn at(level: &[Outcomes], networks: u64) -> &Outcomes {
    &level[usize::try_from(networks).unwrap()]
}

/// In how many of k² equally likely draws each of these is read, where so many networks stand behind the level.
fn outcomes(networks: u64, k: u64) -> Outcomes {
    let mut outcomes = BTreeMap::new();
    for threshold in k + 1..=2 * k {
        for r in 0..k {
            let shown = (networks >= threshold).then_some((networks + r) / k * k);
            *outcomes.entry(shown).or_default() += 1;
        }
    }
    outcomes
}

/// In how many of k⁶ draws each of these is read at the three levels: what is a cell of the link leaves its page to the
/// others there, and what is a cell of the page leaves the channel.
fn all_outcomes(levels: [u64; 3], came: u64, each: &[Outcomes]) -> BTreeMap<[Shown; 3], u128> {
    let [link, page, channel] = levels;
    let mut all = BTreeMap::new();
    for (of_link, link_draws) in at(each, link + came) {
        let risen = if of_link.is_none() { link + came } else { 0 };
        for (of_page, page_draws) in at(each, page + risen) {
            let risen = if of_page.is_none() { page + risen } else { 0 };
            for (of_channel, channel_draws) in at(each, channel + risen) {
                let draws = link_draws * page_draws * channel_draws;
                *all.entry([*of_link, *of_page, *of_channel]).or_default() += draws;
            }
        }
    }
    all
}

/// The advantage, in parts of k⁶.
fn advantage(levels: [u64; 3], each: &[Outcomes]) -> u128 {
    let (without, with) = (all_outcomes(levels, 0, each), all_outcomes(levels, 1, each));
    let more = with.iter().map(|(read, draws)| draws.saturating_sub(without.get(read).copied().unwrap_or(0)));
    more.sum()
}

/// Every way to pad three levels with up to so many networks.
fn paddings(most: u64) -> impl Iterator<Item = [u64; 3]> {
    (0..=most).flat_map(move |link| {
        (0..=most).flat_map(move |page| (0..=most).map(move |channel| [link, page, channel]))
    })
}

#[test]
fn no_padding_tells_of_one_visit_with_a_greater_advantage_than_three_pivots_give() {
    for (k, known) in [(5_u64, 0.4880), (10, 0.2710), (20, 0.1426)] {
        // More than 2k at a level changes nothing but the multiple of k that is rounded to; some more are tried all the same.
        let most = if k == 20 { 2 * k + 2 } else { 3 * k };
        let each = level(3 * most + 1, k);
        let best =
            paddings(most).map(|levels| (advantage(levels, &each), levels)).max().expect("some padding");
        let whole = u128::from(k).pow(6);
        // 1 − (1 − 1/k)³
        let three_pivots = whole - u128::from(k - 1).pow(3) * u128::from(k).pow(3);
        assert_eq!(best.0, three_pivots, "k = {k}: {:?}", best.1);
        #[expect(clippy::cast_precision_loss, reason = "a part of one, to four digits")]
        let part = best.0 as f64 / whole as f64;
        println!("k = {k}: {part:.4} with {:?} own networks", best.1);
        assert!((part - known).abs() < 0.0001, "{part}");
    }
}

#[test]
fn fewer_than_k_own_networks_tell_nothing_at_all() {
    for k in [5, 10, 20] {
        // Whatever is padded on one day is united there, so all levels together have no more.
        let few = paddings(k - 1).filter(|[link, page, channel]| link + page + channel < k);
        let each = level(3 * k, k);
        for levels in few {
            assert_eq!(advantage(levels, &each), 0, "k = {k}: {levels:?}");
        }
    }
}

#[test]
fn with_k_networks_a_single_level_gives_one_pivot() {
    for k in [5, 10, 20] {
        let (without, with) = (outcomes(k, k), outcomes(k + 1, k));
        assert_eq!(without.keys().collect::<Vec<_>>(), [&None]);
        let shown: u128 = with.iter().filter(|(read, _)| read.is_some()).map(|(_, draws)| draws).sum();
        assert_eq!(shown, u128::from(k), "one of k thresholds, with any rounding");
    }
}
