//! A disk whose syncs do not return: nobody waits for it longer than `journal.wait_ms`, what was not shed
//! counts once when they do return, and the process ends in its time all the same.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use tokio::time::{sleep, timeout};

use crate::balance::{balance, settled};
use crate::load::{Load, LoadPlan};
use crate::program::{BEHIND_A_PROXY, DEADLINE, Home, PAUSE, Service, run, serve, tens};

/// The longest that a visitor waits for the journal, where no setting says otherwise.
const WAIT: Duration = Duration::from_millis(500);
/// What a busy machine may take beside that.
const MARGIN: Duration = Duration::from_millis(400);
/// What the service is given for its end.
const SHUTDOWN: Duration = Duration::from_secs(4);
const SHUTDOWN_SETTING: [&str; 2] = ["--set", "server.shutdown_timeout_seconds=4"];
/// How fast visitors come.
const PER_SECOND: u32 = 200;

/// Syncs below one path of an installation, which hang when they are told to.
struct Syncs {
    library: PathBuf,
    below: PathBuf,
    control: PathBuf,
}

impl Syncs {
    /// Of the files whose path begins with this one of the installation.
    fn below(home: &Home, path: &str) -> Self {
        let root = home.path().canonicalize().expect("a folder");
        let (library, control) = (root.join("hanging_sync.so"), root.join("hang"));
        let mut compiler = Command::new("cc");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/process/hanging_sync.c");
        compiler.args(["-shared", "-fPIC", "-O1", "-Wall", "-o"]).arg(&library).arg(source).arg("-ldl");
        let output = compiler.output().expect("this test needs a C compiler (cc)");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self { library, below: root.join(path), control }
    }

    /// Starts the service with these syncs.
    fn serve(&self, home: &Home, arguments: &[&str]) -> Service {
        let listen = ["--listen", "127.0.0.1:0", "--set", "stats.min_count=1"];
        let mut command = home.command(&[arguments, &listen].concat());
        command.env("LD_PRELOAD", &self.library).env("HANG_BELOW", &self.below);
        command.env("HANG_WHILE", &self.control);
        serve(command)
    }

    fn hang(&self) {
        std::fs::write(&self.control, "").expect("a file");
    }

    fn go_on(&self) {
        std::fs::remove_file(&self.control).expect("removed");
    }
}

#[tokio::test]
async fn while_a_sync_of_the_journal_hangs_nobody_waits_and_everything_counts_once() {
    let home = Home::new();
    let syncs = Syncs::below(&home, "data/journal");
    let service = syncs.serve(&home, &BEHIND_A_PROXY);
    let secret = service.printed_key("ens_sk_").expect("a key");
    let codes = service.codes(&secret, 4).await;
    let plan = LoadPlan::new(service.socket(), &codes, 8);
    let load = Load::start(LoadPlan { per_second: Some(PER_SECOND), ..plan });
    load.answers(100).await;
    assert_eq!(service.metric("journal_stalled").await, 0);

    let hung = Instant::now();
    syncs.hang();
    service.until("journal_stalled", 1).await;
    let told = Instant::now();
    logs(&service, "journal.wait_ms (500 ms)").await;
    let recorded = service.metric("entries_recorded_total").await;
    load.answers(400).await;
    assert_eq!(service.metric("entries_recorded_total").await, recorded, "nothing is recorded meanwhile");
    let going_on = Instant::now();
    syncs.go_on();
    let started = Instant::now();
    while service.metric("journal_stalled").await == 1 {
        assert!(started.elapsed() < DEADLINE, "it is told for ever that the journal is stalled");
        sleep(PAUSE).await;
    }
    load.answers(100).await;
    let tally = load.stop().await;

    tally.assert_nothing_failed();
    let all = tally.latencies_between(hung, going_on);
    let later = tally.latencies_between(told, going_on);
    println!(
        "while it hung: {} clicks, {all}; when that was known: {} clicks, {later}",
        all.count, later.count
    );
    assert!(all.max < WAIT + MARGIN, "{all}");
    assert!(later.count >= 300 && later.p99 < WAIT / 5, "{later}");
    assert_eq!(service.metric("entries_shed_total").await, 0);
    service.until_tens("entries_recorded_total", tally.answered()).await;
    let recorded = service.metric("entries_recorded_total").await;
    assert_eq!(recorded, tens(tally.answered()), "each is recorded once");
    logs(&service, "this is over fault=\"journal_stalled\"").await;

    let service = settled(&home, service, &BEHIND_A_PROXY);
    let balance = balance(&service, &secret, &[&tally]).await;
    assert_eq!((balance.counted, balance.lost, balance.doubled), (tally.answered(), 0, 0));
}

#[tokio::test]
async fn a_short_hang_keeps_everybody_waiting_who_can_still_be_recorded_in_time() {
    let home = Home::new();
    let syncs = Syncs::below(&home, "data/journal");
    let service = syncs.serve(&home, &[&BEHIND_A_PROXY[..], &["--set", "journal.wait_ms=10000"]].concat());
    let secret = service.printed_key("ens_sk_").expect("a key");
    let code = service.code(&secret).await;
    syncs.hang();
    let mut click = tokio::spawn(service.clicking(&code, "192.0.2.1"));
    // Longer than visitors wait where the setting is not changed.
    let early = timeout(WAIT + MARGIN, &mut click).await;
    assert!(early.is_err(), "the click was answered before it was recorded");
    syncs.go_on();
    assert_eq!(click.await.expect("no panic").expect("an answer"), StatusCode::FOUND);
    service.counted_at_least(&secret, &code, 1).await;
    assert_eq!(service.counted(&secret, &code).await, (1, 1));
}

#[tokio::test]
async fn what_is_recorded_behind_a_hang_is_not_lost_when_the_service_is_told_to_end() {
    let home = Home::new();
    let syncs = Syncs::below(&home, "data/journal");
    let arguments = [&BEHIND_A_PROXY[..], &["--set", "server.shutdown_timeout_seconds=30"]].concat();
    let service = syncs.serve(&home, &arguments);
    let secret = service.printed_key("ens_sk_").expect("a key");
    let codes = service.codes(&secret, 4).await;
    syncs.hang();
    let load = Load::start(LoadPlan::new(service.socket(), &codes, 8));
    service.until("journal_stalled", 1).await;
    load.answers(200).await;
    let tally = load.stop().await;
    service.terminate();
    // Its listener is gone: connections have drained or do so now.
    let address = service.socket();
    let started = Instant::now();
    while std::net::TcpStream::connect(address).is_ok() {
        assert!(started.elapsed() < DEADLINE, "it still listens");
        sleep(PAUSE).await;
    }
    syncs.go_on();
    assert_eq!(service.end(), Some(0));
    assert_eq!(home.segments().len(), 0, "what was recorded was settled before the end");

    let service = home.serve(&arguments);
    let balance = balance(&service, &secret, &[&tally]).await;
    assert_eq!((balance.counted, balance.lost, balance.doubled), (tally.answered(), 0, 0));
}

#[tokio::test]
async fn sigterm_ends_the_process_in_time_while_a_sync_of_the_journal_hangs() {
    let home = Home::new();
    let syncs = Syncs::below(&home, "data/journal");
    let arguments = [SHUTDOWN_SETTING, BEHIND_A_PROXY].concat();
    let service = syncs.serve(&home, &arguments);
    let secret = service.printed_key("ens_sk_").expect("a key");
    let codes = service.codes(&secret, 4).await;
    let load = Load::start(LoadPlan::new(service.socket(), &codes, 8));
    load.answers(100).await;
    syncs.hang();
    service.until("journal_stalled", 1).await;
    load.answers(100).await;
    let took = ends_in_time(service);
    let tally = load.stop().await;
    println!("the end took {took:?}");

    syncs.go_on();
    let service = home.serve(&arguments);
    // What was forwarded and never written is counted and told, once.
    let told = async |service: &Service| {
        let answer = reqwest::get(format!("{}/readyz?all", service.base)).await.expect("an answer");
        answer.text().await.expect("a text")
    };
    let reason = told(&service).await;
    let before = reason.split_once(" clicks that had been forwarded were lost").map(|(before, _)| before);
    let lost = before.and_then(|before| before.rsplit_once("and ")?.1.parse().ok());
    let lost: u64 = lost.unwrap_or_else(|| panic!("{reason}"));
    assert!(lost > 0, "{reason}");
    // Metrics tell visits in tens.
    assert_eq!(service.metric("entries_shed_total").await, tens(lost));
    let service = settled(&home, service, &arguments);
    assert!(!told(&service).await.contains("clicks_lost"));
    let balance = balance(&service, &secret, &[&tally]).await;
    assert_eq!(balance.doubled, 0);
    assert!(balance.counted >= 100, "{balance:?}");
    assert!(balance.lost <= lost, "{balance:?}, and {lost} were told");
}

#[tokio::test]
async fn sigterm_ends_the_process_in_time_while_a_sync_of_the_store_hangs() {
    let home = Home::new();
    let syncs = Syncs::below(&home, "data/entrenous.db");
    let service = syncs.serve(&home, &[SHUTDOWN_SETTING, BEHIND_A_PROXY].concat());
    let secret = service.printed_key("ens_sk_").expect("a key");
    let code = service.code(&secret).await;
    syncs.hang();
    assert_eq!(service.click(&code, "192.0.2.1").await.expect("an answer"), StatusCode::FOUND);
    let asked = Instant::now();
    let answer = service.share(&secret).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers().contains_key("retry-after"));
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    let took = ends_in_time(service);
    println!("the end took {took:?}");
}

#[tokio::test]
async fn sigterm_ends_a_start_whose_disk_hangs() {
    let home = Home::new();
    let syncs = Syncs::below(&home, "data/");
    syncs.hang();
    let mut command = home.command(&[&SHUTDOWN_SETTING[..], &["--listen", "127.0.0.1:0"]].concat());
    command.env("LD_PRELOAD", &syncs.library).env("HANG_BELOW", &syncs.below);
    command.env("HANG_WHILE", &syncs.control);
    let script = format!(
        "\"$0\" \"$@\" & process=$!; while ! [ -e {0}/data/entrenous.db ]; do sleep 0.05; done; \
         kill -TERM $process; wait $process",
        home.path().display()
    );
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).arg(command.get_program()).args(command.get_args());
    shell.current_dir(home.path()).env_clear();
    shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.env("PATH", std::env::var_os("PATH").expect("a path"));
    shell.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let began = Instant::now();
    let ended = run(shell);
    assert_eq!(ended.code, Some(0), "{}", ended.errors);
    assert!(began.elapsed() < SHUTDOWN + Duration::from_secs(2), "{:?}", began.elapsed());
}

/// Waits until the service has logged these words.
async fn logs(service: &Service, words: &str) {
    let started = Instant::now();
    while !service.log().contains(words) {
        assert!(started.elapsed() < DEADLINE, "{words:?} is not in the log: {}", service.log());
        sleep(PAUSE).await;
    }
}

/// Tells a service to end, and how long that took.
fn ends_in_time(service: Service) -> Duration {
    let told = Instant::now();
    service.terminate();
    assert_eq!(service.end(), Some(0));
    let took = told.elapsed();
    assert!(took < SHUTDOWN + MARGIN, "{took:?}");
    took
}
