//! How an attacker makes up their mind: from games whose end they know they learn which number tells most, and guess by
//! it in others.

#![allow(clippy::cast_precision_loss, reason = "numbers of games are small")]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::game::Game;

/// What was read in a game, as numbers by where they stand; what is suppressed is less than every number.
type Numbers = BTreeMap<String, f64>;

fn numbers(game: &Game) -> Numbers {
    let mut numbers = Numbers::new();
    for (asked, text) in &game.seen {
        numbers.insert(format!("{asked} length"), f64::from(u32::try_from(text.len()).unwrap()));
        let json = text.split_once(' ').map(|(_, body)| serde_json::from_str(body));
        if let Some(Ok(json)) = json {
            collect(&json, asked, &mut numbers);
        }
    }
    numbers
}

fn collect(json: &Value, place: &str, numbers: &mut Numbers) {
    match json {
        Value::Object(fields) => {
            for (name, value) in fields {
                collect(value, &format!("{place}/{name}"), numbers);
            }
        }
        Value::Array(all) => {
            for (index, value) in all.iter().enumerate() {
                collect(value, &format!("{place}/{index}"), numbers);
            }
        }
        Value::Number(number) => drop(numbers.insert(place.to_owned(), number.as_f64().unwrap())),
        Value::Null => drop(numbers.insert(place.to_owned(), -1.0)),
        Value::Bool(_) | Value::String(_) => {}
    }
}

/// A rule to guess by: whether a number is greater than a bound says that the victim came, or that they did not.
struct Rule {
    place: String,
    bound: f64,
    means_came: bool,
}

impl Rule {
    fn guesses_came(&self, numbers: &Numbers) -> bool {
        (numbers.get(&self.place).copied().unwrap_or(-2.0) > self.bound) == self.means_came
    }
}

/// How an attack went.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    pub(crate) advantage: f64,
    /// One standard deviation of it.
    pub(crate) error: f64,
}

/// How much more often somebody guesses that the victim came where they did than where they did not, in the second half of
/// the games, by the rule that does best in the first. `None` where there are too few games of either kind.
pub(crate) fn measure(games: &[Game]) -> Option<Measured> {
    let known: Vec<(bool, Numbers)> = games.iter().map(|game| (game.came, numbers(game))).collect();
    let (learnt, played) = known.split_at(known.len() / 2);
    let rule = learn(learnt)?;
    let rate = |came: bool| {
        let of_kind: Vec<_> = played.iter().filter(|(kind, _)| *kind == came).collect();
        let guesses = of_kind.iter().filter(|(_, numbers)| rule.guesses_came(numbers)).count();
        (guesses as f64 / of_kind.len() as f64, of_kind.len() as f64)
    };
    let ((with, came), (without, stayed)) = (rate(true), rate(false));
    let enough = came > 0.0 && stayed > 0.0;
    enough.then(|| Measured { advantage: with - without, error: (0.25 / came + 0.25 / stayed).sqrt() })
}

fn learn(games: &[(bool, Numbers)]) -> Option<Rule> {
    let total = |came: bool| games.iter().filter(|(kind, _)| *kind == came).count() as f64;
    let (came, stayed) = (total(true), total(false));
    if came == 0.0 || stayed == 0.0 {
        return None;
    }
    let places: BTreeSet<&String> = games.iter().flat_map(|(_, numbers)| numbers.keys()).collect();
    let mut best: Option<(f64, Rule)> = None;
    for place in places {
        let value = |numbers: &Numbers| numbers.get(place).copied().unwrap_or(-2.0);
        let mut bounds: Vec<f64> = games.iter().map(|(_, numbers)| value(numbers)).collect();
        bounds.sort_by(f64::total_cmp);
        bounds.dedup();
        for bound in bounds {
            let above = |kind: bool| {
                let of_kind = games.iter().filter(|(came, numbers)| *came == kind && value(numbers) > bound);
                of_kind.count() as f64
            };
            let difference = above(true) / came - above(false) / stayed;
            if best.as_ref().is_none_or(|(known, _)| difference.abs() > *known) {
                let rule = Rule { place: place.clone(), bound, means_came: difference >= 0.0 };
                best = Some((difference.abs(), rule));
            }
        }
    }
    best.map(|(_, rule)| rule)
}
