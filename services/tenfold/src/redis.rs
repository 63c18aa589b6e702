//! A private Redis, where a server is installed: limits shared between gateways. It holds nothing that matters.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// A running private Redis. Ends when dropped, or when this process does.
pub struct Redis {
    warden: Child,
    socket: PathBuf,
}

impl Redis {
    /// Starts one in the folder; `None` where no server is installed or it does not start.
    #[must_use]
    pub fn start(folder: &Path) -> Option<Self> {
        let socket = folder.join("redis.sock");
        std::fs::remove_file(&socket).ok();
        // The shell ends the server when its own standard input ends, which is when we do.
        let script = r#"command -v redis-server >/dev/null || exit 127
            redis-server --port 0 --unixsocket "$1" --unixsocketperm 700 --save "" --appendonly no --dir "$2" >/dev/null 2>&1 &
            server=$!; read -r _; kill "$server" 2>/dev/null; wait "$server""#;
        let mut command = Command::new("sh");
        command.args(["-c", script, "redis"]).arg(&socket).arg(folder);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut redis = Self { warden: command.spawn().ok()?, socket };
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(5) {
            if std::os::unix::net::UnixStream::connect(&redis.socket).is_ok() {
                return Some(redis);
            }
            if redis.warden.try_wait().ok().flatten().is_some() {
                return None;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        None
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("unix://{}", self.socket.display())
    }

    /// Stops it.
    pub fn stop(&mut self) {
        drop(self.warden.stdin.take());
        self.warden.wait().ok();
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.stop();
    }
}
