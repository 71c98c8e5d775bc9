//! A journal full of clicks: the service was killed while its store took none.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::load::{Load, LoadPlan, Tally};
use crate::program::{BEHIND_A_PROXY, Home};

/// How many links are opened.
const LINKS: usize = 4;
/// Every address that a visitor says it comes from is believed, and segments end with their last
/// record: what is synced has room for more behind it.
const ARGUMENTS: [&str; 4] = ["--set", "journal.sync=os", BEHIND_A_PROXY[0], BEHIND_A_PROXY[1]];
/// At least so many clicks are in each segment.
const CLICKS: u64 = 200;

/// What an installation has in its journal and not in its store. No service runs there.
pub(crate) struct Unsettled {
    pub(crate) secret: String,
    pub(crate) codes: Vec<String>,
    /// Oldest first.
    pub(crate) segments: Vec<Segment>,
}

/// One segment, and the clicks in it: every one of them was answered.
pub(crate) struct Segment {
    pub(crate) path: PathBuf,
    pub(crate) tally: Tally,
}

impl Unsettled {
    /// Makes a journal of so many segments.
    pub(crate) async fn new(home: &Home, segments: usize) -> Self {
        let mut service = home.serve(&ARGUMENTS);
        let secret = service.printed_key("ens_sk_").expect("a key");
        let codes = service.codes(&secret, LINKS).await;
        let mut made = Vec::new();
        loop {
            let lock = StoreLock::new(home);
            let load = Load::start(LoadPlan::new(service.socket(), &codes, 8));
            load.answers(CLICKS).await;
            let tally = load.stop().await;
            tally.assert_nothing_failed();
            service.kill();
            assert_eq!(service.end(), None);
            drop(lock);
            let [path] = home.segments().try_into().expect("one segment");
            // Out of the way of the next start, which would settle it.
            let place = path.with_file_name(format!("{:020}.journal", made.len() + 1));
            std::fs::rename(path, aside(&place)).expect("moved");
            made.push(Segment { path: place, tally });
            if made.len() == segments {
                break;
            }
            service = home.serve(&ARGUMENTS);
        }
        for Segment { path, .. } in &made {
            std::fs::rename(aside(path), path).expect("moved");
        }
        Self { secret, codes, segments: made }
    }

    /// How many clicks the journal has.
    pub(crate) fn clicks(&self) -> u64 {
        self.segments.iter().map(|segment| segment.tally.answered()).sum()
    }
}

fn aside(path: &Path) -> PathBuf {
    path.with_extension("aside")
}

/// While it is there, the store can be read and takes nothing.
pub(crate) struct StoreLock(Connection);

impl StoreLock {
    pub(crate) fn new(home: &Home) -> Self {
        let connection = Connection::open(home.path().join("data/entrenous.db")).expect("a file");
        connection.busy_timeout(crate::program::DEADLINE).expect("a limit");
        connection.execute_batch("BEGIN EXCLUSIVE").expect("a lock");
        Self(connection)
    }
}

impl Drop for StoreLock {
    fn drop(&mut self) {
        // Closing the file would end it too.
        let _ = self.0.execute_batch("ROLLBACK");
    }
}
