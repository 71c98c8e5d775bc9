//! The scripts: what must be one atomic step, in one hash slot.

use std::sync::LazyLock;

use redis::{Arg, Cmd, cmd};

/// A script and the hash by which a server knows it.
#[derive(Debug)]
pub(super) struct Script {
    text: &'static str,
    hash: String,
}

/// Puts a site in its place.
pub(super) static PUT_SITE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("put_site.lua")));
/// Takes a link's `once` names and its place in the index.
pub(super) static CLAIM: LazyLock<Script> =
    LazyLock::new(|| Script::new(concat!(include_str!("index.lua"), include_str!("claim.lua"))));
/// Gives both back.
pub(super) static RELEASE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("release.lua")));
/// Forgets `once` names whose time is over.
pub(super) static END_NAMES: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("end_names.lua")));
/// Forgets a site.
pub(super) static END_SITE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("end_site.lua")));
/// Takes away what a site kept of a link that is stripped.
pub(super) static STRIP: LazyLock<Script> =
    LazyLock::new(|| Script::new(concat!(include_str!("index.lua"), include_str!("strip.lua"))));
/// Puts a value in the place of another.
pub(super) static SWAP: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("swap.lua")));
/// Puts a value in the place of another in a field of a hash.
pub(super) static SWAP_FIELD: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("swap_field.lua")));
/// Deletes a link with its counts and visitors.
pub(super) static DELETE: LazyLock<Script> =
    LazyLock::new(|| Script::new(concat!(include_str!("forget_counts.lua"), include_str!("delete.lua"))));
/// Deletes what a link that is gone has on some days.
pub(super) static FORGET_LINK: LazyLock<Script> = LazyLock::new(|| {
    Script::new(concat!(include_str!("forget_counts.lua"), include_str!("forget_link.lua")))
});
/// Drops checkpoints of journals that have ended.
pub(super) static UNTRACK: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("untrack.lua")));
/// Finds the site of a key.
pub(super) static SITE_OF_KEY: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("site_of_key.lua")));
/// Makes a link on a server that has all keys.
pub(super) static CREATE: LazyLock<Script> =
    LazyLock::new(|| Script::new(concat!(include_str!("index.lua"), include_str!("create.lua"))));
/// Adds entries to a partition's counts.
pub(super) static SETTLE: LazyLock<Script> =
    LazyLock::new(|| Script::new(concat!(include_str!("record.lua"), include_str!("settle.lua"))));
/// Adds what was set aside to a link's counts.
pub(super) static RESTORE: LazyLock<Script> =
    LazyLock::new(|| Script::new(concat!(include_str!("record.lua"), include_str!("restore.lua"))));
/// Sets aside what cannot be read of a part.
pub(super) static SET_ASIDE: LazyLock<Script> =
    LazyLock::new(|| Script::new(concat!(include_str!("record.lua"), include_str!("set_aside.lua"))));
/// Lets a journal be known.
pub(super) static KNOW: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("know.lua")));
/// Raises a journal's checkpoint of a partition.
pub(super) static RAISE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("raise.lua")));
/// Notes how far a journal is in the store for good.
pub(super) static CONFIRM: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("confirm.lua")));
/// Writes, reads and deletes a test key.
pub(super) static PROBE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("probe.lua")));
/// Tells the server's time.
pub(super) static TIME: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("time.lua")));
/// Takes a piece of work.
pub(super) static TAKE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("take.lua")));

/// Announces days on which something is going to be counted.
pub(super) static ANNOUNCE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("announce.lua")));
/// Forgets that a day on which nothing is counted was announced.
pub(super) static UNANNOUNCE: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("unannounce.lua")));
/// Reads the marks of a site's days.
pub(super) static LOOK: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("look.lua")));
/// Begins a closing.
pub(super) static BEGIN: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("begin.lua")));
/// Lets a partition count nothing any more for a site's day.
pub(super) static FREEZE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("freeze.lua")));
/// Puts some cells of a day, or some of what it leaves to pools.
pub(super) static WRITE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("write.lua")));
/// Lets a day's cells hold.
pub(super) static WRITTEN: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("written.lua")));
/// Forgets a closing that is done.
pub(super) static END_CLOSING: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("end_closing.lua")));
/// Puts a week's cells in the place of its pools.
pub(super) static CLOSE_WEEK: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("close_week.lua")));
/// Forgets who the visitors of a part were.
pub(super) static FORGET_VISITORS: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("forget_visitors.lua")));
/// Adds networks to a set of them.
pub(super) static NETWORKS: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("networks.lua")));
/// Puts a note in the place of another.
pub(super) static SWAP_NOTE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("swap_note.lua")));
/// Takes a link out of its site's days.
pub(super) static DISCARD: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("discard.lua")));
/// Raises the version of a day's links.
pub(super) static RISE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("rise.lua")));
/// Notes before which day all are closed.
pub(super) static NOTE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("note.lua")));

impl Script {
    fn new(text: &'static str) -> Self {
        Self { text, hash: redis::Script::new(text).get_hash().to_owned() }
    }

    /// The command that calls it on these keys by its hash; arguments are added to it.
    pub(super) fn on(&self, keys: &[String]) -> Cmd {
        let mut command = cmd("EVALSHA");
        command.arg(&self.hash).arg(keys.len()).arg(keys);
        command
    }

    /// The command that makes a server know it.
    pub(super) fn load(&self) -> Cmd {
        let mut command = cmd("SCRIPT");
        command.arg("LOAD").arg(self.text);
        command
    }

    /// The same call with the script's text.
    pub(super) fn in_full(&self, call: &Cmd) -> Cmd {
        let mut command = cmd("EVAL");
        command.arg(self.text);
        for arg in call.args_iter().skip(2) {
            if let Arg::Simple(bytes) = arg {
                command.arg(bytes);
            }
        }
        command
    }
}
