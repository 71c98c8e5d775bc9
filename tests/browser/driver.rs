//! A chromedriver on a free port, ended together with its browser.

use std::fs::Permissions;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const MISSING: &str =
    "chromedriver and Chromium are needed: on Debian, apt-get install chromium chromium-driver";
const DEADLINE: Duration = Duration::from_secs(20);

/// One running `chromedriver`.
#[derive(Debug)]
pub(crate) struct Driver {
    pub(crate) port: u16,
    child: Child,
}

impl Driver {
    /// Starts it; it takes a free port and says which. Where its browser would open a mail program or
    /// another app of this machine, it finds one in `apps` that does nothing.
    pub(crate) fn start(apps: &Path) -> Self {
        for name in ["xdg-open", "xdg-email"] {
            let app = apps.join(name);
            std::fs::write(&app, "#!/bin/sh\n").expect("a file");
            std::fs::set_permissions(&app, Permissions::from_mode(0o755)).expect("a program");
        }
        // The port that it takes may be somebody else's for the other kind of address; then it ends.
        let started = (0..5).find_map(|_| Self::try_to_start(apps));
        started.unwrap_or_else(|| panic!("chromedriver names no port. {MISSING}"))
    }

    fn try_to_start(apps: &Path) -> Option<Self> {
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new("chromedriver");
        command.env("PATH", format!("{}:{path}", apps.display()));
        command.arg("--port=0").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{MISSING} ({error})"));
        let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let port = lines.map_while(Result::ok).find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse().ok()
        });
        if port.is_none() {
            // It has closed its output, and is about to end.
            child.wait().expect("it can be waited for");
        }
        port.map(|port| Self { port, child })
    }

    /// The browser that it shall drive.
    pub(crate) fn browser() -> String {
        let folders = std::env::var_os("PATH").unwrap_or_default();
        let names = ["chromium", "chromium-browser", "google-chrome"];
        let found = std::env::split_paths(&folders)
            .flat_map(|folder| names.map(|name| folder.join(name)))
            .find(|path| path.is_file());
        found.unwrap_or_else(|| panic!("{MISSING}")).display().to_string()
    }

    /// Asks it to close its browser and to end.
    fn shut_down(&self) -> std::io::Result<()> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(DEADLINE))?;
        stream.write_all(b"GET /shutdown HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")?;
        stream.read_to_end(&mut Vec::new()).map(drop)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.shut_down();
        let deadline = Instant::now() + DEADLINE;
        while matches!(self.child.try_wait(), Ok(None)) {
            if Instant::now() > deadline {
                let _ = self.child.kill();
            }
            sleep(Duration::from_millis(10));
        }
    }
}
