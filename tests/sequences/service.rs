//! This test program as the service: with a clock that the test moves, and a process to be killed.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use entrenous::app::Application;
use entrenous::clock::{Clock, Reading};
use entrenous::domain::channel::Channels;
use entrenous::service::accounts::sites::NewKeys;
use entrenous::settings::Settings;
use entrenous::telemetry;
use jiff::SignedDuration;
use tokio::signal::unix::{SignalKind, signal};

/// Where a process that is the service has its folder.
const FOLDER: &str = "SEQUENCE_FOLDER";
/// Its settings, one on each line.
const SETTINGS: &str = "SEQUENCE_SETTINGS";

/// Starts this test program again, as the service.
pub(crate) fn command(folder: &Path, settings: &[(String, String)]) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    crate::instance::without_settings(&mut command);
    let lines: Vec<String> = settings.iter().map(|(key, value)| format!("{key}={value}")).collect();
    command.env(FOLDER, folder).env(SETTINGS, lines.join("\n"));
    command.args([
        "--exact",
        "service::this_program_is_the_service_where_a_sequence_started_it",
        "--nocapture",
    ]);
    command
}

#[test]
fn this_program_is_the_service_where_a_sequence_started_it() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let settings = std::env::var(SETTINGS).expect("the settings of a service");
    end_with_the_test();
    let served = serve(&PathBuf::from(folder), &settings);
    // No report of the test follows, and nobody waits for one.
    let _ = served.as_ref().inspect_err(|error| eprintln!("entrenous: {error:#}"));
    std::process::exit(i32::from(served.is_err()));
}

/// Ends this process when its test is gone, however that ended.
fn end_with_the_test() {
    std::thread::spawn(|| {
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(1);
    });
}

fn serve(folder: &Path, settings: &str) -> anyhow::Result<()> {
    let pairs: Vec<_> = settings.lines().filter_map(|line| line.split_once('=')).collect();
    let pairs: Vec<_> = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let settings = Settings::read("/nowhere".as_ref(), &pairs)?;
    telemetry::start(&settings.log);
    let clock = folder.join("clock");
    // Where it is put somewhere else, it jumps: the machine has been up for as long as before.
    let clock = Clock::from_readings(move || {
        let ahead = fs::read_to_string(&clock).expect("the clock").parse().expect("seconds");
        let machine = Clock::system().reading();
        Reading { wall: machine.wall + SignedDuration::from_secs(ahead), ..machine }
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async move {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut application = Application::build(settings, Channels::built_in(), clock).await?;
        // The lines by which an operator finds the real program's keys and address.
        let show = |keys: NewKeys| {
            println!("  secret key        {}", keys.secret.reveal());
            Ok(())
        };
        application.make_first_site(show).await?;
        println!("listening at http://localhost:{}", application.address().port());
        application
            .run_until_stopped(async || {
                let _ = terminate.recv().await;
            })
            .await
    })
}
