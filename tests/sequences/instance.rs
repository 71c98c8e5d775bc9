//! Instances of the service: real processes, each with a journal of its own.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::clicks::call;
use crate::event::ClockKind;
use crate::service;

/// The real program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_entrenous");
/// Within this a process has started or ended.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);
/// Between two looks.
pub(crate) const PAUSE: Duration = Duration::from_millis(5);

/// The settings of every instance.
const SETTINGS: [(&str, &str); 15] = [
    ("server.listen", "127.0.0.1:0"),
    ("metrics.listen", "127.0.0.1:0"),
    ("server.workers", "1"),
    ("server.trusted_proxies", "127.0.0.1"),
    ("server.shutdown_timeout_seconds", "2"),
    ("server.drain_seconds", "0"),
    ("journal.sync", "os"),
    ("journal.keep_seconds", "1"),
    ("journal.wait_ms", "5000"),
    ("consent.unknown", "aggregate"),
    ("stats.min_count", "1"),
    ("limits.create_per_minute", "0"),
    ("limits.miss_per_minute", "0"),
    ("cache.max_mib", "4"),
    ("cache.stats_mib", "4"),
];

/// An instance, whether or not it runs.
#[derive(Debug)]
pub(crate) struct Instance {
    /// The folder of its journal.
    pub(crate) journal: PathBuf,
    pub(crate) running: Option<Process>,
}

/// A running process. It is killed with the value.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    lines: mpsc::Receiver<String>,
    /// What it logs, with what others of its sequence do.
    log: PathBuf,
    /// The secret key that a first start printed.
    pub(crate) secret: Option<String>,
    pub(crate) address: Option<SocketAddr>,
}

/// How the processes of a sequence are started.
#[derive(Debug)]
pub(crate) struct Launcher {
    pub(crate) folder: PathBuf,
    pub(crate) clock: ClockKind,
}

impl Launcher {
    /// Everything that the processes have logged goes here.
    pub(crate) fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// Puts the clock so many seconds ahead of the true time.
    pub(crate) fn set_clock(&self, seconds: i64) {
        let text = match self.clock {
            ClockKind::Injected => seconds.to_string(),
            ClockKind::Faketime => format!("{seconds:+}"),
        };
        // In one step, so that nobody reads half of it.
        let new = self.folder.join("clock.new");
        fs::write(&new, text).expect("a file");
        fs::rename(new, self.folder.join("clock")).expect("a file");
    }

    /// Starts a process with this journal on this store.
    pub(crate) fn launch(&self, journal: &Path, store: &str) -> Process {
        let settings = settings(journal, store);
        let mut command = match self.clock {
            ClockKind::Injected => service::command(&self.folder, &settings),
            ClockKind::Faketime => {
                let mut command = self.program(&settings);
                command.env("LD_PRELOAD", faketime_library());
                command.env("FAKETIME_TIMESTAMP_FILE", self.folder.join("clock"));
                command.env("FAKETIME_NO_CACHE", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
                command
            }
        };
        let log = OpenOptions::new().create(true).append(true).open(self.log()).expect("a file");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().expect("the program starts");
        let out = BufReader::new(child.stdout.take().expect("a pipe"));
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Process { child, lines, log: self.log(), secret: None, address: None }
    }

    /// Runs `entrenous doctor --adopt-store` for an instance.
    pub(crate) fn adopt(&self, journal: &Path, store: &str) -> Result<(), String> {
        let mut command = self.program(&settings(journal, store));
        command.args(["doctor", "--adopt-store"]).stdin(Stdio::null());
        let done = command.output().expect("the program starts");
        let mut log = OpenOptions::new().create(true).append(true).open(self.log()).expect("a file");
        std::io::Write::write_all(&mut log, &[done.stdout, done.stderr.clone()].concat()).expect("a log");
        if done.status.success() {
            return Ok(());
        }
        let why = String::from_utf8_lossy(&done.stderr).into_owned();
        Err(format!("doctor --adopt-store ended with {}: {why}", done.status))
    }

    /// Runs `entrenous doctor`, whatever it finds.
    pub(crate) fn doctor(&self, journal: &Path, store: &str) {
        let mut command = self.program(&settings(journal, store));
        let done = command.arg("doctor").stdin(Stdio::null()).output();
        done.expect("the program starts");
    }

    /// The real program, with no settings but these.
    fn program(&self, settings: &[(String, String)]) -> Command {
        let mut command = Command::new(PROGRAM);
        without_settings(&mut command);
        for (key, value) in settings {
            command.arg("--set").arg(format!("{key}={value}"));
        }
        command.current_dir(&self.folder);
        command
    }

    /// The end of the log, for who has to find out.
    pub(crate) fn log_end(&self) -> String {
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let mut end = String::new();
        for line in &lines[lines.len().saturating_sub(12)..] {
            writeln!(end, "      | {line}").expect("a String takes everything");
        }
        end
    }
}

/// Leaves the environment's own settings out.
pub(crate) fn without_settings(command: &mut Command) {
    let names = std::env::vars_os().map(|(name, _)| name);
    for name in names.filter(|name| name.to_string_lossy().starts_with("ENTRENOUS")) {
        command.env_remove(name);
    }
}

fn settings(journal: &Path, store: &str) -> Vec<(String, String)> {
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let mut settings: Vec<_> = SETTINGS.iter().map(|(key, value)| pair(key, value)).collect();
    settings.push(pair("journal.dir", &journal.display().to_string()));
    settings.push(pair("store.url", store));
    settings
}

/// The library of Debian's faketime, which is below the folder of the machine's architecture.
fn faketime_library() -> PathBuf {
    let folders = fs::read_dir("/usr/lib").expect("a folder").flatten().map(|folder| folder.path());
    let mut libraries = folders.map(|folder| folder.join("faketime/libfaketimeMT.so.1"));
    libraries.find(|path| path.exists()).expect("this test needs libfaketime (package faketime)")
}

impl Process {
    /// Waits until it listens. `Ok(false)`: not yet. The error is what it ended with.
    pub(crate) fn listens_within(&mut self, limit: Duration) -> Result<bool, ExitStatus> {
        let began = Instant::now();
        while self.address.is_none() {
            match self.lines.recv_timeout(limit.saturating_sub(began.elapsed())) {
                Ok(line) => self.hear(&line),
                Err(mpsc::RecvTimeoutError::Timeout) => return Ok(false),
                Err(mpsc::RecvTimeoutError::Disconnected) => {
                    return Err(self.child.wait().expect("its own child"));
                }
            }
        }
        Ok(true)
    }

    fn hear(&mut self, line: &str) {
        if let Some(key) = line.split_whitespace().find(|word| word.starts_with("ens_sk_")) {
            self.secret = Some(key.to_owned());
        }
        if let Some((_, port)) = line.split_once("http://localhost:") {
            let port = port.trim_end_matches('/').parse().expect("a port");
            self.address = Some(SocketAddr::from(([127, 0, 0, 1], port)));
        }
    }

    pub(crate) fn kill(mut self) {
        self.signal(Signal::KILL);
        self.child.wait().expect("its own child");
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("an id");
        // It may have ended by itself.
        let _ = kill_process(id, signal);
    }

    /// Ends it as an operator does.
    pub(crate) fn stop(mut self) -> Result<(), String> {
        self.signal(Signal::TERM);
        let began = Instant::now();
        while began.elapsed() < LIMIT {
            match self.child.try_wait().expect("its own child") {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(format!("the service ended with {status} at SIGTERM")),
                None => sleep(PAUSE),
            }
        }
        Err(format!("the service has not ended {LIMIT:?} after SIGTERM"))
    }

    /// How many entries wait to be settled, as its metrics say.
    pub(crate) fn unsettled(&self) -> Option<i64> {
        let (_, text) = call(self.metrics()?, "GET", "/metrics", None, None)?;
        text.lines().find_map(|line| line.strip_prefix("entrenous_entries_unsettled "))?.parse().ok()
    }

    /// Where it tells its metrics, as the line of its start says.
    fn metrics(&self) -> Option<SocketAddr> {
        let log = fs::read_to_string(&self.log).ok()?;
        let listens = format!(" listen={} ", self.address?);
        let start = log.lines().rfind(|line| line.contains(&listens))?;
        start.split_once(" metrics=")?.1.trim().parse().ok()
    }

    /// What `/readyz?all` says.
    pub(crate) fn faults(&self) -> Option<String> {
        call(self.address?, "GET", "/readyz?all", None, None).map(|(_, body)| body)
    }

    /// Which of the faults of a store `/readyz?all` names.
    pub(crate) fn told(&self) -> Option<String> {
        let (status, body) = call(self.address?, "GET", "/readyz?all", None, None)?;
        let named = ["store_foreign", "store_rolled_back"].iter().find(|name| body.contains(**name));
        named.filter(|_| status == 503).map(|name| (*name).to_owned())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Copies a folder as `cp -r` does while somebody writes there: what vanishes meanwhile is left out.
pub(crate) fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for file in fs::read_dir(from).into_iter().flatten().flatten() {
        let (path, target) = (file.path(), to.join(file.file_name()));
        if path.is_dir() {
            copy_folder(&path, &target);
        } else if let Ok(mut source) = File::open(&path) {
            let mut target = File::create(target).expect("a file");
            std::io::copy(&mut source, &mut target).expect("a copy");
        }
    }
}
