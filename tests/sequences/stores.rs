//! The store under a sequence, and what happens to it.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::event::{Away, Emptied, StoreKind};
use crate::redis::RedisServer;

/// Returns every key with its time to live and its value, and empties the database where that is asked.
const TAKE: &str = "
    local all = {}
    for _, key in ipairs(redis.call('KEYS', '*')) do
      all[#all + 1] = key
      all[#all + 1] = tostring(redis.call('PTTL', key))
      all[#all + 1] = redis.call('DUMP', key)
    end
    if ARGV[1] == 'empty' then redis.call('FLUSHDB') end
    return all";

/// Puts keys with their times to live and their values in the place of everything.
const PUT: &str = "
    redis.call('FLUSHDB')
    for i = 1, #ARGV, 3 do
      redis.call('RESTORE', ARGV[i], math.max(tonumber(ARGV[i + 1]), 0), ARGV[i + 2])
    end";

/// A store that can be taken away, emptied and exchanged.
pub(crate) enum Ground {
    Sqlite { folder: PathBuf, lock: Option<Connection>, copies: u32 },
    Redis { server: RedisServer, away: Option<Away> },
}

/// What a store held at a moment.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// Files of SQLite, by the path of the main one.
    File(PathBuf),
    Keys(Vec<Vec<u8>>),
}

impl Ground {
    pub(crate) fn new(kind: StoreKind, folder: &Path) -> Self {
        match kind {
            StoreKind::Sqlite => Self::Sqlite { folder: folder.to_owned(), lock: None, copies: 0 },
            StoreKind::Redis => {
                let own = folder.join("redis");
                fs::create_dir(&own).expect("a folder");
                // What a killed process has written is with the operating system.
                let options = ["--save", "", "--appendonly", "yes", "--appendfsync", "no"];
                Self::Redis { server: RedisServer::start_with(&options, Some(&own)), away: None }
            }
        }
    }

    /// Whether only one process may use it.
    pub(crate) fn is_for_one(&self) -> bool {
        matches!(self, Self::Sqlite { .. })
    }

    /// The right `store.url`, or a wrong one.
    pub(crate) fn url(&self, right: bool) -> String {
        match self {
            Self::Sqlite { folder, .. } => {
                format!("sqlite:{}", folder.join(if right { "right.db" } else { "wrong.db" }).display())
            }
            Self::Redis { server, .. } => format!("{}/{}", server.url(), u8::from(!right)),
        }
    }

    pub(crate) fn is_away(&self) -> bool {
        match self {
            Self::Sqlite { lock, .. } => lock.is_some(),
            Self::Redis { away, .. } => away.is_some(),
        }
    }

    pub(crate) fn begin_outage(&mut self, how: Away) {
        if self.is_away() {
            return;
        }
        match self {
            Self::Sqlite { folder, lock, .. } => {
                let connection = Connection::open(folder.join("right.db")).expect("the store's file");
                connection.busy_timeout(std::time::Duration::from_secs(10)).expect("a timeout");
                connection.execute_batch("BEGIN EXCLUSIVE").expect("a lock");
                *lock = Some(connection);
            }
            Self::Redis { server, away } => {
                match how {
                    Away::Down => server.kill(),
                    Away::Hanging => server.pause(),
                }
                *away = Some(how);
            }
        }
    }

    pub(crate) fn end_outage(&mut self) {
        match self {
            // The connection rolls its transaction back when it is closed.
            Self::Sqlite { lock, .. } => drop(lock.take()),
            Self::Redis { server, away } => match away.take() {
                Some(Away::Down) => server.restart(),
                Some(Away::Hanging) => server.resume(),
                None => {}
            },
        }
    }

    /// A copy of what the store holds, as an operator's backup has it.
    pub(crate) fn copy(&mut self) -> Content {
        match self {
            Self::Sqlite { .. } => {
                let (main, copy) = (self.main_file(), self.another_file());
                let connection = Connection::open(main).expect("the store's file");
                connection.busy_timeout(std::time::Duration::from_secs(10)).expect("a timeout");
                connection.execute("VACUUM INTO ?1", [copy.to_str().expect("UTF-8")]).expect("a copy");
                Content::File(copy)
            }
            Self::Redis { .. } => Content::Keys(self.script(TAKE, &[b"keep".to_vec()])),
        }
    }

    /// Takes everything away; returns what can be put back.
    pub(crate) fn empty(&mut self, how: Emptied) -> Option<Content> {
        match self {
            Self::Sqlite { .. } => {
                let main = self.main_file();
                if how == Emptied::Moved {
                    let aside = self.another_file();
                    move_files(&main, &aside);
                    return Some(Content::File(aside));
                }
                delete_files(&main);
                if how == Emptied::Replaced {
                    fs::write(main, []).expect("an empty file");
                }
                None
            }
            Self::Redis { .. } => {
                let content = self.script(TAKE, &[b"empty".to_vec()]);
                (how == Emptied::Moved).then_some(Content::Keys(content))
            }
        }
    }

    /// Puts what was moved away back in its place.
    pub(crate) fn put_back(&mut self, content: &Content) {
        match content {
            Content::File(path) => {
                let main = self.main_file();
                delete_files(&main);
                move_files(path, &main);
            }
            Content::Keys(_) => self.restore(content),
        }
    }

    /// Puts a copy in the place of everything.
    pub(crate) fn restore(&mut self, content: &Content) {
        match content {
            Content::File(path) => {
                let (main, new) = (self.main_file(), self.another_file());
                fs::copy(path, &new).expect("a copy");
                delete_files(&main);
                move_files(&new, &main);
            }
            Content::Keys(keys) => drop(self.script(PUT, keys)),
        }
    }

    fn main_file(&self) -> PathBuf {
        PathBuf::from(self.url(true).trim_start_matches("sqlite:"))
    }

    fn another_file(&mut self) -> PathBuf {
        let Self::Sqlite { folder, copies, .. } = self else { unreachable!("only SQLite has files") };
        *copies += 1;
        folder.join(format!("copy-{copies}.db"))
    }

    fn script(&self, script: &str, arguments: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let client = ::redis::Client::open(self.url(true)).expect("an address");
        let mut connection = client.get_connection().expect("a connection");
        let mut command = ::redis::cmd("EVAL");
        command.arg(script).arg(0).arg(arguments);
        let done: Option<Vec<Vec<u8>>> = command.query(&mut connection).expect("a script that runs");
        done.unwrap_or_default()
    }
}

/// The main file and those that SQLite may have beside it.
fn files(main: &Path) -> [PathBuf; 3] {
    ["", "-wal", "-shm"].map(|end| PathBuf::from(format!("{}{end}", main.display())))
}

fn delete_files(main: &Path) {
    for path in files(main) {
        // Only the main one is always there.
        let _ = fs::remove_file(path);
    }
}

fn move_files(from: &Path, to: &Path) {
    for (from, to) in files(from).iter().zip(files(to)) {
        let _ = fs::rename(from, to);
    }
}
