//! A real nginx before instances, which sends each request on to one of them.

use std::fmt::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use crate::program::{DEADLINE, PAUSE};

/// How often another port is tried after somebody else took the one that was free.
const ATTEMPTS: usize = 20;

/// A running nginx. It ends with the value.
pub(crate) struct Nginx {
    child: Child,
    address: SocketAddr,
}

impl Nginx {
    /// Starts one in a folder of the test.
    pub(crate) fn start(dir: &Path, instances: &[SocketAddr]) -> Self {
        for _ in 0..ATTEMPTS {
            let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
            let address = port.expect("a free port");
            std::fs::write(dir.join("nginx.conf"), settings(dir, address, instances)).expect("written");
            let mut child = Command::new("/usr/sbin/nginx")
                .arg("-p")
                .arg(dir)
                .arg("-c")
                .arg(dir.join("nginx.conf"))
                .stdin(Stdio::null())
                .spawn()
                .unwrap_or_else(|error| panic!("this test needs nginx (package nginx-light): {error}"));
            let began = Instant::now();
            while child.try_wait().expect("its own child").is_none() {
                if TcpStream::connect(address).is_ok() {
                    return Self { child, address };
                }
                assert!(began.elapsed() < DEADLINE, "nginx does not listen");
                std::thread::sleep(PAUSE);
            }
        }
        panic!("nginx did not start on any of {ATTEMPTS} free ports");
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // In good order, so that its worker ends, too.
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}

/// What an operator would write: an instance that does not answer is left out for a second, and the request goes to
/// another one.
fn settings(dir: &Path, address: SocketAddr, instances: &[SocketAddr]) -> String {
    let mut servers = String::new();
    for instance in instances {
        writeln!(servers, "server {instance} max_fails=1 fail_timeout=1s;").expect("a String takes it");
    }
    let dir = dir.display();
    format!(
        "daemon off; master_process on; worker_processes 1; pid {dir}/nginx.pid; error_log {dir}/error.log;
         events {{ worker_connections 512; }}
         http {{
           access_log off;
           client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy; fastcgi_temp_path {dir}/fastcgi;
           uwsgi_temp_path {dir}/uwsgi; scgi_temp_path {dir}/scgi;
           upstream entrenous {{ {servers} keepalive 16; }}
           server {{
             listen {address};
             location / {{
               proxy_pass http://entrenous;
               proxy_http_version 1.1;
               proxy_set_header Connection \"\";
               proxy_set_header Host $host;
               proxy_next_upstream error timeout http_503;
               proxy_connect_timeout 1s;
             }}
           }}
         }}"
    )
}
