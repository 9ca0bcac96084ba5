use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use opsctl_api::format_duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::Verdict;
use super::tcp::clause;

/// How much of each output is kept: 1 MiB. What is beyond is read and dropped, so that the command can end.
const MOST: usize = 1 << 20;

/// How long after its end a command's output is waited for; what it left running in the background may hold that open for good.
const GRACE: Duration = Duration::from_millis(200);

/// How a program came to its end.
pub(crate) enum Ran {
    /// It could not be started. Why.
    NotStarted(String),
    /// It did not end in time: it was killed, and all that it started with it.
    TimedOut,
    /// Its end cannot be told. Why.
    Lost(String),
    /// It ended.
    Ended { status: ExitStatus, out: Vec<u8>, err: Vec<u8> },
}

/// Runs a program and holds its end against what it must be.
pub(super) async fn run(argv: &[String], exit: i32, output: Option<&str>, limit: Duration) -> Verdict {
    match run_program(argv, limit).await {
        Ran::NotStarted(why) | Ran::Lost(why) => Verdict::no(why),
        Ran::TimedOut => Verdict::no(format!("it did not end within {}", format_duration(limit))),
        Ran::Ended { status, out, err } => judge(status, exit, output, &out, &err),
    }
}

/// Runs a program, without a shell and without input. At the limit it is killed, and all that it started with it.
pub(crate) async fn run_program(argv: &[String], limit: Duration) -> Ran {
    let Some((program, arguments)) = argv.split_first() else {
        return Ran::NotStarted("there is no command".to_owned());
    };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    // A group of its own: Ctrl-C at the terminal is for opsctl, which decides what becomes of the command.
    #[cfg(unix)]
    command.process_group(0);
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return Ran::NotStarted(format!("{program} cannot be started: {}", clause(&error))),
    };
    let (mut out, mut err) = (Kept::new(child.stdout.take()), Kept::new(child.stderr.take()));
    let mut group = Group::of(&child);
    match timeout(limit, end(&mut child, &mut out, &mut err)).await {
        Err(_) => Ran::TimedOut,
        Ok(Err(error)) => Ran::Lost(clause(&error)),
        Ok(Ok(status)) => {
            group.disarm();
            Ran::Ended { status, out: out.kept, err: err.kept }
        }
    }
}

/// Waits for the command's end, reading along so that a full pipe does not hold it up.
async fn end(child: &mut Child, out: &mut Kept, err: &mut Kept) -> std::io::Result<ExitStatus> {
    let read = async { tokio::join!(out.drain(), err.drain()) };
    tokio::pin!(read);
    tokio::select! {
        status = child.wait() => {
            let _ = timeout(GRACE, &mut read).await;
            return status;
        }
        _ = &mut read => {}
    }
    child.wait().await
}

fn judge(status: ExitStatus, exit: i32, output: Option<&str>, out: &[u8], err: &[u8]) -> Verdict {
    let Some(code) = status.code() else {
        return Verdict::no(status.to_string());
    };
    if code != exit {
        let said = last_line(err).or_else(|| last_line(out));
        return Verdict::no(said.map_or_else(|| format!("exit {code}"), |said| format!("exit {code}: {said}")));
    }
    match output {
        Some(text) if !String::from_utf8_lossy(out).contains(text) => {
            let said = last_line(out).map_or_else(|| "nothing".to_owned(), |said| format!("{said:?}"));
            Verdict::no(format!("exit {code}, and the output has no {text:?}; it ends with {said}"))
        }
        _ => Verdict::yes(format!("exit {code}")),
    }
}

/// The last line with something in it, as much as fits beside other things.
fn last_line(output: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(output);
    let line = text.lines().rev().map(str::trim).find(|line| !line.is_empty())?;
    Some(line.chars().filter(|c| !c.is_control()).take(200).collect())
}

/// An output, up to [`MOST`] bytes of it.
struct Kept<R = Box<dyn AsyncRead + Send + Unpin>> {
    pipe: Option<R>,
    kept: Vec<u8>,
}

impl Kept {
    fn new(pipe: Option<impl AsyncRead + Send + Unpin + 'static>) -> Self {
        Self { pipe: pipe.map(|pipe| Box::new(pipe) as _), kept: Vec::new() }
    }

    /// Reads to the end. Whoever stops it in between keeps what was read.
    async fn drain(&mut self) {
        let Some(pipe) = &mut self.pipe else { return };
        let mut buffer = [0; 8192];
        while let Ok(read) = pipe.read(&mut buffer).await
            && read > 0
        {
            let room = MOST.saturating_sub(self.kept.len());
            self.kept.extend_from_slice(&buffer[..read.min(room)]);
        }
    }
}

/// Kills a command and all that it started, unless it has ended.
struct Group(Option<u32>);

impl Group {
    fn of(child: &Child) -> Self {
        Self(child.id())
    }

    fn disarm(&mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some(group) = self.0.and_then(|id| rustix::process::Pid::from_raw(id.cast_signed())) {
            // The child is not waited for yet, so its number is still its own. A group that is gone needs no kill.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(30);

    async fn shell(script: &str, exit: i32, output: Option<&str>) -> Verdict {
        let argv = ["sh", "-c", script].map(str::to_owned);
        run(&argv, exit, output, LIMIT).await
    }

    #[tokio::test]
    async fn test_exit_and_output() {
        assert_eq!(shell("exit 0", 0, None).await, Verdict::yes("exit 0"));
        assert_eq!(shell("exit 3", 3, None).await, Verdict::yes("exit 3"));
        assert_eq!(shell("echo no quorum >&2; exit 3", 0, None).await, Verdict::no("exit 3: no quorum"));
        assert_eq!(shell("echo one; echo two", 0, Some("one\ntwo")).await, Verdict::yes("exit 0"));
        let seen = shell("echo one", 0, Some("two")).await.seen;
        assert_eq!(seen, r#"exit 0, and the output has no "two"; it ends with "one""#);
        assert_eq!(shell("kill -9 $$", 0, None).await.seen, "signal: 9 (SIGKILL)");
    }

    #[tokio::test]
    async fn test_there_is_no_shell_and_no_input() {
        let echo = ["echo", "$HOME; ls"].map(str::to_owned);
        assert!(run(&echo, 0, Some("$HOME; ls"), LIMIT).await.holds);
        assert_eq!(shell("cat", 0, None).await, Verdict::yes("exit 0"));
        let missing = ["no-such-program-here".to_owned()];
        let seen = run(&missing, 0, None, LIMIT).await.seen;
        assert_eq!(seen, "no-such-program-here cannot be started: no such file or directory");
        assert!(!run(&[], 0, None, LIMIT).await.holds);
    }

    #[tokio::test]
    async fn test_much_output_holds_nothing_up() {
        let verdict = shell("head -c 3000000 /dev/zero; echo end", 0, Some("end")).await;
        assert!(!verdict.holds, "{}", verdict.seen);
        assert!(shell("head -c 3000000 /dev/zero >&2; echo end", 0, Some("end")).await.holds);
    }

    #[tokio::test]
    async fn test_what_it_leaves_in_the_background_is_not_waited_for() {
        let began = std::time::Instant::now();
        assert!(shell("echo up; sleep 20 & exit 0", 0, Some("up")).await.holds);
        assert!(began.elapsed() < LIMIT);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn test_at_the_limit_all_of_it_is_killed() {
        let argv = ["sh", "-c", "sleep 1000 & echo $!; echo $! > \"$0\"; wait"].map(str::to_owned);
        let file = tempfile::NamedTempFile::new().unwrap();
        let argv: Vec<String> = argv.into_iter().chain([file.path().to_str().unwrap().to_owned()]).collect();
        let verdict = run(&argv, 0, None, Duration::from_secs(1)).await;
        assert_eq!(verdict.seen, "it did not end within 1s");
        let pid = std::fs::read_to_string(file.path()).unwrap();
        let status = format!("/proc/{}/stat", pid.trim());
        // Killed: gone, or a zombie until its new parent takes note.
        while let Ok(stat) = std::fs::read_to_string(&status) {
            if stat.contains(") Z ") {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
